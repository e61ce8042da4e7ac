"""Article calendar of a listing: the months, and the days of large months, that have visible articles, with their numbers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from functools import cached_property
from typing import Final

from feedsvc.catalog.periods import PeriodTotals, index_range

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
