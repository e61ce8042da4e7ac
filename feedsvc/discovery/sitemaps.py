"""All public pages -> what search engines read: sitemaps, Google's news sitemap and robots.txt.

The protocols: https://www.sitemaps.org/protocol.html (its sections are named below),
https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap and RFC 9309.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from functools import lru_cache
from hashlib import sha256
from itertools import chain, product
from math import ceil, log2
from typing import Final, NamedTuple

from feedsvc.catalog.catalog import LARGEST_MONTH, Catalog, Listing, Row, Standing
from feedsvc.catalog.tags import PAGE_SIZE
from feedsvc.feeds.escaping import escape
from feedsvc.model import Site
from feedsvc.routes import ArticleAt, ListingRef, PageAt, SingleAt, SitemapAt, TagsAt, path_of
from feedsvc.support.date_formats import rfc3339
from feedsvc.uris import absolute

MEDIA_TYPE: Final = "application/xml"
MEDIA_TYPES: Final[Mapping[str, str]] = {
    "sitemap.xml": MEDIA_TYPE,
    "news-sitemap.xml": MEDIA_TYPE,
    "robots.txt": "text/plain",
}
MOST: Final = 50_000  # addresses to a sitemap ("Using Sitemap index files")
MOST_NEWS: Final = 1_000  # articles to a news sitemap
LISTINGS: Final = "listings"
_SUBSCRIBE: Final = SingleAt("subscribe/")

_LARGEST: Final = 52_428_800  # bytes to a file, from the same section
_LONGEST: Final = 800  # bytes of an entry beside base_url: a name has at most 200 bytes, each three characters (uris.is_slug)
_SITEMAP: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NEWS: Final = "http://www.google.com/schemas/sitemap-news/0.9"
_MORE_DAYS: Final = 30  # than a month has pages by itself
_TRADITIONAL: Final = frozenset({"hant", "tw", "hk", "mo"})


_ListPlace = PageAt | SingleAt | TagsAt


class _Lists(NamedTuple):
    """Tells which pages are no article's: listings with their periods, oldest first, and how many of these are older pages;
    the names of the pages of tags.
    """

    listings: tuple[tuple[ListingRef, tuple[str, ...], int], ...]
    tags: tuple[str, ...]


class _Page(NamedTuple):
    """An address and its last change. What is not `shown` has gone from the sitemap, which changed it at that moment."""

    path: str
    touched: datetime
    shown: bool = True


def sitemap(catalog: Catalog, most: int = MOST) -> bytes:
    """Every page ("XML tag definitions"), or an index of `parts` where that would be too much for one file."""
    found = tuple(_parts(catalog, most))
    return _index(catalog.site, found) if found else _urlset(catalog.site, _all(catalog))


def parts(catalog: Catalog, most: int = MOST) -> tuple[str, ...]:
    """What the index names, () where there is none."""
    if not is_indexed(catalog, most):
        return ()
    room = _room(catalog.site, most)
    dated = (name for group in _periods(catalog) for name, _ in _dated(catalog, group, room))
    return *_divided(_lists(catalog), room), *dated


def parts_of(catalog: Catalog, group: str, most: int = MOST) -> tuple[str, ...]:
    """Those of `parts` that belong to a period; of LISTINGS every name that a part may have, for less work."""
    room = _room(catalog.site, most)
    if not is_indexed(catalog, most):
        return ()
    if group == LISTINGS:
        return tuple(_halves(_most_lists(catalog), room))
    return tuple(name for name, _ in _dated(catalog, group, room))


def part(catalog: Catalog, name: str, most: int = MOST) -> bytes | None:
    """The sitemap of one of `parts`, None for any other name."""
    if not is_indexed(catalog, most):
        return None
    group, room = name.partition(".")[0], _room(catalog.site, most)
    if group == LISTINGS:
        pages = tuple(_page(catalog, place) for place in _divided(_lists(catalog), room).get(name, ()))
    else:
        pages = dict(_split(group, _group(catalog, group), room)).get(name, ())
    return _urlset(catalog.site, pages) if pages else None


def news(catalog: Catalog, most: int = MOST_NEWS) -> bytes | None:
    """Google's news sitemap of the last two days, newest first; None without any, since a urlset holds at least one url."""
    lines = "".join(_story(catalog.site, row) for row in _recent(catalog)[:most])
    return _xml("urlset", lines, f' xmlns:news="{_NEWS}"') if lines else None


def has_news(catalog: Catalog) -> bool:
    """Whether there is a news sitemap."""
    return bool(_recent(catalog))


def robots(catalog: Catalog) -> bytes:
    """Everything allowed (RFC 9309 section 2.2.2), and where the sitemaps are ("Informing search engine crawlers").

    Crawlers look for it at their host's root alone (section 2.3), so below a base_url with a path nobody reads it.
    """
    names = ("sitemap.xml", "news-sitemap.xml") if has_news(catalog) else ("sitemap.xml",)
    lines = (f"Sitemap: {absolute(catalog.site.base_url, path_of(SingleAt(name)))}\n" for name in names)
    return "".join(("User-agent: *\nAllow: /\n\n", *lines)).encode()


