"""Articles in their order: the rows of a listing, its older pages, and what a change makes of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from functools import cached_property
from itertools import islice, pairwise
from operator import is_
from typing import Any, Final, NamedTuple, TypeVar

from feedsvc.model import Article
from feedsvc.urls import ListingRef

LARGEST_MONTH: Final = 500  # entries; a larger month is archived by day
_FEW: Final = 1000  # changes; more of them are sorted in

Key = tuple[float, str]
_T = TypeVar("_T")


class Standing(Enum):
    """What an article that has been public is now. A ghost shows nowhere, but its going is a change."""

    VISIBLE = "visible"
    WITHDRAWN = "withdrawn"
    GHOST = "ghost"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An article's line in every listing it belongs to.

    `touched` is its last change that subscribers see, never in the future; `day` is YYYY-MM-DD in the site's zone. `mark`
    is draft, scheduled or expired where only a preview shows the article, else "".

    One object gives one Entry: whatever an Entry says of the article, titles of tags included, makes another Row when it
    changes.
    """

    article: Article
    standing: Standing
    touched: datetime
    day: str
    mark: str = ""

    @property
    def key(self) -> Key:
        """Newest first, ties by id."""
        return article_key(self.article)


def article_key(article: Article) -> Key:
    """Newest first, ties by id."""
    return -article.published.timestamp(), article.id


def row_key(row: Row) -> Key:
    return row.key


def merged(items: tuple[_T, ...], gone: Sequence[_T], come: Sequence[_T], key: Callable[[_T], Any]) -> tuple[_T, ...]:
    """Ordered items without some of them and with others, at the price of a copy of pointers."""
    if not gone and not come:
        return items
    if len(gone) + len(come) > _FEW:
        left = {key(item) for item in gone}
        return tuple(sorted((*(item for item in items if key(item) not in left), *come), key=key))
    found = list(items)
    for item in gone:
        del found[bisect_left(found, key(item), key=key)]
    for item in come:
        found.insert(bisect_left(found, key(item), key=key), item)
    return tuple(found)


def visible_only(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.standing is Standing.VISIBLE)


class Month(NamedTuple):
    """All rows of a month, and its periods: itself or its days, without those that only ghosts inhabit."""

    rows: tuple[Row, ...]
    periods: Mapping[str, tuple[Row, ...]]


