"""Frozen data classes of feeds: what renderers write, independent of the format.

Data only, no behaviour. Texts contain no characters that XML 1.0 forbids, addresses are absolute URIs, datetimes are aware, in
UTC and whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import unquote

from feedsvc.errors import FieldError
from feedsvc.license_model import License
from feedsvc.model import Enclosure, Image, Source, Thumbnail


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Author in a feed (RFC 4287 section 3.2)."""

    name: str
    url: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """Category element of a feed (RFC 4287 section 4.2.2), made from a category or a tag.

    `term` is its title, `scheme` is the address of its page. A caller of the API may give another URI as `scheme`, or "".
    """

    term: str
    scheme: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Alternate:
    """Address where people read an entry in one language; `language` is never ""."""

    language: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """Entry of a feed: one visible article or issue, or an entry that a caller of the API made (`new_entry`).

    `url` is the address where people read the article; `is_permalink` is True if `item_id` equals `url`. `guid` is "" unless
    RSS and JSON Feed have another id than Atom, whose ids are URIs. `content` is HTML, "" if there is no text or the feed has
    summaries only; `markdown` is `content` as Markdown, "" unless the feed's options ask for it. `summary` is plain text and
    never empty. `language` "" means the feed's. `byline` names all authors in one text, for formats in which most readers
    show only one author. `image` and `thumbnail` are the lead image in two sizes; `thumbnail` is None, too, for an image of
    unknown size, which a caller of the API gave. `license` is the license of the site, None if the site has none. If the site
    has one that does not cover the entry, because its `url` is at another site, `license` is None, too, and `is_unlicensed` is
    True. `license_url` is the address of the entry's own license, to which Atom and JSON Feed link; "" in a newsroom, whose feeds
    link to that of the site. `alternates` has the address of the entry in each of its languages, that in its own language last;
    () if there is no translation.
    """

    id: str
    url: str
    title: str
    published: datetime
    updated: datetime
    summary: str
    content: str = ""
    authors: tuple[Person, ...] = ()
    byline: str = ""
    categories: tuple[Term, ...] = ()
    image: Image | None = None
    thumbnail: Thumbnail | None = None
    enclosures: tuple[Enclosure, ...] = ()
    sources: tuple[Source, ...] = ()
    language: str = ""
    alternates: tuple[Alternate, ...] = ()
    is_permalink: bool = False
    markdown: str = ""
    license: License | None = None
    is_unlicensed: bool = False
    license_url: str = ""
    guid: str = ""

    @property
    def item_id(self) -> str:
        """The id of the item in RSS and JSON Feed: `guid`, which may be any text, or `id` if `guid` is ""."""
        return self.guid or self.id


def enclosure_name(enclosure: Enclosure) -> str:
    """Return the title of an enclosure; if it has none, the text after the last slash of its `url`, percent-decoded."""
    return enclosure.title or unquote(enclosure.url.rsplit("/", 1)[-1])


@dataclass(frozen=True, kw_only=True, slots=True)
class Tombstone:
    """Deleted-entry element of a withdrawn article (RFC 6721 section 3). `when` is the moment of withdrawal.

    `notice` is the entry with the id of the article that formats without tombstones have in its place; None for no entry.
    """

    id: str
    when: datetime
    comment: str = ""
    notice: Entry | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Link of a feed. `rel` is self, alternate, hub, license, prev-archive, next-archive or current.

    `type` is a media type, "" if not given. Callers of the API can give links with other relations (`new_feed`).
    """

    rel: str
    href: str
    type: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """One document of a listing's feed, newest or archive, independent of the format: renderers only serialise it.

    `items` are first the tombstones, then the entries, each newest first. `is_archive` marks an RFC 5005 archive document.
    `stylesheet` is a root-relative path, "" for none. `links` contain exactly one link with `rel` alternate, and one with self,
    which only a feed of `new_feed` without `feed_url` lacks. `author` is the author of entries without one. `ttl` is in
    minutes.
    """

    id: str
    title: str
    subtitle: str
    language: str
    updated: datetime
    links: tuple[Link, ...]
    items: tuple[Entry | Tombstone, ...]
    author: Person
    generator: str
    generator_url: str
    rights: str = ""
    logo: str = ""
    icon: str = ""
    ttl: int = 60
    is_archive: bool = False
    stylesheet: str = ""

    def href(self, rel: str) -> str:
        """Return the address of the first link with this `rel`, "" if there is none."""
        return next((link.href for link in self.links if link.rel == rel), "")

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(item for item in self.items if isinstance(item, Entry))

    @property
    def entries_and_notices(self) -> tuple[Entry, ...]:
        """Entries of a format without tombstones: `entries`, and the notices of tombstones, newest first."""
        notices = [item.notice for item in self.items if isinstance(item, Tombstone) and item.notice]
        return tuple(sorted((*notices, *self.entries), key=_published, reverse=True)) if notices else self.entries

    def with_entries(self, entries: Iterable[Entry]) -> Feed:
        """Return a feed with these entries, newest first, in place of its own. Its tombstones stay.

        `updated` stays, unless one of the entries was updated later. Raises FieldError if two entries have the same id, or an
        entry has that of a tombstone.
        """
        author = (self.author,)
        given = [entry if entry.authors else replace(entry, authors=author, byline=self.author.name) for entry in entries]
        items = sorted_items(given, [item for item in self.items if isinstance(item, Tombstone)])
        return replace(self, items=items, updated=max([self.updated, *(entry.updated for entry in given)]))


def _published(entry: Entry) -> datetime:
    return entry.published


def sorted_items(items: Sequence[Entry | Tombstone], kept: Sequence[Tombstone] = ()) -> tuple[Entry | Tombstone, ...]:
    """Return tombstones by `when`, newest first, then entries by `published`, newest first; equal ones keep their order.

    `items` are a caller's entries, `kept` the tombstones of a feed. Raises FieldError if two of all these have the same id.
    """
    owners = {tombstone.id: "a tombstone of the feed" for tombstone in kept}
    for index, item in enumerate(items):
        for name in {item.id, item.item_id if isinstance(item, Entry) else item.id}:
            if (owner := owners.setdefault(name, f"entries[{index}]")) != f"entries[{index}]":
                raise FieldError(f"entries[{index}].id", f"'{name}' is also the id of {owner}; give each entry an id of its own")
    tombstones = [*kept, *(item for item in items if isinstance(item, Tombstone))]
    entries = sorted((item for item in items if isinstance(item, Entry)), key=_published, reverse=True)
    return (*sorted(tombstones, key=lambda item: item.when, reverse=True), *entries)
