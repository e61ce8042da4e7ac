"""Aging: moments at which rows reach a listing's `max_age`, and so leave its newest feed document, or at which issues close."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from feedsvc.catalog.listing import Listing, count_recent
from feedsvc.catalog.row import IssueRow, Row
from feedsvc.catalog.schedule import Schedule


def aged_rows(listings: Iterable[Listing], one: datetime, other: datetime) -> Iterator[Row]:
    """Yield the rows that reach the `max_age` of their listing after the earlier and up to and including the later moment.

    The age counts from publication. The moments are given in either order. A listing without `max_age` has no such rows. A row
    of several listings may occur repeatedly.
    """
    start, end = sorted((one, other))
    for listing in listings:
        if listing.max_age:
            first, last = (count_recent(listing.rows, listing.max_age, moment) for moment in (end, start))
            yield from listing.rows[first:last]


def _last_aging(listings: Iterable[Listing]) -> Iterator[datetime]:
    """Yield, for each listing with a `max_age` and rows that reached it, the moment at which the newest of these did so."""
    for listing in listings:
        if listing.max_age and listing.recent_count is not None and listing.recent_count < len(listing.rows):
            yield listing.rows[listing.recent_count].article.published + listing.max_age


def next_aging(listings: Iterable[Listing]) -> Iterator[datetime]:
    """Yield, for each listing with a `max_age` and younger rows, the moment at which the oldest of these rows reaches it.

    Left out is a moment after the end of the calendar, which a preview may have because of a draft.
    """
    for listing in listings:
        if listing.max_age and listing.recent_count:
            with suppress(OverflowError):
                yield listing.rows[listing.recent_count - 1].article.published + listing.max_age


def _last_closing(listings: Iterable[Listing]) -> Iterator[datetime]:
    """Yield, for each listing that holds issues, the moment at which its newest issue closed."""
    yield from (row.article.published for listing in listings for row in listing.rows[:1] if isinstance(row, IssueRow))


def moments_of_change(
    schedule: Schedule, custom_listings: Iterable[Listing], closing_moments: Iterable[datetime], now: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return the moments at which time alone changes a catalog: (last one up to and including `now`, next one after it).

    Each is None if there is no such moment. `schedule` has the changes of the catalog's articles. `custom_listings` are the
    listings of its public custom feeds, as `Listing.at(now)` returns them, `closing_moments` the next moment after `now` at
    which an issue of each periodical closes.
    """
    listings = tuple(custom_listings)
    last_moments, next_moments = (
        (schedule.last_change(now), *_last_aging(listings), *_last_closing(listings)),
        (schedule.next_change(now), *next_aging(listings), *closing_moments),
    )
    return max(filter(None, last_moments), default=None), min(filter(None, next_moments), default=None)
