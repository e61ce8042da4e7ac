"""A catalog made from another one: equal to a new one in everything, and at the price of the change."""

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

from feedsvc.catalog.catalog import NEWS_AGE, Catalog, Listing, build_catalog
from feedsvc.catalog.schedule import build_schedule
from feedsvc.model import Article, ArticleStatus, Category, Tag
from feedsvc.publication.affected_paths import affected_places
from feedsvc.routes import ListingRef, PageAt, path_of
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import START, RandomEditor

SITE = ListingRef()


def facts(one: Catalog) -> dict[str, object]:
    """Everything public, with the order of its mappings."""
    found: dict[str, object] = {field.name: getattr(one, field.name) for field in fields(one) if field.compare}
    found |= {name: list(value.items()) for name, value in found.items() if isinstance(value, Mapping)}
    found["shown"] = list(one.indexable_listings)
    found["listings"] = [(ref, *vars_of(listing)) for ref, listing in one.listings.items()]
    return found


def vars_of(listing: Listing) -> Iterator[object]:
    """What a listing says, whether it found it out itself or took it over."""
    yield listing
    yield from (listing.feed_rows, listing.visible, listing.is_empty)
    for one in (listing.archive_index, listing.page_index):
        yield from (one.names, one.newest_older_period, list(one.all_periods.items()), list(one.totals.items()))
        yield from (list(one.items()), list(one.neighbours.items()))


def rows(one: Catalog) -> dict[str, object]:
    return {row.article.id: row for row in one.listings[SITE].rows}


def assert_kept(before: Catalog, after: Catalog, changed: set[str]) -> None:
    """What nobody touched is the very same object."""
    old, new = rows(before), rows(after)
    titles = {ref.id: one.title for ref, one in before.listings.items() if ref.kind == "tag"}
    retitled = {ref for ref, one in after.listings.items() if ref.kind == "tag" and titles.get(ref.id) != one.title}
    retitled |= {ref for ref in before.listings if ref not in after.listings}
    touched = {
        row.article.id for ref in retitled for one in (before, after) if ref in one.listings for row in one.listings[ref].rows
    }
    for id_, row in new.items():
        same = id_ not in changed | touched and old.get(id_) == row
        assert (old.get(id_) is row) == same, id_
    for ref, listing in after.listings.items():
        was = before.listings.get(ref)
        same_rows = (
            was is not None and len(was.rows) == len(listing.rows) and all(map(lambda a, b: a is b, was.rows, listing.rows))
        )
        assert (was is listing) == same_rows, ref


@given(random=st.randoms(use_true_random=False), preview=st.booleans(), asked=st.booleans())
@settings(max_examples=60, deadline=None)
def test_whatever_editors_and_clocks_do_the_catalog_is_that_of_a_fresh_start(
    random: Random, *, preview: bool, asked: bool
) -> None:
    desk = RandomEditor(random=random)
    now = build_catalog(desk.content, desk.now, is_preview=preview)
    for _ in range(15):
        gone, come = desk.edit()
        before, now = now, now.apply_changes(desk.content, desk.now, removed=gone, added=come)
        if asked:
            facts(now)
        assert facts(now) == facts(build_catalog(desk.content, desk.now, is_preview=preview))
        assert now.content is desk.content
        assert_kept(before, now, {one.id for one in (*gone, *come)})


def moments(one: Article) -> set[datetime]:
    """When time alone changes what is public of an article."""
    if one.status is ArticleStatus.DRAFT:
        return set()
    last = one.withdrawn_at or one.expires
    return {one.published, one.published + NEWS_AGE, one.updated} | ({last} if last else set())


