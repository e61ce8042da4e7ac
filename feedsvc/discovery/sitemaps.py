"""Documents for search engines: sitemaps of all public pages, Google's news sitemap and robots.txt.

A large sitemap is an index of parts (files). A group is the articles of one period, or LISTINGS_GROUP: all other pages. Each
group is one part or several.

Specifications: https://www.sitemaps.org/protocol.html (its section titles are quoted below),
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

from feedsvc.catalog import MAX_MONTH_ENTRIES, PAGE_SIZE, Catalog, Listing, Row, Visibility
from feedsvc.feeds import escape
from feedsvc.model import Site
from feedsvc.routes import ArticleAt, ListingRef, PageAt, SiteDocumentAt, SitemapAt, TagsAt, path_of
from feedsvc.support.date_formats import rfc3339
from feedsvc.uris import absolute

SITEMAP_MEDIA_TYPE: Final = "application/xml"
MEDIA_TYPES: Final[Mapping[str, str]] = {
    "sitemap.xml": SITEMAP_MEDIA_TYPE,
    "news-sitemap.xml": SITEMAP_MEDIA_TYPE,
    "robots.txt": "text/plain",
}
MAX_URLS: Final = 50_000  # addresses in a sitemap ("Using Sitemap index files")
MAX_NEWS_ARTICLES: Final = 1_000  # articles in a news sitemap
LISTINGS_GROUP: Final = "listings"
_SUBSCRIBE: Final = SiteDocumentAt("subscribe/")

_MAX_FILE_BYTES: Final = 52_428_800  # bytes of a file, from the same section
_MAX_ENTRY_BYTES: Final = (
    800  # bytes of an entry without base_url: a name has at most 200 bytes, three characters each if encoded (uris.is_slug)
)
_SITEMAP_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NEWS_NAMESPACE: Final = "http://www.google.com/schemas/sitemap-news/0.9"
_MAX_EXTRA_DAYS: Final = 30  # additional pages of a month that is divided by day
_TRADITIONAL_CHINESE_SUBTAGS: Final = frozenset({"hant", "tw", "hk", "mo"})

_NonArticlePlace = PageAt | SiteDocumentAt | TagsAt


class _NonArticlePages(NamedTuple):
    """Pages other than articles. `listings` are (listing, names of its periods, oldest first, number of its older pages);
    `tag_pages` are the names of the pages of tags.
    """

    listings: tuple[tuple[ListingRef, tuple[str, ...], int], ...]
    tag_pages: tuple[str, ...]


class _SitemapUrl(NamedTuple):
    """Address with its last change. An address that is not `is_visible` was removed from the sitemap then."""

    path: str
    last_changed: datetime
    is_visible: bool = True


def render_sitemap(catalog: Catalog, max_urls: int = MAX_URLS) -> bytes:
    """Render a sitemap of all pages ("XML tag definitions"), or an index of `part_names` if one file cannot hold them."""
    found = tuple(_dated_parts(catalog, max_urls))
    return _render_index(catalog.site, found) if found else _render_urlset(catalog.site, _all_urls(catalog))


def part_names(catalog: Catalog, max_urls: int = MAX_URLS) -> tuple[str, ...]:
    """Return the names of the parts in the sitemap index, () if there is no index."""
    if not is_indexed(catalog, max_urls):
        return ()
    room = _max_urls_per_file(catalog.site, max_urls)
    dated = (name for group in _periods(catalog) for name, _ in _dated_group_parts(catalog, group, room))
    return *_listing_parts(_non_article_pages(catalog), room), *dated


def group_part_names(catalog: Catalog, group: str, max_urls: int = MAX_URLS) -> tuple[str, ...]:
    """Return the `part_names` of a group. For LISTINGS_GROUP, return all names that may exist, which is less work."""
    room = _max_urls_per_file(catalog.site, max_urls)
    if not is_indexed(catalog, max_urls):
        return ()
    if group == LISTINGS_GROUP:
        return tuple(_possible_part_names(_max_non_article_pages(catalog), room))
    return tuple(name for name, _ in _dated_group_parts(catalog, group, room))


def render_part(catalog: Catalog, name: str, max_urls: int = MAX_URLS) -> bytes | None:
    """Render the sitemap of one of `part_names`; None for any other name."""
    if not is_indexed(catalog, max_urls):
        return None
    group, room = name.partition(".")[0], _max_urls_per_file(catalog.site, max_urls)
    if group == LISTINGS_GROUP:
        pages = tuple(_place_url(catalog, place) for place in _listing_parts(_non_article_pages(catalog), room).get(name, ()))
    else:
        pages = dict(_split_group(group, _group_urls(catalog, group), room)).get(name, ())
    return _render_urlset(catalog.site, pages) if pages else None


def render_news_sitemap(catalog: Catalog, max_articles: int = MAX_NEWS_ARTICLES) -> bytes | None:
    """Render Google's news sitemap of the last two days, newest first; None if it is empty: a urlset needs at least one url."""
    lines = "".join(_news_url(catalog.site, row) for row in _news_rows(catalog)[:max_articles])
    return _xml("urlset", lines, f' xmlns:news="{_NEWS_NAMESPACE}"') if lines else None


