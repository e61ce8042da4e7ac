"""Articles in their order: the rows of a listing, its older pages, and what a change makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import count, islice
from operator import is_

from feedsvc.catalog.archive import Division
from feedsvc.catalog.periods import named, paged, renamed, repaged, shown_by_year
from feedsvc.catalog.row import Row, Standing, article_key, is_visible
from feedsvc.model import Article
from feedsvc.routes import ListingRef
from feedsvc.support.sorted_chunks import Ordered


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

    @cached_property
    def places(self) -> Mapping[int, int]:
        """Where among the visible rows each of them stands, by its id(): for who asks about nearly all of them."""
        return dict(zip(map(id, self.visible), count(), strict=False))

    def forget_places(self) -> None:
        """Nobody asks about all of them any more."""
        vars(self).pop("places", None)

    def place(self, row: Row) -> int:
        """How many visible rows come before one, which need not be among them."""
        known: Mapping[int, int] | None = vars(self).get("places")
        found = known.get(id(row)) if known else None
        return self.visible.place(row.key) if found is None else found

    def around(self, row: Row) -> tuple[Row | None, Row | None]:
        """The visible articles next to one in the order: newer, older."""
        place = self.place(row)
        here = self._at(self.visible, place)
        return self._at(self.visible, place - 1), self._at(self.visible, place + 1) if here and here.key == row.key else here

    def _at(self, rows: Ordered[Row], place: int) -> Row | None:
        return rows[place] if 0 <= place < len(rows) else None

    @cached_property
    def rest_begins(self) -> str:
        """The day of the newest row that the feed does not hold, "" if it holds everything."""
        rest = islice(self.rows, len(self.newest), None)
        return next((row.day for row in rest if row.standing is not Standing.GHOST), "")

    @cached_property
    def months(self) -> Division:
        """By month, and by day in large months."""
        return Division(self.rows, named(self.rows[:]), self.rest_begins)

    @cached_property
    def pages(self) -> Division:
        """The older pages: by month, too, but years with few articles are not divided."""
        return self.months.called(paged(self.months.names, shown_by_year(self.rows[:])))

    @property
    def archive(self) -> Mapping[str, tuple[Row, ...]]:
        """The archive documents of the feed (RFC 5005 section 4), if older entries have a place."""
        return self.months if self.archived else {}

    @property
    def prev_archive(self) -> str:
        """What the feed's prev-archive link names (RFC 5005 section 4): the newest month that the feed does not wholly hold."""
        return self.months.older if self.archived else ""

    def replaced(self, gone: Sequence[Row], come: Sequence[Row], title: str) -> Listing:
        """The listing after a change, at its price; what was found out about untouched rows is kept."""
        made = replace(self, rows=self.rows.replaced(gone, come), title=title)
        # Where a cached_property keeps its value; whoever asked for it once will ask again.
        known, kept = vars(self), vars(made)
        if "visible" in known:
            kept["visible"] = self.visible.replaced([*filter(is_visible, gone)], [*filter(is_visible, come)])
        days = {row.day for row in (*gone, *come)}
        if "months" in known:
            names = renamed(self.months.names, made.rows, days)
            kept["months"] = Division(made.rows, names, made.rest_begins).take_over(self.months, days)
        if "pages" in known:
            found = made.months.called(repaged(self.pages.names, made.months.names, made.rows, days))
            kept["pages"] = found if found is made.months else found.take_over(self.pages, days)
        return made


def same(before: Sequence[object], now: Sequence[object]) -> bool:
    """Whether two sequences hold the same objects."""
    return len(before) == len(now) and all(map(is_, before, now))
