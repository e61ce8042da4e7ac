"""Months and days of ordered rows. Names are kept; the rows of one are sought when somebody asks for them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from sys import intern
from typing import Final, NamedTuple

from feedsvc.ordered import Ordered
from feedsvc.rows import Row, Standing, since

LARGEST_MONTH: Final = 500  # entries; a larger month is archived by day

_AFTER: Final = "~"  # stands after whatever follows the name of a month
_LONGEST: Final = {len("2026-01"): timedelta(days=31).total_seconds(), len("2026-01-01"): timedelta(days=1).total_seconds()}
# No clock was ever further from UTC (Manila until 1844: 15:56 hours).
_FURTHEST: Final = timedelta(hours=16).total_seconds()


class Total(NamedTuple):
    """Of some rows: the last change; that of those whose canonical address is here, and how many of these are visible."""

    touched: datetime
    own: datetime | None
    shown: int


def total(rows: Sequence[Row]) -> Total:
    """There is at least one row."""
    touched, visible, shown = rows[0].touched, Standing.VISIBLE, 0
    own: datetime | None = None
    for row in rows:
        touched = max(touched, row.touched)
        if not row.article.link:
            own = row.touched if own is None or row.touched > own else own
            shown += row.standing is visible
    return Total(touched, own, shown)


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
        start, end = span(names, month)
        now = named(within(rows, month))
        names = names if names[start:end] == now else names[:start] + now + names[end:]
    return names


def span(names: Sequence[str], month: str) -> tuple[int, int]:
    """Where the month or its days stand among names in order."""
    return bisect_left(names, month), bisect_left(names, month + _AFTER)


def within(rows: Ordered[Row], period: str) -> tuple[Row, ...]:
    """The rows of a month or a day; a clock put back may mix the last minutes of two days."""
    start = datetime.fromisoformat(f"{period}-01"[:10]).replace(tzinfo=UTC).timestamp()
    first, last = rows.place(since(start + _LONGEST[len(period)] + _FURTHEST)), rows.place(since(start - _FURTHEST))
    return tuple([row for row in rows[first:last] if row.day.startswith(period)])


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
        for row in self._rows:
            period = found.get(row.day) if row.day in found else found.get(row.day[:7])
            if period is not None:
                period.append(row)
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
    others = {name for day in days for name in (day, day[:7])}
    kept = {name: one for name, one in totals.items() if name not in others}
    return {period: kept.get(period) or total(periods[period]) for period in periods}
