"""Frozen data classes: the settings and articles that editors write.

Data only, no behaviour. Texts contain no characters that XML 1.0 forbids. Addresses are absolute URIs, unless the
field's name says path. Datetimes are aware, in UTC and whole seconds. "" and () mean "not given".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Literal

from feedsvc.license_model import Crawlers, License, RobotsGroup
from feedsvc.page_model import Footer, MenuEntry, ShowOptions

FeedContent = Literal["full", "summary"]
FeedAccess = Literal["public", "private"]
FeedTranslations = Literal["all", "one"]
FeedWithdrawals = Literal["shown", "silent"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedOptions:
    """Keys below `feed:` in site.yaml; with the overrides of its entry, the effective options of a listing (`Listing.feed`).

    `entries` is the maximum number of entries in a feed's newest document, `archives` the listings whose feeds have archives,
    `ttl` is in minutes (RSS 2.0). With `browser_view`, RSS and Atom feeds have a stylesheet for browsers. With `combinations`,
    subscribers can combine listings by address. With `markdown`, RSS feeds of full texts contain Markdown of articles, too.
    `translations` is "one" if feeds hold one article of each work. `withdrawals` is "silent" if RSS and JSON Feed say nothing of
    withdrawn articles.
    """

    entries: int = 50
    content: FeedContent = "full"
    archives: Literal["all", "site", "none"] = "all"
    ttl: int = 60
    browser_view: bool = True
    combinations: bool = True
    markdown: bool = False
    translations: FeedTranslations = "all"
    withdrawals: FeedWithdrawals = "shown"


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedOverrides:
    """Keys below `feed:` in a listing's entry, as in FeedOptions. None: the site's value, or the default of digest feeds."""

    entries: int | None = None
    content: FeedContent | None = None
    archives: Literal["all", "none"] | None = None
    ttl: int | None = None
    browser_view: bool | None = None
    markdown: bool | None = None
    translations: FeedTranslations | None = None
    withdrawals: FeedWithdrawals | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeOptions:
    """Keys below `home:` in site.yaml, for the front page.

    `lead` is the slug (not a former one) of the article that leads it, "" for the newest with an image. `sections` are the ids
    or aliases of the categories that have a block, in order; () for those in the header's menu. Unknown names have no effect.
    """

    lead: str = ""
    sections: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Settings in site.yaml. `base_url` has no trailing slash; `logo`, `icon` and `profiles` are addresses.

    `id_domain` and the year of `since` are in the ids of feeds, `id_domain` also in those of articles without an id of their
    own. `navigation` is None if the header has all categories and the pages whose `menu` is header. `robots` are groups of
    robots.txt in addition to `crawlers`. `accent` is a color as # and six hexadecimal digits, "" for the built-in one. With
    `keep_metadata`, images are sent with all metadata. `media` are the paths in media/ that the settings name.
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
    accent: str = ""
    copyright: str = ""
    feed: FeedOptions = field(default_factory=FeedOptions)
    hubs: tuple[str, ...] = ()
    license: License | None = None
    crawlers: Crawlers = field(default_factory=Crawlers)
    robots: tuple[RobotsGroup, ...] = ()
    navigation: tuple[MenuEntry, ...] | None = None
    footer: Footer = field(default_factory=Footer)
    home: HomeOptions = field(default_factory=HomeOptions)
    show: ShowOptions = field(default_factory=ShowOptions)
    profiles: tuple[str, ...] = ()
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
    """Entry of authors.yaml. `email` is public; `hidden_email` is an address that `show_email` does not make public."""

    id: str
    name: str
    email: str = ""
    hidden_email: str = ""
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Condition on articles: for each field that is not (), the article has one of its names. It holds for all if all are ().

    `categories` and `authors` are ids, `tags` are slugs, `languages` are language tags. A language tag stands for all tags that
    begin with its subtags (RFC 4647 section 3.3.1): en for en-GB, too.
    """

    categories: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueSchedule:
    """Key `digest` of an entry of feeds.yaml: when the issues of a digest feed close, in the site's zone.

    `minute_of_day` is the local time in minutes after 00:00. `weekday` is 0 for Monday to 6 for Sunday, None for a daily digest.
    """

    minute_of_day: int
    weekday: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomFeed:
    """Entry of feeds.yaml: a listing of the articles for which `include` holds, without those that `exclude` names.

    With `digest`, the listing holds issues, each with the articles of one day or week. `exclude` differs from a condition: an
    article is excluded if it has any of the names in `exclude`, of whatever kind; without names, no article is excluded.
    `image` is an address, `max_age` the age in seconds at which an article or issue leaves the newest feed document; "" and
    None if not given. A private feed has no public address: only those who have a token can read it.
    """

    id: str
    title: str
    description: str = ""
    include: Selection = field(default_factory=Selection)
    exclude: Selection = field(default_factory=Selection)
    aliases: tuple[str, ...] = ()
    image: str = ""
    max_age: int | None = None
    access: FeedAccess = "public"
    digest: IssueSchedule | None = None
    feed: FeedOverrides = field(default_factory=FeedOverrides)
    media: tuple[str, ...] = ()


ListingSettings = Category | Author | TagSettings | CustomFeed


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """Lead image of an article. `type` is a media type, `width` and `height` are in pixels.

    Images of a content folder have all three. Those that a caller of the API does not know are "" and 0.
    """

    url: str = field(kw_only=False)
    type: str = ""
    width: int = 0
    height: int = 0
    alt: str = ""
    caption: str = ""
    credit: str = ""
    credit_url: str = ""
    disclaimer: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Thumbnail:
    """Narrower copy of a lead image, or the image itself if there is no such copy. `width` and `height` are in pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Enclosure:
    """Attachment of an article, in media/ or elsewhere. `type` is a media type, `length` the number of bytes that are sent."""

    url: str
    type: str
    length: int
    title: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Embed:
    """Card in place of an address (`url`) that stands alone in a paragraph. `image` is the address of a file in media/, or ""."""

    url: str
    title: str
    description: str = ""
    image: str = ""


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
    """Validated content of one article file. `path` is relative to the content folder, `aliases` are former slugs,
    `addresses` former addresses, as `redirects.normalize_address` returns them.

    `updated` is never before `published`. `text` is the key of the Markdown in `content.markdown.text_store`. `link` is the
    canonical address, if at another site. `media` are the paths of the files in media/ that the article refers to. `withdrawn_at`
    (RFC 6721 `when`) is after `updated`, None if `status` is not WITHDRAWN. `language` is "" for the site's. `translation_of` is
    the id of another article, which need not exist. `guid` is the id in RSS and JSON Feed if another text than `id`, else "".
    """

    path: str
    id: str
    slug: str
    title: str
    published: datetime
    updated: datetime
    guid: str = ""
    expires: datetime | None = None
    categories: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    tags: tuple[Tag, ...] = ()
    summary: str = ""
    image: Image | None = None
    enclosures: tuple[Enclosure, ...] = ()
    embeds: tuple[Embed, ...] = ()
    sources: tuple[Source, ...] = ()
    corrections: tuple[Correction, ...] = ()
    language: str = ""
    translation_of: str = ""
    link: str = ""
    aliases: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
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
