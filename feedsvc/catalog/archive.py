"""The rows of a listing divided by time: those of its older pages, or of its archives, and what there is to say of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from feedsvc.catalog.periods import Neighbours, Periods, Total, named_after, retotalled, span, total
from feedsvc.catalog.row import Row
from feedsvc.support.sorted_chunks import Ordered


class Division(Periods):
    """Older page -> its rows, newest first, down from `older` or the one above it.

    `names` are those of all periods, oldest first; `start` is the day of the newest row that is not among the newest of
    the listing, "" if there is none. Where one page alone would be older, the next newer period stands above it: an archive
    that links to no other draws a validator's warning.
    """

    def __init__(self, rows: Ordered[Row], names: tuple[str, ...], start: str) -> None:
        self.names, self._start = names, start
        self.every = Periods(rows, names, len(names))
        self.older = self.period_of(start) if start else ""
        reach = names.index(self.older) + 1 if self.older else 0
        super().__init__(rows, names, min(2, len(names)) if reach == 1 else reach)

    def called(self, names: tuple[str, ...]) -> Division:
        """The same rows by other names."""
        return self if names == self.names else Division(self._rows, names, self._start)

    def period_of(self, day: str) -> str:
        """The period that holds a day, "" where there is none."""
        return next((name for name in named_after(day) if name in self.every), "")

    @cached_property
    def totals(self) -> Mapping[str, Total]:
        """Of every period, newest first."""
        return {period: total(rows) for period, rows in self.every.items()}

    @cached_property
    def neighbours(self) -> Neighbours:
        """Older page -> the next older and the next newer one, "" where there is none."""
        return Neighbours(self.names, len(self))

    def heir(self, period: str) -> str:
        """Where a period is now that may have been a page: the newest part of a year or month that is divided, or the year
        that a month is a part of; "" otherwise.
        """
        start, end = span(self.names, f"{period}-")
        end = min(end, len(self))
        if start < end:
            return self.names[end - 1]
        year = period[:4]
        return year if len(period) == len("2026-01") and year in self else ""

    def take_over(self, former: Division, days: Iterable[str]) -> Division:
        """What is known of a division that was another on some days only."""
        if "totals" in vars(former):
            vars(self)["totals"] = retotalled(former.totals, self.every, days)
        return self
