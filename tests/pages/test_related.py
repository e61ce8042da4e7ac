"""Which articles a page leads to."""

import random
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from feedsvc.catalog.catalog import Catalog, Row
from feedsvc.catalog.row import row_key
from feedsvc.pages.related import MAX_CANDIDATES, find_related
from feedsvc.routes import ListingRef
from tests.helpers import newsrooms


def wanted(catalog: Catalog, row: Row) -> list[Row]:
    """Of the next older ones of each tag, the three that share most tags with it, the newest first among equals."""
    listings = (catalog.listings[ListingRef("tag", tag.id)].visible for tag in row.article.tags)
    older = [[one for one in rows if one.key > row.key][:MAX_CANDIDATES] for rows in listings]
    shared = Counter(one.article.id for one in chain.from_iterable(older))
    distinct = {one.article.id: one for one in chain.from_iterable(older)}.values()
    return sorted(distinct, key=lambda one: (-shared[one.article.id], row_key(one)))[:3]


@pytest.mark.parametrize("tags", [1, 2, 5, 40])
@pytest.mark.parametrize("walked", [False, True])
def test_a_page_leads_to_what_shares_most_tags(tmp_path: Path, tags: int, *, walked: bool) -> None:
    chance = random.Random(tags)
    root = newsrooms.write_sample(tmp_path)
    for number in range(60):
        some = ", ".join({f"t{chance.randrange(tags)}" for _ in range(4)})
        newsrooms.write(root, newsrooms.article(f"some-{number}", f"2026-01-{number % 9 + 1:02}", tags=f"[{some}]"))
    catalog = newsrooms.load_catalog(root)
    if walked:
        assert all(len(listing.ranks) == len(listing.visible) for listing in catalog.listings.values())
    rows = catalog.listings[ListingRef()].visible
    assert sum(len(find_related(catalog, row)) for row in rows) > 100
    for row in rows:
        assert find_related(catalog, row) == wanted(catalog, row)
