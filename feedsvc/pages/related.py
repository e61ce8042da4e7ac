"""Related articles on an article's page: older articles that share tags with it. So a new article changes no older page."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final

from feedsvc.catalog import Catalog, Listing, Row, RowKey, row_key, work_of
from feedsvc.routes import ListingRef
from feedsvc.support.sorted_chunks import PersistentSortedList

_MAX_RELATED: Final = 4  # one more than a page shows, because the previous article is not shown again
# The next older articles of each tag, from which related ones are chosen. With a limit, a page costs the same in any archive.
MAX_CANDIDATES: Final = 24


def find_related(catalog: Catalog, row: Row) -> list[Row]:
    """Return up to _MAX_RELATED older visible rows of different works, first those that share the most tags with `row`, then the
    newest.

    [] if no older row shares a tag. Only the next MAX_CANDIDATES older rows of each tag of `row` are compared.
    """
    candidates = [_older_candidates(catalog.listings[ListingRef("tag", tag.id)], row) for tag in row.article.tags]
    tag_counts = Counter(map(id, chain.from_iterable(candidates)))  # number of tags in common, by id of the row
    related: list[Row] = []
    if max(tag_counts.values(), default=0) > 1:
        rows_by_id = {id(other): other for other in chain.from_iterable(candidates) if tag_counts[id(other)] > 1}
        related = sorted(rows_by_id.values(), key=lambda other: (-tag_counts[id(other)], row_key(other)))
    if len(related) < _MAX_RELATED:
        # Only the first few of each tag can be among the newest, and comparing dates costs most here.
        heads = [islice((other for other in rows if tag_counts[id(other)] == 1), _MAX_RELATED) for rows in candidates]
        related += sorted(chain.from_iterable(heads), key=row_key)
    rows_by_work: dict[str, Row] = {}
    for other in related:
        rows_by_work.setdefault(work_of(other), other)
    return [*rows_by_work.values()][:_MAX_RELATED]


def _older_candidates(tag_listing: Listing, row: Row) -> tuple[Row, ...]:
    stories, row = tag_listing.stories, tag_listing.story_of(row)
    start = stories.rank(row)
    rows = stories.visible[start : start + MAX_CANDIDATES + 1]
    return rows[1:] if rows and rows[0].key == row.key else rows[:MAX_CANDIDATES]


def find_linking_rows(catalog: Catalog, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the visible rows of `catalog` whose pages may link to one of `rows` as related.

    They are, for each of `rows` and each of its tags, the next MAX_CANDIDATES newer rows with this tag. `rows` may be rows of
    another catalog. A row with several tags may be yielded more than once.
    """
    rows_by_tag: dict[str, list[Row]] = {}
    for row in rows:
        for tag in row.article.tags:
            rows_by_tag.setdefault(tag.id, []).append(row)
    for name, tagged in rows_by_tag.items():
        if tag_listing := catalog.listings.get(ListingRef("tag", name)):
            yield from _newer_candidates(tag_listing.stories.visible, {tag_listing.story_of(row).key for row in tagged})


def _newer_candidates(visible: PersistentSortedList[Row], keys: Iterable[RowKey]) -> Iterator[Row]:
    """Yield, for each key, up to MAX_CANDIDATES rows directly before its place in `visible` (newer ones), each row once."""
    end = 0
    for index in sorted(bisect_left(visible, key, key=row_key) for key in keys):
        yield from visible[max(end, index - MAX_CANDIDATES) : index]
        end = index
