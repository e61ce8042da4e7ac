"""Atom 1.0 (RFC 4287), built by feedgen, with tombstones (RFC 6721) and archives (RFC 5005).

feedgen writes the Atom namespace as an attribute named xmlns, so in memory Atom's own elements have no namespace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import feedgen.entry  # type: ignore[import-untyped]
from lxml import etree

from feedsvc.extensions import Namespace
from feedsvc.feed_model import Entry, Feed, Person, Tombstone
from feedsvc.feeds.entry_cache import RenderedEntry, RenderedEntryCache
from feedsvc.feeds.entry_templates import EntryTemplates
from feedsvc.feeds.escaping import ESCAPERS, needs_fallback
from feedsvc.feeds.extension_elements import XmlExtenders, XmlFormat
from feedsvc.feeds.rsl import license_address
from feedsvc.feeds.xml import (
    NAMESPACES,
    BaseFeedGenerator,
    FeedExtension,
    add_element,
    add_extension_elements,
    add_text_element,
    category_attributes,
    language_links,
    nonempty_attributes,
    qualified_name,
    related_links,
    render_element,
    splice_entries,
)
from feedsvc.support.date_formats import rfc3339

_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def render(feed: Feed, namespaces: Iterable[Namespace] | None = None) -> bytes:
    """Render `feed` as an Atom 1.0 document in UTF-8, tombstones before entries, with the elements of `namespaces`.

    None means the namespaces of plug-ins. Raises ValueError or TypeError for a fault of a given namespace, whose functions'
    exceptions are passed on; PluginError for any fault of one of a plug-in.
    """
    extender = EXTENDERS.get(namespaces)
    rendered_entries = extender.render_items(feed, feed.items)
    document: bytes = _AtomGenerator(feed, rendered_entries, extender.namespaces).atom_str(pretty=True)
    return splice_entries(document, "feed", rendered_entries)


class _AtomExtension(FeedExtension):
    """Extension for what feedgen writes differently or not at all in the feed element: dates with Z, fh:archive (RFC 5005)."""

    def extend_atom(self, root: etree._Element) -> None:
        _set_texts(root, updated=rfc3339(self.feed.updated))
        if self.feed.is_archive:
            add_element(root, "fh:archive")


class _AtomGenerator(BaseFeedGenerator):
    def __init__(self, feed: Feed, rendered_entries: Iterable[RenderedEntry], namespaces: Mapping[str, str]) -> None:
        super().__init__(feed, _AtomExtension, namespaces)
        self._rendered_entries = rendered_entries
        self.id(feed.id)
        self.subtitle(feed.subtitle)
        self.icon(feed.icon)
        self.author(_person_attributes(feed.author))
        # Some readers, as libmrss and htmlparser2 do, take the first link for the address of the feed's page.
        links = sorted(feed.links, key=lambda link: link.rel != "alternate")
        self.link([nonempty_attributes(rel=link.rel, href=link.href, type=link.type) for link in links])

    def _create_atom(self, **options: bool) -> tuple[etree._Element, etree._ElementTree]:
        # The only feedgen method to override between the finished tree and its bytes.
        root, tree = super()._create_atom(**options)
        self.finish(root, self._rendered_entries)
        return root, tree


class _Entry(feedgen.entry.FeedEntry):  # type: ignore[misc]
    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        self.id(entry.id)
        self.title(entry.title)
        self.published(entry.published)
        self.updated(entry.updated)
        self.link(nonempty_attributes(rel="alternate", href=entry.url, type="text/html"))
        self.link([*language_links(entry), *related_links(entry, entry.enclosures)])
        self.author([_person_attributes(author) for author in entry.authors])
        self.category(category_attributes(entry.categories))
        self.summary(entry.summary)
        if entry.content:
            self.content(entry.content, type="html")

    def atom_entry(self) -> etree._Element:
        element: etree._Element = super().atom_entry()
        # feedgen looks up rel, type, length and title in the new element instead of the link, so it writes none of them.
        for link_element, link in zip(element.iterfind("link"), self.link(), strict=True):
            link_element.attrib.update(link)
        _set_texts(element, published=rfc3339(self.entry.published), updated=rfc3339(self.entry.updated))
        if self.entry.language:
            element.set(_XML_LANG, self.entry.language)
        if address := license_address(self.entry):
            etree.SubElement(element, "link", rel="license", href=address)
        add_extension_elements(element, self.entry)
        return element


class _DeletedEntry(feedgen.entry.FeedEntry):  # type: ignore[misc]
    """Tombstone element at:deleted-entry (RFC 6721 section 3), passed to feedgen as an entry."""

    def __init__(self, tombstone: Tombstone) -> None:
        super().__init__()
        self.tombstone = tombstone

    def atom_entry(self) -> etree._Element:
        attributes = nonempty_attributes(ref=self.tombstone.id, when=rfc3339(self.tombstone.when))
        element = etree.Element(qualified_name("at:deleted-entry"), attributes)
        add_text_element(element, "at:comment", self.tombstone.comment)
        return element


def _person_attributes(person: Person) -> dict[str, str]:
    return nonempty_attributes(name=person.name, uri=person.url, email=person.email)


def _set_texts(parent: etree._Element, **texts: str) -> None:
    for name, text in texts.items():
        for element in parent.iterfind(name):
            element.text = text


def _render_with_feedgen(item: Entry | Tombstone) -> RenderedEntry:
    root = etree.Element("feed", nsmap=dict(NAMESPACES))
    feedgen_entry = _Entry(item) if isinstance(item, Entry) else _DeletedEntry(item)
    return render_element(root, root, feedgen_entry.atom_entry())


_ENTRY_TEMPLATES: Final = EntryTemplates(_render_with_feedgen, ESCAPERS, needs_fallback)


def _render_item(item: Entry | Tombstone) -> RenderedEntry:
    return _ENTRY_TEMPLATES.render(item) if isinstance(item, Entry) else _render_with_feedgen(item)


RENDERED_ENTRIES: Final = RenderedEntryCache(_render_item)
EXTENDERS: Final = XmlExtenders(
    XmlFormat(suffix="atom", namespaces=NAMESPACES, feed_indent=2, entry_indent=4, plain_entries=RENDERED_ENTRIES)
)
