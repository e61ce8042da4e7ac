"""Building all rows of a catalog at once: their order, and equality with rows that are built one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedsvc.catalog import rare_features
from feedsvc.catalog.catalog import Catalog, build_catalog
from feedsvc.catalog.rare_features import has_rare_feature
from feedsvc.catalog.row import Row, Visibility, article_key, is_visible, sort_articles, visible_rows
from feedsvc.catalog.row_groups import RowGroups
from feedsvc.catalog.visibility import RowBuilder
from feedsvc.model import Article, ArticleStatus, Correction, Tag
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import START, RandomEditor

HOUR: Final = timedelta(hours=1)
CORRECTION: Final = Correction(date=date(2026, 2, 1), text="A name was wrong.")
TAGS: Final = [Tag(id=title.lower(), title=title) for title in ("China", "CHINA", "china", "Trade", "TRADE", "Sea")]
# Fields of Article by which a new catalog treats it in another way than most, with a rare value.
RARE_VALUES: Final[Mapping[str, Any]] = {
    "updated": START + HOUR,
    "status": ArticleStatus.DRAFT,
    "expires": START,
    "withdrawn_at": START,
    "corrections": (CORRECTION,),
    "aliases": ("former-slug",),
    "link": "https://elsewhere.example/story",
    "translation_of": "tag:news.example,2026:a2",
}
# Fields that a new catalog reads of every article, or does not read.
COMMON_FIELDS: Final = {
    *("path", "id", "slug", "guid", "title", "published", "text", "notice"),
    *("categories", "authors", "tags", "language", "media"),
    *("summary", "image", "enclosures", "embeds", "sources"),
}


def catalog_state(catalog: Catalog) -> list[object]:
    """Return the catalog with what its comparison leaves out, and its listings and mappings with their order."""
    state: list[object] = [catalog, catalog.schedule, catalog.works._articles.keys(), catalog.former_tags._counts.keys()]
    state += [*catalog.listings.items(), *catalog.visible.items(), *catalog.withdrawn.items(), *catalog.redirects.items()]
    return [*state, *catalog.media.items(), [*catalog.spellings.items()], catalog.works._translations._base]


@given(st.lists(st.integers(0, 5), max_size=12))
def test_articles_are_sorted_by_their_key_however_many_have_the_same_date(hours: list[int]) -> None:
    articles = [model_newsrooms.article(number, START + hour * HOUR) for number, hour in enumerate(hours)]
    assert sort_articles(articles) == sorted(articles, key=article_key)


def test_rows_that_are_built_at_once_have_the_values_of_single_rows() -> None:
    articles = [model_newsrooms.article(number, START, updated=START + number * HOUR) for number in range(3)]
    single = [
        Row(article=article, visibility=Visibility.VISIBLE, last_changed=article.updated, day=f"2026-03-0{number}")
        for number, article in enumerate(articles, 1)
    ]
    rows = visible_rows(articles, (row.day for row in single))
    assert [[getattr(row, field.name) for field in fields(Row)] for row in rows] == [
        [getattr(row, field.name) for field in fields(Row)] for row in single
    ]
    assert [*map(repr, rows)] == [*map(repr, single)]


def test_each_field_of_an_article_is_a_rare_or_a_common_one() -> None:
    # If this fails for a new field: add it to `has_rare_feature`, or read it of every article.
    assert {field.name for field in fields(Article)} == RARE_VALUES.keys() | COMMON_FIELDS


@pytest.mark.parametrize("name", RARE_VALUES)
def test_an_article_with_one_rare_value_has_a_rare_feature(name: str) -> None:
    common = model_newsrooms.article(1, START, categories=("c0",), authors=("p0",), media=model_newsrooms.MEDIA)
    assert not has_rare_feature(common)
    assert has_rare_feature(replace(common, **{name: RARE_VALUES[name]}))


def random_content(random: Random) -> RandomEditor:
    """Return an editor who made some changes, of a content in which some articles have corrections."""
    editor = RandomEditor(random=random, content=model_newsrooms.snapshot(custom_feeds=model_newsrooms.CUSTOM_FEEDS))
    for _ in range(12):
        editor.edit()
    articles = [
        replace(article, corrections=(CORRECTION,) * (random.random() < 0.2), updated=article.updated + timedelta(0))
        for article in editor.content.articles
    ]
    editor.content = replace(editor.content, articles=tuple(articles))
    return editor


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


@given(random=st.randoms(use_true_random=True), preview=st.booleans())
def test_a_catalog_that_looks_for_rare_features_in_all_articles_is_equal(random: Random, *, preview: bool) -> None:
    editor = random_content(random)
    catalog = build_catalog(editor.content, editor.now, is_preview=preview)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rare_features, "has_rare_feature", lambda _: True)
        assert catalog_state(build_catalog(editor.content, editor.now, is_preview=preview)) == catalog_state(catalog)


@given(random=st.randoms(use_true_random=True), preview=st.booleans())
def test_each_row_of_a_catalog_is_the_one_that_is_built_for_its_article_alone(random: Random, *, preview: bool) -> None:
    editor = random_content(random)
    builder = RowBuilder(editor.content.site, editor.now, is_preview=preview)
    articles = sort_articles(editor.content.articles)
    rare = [index for index, article in enumerate(articles) if has_rare_feature(article)]
    assert builder.build_all(articles, rare) == [builder.build(article) for article in articles]


@given(
    zone=st.sampled_from(sorted(available_timezones())),
    moment=st.integers(-45_000 * 24, 45_000 * 24).map(lambda hours: START + hours * HOUR),
    gaps=st.lists(st.integers(0, 30 * 3600), max_size=20),
)
@example("America/Sao_Paulo", datetime(2018, 2, 18, 4, tzinfo=UTC), [600] * 30)  # clocks were set back over midnight
@example("Pacific/Apia", datetime(2011, 12, 31, 12, tzinfo=UTC), [3600] * 40)  # a day was left out
@example("America/Goose_Bay", datetime(2010, 11, 7, 6, tzinfo=UTC), [600] * 60)  # set back one minute after midnight
@example("Africa/Freetown", datetime(1939, 9, 6, tzinfo=UTC), [1800] * 250)  # shortest time between two changes of an offset
@example("Africa/Monrovia", datetime(1972, 1, 9, tzinfo=UTC), [600] * 400)  # an offset with seconds until 1972
def test_the_days_of_rows_are_those_of_the_sites_zone(zone: str, moment: datetime, gaps: list[int]) -> None:
    site = replace(model_newsrooms.snapshot().site, timezone=zone)
    moments = [moment - timedelta(seconds=sum(gaps[:count])) for count in range(len(gaps) + 1)]
    articles = [model_newsrooms.article(0, published) for published in moments]
    rows = RowBuilder(site, START, is_preview=True).build_all(articles, ())
    assert [row and row.day for row in rows] == [moment.astimezone(ZoneInfo(zone)).date().isoformat() for moment in moments]
