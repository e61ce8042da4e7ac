"""Years, months and days of ordered rows. Names are kept; the rows of one are sought when somebody asks for them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from sys import intern
from typing import Final, NamedTuple

from feedsvc.catalog.row import Row, Standing, is_visible, since
from feedsvc.support.sorted_chunks import Ordered

LARGEST_YEAR: Final = 100  # entries; the months of a smaller year are one page
LARGEST_MONTH: Final = 500  # entries; a larger month is archived by day

_AFTER: Final = "~"  # stands after whatever follows the name of a year or a month
_DAYS: Final = (("2026", 366), ("2026-01", 31), ("2026-01-01", 1))
_LONGEST: Final = {len(name): timedelta(days).total_seconds() for name, days in _DAYS}
# No clock was ever further from UTC (Manila until 1844: 15:56 hours).
_FURTHEST: Final = timedelta(hours=16).total_seconds()


class Total(NamedTuple):
    """Of some rows: the last change; that of those whose canonical address is here, and how many of these are visible."""

    touched: datetime
    own: datetime | None
    shown: int


def total(rows: Sequence[Row]) -> Total:
    """There is at least one row."""
    visible, touched = Standing.VISIBLE, max([row.touched for row in rows])
    here = [row for row in rows if not row.article.link]
    own = touched if len(here) == len(rows) else max([row.touched for row in here], default=None)
    return Total(touched, own, sum([row.standing is visible for row in here]))


def named(rows: Sequence[Row]) -> tuple[str, ...]:
    """The months, or days of large months, that more than ghosts inhabit: oldest first."""
    visible, withdrawn, ghost = Standing.VISIBLE, Standing.WITHDRAWN, Standing.GHOST
    if len(rows) <= LARGEST_MONTH:
        return tuple(sorted(map(intern, {row.day[:7] for row in rows if row.standing is not ghost})))
    shown = Counter([row.day for row in rows if row.standing is visible])
    months: Counter[str] = Counter()
    for day, count in shown.items():
        months[day[:7]] += count
    days = shown.keys() | {row.day for row in rows if row.standing is withdrawn}
    return tuple(sorted({day if months[day[:7]] > LARGEST_MONTH else intern(day[:7]) for day in days}))


def renamed(names: tuple[str, ...], rows: Ordered[Row], days: Iterable[str]) -> tuple[str, ...]:
    """What `named` gives after a change on some days; the same object where no name came or went."""
    for month in {day[:7] for day in days}:
        names = _with(names, month, named(within(rows, month)))
    return names


def _with(names: tuple[str, ...], whole: str, now: tuple[str, ...]) -> tuple[str, ...]:
    """Names with those of a year or a month as they are now; the same object where they are the same."""
    start, end = span(names, whole)
    return names if names[start:end] == now else names[:start] + now + names[end:]


def paged(names: Sequence[str], shown: Mapping[str, int]) -> tuple[str, ...]:
    """Names as of `named`, but for the months of small years, which are one; `shown` are the visible rows of each year."""
    return tuple(dict.fromkeys(intern(name[:4]) if shown.get(name[:4], 0) <= LARGEST_YEAR else name for name in names))


def shown_by_year(rows: Sequence[Row]) -> Mapping[str, int]:
    """How many visible rows each year has; where no year can be large, nobody counts."""
    visible = Standing.VISIBLE
    return Counter([row.day[:4] for row in rows if row.standing is visible]) if len(rows) > LARGEST_YEAR else {}


def repaged(before: tuple[str, ...], names: Sequence[str], rows: Ordered[Row], days: Iterable[str]) -> tuple[str, ...]:
    """What `paged` gives of names after a change on some days; the same object where no name came or went."""
    for year in {day[:4] for day in days}:
        before = _with(before, year, paged(names[slice(*span(names, year))], {year: _some(rows, year)}))
    return before


def _some(rows: Ordered[Row], year: str) -> int:
    """How many visible rows a year has, if these are few; else more than LARGEST_YEAR."""
    first, last = _bounds(rows, year)
    for end in (min(last, first + 2 * LARGEST_YEAR), last):
        found = sum(is_visible(row) and row.day.startswith(year) for row in rows[first:end])
        if found > LARGEST_YEAR:
            break
    return found


def span(names: Sequence[str], whole: str) -> tuple[int, int]:
    """Where a year or a month, or what it is divided into, stands among names in order."""
    return bisect_left(names, whole), bisect_left(names, whole + _AFTER)


def within(rows: Ordered[Row], period: str) -> tuple[Row, ...]:
    """The rows of a year, a month or a day; a clock put back may mix the last minutes of two days."""
    first, last = _bounds(rows, period)
    return tuple([row for row in rows[first:last] if row.day.startswith(period)])


def _bounds(rows: Ordered[Row], period: str) -> tuple[int, int]:
    """Between which places all rows of a period lie, and some others."""
    start = datetime.fromisoformat(f"{period}-01-01"[:10]).replace(tzinfo=UTC).timestamp()
    return rows.place(since(start + _LONGEST[len(period)] + _FURTHEST)), rows.place(since(start - _FURTHEST))


def named_after(day: str) -> tuple[str, ...]:
    """The names of the periods that may hold a day."""
    return day, day[:7], day[:4]


class Names:
    """The first `end` of period names, oldest first there and newest first to everybody else."""

    def __init__(self, names: tuple[str, ...], end: int) -> None:
        self._names, self._end = names, end

    def __len__(self) -> int:
        return self._end

    def __iter__(self) -> Iterator[str]:
        return islice(reversed(self._names), len(self._names) - self._end, None)

    def __contains__(self, period: object) -> bool:
        return isinstance(period, str) and self._place(period) is not None

    def _place(self, period: str) -> int | None:
        place = bisect_left(self._names, period, hi=self._end)
        return place if place < self._end and self._names[place] == period else None


class Periods(Names, Mapping[str, tuple[Row, ...]]):
    """Period -> its rows, newest first."""

    def __init__(self, rows: Ordered[Row], names: tuple[str, ...], end: int) -> None:
        super().__init__(names, end)
        self._rows = rows

    def __getitem__(self, period: str) -> tuple[Row, ...]:
        if period not in self:
            raise KeyError(period)
        return within(self._rows, period)

    def items(self) -> ItemsView[str, tuple[Row, ...]]:
        """In one pass over all rows."""
        found: dict[str, list[Row]] = {period: [] for period in self}
        places: dict[str, list[Row] | None] = {}
        for row in self._rows:
            day = row.day
            if day not in places:
                places[day] = next((found[name] for name in named_after(day) if name in found), None)
            if (place := places[day]) is not None:
                place.append(row)
        return {name: tuple(rows) for name, rows in found.items()}.items()


class Neighbours(Names, Mapping[str, tuple[str, str]]):
    """Period -> the next older and the next newer one, "" where there is none."""

    def __getitem__(self, period: str) -> tuple[str, str]:
        place = self._place(period)
        if place is None:
            raise KeyError(period)
        newer = self._names[place + 1] if place + 1 < self._end else ""
        return (self._names[place - 1] if place else ""), newer


def retotalled(totals: Mapping[str, Total], periods: Periods, days: Iterable[str]) -> Mapping[str, Total]:
    """The totals of periods that were others on some days before the change."""
    others = {name for day in days for name in named_after(day)}
    kept = {name: one for name, one in totals.items() if name not in others}
    return {period: kept.get(period) or total(periods[period]) for period in periods}
