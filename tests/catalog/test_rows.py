"""Building all rows of a catalog at once: their order, and equality with rows that are built one by one."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from feedsvc.catalog.row import article_key, sort_articles
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import START


@given(st.lists(st.integers(0, 5), max_size=12))
def test_articles_are_sorted_by_their_key_however_many_have_the_same_date(hours: list[int]) -> None:
    articles = [model_newsrooms.article(number, START + timedelta(hours=hour)) for number, hour in enumerate(hours)]
    assert sort_articles(articles) == sorted(articles, key=article_key)
