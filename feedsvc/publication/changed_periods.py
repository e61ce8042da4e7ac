"""Periods of a listing that may differ between two archive indexes of it. The work grows with the difference."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import chain

from feedsvc.catalog import ArchiveIndex, index_range, is_identical


def changed_periods(one: ArchiveIndex, other: ArchiveIndex, days: AbstractSet[str]) -> Iterator[str]:
    """Yield, once each, the periods that have other rows or neighbours in `other` than in `one`, or that only one of them has.

    The periods are the keys of the two indexes. `days` are those of the rows that differ.
    """
    return (period for period in dict.fromkeys(candidate_periods(one, other, days)) if _has_period_changed(one, other, period))


def _has_period_changed(one: ArchiveIndex, other: ArchiveIndex, period: str) -> bool:
    """Return whether a period has other rows or other neighbours, or exists in only one of the two indexes."""
    if period not in one or period not in other:
        return period in one or period in other
    return one.neighbours[period] != other.neighbours[period] or not is_identical(one[period], other[period])


def candidate_periods(one: ArchiveIndex, other: ArchiveIndex, days: AbstractSet[str]) -> Iterator[str]:
    """Yield a superset of `changed_periods`: also periods without a difference, and periods that are newer than both mappings.

    Some occur more than once. `days` are those of the rows that differ.
    """
    # A day may have no period in one of the indexes.
    periods = {period for index in (one, other) for day in days if (period := index.period_of(day))}
    periods.update(chain.from_iterable(_added_or_removed_periods(one, other, year) for year in {day[:4] for day in days}))
    periods.update(_periods_between_newest_pages(one, other))
    yield from periods
    for index in (one, other):
        for period in periods:
            start, end = index_range(index.names, period)
            yield from index.names[max(start - 1, 0) : end + 1]


def _added_or_removed_periods(one: ArchiveIndex, other: ArchiveIndex, year: str) -> set[str]:
    """Return the periods within a year that only one of the two indexes has."""
    if one.names is other.names:
        return set()
    return set(one.names[slice(*index_range(one.names, year))]) ^ set(other.names[slice(*index_range(other.names, year))])


def _periods_between_newest_pages(one: ArchiveIndex, other: ArchiveIndex) -> Iterator[str]:
    """Yield the periods between the first keys, which are the newest, of the two indexes, both included.

    An index without keys counts as "", which comes before all periods. "" is yielded if both have none. Some occur twice.
    """
    oldest, newest = sorted(next(iter(index), "") for index in (one, other))
    for index in (one, other):
        start, end = bisect_left(index.names, oldest), bisect_right(index.names, newest)
        yield from index.names[start:end] if oldest != newest else (oldest,)
