"""Sitemap of all public pages: one file, or an index of parts (files) if there are too many pages for one.

In an index, each group of pages (see sitemap_pages.py) is one part or several; a group without visible pages has none.

Specification: https://www.sitemaps.org/protocol.html (its section titles are quoted below).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import chain, product
from math import ceil, log2
from operator import attrgetter
from typing import Final

from feedsvc.catalog import Catalog, IssueRow, Listing, Row
from feedsvc.discovery.sitemap_pages import (
    LISTINGS_GROUP,
    NonArticlePages,
    NonArticlePlace,
    all_urls,
    count_non_article_pages,
    group_names,
    group_urls,
    max_non_article_pages,
    non_article_pages,
    non_article_places,
    periods,
    place_url,
)
from feedsvc.discovery.sitemap_xml import SitemapUrl, render_index, render_urlset
from feedsvc.feeds import escape
from feedsvc.model import Site
from feedsvc.routes import ListingRef, path_of
from feedsvc.support.digest import sha256

SITEMAP_MEDIA_TYPE: Final = "application/xml"
MEDIA_TYPES: Final[Mapping[str, str]] = {
    "sitemap.xml": SITEMAP_MEDIA_TYPE,
    "news-sitemap.xml": SITEMAP_MEDIA_TYPE,
    "robots.txt": "text/plain",
}
MAX_URLS: Final = 50_000  # addresses in a sitemap ("Using Sitemap index files")
_MAX_FILE_BYTES: Final = 52_428_800  # bytes of a file, from the same section
_date_and_last_changed: Final = attrgetter("date", "last_changed")
# Bytes of an entry without base_url: a name has at most 200 bytes, three characters each if encoded (uris.is_slug).
_MAX_ENTRY_BYTES: Final = 800


def render_sitemap(catalog: Catalog, max_urls: int = MAX_URLS) -> bytes:
    """Render a sitemap of all pages ("XML tag definitions"), or an index of `part_names` if one file cannot hold them.

    `max_urls` limits the addresses and the links to translations in one file.
    """
    parts = tuple(_dated_parts(catalog, max_urls))
    return render_index(catalog.site, parts) if parts else render_urlset(catalog.site, all_urls(catalog))


def part_names(catalog: Catalog, max_urls: int = MAX_URLS) -> tuple[str, ...]:
    """Return the names of the parts in the sitemap index; () if sitemap.xml is no index, because one file holds all pages."""
    if not is_indexed(catalog, max_urls):
        return ()
    capacity = _max_urls_per_file(catalog.site, max_urls)
    article_parts = (name for group in periods(catalog) for name, _ in _dated_group_parts(catalog, group, capacity))
    return *_listing_parts(non_article_pages(catalog), capacity), *article_parts


def group_part_names(catalog: Catalog, group: str, max_urls: int = MAX_URLS) -> tuple[str, ...]:
    """Return those `part_names` that are of a group; () if sitemap.xml is no index. For LISTINGS_GROUP, return a superset."""
    capacity = _max_urls_per_file(catalog.site, max_urls)
    if not is_indexed(catalog, max_urls):
        return ()
    if group == LISTINGS_GROUP:
        return tuple(_possible_part_names(max_non_article_pages(catalog), capacity))
    return tuple(name for name, _ in _dated_group_parts(catalog, group, capacity))


def render_part(catalog: Catalog, name: str, max_urls: int = MAX_URLS) -> bytes | None:
    """Render the sitemap of one of `part_names`; None for any other name, and for all names if sitemap.xml is no index."""
    if not is_indexed(catalog, max_urls):
        return None
    group, capacity = name.partition(".")[0], _max_urls_per_file(catalog.site, max_urls)
    if group == LISTINGS_GROUP:
        places = _listing_parts(non_article_pages(catalog), capacity).get(name, ())
        urls = tuple(place_url(catalog, place) for place in places)
    else:
        urls = dict(_split_group(group, group_urls(catalog, group), capacity)).get(name, ())
    return render_urlset(catalog.site, urls) if urls else None


def is_indexed(catalog: Catalog, max_urls: int = MAX_URLS) -> bool:
    """Return whether sitemap.xml is an index, because there are too many pages and links to translations for one file."""
    # Each link to a translation counts as one more address, because it takes about as many bytes.
    articles = len(catalog.visible) - catalog.external_count + catalog.alternate_count
    capacity = _max_urls_per_file(catalog.site, max_urls)
    if articles > capacity:
        return True
    return articles + max_non_article_pages(catalog) > capacity and articles + count_non_article_pages(catalog) > capacity


# --- Fingerprints ---------------------------------------------------------------------------------------------


def catalog_fingerprint(catalog: Catalog) -> tuple[object, ...]:
    """Return values that determine sitemap.xml, together with the `listing_fingerprint` of all `catalog.indexable_listings` and
    with `indexable_pages`. This is faster than rendering.
    """
    if not is_indexed(catalog):
        return (catalog.visible.rows.compute_once(_visible_articles_digest),)
    # A period that is one part is determined by its totals. `listing_fingerprint` covers years that are one page.
    capacity, totals = _max_urls_per_file(catalog.site, MAX_URLS), catalog.listings[ListingRef()].archive_index.totals
    divided = (name for name, total in totals.items() if total.local_visible_count + total.alternate_count > capacity)
    return totals, *(_dated_group_parts(catalog, name, capacity) for name in divided)


def listing_fingerprint(listing: Listing) -> object:
    """Return a value that differs if the sitemap has other pages of a listing, or of its issues, or other dates of these.

    The values of all `indexable_listings`, and `indexable_pages`, determine the parts of LISTINGS_GROUP.
    """
    older_pages = (len(listing.page_index), listing.page_index.totals) if listing.rest_start else (0, {})
    return listing.ref, listing.last_changed, *older_pages, _issue_facts(listing)


def _issue_facts(listing: Listing) -> tuple[object, ...]:
    """Return (date, last change) of each visible issue of a periodical; () for any other listing."""
    is_digest_feed = listing.rows and isinstance(listing.rows[0], IssueRow)
    return listing.visible.compute_once(_names_and_dates) if is_digest_feed else ()


def _names_and_dates(issues: Iterable[Row]) -> tuple[object, ...]:
    return tuple(map(_date_and_last_changed, issues))


def _visible_articles_digest(rows: Iterable[Row]) -> bytes:
    """Return a digest of the slugs, dates and translations of the visible `rows` that are in a sitemap: they have no `link`."""
    local_rows = [row for row in rows if not row.article.link]
    lines = [f"{row.article.slug} {row.last_changed.timestamp()}" for row in local_rows]
    lines += [repr(row.translations) for row in local_rows if row.translations]
    return sha256("\n".join(lines))


# --- Division into parts --------------------------------------------------------------------------------------


def _max_urls_per_file(site: Site, max_urls: int) -> int:
    """Return the number of addresses, at most `max_urls`, that fit in a file even if all are as long as possible.

    The limits are those of "Using Sitemap index files".
    """
    return max(1, min(max_urls, _MAX_FILE_BYTES // (_MAX_ENTRY_BYTES + len(escape(site.base_url)))))


def _dated_parts(catalog: Catalog, max_urls: int) -> Iterator[tuple[str, datetime]]:
    """Yield (name, last change) of each part of the sitemap index that has a visible page; nothing unless `is_indexed`."""
    if is_indexed(catalog, max_urls):
        capacity = _max_urls_per_file(catalog.site, max_urls)
        yield from chain.from_iterable(_dated_group_parts(catalog, name, capacity) for name in group_names(catalog))


def _dated_group_parts(catalog: Catalog, group: str, capacity: int) -> tuple[tuple[str, datetime], ...]:
    """Return (name, last change) of each part of a group that has a visible page. `capacity` is that of `_split_group`."""
    total = catalog.listings[ListingRef()].archive_index.totals.get(group)
    if total and total.local_visible_count + total.alternate_count <= capacity:
        return ((group, total.local_last_changed),) if total.local_last_changed and total.local_visible_count else ()
    if group == LISTINGS_GROUP:
        parts = _listing_parts(non_article_pages(catalog), capacity).items()
        return tuple((name, max(place_url(catalog, place).last_changed for place in places)) for name, places in parts)
    divided = _split_group(group, group_urls(catalog, group), capacity)
    return tuple((name, max(url.last_changed for url in urls)) for name, urls in divided)


@lru_cache(maxsize=2)
def _listing_parts(pages: NonArticlePages, capacity: int) -> Mapping[str, tuple[NonArticlePlace, ...]]:
    """Return part name -> pages for the parts of LISTINGS_GROUP. Cached, because most catalogs have the same pages."""
    places = {path_of(place): place for place in non_article_places(pages)}
    undated = tuple(SitemapUrl(path, datetime.min) for path in places)  # noqa: DTZ901 - the date is not used
    return {name: tuple(places[url.path] for url in urls) for name, urls in _split_group(LISTINGS_GROUP, undated, capacity)}


def _split_group(name: str, urls: tuple[SitemapUrl, ...], capacity: int) -> Iterator[tuple[str, tuple[SitemapUrl, ...]]]:
    """Yield (name, addresses, invisible ones included) of each part of a group that has a visible address.

    A part with several visible addresses, and with more of these and of alternates than `capacity`, is split by the next bit of
    the SHA-256 digest of each path: NAME into NAME.0 and NAME.1, NAME.0 into NAME.00 and NAME.01. An address stays in its part
    until that part is split again.
    """
    visible_count = sum(url.is_visible for url in urls)
    if visible_count > 1 and visible_count + sum(len(url.alternates) for url in urls) > capacity:
        stem, depth = (name, len(name.partition(".")[2])) if "." in name else (f"{name}.", 0)
        for bit in "01":
            half = tuple(url for url in urls if _path_bits(url.path)[depth] == bit)
            yield from _split_group(f"{stem}{bit}", half, capacity)
    elif visible_count:
        yield name, urls


def _possible_part_names(count: int, capacity: int) -> Iterator[str]:
    """Yield a superset of the names of LISTINGS_GROUP's parts for `count` pages.

    Digests split evenly, so two more levels than even halves need suffice.
    """
    yield LISTINGS_GROUP
    depth = max(0, ceil(log2(count / capacity)) + 2) if count > capacity else 0
    yield from (f"{LISTINGS_GROUP}.{''.join(bits)}" for length in range(1, depth + 1) for bits in product("01", repeat=length))


def _path_bits(path: str) -> str:
    return f"{int.from_bytes(sha256(path)):0256b}"