@dataclass(frozen=True, kw_only=True)
class Listing:
    """An ordered selection of articles. Its feed holds `size` entries; `archived` tells whether older ones have a place."""

    ref: ListingRef
    title: str
    description: str
    rows: tuple[Row, ...]
    size: int
    archived: bool

    @cached_property
    def newest(self) -> tuple[Row, ...]:
        """The rows of the feed: `size` visible articles, and what stands between them."""
        seen = 0
        for index, row in enumerate(self.rows):
            if seen == self.size:
                return self.rows[:index]
            seen += row.standing is Standing.VISIBLE
        return self.rows

    @cached_property
    def visible(self) -> tuple[Row, ...]:
        return visible_only(self.rows)

    @cached_property
    def is_empty(self) -> bool:
        """Whether nothing in it is visible."""
        return all(row.standing is not Standing.VISIBLE for row in self.rows)

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Where each visible article stands in `visible`, by its id."""
        return {row.article.id: index for index, row in enumerate(self.visible)}

    def find(self, article: Article) -> Row | None:
        """The article's row, if it has one here."""
        index = bisect_left(self.rows, key := article_key(article), key=row_key)
        return self.rows[index] if index < len(self.rows) and self.rows[index].key == key else None

    def around(self, key: Key) -> tuple[Row | None, Row | None]:
        """The next newer and the next older visible article of a place in the order."""
        rows, index = self.visible, bisect_left(self.visible, key, key=row_key)
        after = index + (index < len(rows) and rows[index].key == key)
        return (rows[index - 1] if index else None), (rows[after] if after < len(rows) else None)

    @cached_property
    def older(self) -> str:
        """The newest period that the newest rows do not wholly hold, "" if they hold everything."""
        rest = islice(self.rows, len(self.newest), None)
        start = next((row for row in rest if row.standing is not Standing.GHOST), None)
        return next((period for period in self.periods if start and start.day.startswith(period)), "")

    @property
    def prev_archive(self) -> str:
        """What the feed's prev-archive link names (RFC 5005 section 4)."""
        return self.older if self.archived else ""

    @cached_property
    def pages(self) -> Mapping[str, tuple[Row, ...]]:
        """The older pages: period -> rows, newest first, down from `older`.

        Where that would be one alone, the next newer period stands above it: an archive that links to no other draws a
        validator's warning.
        """
        if not self.older:
            return {}
        names = list(self.periods)
        start = names.index(self.older)
        start -= start == len(names) - 1 and start > 0
        return {period: self.periods[period] for period in names[start:]}

    @property
    def archive(self) -> Mapping[str, tuple[Row, ...]]:
        """The archive documents of the feed (RFC 5005 section 4): the older pages, if older entries have a place."""
        return self.pages if self.archived else {}

    @cached_property
    def periods(self) -> Mapping[str, tuple[Row, ...]]:
        """The months, or days of large months, newest first."""
        return {period: rows for month in self.months.values() for period, rows in month.periods.items()}

    @cached_property
    def months(self) -> Mapping[str, Month]:
        """Newest first; a month that no change touched is the same object."""
        return {name: _month(rows) for name, rows in _grouped(self.rows, 7).items()}

    @cached_property
    def neighbours(self) -> Mapping[str, tuple[str, str]]:
        """Older page -> the next older and the next newer one, "" where there is none."""
        names = ["", *self.pages, ""]
        return {
            here: (older, newer) for (newer, here), (_, older) in zip(pairwise(names), pairwise(names[1:]), strict=False) if here
        }

    def day_of(self, month: str) -> str:
        """The newest day of a month that is paged by day, "" otherwise."""
        return next((period for period in self.pages if period.startswith(f"{month}-")), "")

    def replaced(self, gone: Sequence[Row], come: Sequence[Row], title: str) -> Listing:
        """The listing after a change. What was found out about untouched rows is kept: the months are the same objects."""
        made = replace(self, rows=merged(self.rows, gone, come, row_key), title=title)
        # Where a cached_property keeps its value; whoever asked for it once will ask again.
        known, kept = vars(self), vars(made)
        if "visible" in known:
            kept["visible"] = merged(self.visible, visible_only(gone), visible_only(come), row_key)
        if "months" in known:
            kept["months"] = _months_replaced(self.months, gone, come)
        return made


def _grouped(rows: Iterable[Row], length: int) -> dict[str, tuple[Row, ...]]:
    """By the first characters of the day, newest first; a clock put back may mix the last minutes of two days."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.day[:length], []).append(row)
    return {name: tuple(found[name]) for name in sorted(found, reverse=True)}


def _month(rows: tuple[Row, ...]) -> Month:
    is_small = sum(row.standing is Standing.VISIBLE for row in rows) <= LARGEST_MONTH
    periods = {rows[0].day[:7]: rows} if is_small else _grouped(rows, 10)
    return Month(rows, {name: held for name, held in periods.items() if any(row.standing is not Standing.GHOST for row in held)})


def _months_replaced(months: Mapping[str, Month], gone: Iterable[Row], come: Iterable[Row]) -> dict[str, Month]:
    left, new = _grouped(gone, 7), _grouped(come, 7)
    found = dict(months)
    for name in {**left, **new}:
        before = found.pop(name, Month((), {}))
        if rows := merged(before.rows, left.get(name, ()), new.get(name, ()), row_key):
            found[name] = _with_kept_days(_month(rows), before)
    return dict(sorted(found.items(), reverse=True))


def _with_kept_days(month: Month, before: Month) -> Month:
    """The days that hold the same rows as before are the same objects."""
    return Month(month.rows, {name: _kept(before.periods.get(name, ()), rows) for name, rows in month.periods.items()})


def _kept(before: tuple[Row, ...], now: tuple[Row, ...]) -> tuple[Row, ...]:
    return before if same(before, now) else now


def same(before: Sequence[object], now: Sequence[object]) -> bool:
    """Whether two sequences hold the same objects."""
    return len(before) == len(now) and all(map(is_, before, now))
