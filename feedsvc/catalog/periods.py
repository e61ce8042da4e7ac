"""Periods: the years, months and days of ordered rows. Names are stored; the rows of a period are found on access."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from sys import intern
from typing import Final, NamedTuple

from feedsvc.catalog.row import Row, Visibility, is_visible, moment_key
from feedsvc.support.sorted_chunks import PersistentSortedList

MAX_YEAR_ENTRIES: Final = 100  # entries; a year with more has a page for each month
MAX_MONTH_ENTRIES: Final = 500  # entries; a month with more is divided by day

_SORTS_LAST: Final = "~"  # sorts after every character that follows a year or a month in a name
_LONGEST_PERIODS: Final = (("2026", 366), ("2026-01", 31), ("2026-01-01", 1))
_PERIOD_SECONDS: Final = {len(name): timedelta(days).total_seconds() for name, days in _LONGEST_PERIODS}
# The largest offset from UTC in any time zone's history is 15:56 hours (Manila until 1844).
_MAX_UTC_OFFSET: Final = timedelta(hours=16).total_seconds()


class PeriodTotals(NamedTuple):
    """Totals of some rows. "Local" rows are those without a `link`: their canonical address is on this site."""

    last_changed: datetime
    local_last_changed: datetime | None
    local_visible_count: int


def period_totals(rows: Sequence[Row]) -> PeriodTotals:
    """Return the totals of rows, of which there must be at least one."""
    visible, touched = Visibility.VISIBLE, max([row.last_changed for row in rows])
    here = [row for row in rows if not row.article.link]
    own = touched if len(here) == len(rows) else max([row.last_changed for row in here], default=None)
    return PeriodTotals(touched, own, sum([row.visibility is visible for row in here]))


def period_names(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the months, and the days of large months, that have rows other than hidden ones, oldest first."""
    visible, withdrawn, ghost = Visibility.VISIBLE, Visibility.WITHDRAWN, Visibility.HIDDEN
    if len(rows) <= MAX_MONTH_ENTRIES:
        return tuple(sorted(map(intern, {row.day[:7] for row in rows if row.visibility is not ghost})))
    shown = Counter([row.day for row in rows if row.visibility is visible])
    months: Counter[str] = Counter()
    for day, count in shown.items():
        months[day[:7]] += count
    days = shown.keys() | {row.day for row in rows if row.visibility is withdrawn}
    return tuple(sorted({day if months[day[:7]] > MAX_MONTH_ENTRIES else intern(day[:7]) for day in days}))


def update_period_names(names: tuple[str, ...], rows: PersistentSortedList[Row], days: Iterable[str]) -> tuple[str, ...]:
    """Return what `period_names` returns after a change on some days; the same object if no name differs."""
    for month in {day[:7] for day in days}:
        names = _replace_names(names, month, period_names(rows_in_period(rows, month)))
    return names


def _replace_names(names: tuple[str, ...], whole: str, now: tuple[str, ...]) -> tuple[str, ...]:
    """Replace the names within a year or a month by `now`; return the same object if they are equal."""
    start, end = index_range(names, whole)
    return names if names[start:end] == now else names[:start] + now + names[end:]


