"""The related articles of a page."""

import random
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from feedsvc.catalog.catalog import Catalog
from feedsvc.catalog.row import Row, row_key
from feedsvc.pages.article import MAX_CANDIDATES, find_related
from feedsvc.routes import ListingRef
from tests.helpers import newsrooms


def expected_related(catalog: Catalog, row: Row) -> list[Row]:
    """Return the four candidates with the most common tags, newest first; each tag gives its next older articles."""
    listings = (catalog.listings[ListingRef("tag", tag.id)].visible for tag in row.article.tags)
    older = [[other for other in rows if other.key > row.key][:MAX_CANDIDATES] for rows in listings]
    shared = Counter(other.article.id for other in chain.from_iterable(older))
    distinct = {other.article.id: other for other in chain.from_iterable(older)}.values()
    return sorted(distinct, key=lambda other: (-shared[other.article.id], row_key(other)))[:4]


@pytest.mark.parametrize("tags", [1, 2, 5, 40])
def test_related_articles_are_those_with_the_most_common_tags(tmp_path: Path, tags: int) -> None:
    random_generator = random.Random(tags)
    root = newsrooms.write_sample(tmp_path)
    for number in range(60):
        tag_list = ", ".join({f"t{random_generator.randrange(tags)}" for _ in range(4)})
        newsrooms.write(root, newsrooms.article(f"some-{number}", f"2026-01-{number % 9 + 1:02}", tags=f"[{tag_list}]"))
    catalog = newsrooms.load_catalog(root)
    rows = catalog.listings[ListingRef()].visible
    assert sum(len(find_related(catalog, row)) for row in rows) > 100
    for row in rows:
        assert find_related(catalog, row) == expected_related(catalog, row)
