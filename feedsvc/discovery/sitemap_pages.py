"""Pages in the sitemap, with their last changes.

They are in groups: for each period (a month, or a day of a large month) the pages of its articles, in a group with the period's
name, and all pages other than articles in LISTINGS_GROUP.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from itertools import chain
from typing import Final, NamedTuple

from feedsvc.catalog import (
    MAX_MONTH_ENTRIES,
    PAGE_SIZE,
    Catalog,
    Listing,
    Row,
    Visibility,
    by_hreflang,
    issues_of,
    pages_by_slug,
)
from feedsvc.discovery.sitemap_xml import SitemapUrl
from feedsvc.free_places import StaticPageAt
from feedsvc.model import Site
from feedsvc.routes import ArchiveAt, ArticleAt, IssueAt, ListingRef, PageAt, SiteDocumentAt, TagsAt, path_of

LISTINGS_GROUP: Final = "listings"
_SINGLE_PAGES: Final = (SiteDocumentAt("subscribe/"), ArchiveAt())
_MAX_EXTRA_DAYS: Final = 30  # additional pages of a month that is divided by day

NonArticlePlace = PageAt | IssueAt | SiteDocumentAt | StaticPageAt | TagsAt | ArchiveAt


class NonArticlePages(NamedTuple):
    """Pages in the sitemap other than articles.

    `listings` are (ref, names of the listing's periods, oldest first, number n of its older pages): the first n names are the
    periods of these pages. The names are () if no page is older. `issues` are the places of visible issues, newest first within
    a periodical. `tag_pages` are the names of the pages of tags (`Tags.starts`), `static_pages` the slugs of static pages.
    """

    listings: tuple[tuple[ListingRef, tuple[str, ...], int], ...]
    issues: tuple[IssueAt, ...]
    tag_pages: tuple[str, ...]
    static_pages: tuple[str, ...]


def group_names(catalog: Catalog) -> tuple[str, ...]:
    """Return the names of all groups: LISTINGS_GROUP, then the periods, newest first."""
    return LISTINGS_GROUP, *periods(catalog)


def periods(catalog: Catalog) -> Iterable[str]:
    """Return the names of the periods that have visible or withdrawn articles, newest first."""
    return catalog.listings[ListingRef()].archive_index.all_periods


def all_urls(catalog: Catalog) -> Iterator[SitemapUrl]:
    """Yield the addresses of all groups, also of withdrawn and hidden articles (not `is_visible`)."""
    return chain.from_iterable(group_urls(catalog, name) for name in group_names(catalog))


def group_urls(catalog: Catalog, name: str) -> tuple[SitemapUrl, ...]:
    """Return the addresses of a group, also of withdrawn and hidden articles (not `is_visible`); () if there is no such group.

    Articles with a `link` are left out: their canonical address is on another site.
    """
    if name == LISTINGS_GROUP:
        return tuple(place_url(catalog, place) for place in non_article_places(non_article_pages(catalog)))
    return tuple(_article_urls(catalog.site, catalog.listings[ListingRef()].archive_index.all_periods.get(name, ())))


def _article_urls(site: Site, rows: Iterable[Row]) -> Iterator[SitemapUrl]:
    """Yield the addresses of articles without a `link`: their canonical address is on this site."""
    for row in rows:
        if not row.article.link:
            path, is_visible = path_of(ArticleAt(row.article.slug)), row.visibility is Visibility.VISIBLE
            yield SitemapUrl(path, row.last_changed, is_visible, _alternates(site, row) if row.translations else ())


def _alternates(site: Site, row: Row) -> tuple[tuple[str, str], ...]:
    """Return `SitemapUrl.alternates` of a row with translations.

    Translations with a `link` are left out: the sitemap has no entries for them. () if only the row's own article is left.
    """
    local = [(language, one.slug) for language, one in by_hreflang(site, row.translations) if not one.link]
    has_other_language = any(slug != row.article.slug for _, slug in local)
    return tuple((language, path_of(ArticleAt(slug))) for language, slug in local) if has_other_language else ()


def non_article_pages(catalog: Catalog) -> NonArticlePages:
    listings = tuple((listing.ref, *_older_pages(listing)) for listing in catalog.indexable_listings)
    issues = chain.from_iterable(catalog.listings[ref].visible.compute_once(_issue_places) for ref in catalog.periodicals)
    static_pages = tuple(slug for slug, _ in indexable_pages(catalog))
    return NonArticlePages(listings, tuple(issues), catalog.tags.starts, static_pages)


def indexable_pages(catalog: Catalog) -> tuple[tuple[str, datetime | None], ...]:
    """Return (slug, `updated` or None) of each static page that is no draft, sorted by slug: search engines may show these."""
    return tuple((page.slug, page.updated) for page in pages_by_slug(catalog.pages) if not page.is_draft)


def _issue_places(rows: Iterable[Row]) -> tuple[IssueAt, ...]:
    return tuple(issue.place for issue in issues_of(rows))


def _older_pages(listing: Listing) -> tuple[tuple[str, ...], int]:
    """Return the names of a listing's periods, oldest first, and the number of its older pages; ((), 0) if no page is older.

    No index is built for a listing without older pages, as most tags are.
    """
    return (listing.page_index.names, len(listing.page_index)) if listing.rest_start else ((), 0)


def non_article_places(pages: NonArticlePages) -> Iterator[NonArticlePlace]:
    """Yield each listing's newest page and its older pages, newest first; then issues, _SINGLE_PAGES, tags and static pages."""
    for ref, names, older_page_count in pages.listings:
        yield PageAt(ref)
        yield from (PageAt(ref, period) for period in reversed(names[:older_page_count]))
    yield from pages.issues
    yield from _SINGLE_PAGES
    yield from tag_places(pages.tag_pages)
    yield from map(StaticPageAt, pages.static_pages)


def tag_places(starts: Sequence[str]) -> Iterator[TagsAt]:
    """Yield the places of the pages of tags with the names `starts`. If there are several, the first place is /tags/, which links
    to them. If there is one or none, the only place is /tags/.
    """
    yield from map(TagsAt, ("", *starts) if len(starts) > 1 else ("",))


def count_non_article_pages(catalog: Catalog) -> int:
    """Return the number of `non_article_places`."""
    return (
        sum(1 + _older_pages(listing)[1] for listing in catalog.indexable_listings)
        + sum(len(catalog.listings[ref].visible) for ref in catalog.periodicals)
        + len(_SINGLE_PAGES)
        + sum(1 for _ in tag_places(catalog.tags.starts))
        + len(indexable_pages(catalog))
    )


def max_non_article_pages(catalog: Catalog) -> int:
    """Return a cheap upper bound of `count_non_article_pages`, from the listings' numbers of rows and the site's periods."""
    names = catalog.listings[ListingRef()].archive_index.names
    months = len({name[:7] for name in names})
    sizes = (len(listing.rows) for listing in catalog.listings.values())
    tag_pages = 1 + len(catalog.listings) // (PAGE_SIZE // 3)
    listing_pages = sum(1 + min(size, len(names), months + _MAX_EXTRA_DAYS * (size // MAX_MONTH_ENTRIES)) for size in sizes)
    issue_pages = sum(len(catalog.listings[ref].rows) for ref in catalog.periodicals)
    return listing_pages + issue_pages + len(_SINGLE_PAGES) + tag_pages + 1 + len(catalog.pages)


def place_url(catalog: Catalog, place: NonArticlePlace) -> SitemapUrl:
    return SitemapUrl(path_of(place), _last_changed(catalog, place))


def _last_changed(catalog: Catalog, place: NonArticlePlace) -> datetime:
    """Return the last change of a page: `updated` of a static page, `last_changed` of an issue or of an older page's rows.

    For a listing's newest page, it is `Listing.last_changed`; for a page of tags other than /tags/, the latest of its tags.
    For /subscribe/, /tags/ and the archive for people, it is the latest change of all rows of the site, of any visibility.
    Without a date, it is the start of the site's `since`.
    """
    if isinstance(place, StaticPageAt):
        return catalog.pages[place.slug].updated or _site_start(catalog.site)
    if isinstance(place, PageAt):
        listing = catalog.listings[place.listing]
        if place.period:
            return listing.page_index.totals[place.period].last_changed
        return listing.last_changed or _site_start(catalog.site)
    if isinstance(place, IssueAt):
        issue = catalog.find_issue(place.listing, place.date)
        return issue.last_changed if issue else _site_start(catalog.site)
    if isinstance(place, TagsAt) and place.start:
        tags = catalog.tags.pages[catalog.tags.page_of(place.start)]
        dates = (catalog.tag_listing(tag).last_changed or _site_start(catalog.site) for tag in tags)
        return max(dates, default=_site_start(catalog.site))
    return _newest_change(catalog.site, catalog.listings[ListingRef()].rows)


def _newest_change(site: Site, rows: Iterable[Row]) -> datetime:
    """Return the latest change of rows, also of withdrawn and hidden ones; without rows, the start of the site's `since`."""
    return max((row.last_changed for row in rows), default=_site_start(site))


def _site_start(site: Site) -> datetime:
    return datetime.combine(site.since, time(), UTC)
