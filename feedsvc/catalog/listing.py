"""Listing: the ordered rows of the site, a category, an author or a tag, with its archive and its incremental update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import count, islice
from operator import is_

from feedsvc.catalog.archive import ArchiveIndex
from feedsvc.catalog.periods import page_names, period_names, update_page_names, update_period_names, visible_by_year
from feedsvc.catalog.row import Row, Visibility, article_key, is_visible
from feedsvc.model import Article
from feedsvc.routes import ListingRef
from feedsvc.support.sorted_chunks import PersistentSortedList


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Ordered rows of the site, a category, an author or a tag. Immutable.

    Its feed holds `feed_size` entries. `has_archive` is True if older entries have archive documents.
    """

    ref: ListingRef
    title: str
    description: str
    rows: PersistentSortedList[Row]
    feed_size: int
    has_archive: bool

    @cached_property
    def feed_rows(self) -> tuple[Row, ...]:
        """Rows of the feed: the first `feed_size` visible rows, and withdrawn and hidden rows before and between them."""
        seen = 0
        for index, row in enumerate(self.rows):
            if seen == self.feed_size:
                return self.rows[:index]
            seen += is_visible(row)
        return self.rows[:]

    @cached_property
    def last_changed(self) -> datetime | None:
        """Latest change of a row of the feed; None if the feed has no rows."""
        return max((row.last_changed for row in self.feed_rows), default=None)

    @cached_property
    def visible(self) -> PersistentSortedList[Row]:
        return self.rows.filter(is_visible)

    @cached_property
    def is_empty(self) -> bool:
        """True if no row is visible."""
        return not any(map(is_visible, self.rows))

    def find(self, article: Article) -> Row | None:
        """Return the article's row, None if it has none in this listing."""
        key = article_key(article)
        found = self._at(self.rows, self.rows.rank(key))
        return found if found and found.key == key else None

    @cached_property
    def ranks(self) -> Mapping[int, int]:
        """Rank of each visible row by its id(). Pays only for a caller that needs the ranks of nearly all rows."""
        return dict(zip(map(id, self.visible), count(), strict=False))

    def discard_ranks(self) -> None:
        """Discard the cached `ranks`, once no caller needs nearly all of them."""
        vars(self).pop("ranks", None)

    def rank(self, row: Row) -> int:
        """Return the number of visible rows before a row, which need not be visible itself."""
        known: Mapping[int, int] | None = vars(self).get("ranks")
        found = known.get(id(row)) if known else None
        return self.visible.rank(row.key) if found is None else found

    def neighbours_of(self, row: Row) -> tuple[Row | None, Row | None]:
        """Return the next newer and the next older visible row of a row; None if there is none."""
        place = self.rank(row)
        here = self._at(self.visible, place)
        return self._at(self.visible, place - 1), self._at(self.visible, place + 1) if here and here.key == row.key else here

    def _at(self, rows: PersistentSortedList[Row], place: int) -> Row | None:
        return rows[place] if 0 <= place < len(rows) else None

    @cached_property
    def rest_start(self) -> str:
        """Day of the newest row that is not hidden and not in the feed; "" if there is none."""
        rest = islice(self.rows, len(self.feed_rows), None)
        return next((row.day for row in rest if row.visibility is not Visibility.HIDDEN), "")

    @cached_property
    def archive_index(self) -> ArchiveIndex:
        """Index by month, and by day in large months."""
        return ArchiveIndex(self.rows, period_names(self.rows[:]), self.rest_start)

    @cached_property
    def page_index(self) -> ArchiveIndex:
        """Index of the older pages: like `archive_index`, but a year with few articles is one page."""
        return self.archive_index.with_names(page_names(self.archive_index.names, visible_by_year(self.rows[:])))

    @property
    def archive(self) -> Mapping[str, tuple[Row, ...]]:
        """Archive documents of the feed (RFC 5005 section 4); empty unless `has_archive`."""
        return self.archive_index if self.has_archive else {}

    @property
    def prev_archive(self) -> str:
        """Target of the feed's prev-archive link (RFC 5005 section 4): the newest period that the feed does not hold entirely."""
        return self.archive_index.newest_older_period if self.has_archive else ""

    def apply_changes(self, removed: Sequence[Row], added: Sequence[Row], title: str) -> Listing:
        """Return the listing after a change of rows. Update the indexes that were computed; the work grows with the change."""
        made = replace(self, rows=self.rows.apply_changes(removed, added), title=title)
        # vars() is where cached_property stores values. A value that was needed once will be needed again.
        known, kept = vars(self), vars(made)
        if "visible" in known:
            kept["visible"] = self.visible.apply_changes([*filter(is_visible, removed)], [*filter(is_visible, added)])
        days = {row.day for row in (*removed, *added)}
        if "archive_index" in known:
            names = update_period_names(self.archive_index.names, made.rows, days)
            kept["archive_index"] = ArchiveIndex(made.rows, names, made.rest_start).reuse_totals(self.archive_index, days)
        if "page_index" in known:
            found = made.archive_index.with_names(
                update_page_names(self.page_index.names, made.archive_index.names, made.rows, days)
            )
            kept["page_index"] = found if found is made.archive_index else found.reuse_totals(self.page_index, days)
        return made


def is_identical(before: Sequence[object], now: Sequence[object]) -> bool:
    """Return whether two sequences hold the same objects in the same order."""
    return len(before) == len(now) and all(map(is_, before, now))
