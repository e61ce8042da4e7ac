"""Periods: the years, months and days of ordered rows. Names are stored; the rows of a period are found on access."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from sys import intern
from typing import Final, NamedTuple

from feedsvc.catalog.row import Row, Visibility, count_alternates, is_visible, moment_key
from feedsvc.support.sorted_chunks import PersistentSortedList

MAX_YEAR_ENTRIES: Final = 100  # entries; a year with more has a page for each month
MAX_MONTH_ENTRIES: Final = 500  # entries; a month with more is divided by day

_SORTS_LAST: Final = "~"  # sorts after every character that follows a year or a month in a name
_LONGEST_PERIODS: Final = (("2026", 366), ("2026-01", 31), ("2026-01-01", 1))
_PERIOD_SECONDS: Final = {len(name): timedelta(days).total_seconds() for name, days in _LONGEST_PERIODS}
# The largest offset from UTC in any time zone's history is 15:56 hours (Manila until 1844).
_MAX_UTC_OFFSET: Final = timedelta(hours=16).total_seconds()


class PeriodTotals(NamedTuple):
    """Totals of some rows. "Local" rows are those without a `link`: their canonical address is on this site.

    `last_changed` is the latest change of all rows, of any visibility, `local_last_changed` that of the local ones among them;
    None without local rows. `local_visible_count` is the number of visible local rows, `visible_count` that of all visible
    rows. `alternate_count` is `count_alternates` of the local rows.
    """

    last_changed: datetime
    local_last_changed: datetime | None
    local_visible_count: int
    alternate_count: int
    visible_count: int


def period_totals(rows: Sequence[Row]) -> PeriodTotals:
    """Return the totals of rows, of which there must be at least one."""
    visible, last_changed = Visibility.VISIBLE, max([row.last_changed for row in rows])
    local_rows = [row for row in rows if not row.article.link]
    is_all_local = len(local_rows) == len(rows)
    local_last_changed = last_changed if is_all_local else max([row.last_changed for row in local_rows], default=None)
    visible_count = sum([row.visibility is visible for row in rows])
    local_count = visible_count if is_all_local else sum([row.visibility is visible for row in local_rows])
    return PeriodTotals(last_changed, local_last_changed, local_count, count_alternates(local_rows), visible_count)


def period_names(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the months (YYYY-MM) that have visible or withdrawn rows (see Visibility), oldest first.

    A month with over MAX_MONTH_ENTRIES visible rows is replaced by its days (YYYY-MM-DD) that have visible or withdrawn rows.
    """
    visible, withdrawn, hidden = Visibility.VISIBLE, Visibility.WITHDRAWN, Visibility.HIDDEN
    if len(rows) <= MAX_MONTH_ENTRIES:
        return tuple(sorted(map(intern, {row.day[:7] for row in rows if row.visibility is not hidden})))
    visible_by_day = Counter([row.day for row in rows if row.visibility is visible])
    visible_by_month: Counter[str] = Counter()
    for day, count in visible_by_day.items():
        visible_by_month[day[:7]] += count
    days = visible_by_day.keys() | {row.day for row in rows if row.visibility is withdrawn}
    return tuple(sorted({day if visible_by_month[day[:7]] > MAX_MONTH_ENTRIES else intern(day[:7]) for day in days}))


def update_period_names(names: tuple[str, ...], rows: PersistentSortedList[Row], days: Iterable[str]) -> tuple[str, ...]:
    """Return `period_names` of `rows`. `names` are those before rows of `days` changed; `names` itself if none differs."""
    for month in {day[:7] for day in days}:
        names = _replace_names(names, month, period_names(rows_in_period(rows, month)))
    return names


def _replace_names(names: tuple[str, ...], period: str, new_names: tuple[str, ...]) -> tuple[str, ...]:
    """Return `names` with those of a year or month and its parts replaced by `new_names`; the same object if they are equal."""
    start, end = index_range(names, period)
    return names if names[start:end] == new_names else names[:start] + new_names + names[end:]


