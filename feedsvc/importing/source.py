"""Neutral records between the readers of formats and the writer of a content folder.

A reader copies facts and decides nothing about files: ids, addresses and dates are those of the source. The writer decides slugs,
file names and what an article may contain.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from feedsvc.errors import FeedsvcError


class ImportSourceError(FeedsvcError):
    """Raised if a source cannot be read at all. The text names the file or address, the fault, and what to do."""


class DamagedFeedError(ImportSourceError):
    """Raised for a JSON Feed whose JSON is invalid, so that no item can be read. Damaged XML is read in part instead."""


class SourceSystem(enum.Enum):
    """The system that wrote a source: it decides which addresses the source's posts and feeds had."""

    WORDPRESS = "WordPress"
    FEED = "feed"
    FEEDSVC = "feedsvc"
    """An export of feedsvc in the format of WordPress: no page and no feed of WordPress was ever at its addresses."""


class PostState(enum.Enum):
    """Publication state of a post at the source."""

    PUBLISHED = "published"
    """Public, or to be public from its date on, if that is in the future."""

    SCHEDULED = "scheduled"
    """Not public when the source was written, but to be public from its date on."""

    DRAFT = "draft"
    """Not public, whatever its date: a draft, private, or readable only with a password."""


@dataclass(frozen=True, slots=True)
class SourceAuthor:
    """An author. Posts name it by `key` (WordPress: the login; a feed: the name; an export of feedsvc: the id).

    `number` is that of its addresses without names, such as /?author=2 of WordPress; 0 if unknown. Without `is_listed`, only
    posts name it, so that all but its key may be unknown.
    """

    key: str
    name: str
    email: str = ""
    url: str = ""
    bio: str = ""
    number: int = field(default=0, kw_only=True)
    is_listed: bool = field(default=True, kw_only=True)


class TermKind(enum.Enum):
    """The two kinds of terms that posts are grouped by."""

    CATEGORY = "category"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class SourceTerm:
    """A category or a tag. Posts name it by `key` (WordPress: the nicename). `parent` is the key of a category, or "".

    `has_id`: the key is an id, which the source's addresses contain. Otherwise it is only the name, as in most feeds. `number` is
    that of its addresses without names, such as /?cat=3 of WordPress; 0 if unknown. Without `is_listed`, only posts name it, so
    that its description and parent are unknown.
    """

    kind: TermKind
    key: str
    name: str
    description: str = ""
    parent: str = ""
    has_id: bool = True
    number: int = 0
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class SourceMedium:
    """A file (a picture, audio, a video or another) with its absolute address at the source. `length`: bytes, 0 if unknown.

    `alt`, `caption` and `credit` are text, which may still have HTML's entities or tags; `media_type` is "" if unknown.
    """

    address: str
    alt: str = ""
    caption: str = ""
    credit: str = ""
    media_type: str = ""
    length: int = 0


@dataclass(frozen=True, slots=True)
class SourcePost:
    """A post or a page of the source.

    `place` tells an editor where it stands: "export.xml, line 812". `id` is what feed readers know it by, "" if there is none.
    `address` is the absolute address of its page, "" if it had none; `other_addresses` are further addresses, absolute or as
    paths with their query, that led there. `is_page`: it is a page of the site, not a post. `published` and
    `updated` have a zone, and are None if unknown. `title` and `summary` are plain text; `body` is HTML as browsers would get
    it, with blocks and shortcodes already replaced. `language` is "" if it is that of the source or unknown. `translation_of` is
    the `id`, or else the `address`, of the post that this one translates, "" if it translates none. With
    `has_exact_texts`, title and summary are what the source shows, letter for letter; else an entity or tag in them is likely
    to be HTML that the source forgot to mark. `facts` are those of an export of feedsvc that no other member holds: JSON values
    by name, such as `corrections`. `authors`, `categories` and `tags` are keys, as in SourceAuthor and SourceTerm. `is_sticky`:
    it was at the top of the front page. `lacks_lead_image`: the post has a lead image that the source does not contain.
    `lacks_body_parts`: the same of media or blocks that `body` should show.
    """

    place: str
    id: str
    title: str
    state: PostState
    address: str = ""
    other_addresses: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    summary: str = ""
    body: str = ""
    language: str = ""
    translation_of: str = ""
    lead_image: SourceMedium | None = None
    enclosures: tuple[SourceMedium, ...] = ()
    is_page: bool = False
    is_sticky: bool = False
    lacks_lead_image: bool = False
    lacks_body_parts: bool = False
    has_exact_texts: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Omission:
    """Something in the source that is not imported, or only in part: where, what, and why, for the report.

    `is_end`: the source cannot be read on from this place, so it is unknown what is missing.
    """

    place: str
    what: str
    reason: str
    is_end: bool = False


@dataclass(frozen=True, slots=True)
class SourceRedirect:
    """A redirect of a plug-in of WordPress. `old` is an absolute address or a path with its query, `new` where it led.

    `new` is "" for an address that was answered with an error such as 410.
    """

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class SourceSite:
    """The facts of a source that hold for all its posts. `address` is that of the front page, "" if unknown.

    `feed_entries` is the number of entries of the former feed, 0 if unknown. `title` and `description` are plain text.
    `language` and `time_zone` (an IANA name) are "" if unknown. `feeds` are the addresses of former feeds that the source names
    or that it was fetched from, `feed_suffixes` their formats in the same order: rss, atom or json, or "" if unknown. With
    `has_exact_texts`, all names, titles and descriptions are what the source shows, letter for letter; else an entity or tag in
    them is likely to be HTML that the source forgot to mark. `languages` are the names, such as de or pt_BR, of the languages
    of a site of WordPress: first that of the posts on its front page and in its feed; the others had feeds below /NAME/,
    or below /language/NAME/ if `language_folder` is "language/". () if it has only one. `script_folder` is "index.php/" if the
    addresses of posts, listings and feeds begin with it, as those of WordPress on servers that rewrite none; else "".
    With `has_plain_addresses`, all addresses of WordPress were queries with numbers, such as /?p=12, /?cat=3 and /?author=2.
    `is_of_blogger`: Blogger wrote the feed or export, so that feeds and listings had its addresses.
    """

    system: SourceSystem
    title: str
    address: str
    description: str = ""
    language: str = ""
    time_zone: str = ""
    feed_entries: int = 0
    feeds: tuple[str, ...] = ()
    feed_suffixes: tuple[str, ...] = ()
    has_exact_texts: bool = False
    authors: tuple[SourceAuthor, ...] = ()
    terms: tuple[SourceTerm, ...] = ()
    redirects: tuple[SourceRedirect, ...] = ()
    languages: tuple[str, ...] = ()
    language_folder: str = ""
    script_folder: str = ""
    has_plain_addresses: bool = False
    is_of_blogger: bool = False


class ImportSource(Protocol):
    """An open source of one format. A reader may read its input several times; no reader holds all posts in memory."""

    @property
    def site(self) -> SourceSite:
        """Facts of the whole source, known before the first post."""

    def posts(self, main_language: str = "", /) -> Iterator[SourcePost | Omission]:
        """Yield the posts in the source's order, and an omission for each post or part that cannot be carried over.

        Of posts that translate each other, the one in `main_language` is the original: the first of `site.languages` of an
        earlier import, which may differ from that of a partial export. "" stands for that of this source.
        Each call reads from the beginning. Bad input raises nothing: if it ends early or cannot be read on, an Omission with
        `is_end` is yielded.
        """
