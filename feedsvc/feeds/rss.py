"""RSS 2.0, built by feedgen (https://www.rssboard.org/rss-specification and its Best Practices Profile)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Final

import feedgen.entry  # type: ignore[import-untyped]
from lxml import etree

from feedsvc.feeds.entry_cache import Part, Parts
from feedsvc.feeds.entry_templates import Shapes
from feedsvc.feeds.xml import (
    NAMESPACES,
    WAYS,
    FeedExtension,
    Generator,
    add,
    add_extras,
    add_text,
    categories,
    given,
    joined,
    odd,
    part,
    plain_text,
    related_links,
)
from feedsvc.model import Entry, Feed
from feedsvc.support.date_formats import rfc3339

# An ampersand stands for itself before white space, another one and the end; parsers differ on what else may follow.
_READ_AS_HTML: Final = re.compile("<|&(?![ \\t\\n\\r\\f&]|\\Z)")


def render(feed: Feed) -> bytes:
    """`feed` as an RSS 2.0 document. Tombstones have no place in it."""
    parts = [PARTS.of(entry) for entry in feed.entries]
    document: bytes = _Rss(feed, parts).rss_str(pretty=True)
    return joined(document, "channel", parts)


class _Channel(FeedExtension):
    """Channel elements of other namespaces: atom:link, and fh:archive (RFC 5005 section 4)."""

    def extend_rss(self, root: etree._Element) -> None:
        channel = root[0]
        for link in self.feed.links:
            if link.rel != "alternate":
                add(channel, "atom:link", rel=link.rel, href=link.href, type=link.type)
        if self.feed.archive:
            add(channel, "fh:archive")


class _Rss(Generator):
    def __init__(self, feed: Feed, parts: Iterable[Part]) -> None:
        super().__init__(feed, _Channel)
        self._parts = parts
        # feedgen points the channel at the last link it hears of, whatever its rel, so it hears of this one only.
        self.link(href=feed.href("alternate"), rel="alternate")
        self.description(feed.subtitle or feed.title)
        self.ttl(feed.ttl)

    def _create_rss(self, **options: bool) -> tuple[etree._Element, etree._ElementTree]:
        # The one place where feedgen has the whole tree and not yet bytes.
        root, tree = super()._create_rss(**options)
        self.finish(root, self._parts)
        return root, tree


class _Item(feedgen.entry.FeedEntry):  # type: ignore[misc]
    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        self.title(entry.title)
        self.guid(entry.id, permalink=entry.permalink)
        self.published(entry.published)
        self.link(href=entry.url, rel="alternate")
        # An item has one enclosure; feedgen keeps the last it hears of.
        for file in entry.enclosures[:1]:
            self.link(given(rel="enclosure", href=file.url, type=file.type, length=file.length))
        self.category(categories(entry.categories))
        # feedgen moves content into description, and drops content:encoded, when there is no summary.
        self.summary(_as_html(entry.summary))
        if entry.content:
            self.content(entry.content, type="CDATA")

    def rss_entry(self) -> etree._Element:
        item: etree._Element = super().rss_entry()
        # feedgen's <author> needs an e-mail address and is invalid twice; validators warn of it beside dc:creator. Of several
        # dc:creator most readers show the first, newsboat the last.
        add_text(item, "dc:creator", self.entry.byline)
        add_text(item, "dc:language", self.entry.language)
        if self.entry.updated != self.entry.published:
            add_text(item, "atom:updated", rfc3339(self.entry.updated))
        for link in related_links(self.entry, self.entry.enclosures[1:]):
            add(item, "atom:link", **link)
        add_extras(item, self.entry)
        return item


def _as_html(text: str) -> str:
    """Plain text for an item's description, which readers take for HTML.

    Escaped is only what HTML would not take as it stands, so that readers that show plain text spell "A & B" right.
    """
    return _READ_AS_HTML.sub(lambda found: html.escape(found[0]), text) if "<" in text or "&" in text else text


def _spelled(entry: Entry) -> Part:
    root = etree.Element("rss", nsmap=dict(NAMESPACES))
    return part(root, etree.SubElement(root, "channel"), _Item(entry).rss_entry())


def _description(text: str) -> str:
    return plain_text(_as_html(text))


_SHAPES: Final = Shapes(_spelled, (*WAYS, _description), odd)
PARTS: Final = Parts(_SHAPES.part)
