"""The common result type of all readers.

Fields are named as in Atom (RFC 4287). A field that is missing in a document or not reported by a reader is "", (), or 0 for a
length; only a date can be None. `Reader.reported_fields` are the fields that a reader reports.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any


class UnreadableError(Exception):
    """A reader rejected a document. The message is the reader's own."""


@dataclass(frozen=True, kw_only=True)
class ParsedEnclosure:
    url: str
    type: str
    length: int


@dataclass(frozen=True, kw_only=True)
class ParsedEntry:
    """An entry. `language` is the language in effect: that of the feed if the entry has none.

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
    enclosures: tuple[ParsedEnclosure, ...] = ()
    language: str = ""
    image: str = ""
    credit: str = ""


@dataclass(frozen=True, kw_only=True)
class ParsedFeed:
    """A feed. `links` has (rel, href) pairs in document order: self, hub, prev-archive, next-archive, current, next."""

    id: str = ""
    title: str = ""
    subtitle: str = ""
    link: str = ""
    language: str = ""
    updated: datetime | None = None
    rights: str = ""
    links: tuple[tuple[str, str], ...] = ()
    entries: tuple[ParsedEntry, ...] = ()

    def hrefs(self, rel: str) -> tuple[str, ...]:
        """Return the href of every link with `rel`."""
        return tuple(href for link_rel, href in self.links if link_rel == rel)


@dataclass(frozen=True, kw_only=True)
class ParsedOutline:
    """A feed in an OPML list. `folders` are the paths of the outlines and categories that contain it."""

    title: str
    url: str
    folders: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class ParsedOpml:
    title: str
    feeds: tuple[ParsedOutline, ...]


ENTRY_FIELDS = frozenset(f"entry.{field.name}" for field in fields(ParsedEntry))
FEED_FIELDS = frozenset(f"feed.{field.name}" for field in fields(ParsedFeed) if field.name != "entries")


def parse_date(text: object) -> datetime | None:
    """Parse a date of RFC 3339 or RFC 822; None for an empty value. Raises ValueError for other text."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return parsedate_to_datetime(str(text))


def build_enclosure(data: Mapping[str, Any]) -> ParsedEnclosure:
    """Build an enclosure from plain data. The length may be a number or a string of digits."""
    return ParsedEnclosure(
        url=data.get("url") or "",
        type=data.get("type") or "",
        length=int(data.get("length") or 0),
    )


def build_entry(data: Mapping[str, Any], language: str) -> ParsedEntry:
    """Build an entry from plain data with the field names of this module. `language` is the feed's."""
    return ParsedEntry(
        id=data.get("id") or "",
        link=data.get("link") or "",
        title=data.get("title") or "",
        published=parse_date(data.get("published")),
        updated=parse_date(data.get("updated")),
        authors=tuple(data.get("authors") or ()),
        categories=tuple(data.get("categories") or ()),
        summary=data.get("summary") or "",
        content=data.get("content") or "",
        enclosures=tuple(map(build_enclosure, data.get("enclosures") or ())),
        language=data.get("language") or language,
        image=data.get("image") or "",
        credit=data.get("credit") or "",
    )


def build_feed(data: Mapping[str, Any]) -> ParsedFeed:
    """Build a feed from plain data with the field names of this module. A missing key and null are the same."""
    language = data.get("language") or ""
    return ParsedFeed(
        id=data.get("id") or "",
        title=data.get("title") or "",
        subtitle=data.get("subtitle") or "",
        link=data.get("link") or "",
        language=language,
        updated=parse_date(data.get("updated")),
        rights=data.get("rights") or "",
        links=tuple((rel, href) for rel, href in data.get("links") or ()),
        entries=tuple(build_entry(entry, language) for entry in data.get("entries") or ()),
    )
