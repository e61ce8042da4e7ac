"""Dependencies of each document, except settings, theme and preview mode. If all are unchanged, it has the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from feedsvc.catalog import ArchiveIndex, Catalog, Listing, Periods, Row, count_articles, is_identical
from feedsvc.discovery import (
    catalog_fingerprint,
    has_news_sitemap,
    indexable_pages,
    is_indexed,
    listing_fingerprint,
)
from feedsvc.feeds import suffixes_of
from feedsvc.free_places import RootFileAt, StaticPageAt
from feedsvc.pages import archive_rows, newest_rows, select_home_rows, tag_page
from feedsvc.publication.addresses import find_public_issue
from feedsvc.publication.article_dependencies import (
    file_dependencies,
    image_dependencies,
    input_rows,
    language_dependencies,
    logo_dependencies,
)
from feedsvc.publication.document import digest
from feedsvc.publication.root_files import FAVICON, favicon_path
from feedsvc.routes import (
    ArchiveAt,
    ArticleAt,
    FeedAt,
    FileAt,
    IssueAt,
    ListingRef,
    PageAt,
    Place,
    SiteDocumentAt,
    SitemapAt,
    TagsAt,
    path_of,
)

_PLACES_WITH_LOGO: Final = (ArchiveAt, ArticleAt, IssueAt, PageAt, StaticPageAt, SiteDocumentAt, TagsAt)
RowsByPeriod = Callable[[Periods], Mapping[str, tuple[Row, ...]]]


def _project_nothing(_: Listing) -> object:
    return None


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Inputs of a document. The document is unchanged if `objects` are the same objects, `values` are equal, and `project`
    returns an equal value for each of `listings`.
    """

    objects: tuple[object, ...] = ()
    values: tuple[object, ...] = ()
    listings: tuple[Listing, ...] = ()
    project: Callable[[Listing], object] = _project_nothing

    @property
    def comparable_values(self) -> tuple[object, ...]:
        """Return `values` and the results of `project` for `listings`, for a fingerprint.

        `objects` are not included; the fingerprint needs their digests as well.
        """
        return *self.values, *map(self.project, self.listings)

    def is_unchanged_since(self, other: Dependencies) -> bool:
        """Return whether documents made from `other` and from these have the same bytes. Both must be of one process."""
        return self.values == other.values and is_identical(self.objects, other.objects) and self._has_same_projections(other)

    def _has_same_projections(self, other: Dependencies) -> bool:
        """Return whether `project` returns equal values for all listings. It is not called for listings that are the same."""
        if len(self.listings) != len(other.listings):
            return False
        pairs = zip(self.listings, other.listings, strict=True)
        return all(one is two or self.project(one) == other.project(two) for one, two in pairs)


def _rows_of_index(index: Periods) -> Mapping[str, tuple[Row, ...]]:
    return index


def document_dependencies(catalog: Catalog, place: Place, rows_by_period: RowsByPeriod = _rows_of_index) -> Dependencies | None:
    """Return the dependencies of a canonical place's document; None if there is no document or it must not be reused.

    None for image variants and combinations. For a file in media/ or static/, they are empty, so that they say nothing about its
    bytes. For such a file, a part of the sitemap or one of SITE_DOCUMENTS, the result may be Dependencies even if there is no
    document. `rows_by_period` returns the rows of an archive index by period; a caller may pass a function that caches them.
    """
    function = _DEPENDENCIES_BY_PLACE.get(type(place))
    dependencies = function(catalog, place, rows_by_period) if function else None
    if dependencies is None or not isinstance(place, _PLACES_WITH_LOGO):
        return dependencies
    values = (*dependencies.values, *logo_dependencies(catalog))
    return Dependencies(dependencies.objects, values, dependencies.listings, dependencies.project)


def not_found_dependencies(catalog: Catalog) -> Dependencies:
    """Return the dependencies of the page with status 404."""
    rows = newest_rows(catalog)
    return Dependencies(rows, (*logo_dependencies(catalog), *image_dependencies(catalog, rows)))


def are_comparable(one: Catalog, other: Catalog) -> bool:
    """Return whether dependencies of two catalogs can be compared: if the `settings` and theme of their content are equal, and
    both are previews or neither.
    """
    return one.is_preview == other.is_preview and _settings(one) == _settings(other)


def _settings(catalog: Catalog) -> tuple[object, ...]:
    """Return the parts of the content, besides articles and media, on which any document may depend."""
    return *catalog.content.settings, catalog.content.theme