def facts(catalog: Catalog) -> tuple[object, ...]:
    """While they, and what is `told` of each listing, are the same, the sitemap is; they cost less."""
    if not is_indexed(catalog):
        return (catalog.visible.rows.once(_digest),)
    # Of a month that is one part, its total is all there is to say; the lists tell of years where these are one page.
    room, totals = _room(catalog.site, MOST), catalog.listings[ListingRef()].months.totals
    return totals, *(_dated(catalog, name, room) for name, total in totals.items() if total.shown > room)


def told(listing: Listing) -> object:
    """While it is the same of each, the parts of LISTINGS are."""
    older = (len(listing.pages), listing.pages.totals) if listing.rest_begins else (0, {})
    return listing.ref, listing.touched, *older


def _digest(rows: Iterable[Row]) -> bytes:
    """What a sitemap says of visible articles."""
    lines = [f"{row.article.slug} {row.touched.timestamp()}" for row in rows if not row.article.link]
    return sha256("\n".join(lines).encode()).digest()


# --- What is listed -------------------------------------------------------------------------------------------


def _all(catalog: Catalog) -> Iterator[_Page]:
    return chain.from_iterable(_group(catalog, name) for name in _names(catalog))


def _names(catalog: Catalog) -> tuple[str, ...]:
    return LISTINGS, *_periods(catalog)


def _periods(catalog: Catalog) -> Iterable[str]:
    return catalog.listings[ListingRef()].months.every


def _group(catalog: Catalog, name: str) -> tuple[_Page, ...]:
    """What belongs together: the articles of a period, which no other month's changes move, or all other pages."""
    if name == LISTINGS:
        return tuple(_page(catalog, place) for place in _places(_lists(catalog)))
    return tuple(_articles(catalog.listings[ListingRef()].months.every.get(name, ())))


def _articles(rows: Iterable[Row]) -> Iterator[_Page]:
    """The articles whose canonical address is here."""
    for row in rows:
        if not row.article.link:
            yield _Page(path_of(ArticleAt(row.article.slug)), row.touched, row.standing is Standing.VISIBLE)


def _lists(catalog: Catalog) -> _Lists:
    return _Lists(tuple((one.ref, *_older(one)) for one in catalog.shown), catalog.tags.starts)


def _older(listing: Listing) -> tuple[tuple[str, ...], int]:
    """Its periods, and how many of them are older pages; most tags have none, and nothing is computed for them."""
    return (listing.pages.names, len(listing.pages)) if listing.rest_begins else ((), 0)


def _places(lists: _Lists) -> Iterator[_ListPlace]:
    """Listings with their older pages, newest first, the page of feeds and those of tags."""
    for ref, names, older in lists.listings:
        yield PageAt(ref)
        yield from (PageAt(ref, period) for period in reversed(names[:older]))
    yield _SUBSCRIBE
    yield from tag_places(lists.tags)


def tag_places(starts: Sequence[str]) -> Iterator[TagsAt]:
    """The pages of tags, given their names: several have one more that leads to them."""
    yield from map(TagsAt, ("", *starts) if len(starts) > 1 else ("",) * len(starts))


def _page(catalog: Catalog, place: _ListPlace) -> _Page:
    return _Page(path_of(place), _touched(catalog, place))


def _touched(catalog: Catalog, place: _ListPlace) -> datetime:
    """As new as the newest change of what it shows."""
    if isinstance(place, PageAt):
        listing = catalog.listings[place.listing]
        return listing.pages.totals[place.period].touched if place.period else listing.touched or _oldest(catalog.site)
    if isinstance(place, TagsAt) and place.start:
        page = catalog.tags.pages[catalog.tags.page_of(place.start)]
        return max((catalog.tagged(tag).touched or _oldest(catalog.site) for tag in page), default=_oldest(catalog.site))
    return _newest(catalog.site, catalog.listings[ListingRef()].rows)


def _newest(site: Site, rows: Iterable[Row]) -> datetime:
    """As feeds date themselves: what left counts, and what never held anything is as old as the site."""
    return max((row.touched for row in rows), default=_oldest(site))


def _oldest(site: Site) -> datetime:
    return datetime.combine(site.since, time(), UTC)


def _recent(catalog: Catalog) -> list[Row]:
    return [row for row in catalog.recent if not row.article.link]


# --- What is too much for one file ----------------------------------------------------------------------------