@given(random=st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_years_that_grow_and_shrink_are_divided_as_at_a_fresh_start(random: Random) -> None:
    """Around the hundred articles that one page of a year holds, withdrawn and expired ones among them."""
    content = model_newsrooms.snapshot(categories=2, authors=2)
    now, numbers, seen = build_catalog(content, START), iter(range(10_000)), set[int]()
    for _ in range(8):
        gone = random.sample(content.articles, random.randrange(len(content.articles) // 3 + 1))
        come = [_some_day(next(numbers), random) for _ in range(random.choice((1, 60, 120)))]
        kept = {one.id for one in content.articles} - {one.id for one in gone}
        content = replace(content, articles=(*(one for one in content.articles if one.id in kept), *come))
        before, now = now, now.apply_changes(content, START, removed=gone, added=come)
        fresh = build_catalog(content, START)
        assert facts(now) == facts(fresh)
        assert set(map(path_of, affected_places(before, now))) >= differing(before, now)
        seen.update(len(name) for name in now.listings[SITE].page_index)
    event(f"lengths of names: {sorted(seen)}")


def _some_day(number: int, random: Random) -> Article:
    day = datetime(random.choice((2024, 2025)), 1, 1, tzinfo=UTC) + timedelta(hours=random.randrange(365 * 24))
    expired: dict[str, object] = {"expires": day + timedelta(days=1)}
    withdrawn: dict[str, object] = {"status": ArticleStatus.WITHDRAWN, "withdrawn_at": day + timedelta(days=2)}
    other = random.choice(({}, {}, {}, {}, {}, expired, withdrawn))
    return model_newsrooms.article(number, day, categories=(f"c{number % 2}",), authors=("p0",), **other)


def differing(before: Catalog, now: Catalog) -> set[str]:
    """The addresses of older pages that show other rows, or lead elsewhere."""

    def shown(one: Catalog) -> dict[str, object]:
        return {
            path_of(PageAt(ref, period)): (rows, listing.page_index.neighbours[period])
            for ref, listing in one.listings.items()
            for period, rows in listing.page_index.items()
        }

    was, are = shown(before), shown(now)
    return {path for path in was.keys() | are.keys() if was.get(path) != are.get(path)}


@given(random=st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_timetable_knows_every_moment_of_every_article(random: Random) -> None:
    desk = RandomEditor(random=random)
    table = build_schedule(())
    for _ in range(10):
        table = table.apply_changes(*desk.edit())
        every = {moment for one in desk.content.articles for moment in moments(one)}
        for now in (
            desk.now,
            desk.now + timedelta(hours=random.randrange(-900, 900)),
            *random.sample(sorted(every), min(len(every), 2)),
        ):
            assert table.last_change(now) == max((moment for moment in every if moment <= now), default=None)
            assert table.next_change(now) == min((moment for moment in every if moment > now), default=None)
            start, end = sorted((now, desk.now))
            due = {
                one.id
                for one in desk.content.articles
                if any(start < moment <= end for moment in moments(one) - {one.published + NEWS_AGE})
            }
            assert due <= {one.id for one in table.changes_between(now, desk.now)}


def test_thousands_of_changes_at_once_are_one_change() -> None:
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(2000), categories=20, authors=500)
    before = build_catalog(content, START)
    come = [replace(one, slug=f"{one.slug}-new", aliases=(one.slug,)) for one in content.articles[:1500]]
    other = replace(content, articles=(*come, *content.articles[1500:]))
    after = before.apply_changes(other, START, removed=content.articles[:1500], added=come)
    assert facts(after) == facts(build_catalog(other, START))


def test_other_settings_make_a_new_catalog() -> None:
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(10, categories=3, authors=3))
    before = build_catalog(content, START, is_preview=True)
    other = replace(content, categories=dict.fromkeys(("c0", "old-c0"), Category(id="c0", title="Renamed")))
    after = before.apply_changes(other, START)
    assert after == build_catalog(other, START, is_preview=True)
    assert after.listings[ListingRef("category", "c0")].title == "Renamed"


def test_equal_settings_read_anew_keep_every_listing() -> None:
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(10, categories=3, authors=3))
    before = build_catalog(content, START)
    after = before.apply_changes(replace(content, site=replace(content.site), authors=dict(content.authors)), START)
    assert after.listings is before.listings


# Finding a place by halves takes a step more for twice the archive.
COMPARING = ("key", "<lambda>", "_when")


def calls(work: Callable[[], object]) -> Counter[str]:
    """How often each Python function of the product was called, beside those that compare."""
    found: Counter[str] = Counter()

    def count(frame: Any, event: str, _: object) -> None:
        if event == "call" and "feedsvc/" in frame.f_code.co_filename and not frame.f_code.co_name.endswith(COMPARING):
            found[frame.f_code.co_qualname] += 1

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


def price(size: int, edit: Callable[[Article], Article], *, hours: int) -> Counter[str]:
    """The calls that one edit of the middle article takes."""
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(size), categories=20, authors=500)
    before = build_catalog(content, START)
    old = content.articles[size // 2]
    new = edit(old)
    other = replace(content, articles=tuple(new if one is old else one for one in content.articles))
    return calls(lambda: before.apply_changes(other, START + timedelta(hours=hours), removed=(old,), added=(new,)))


@pytest.mark.parametrize(
    "edit",
    [
        lambda one: replace(one, title="Another"),
        lambda one: replace(one, published=START, updated=START),
        lambda one: replace(one, tags=(Tag(id="new", title="New"), *one.tags[1:])),
        lambda one: replace(one, tags=(Tag(id="c-plus-plus", title="C++"), *one.tags[1:])),
        lambda one: replace(one, status=ArticleStatus.WITHDRAWN, withdrawn_at=START),
    ],
    ids=["retitled", "moved to the top", "another tag", "a tag that has moved", "withdrawn"],
)
@pytest.mark.parametrize("hours", [0, 1])
def test_an_edit_costs_the_same_in_an_archive_a_hundred_times_as_large(edit: Callable[[Article], Article], hours: int) -> None:
    price(200, edit, hours=hours)  # it fills caches whose size has nothing to do with the archive's
    assert price(20_000, edit, hours=hours) == price(200, edit, hours=hours)


def test_a_renamed_tag_is_renamed_in_every_entry_that_bears_it() -> None:
    spelled = [model_newsrooms.article(n, START - timedelta(days=n), tags=(Tag(id="r-and-d", title="R&D"),)) for n in (1, 2)]
    other = model_newsrooms.article(3, START, tags=(Tag(id="r-and-d", title="r and d"),))
    before = build_catalog(model_newsrooms.snapshot((*spelled, other)), START)
    gone, come = spelled[0], replace(spelled[0], tags=other.tags)
    after = before.apply_changes(model_newsrooms.snapshot((come, spelled[1], other)), START, removed=(gone,), added=(come,))
    assert after.listings[ListingRef("tag", "r-and-d")].title == "r and d"
    assert after.visible["a3"] is not before.visible["a3"]


def test_a_preview_shows_and_marks_what_is_not_public() -> None:
    articles = (
        model_newsrooms.article(1, START, status=ArticleStatus.DRAFT),
        model_newsrooms.article(2, START + timedelta(days=1)),
        model_newsrooms.article(3, START - timedelta(days=9), expires=START),
        model_newsrooms.article(4, START - timedelta(days=9)),
        model_newsrooms.article(5, START - timedelta(days=9), status=ArticleStatus.WITHDRAWN, withdrawn_at=START),
    )
    found = build_catalog(model_newsrooms.snapshot(articles), START, is_preview=True)
    assert {slug: row.preview_label for slug, row in found.visible.items()} == {
        "a1": "draft",
        "a2": "scheduled",
        "a3": "expired",
        "a4": "",
    }
    assert list(found.withdrawn) == ["a5"]
    assert (found.is_preview, found.recent, found.next_change) == (True, (), START + timedelta(days=1))
    later = found.apply_changes(found.content, START + timedelta(days=1))
    assert later.visible["a2"].preview_label == ""
    public = build_catalog(model_newsrooms.snapshot(articles), START)
    assert ([*public.visible], {row.preview_label for row in public.listings[SITE].rows}) == (["a4"], {""})
