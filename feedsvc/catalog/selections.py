"""Selections of custom feeds: the rows of articles that each feed holds, by its keys `include` and `exclude`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Final

from feedsvc.catalog.row import Row
from feedsvc.language_tags import language_ranges
from feedsvc.model import CustomFeed, Selection
from feedsvc.routes import ListingRef

# A name that an article may have: ("category", id), ("author", id), ("tag", slug) or ("language", tag in lower case).
Term = tuple[str, str]
Positions = Mapping[Term, AbstractSet[int]]  # term -> indexes of the rows that have it
_NO_POSITIONS: Final[frozenset[int]] = frozenset()
# Key of a selection -> kind of its terms. The first kinds select fewer articles than the others, so they are evaluated first.
_KINDS: Final[Mapping[str, str]] = {"tags": "tag", "authors": "author", "categories": "category", "languages": "language"}


class Selections:
    """Selections of custom feeds, all public or all private, indexed by their terms. Immutable.

    `language` is the site's, that of articles without their own. `terms` are all terms that the selections include or exclude,
    `periodicals` the refs of the listings of those feeds that are periodicals.
    """

    def __init__(self, feeds: Iterable[CustomFeed] = (), language: str = "") -> None:
        self._feeds = {feed.id: feed for feed in feeds}
        self._language = language
        # The listings of these hold issues instead of the selected rows.
        self.periodicals: frozenset[ListingRef] = frozenset(
            ListingRef("custom", id_) for id_, feed in self._feeds.items() if feed.digest
        )
        self.terms: frozenset[Term] = frozenset(
            term for feed in self._feeds.values() for selection in (feed.include, feed.exclude) for term in _terms(selection)
        )
        self._has_languages = any(kind == "language" for kind, _ in self.terms)
        self._ids_without_condition = [id_ for id_, feed in self._feeds.items() if not any(_terms(feed.include))]
        self._ids_by_term: dict[Term, list[str]] = defaultdict(list)
        for id_, feed in self._feeds.items():
            # A row of the feed has a term of each kind, so the terms of one kind are enough to find the feed.
            for term in next(_terms_by_kind(feed.include), ()):
                self._ids_by_term[term].append(id_)

    def group(self, rows: Sequence[Row], rows_by_listing: Mapping[ListingRef, Sequence[Row]]) -> dict[ListingRef, Sequence[Row]]:
        """Return `rows` by custom feed: ListingRef("custom", id), also of a private feed -> the rows that it selects, in order.

        Feeds that select none of `rows` are left out. `rows_by_listing` must have the same Row objects, and no others, by
        category, author and tag, at least by those in `terms`. A periodical has the rows of its articles here, not its issues.
        The work grows with the rows and with the feeds that may hold them.
        """
        if not self._feeds or not rows:
            return {}
        positions = self._positions(rows, rows_by_listing)
        candidates = dict.fromkeys(chain(self._ids_without_condition, *(self._ids_by_term.get(term, ()) for term in positions)))
        rows_by_ref: dict[ListingRef, Sequence[Row]] = {}
        for id_ in candidates:  # one at a time, because a set of indexes takes several times the memory of the rows
            if indexes := _selected_indexes(self._feeds[id_], positions, len(rows)):
                rows_by_ref[ListingRef("custom", id_)] = [rows[index] for index in sorted(indexes)]
        return rows_by_ref

    def _positions(self, rows: Sequence[Row], rows_by_listing: Mapping[ListingRef, Sequence[Row]]) -> Positions:
        """Return, for each of `terms` that a row has, the indexes in `rows` of the rows that have it."""
        index_by_row = {id(row): index for index, row in enumerate(rows)}
        positions: dict[Term, AbstractSet[int]] = {
            ref: frozenset([index_by_row[id(row)] for row in listing_rows])
            for ref, listing_rows in rows_by_listing.items()
            if ref in self.terms
        }
        return {**positions, **self._language_positions(rows)} if self._has_languages else positions

    def _language_positions(self, rows: Sequence[Row]) -> Mapping[Term, AbstractSet[int]]:
        indexes: dict[Term, set[int]] = defaultdict(set)
        for index, row in enumerate(rows):
            for name in language_ranges(row.article.language or self._language):
                indexes["language", name].add(index)
        return indexes


def _selected_indexes(feed: CustomFeed, positions: Positions, count: int) -> AbstractSet[int]:
    """Return the indexes of the rows that a feed selects, out of `count` rows; `positions` are the indexes by term."""
    selected: AbstractSet[int] | None = None
    for terms in _terms_by_kind(feed.include):
        matching = _NO_POSITIONS.union(*(positions.get(term, _NO_POSITIONS) for term in terms))
        selected = matching if selected is None else selected & matching
    excluded = [positions.get(term, _NO_POSITIONS) for term in _terms(feed.exclude)]
    return frozenset(range(count) if selected is None else selected).difference(*excluded)


def _terms(selection: Selection) -> Iterator[Term]:
    return chain.from_iterable(_terms_by_kind(selection))


def _terms_by_kind(selection: Selection) -> Iterator[tuple[Term, ...]]:
    """Yield the terms of a selection, one tuple for each kind that it has any of, in the order of _KINDS."""
    for key, kind in _KINDS.items():
        if names := getattr(selection, key):
            yield tuple((kind, name.lower() if kind == "language" else name) for name in names)
