"""The words of feedsvc as frozen data: what editors write, and what a feed says of it.

Shapes only. Every text is free of characters that XML 1.0 forbids, every address is an absolute URI unless its
name says path, every datetime is aware, in UTC and whole seconds. "" and () stand for "not given".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Literal
from urllib.parse import unquote

# --- What editors write ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedOptions:
    """`feed:` in site.yaml. `ttl` is in minutes (RSS 2.0)."""

    entries: int = 50
    content: Literal["full", "summary"] = "full"
    archives: Literal["all", "site", "none"] = "all"
    ttl: int = 60
    browser_view: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """site.yaml. `base_url` has no trailing slash; `logo` and `icon` are addresses.

    `keep_metadata` has pictures sent with all that cameras and editors wrote into them.
    """

    title: str
    description: str
    base_url: str
    id_domain: str
    since: date
    language: str = "en"
    timezone: str = "UTC"
    logo: str = ""
    icon: str = ""
    copyright: str = ""
    feed: FeedOptions = field(default_factory=FeedOptions)
    hubs: tuple[str, ...] = ()
    keep_metadata: bool = False
    media: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    id: str
    title: str
    description: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Author:
    id: str
    name: str
    email: str = ""
    url: str = ""
    bio: str = ""
    avatar: str = ""
    aliases: tuple[str, ...] = ()
    media: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A lead image: `type` is a media type, `width` and `height` are pixels."""

    url: str
    type: str
    width: int
    height: int
    alt: str = ""
    caption: str = ""
    credit: str = ""
    credit_url: str = ""
    disclaimer: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Thumbnail:
    """Small picture of a lead image, or the image itself where that is small."""

    url: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Enclosure:
    """An attachment; `length` is bytes."""

    url: str
    type: str
    length: int
    title: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    name: str
    url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """`date` is the day in the site's zone."""

    date: date
    text: str


class Status(Enum):
    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """One spelling of a tag; spellings with one `id` are one tag."""

    id: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Article:
    """One validated file. `path` is relative to the content folder.

    `text` stands for its Markdown (`content.texts`); `media` are the files under the content folder it refers to;
    `withdrawn_at` is when a withdrawn article went (RFC 6721 `when`), else None.
    """

    path: str
    id: str
    slug: str
    title: str
    published: datetime
    updated: datetime
    expires: datetime | None = None
    categories: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    tags: tuple[Tag, ...] = ()
    summary: str = ""
    image: Image | None = None
    enclosures: tuple[Enclosure, ...] = ()
    sources: tuple[Source, ...] = ()
    corrections: tuple[Correction, ...] = ()
    language: str = ""
    link: str = ""
    aliases: tuple[str, ...] = ()
    status: Status = Status.PUBLISHED
    withdrawn_at: datetime | None = None
    notice: str = ""
    text: bytes = b""
    media: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaFile:
    """A file below media/: `path` relative to the content folder, `location` on this machine's disk."""

    path: str
    location: str
    type: str
    length: int


# --- What a feed says -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """An author as feeds name them (RFC 4287 section 3.2)."""

    name: str
    url: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """A category as feeds name it (RFC 4287 section 4.2.2): readable `term`, `scheme` is its page's address."""

    term: str
    scheme: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What a feed says about a visible article.

    `url` is where people read it, `permalink` tells whether `id` is that same address. `content` is HTML, "" where
    the site gives summaries only; `summary` is plain text and never empty. `language` is "" where it is the site's.
    `byline` is the names of all authors in one text, for formats of which most readers show one author only. `image` and
    `thumbnail` are the lead image in two sizes; there is either both or none.
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
    permalink: bool = False


def enclosure_name(enclosure: Enclosure) -> str:
    """Return the title of an enclosure, else the name of its file."""
    return enclosure.title or unquote(enclosure.url.rsplit("/", 1)[-1])


@dataclass(frozen=True, kw_only=True, slots=True)
class Tombstone:
    """A withdrawn article's mark (RFC 6721 section 3)."""

    id: str
    when: datetime
    comment: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A feed's link: `rel` is self, alternate, hub, prev-archive, next-archive or current."""

    rel: str
    href: str
    type: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """One document of a listing's feed, decided for every format; a renderer only spells it.

    `items` are tombstones, then entries, the newest of each first. `archive` marks an RFC 5005 archive document;
    `stylesheet` is a root-relative path, "" for none. `links` hold exactly one self and one alternate.
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
    archive: bool = False
    stylesheet: str = ""

    def href(self, rel: str) -> str:
        """The first link's address with this `rel`, "" if there is none."""
        return next((link.href for link in self.links if link.rel == rel), "")

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(item for item in self.items if isinstance(item, Entry))
