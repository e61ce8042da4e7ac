"""Routes: the mapping from places to paths and from paths to places, both in one module.

A place names a document or file, such as the Atom feed of a category, also if it does not exist. Paths are decoded text that
starts with a slash and is relative to `base_url`; `uris.absolute` makes them URIs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from feedsvc.free_places import RootFileAt, StaticPageAt, free_place

ListingKind = Literal["site", "category", "author", "custom", "language", "tag", "combination", "private"]
# Kinds of the public listings in a catalog. A combination is built on request.
LISTING_KINDS: Final[tuple[ListingKind, ...]] = ("site", "category", "author", "custom", "language", "tag")
# First segment of the paths of a listing, for kinds that have one.
SEGMENTS: Final[Mapping[ListingKind, str]] = {
    "category": "category",
    "author": "author",
    "custom": "feeds",
    "language": "language",
    "tag": "tag",
}
_KINDS_BY_SEGMENT: Final[Mapping[str | None, ListingKind]] = {segment: kind for kind, segment in SEGMENTS.items()}

# Feed names of other publishing systems. Feed readers try them, and old subscriptions contain them.
WELL_KNOWN_FEEDS: Final[Mapping[str, str]] = {
    "feed": "rss",
    "rss": "rss",
    "rss.xml": "rss",
    "index.xml": "rss",
    "feed.xml": "rss",
    "atom.xml": "atom",
}

MOST_READ_PATH: Final = "/views.json"  # says whether reads are counted, and lists the most read articles
# Path to which the form on /subscribe/ is sent; GET redirects from it to the site's feed.
COMBINATION_FORM: Final = "/feed/"

SITE_DOCUMENTS: Final = ("feeds.opml", "subscribe/", "sitemap.xml", "news-sitemap.xml", "license.xml", "robots.txt")
_ARCHIVE_PERIOD: Final = "[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?"
_PAGE_PERIOD: Final = "[0-9]{4}(?:-(?:0[1-9]|1[0-2])(?:-[0-9]{2})?)?"
_SEGMENT: Final = f"(?P<segment>{'|'.join(SEGMENTS.values())})"
_LISTING: Final = rf"/(?:{_SEGMENT}/(?P<id>[^/]+)/)?"
_SUFFIX: Final = "(?P<suffix>[a-z][a-z0-9]{0,15})"  # of any format, also one that does not exist
_FEED: Final = re.compile(rf"{_LISTING}(?:archive/(?P<period>{_ARCHIVE_PERIOD})/)?feed\.{_SUFFIX}")
_COMBINATION: Final = re.compile(rf"/feed/(?P<expression>[^/]+)\.{_SUFFIX}")
PRIVATE_PREFIX: Final = "/private/"  # of the paths of private feeds
_PRIVATE_FEED: Final = re.compile(rf"{PRIVATE_PREFIX}(?P<token>[^/]+)/feed\.{_SUFFIX}")
_FEED_ALIAS: Final = re.compile(rf"{_LISTING}(?P<name>{'|'.join(map(re.escape, WELL_KNOWN_FEEDS))})/?")
_PAGE: Final = re.compile(rf"/(?:{_SEGMENT}/(?P<id>[^/]+)(?:/|$))?(?:archive/(?P<period>{_PAGE_PERIOD})/?)?")
_VARIANT: Final = re.compile(r"/sized/(?P<digest>[0-9a-f]+)-(?P<width>[1-9][0-9]{0,4})/(?P<path>(?s:.+))")
_SITE_DOCUMENT: Final = re.compile(rf"/(?P<name>{'|'.join(re.escape(name.rstrip('/')) for name in SITE_DOCUMENTS)})/?")
_ARCHIVE: Final = re.compile(r"/archive(?:/(?P<year>[0-9]{4})/(?P<month>0[1-9]|1[0-2])(?:/(?P<day>[0-9]{2}))?)?/?")
_TAGS: Final = re.compile(r"/tags(?:/from/(?P<start>[^/]+))?/?")
# In the same folder as sitemap.xml: a sitemap may list only addresses in or below its own folder (sitemaps.org, "location").
_SITEMAP: Final = re.compile(rf"/sitemap-(?P<part>(?:listings|{_ARCHIVE_PERIOD})(?:\.[01]+)?)\.xml")
_ARTICLE: Final = re.compile(r"/articles/(?P<slug>[^/]+)/?")
_ISSUE: Final = re.compile(rf"/{SEGMENTS['custom']}/(?P<id>[^/]+)/(?P<date>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})/?")
_FILE: Final = re.compile(r"/(?P<path>(?:media|static)/(?s:.+))")


class ListingRef(NamedTuple):
    """Key of a listing; `id` is that of the category, author, custom feed or tag (its slug), a language tag, or "" for the site.

    For a combination, `id` is its expression (`catalog.combinations`). It has feeds, but no page. For a private feed, `id` is
    that of its entry in feeds.yaml; it has no Place, because its path contains a token (`private_feed_path`).

    It is a tuple, because catalogs look up listings very often.
    """

    kind: ListingKind = "site"
    id: str = ""


@dataclass(frozen=True, slots=True)
class PageAt:
    """HTML page of a listing. `period` is "" for the newest one (of the site: the front page), else YYYY, YYYY-MM or YYYY-MM-DD.

    Pages are addressed by period, not by number, so that an article stays on the page with the same address.
    """

    listing: ListingRef
    period: str = ""


@dataclass(frozen=True, slots=True)
class FeedAt:
    """Feed document of a listing. `suffix` is that of a format, which need not exist.

    `period` is "" for the document with the newest entries, else YYYY-MM or YYYY-MM-DD of an archive document.
    """

    listing: ListingRef
    suffix: str
    period: str = ""


@dataclass(frozen=True, slots=True)
class ArticleAt:
    slug: str


@dataclass(frozen=True, slots=True)
class IssueAt:
    """Page of an issue of a digest feed. `listing` is a custom feed, `date` the day that names the issue, YYYY-MM-DD."""

    listing: ListingRef
    date: str


@dataclass(frozen=True, slots=True)
class FileAt:
    """File in media/ of the content folder or in static/ of the theme. `path` begins with "media/" or "static/"."""

    path: str


@dataclass(frozen=True, slots=True)
class VariantAt:
    """Narrower variant of an image in media/. `digest` and `path` ("media/...") are the original's, `width` is in pixels."""

    digest: str
    width: int
    path: str


