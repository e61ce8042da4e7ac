"""The neutral result every reader is asked for, whatever its own words are.

Atom's words (RFC 4287) name the fields. A field that a document or a reader does not tell is "" or () or, for a
length, 0; only a date can be None. `Reader.tells` says which of a reader's empty fields mean anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any


class UnreadableError(Exception):
    """A reader refused a document; the message is the reader's own."""


@dataclass(frozen=True, kw_only=True)
class ReadEnclosure:
    url: str
    type: str
    length: int


@dataclass(frozen=True, kw_only=True)
class ReadEntry:
    """`language` is the one in force, the feed's if the entry has none of its own.

    `image` and `credit` are those of the first media:content, or JSON Feed's image.
    """

    id: str = ""
    link: str = ""
    title: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    summary: str = ""
    content: str = ""
    enclosures: tuple[ReadEnclosure, ...] = ()
    language: str = ""
    image: str = ""
    credit: str = ""


@dataclass(frozen=True, kw_only=True)
class ReadFeed:
    """`links` holds (rel, address) pairs in document order: self, hub, prev-archive, next-archive, current, next."""

    id: str = ""
    title: str = ""
    subtitle: str = ""
    link: str = ""
    language: str = ""
    updated: datetime | None = None
    rights: str = ""
    links: tuple[tuple[str, str], ...] = ()
    entries: tuple[ReadEntry, ...] = ()

    def linked(self, rel: str) -> tuple[str, ...]:
        """Every address under `rel`."""
        return tuple(href for given, href in self.links if given == rel)


@dataclass(frozen=True, kw_only=True)
class ReadOutline:
    """A feed that an OPML list names; `folders` are the paths of outlines and categories it stands in."""

    title: str
    url: str
    folders: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class ReadOpml:
    title: str
    feeds: tuple[ReadOutline, ...]


ENTRY_FIELDS = frozenset(f"entry.{field.name}" for field in fields(ReadEntry))
FEED_FIELDS = frozenset(f"feed.{field.name}" for field in fields(ReadFeed) if field.name != "entries")


def moment(text: object) -> datetime | None:
    """A date in RFC 3339 or RFC 822 form; None for nothing. ValueError: neither."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return parsedate_to_datetime(str(text))


def enclosure_from(told: Mapping[str, Any]) -> ReadEnclosure:
    """An enclosure from plain data; a length may be a number or its digits."""
    return ReadEnclosure(
        url=told.get("url") or "",
        type=told.get("type") or "",
        length=int(told.get("length") or 0),
    )


def entry_from(told: Mapping[str, Any], language: str) -> ReadEntry:
    """An entry from plain data under this module's own names; `language` is the feed's."""
    return ReadEntry(
        id=told.get("id") or "",
        link=told.get("link") or "",
        title=told.get("title") or "",
        published=moment(told.get("published")),
        updated=moment(told.get("updated")),
        authors=tuple(told.get("authors") or ()),
        categories=tuple(told.get("categories") or ()),
        summary=told.get("summary") or "",
        content=told.get("content") or "",
        enclosures=tuple(map(enclosure_from, told.get("enclosures") or ())),
        language=told.get("language") or language,
        image=told.get("image") or "",
        credit=told.get("credit") or "",
    )


def feed_from(told: Mapping[str, Any]) -> ReadFeed:
    """A feed from plain data under this module's own names; absent and null are both "not told"."""
    language = told.get("language") or ""
    return ReadFeed(
        id=told.get("id") or "",
        title=told.get("title") or "",
        subtitle=told.get("subtitle") or "",
        link=told.get("link") or "",
        language=language,
        updated=moment(told.get("updated")),
        rights=told.get("rights") or "",
        links=tuple((rel, href) for rel, href in told.get("links") or ()),
        entries=tuple(entry_from(entry, language) for entry in told.get("entries") or ()),
    )
