"""Building all rows of a catalog at once: their order, and equality with rows that are built one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from feedsvc.catalog.row import article_key, is_visible, sort_articles
from feedsvc.catalog.row_groups import RowGroups
from feedsvc.catalog.visibility import RowBuilder
from feedsvc.model import Tag
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import START

HOUR: Final = timedelta(hours=1)

TAGS: Final = [Tag(id=title.lower(), title=title) for title in ("China", "CHINA", "china", "Trade", "TRADE", "Sea")]


@given(st.lists(st.integers(0, 5), max_size=12))
def test_articles_are_sorted_by_their_key_however_many_have_the_same_date(hours: list[int]) -> None:
    articles = [model_newsrooms.article(number, START + hour * HOUR) for number, hour in enumerate(hours)]
    assert sort_articles(articles) == sorted(articles, key=article_key)


@given(tags=st.lists(st.lists(st.sampled_from(TAGS), max_size=4, unique_by=lambda tag: tag.id), max_size=12), copy=st.booleans())
def test_groups_by_tag_have_the_order_of_the_rows_whether_or_not_articles_share_tag_objects(
    tags: list[list[Tag]], *, copy: bool
) -> None:
    articles = [
        model_newsrooms.article(
            number,
            START - number * HOUR,
            tags=tuple(replace(tag) if copy and number % 2 else tag for tag in article_tags),
            expires=START if number % 3 == 2 else None,
        )
        for number, article_tags in enumerate(tags)
    ]
    builder = RowBuilder(model_newsrooms.snapshot().site, START, is_preview=False)
    rows = [row for article in articles if (row := builder.build(article))]
    groups = RowGroups(rows)
    used_ids = {tag.id for tag in chain(*tags)}
    assert groups.tags == {id_: [row for row in rows if id_ in {tag.id for tag in row.article.tags}] for id_ in used_ids}
    visible_titles = Counter(tag.title for row in rows if is_visible(row) for tag in row.article.tags)
    assert groups.count_spellings() == {
        id_: {tag.title: visible_titles[tag.title] for tag in chain(*tags) if tag.id == id_} for id_ in used_ids
    }
