"""Which articles an article's page leads to: some that share its tags, all older, so that no new one changes an old page."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final

from feedsvc.catalog.catalog import Catalog, Listing, Row
from feedsvc.catalog.row import Key, row_key
from feedsvc.routes import ListingRef
from feedsvc.support.sorted_chunks import Ordered

_SHOWN: Final = 3
CONSIDERED: Final = 24  # of each tag's articles, so that a page's price does not grow with the archive


def related(catalog: Catalog, row: Row) -> list[Row]:
    """Those that share most tags, the newest first among equals."""
    tagged = [_older(catalog.listings[ListingRef("tag", tag.id)], row) for tag in row.article.tags]
    shared = Counter(map(id, chain.from_iterable(tagged)))
    found: list[Row] = []
    if max(shared.values(), default=0) > 1:
        common = {id(one): one for one in chain.from_iterable(tagged) if shared[id(one)] > 1}
        found = sorted(common.values(), key=lambda one: (-shared[id(one)], row_key(one)))
    if len(found) < _SHOWN:
        # Only the first few of each tag can be among the newest, and to tell which of two is newer costs most here.
        heads = [islice((one for one in rows if shared[id(one)] == 1), _SHOWN) for rows in tagged]
        found += sorted(chain.from_iterable(heads), key=row_key)
    return found[:_SHOWN]


def _older(tagged: Listing, row: Row) -> tuple[Row, ...]:
    start = tagged.place(row)
    found = tagged.visible[start : start + CONSIDERED + 1]
    return found[1:] if found and found[0].key == row.key else found[:CONSIDERED]


def leading_to(catalog: Catalog, rows: Iterable[Row]) -> Iterator[Row]:
    """Those that may be related to one of the rows, wherever these stand in the catalog: the next newer of each tag."""
    keys: dict[str, set[Key]] = {}
    for row in rows:
        for tag in row.article.tags:
            keys.setdefault(tag.id, set()).add(row.key)
    for name, several in keys.items():
        tagged = catalog.listings.get(ListingRef("tag", name))
        yield from _newer(tagged.visible, several) if tagged else ()


def _newer(visible: Ordered[Row], keys: Iterable[Key]) -> Iterator[Row]:
    """The next newer ones of each key, none of them twice."""
    seen = 0
    for index in sorted(bisect_left(visible, key, key=row_key) for key in keys):
        yield from visible[max(seen, index - CONSIDERED) : index]
        seen = index