def has_news_sitemap(catalog: Catalog) -> bool:
    """Return whether there is a news sitemap."""
    return bool(_news_rows(catalog))


def render_robots_txt(catalog: Catalog) -> bytes:
    """Render robots.txt: allow everything (RFC 9309 section 2.2.2), name the sitemaps ("Informing search engine crawlers").

    Crawlers request it at the host's root only (RFC 9309 section 2.3), so it has no effect if base_url has a path.
    """
    names = ("sitemap.xml", "news-sitemap.xml") if has_news_sitemap(catalog) else ("sitemap.xml",)
    lines = (f"Sitemap: {absolute(catalog.site.base_url, path_of(SiteDocumentAt(name)))}\n" for name in names)
    return "".join(("User-agent: *\nAllow: /\n\n", *lines)).encode()


def catalog_fingerprint(catalog: Catalog) -> tuple[object, ...]:
    """Return values that, with `listing_fingerprint` of each listing, determine sitemap.xml. This is faster than rendering."""
    if not is_indexed(catalog):
        return (catalog.visible.rows.compute_once(_visible_articles_digest),)
    # A period that is one part is determined by its totals. `listing_fingerprint` covers years that are one page.
    room, totals = _max_urls_per_file(catalog.site, MAX_URLS), catalog.listings[ListingRef()].archive_index.totals
    return totals, *(
        _dated_group_parts(catalog, name, room) for name, total in totals.items() if total.local_visible_count > room
    )


def listing_fingerprint(listing: Listing) -> object:
    """Return a value of a listing; the values of all `indexable_listings` determine the parts of LISTINGS_GROUP."""
    older = (len(listing.page_index), listing.page_index.totals) if listing.rest_start else (0, {})
    return listing.ref, listing.last_changed, *older


def _visible_articles_digest(rows: Iterable[Row]) -> bytes:
    """Return a digest of the addresses and dates of visible articles in a sitemap."""
    lines = [f"{row.article.slug} {row.last_changed.timestamp()}" for row in rows if not row.article.link]
    return sha256("\n".join(lines).encode()).digest()


# --- Contents -------------------------------------------------------------------------------------------------


def _all_urls(catalog: Catalog) -> Iterator[_SitemapUrl]:
    return chain.from_iterable(_group_urls(catalog, name) for name in _group_names(catalog))


def _group_names(catalog: Catalog) -> tuple[str, ...]:
    return LISTINGS_GROUP, *_periods(catalog)


def _periods(catalog: Catalog) -> Iterable[str]:
    return catalog.listings[ListingRef()].archive_index.all_periods


def _group_urls(catalog: Catalog, name: str) -> tuple[_SitemapUrl, ...]:
    """Return the addresses of a group: the articles of a period, or (LISTINGS_GROUP) all other pages."""
    if name == LISTINGS_GROUP:
        return tuple(_place_url(catalog, place) for place in _non_article_places(_non_article_pages(catalog)))
    return tuple(_article_urls(catalog.listings[ListingRef()].archive_index.all_periods.get(name, ())))


def _article_urls(rows: Iterable[Row]) -> Iterator[_SitemapUrl]:
    """Yield the addresses of articles without a `link`: their canonical address is on this site."""
    for row in rows:
        if not row.article.link:
            yield _SitemapUrl(path_of(ArticleAt(row.article.slug)), row.last_changed, row.visibility is Visibility.VISIBLE)


def _non_article_pages(catalog: Catalog) -> _NonArticlePages:
    return _NonArticlePages(tuple((one.ref, *_older_pages(one)) for one in catalog.indexable_listings), catalog.tags.starts)


def _older_pages(listing: Listing) -> tuple[tuple[str, ...], int]:
    """Return the names of a listing's periods and the number of its older pages. Most tags have none, so no index is built."""
    return (listing.page_index.names, len(listing.page_index)) if listing.rest_start else ((), 0)


