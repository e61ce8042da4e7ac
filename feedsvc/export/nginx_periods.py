"""Former folders of listings and their periods as rows of nginx's include file.

They are those of former names of listings, of years and months that were divided into shorter periods, and of months and days
that were joined. For joined ones below the current name of a listing, there are no rows: nginx looks for the longer period's
file in the tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from feedsvc.catalog import ArchiveIndex, Catalog, Listing
from feedsvc.export.nginx_rules import escape_dollar
from feedsvc.redirects import without_slash
from feedsvc.routes import LISTING_KINDS, ListingRef, PageAt, path_of
from feedsvc.uris import root_relative

PERIOD_LENGTHS: Final = (len("2026"), len("2026-01"))
GetIndex = Callable[[Listing], ArchiveIndex | None]


def period_redirects(catalog: Catalog, get_index: GetIndex, lengths: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Yield (former folder, current folder) of listings and their periods, except days that were joined (`day_rows`).

    `get_index` returns the archive index of a listing, None if it has no periods. `lengths` are the lengths of names ("2026",
    "2026-01") of periods that may have been divided into shorter ones.
    """
    aliases = listing_aliases(catalog)
    for ref, listing in catalog.listings.items():
        index = get_index(listing)
        periods = tuple(index or ())
        longer_periods = sorted({period[:size] for period in periods for size in lengths if len(period) > size})
        divided = [(period, index.redirect_target(period)) for period in longer_periods] if index else []
        # Only below former names: below a listing's current address, nginx looks for a year's file in the tree.
        months = [(f"{year}-{month:02}", year) for year in periods if len(year) == len("2026") for month in range(1, 13)]
        for former_ref in (ref, *aliases.get(ref, ())):
            renamed = (*((period, period) for period in ("", *periods)), *months) if former_ref != ref else ()
            for former_period, period in chain(renamed, divided):
                yield without_slash(path_of(PageAt(former_ref, former_period))), without_slash(path_of(PageAt(ref, period)))


def listing_aliases(catalog: Catalog) -> dict[ListingRef, list[ListingRef]]:
    """Return current ref -> former refs of each renamed listing, in the order of LISTING_KINDS."""
    aliases: dict[ListingRef, list[ListingRef]] = {}
    for kind in LISTING_KINDS:
        for (alias_kind, alias), current in catalog.redirects.items():
            if alias_kind == kind:
                aliases.setdefault(ListingRef(kind, current), []).append(ListingRef(kind, alias))
    return aliases


def page_index(listing: Listing) -> ArchiveIndex:
    return listing.page_index


def feed_archive_index(listing: Listing) -> ArchiveIndex | None:
    return listing.in_feeds.archive_index if listing.has_archive else None


def day_rows(catalog: Catalog, get_index: GetIndex) -> Iterator[tuple[str, str]]:
    """Yield map rows (pattern, target) from the days below former names of listings to the month or year that includes them.

    Only months and years in the archive index that `get_index` returns are targets; None stands for a listing without any.
    """
    for ref, former_refs in listing_aliases(catalog).items():
        listing = catalog.listings.get(ref)
        years = _by_year((listing and get_index(listing)) or ())
        target = escape_dollar(root_relative(catalog.site.base_url, path_of(PageAt(ref)))) + "archive/$feedsvc_period"
        for former_ref in former_refs:
            folder = re.escape(path_of(PageAt(former_ref)))
            for year, months in years.items():
                period, rest = (f"{year}-(?:{'|'.join(months)})", "") if months else (year, "-[0-9][0-9]")
                yield f"~^{folder}archive/(?<feedsvc_period>{period}){rest}-[0-9][0-9]$", target


def archive_day_rows(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Yield map rows (pattern, target) from days of the site's archive (/archive/) to its months not divided by day."""
    target = escape_dollar(root_relative(catalog.site.base_url, "/").rstrip("/")) + "$feedsvc_month_of_day"
    for year, months in _by_year(catalog.listings[ListingRef()].calendar.leaves).items():
        yield f"~^(?<feedsvc_month_of_day>/archive/{year}/(?:{'|'.join(months)}))/[0-9][0-9]$", target


def _by_year(periods: Iterable[str]) -> dict[str, list[str]]:
    """Return year -> its months that are periods, [] for a year that is one period. Days are left out.

    A pattern for each year stays below 4,096 bytes, which nginx reads at most.
    """
    years: dict[str, list[str]] = {}
    for period in sorted(period for period in periods if len(period) in PERIOD_LENGTHS):
        years.setdefault(period[:4], []).extend(filter(None, [period[len("2026-") :]]))
    return years