def _feed_dependencies(catalog: Catalog, place: FeedAt, rows_by_period: RowsByPeriod) -> Dependencies | None:
    listing = catalog.listings.get(place.listing)
    if listing is None or place.suffix not in suffixes_of(place.listing) or (place.period and not listing.has_archive):
        return None
    if place.period:
        return _period_dependencies(listing, place.period, listing.in_feeds.archive_index, rows_by_period)
    return _newest_dependencies(listing, listing.prev_archive)


def _page_dependencies(catalog: Catalog, place: PageAt, rows_by_period: RowsByPeriod) -> Dependencies | None:
    listing = catalog.listings.get(place.listing)
    if listing is None:
        return None
    if place.period:
        dependencies = _period_dependencies(listing, place.period, listing.page_index, rows_by_period)
    elif place.listing == ListingRef():
        dependencies = _home_dependencies(catalog, listing)
    else:
        dependencies = _newest_dependencies(listing.stories, listing.page_index.newest_older_period, count_articles(listing))
    if dependencies is None:
        return None
    return Dependencies(dependencies.objects, (*dependencies.values, *image_dependencies(catalog, dependencies.objects)))


def _home_dependencies(catalog: Catalog, listing: Listing) -> Dependencies:
    """Return the dependencies of the front page: its rows, their number in each block, and `newest_older_period`."""
    rows = select_home_rows(catalog)
    blocks = tuple((section.listing.ref.id, len(section.rows)) for section in rows.sections)
    values = (bool(rows.lead), len(rows.seconds), blocks, len(rows.others), listing.page_index.newest_older_period)
    return Dependencies(tuple(rows.all_rows), values)


def _newest_dependencies(listing: Listing, older_period: str, count: int = 0) -> Dependencies:
    """Return the dependencies of a listing's newest page or feed, which links to `older_period`, "" if there is none.

    `count` is the number of articles, which the page shows.
    """
    return Dependencies(listing.dated_rows, (listing.title, listing.description, older_period, bool(listing.feed_rows), count))


def _period_dependencies(listing: Listing, period: str, index: ArchiveIndex, rows_by_period: RowsByPeriod) -> Dependencies | None:
    """Return the dependencies of a period's page or archive feed; None if the period is not in `index`."""
    rows, neighbours = rows_by_period(index).get(period), index.neighbours.get(period)
    return Dependencies(rows, (listing.title, listing.description, neighbours)) if rows is not None else None


def _article_dependencies(catalog: Catalog, place: ArticleAt, _: RowsByPeriod) -> Dependencies | None:
    row, withdrawn_row = catalog.visible.get(place.slug), catalog.withdrawn.get(place.slug)
    if row is None:
        return Dependencies((withdrawn_row,)) if withdrawn_row else None
    # A new title of one of its tags makes a new Row, so tags need no values here.
    rows = input_rows(catalog, row)
    files = (*file_dependencies(catalog, row.article.media), *image_dependencies(catalog, rows))
    return Dependencies(rows, (*files, *language_dependencies(catalog, row)))


def _issue_dependencies(catalog: Catalog, place: IssueAt, _: RowsByPeriod) -> Dependencies | None:
    issue = find_public_issue(catalog, place)
    if issue is None:
        return None
    neighbours = (row and path_of(row.place) for row in catalog.listings[place.listing].neighbours_of(issue))
    return Dependencies((issue,), (*neighbours, *image_dependencies(catalog, issue.articles)))


def _static_page_dependencies(catalog: Catalog, place: StaticPageAt, _: RowsByPeriod) -> Dependencies | None:
    page = catalog.pages.get(place.slug)
    is_canonical = page and page.slug == place.slug
    return Dependencies((), (page, *file_dependencies(catalog, page.media))) if page and is_canonical else None


def _root_file_dependencies(catalog: Catalog, place: RootFileAt, _: RowsByPeriod) -> Dependencies | None:
    data = catalog.content.root_files.get(place.path)
    if data is None and place.path == FAVICON:
        return Dependencies((), (*file_dependencies(catalog, [favicon_path(catalog)]),))
    return Dependencies((), (digest(data),)) if data is not None else None


def _no_dependencies(_: Catalog, __: FileAt, ___: RowsByPeriod) -> Dependencies:
    return Dependencies()


def _project_title(listing: Listing) -> object:
    return listing.ref, listing.title