def _non_article_places(lists: _NonArticlePages) -> Iterator[_NonArticlePlace]:
    """Yield the listings, each with its older pages, newest first; then /subscribe/ and the pages of tags."""
    for ref, names, older in lists.listings:
        yield PageAt(ref)
        yield from (PageAt(ref, period) for period in reversed(names[:older]))
    yield _SUBSCRIBE
    yield from tag_places(lists.tag_pages)


def tag_places(starts: Sequence[str]) -> Iterator[TagsAt]:
    """Yield the pages of tags with these names. If there are several, /tags/ is an additional page with links to them."""
    yield from map(TagsAt, ("", *starts) if len(starts) > 1 else ("",) * len(starts))


def _place_url(catalog: Catalog, place: _NonArticlePlace) -> _SitemapUrl:
    return _SitemapUrl(path_of(place), _last_changed(catalog, place))


def _last_changed(catalog: Catalog, place: _NonArticlePlace) -> datetime:
    """Return the latest change of the rows that a page shows."""
    if isinstance(place, PageAt):
        listing = catalog.listings[place.listing]
        return (
            listing.page_index.totals[place.period].last_changed
            if place.period
            else listing.last_changed or _site_start(catalog.site)
        )
    if isinstance(place, TagsAt) and place.start:
        page = catalog.tags.pages[catalog.tags.page_of(place.start)]
        return max(
            (catalog.tag_listing(tag).last_changed or _site_start(catalog.site) for tag in page),
            default=_site_start(catalog.site),
        )
    return _newest_change(catalog.site, catalog.listings[ListingRef()].rows)


def _newest_change(site: Site, rows: Iterable[Row]) -> datetime:
    """Return the latest change of rows, removals included, as feeds do; without rows, the start of the site's `since`."""
    return max((row.last_changed for row in rows), default=_site_start(site))


def _site_start(site: Site) -> datetime:
    return datetime.combine(site.since, time(), UTC)


def _news_rows(catalog: Catalog) -> list[Row]:
    return [row for row in catalog.recent if not row.article.link]


# --- Division into files --------------------------------------------------------------------------------------


