"""Frozen data classes: the settings and articles that editors write, and the feeds that are built from them.

Data only, no behaviour. Texts contain no characters that XML 1.0 forbids. Addresses are absolute URIs, unless the
field's name says path. Datetimes are aware, in UTC and whole seconds. "" and () mean "not given".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Literal
from urllib.parse import unquote

FeedContent = Literal["full", "summary"]

# --- Settings and articles ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedOptions:
    """Keys below `feed:` in site.yaml.

    `entries` is the maximum number of entries of a feed, `archives` the listings whose feeds have archives, `ttl` is in minutes
    (RSS 2.0). With `browser_view`, RSS and Atom feeds have a stylesheet for browsers.
    """

    entries: int = 50
    content: FeedContent = "full"
    archives: Literal["all", "site", "none"] = "all"
    ttl: int = 60
    browser_view: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedOverrides:
    """Keys below `feed:` in an entry of categories.yaml, authors.yaml or tags.yaml, each None if the site's option holds."""

    entries: int | None = None
    content: FeedContent | None = None
    archives: Literal["all", "none"] | None = None
    ttl: int | None = None
    browser_view: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Settings in site.yaml. `base_url` has no trailing slash; `logo` and `icon` are addresses.

    With `keep_metadata`, images are sent with all metadata that cameras and editors wrote into them. `media` are the paths of
    the files in media/ that site.yaml refers to.
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
    feed: FeedOverrides = field(default_factory=FeedOverrides)


@dataclass(frozen=True, kw_only=True, slots=True)
class Author:
    id: str
    name: str
    email: str = ""
    url: str = ""
    bio: str = ""
    avatar: str = ""
    aliases: tuple[str, ...] = ()
    feed: FeedOverrides = field(default_factory=FeedOverrides)
    media: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TagSettings:
    """Entry of tags.yaml. `id` is the slug of the tag. `title` is "" if the tag is shown in its most frequent spelling."""

    id: str
    title: str = ""
    description: str = ""
    aliases: tuple[str, ...] = ()
    feed: FeedOverrides = field(default_factory=FeedOverrides)


ListingSettings = Category | Author | TagSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """Lead image of an article. `type` is a media type, `width` and `height` are in pixels."""

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
    """Narrower copy of a lead image, or the image itself if it is small. `width` and `height` are in pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Enclosure:
    """Attachment of an article. `type` is a media type, `length` is in bytes."""

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
    """Correction of an article. `date` is the day in the site's time zone."""

    date: date
    text: str


class ArticleStatus(Enum):
    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """Spelling of a tag: `id` is its slug, `title` the text in the article file. Spellings with the same `id` are one tag."""

    id: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Article:
    """Validated content of one article file. `path` is relative to the content folder.

    `text` is the key of the article's Markdown in `content.markdown.text_store`. `media` are the paths of the files in media/
    that the article refers to. `withdrawn_at` is the moment of withdrawal (RFC 6721 `when`), None if `status` is not WITHDRAWN.
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
    status: ArticleStatus = ArticleStatus.PUBLISHED
    withdrawn_at: datetime | None = None
    notice: str = ""
    text: bytes = b""
    media: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaFile:
    """File below media/. `path` is relative to the content folder, `location` is a path on this machine, `length` is in bytes."""

    path: str
    location: str
    type: str
    length: int


# --- Feeds ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Author in a feed (RFC 4287 section 3.2)."""

    name: str
    url: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """Category element of a feed (RFC 4287 section 4.2.2), made from a category or a tag.

    `term` is its title, `scheme` is the address of its page.
    """

    term: str
    scheme: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """Entry of a feed: one visible article.

    `url` is the address where people read the article; `is_permalink` is True if `id` equals `url`. `content` is HTML, "" if
    the listing's feed contains summaries only. `summary` is plain text and never empty. `language` is "" if it is the site's.
    `byline` names all authors in one text, for formats in which most readers show only one author. `image` and
    `thumbnail` are the lead image in two sizes; either both are set or neither.
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
    is_permalink: bool = False


def enclosure_name(enclosure: Enclosure) -> str:
    """Return the title of an enclosure; if it has none, the text after the last slash of its `url`, percent-decoded."""
    return enclosure.title or unquote(enclosure.url.rsplit("/", 1)[-1])


@dataclass(frozen=True, kw_only=True, slots=True)
class Tombstone:
    """Deleted-entry element of a withdrawn article (RFC 6721 section 3). `when` is the moment of withdrawal."""

    id: str
    when: datetime
    comment: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Link of a feed. `rel` is self, alternate, hub, prev-archive, next-archive or current."""

    rel: str
    href: str
    type: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """One document of a listing's feed, newest or archive, independent of the format: renderers only serialise it.

    `items` are all tombstones, newest first, then all entries, newest first. `is_archive` marks an RFC 5005 archive document.
    `stylesheet` is a root-relative path, "" for none. `links` contain exactly one self and one alternate.
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