def page_names(names: Sequence[str], visible_counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the names of `period_names` with the months of each small year replaced by the year.

    `visible_counts` has the number of visible rows of each year.
    """
    return tuple(
        dict.fromkeys(intern(name[:4]) if visible_counts.get(name[:4], 0) <= MAX_YEAR_ENTRIES else name for name in names)
    )


def visible_by_year(rows: Sequence[Row]) -> Mapping[str, int]:
    """Return the number of visible rows of each year; empty if there are too few rows for a large year."""
    visible = Visibility.VISIBLE
    return Counter([row.day[:4] for row in rows if row.visibility is visible]) if len(rows) > MAX_YEAR_ENTRIES else {}


def update_page_names(
    before: tuple[str, ...], names: Sequence[str], rows: PersistentSortedList[Row], days: Iterable[str]
) -> tuple[str, ...]:
    """Return what `page_names` returns for names after a change on some days; the same object if no name differs."""
    for year in {day[:4] for day in days}:
        before = _replace_names(
            before, year, page_names(names[slice(*index_range(names, year))], {year: _count_visible_in_year(rows, year)})
        )
    return before


def _count_visible_in_year(rows: PersistentSortedList[Row], year: str) -> int:
    """Return the number of visible rows of a year. A result above MAX_YEAR_ENTRIES may be too low: counting stops there."""
    first, last = _period_bounds(rows, year)
    for end in (min(last, first + 2 * MAX_YEAR_ENTRIES), last):
        found = sum(is_visible(row) and row.day.startswith(year) for row in rows[first:end])
        if found > MAX_YEAR_ENTRIES:
            break
    return found


def index_range(names: Sequence[str], whole: str) -> tuple[int, int]:
    """Return the range of indexes of a year or a month, or of its parts, in sorted names."""
    return bisect_left(names, whole), bisect_left(names, whole + _SORTS_LAST)


def rows_in_period(rows: PersistentSortedList[Row], period: str) -> tuple[Row, ...]:
    """Return the rows of a year, a month or a day. They need not be contiguous: a clock put back mixes two days' minutes."""
    first, last = _period_bounds(rows, period)
    return tuple([row for row in rows[first:last] if row.day.startswith(period)])


def _period_bounds(rows: PersistentSortedList[Row], period: str) -> tuple[int, int]:
    """Return the range of indexes in which all rows of a period lie, and some others."""
    start = datetime.fromisoformat(f"{period}-01-01"[:10]).replace(tzinfo=UTC).timestamp()
    return rows.rank(moment_key(start + _PERIOD_SECONDS[len(period)] + _MAX_UTC_OFFSET)), rows.rank(
        moment_key(start - _MAX_UTC_OFFSET)
    )


def periods_of_day(day: str) -> tuple[str, ...]:
    """Return the names of the periods that may hold a day: the day, its month and its year."""
    return day, day[:7], day[:4]


class PeriodNames:
    """Collection of the first `end` items of `names`. `names` are sorted oldest first; iteration yields the newest first."""

    def __init__(self, names: tuple[str, ...], end: int) -> None:
        self._names, self._end = names, end

    def __len__(self) -> int:
        return self._end

    def __iter__(self) -> Iterator[str]:
        return islice(reversed(self._names), len(self._names) - self._end, None)

    def __contains__(self, period: object) -> bool:
        return isinstance(period, str) and self._index_of(period) is not None

    def _index_of(self, period: str) -> int | None:
        place = bisect_left(self._names, period, hi=self._end)
        return place if place < self._end and self._names[place] == period else None


class Periods(PeriodNames, Mapping[str, tuple[Row, ...]]):
    """Mapping of periods, newest first, to their rows."""

    def __init__(self, rows: PersistentSortedList[Row], names: tuple[str, ...], end: int) -> None:
        super().__init__(names, end)
        self._rows = rows

    def __getitem__(self, period: str) -> tuple[Row, ...]:
        if period not in self:
            raise KeyError(period)
        return rows_in_period(self._rows, period)

    def items(self) -> ItemsView[str, tuple[Row, ...]]:
        """Return all periods with their rows, computed in one pass over the rows."""
        found: dict[str, list[Row]] = {period: [] for period in self}
        places: dict[str, list[Row] | None] = {}
        for row in self._rows:
            day = row.day
            if day not in places:
                places[day] = next((found[name] for name in periods_of_day(day) if name in found), None)
            if (place := places[day]) is not None:
                place.append(row)
        return {name: tuple(rows) for name, rows in found.items()}.items()


class Neighbours(PeriodNames, Mapping[str, tuple[str, str]]):
    """Mapping of periods to the next older and the next newer period, "" if there is none."""

    def __getitem__(self, period: str) -> tuple[str, str]:
        place = self._index_of(period)
        if place is None:
            raise KeyError(period)
        newer = self._names[place + 1] if place + 1 < self._end else ""
        return (self._names[place - 1] if place else ""), newer


def update_totals(totals: Mapping[str, PeriodTotals], periods: Periods, days: Iterable[str]) -> Mapping[str, PeriodTotals]:
    """Return the totals of `periods`; reuse `totals` except for periods that hold one of the changed `days`."""
    others = {name for day in days for name in periods_of_day(day)}
    kept = {name: one for name, one in totals.items() if name not in others}
    return {period: kept.get(period) or period_totals(periods[period]) for period in periods}