@dataclass(frozen=True, slots=True)
class SiteDocumentAt:
    """Document that exists once in a site, such as robots.txt. `name` is one of SITE_DOCUMENTS."""

    name: str


@dataclass(frozen=True, slots=True)
class TagsAt:
    """Page of the list of all tags. `start` is the page's name (`catalog.tags.Tags.starts`), or "" for /tags/.

    /tags/ is the whole list if one page is enough, else an overview with links to the pages.
    """

    start: str = ""


@dataclass(frozen=True, slots=True)
class ArchiveAt:
    """Page of the site's archive for people: all months if `period` is "", else the articles of a month or a day.

    `period` is YYYY-MM, or YYYY-MM-DD of a month with too many articles for one page (`catalog.ArticleCalendar`).
    """

    period: str = ""


@dataclass(frozen=True, slots=True)
class SitemapAt:
    """Part of the sitemap. `part` is an archive period (the articles published in it) or "listings" (all other pages).

    A part that is too large for one file is split in two, until all fit: "listings" into "listings.0" and "listings.1",
    "listings.0" into "listings.00" and "listings.01".
    """

    part: str


Place = (
    PageAt
    | FeedAt
    | ArticleAt
    | IssueAt
    | StaticPageAt
    | FileAt
    | RootFileAt
    | VariantAt
    | SiteDocumentAt
    | TagsAt
    | ArchiveAt
    | SitemapAt
)


def _period_path(listing: ListingRef, period: str) -> str:
    home = f"/{SEGMENTS[listing.kind]}/{listing.id}/" if listing.id else "/"
    return f"{home}archive/{period}/" if period else home


def article_path(slug: str) -> str:
    """Return the path of the article with this slug. Faster than `path_of`, for callers that need a hundred thousand paths."""
    return f"/articles/{slug}/"


def private_feed_path(token: str, suffix: str) -> str:
    """Return the path of a private feed for the holder of a token. It is the path of no Place."""
    return f"{PRIVATE_PREFIX}{token}/feed.{suffix}"


def parse_private_feed_path(path: str) -> tuple[str, str] | None:
    """Return (token, suffix) of the path of a private feed, None for other paths. Neither need exist."""
    match = _PRIVATE_FEED.fullmatch(path)
    return (match["token"], match["suffix"]) if match else None


def _feed_path(place: FeedAt) -> str:
    if place.listing.kind == "combination":
        return f"/feed/{place.listing.id}.{place.suffix}"
    return f"{_period_path(place.listing, place.period)}feed.{place.suffix}"


_PATH_BUILDERS: Final[Mapping[type[Place], Callable[[Any], str]]] = {
    PageAt: lambda place: _period_path(place.listing, place.period),
    FeedAt: _feed_path,
    ArticleAt: lambda place: article_path(place.slug),
    IssueAt: lambda place: f"{_period_path(place.listing, '')}{place.date}/",
    StaticPageAt: lambda place: f"/{place.slug}/",
    FileAt: lambda place: f"/{place.path}",
    RootFileAt: lambda place: f"/{place.path}",
    VariantAt: lambda place: f"/sized/{place.digest}-{place.width}/{place.path.removeprefix('media/')}",
    SiteDocumentAt: lambda place: f"/{place.name}",
    TagsAt: lambda place: f"/tags/from/{place.start}/" if place.start else "/tags/",
    ArchiveAt: lambda place: f"/archive/{place.period.replace('-', '/')}/" if place.period else "/archive/",
    SitemapAt: lambda place: f"/sitemap-{place.part}.xml",
}


