"""Listing: the rows of the site, a category, an author, a custom feed, a language, a tag or a combination, newest first.

A listing also divides its rows: those of the newest feed document, and those of each period for older pages and feed archives.
After a change of rows, `Listing.apply_changes` returns the next listing, with work that grows with the change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from operator import is_

from feedsvc.catalog.archive import ArchiveIndex, ArticleCalendar
from feedsvc.catalog.periods import page_names, period_names, update_page_names, update_period_names, visible_by_year
from feedsvc.catalog.row import Row, RowKey, Visibility, article_key, is_visible, moment_key, row_key, rows_until_visible
from feedsvc.catalog.translations import one_of_each_work
from feedsvc.model import Article, FeedOptions
from feedsvc.routes import ListingRef
from feedsvc.support.sorted_chunks import PersistentSortedList


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Rows of the site, a category, an author, a custom feed, a language, a tag or a combination, newest first.

    Immutable. `rows` have any visibility; those of a periodical are issues. A combination has only the rows of its newest feed
    document. `title` is the language tag for a language; `feeds.listing_title` returns the language's name. `feed` are the
    effective options of the listing's feed; `feed.archives` is "all" or "none". `image` is the address of the feed's own image,
    "" if it has none and shows the site's logo. Rows of the age `max_age` (since publication) or older are not in the newest
    feed document; None if any age is allowed. `recent_count` is the number of the rows, the first ones, that are younger than
    `max_age`; None without `max_age`, and before a call of `at`.
    """

    ref: ListingRef
    title: str
    description: str
    rows: PersistentSortedList[Row]
    feed: FeedOptions
    image: str = ""
    max_age: timedelta | None = None
    recent_count: int | None = None

    @property
    def has_archive(self) -> bool:
        """True if the feed's older entries have archive documents by its options, also while there are no older entries."""
        return self.feed.archives == "all"

    @property
    def stories(self) -> Listing:
        """The listing that pages show, with `one_of_each_work`; this object if no two of its articles are of one work."""
        return self._stories or self

    @cached_property
    def _stories(self) -> Listing | None:
        """The `stories`, None if they are this object, which would never be freed if it referred to itself."""
        rows = one_of_each_work(self.rows[:])
        if len(rows) == len(self.rows):
            return None
        recent = {*map(id, islice(self.rows, self.recent_count))}
        recent_count = None if self.recent_count is None else sum(id(row) in recent for row in rows)
        stories = replace(self, rows=PersistentSortedList.from_sorted(rows, row_key), recent_count=recent_count)
        vars(stories)["_stories"] = None
        return stories

    @property
    def in_feeds(self) -> Listing:
        """The listing that feeds hold: `stories` if `feed.translations` is "one", else this object."""
        return self.stories if self.feed.translations == "one" else self

    @cached_property
    def feed_rows(self) -> tuple[Row, ...]:
        """Rows of the newest feed document: the first rows of `in_feeds`, up to and including the `feed.entries`-th visible one.

        The withdrawn and hidden rows among them are included. All rows if fewer are visible. At most the first `recent_count`.
        """
        source = self.in_feeds
        return tuple(rows_until_visible(islice(source.rows, source.recent_count), self.feed.entries))

    @property
    def dated_rows(self) -> tuple[Row, ...]:
        """Rows whose latest change is the feed's date: `feed_rows`; if all are as old as `max_age`, only the newest row."""
        return self.feed_rows or self.in_feeds.rows[:1]

    @cached_property
    def last_changed(self) -> datetime | None:
        """Latest `last_changed` of `dated_rows`, of any visibility; None if the listing has no rows."""
        return max((row.last_changed for row in self.dated_rows), default=None)

    @cached_property
    def visible(self) -> PersistentSortedList[Row]:
        """Visible rows, newest first."""
        return self.rows.filter(is_visible)

    @cached_property
    def is_empty(self) -> bool:
        """True if no row is visible."""
        return not any(map(is_visible, self.rows))

    def find(self, article: Article) -> Row | None:
        """Return the row with the article's id and moment of publication; None if this listing has none."""
        return self.row_at(article_key(article))

    def row_at(self, key: RowKey) -> Row | None:
        """Return the row with a key; None if there is none."""
        row = _row_at(self.rows, self.rows.rank(key))
        return row if row and row.key == key else None

    def story_of(self, row: Row) -> Row:
        """Return the row of `stories` that is of the same work as `row`; `row` itself if there is none."""
        return next(filter(None, (self.stories.row_at(one.key) for one in row.translations)), row)

    def rank(self, row: Row) -> int:
        """Return the number of visible rows that come before `row` in the order of rows. `row` need not be visible itself."""
        return self.visible.rank(row.key)

    def neighbours_of(self, row: Row) -> tuple[Row | None, Row | None]:
        """Return (next newer visible row, next older visible row) of `row` in `stories`, None for each that does not exist.

        Those of a translation are the neighbours of its `story_of`. `row` need not be visible, nor be in this listing: then its
        neighbours are those of the place where it would be.
        """
        stories, row = self.stories, self.story_of(row)
        rank = stories.rank(row)
        same_or_older = _row_at(stories.visible, rank)
        is_same = same_or_older is not None and same_or_older.key == row.key
        return _row_at(stories.visible, rank - 1), _row_at(stories.visible, rank + 1) if is_same else same_or_older

    @cached_property
    def rest_start(self) -> str:
        """Day (YYYY-MM-DD) of the newest row after `feed_rows` that is not hidden; "" if there is none."""
        rows = islice(self.in_feeds.rows, len(self.feed_rows), None)
        return next((row.day for row in rows if row.visibility is not Visibility.HIDDEN), "")

    @cached_property
    def archive_index(self) -> ArchiveIndex:
        """Index of the months that have rows after `feed_rows`. Each is mapped to all its rows, those in `feed_rows` included.

        A month with over MAX_MONTH_ENTRIES visible rows is divided: its days take its place.
        """
        return ArchiveIndex(self.rows, period_names(self.rows[:]), self.rest_start)

    @property
    def page_index(self) -> ArchiveIndex:
        """Index of the periods of older pages, which show `stories`."""
        return self.stories.year_index

    @cached_property
    def year_index(self) -> ArchiveIndex:
        """The `archive_index`, but a year of up to MAX_YEAR_ENTRIES visible rows is one."""
        return self.archive_index.with_names(page_names(self.archive_index.names, visible_by_year(self.rows[:])))

    @cached_property
    def calendar(self) -> ArticleCalendar:
        """Numbers of visible `stories` by month, and by day in months with over MAX_MONTH_ENTRIES of them."""
        return ArticleCalendar(self.stories.archive_index.totals)

    @property
    def archive(self) -> Mapping[str, tuple[Row, ...]]:
        """Rows of each archive document of the feed (RFC 5005 section 4) by period; empty unless `has_archive`."""
        return self.in_feeds.archive_index if self.has_archive else {}

    @property
    def prev_archive(self) -> str:
        """Period to which the newest feed document links as prev-archive (RFC 5005 section 4): that of `rest_start`.

        It is the newest period of which the document does not hold all rows. "" if there is none, and unless `has_archive`.
        """
        return self.in_feeds.archive_index.newest_older_period if self.has_archive else ""

    def at(self, now: datetime) -> Listing:
        """Return a copy with the `recent_count` at `now` and no cached values; this object if it has no `max_age`."""
        return replace(self, recent_count=count_recent(self.rows, self.max_age, now)) if self.max_age else self

    def apply_changes(self, removed: Sequence[Row], added: Sequence[Row], title: str, now: datetime) -> Listing:
        """Return the listing without the rows `removed` and with `added`, with this title, at the moment `now`.

        The work grows with the change: those of `stories`, `visible`, `archive_index` and `year_index` that this listing has
        computed are updated for the new one. Only the first two articles of one work make it compute `stories` anew.
        """
        listing = replace(self, rows=self.rows.apply_changes(removed, added), title=title).at(now)
        # vars() is where cached_property stores values. A value that was needed once will be needed again.
        values_before, values = vars(self), vars(listing)
        if "_stories" in values_before:
            self._update_stories(listing, (*removed, *added), now)
        if "visible" in values_before:
            values["visible"] = self.visible.apply_changes([*filter(is_visible, removed)], [*filter(is_visible, added)])
        days = {row.day for row in (*removed, *added)}
        if "archive_index" in values_before:
            names = update_period_names(self.archive_index.names, listing.rows, days)
            index = ArchiveIndex(listing.rows, names, listing.rest_start)
            values["archive_index"] = index.reuse_totals(self.archive_index, days)
        if "year_index" in values_before:
            names = update_page_names(self.year_index.names, listing.archive_index.names, listing.rows, days)
            index = listing.archive_index.with_names(names)
            values["year_index"] = index if index is listing.archive_index else index.reuse_totals(self.year_index, days)
        return listing

    def _update_stories(self, listing: Listing, changed: Sequence[Row], now: datetime) -> None:
        """Set the `stories` of `listing`, this one after a change of rows, unless they must be computed anew."""
        keys = {key for row in changed for key in (row.key, *(one.key for one in row.translations))}
        rows = [*filter(None, map(listing.row_at, keys))]
        chosen = one_of_each_work(rows)
        if self._stories is None:
            vars(listing).update({"_stories": None} if len(chosen) == len(rows) else {})
            return
        former = [*filter(None, map(self._stories.row_at, keys))]
        kept = {*map(id, former)} & {*map(id, chosen)}
        removed, added = ([row for row in some if id(row) not in kept] for some in (former, chosen))
        stories = self._stories.apply_changes(removed, added, listing.title, now)
        vars(listing)["_stories"] = stories if len(stories.rows) < len(listing.rows) else None


def count_recent(rows: PersistentSortedList[Row], max_age: timedelta, now: datetime) -> int:
    """Return the number of rows, the first of `rows`, that were published less than `max_age` before `now`, or after `now`."""
    return rows.rank(moment_key((now - max_age).timestamp()))


def _row_at(rows: PersistentSortedList[Row], index: int) -> Row | None:
    """Return the row at an index, None if there is none; a negative index does not count from the end."""
    return rows[index] if 0 <= index < len(rows) else None


def is_identical(before: Sequence[object], now: Sequence[object]) -> bool:
    """Return whether two sequences hold the same objects in the same order."""
    return len(before) == len(now) and all(map(is_, before, now))
