"""RSS 2.0, built by feedgen (https://www.rssboard.org/rss-specification and its Best Practices Profile)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from typing import Final

import feedgen.entry  # type: ignore[import-untyped]
from lxml import etree

from feedsvc.extensions import Namespace
from feedsvc.feed_model import Entry, Feed
from feedsvc.feeds.entry_cache import RenderedEntry, RenderedEntryCache
from feedsvc.feeds.entry_templates import EntryTemplates
from feedsvc.feeds.escaping import ESCAPERS, escape_plain_text, needs_fallback
from feedsvc.feeds.extension_elements import XmlExtenders, XmlFormat
from feedsvc.feeds.rsl import rsl_content
from feedsvc.feeds.xml import (
    NAMESPACES,
    BaseFeedGenerator,
    FeedExtension,
    add_element,
    add_extension_elements,
    add_rsl_element,
    add_text_element,
    category_attributes,
    language_links,
    nonempty_attributes,
    related_links,
    render_element,
    splice_entries,
)
from feedsvc.license_model import License
from feedsvc.support.date_formats import rfc3339

# HTML takes an ampersand literally before white space, another ampersand and the end; on other characters, parsers differ.
_HTML_SPECIAL: Final = re.compile("<|&(?![ \\t\\n\\r\\f&]|\\Z)")


def render(feed: Feed, namespaces: Iterable[Namespace] | None = None) -> bytes:
    """Render `feed` as an RSS 2.0 document in UTF-8, with notices for tombstones and with the elements of `namespaces`.

    None means the namespaces of plug-ins. Raises ValueError or TypeError for a fault of a given namespace, whose functions'
    exceptions are passed on; PluginError for any fault of one of a plug-in.
    """
    extender = EXTENDERS.get(namespaces)
    rendered_entries = extender.render_items(feed, feed.entries_and_notices)
    document: bytes = _RssGenerator(feed, rendered_entries, extender.namespaces).rss_str(pretty=True)
    return splice_entries(document, "channel", rendered_entries)


class _ChannelExtension(FeedExtension):
    """Extension for channel elements of other namespaces: atom:link, and fh:archive (RFC 5005 section 4)."""

    def extend_rss(self, root: etree._Element) -> None:
        channel = root[0]
        for link in self.feed.links:
            if link.rel != "alternate":
                add_element(channel, "atom:link", rel=link.rel, href=link.href, type=link.type)
        if self.feed.is_archive:
            add_element(channel, "fh:archive")


class _RssGenerator(BaseFeedGenerator):
    def __init__(self, feed: Feed, rendered_entries: Iterable[RenderedEntry], namespaces: Mapping[str, str]) -> None:
        super().__init__(feed, _ChannelExtension, namespaces)
        self._rendered_entries = rendered_entries
        # feedgen makes the last link the channel's, regardless of its rel. So it gets this one only.
        self.link(href=feed.href("alternate"), rel="alternate")
        self.description(feed.subtitle or feed.title)
        self.ttl(feed.ttl)

    def _create_rss(self, **options: bool) -> tuple[etree._Element, etree._ElementTree]:
        # The only feedgen method to override between the finished tree and its bytes.
        root, tree = super()._create_rss(**options)
        self.finish(root, self._rendered_entries)
        return root, tree


class _Item(feedgen.entry.FeedEntry):  # type: ignore[misc]
    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        self.title(entry.title)
        self.guid(entry.item_id, permalink=entry.is_permalink)
        self.published(entry.published)
        self.link(href=entry.url, rel="alternate")
        # An item has one enclosure; feedgen would take the last.
        for file in entry.enclosures[:1]:
            self.link(nonempty_attributes(rel="enclosure", href=file.url, type=file.type, length=file.length))
        self.category(category_attributes(entry.categories))
        # Without a summary, feedgen would move the content into description and drop content:encoded.
        self.summary(_text_to_html(entry.summary))
        if entry.content:
            self.content(entry.content, type="CDATA")

    def rss_entry(self) -> etree._Element:
        item: etree._Element = super().rss_entry()
        # feedgen's <author> needs an e-mail address, a second one is invalid, and validators warn of it beside dc:creator.
        # Of several dc:creator, most readers show the first and newsboat the last. So one holds all names.
        add_text_element(item, "dc:creator", self.entry.byline)
        add_text_element(item, "dc:language", self.entry.language)
        if self.entry.updated != self.entry.published:
            add_text_element(item, "atom:updated", rfc3339(self.entry.updated))
        if self.entry.alternates:  # SimplePie takes an item's first atom:link for its address
            add_element(item, "atom:link", rel="alternate", href=self.entry.url, type="text/html")
        for link in (*language_links(self.entry), *related_links(self.entry, self.entry.enclosures[1:])):
            add_element(item, "atom:link", **link)
        add_extension_elements(item, self.entry)
        if self.entry.markdown:
            # Feed readers that know this element prefer it to content:encoded (https://source.scripting.com/).
            add_element(item, "source:markdown").text = etree.CDATA(self.entry.markdown)
        terms = self.entry.license
        if terms and terms == License(url=terms.url):  # as RSL, it would permit everything
            add_element(item, "atom:link", rel="license", href=self.entry.license_url)
        elif terms:
            add_rsl_element(item, rsl_content(terms, self.entry.url))
        return item


def _text_to_html(text: str) -> str:
    """Return plain text as HTML for an item's description, which readers parse as HTML.

    Escape only characters that HTML would not take literally, so that readers without HTML show "A & B" correctly.
    """
    return _HTML_SPECIAL.sub(lambda match: html.escape(match[0]), text) if "<" in text or "&" in text else text


def _render_with_feedgen(entry: Entry) -> RenderedEntry:
    root = etree.Element("rss", nsmap=dict(NAMESPACES))
    return render_element(root, etree.SubElement(root, "channel"), _Item(entry).rss_entry())


def _escape_description(text: str) -> str:
    return escape_plain_text(_text_to_html(text))


_ENTRY_TEMPLATES: Final = EntryTemplates(_render_with_feedgen, (*ESCAPERS, _escape_description), needs_fallback)
RENDERED_ENTRIES: Final = RenderedEntryCache(_ENTRY_TEMPLATES.render)
EXTENDERS: Final = XmlExtenders(
    XmlFormat(suffix="rss", namespaces=NAMESPACES, feed_indent=4, entry_indent=6, plain_entries=RENDERED_ENTRIES)
)
