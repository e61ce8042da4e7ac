"""Former and old addresses of a publication, for hosts that serve files and cannot redirect.

At each of these paths the live server answers 301 or 410. `export/contents.py` provides the documents for them: a page that
redirects, a copy of a feed, or the notice of a withdrawn article.

Some paths from which the live server redirects are left out, because their number grows with tags and authors, not with renames:
well-known names of feeds below authors and tags, and the months of a year that is one page of an author or tag. Left out, too,
are the days of a month that is not divided by day (any longer), a file's name with a slash appended, spellings of language tags,
and language ranges without a listing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from feedsvc.catalog import ArchiveIndex, Catalog, Listing, Row, Visibility, index_range, issues_of
from feedsvc.export.old_addresses import may_have_file, old_paths, old_paths_of
from feedsvc.feeds import suffixes_of
from feedsvc.free_places import StaticPageAt
from feedsvc.publication import Publication, is_withdrawn, redirect_target, wildcard_target, withdrawn_places
from feedsvc.redirects import BROAD_KINDS, GONE
from feedsvc.routes import (
    WELL_KNOWN_FEEDS,
    ArchiveAt,
    FeedAt,
    IssueAt,
    ListingRef,
    PageAt,
    Place,
    article_path,
    path_of,
    place_of,
)

_YEAR: Final = len("2026")
_MONTH: Final = len("2026-01")
_DAY: Final = len("2026-01-01")
_OF_PERIODS: Final = (PageAt, FeedAt, ArchiveAt)


def former_paths(catalog: Catalog) -> Iterator[str]:
    """Yield every former path and old address with a file, and the paths of withdrawn articles and issues. None occurs twice.

    All that do not lead to a feed come first, then the `former_feed_paths`.
    """
    return _unique(catalog, _former_paths(catalog))


def _unique(catalog: Catalog, paths: Iterator[str]) -> Iterator[str]:
    """Return the `paths` that may have a file, without repetitions and without those that an exact rule makes gone.

    `may_have_file` decides: the name may be needed for another file or a folder. For a catalog without rules of redirects.yaml
    and without former addresses of articles, return the paths as they are: they have no repetitions then.
    """
    rules = catalog.content.redirects
    if not rules and not catalog.content.addresses.articles:
        return paths
    with_file = (path for path in dict.fromkeys(paths) if may_have_file(catalog, path))
    return (path for path in with_file if rules.exact_target(path) != GONE or redirect_target(catalog, path) != GONE)


def _former_paths(catalog: Catalog) -> Iterator[str]:
    yield from map(path_of, withdrawn_places(catalog))
    yield from (article_path(alias) for kind, alias in catalog.redirects if kind == "article")
    yield from (path_of(StaticPageAt(name)) for name, page in catalog.pages.items() if name != page.slug)
    for listing in catalog.listings.values():
        yield from _former_page_paths(listing, _former_refs(catalog, listing.ref))
    for ref in catalog.periodicals:
        issues = (
            catalog.listings[ref].rows.compute_once(_public_issue_dates) if (former_refs := _former_refs(catalog, ref)) else ()
        )
        yield from (path_of(IssueAt(former_ref, date)) for former_ref in former_refs for date in issues)
    yield from old_paths(catalog, of_feeds=False)
    yield from _all_former_feed_paths(catalog)


def former_feed_paths(catalog: Catalog) -> Iterator[str]:
    """Yield every former path of a feed and every old address that leads to a feed, if it may have a file. None occurs twice.

    Former paths of one listing follow one another; old addresses come last.
    """
    return _unique(catalog, _all_former_feed_paths(catalog))


def _all_former_feed_paths(catalog: Catalog) -> Iterator[str]:
    for listing in catalog.listings.values():
        yield from _former_feed_paths(listing, _former_refs(catalog, listing.ref))
    yield from old_paths(catalog, of_feeds=True)


def affected_former_paths(catalog: Catalog, changed: Iterable[str]) -> Iterator[str]:
    """Yield former paths of listings and issues, and old addresses, whose files may change with documents at `changed`.

    Some may have no file, and some may occur twice. Former paths of articles and static pages are not yielded: the caller must
    put those that may change into `changed`. The result of `Publication.changed_since` has them.
    """
    for path in changed:
        yield from old_paths_of(catalog, path)
        place = place_of(path)
        if isinstance(place, PageAt | FeedAt):
            yield from _affected_by_place(catalog, place)
        if isinstance(place, IssueAt):
            yield from (path_of(IssueAt(ref, place.date)) for ref in _former_refs(catalog, place.listing))


def _former_refs(catalog: Catalog, ref: ListingRef) -> Sequence[ListingRef]:
    return [ListingRef(ref.kind, alias) for alias in catalog.redirects.listing_aliases.get((ref.kind, ref.id), ())]


def _public_issue_dates(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(issue.date for issue in issues_of(rows) if issue.visibility is not Visibility.HIDDEN)


def _former_page_paths(listing: Listing, former_refs: Sequence[ListingRef]) -> Iterator[str]:
    former_periods = [*_split_periods(listing.page_index, (_YEAR, _MONTH)), *_months_in_year_pages(listing)]
    yield from _page_paths(listing.ref, former_periods)
    for ref in former_refs:
        yield from _page_paths(ref, ("", *listing.page_index, *former_periods))


def _former_feed_paths(listing: Listing, former_refs: Sequence[ListingRef]) -> Iterator[str]:
    former_periods = _split_periods(listing.in_feeds.archive_index, (_MONTH,)) if listing.has_archive else []
    suffixes = suffixes_of(listing.ref)
    for suffix in suffixes:
        yield from well_known_paths(listing.ref, suffix)
        for ref in former_refs:
            yield path_of(FeedAt(ref, suffix))
            yield from well_known_paths(ref, suffix)
    for period in former_periods:
        yield from (path_of(FeedAt(ref, suffix, period)) for suffix in suffixes for ref in (listing.ref, *former_refs))
    for period in listing.archive:
        yield from (path_of(FeedAt(ref, suffix, period)) for suffix in suffixes for ref in former_refs)


def _split_periods(archive_index: ArchiveIndex, lengths: Sequence[int]) -> list[str]:
    """Return the periods of these name lengths (years, months) that an archive index divides into shorter periods."""
    return sorted({period[:length] for period in archive_index for length in lengths if len(period) > length})


def _months_in_year_pages(listing: Listing) -> Iterator[str]:
    """Yield the months with articles in each year that is one page; none unless the listing's kind is in BROAD_KINDS."""
    if listing.ref.kind in BROAD_KINDS:
        years = (period for period in listing.page_index if len(period) == _YEAR)
        yield from (month for month in chain.from_iterable(map(_months_of, years)) if _has_articles(listing, month))


