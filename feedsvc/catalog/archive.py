"""Archive of a listing: its rows by period for older pages and feed archives, and the calendar of its visible articles."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final

from feedsvc.catalog.periods import Neighbours, Periods, PeriodTotals, index_range, period_totals, periods_of_day, update_totals
from feedsvc.catalog.row import Row
from feedsvc.support.sorted_chunks import PersistentSortedList

_LONGER_PERIODS: Final = (len("2026-01"), len("2026"))


class ArchiveIndex(Periods):
    """Mapping of each older period (one with rows that the newest feed document does not hold) to all its rows.

    The rows have any visibility. Iteration yields the newest period first. `names` are the names of all periods, older or not,
    oldest first; `start` is `Listing.rest_start`, the day of the newest row that is not hidden and not in the newest feed
    document, "" if there is none. If only one period is older, the mapping includes the next newer one, if there is one,
    because a validator warns about an archive that links to no other. `newest_older_period` is the newest older one, without
    this addition; "" if no period is older. `all_periods` maps every period, older or not, to its rows.
    """

    def __init__(self, rows: PersistentSortedList[Row], names: tuple[str, ...], start: str) -> None:
        self.names, self._start = names, start
        self.all_periods = Periods(rows, names, len(names))
        self.newest_older_period = self.period_of(start) if start else ""
        older_count = names.index(self.newest_older_period) + 1 if self.newest_older_period else 0
        super().__init__(rows, names, min(2, len(names)) if older_count == 1 else older_count)

    def with_names(self, names: tuple[str, ...]) -> ArchiveIndex:
        """Return an index of the same rows by the periods `names`; this object if it has the same names."""
        return self if names == self.names else ArchiveIndex(self._rows, names, self._start)

    def period_of(self, day: str) -> str:
        """Return the period, older or not, that holds a day (YYYY-MM-DD); "" if there is none."""
        return next((name for name in periods_of_day(day) if name in self.all_periods), "")

    @cached_property
    def totals(self) -> Mapping[str, PeriodTotals]:
        """Totals of every period, older or not, newest first."""
        return {period: period_totals(rows) for period, rows in self.all_periods.items()}

    @cached_property
    def neighbours(self) -> Neighbours:
        """Next older and next newer period of each period of this mapping, "" if the mapping has none."""
        return Neighbours(self.names, len(self))

    def redirect_target(self, period: str) -> str:
        """Return the period of this mapping to which the address of `period`, a former one, redirects.

        If a year or month was divided since, it is the newest of its parts in this mapping; if months or days were joined, the
        month or year that includes them. "" if this mapping has no such period, and if `period` still exists.
        """
        start, end = index_range(self.names, f"{period}-")
        end = min(end, len(self))
        if start < end:
            return self.names[end - 1]
        longer = (period[:length] for length in _LONGER_PERIODS if length < len(period))
        return next((name for name in longer if name in self), "") if period not in self else ""

    def reuse_totals(self, former: ArchiveIndex, days: Iterable[str]) -> ArchiveIndex:
        """Set `totals` to those of `former`, if computed there, updated for the `days` whose rows changed. Return self."""
        if "totals" in vars(former):
            vars(self)["totals"] = update_totals(former.totals, self.all_periods, days)
        return self


_MONTH_LENGTH: Final = len("2026-01")


class ArticleCalendar:
    """Numbers of the visible articles of a listing by period. Immutable.

    A period is a month (YYYY-MM), or a day (YYYY-MM-DD) of a large month: one with over MAX_MONTH_ENTRIES visible articles.
    Periods without visible articles do not exist. `in` accepts every month, also a large one, and the days of large ones.
    `leaves` are the other months and the days of large ones, oldest first.
    """

    def __init__(self, totals: Mapping[str, PeriodTotals]) -> None:
        self._counts = {name: total.visible_count for name, total in totals.items() if total.visible_count}
        self.leaves = tuple(sorted(self._counts))

    def __contains__(self, period: object) -> bool:
        return period in self._counts or period in self._month_counts

    @cached_property
    def months(self) -> tuple[tuple[str, int], ...]:
        """Pairs (month, number of its visible articles) of all months, also of large ones, newest first."""
        return tuple(sorted(self._month_counts.items(), reverse=True))

    def days_of(self, month: str) -> tuple[tuple[str, int], ...]:
        """Return (day, number of its visible articles) of each day of a large month, newest first; () for any other month."""
        start, end = index_range(self.leaves, f"{month}-")
        return tuple((day, self._counts[day]) for day in reversed(self.leaves[start:end]))

    def redirect_target(self, period: str) -> str:
        """Return the month of the day `period`, whose page redirects to the month's, if the month is not divided by day.

        "" if `period` is no day, and if its month has no visible articles or is divided by day.
        """
        month = period[:_MONTH_LENGTH]
        return month if period != month and month in self._counts else ""

    def neighbours_of(self, period: str) -> tuple[str, str]:
        """Return the next older and the next newer period, "" for each that does not exist. `period` itself need not exist.

        Those of a month are months, also large ones; those of a day are among `leaves`, so they may be months.
        """
        names = self._month_names if len(period) == _MONTH_LENGTH else self.leaves
        older, newer = bisect_left(names, period) - 1, bisect_right(names, period)
        return names[older] if older >= 0 else "", names[newer] if newer < len(names) else ""

    @cached_property
    def _month_counts(self) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        for name, count in self._counts.items():
            counts[name[:_MONTH_LENGTH]] = counts.get(name[:_MONTH_LENGTH], 0) + count
        return counts

    @cached_property
    def _month_names(self) -> tuple[str, ...]:
        return tuple(sorted(self._month_counts))
