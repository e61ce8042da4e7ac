"""Incremental updates of a catalog: equal to a catalog built from the start, with the work of the change only."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from feedsvc.catalog.catalog import Catalog, build_catalog
from feedsvc.catalog.listing import Listing
from feedsvc.catalog.schedule import NEWS_AGE, build_schedule
from feedsvc.content.folder.snapshot import ContentSnapshot
from feedsvc.model import Article, ArticleStatus, Category, CustomFeed, Tag, TagSettings
from feedsvc.publication.affected_paths import affected_places
from feedsvc.routes import ListingRef, PageAt, path_of
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import START, RandomEditor

SITE_LISTING = ListingRef()


def public_state(catalog: Catalog) -> dict[str, object]:
    """Return everything public in a catalog, mappings with their order."""
    state: dict[str, object] = {field.name: getattr(catalog, field.name) for field in fields(catalog) if field.compare}
    state |= {name: list(value.items()) for name, value in state.items() if isinstance(value, Mapping)}
    state["shown"] = list(catalog.indexable_listings)
    state["aliases"] = {ref: sorted(names) for ref, names in catalog.redirects.listing_aliases.items()}
    state["listings"] = [(ref, *listing_state(listing)) for ref, listing in catalog.listings.items()]
    return state


def listing_state(listing: Listing) -> Iterator[object]:
    """Yield the state of a listing, computed values included."""
    yield listing
    yield from (listing.feed_rows, listing.visible, listing.is_empty)
    for index in (listing.archive_index, listing.page_index):
        yield from (index.names, index.newest_older_period, list(index.all_periods.items()), list(index.totals.items()))
        yield from (list(index.items()), list(index.neighbours.items()))


@pytest.mark.slow
@given(
    random=st.randoms(use_true_random=True),
    preview=st.booleans(),
    evaluate_first=st.booleans(),
    tags=st.sampled_from(((), model_newsrooms.TAG_ENTRIES)),
    custom_feeds=st.sampled_from(((), model_newsrooms.CUSTOM_FEEDS)),
)
@settings(max_examples=14, deadline=None)
def test_a_catalog_after_random_edits_equals_a_catalog_built_from_the_start(
    random: Random,
    *,
    preview: bool,
    evaluate_first: bool,
    tags: tuple[TagSettings, ...],
    custom_feeds: tuple[CustomFeed, ...],
) -> None:
    editor = RandomEditor(random=random, content=model_newsrooms.snapshot(tags=tags, custom_feeds=custom_feeds))
    now = build_catalog(editor.content, editor.now, is_preview=preview)
    for _ in range(15):
        removed, added = editor.edit()
        now = now.apply_changes(editor.content, editor.now, removed=removed, added=added)
        if evaluate_first:
            public_state(now)
        assert public_state(now) == public_state(build_catalog(editor.content, editor.now, is_preview=preview))
        assert now.content is editor.content


def moments_of_change(article: Article) -> set[datetime]:
    """Return the moments at which time alone changes what is public of an article."""
    if article.status is ArticleStatus.DRAFT:
        return set()
    end = article.withdrawn_at or article.expires
    return {article.published, article.published + NEWS_AGE, article.updated} | ({end} if end else set())


@pytest.mark.slow
@given(random=st.randoms(use_true_random=True))
@settings(max_examples=5, deadline=None)
def test_older_pages_after_random_edits_equal_those_of_a_catalog_built_from_the_start(random: Random) -> None:
    """The years grow and shrink around 100 articles, the limit of a year on one page; some articles are withdrawn or expired."""
    content = model_newsrooms.snapshot(categories=2, authors=2)
    now, numbers, name_lengths = build_catalog(content, START), iter(range(10_000)), set[int]()
    for _ in range(8):
        removed = random.sample(content.articles, random.randrange(len(content.articles) // 3 + 1))
        added = [_article_on_a_random_day(next(numbers), random) for _ in range(random.choice((1, 60, 120)))]
        remaining = {article.id for article in content.articles} - {article.id for article in removed}
        content = replace(content, articles=(*(article for article in content.articles if article.id in remaining), *added))
        before, now = now, now.apply_changes(content, START, removed=removed, added=added)
        fresh = build_catalog(content, START)
        assert public_state(now) == public_state(fresh)
        assert now.change
        assert set(map(path_of, affected_places(before, now, now.change))) >= differing_pages(before, now)
        name_lengths.update(len(name) for name in now.listings[SITE_LISTING].page_index)
    event(f"lengths of names: {sorted(name_lengths)}")


def _article_on_a_random_day(number: int, random: Random) -> Article:
    day = datetime(random.choice((2024, 2025)), 1, 1, tzinfo=UTC) + timedelta(hours=random.randrange(365 * 24))
    expired: dict[str, object] = {"expires": day + timedelta(days=1)}
    withdrawn: dict[str, object] = {"status": ArticleStatus.WITHDRAWN, "withdrawn_at": day + timedelta(days=2)}
    keys = random.choice(({}, {}, {}, {}, {}, expired, withdrawn))
    return model_newsrooms.article(number, day, categories=(f"c{number % 2}",), authors=("p0",), **keys)


def differing_pages(before: Catalog, after: Catalog) -> set[str]:
    """Return the paths of pages of older articles that have other rows or other neighbours."""

    def pages(catalog: Catalog) -> dict[str, object]:
        return {
            path_of(PageAt(ref, period)): (rows, listing.page_index.neighbours[period])
            for ref, listing in catalog.listings.items()
            for period, rows in listing.page_index.items()
        }

    old_pages, new_pages = pages(before), pages(after)
    return {path for path in old_pages.keys() | new_pages.keys() if old_pages.get(path) != new_pages.get(path)}


@pytest.mark.slow
@given(random=st.randoms(use_true_random=True))
@settings(max_examples=8, deadline=None)
def test_the_schedule_has_every_moment_of_change_after_random_edits(random: Random) -> None:
    editor = RandomEditor(random=random)
    schedule = build_schedule(())
    for _ in range(10):
        schedule = schedule.apply_changes(*editor.edit())
        all_moments = {moment for article in editor.content.articles for moment in moments_of_change(article)}
        for now in (
            editor.now,
            editor.now + timedelta(hours=random.randrange(-900, 900)),
            *random.sample(sorted(all_moments), min(len(all_moments), 2)),
        ):
            assert schedule.last_change(now) == max((moment for moment in all_moments if moment <= now), default=None)
            assert schedule.next_change(now) == min((moment for moment in all_moments if moment > now), default=None)
            start, end = sorted((now, editor.now))
            due = {
                article.id
                for article in editor.content.articles
                if any(start < moment <= end for moment in moments_of_change(article) - {article.published + NEWS_AGE})
            }
            assert due <= {article.id for article in schedule.changes_between(now, editor.now)}


def test_1500_changes_at_once_give_the_same_catalog_as_a_new_build() -> None:
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(2000), categories=20, authors=500)
    before = build_catalog(content, START)
    renamed = [replace(article, slug=f"{article.slug}-new", aliases=(article.slug,)) for article in content.articles[:1500]]
    changed = replace(content, articles=(*renamed, *content.articles[1500:]))
    after = before.apply_changes(changed, START, removed=content.articles[:1500], added=renamed)
    assert public_state(after) == public_state(build_catalog(changed, START))


def test_changed_settings_give_the_same_catalog_as_a_new_build() -> None:
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(10, categories=3, authors=3))
    before = build_catalog(content, START, is_preview=True)
    changed = replace(content, categories=dict.fromkeys(("c0", "old-c0"), Category(id="c0", title="Renamed")))
    after = before.apply_changes(changed, START)
    assert after == build_catalog(changed, START, is_preview=True)
    assert after.listings[ListingRef("category", "c0")].title == "Renamed"


# Functions called by binary searches, which take one step more if the number of articles doubles.
COMPARISON_FUNCTIONS = ("key", "<lambda>", "_when")


def count_calls(function: Callable[[], object]) -> Counter[str]:
    """Count the calls of each Python function of feedsvc, comparison functions excluded."""
    counts: Counter[str] = Counter()

    def count(frame: Any, event: str, _: object) -> None:
        if event == "call" and "feedsvc/" in frame.f_code.co_filename and not frame.f_code.co_name.endswith(COMPARISON_FUNCTIONS):
            counts[frame.f_code.co_qualname] += 1

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return counts


@pytest.fixture(scope="module")
def contents() -> dict[int, ContentSnapshot]:
    """Return number of articles -> content, in which one article is in another language. Each test builds its own catalogs."""

    def content(size: int) -> ContentSnapshot:
        first, *others = model_newsrooms.ten_years_of_articles(size)
        return model_newsrooms.snapshot((replace(first, language="ko"), *others), categories=20, authors=500)

    return {size: content(size) for size in (200, 20_000)}


def calls_of_one_edit(content: ContentSnapshot, edit: Callable[[Article], Article], *, hours: int) -> Counter[str]:
    """Return the calls that one edit of the middle article takes."""
    before = build_catalog(content, START)
    old_article = content.articles[len(content.articles) // 2]
    new_article = edit(old_article)
    changed = replace(content, articles=tuple(new_article if article is old_article else article for article in content.articles))
    return count_calls(
        lambda: before.apply_changes(changed, START + timedelta(hours=hours), removed=(old_article,), added=(new_article,))
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "edit",
    [
        lambda article: replace(article, title="Another"),
        lambda article: replace(article, published=START, updated=START),
        lambda article: replace(article, tags=(Tag(id="new", title="New"), *article.tags[1:])),
        lambda article: replace(article, tags=(Tag(id="c-plus-plus", title="C++"), *article.tags[1:])),
        lambda article: replace(article, status=ArticleStatus.WITHDRAWN, withdrawn_at=START),
        lambda article: replace(article, language="ko", translation_of="tag:news.example,2026:a7"),
    ],
    ids=["title", "publication date", "tag", "tag with a former slug", "withdrawal", "translation"],
)
@pytest.mark.parametrize("hours", [0, 1])
def test_the_work_of_an_edit_does_not_depend_on_the_number_of_articles(
    contents: dict[int, ContentSnapshot], edit: Callable[[Article], Article], hours: int
) -> None:
    few, many = contents[200], contents[20_000]
    calls_of_one_edit(few, edit, hours=hours)  # warm up caches whose size does not depend on the number of articles
    assert calls_of_one_edit(many, edit, hours=hours) == calls_of_one_edit(few, edit, hours=hours)


def test_a_preview_shows_articles_that_are_not_public_with_a_label() -> None:
    articles = (
        model_newsrooms.article(1, START, status=ArticleStatus.DRAFT),
        model_newsrooms.article(2, START + timedelta(days=1)),
        model_newsrooms.article(3, START - timedelta(days=9), expires=START),
        model_newsrooms.article(4, START - timedelta(days=9)),
        model_newsrooms.article(5, START - timedelta(days=9), status=ArticleStatus.WITHDRAWN, withdrawn_at=START),
    )
    catalog = build_catalog(model_newsrooms.snapshot(articles), START, is_preview=True)
    assert {slug: row.preview_label for slug, row in catalog.visible.items()} == {
        "a1": "draft",
        "a2": "scheduled",
        "a3": "expired",
        "a4": "",
    }
    assert list(catalog.withdrawn) == ["a5"]
    assert (catalog.is_preview, catalog.recent, catalog.next_change) == (True, (), START + timedelta(days=1))
    later = catalog.apply_changes(catalog.content, START + timedelta(days=1))
    assert later.visible["a2"].preview_label == ""
    public = build_catalog(model_newsrooms.snapshot(articles), START)
    assert ([*public.visible], {row.preview_label for row in public.listings[SITE_LISTING].rows}) == (["a4"], {""})
