"""The table of rows by slug has the present rows after each change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from feedsvc.catalog.indexes import RowsBySlug
from feedsvc.catalog.row import Row, Visibility, row_key
from feedsvc.model import Article
from feedsvc.support.sorted_chunks import PersistentSortedList

START = datetime(2026, 1, 1, tzinfo=UTC)


def new_row(number: int, slug: str, title: str = "") -> Row:
    moment = START + timedelta(minutes=number)
    article = Article(path=f"articles/{number}.yaml", id=f"id:{number}", slug=slug, title=title, published=moment, updated=moment)
    return Row(article=article, visibility=Visibility.VISIBLE, last_changed=moment, day="2026-01-01")


def random_change(rows: dict[int, Row], random: Random) -> tuple[list[Row], list[Row]]:
    """Change some of `rows` (by number), and return the removed and the added rows: new titles, exchanged slugs, new articles."""
    first, second = (rows[number] for number in random.sample(sorted(rows), 2))
    numbers = [int(row.article.path[9:-5]) for row in (first, second)]
    latest = max(rows) + 1
    removed, added = random.choice(
        [
            ([first], [new_row(numbers[0], first.article.slug, str(random.random()))]),
            ([first, second], [new_row(numbers[0], second.article.slug), new_row(numbers[1], first.article.slug)]),
            ([first], []),
            ([first], [new_row(latest, first.article.slug)]),
            ([], [new_row(latest, f"slug-{latest}")]),
            ([], []),
        ]
    )
    for row in removed:
        del rows[int(row.article.path[9:-5])]
    rows |= {int(row.article.path[9:-5]): row for row in added}
    return removed, added


@pytest.mark.parametrize("seed", range(6))
def test_rows_are_found_by_their_present_slugs(seed: int) -> None:
    random, count = Random(seed), 2500
    rows = {number: new_row(number, f"slug-{number}") for number in range(count)}
    table = RowsBySlug(PersistentSortedList.from_sorted(sorted(rows.values(), key=row_key), row_key))
    for step in range(40):
        removed, added = random_change(rows, random)
        table = table.apply_changes(removed, added)
        if random.random() < 0.1 or step == 39:
            slugs = {row.article.slug: row for row in rows.values()}
            assert {slug: table.get(slug) for slug in (*slugs, "slug-1", "slug-2", "unknown")} == {
                slug: slugs.get(slug) for slug in (*slugs, "slug-1", "slug-2", "unknown")
            }
            assert list(table) == [row.article.slug for row in sorted(rows.values(), key=row_key)]


def test_a_former_table_keeps_its_rows() -> None:
    rows = [new_row(number, f"slug-{number}") for number in range(3)]
    former = RowsBySlug(PersistentSortedList.from_sorted(sorted(rows, key=row_key), row_key))
    later = former.apply_changes([rows[0]], [new_row(9, "new")])
    assert later.get("new") is not None
    assert (former.get("slug-0"), former.get("new")) == (rows[0], None)
    assert later.get("slug-0") is None