def path_of(place: Place) -> str:
    """Return the decoded path of a place in its canonical spelling. A former name in the place stays: nothing is looked up."""
    return _PATH_BUILDERS[type(place)](place)


def _listing_ref(match: re.Match[str]) -> ListingRef:
    return ListingRef(_KINDS_BY_SEGMENT.get(match["segment"], "site"), match["id"] or "")


_PATH_PARSERS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Place]], ...]] = (
    (_ARTICLE, lambda m: ArticleAt(m["slug"])),
    (_FEED_ALIAS, lambda m: FeedAt(_listing_ref(m), WELL_KNOWN_FEEDS[m["name"]])),  # before _FEED, because feed.xml is one
    (_FEED, lambda m: FeedAt(_listing_ref(m), m["suffix"], m["period"] or "")),
    (_COMBINATION, lambda m: FeedAt(ListingRef("combination", m["expression"]), m["suffix"])),
    (_ISSUE, lambda m: IssueAt(ListingRef("custom", m["id"]), m["date"])),
    (_FILE, lambda m: FileAt(m["path"])),
    (_VARIANT, lambda m: VariantAt(m["digest"], int(m["width"]), f"media/{m['path']}")),
    (_SITE_DOCUMENT, lambda m: SiteDocumentAt(next(name for name in SITE_DOCUMENTS if name.rstrip("/") == m["name"]))),
    (_TAGS, lambda m: TagsAt(m["start"] or "")),
    (_ARCHIVE, lambda m: ArchiveAt("-".join(filter(None, (m["year"], m["month"], m["day"]))))),
    (_SITEMAP, lambda m: SitemapAt(m["part"])),
    (_PAGE, lambda m: PageAt(_listing_ref(m), m["period"] or "")),
)


# Names of the addresses for operators, such as /status.
OPERATOR_NAMES: Final = ("healthz", "metrics", "readyz", "status")
_PERMANENT_DOCUMENTS: Final = (
    *(SiteDocumentAt(name) for name in ("feeds.opml", "robots.txt", "sitemap.xml", "subscribe/")),
    *(ArchiveAt(), PageAt(ListingRef())),
)
# First segments of paths that are never free: those of other places, of the service, and of the files of a tree.
RESERVED_NAMES: Final = frozenset(
    (
        *(*SEGMENTS.values(), *WELL_KNOWN_FEEDS, *(name.rstrip("/") for name in SITE_DOCUMENTS), "articles", "tags"),
        *("archive", "hub", "media", "private", "search", "sized", "static"),
        *("404.html", "410.html", "_headers", "_redirects", MOST_READ_PATH[1:], *OPERATOR_NAMES),
    )
)
# The beginning of every path with a fixed form, to decline any other path at once: a former site may have a hundred thousand.
_FIRST_CHARACTERS: Final = re.compile(
    "/(?:"
    + "|".join(
        (
            r"\Z",
            r"archive(?:/|\Z)",
            rf"(?:{'|'.join((*SEGMENTS.values(), 'articles', 'media', 'static', 'sized'))})/",
            *map(re.escape, (*WELL_KNOWN_FEEDS, *(name.rstrip("/") for name in SITE_DOCUMENTS), "tags", "sitemap-")),
        )
    )
    + ")"
)


def place_of(path: str) -> Place | None:
    """Return the place that a path names, None if the path has no form of a place. The place need not exist in any content.

    Several paths may name one place: feed names of other systems (WELL_KNOWN_FEEDS) and paths without a trailing slash are
    accepted, too. `path` is the canonical one exactly if `path_of(place_of(path)) == path`. A path of no other form is tried as
    a `free_place`. None for private feeds and for the service's own addresses, such as /status and /views.json.
    """
    for pattern, build_place in _PATH_PARSERS if _FIRST_CHARACTERS.match(path) else ():
        if match := pattern.fullmatch(path):
            return build_place(match)
    return free_place(path, RESERVED_NAMES)


def is_never_free(path: str) -> bool:
    """Return whether a path is the service's own or always has a document, so that no rule of redirects.yaml can hold for it.

    True for /views.json, and with or without final slash for OPERATOR_NAMES (as /status) and _PERMANENT_DOCUMENTS; else False.
    """
    return path == MOST_READ_PATH or path.strip("/") in OPERATOR_NAMES or place_of(path) in _PERMANENT_DOCUMENTS