def page_names(names: Sequence[str], visible_counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the names of the periods of pages: the `period_names`, with all names of a small year replaced by the year.

    A small year has up to MAX_YEAR_ENTRIES visible rows. `visible_counts` has their number by year; a missing year counts 0.
    """
    return tuple(
        dict.fromkeys(intern(name[:4]) if visible_counts.get(name[:4], 0) <= MAX_YEAR_ENTRIES else name for name in names)
    )


def visible_by_year(rows: Sequence[Row]) -> Mapping[str, int]:
    """Return the number of visible rows of each year; {} if there are up to MAX_YEAR_ENTRIES rows in total."""
    visible = Visibility.VISIBLE
    return Counter([row.day[:4] for row in rows if row.visibility is visible]) if len(rows) > MAX_YEAR_ENTRIES else {}


def update_page_names(
    before: tuple[str, ...], names: Sequence[str], rows: PersistentSortedList[Row], days: Iterable[str]
) -> tuple[str, ...]:
    """Return the `page_names` after rows of `days` changed; the object `before` if no name differs.

    `before` are the page names before the change; `names` are the `period_names` and `rows` the rows after it.
    """
    for year in {day[:4] for day in days}:
        names_of_year = names[slice(*index_range(names, year))]
        before = _replace_names(before, year, page_names(names_of_year, {year: _count_visible_in_year(rows, year)}))
    return before


def _count_visible_in_year(rows: PersistentSortedList[Row], year: str) -> int:
    """Return the number of visible rows of a year. A result above MAX_YEAR_ENTRIES may be too low: counting stops there."""
    first, last = _period_bounds(rows, year)
    for end in (min(last, first + 2 * MAX_YEAR_ENTRIES), last):
        count = sum(is_visible(row) and row.day.startswith(year) for row in rows[first:end])
        if count > MAX_YEAR_ENTRIES:
            break
    return count


def index_range(names: Sequence[str], period: str) -> tuple[int, int]:
    """Return the start and the end of the range of sorted names that begin with `period`: a year, month or day, and its parts.

    Start and end are equal if there is no such name.
    """
    return bisect_left(names, period), bisect_left(names, period + _SORTS_LAST)


def rows_in_period(rows: PersistentSortedList[Row], period: str) -> tuple[Row, ...]:
    """Return the rows of a year, a month or a day, () if there are none.

    They need not be contiguous: when a zone's clocks are set back over midnight, moments of two days alternate.
    """
    first, last = _period_bounds(rows, period)
    return tuple([row for row in rows[first:last] if row.day.startswith(period)])


def _period_bounds(rows: PersistentSortedList[Row], period: str) -> tuple[int, int]:
    """Return (start, end) of a range of indexes that holds all rows of a period, and perhaps rows of other periods."""
    start = datetime.fromisoformat(f"{period}-01-01"[:10]).replace(tzinfo=UTC).timestamp()
    return rows.rank(moment_key(start + _PERIOD_SECONDS[len(period)] + _MAX_UTC_OFFSET)), rows.rank(
        moment_key(start - _MAX_UTC_OFFSET)
    )


def periods_of_day(day: str) -> tuple[str, ...]:
    """Return the names of the periods that may hold a day (YYYY-MM-DD): the day, its month and its year."""
    return day, day[:7], day[:4]


class PeriodNames:
    """Collection of the first `end` items of `names`, which are sorted oldest first. Iteration yields the newest first."""

    def __init__(self, names: tuple[str, ...], end: int) -> None:
        self._names, self._end = names, end

    def __len__(self) -> int:
        return self._end

    def __iter__(self) -> Iterator[str]:
        return islice(reversed(self._names), len(self._names) - self._end, None)

    def __contains__(self, period: object) -> bool:
        return isinstance(period, str) and self._index_of(period) is not None

    def _index_of(self, period: str) -> int | None:
        index = bisect_left(self._names, period, hi=self._end)
        return index if index < self._end and self._names[index] == period else None


class Periods(PeriodNames, Mapping[str, tuple[Row, ...]]):
    """Mapping of the first `end` periods of `names` (see PeriodNames) to all their rows in `rows`, of any visibility."""

    def __init__(self, rows: PersistentSortedList[Row], names: tuple[str, ...], end: int) -> None:
        super().__init__(names, end)
        self._rows = rows

    def __getitem__(self, period: str) -> tuple[Row, ...]:
        if period not in self:
            raise KeyError(period)
        return rows_in_period(self._rows, period)

    def items(self) -> ItemsView[str, tuple[Row, ...]]:
        """Return all periods with their rows, computed in one pass over the rows."""
        rows_by_period: dict[str, list[Row]] = {period: [] for period in self}
        rows_by_day: dict[str, list[Row] | None] = {}  # the list of the period that holds the day
        for row in self._rows:
            day = row.day
            if day not in rows_by_day:
                rows_by_day[day] = next((rows_by_period[name] for name in periods_of_day(day) if name in rows_by_period), None)
            if (rows := rows_by_day[day]) is not None:
                rows.append(row)
        return {period: tuple(rows) for period, rows in rows_by_period.items()}.items()


class Neighbours(PeriodNames, Mapping[str, tuple[str, str]]):
    """Mapping of periods to (next older period, next newer period), each "" if the mapping has none."""

    def __getitem__(self, period: str) -> tuple[str, str]:
        index = self._index_of(period)
        if index is None:
            raise KeyError(period)
        older = self._names[index - 1] if index else ""
        newer = self._names[index + 1] if index + 1 < self._end else ""
        return older, newer


def update_totals(totals: Mapping[str, PeriodTotals], periods: Periods, days: Iterable[str]) -> Mapping[str, PeriodTotals]:
    """Return the totals of each of `periods`. `totals` are those before rows of `days` changed.

    They are reused for the periods that hold none of these days.
    """
    changed_periods = {period for day in days for period in periods_of_day(day)}
    reusable = {period: total for period, total in totals.items() if period not in changed_periods}
    return {period: reusable.get(period) or period_totals(periods[period]) for period in periods}
