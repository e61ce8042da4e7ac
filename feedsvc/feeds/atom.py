"""Atom 1.0 (RFC 4287), built by feedgen, with tombstones (RFC 6721) and archives (RFC 5005).

feedgen writes the namespace as an attribute called xmlns: in memory Atom's own elements have none.
"""

from __future__ import annotations

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
    qualified,
    related_links,
)
from feedsvc.model import Entry, Feed, Person, Tombstone
from feedsvc.support.date_formats import rfc3339

_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def render(feed: Feed) -> bytes:
    """`feed` as an Atom 1.0 document, tombstones before its entries."""
    parts = [PARTS.of(item) for item in feed.items]
    document: bytes = _Atom(feed, parts).atom_str(pretty=True)
    return joined(document, "feed", parts)


class _Head(FeedExtension):
    """What feedgen spells otherwise or not at all: the Z of RFC 3339, and fh:archive (RFC 5005 section 4)."""

    def extend_atom(self, root: etree._Element) -> None:
        _set_texts(root, updated=rfc3339(self.feed.updated))
        if self.feed.archive:
            add(root, "fh:archive")


class _Atom(Generator):
    def __init__(self, feed: Feed, parts: Iterable[Part]) -> None:
        super().__init__(feed, _Head)
        self._parts = parts
        self.id(feed.id)
        self.subtitle(feed.subtitle)
        self.icon(feed.icon)
        self.author(_person(feed.author))
        self.link([given(rel=link.rel, href=link.href, type=link.type) for link in feed.links])

    def _create_atom(self, **options: bool) -> tuple[etree._Element, etree._ElementTree]:
        # The one place where feedgen has the whole tree and not yet bytes.
        root, tree = super()._create_atom(**options)
        self.finish(root, self._parts)
        return root, tree


class _Entry(feedgen.entry.FeedEntry):  # type: ignore[misc]
    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        self.id(entry.id)
        self.title(entry.title)
        self.published(entry.published)
        self.updated(entry.updated)
        self.link(given(rel="alternate", href=entry.url, type="text/html"))
        self.link(list(related_links(entry, entry.enclosures)))
        self.author([_person(author) for author in entry.authors])
        self.category(categories(entry.categories))
        self.summary(entry.summary)
        if entry.content:
            self.content(entry.content, type="html")

    def atom_entry(self) -> etree._Element:
        element: etree._Element = super().atom_entry()
        # feedgen asks the new element, not the link, for rel, type, length and title, and so writes none of them.
        for written, link in zip(element.iterfind("link"), self.link(), strict=True):
            written.attrib.update(link)
        _set_texts(element, published=rfc3339(self.entry.published), updated=rfc3339(self.entry.updated))
        if self.entry.language:
            element.set(_XML_LANG, self.entry.language)
        add_extras(element, self.entry)
        return element


class _DeletedEntry(feedgen.entry.FeedEntry):  # type: ignore[misc]
    """An at:deleted-entry (RFC 6721 section 3), which feedgen takes for one of its entries."""

    def __init__(self, tombstone: Tombstone) -> None:
        super().__init__()
        self.tombstone = tombstone

    def atom_entry(self) -> etree._Element:
        stone = self.tombstone
        element = etree.Element(qualified("at:deleted-entry"), given(ref=stone.id, when=rfc3339(stone.when)))
        add_text(element, "at:comment", stone.comment)
        return element


def _person(person: Person) -> dict[str, str]:
    return given(name=person.name, uri=person.url, email=person.email)


def _set_texts(parent: etree._Element, **texts: str) -> None:
    for name, text in texts.items():
        for element in parent.iterfind(name):
            element.text = text


def _spelled(item: Entry | Tombstone) -> Part:
    root = etree.Element("feed", nsmap=dict(NAMESPACES))
    made = _Entry(item) if isinstance(item, Entry) else _DeletedEntry(item)
    return part(root, root, made.atom_entry())


_SHAPES: Final = Shapes(_spelled, WAYS, odd)


def _part(item: Entry | Tombstone) -> Part:
    return _SHAPES.part(item) if isinstance(item, Entry) else _spelled(item)


PARTS: Final = Parts(_part)
