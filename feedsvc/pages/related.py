"""Related articles of an article's page: older ones that share tags with it. So a new article changes no old page's."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final

from feedsvc.catalog import Catalog, Listing, Row, RowKey, row_key
from feedsvc.routes import ListingRef
from feedsvc.support.sorted_chunks import PersistentSortedList

_MAX_RELATED: Final = 3
# The next older articles of each tag, from which related ones are chosen. With a limit, a page costs the same in any archive.
MAX_CANDIDATES: Final = 24


def find_related(catalog: Catalog, row: Row) -> list[Row]:
    """Return up to _MAX_RELATED older articles that share most tags with a row, the newest first among equals.

    Only the next MAX_CANDIDATES older articles of each tag are compared.
    """
    tagged = [_older_candidates(catalog.listings[ListingRef("tag", tag.id)], row) for tag in row.article.tags]
    shared = Counter(map(id, chain.from_iterable(tagged)))
    found: list[Row] = []
    if max(shared.values(), default=0) > 1:
        common = {id(one): one for one in chain.from_iterable(tagged) if shared[id(one)] > 1}
        found = sorted(common.values(), key=lambda one: (-shared[id(one)], row_key(one)))
    if len(found) < _MAX_RELATED:
        # Only the first few of each tag can be among the newest, and comparing dates costs most here.
        heads = [islice((one for one in rows if shared[id(one)] == 1), _MAX_RELATED) for rows in tagged]
        found += sorted(chain.from_iterable(heads), key=row_key)
    return found[:_MAX_RELATED]


def _older_candidates(tagged: Listing, row: Row) -> tuple[Row, ...]:
    start = tagged.rank(row)
    found = tagged.visible[start : start + MAX_CANDIDATES + 1]
    return found[1:] if found and found[0].key == row.key else found[:MAX_CANDIDATES]


def find_linking_rows(catalog: Catalog, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows whose pages may link to one of `rows` as related: the next MAX_CANDIDATES newer rows of each tag.

    `rows` may be rows of another catalog. A row with several tags may be yielded more than once.
    """
    keys: dict[str, set[RowKey]] = {}
    for row in rows:
        for tag in row.article.tags:
            keys.setdefault(tag.id, set()).add(row.key)
    for name, several in keys.items():
        tagged = catalog.listings.get(ListingRef("tag", name))
        yield from _newer_candidates(tagged.visible, several) if tagged else ()


def _newer_candidates(visible: PersistentSortedList[Row], keys: Iterable[RowKey]) -> Iterator[Row]:
    """Yield the next MAX_CANDIDATES newer rows of each key, each row once."""
    seen = 0
    for index in sorted(bisect_left(visible, key, key=row_key) for key in keys):
        yield from visible[max(seen, index - MAX_CANDIDATES) : index]
        seen = index