def _project_subscription(listing: Listing) -> object:
    """Return the values of a listing that /subscribe/ shows."""
    return listing.ref, listing.title, count_articles(listing), listing.last_changed


def _is_every_tag_offered(catalog: Catalog) -> bool:
    return sum(listing.ref.kind == "tag" for listing in catalog.subscribable_listings) == catalog.tags.total


def _sitemap_listing_dependencies(
    catalog: Catalog, project: Callable[[Listing], object], values: tuple[object, ...] = ()
) -> Dependencies:
    return Dependencies((), values, tuple(catalog.indexable_listings), project)


def _subscribable_listing_dependencies(
    catalog: Catalog, project: Callable[[Listing], object], values: tuple[object, ...] = ()
) -> Dependencies:
    return Dependencies((), values, catalog.subscribable_listings, project)


_SINGLE_DEPENDENCIES: Final[Mapping[str, Callable[[Catalog], Dependencies]]] = {
    "feeds.opml": lambda catalog: _subscribable_listing_dependencies(catalog, _project_title),
    "subscribe/": lambda catalog: _subscribable_listing_dependencies(
        catalog, _project_subscription, (_is_every_tag_offered(catalog),)
    ),
    "sitemap.xml": lambda catalog: _sitemap_listing_dependencies(
        catalog, listing_fingerprint, (*catalog_fingerprint(catalog), *indexable_pages(catalog))
    ),
    "news-sitemap.xml": lambda catalog: Dependencies(catalog.recent),
    "license.xml": lambda _: Dependencies(),
    "robots.txt": lambda catalog: Dependencies((), (has_news_sitemap(catalog),)),
}


def _single_dependencies(catalog: Catalog, place: SiteDocumentAt, _: RowsByPeriod) -> Dependencies:
    return _SINGLE_DEPENDENCIES[place.name](catalog)


def _tag_page_dependencies(catalog: Catalog, place: TagsAt, _: RowsByPeriod) -> Dependencies | None:
    page = tag_page(catalog, place.start)
    return Dependencies((), page) if page else None


def _archive_dependencies(catalog: Catalog, place: ArchiveAt, rows_by_period: RowsByPeriod) -> Dependencies | None:
    """Return the dependencies of a page of the archive for people; None if its period has no page.

    They are numbers of articles by month or by day, or the rows of a period, and its neighbours.
    """
    listing = catalog.listings[ListingRef()]
    calendar, period = listing.calendar, place.period
    if not period:
        return Dependencies((), calendar.months)
    if period not in calendar:
        return None
    neighbours, days = calendar.neighbours_of(period), calendar.days_of(period)
    rows = () if days else archive_rows(rows_by_period(listing.stories.archive_index.all_periods).get(period, ()))
    return Dependencies(rows, (neighbours, days))


def _sitemap_dependencies(catalog: Catalog, place: SitemapAt, _: RowsByPeriod) -> Dependencies | None:
    """Return the dependencies of a part of the sitemap: the rows of its period; those of LISTINGS_GROUP for any other name.

    None if the sitemap has no parts.
    """
    if not is_indexed(catalog):
        return None
    rows = catalog.listings[ListingRef()].archive_index.all_periods.get(place.part.partition(".")[0])
    if rows is not None:
        return Dependencies(rows)
    return _sitemap_listing_dependencies(catalog, listing_fingerprint, indexable_pages(catalog))


_DEPENDENCIES_BY_PLACE: Final[Mapping[type[Place], Callable[[Catalog, Any, RowsByPeriod], Dependencies | None]]] = {
    FeedAt: _feed_dependencies,
    PageAt: _page_dependencies,
    ArticleAt: _article_dependencies,
    IssueAt: _issue_dependencies,
    StaticPageAt: _static_page_dependencies,
    FileAt: _no_dependencies,
    RootFileAt: _root_file_dependencies,
    SiteDocumentAt: _single_dependencies,
    TagsAt: _tag_page_dependencies,
    ArchiveAt: _archive_dependencies,
    SitemapAt: _sitemap_dependencies,
}


def has_changed(before: Catalog, now: Catalog, place: Place) -> bool:
    """Return whether the document at a canonical place may differ between two catalogs: if its `document_dependencies` differ.

    True also if one or both have none for it. Always False for FileAt: compare the files. The catalogs must be comparable
    (`are_comparable`).
    """
    one, other = document_dependencies(before, place), document_dependencies(now, place)
    return one is None or other is None or not one.is_unchanged_since(other)