def _room(site: Site, most: int) -> int:
    """The addresses that surely fit in a file ("Using Sitemap index files"): few enough and small enough."""
    return max(1, min(most, _LARGEST // (_LONGEST + len(escape(site.base_url)))))


def is_indexed(catalog: Catalog, most: int = MOST) -> bool:
    """Whether there are too many pages for one file."""
    articles = len(catalog.visible) - catalog.elsewhere
    room = _room(catalog.site, most)
    if articles > room:
        return True
    return articles + _most_lists(catalog) > room and articles + _count(catalog) > room


def _count(catalog: Catalog) -> int:
    """How many pages are no article's."""
    return sum(1 + _older(listing)[1] for listing in catalog.shown) + 1 + sum(1 for _ in tag_places(catalog.tags.starts))


def _most_lists(catalog: Catalog) -> int:
    """At least `_count`, for less work: no listing has more months than the site, and only a large month has days."""
    names = catalog.listings[ListingRef()].months.names
    months = len({name[:7] for name in names})
    sizes = (len(listing.rows) for listing in catalog.listings.values())
    tags = 1 + len(catalog.listings) // (PAGE_SIZE // 3)
    return sum(1 + min(size, len(names), months + _MORE_DAYS * (size // LARGEST_MONTH)) for size in sizes) + 1 + tags + 1


def _parts(catalog: Catalog, most: int) -> Iterator[tuple[str, datetime]]:
    """Each with its last change."""
    if is_indexed(catalog, most):
        yield from chain.from_iterable(_dated(catalog, name, _room(catalog.site, most)) for name in _names(catalog))


def _dated(catalog: Catalog, name: str, room: int) -> tuple[tuple[str, datetime], ...]:
    """The parts of a group. Of a period that needs no halving, the totals tell all."""
    total = catalog.listings[ListingRef()].months.totals.get(name)
    if total and total.shown <= room:
        return ((name, total.own),) if total.own and total.shown else ()
    if name == LISTINGS:
        divided = _divided(_lists(catalog), room).items()
        return tuple((part, max(_page(catalog, place).touched for place in places)) for part, places in divided)
    return tuple((part, max(page.touched for page in pages)) for part, pages in _split(name, _group(catalog, name), room))


@lru_cache(maxsize=2)
def _divided(lists: _Lists, room: int) -> Mapping[str, tuple[_ListPlace, ...]]:
    """The parts of LISTINGS. Which page is in which is the same in most editions."""
    places = {path_of(place): place for place in _places(lists)}
    pages = tuple(_Page(path, datetime.min) for path in places)  # noqa: DTZ901 - nobody looks at it
    return {name: tuple(places[page.path] for page in several) for name, several in _split(LISTINGS, pages, room)}


def _split(name: str, pages: tuple[_Page, ...], room: int) -> Iterator[tuple[str, tuple[_Page, ...]]]:
    """The non-empty parts of a group: itself, or halves by a digest of the address, named NAME.0 and NAME.1, and so on.

    A page stays in its part whatever comes and goes beside it; only a half that overflows is halved again.
    """
    shown = sum(page.shown for page in pages)
    if shown > room:
        stem, depth = (name, len(name.partition(".")[2])) if "." in name else (f"{name}.", 0)
        for bit in "01":
            yield from _split(f"{stem}{bit}", tuple(page for page in pages if _bits(page.path)[depth] == bit), room)
    elif shown:
        yield name, pages


def _halves(count: int, room: int) -> Iterator[str]:
    """The names that so many pages may be split into: digests halve evenly, so two bits more than needed are plenty."""
    yield LISTINGS
    depth = max(0, ceil(log2(count / room)) + 2) if count > room else 0
    yield from (f"{LISTINGS}.{''.join(bits)}" for length in range(1, depth + 1) for bits in product("01", repeat=length))


def _bits(path: str) -> str:
    return f"{int.from_bytes(sha256(path.encode()).digest()):0256b}"


# --- How it is spelled ----------------------------------------------------------------------------------------


def _xml(root: str, lines: str, names: str = "") -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_SITEMAP}"{names}>\n{lines}</{root}>\n'.encode()


def _urlset(site: Site, pages: Iterable[_Page]) -> bytes:
    """As the section "XML tag definitions" says."""
    return _xml("urlset", "".join(f"<url>{_facts(site, page.path, page.touched)}</url>\n" for page in pages if page.shown))


def _index(site: Site, found: Iterable[tuple[str, datetime]]) -> bytes:
    """Section "Sitemap index XML tag definitions": lastmod is when the part itself changed, by what came, left or was edited."""
    entries = (_facts(site, path_of(SitemapAt(name)), touched) for name, touched in found)
    return _xml("sitemapindex", "".join(f"<sitemap>{one}</sitemap>\n" for one in entries))


def _facts(site: Site, path: str, touched: datetime) -> str:
    return f"<loc>{escape(absolute(site.base_url, path))}</loc><lastmod>{rfc3339(touched)}</lastmod>"


def _story(site: Site, row: Row) -> str:
    """A url with its `news:news`: the name and language are the publication's, the title is the article's."""
    publication = f"<news:name>{escape(site.title)}</news:name><news:language>{_language(site.language)}</news:language>"
    return (
        f"<url>{_facts(site, path_of(ArticleAt(row.article.slug)), row.touched)}\n"
        f"<news:news><news:publication>{publication}</news:publication>"
        f"<news:publication_date>{rfc3339(row.article.published)}</news:publication_date>"
        f"<news:title>{escape(row.article.title)}</news:title></news:news></url>\n"
    )


def _language(tag: str) -> str:
    """ISO 639, two or three letters; Google tells the two ways to write Chinese apart by zh-cn and zh-tw alone."""
    head, *rest = tag.lower().split("-")
    if head != "zh":
        return head
    return "zh-tw" if "hans" not in rest and not _TRADITIONAL.isdisjoint(rest) else "zh-cn"
