"""Articles in their order: the rows of a listing, its older pages, and what a change makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import islice
from operator import is_

from feedsvc.model import Article
from feedsvc.ordered import Ordered
from feedsvc.periods import Neighbours, Periods, Total, named, renamed, retotalled, span, total
from feedsvc.rows import Key, Row, Standing, article_key, is_visible
from feedsvc.urls import ListingRef


@dataclass(frozen=True, kw_only=True)
class Listing:
    """An ordered selection of articles. Its feed holds `size` entries; `archived` tells whether older ones have a place."""

    ref: ListingRef
    title: str
    description: str
    rows: Ordered[Row]
    size: int
    archived: bool

    @cached_property
    def newest(self) -> tuple[Row, ...]:
        """The rows of the feed: `size` visible articles, and what stands between them."""
        seen = 0
        for index, row in enumerate(self.rows):
            if seen == self.size:
                return self.rows[:index]
            seen += is_visible(row)
        return self.rows[:]

    @cached_property
    def touched(self) -> datetime | None:
        """When what its feed holds last changed, None if that is nothing."""
        return max((row.touched for row in self.newest), default=None)

    @cached_property
    def visible(self) -> Ordered[Row]:
        return self.rows.only(is_visible)

    @cached_property
    def is_empty(self) -> bool:
        """Whether nothing in it is visible."""
        return not any(map(is_visible, self.rows))

    def find(self, article: Article) -> Row | None:
        """The article's row, if it has one here."""
        key = article_key(article)
        found = self._at(self.rows, self.rows.place(key))
        return found if found and found.key == key else None

    def around(self, key: Key) -> tuple[Row | None, Row | None]:
        """The next newer and the next older visible article of a place in the order."""
        place = self.visible.place(key)
        here = self._at(self.visible, place)
        return self._at(self.visible, place - 1), self._at(self.visible, place + 1) if here and here.key == key else here

    def _at(self, rows: Ordered[Row], place: int) -> Row | None:
        return rows[place] if 0 <= place < len(rows) else None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of all periods, those that only ghosts inhabit left out: oldest first."""
        return named(self.rows[:])

    @cached_property
    def periods(self) -> Periods:
        """The months, or days of large months, newest first."""
        return Periods(self.rows, self.names, len(self.names))

    @cached_property
    def totals(self) -> Mapping[str, Total]:
        """Of each of `periods`, newest first."""
        return {period: total(rows) for period, rows in self.periods.items()}

    def period_of(self, day: str) -> str:
        """The period that holds a day, "" where there is none."""
        return next((name for name in (day, day[:7]) if name in self.periods), "")

    @cached_property
    def older(self) -> str:
        """The newest period that the newest rows do not wholly hold, "" if they hold everything."""
        rest = islice(self.rows, len(self.newest), None)
        start = next((row for row in rest if row.standing is not Standing.GHOST), None)
        return self.period_of(start.day) if start else ""

    @property
    def prev_archive(self) -> str:
        """What the feed's prev-archive link names (RFC 5005 section 4)."""
        return self.older if self.archived else ""

    @cached_property
    def _reach(self) -> int:
        """How many periods, of the oldest, are older pages.

        Where that would be one alone, the next newer period stands above it: an archive that links to no other draws a
        validator's warning.
        """
        reach = self.names.index(self.older) + 1 if self.older else 0
        return min(2, len(self.names)) if reach == 1 else reach

    @cached_property
    def pages(self) -> Periods:
        """The older pages: period -> rows, newest first, down from `older` or the one above it."""
        return Periods(self.rows, self.names, self._reach)

    @property
    def archive(self) -> Mapping[str, tuple[Row, ...]]:
        """The archive documents of the feed (RFC 5005 section 4): the older pages, if older entries have a place."""
        return self.pages if self.archived else {}

    @cached_property
    def neighbours(self) -> Neighbours:
        """Older page -> the next older and the next newer one, "" where there is none."""
        return Neighbours(self.names, self._reach)

    def day_of(self, month: str) -> str:
        """The newest day of a month that is paged by day, "" otherwise."""
        start, end = span(self.names, f"{month}-")
        end = min(end, self._reach)
        return self.names[end - 1] if start < end else ""

    def replaced(self, gone: Sequence[Row], come: Sequence[Row], title: str) -> Listing:
        """The listing after a change, at its price; what was found out about untouched rows is kept."""
        made = replace(self, rows=self.rows.replaced(gone, come), title=title)
        # Where a cached_property keeps its value; whoever asked for it once will ask again.
        known, kept = vars(self), vars(made)
        if "visible" in known:
            kept["visible"] = self.visible.replaced([*filter(is_visible, gone)], [*filter(is_visible, come)])
        if "names" in known:
            kept["names"] = renamed(self.names, made.rows, (row.day for row in (*gone, *come)))
        if "totals" in known:
            kept["totals"] = retotalled(self.totals, made.periods, (row.day for row in (*gone, *come)))
        return made


def same(before: Sequence[object], now: Sequence[object]) -> bool:
    """Whether two sequences hold the same objects."""
    return len(before) == len(now) and all(map(is_, before, now))
