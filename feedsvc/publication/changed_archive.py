"""Pages of the site's archive for people (ArchiveAt) that differ between two catalogs."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import chain

from feedsvc.catalog import Catalog
from feedsvc.publication.dependencies import has_changed
from feedsvc.routes import ArchiveAt, ListingRef, Place


def changed_archive_places(before: Catalog, now: Catalog, days: AbstractSet[str]) -> Iterator[Place]:
    """Yield the places of the changed pages of the archive for people. Some of them have a document in one catalog only.

    `days` are those of the changed rows. Candidates are the page of all months, those of these days and their months, those of
    days that only one of the catalogs has, and those that link to one of these as its neighbours.
    """
    calendars = [catalog.listings[ListingRef()].calendar for catalog in (before, now)]
    months = {day[:7] for day in days}
    # A month that was divided by day, or is no longer.
    divided = chain.from_iterable({*calendars[0].days_of(month)} ^ {*calendars[1].days_of(month)} for month in months)
    periods = {*days, *months, *(day for day, _ in divided)}
    beside = (name for calendar in calendars for period in periods for name in calendar.neighbours_of(period))
    for period in dict.fromkeys(chain([""], periods, beside)):
        is_page = not period or any(period in calendar for calendar in calendars)
        if is_page and has_changed(before, now, ArchiveAt(period)):
            yield ArchiveAt(period)
