"""The former addresses of a publication, for hosts that serve files and cannot redirect.

Each of these paths is one at which the live server answers 301 or 410. The documents that stand there are made by
`export/wanted.py`: a page that leads on, a copy of a feed, or the notice of a withdrawn article.

Some redirects of the server have no path here, since their number grows with tags and authors and not with what was renamed:
other publishers' names of feeds below authors and tags, and months of years that are one page there. An address that is a
file's name and a slash has none either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from feedsvc.catalog.archive import Division
from feedsvc.catalog.catalog import Catalog, Listing
from feedsvc.catalog.periods import span
from feedsvc.publication.publication import Publication
from feedsvc.routes import SUFFIXES, WELL_KNOWN, ArticleAt, FeedAt, ListingRef, PageAt, article_path, path_of, place_of

_YEAR: Final = len("2026")
_MONTH: Final = len("2026-01")
_BROAD: Final = ("site", "category")  # few, however large the archive is


def paths(catalog: Catalog) -> Iterator[str]:
    """Return every former path: pages first, then feeds, copies of one feed together."""
    yield from (article_path(slug) for slug in sorted(catalog.withdrawn))
    yield from (article_path(alias) for kind, alias in catalog.moved if kind == "article")
    for listing in catalog.listings.values():
        yield from _pages(listing, _former(catalog, listing.ref))
    for listing in catalog.listings.values():
        yield from _feeds(listing, _former(catalog, listing.ref))


def beside(catalog: Catalog, changed: Iterable[str]) -> Iterator[str]:
    """Return the former paths of listings that may be affected by a change of the documents at these paths.

    Former paths of articles are among the changed paths themselves.
    """
    for path in changed:
        place = place_of(path)
        if isinstance(place, PageAt | FeedAt):
            yield from _beside(catalog, place)


def _former(catalog: Catalog, ref: ListingRef) -> Sequence[ListingRef]:
    return [ListingRef(ref.kind, alias) for alias in catalog.moved.of_listings.get((ref.kind, ref.id), ())]


def _pages(listing: Listing, former: Sequence[ListingRef]) -> Iterator[str]:
    divided = [*_divided(listing.pages, (_YEAR, _MONTH)), *_months(listing)]
    yield from _page_paths(listing.ref, divided)
    for ref in former:
        yield from _page_paths(ref, ("", *listing.pages, *divided))


def _feeds(listing: Listing, former: Sequence[ListingRef]) -> Iterator[str]:
    divided = _divided(listing.months, (_MONTH,)) if listing.archived else []
    for suffix in SUFFIXES:
        yield from well_known(listing.ref, suffix)
        for ref in former:
            yield path_of(FeedAt(ref, suffix))
            yield from well_known(ref, suffix)
    for period in divided:
        yield from (path_of(FeedAt(ref, suffix, period)) for suffix in SUFFIXES for ref in (listing.ref, *former))
    for period in listing.archive:
        yield from (path_of(FeedAt(ref, suffix, period)) for suffix in SUFFIXES for ref in former)


def _divided(division: Division, lengths: Sequence[int]) -> list[str]:
    """Return the years or months that are divided into the periods of a division."""
    return sorted({period[:length] for period in division for length in lengths if len(period) > length})


def _months(listing: Listing) -> Iterator[str]:
    """Return the months of years that are one page, as far as anything was published in them."""
    if listing.ref.kind in _BROAD:
        years = (period for period in listing.pages if len(period) == _YEAR)
        yield from (month for month in chain.from_iterable(map(_months_of, years)) if _is_inhabited(listing, month))


def _months_of(year: str) -> list[str]:
    return [f"{year}-{month:02}" for month in range(1, 13)]


def _is_inhabited(listing: Listing, month: str) -> bool:
    start, end = span(listing.months.names, month)
    return start < end


def _page_paths(ref: ListingRef, periods: Iterable[str]) -> Iterator[str]:
    return (path_of(PageAt(ref, period)) for period in periods)


def well_known(ref: ListingRef, suffix: str) -> Iterator[str]:
    """Return the paths at which other publishers have a feed.

    A name without an ending is that of a folder. A host would send a file of that name without a media type, and would answer
    404 at the name with a slash, which is the spelling of the most used software.
    """
    if ref.kind in _BROAD:
        home = path_of(PageAt(ref))
        yield from (f"{home}{name}" if "." in name else f"{home}{name}/" for name, of in WELL_KNOWN.items() if of == suffix)


def _beside(catalog: Catalog, place: PageAt | FeedAt) -> Iterator[str]:
    """Return the former paths that may lead to a place: by former names of its listing, or by another division of its period."""
    ref, former = place.listing, _former(catalog, place.listing)
    periods = [place.period[:length] for length in (_YEAR, _MONTH) if len(place.period) > length]
    if isinstance(place, PageAt):
        if len(place.period) == _YEAR and ref.kind in _BROAD:
            periods += _months_of(place.period)
        yield from _page_paths(ref, periods)
        yield from chain.from_iterable(_page_paths(one, (place.period, *periods)) for one in former)
        return
    if not place.period:
        yield from chain.from_iterable(well_known(one, place.suffix) for one in (ref, *former))
    periods = [period for period in periods if len(period) == _MONTH]
    yield from (path_of(FeedAt(ref, place.suffix, period)) for period in periods)
    for one in former:
        yield from (path_of(FeedAt(one, place.suffix, period)) for period in (place.period, *periods))


def is_former(publication: Publication, path: str) -> bool:
    """Return whether a document at this path would stand for a redirect or for a withdrawn article."""
    place = place_of(path)
    is_gone = isinstance(place, ArticleAt) and place.slug in publication.catalog.withdrawn
    return is_gone or bool(target(publication, path))


def target(publication: Publication, path: str) -> str:
    """Return the path that a document at a former path stands for, "" if none stands there."""
    found = publication.leads_to(path)
    place, now = place_of(path), place_of(found) if found else None
    if isinstance(place, PageAt) and isinstance(now, PageAt) and (len(place.period), len(now.period)) == (_MONTH, _YEAR):
        listing = publication.catalog.listings[now.listing]
        return found if listing.ref.kind in _BROAD and _is_inhabited(listing, place.period) else ""
    return found