def _max_urls_per_file(site: Site, most: int) -> int:
    """Return the number of addresses that a file surely holds, by number and by size ("Using Sitemap index files")."""
    return max(1, min(most, _MAX_FILE_BYTES // (_MAX_ENTRY_BYTES + len(escape(site.base_url)))))


def is_indexed(catalog: Catalog, max_urls: int = MAX_URLS) -> bool:
    """Return whether there are too many pages for one file, so that sitemap.xml is an index."""
    articles = len(catalog.visible) - catalog.external_count
    room = _max_urls_per_file(catalog.site, max_urls)
    if articles > room:
        return True
    return articles + _max_non_article_pages(catalog) > room and articles + _count_non_article_pages(catalog) > room


def _count_non_article_pages(catalog: Catalog) -> int:
    """Return the number of pages other than articles."""
    return (
        sum(1 + _older_pages(listing)[1] for listing in catalog.indexable_listings)
        + 1
        + sum(1 for _ in tag_places(catalog.tags.starts))
    )


def _max_non_article_pages(catalog: Catalog) -> int:
    """Return a cheap upper bound of `_count_non_article_pages`, from the listings' numbers of rows and the site's periods."""
    names = catalog.listings[ListingRef()].archive_index.names
    months = len({name[:7] for name in names})
    sizes = (len(listing.rows) for listing in catalog.listings.values())
    tags = 1 + len(catalog.listings) // (PAGE_SIZE // 3)
    return sum(1 + min(size, len(names), months + _MAX_EXTRA_DAYS * (size // MAX_MONTH_ENTRIES)) for size in sizes) + 1 + tags + 1


def _dated_parts(catalog: Catalog, most: int) -> Iterator[tuple[str, datetime]]:
    """Yield the names of all parts with their last change; nothing if there is no index."""
    if is_indexed(catalog, most):
        yield from chain.from_iterable(
            _dated_group_parts(catalog, name, _max_urls_per_file(catalog.site, most)) for name in _group_names(catalog)
        )


def _dated_group_parts(catalog: Catalog, name: str, room: int) -> tuple[tuple[str, datetime], ...]:
    """Return the names of a group's parts with their last change. For a period that is one part, the totals suffice."""
    total = catalog.listings[ListingRef()].archive_index.totals.get(name)
    if total and total.local_visible_count <= room:
        return ((name, total.local_last_changed),) if total.local_last_changed and total.local_visible_count else ()
    if name == LISTINGS_GROUP:
        divided = _listing_parts(_non_article_pages(catalog), room).items()
        return tuple((part, max(_place_url(catalog, place).last_changed for place in places)) for part, places in divided)
    return tuple(
        (part, max(page.last_changed for page in pages)) for part, pages in _split_group(name, _group_urls(catalog, name), room)
    )


@lru_cache(maxsize=2)
def _listing_parts(lists: _NonArticlePages, room: int) -> Mapping[str, tuple[_NonArticlePlace, ...]]:
    """Return the parts of LISTINGS_GROUP with their pages. Cached, because most editions have the same pages."""
    places = {path_of(place): place for place in _non_article_places(lists)}
    pages = tuple(_SitemapUrl(path, datetime.min) for path in places)  # noqa: DTZ901 - the date is not used
    return {name: tuple(places[page.path] for page in several) for name, several in _split_group(LISTINGS_GROUP, pages, room)}


def _split_group(name: str, pages: tuple[_SitemapUrl, ...], room: int) -> Iterator[tuple[str, tuple[_SitemapUrl, ...]]]:
    """Yield the non-empty parts of a group. A part of over `room` addresses is halved by their digests into NAME.0 and NAME.1.

    A page stays in its part if other pages come or go, until that part exceeds `room` addresses and is halved again.
    """
    shown = sum(page.is_visible for page in pages)
    if shown > room:
        stem, depth = (name, len(name.partition(".")[2])) if "." in name else (f"{name}.", 0)
        for bit in "01":
            yield from _split_group(f"{stem}{bit}", tuple(page for page in pages if _path_bits(page.path)[depth] == bit), room)
    elif shown:
        yield name, pages


def _possible_part_names(count: int, room: int) -> Iterator[str]:
    """Yield the possible names of parts of `count` pages. Digests halve evenly, so two more halvings than needed suffice."""
    yield LISTINGS_GROUP
    depth = max(0, ceil(log2(count / room)) + 2) if count > room else 0
    yield from (f"{LISTINGS_GROUP}.{''.join(bits)}" for length in range(1, depth + 1) for bits in product("01", repeat=length))


def _path_bits(path: str) -> str:
    return f"{int.from_bytes(sha256(path.encode()).digest()):0256b}"


# --- XML ------------------------------------------------------------------------------------------------------


def _xml(root: str, lines: str, names: str = "") -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_SITEMAP_NAMESPACE}"{names}>\n{lines}</{root}>\n'.encode()


def _render_urlset(site: Site, pages: Iterable[_SitemapUrl]) -> bytes:
    """Render a urlset of the visible pages ("XML tag definitions")."""
    return _xml(
        "urlset",
        "".join(f"<url>{_loc_and_lastmod(site, page.path, page.last_changed)}</url>\n" for page in pages if page.is_visible),
    )


def _render_index(site: Site, found: Iterable[tuple[str, datetime]]) -> bytes:
    """Render an index ("Sitemap index XML tag definitions"): lastmod is the part's last addition, removal or edit."""
    entries = (_loc_and_lastmod(site, path_of(SitemapAt(name)), touched) for name, touched in found)
    return _xml("sitemapindex", "".join(f"<sitemap>{one}</sitemap>\n" for one in entries))


def _loc_and_lastmod(site: Site, path: str, touched: datetime) -> str:
    return f"<loc>{escape(absolute(site.base_url, path))}</loc><lastmod>{rfc3339(touched)}</lastmod>"


def _news_url(site: Site, row: Row) -> str:
    """Render a url with `news:news`: name and language of the site, title of the article."""
    publication = f"<news:name>{escape(site.title)}</news:name><news:language>{_news_language(site.language)}</news:language>"
    return (
        f"<url>{_loc_and_lastmod(site, path_of(ArticleAt(row.article.slug)), row.last_changed)}\n"
        f"<news:news><news:publication>{publication}</news:publication>"
        f"<news:publication_date>{rfc3339(row.article.published)}</news:publication_date>"
        f"<news:title>{escape(row.article.title)}</news:title></news:news></url>\n"
    )


def _news_language(tag: str) -> str:
    """Return the ISO 639 code (two or three letters); for Chinese zh-cn or zh-tw, which Google requires for the two scripts."""
    head, *rest = tag.lower().split("-")
    if head != "zh":
        return head
    return "zh-tw" if "hans" not in rest and not _TRADITIONAL_CHINESE_SUBTAGS.isdisjoint(rest) else "zh-cn"