def _months_of(year: str) -> list[str]:
    return [f"{year}-{month:02}" for month in range(1, 13)]


def _has_articles(listing: Listing, month: str) -> bool:
    start, end = index_range(listing.stories.archive_index.names, month)
    return start < end


def _page_paths(ref: ListingRef, periods: Iterable[str]) -> Iterator[str]:
    return (path_of(PageAt(ref, period)) for period in periods)


def well_known_paths(ref: ListingRef, suffix: str) -> Iterator[str]:
    """Yield the paths at which other software would publish the newest feed of a listing in the format `suffix`.

    Yield none unless the kind of the listing is in BROAD_KINDS (site, category, custom feed, language).

    A name without a file extension gets a slash, as in the most used software, so that it is a folder in the tree. A host would
    send a file of that name without a media type, and would answer 404 for the name with a slash.
    """
    if ref.kind in BROAD_KINDS:
        home = path_of(PageAt(ref))
        names = (name for name, format_suffix in WELL_KNOWN_FEEDS.items() if format_suffix == suffix)
        yield from (f"{home}{name}" if "." in name else f"{home}{name}/" for name in names)


def _affected_by_place(catalog: Catalog, place: PageAt | FeedAt) -> Iterator[str]:
    """Yield the former paths that may lead to a place.

    Such a path has a former name of the place's listing, a well-known name of its feed, a year or month that includes its
    period, a month of its year, or several of these.
    """
    ref, former_refs = place.listing, _former_refs(catalog, place.listing)
    periods = [place.period[:length] for length in (_YEAR, _MONTH) if len(place.period) > length]
    if isinstance(place, PageAt):
        if len(place.period) == _YEAR and ref.kind in BROAD_KINDS:
            periods += _months_of(place.period)
        yield from _page_paths(ref, periods)
        yield from chain.from_iterable(_page_paths(former_ref, (place.period, *periods)) for former_ref in former_refs)
        return
    if not place.period:
        yield from chain.from_iterable(well_known_paths(former_ref, place.suffix) for former_ref in (ref, *former_refs))
    periods = [period for period in periods if len(period) == _MONTH]
    yield from (path_of(FeedAt(ref, place.suffix, period)) for period in periods)
    for former_ref in former_refs:
        yield from (path_of(FeedAt(former_ref, place.suffix, period)) for period in (place.period, *periods))


def is_former_path(publication: Publication, path: str) -> bool:
    """Return whether `target_path` finds a target for a path, or the path is the address of a withdrawn article or issue."""
    place = place_of(path)
    return is_withdrawn(publication.catalog, place) or bool(target_path(publication, path))


def _is_language_range(place: Place | None, target: Place | None) -> bool:
    """Return whether a place belongs to the listing of a language, but its target to another listing.

    Then the place has a language range such as "de-AT" without a listing of its own, not a former name.
    """
    if not isinstance(place, PageAt | FeedAt) or not isinstance(target, PageAt | FeedAt):
        return False
    return place.listing.kind == "language" and place.listing != target.listing


def _is_joined_day(place: Place | None, target: Place | None) -> bool:
    """Return whether a place is that of a day, but its target that of the month or year that includes the day.

    Such days get no file, because only few of them had a page.
    """
    if not isinstance(place, _OF_PERIODS) or not isinstance(target, _OF_PERIODS):
        return False
    return len(target.period) < len(place.period) == _DAY


def target_path(publication: Publication, path: str) -> str:
    """Return the path or absolute address to which `path`, a former path or old address, leads.

    "" for any other path, for one that is gone, and for one at which the tree has no file.
    """
    target = publication.redirect_target(path)
    catalog = publication.catalog
    has_rules = catalog.content.redirects or catalog.content.addresses.articles
    if target == GONE or (has_rules and (not may_have_file(catalog, path) or wildcard_target(catalog, path))):
        return ""
    place, target_place = place_of(path), place_of(target) if target else None
    if _is_language_range(place, target_place) or _is_joined_day(place, target_place):
        return ""
    if not isinstance(place, PageAt) or not isinstance(target_place, PageAt):
        return target
    if (len(place.period), len(target_place.period)) != (_MONTH, _YEAR):
        return target
    listing = publication.catalog.listings[target_place.listing]
    return target if listing.ref.kind in BROAD_KINDS and _has_articles(listing, place.period) else ""
