"""The address scheme, written once, both ways: place to path and path to place.

Paths are decoded text that starts with a slash and is relative to base_url; `uris.absolute` makes them URIs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

Kind = Literal["site", "category", "author", "tag"]
KINDS: Final[tuple[Kind, ...]] = ("site", "category", "author", "tag")
SUFFIXES: Final = ("rss", "atom", "json")

# Names that other publishers give their feeds; readers try them, and old subscriptions hold them.
WELL_KNOWN: Final[Mapping[str, str]] = {
    "feed": "rss",
    "rss": "rss",
    "rss.xml": "rss",
    "index.xml": "rss",
    "feed.xml": "rss",
    "atom.xml": "atom",
}

SINGLES: Final = ("feeds.opml", "subscribe/", "sitemap.xml", "news-sitemap.xml", "robots.txt")
_PERIOD: Final = r"\d{4}-\d{2}(?:-\d{2})?"
_DIVIDED: Final = r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-\d{2})?)?"
_LISTING: Final = r"/(?:(?P<kind>category|author|tag)/(?P<id>[^/]+)/)?"
_FEED: Final = re.compile(rf"{_LISTING}(?:archive/(?P<period>{_PERIOD})/)?feed\.(?P<suffix>rss|atom|json)")
_ALIAS: Final = re.compile(rf"{_LISTING}(?P<name>{'|'.join(map(re.escape, WELL_KNOWN))})/?")
_PAGE: Final = re.compile(rf"/(?:(?P<kind>category|author|tag)/(?P<id>[^/]+)(?:/|$))?(?:archive/(?P<period>{_DIVIDED})/?)?")
_SIZED: Final = re.compile(r"/sized/(?P<digest>[0-9a-f]+)-(?P<width>[1-9][0-9]{0,4})/(?P<path>(?s:.+))")
_SINGLE: Final = re.compile(rf"/(?P<name>{'|'.join(re.escape(name.rstrip('/')) for name in SINGLES)})/?")
_TAGS: Final = re.compile(r"/tags(?:/from/(?P<start>[^/]+))?/?")
# Beside sitemap.xml, since a sitemap may list only what lies in or below its own folder (sitemaps.org, "location").
_SITEMAP: Final = re.compile(rf"/sitemap-(?P<part>(?:listings|{_PERIOD})(?:\.[01]+)?)\.xml")
_ARTICLE: Final = re.compile(r"/articles/(?P<slug>[^/]+)/?")
_FILE: Final = re.compile(r"/(?P<path>(?:media|static)/(?s:.+))")


class ListingRef(NamedTuple):
    """Names a listing; `id` is "" for the site. A tuple, since catalogs look listings up very often."""

    kind: Kind = "site"
    id: str = ""


@dataclass(frozen=True, slots=True)
class PageAt:
    """A listing's HTML page; `period` as for feeds or YYYY, so that no address's articles move when others come."""

    listing: ListingRef
    period: str = ""


@dataclass(frozen=True, slots=True)
class FeedAt:
    """A feed document; `period` is "" for the newest entries, else an archive's YYYY-MM or YYYY-MM-DD."""

    listing: ListingRef
    suffix: str
    period: str = ""


@dataclass(frozen=True, slots=True)
class ArticleAt:
    slug: str


@dataclass(frozen=True, slots=True)
class FileAt:
    """A file of the content's media/ or of the product's static/."""

    path: str


@dataclass(frozen=True, slots=True)
class SizedAt:
    """A picture of media/ made narrower: `digest` of its bytes, `width` in pixels, `path` as in FileAt."""

    digest: str
    width: int
    path: str


@dataclass(frozen=True, slots=True)
class SingleAt:
    """A document there is one of: a name of SINGLES."""

    name: str


@dataclass(frozen=True, slots=True)
class TagsAt:
    """A page of the list of all tags; `start` names it, "" for the only one, or for the one that leads to several."""

    start: str = ""


@dataclass(frozen=True, slots=True)
class SitemapAt:
    """A part of the sitemap: an archive period of the site, or "listings"; ".01" and the like name a part of such a part."""

    part: str


Place = PageAt | FeedAt | ArticleAt | FileAt | SizedAt | SingleAt | TagsAt | SitemapAt


def _period_path(listing: ListingRef, period: str) -> str:
    home = f"/{listing.kind}/{listing.id}/" if listing.id else "/"
    return f"{home}archive/{period}/" if period else home


def article_path(slug: str) -> str:
    """As `path_of` an ArticleAt, for who asks for a hundred thousand."""
    return f"/articles/{slug}/"


_WRITERS: Final[Mapping[type[Place], Callable[[Any], str]]] = {
    PageAt: lambda place: _period_path(place.listing, place.period),
    FeedAt: lambda place: f"{_period_path(place.listing, place.period)}feed.{place.suffix}",
    ArticleAt: lambda place: article_path(place.slug),
    FileAt: lambda place: f"/{place.path}",
    SizedAt: lambda place: f"/sized/{place.digest}-{place.width}/{place.path.removeprefix('media/')}",
    SingleAt: lambda place: f"/{place.name}",
    TagsAt: lambda place: f"/tags/from/{place.start}/" if place.start else "/tags/",
    SitemapAt: lambda place: f"/sitemap-{place.part}.xml",
}


def path_of(place: Place) -> str:
    """The one address of a place."""
    return _WRITERS[type(place)](place)


def _ref(found: re.Match[str]) -> ListingRef:
    kinds: Mapping[str | None, Kind] = {"category": "category", "author": "author", "tag": "tag"}
    return ListingRef(kinds.get(found["kind"], "site"), found["id"] or "")


_READERS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Place]], ...]] = (
    (_FEED, lambda m: FeedAt(_ref(m), m["suffix"], m["period"] or "")),
    (_ALIAS, lambda m: FeedAt(_ref(m), WELL_KNOWN[m["name"]])),
    (_ARTICLE, lambda m: ArticleAt(m["slug"])),
    (_FILE, lambda m: FileAt(m["path"])),
    (_SIZED, lambda m: SizedAt(m["digest"], int(m["width"]), f"media/{m['path']}")),
    (_SINGLE, lambda m: SingleAt(next(name for name in SINGLES if name.rstrip("/") == m["name"]))),
    (_TAGS, lambda m: TagsAt(m["start"] or "")),
    (_SITEMAP, lambda m: SitemapAt(m["part"])),
    (_PAGE, lambda m: PageAt(_ref(m), m["period"] or "")),
)


def place_of(path: str) -> Place | None:
    """What a path means, well-known names and a missing last slash understood.

    The path is the place's own address exactly when `path_of(place_of(path)) == path`.
    """
    for pattern, make in _READERS:
        if found := pattern.fullmatch(path):
            return make(found)
    return None
