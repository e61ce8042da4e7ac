"""Digest feeds: which articles an issue holds, when it appears, changes and leaves a tombstone, and its updates."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.catalog import Catalog, IssueRow, Row, Visibility, build_catalog
from feedsvc.catalog.periodicals import MAX_ISSUE_ARTICLES
from feedsvc.content.folder import ContentSnapshot
from feedsvc.model import Article, ArticleStatus, CustomFeed, FeedOverrides, IssueSchedule, Selection, Tag
from feedsvc.routes import ListingRef
from tests.catalog.test_changes import count_calls
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import RandomEditor

DAILY: Final = ListingRef("custom", "daily")
SIX: Final = IssueSchedule(minute_of_day=6 * 60)
SECOND: Final = timedelta(seconds=1)
MAX_DAYS: Final = 500


def at(text: str) -> datetime:
    """Return a moment in the zone of the model newsroom, Asia/Seoul."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Seoul")).astimezone(UTC)


def newsroom(articles: Iterable[Article], schedule: IssueSchedule = SIX, **keys: object) -> ContentSnapshot:
    feed = CustomFeed(**{"id": "daily", "title": "The day", "digest": schedule, **keys})  # type: ignore[arg-type]
    return model_newsrooms.snapshot(articles, custom_feeds=[feed])


def article(number: int, published: str, **keys: object) -> Article:
    return model_newsrooms.article(number, at(published), **keys)


def issues(catalog: Catalog, ref: ListingRef = DAILY) -> dict[str, list[str]]:
    """Return the slugs of the articles of each visible issue, by its date."""
    rows = catalog.listings[ref].visible
    return {row.date: [shown.article.slug for shown in row.articles] for row in rows if isinstance(row, IssueRow)}


def issue(catalog: Catalog, day: str) -> IssueRow:
    found = catalog.find_issue(DAILY, day)
    assert found
    return found


def test_an_issue_holds_what_was_published_until_its_time_and_appears_at_it() -> None:
    articles = [
        article(1, "2026-01-01T06:00:00"),  # the first second of the issue of the 2nd
        article(2, "2026-01-02T05:59:59"),  # the last one
        article(3, "2026-01-02T06:00:00"),
        article(4, "2026-01-01T05:59:59"),
        article(5, "2026-01-05T12:00:00"),
    ]
    content = newsroom(articles)
    assert issues(build_catalog(content, at("2026-01-02T05:59:59"))) == {"2026-01-01": ["a4"]}
    catalog = build_catalog(content, at("2026-01-02T06:00:00"))
    assert issues(catalog) == {"2026-01-02": ["a2", "a1"], "2026-01-01": ["a4"]}
    assert issues(build_catalog(content, at("2026-02-01T00:00"))) == {
        "2026-01-06": ["a5"],
        "2026-01-03": ["a3"],
        "2026-01-02": ["a2", "a1"],
        "2026-01-01": ["a4"],
    }
    row = issue(catalog, "2026-01-02")
    assert (row.article.id, row.article.published, row.last_changed) == (
        "tag:news.example,2020:feeds/daily/2026-01-02",
        at("2026-01-02T06:00"),
        at("2026-01-02T06:00"),
    )


def test_the_closing_of_an_issue_with_articles_is_a_change_by_time() -> None:
    content = newsroom([article(1, "2026-01-01T12:00"), article(2, "2026-01-10T12:00")])
    closes = at("2026-01-02T06:00")
    before = build_catalog(content, closes - SECOND)
    assert before.next_change == before.next_visible_change == closes
    after = before.apply_changes(content, closes)
    assert (after.last_change, issues(after)) == (closes, {"2026-01-02": ["a1"]})
    # Nothing closes until the next article was published and its issue is closed.
    assert after.next_visible_change == at("2026-01-10T12:00")
    assert build_catalog(content, at("2026-01-10T12:00")).next_visible_change == at("2026-01-11T06:00")
    assert build_catalog(content, at("2026-01-11T06:00")).next_visible_change is None
    back = after.apply_changes(content, closes - SECOND)
    assert (issues(back), back.next_change) == ({}, closes)


def test_the_id_stays_when_the_time_changes_and_articles_move_to_another_issue() -> None:
    articles = [article(1, "2026-01-01T12:00"), article(2, "2026-01-02T12:00")]
    now = at("2026-02-01T00:00")
    morning, evening = (build_catalog(newsroom(articles, IssueSchedule(minute_of_day=60 * hour)), now) for hour in (6, 18))
    assert issues(morning) == {"2026-01-03": ["a2"], "2026-01-02": ["a1"]}
    assert issues(evening) == {"2026-01-02": ["a2"], "2026-01-01": ["a1"]}
    assert issue(morning, "2026-01-02").article.id == issue(evening, "2026-01-02").article.id


def test_another_time_zone_moves_articles_and_changes_no_id() -> None:
    content = newsroom([article(1, "2026-01-01T12:00")])
    moved = replace(content, site=replace(content.site, timezone="Europe/Berlin"))
    catalog = build_catalog(content, at("2026-02-01T00:00"))
    assert issues(catalog) == {"2026-01-02": ["a1"]}
    assert issues(catalog.apply_changes(moved, catalog.now)) == {"2026-01-01": ["a1"]}


def test_an_article_that_joins_later_or_is_corrected_updates_its_issue() -> None:
    first = article(1, "2026-01-01T12:00")
    catalog = build_catalog(newsroom([first]), at("2026-01-03T00:00"))
    late = article(2, "2026-01-01T13:00", updated=at("2026-01-03T09:00"))
    with_late = catalog.apply_changes(newsroom([first, late]), at("2026-01-03T10:00"), added=[late])
    row = issue(with_late, "2026-01-02")
    assert (row.last_changed, row.article_count) == (at("2026-01-03T09:00"), 2)
    assert row.article.published == at("2026-01-02T06:00")
    corrected = replace(first, title="Right", updated=at("2026-01-04T09:00"))
    content = newsroom([corrected, late])
    scheduled = with_late.apply_changes(content, at("2026-01-04T08:00"), removed=[first], added=[corrected])
    assert issue(scheduled, "2026-01-02").last_changed == at("2026-01-03T09:00")
    assert scheduled.next_visible_change == at("2026-01-04T09:00")
    assert issue(scheduled.apply_changes(content, at("2026-01-04T09:00")), "2026-01-02").last_changed == at("2026-01-04T09:00")


def withdrawn(one: Article, when: str) -> Article:
    return replace(one, status=ArticleStatus.WITHDRAWN, withdrawn_at=at(when))


def test_an_issue_that_loses_its_articles_is_withdrawn_at_the_last_removal() -> None:
    expiring = article(1, "2026-01-01T12:00", expires=at("2026-01-05T00:00"))
    other = article(2, "2026-01-01T13:00")
    catalog = build_catalog(newsroom([expiring, other]), at("2026-01-06T00:00"))
    assert issues(catalog) == {"2026-01-02": ["a2"]}
    assert issue(catalog, "2026-01-02").last_changed == at("2026-01-05T00:00")
    taken_back = withdrawn(other, "2026-01-07T00:00")
    content = newsroom([expiring, taken_back])
    before, after = (
        catalog.apply_changes(content, at(moment), removed=[other], added=[taken_back])
        for moment in ("2026-01-06T00:00", "2026-01-07T00:00")
    )
    assert issue(before, "2026-01-02").visibility is Visibility.HIDDEN
    assert before.next_visible_change == at("2026-01-07T00:00")
    row = issue(after, "2026-01-02")
    assert (row.visibility, row.last_changed, row.articles) == (Visibility.WITHDRAWN, at("2026-01-07T00:00"), ())
    assert issues(after) == {}


@pytest.mark.parametrize("when", ["2026-01-01T18:00", "2026-01-02T06:00"])
def test_an_issue_that_was_empty_when_it_closed_never_existed(when: str) -> None:
    expired = article(1, "2026-01-01T12:00", expires=at(when))
    taken_back = withdrawn(article(2, "2026-01-01T12:00"), when)
    for one in (expired, taken_back):
        catalog = build_catalog(newsroom([one]), at("2026-01-09T00:00"))
        assert catalog.find_issue(DAILY, "2026-01-02") is None
        assert not catalog.listings[DAILY].rows


@pytest.mark.parametrize("moment", ["2026-01-03T00:00", "2026-01-09T00:00"])
def test_an_issue_is_no_tombstone_if_its_only_article_expired_before_it_closed_and_is_withdrawn_later(moment: str) -> None:
    expired = article(1, "2026-01-01T12:00", expires=at("2026-01-01T18:00"))
    catalog = build_catalog(newsroom([withdrawn(expired, "2026-01-05T00:00")]), at(moment))
    assert catalog.find_issue(DAILY, "2026-01-02") is None
    assert not catalog.listings[DAILY].rows


def test_an_empty_newsroom_and_days_without_articles_have_no_issue() -> None:
    catalog = build_catalog(newsroom([]), at("2026-01-09T00:00"))
    assert (issues(catalog), catalog.next_change, catalog.last_change) == ({}, None, None)
    first = article(1, "2026-01-01T12:00")
    later = catalog.apply_changes(newsroom([first]), at("2026-01-09T00:00"), added=[first])
    assert issues(later) == {"2026-01-02": ["a1"]}
    assert issues(later.apply_changes(newsroom([]), at("2026-01-09T00:00"), removed=[first])) == {}
    for day in ("2026-01-03", "2026-02-30", "0000-00-00", "0001-01-01", "9999-12-31", "x"):
        assert later.find_issue(DAILY, day) is None
    assert later.find_issue(ListingRef("custom", "other"), "2026-01-02") is None


def test_an_issue_of_a_tag_that_no_article_has_any_more_is_gone() -> None:
    tagged = article(1, "2026-01-01T12:00", tags=(Tag(id="trade", title="Trade"),))
    keys = {"include": Selection(tags=("trade",))}
    catalog = build_catalog(newsroom([tagged], **keys), at("2026-01-09T00:00"))
    assert issues(catalog) == {"2026-01-02": ["a1"]}
    without = replace(tagged, tags=())
    after = catalog.apply_changes(newsroom([without], **keys), at("2026-01-09T00:00"), removed=[tagged], added=[without])
    assert after.find_issue(DAILY, "2026-01-02") is None


def test_entries_and_max_age_count_issues() -> None:
    articles = [article(number, f"2026-01-{number // 2 + 1:02}T12:00") for number in range(1, 20)]
    now = at("2026-01-12T06:00")
    catalog = build_catalog(newsroom(articles, feed=FeedOverrides(entries=3)), now)
    assert [row.article.slug for row in catalog.listings[DAILY].feed_rows] == ["2026-01-11", "2026-01-10", "2026-01-09"]
    aging = build_catalog(newsroom(articles, max_age=3 * 24 * 3600), now)
    assert [row.article.slug for row in aging.listings[DAILY].feed_rows] == ["2026-01-11", "2026-01-10"]
    next_day = aging.apply_changes(aging.content, now + timedelta(days=1))
    assert aging.next_visible_change == now + timedelta(days=1)
    assert [row.article.slug for row in next_day.listings[DAILY].feed_rows] == ["2026-01-11"]
    # The article rows are the same objects: only an issue reached the age.
    assert all(one is other for one, other in zip(aging.visible.rows, next_day.visible.rows, strict=True))
    assert next_day.change
    assert [*next_day.change.rows_by_listing] == [DAILY]


def test_an_issue_with_very_many_articles_is_bounded() -> None:
    noon = at("2026-01-01T12:00")
    numbers = range(MAX_ISSUE_ARTICLES + 9)
    articles = [model_newsrooms.article(number, noon + number * SECOND) for number in numbers]
    row = issue(build_catalog(newsroom(articles), at("2026-01-03T00:00")), "2026-01-02")
    assert (len(row.articles), row.article_count) == (MAX_ISSUE_ARTICLES, MAX_ISSUE_ARTICLES + 9)
    assert row.articles[0].article.slug == f"a{MAX_ISSUE_ARTICLES + 8}"


def test_a_preview_has_the_issues_that_are_closed_with_drafts_in_them() -> None:
    content = newsroom(
        [
            article(1, "2026-01-01T12:00", status=ArticleStatus.DRAFT),
            article(2, "2026-01-05T12:00"),
            article(3, "2026-01-08T12:00"),
        ]
    )
    catalog = build_catalog(content, at("2026-01-03T00:00"), is_preview=True)
    assert issues(catalog) == {"2026-01-02": ["a1"]}
    assert catalog.next_visible_change == at("2026-01-05T12:00")
    later = catalog.apply_changes(content, at("2026-01-05T12:00"))
    assert later.next_visible_change == at("2026-01-06T06:00")


def calls_of_one_edit(size: int) -> Counter[str]:
    """Return the calls that an edit of the middle one of `size` articles takes, one a day, in a catalog with a digest."""
    articles = [model_newsrooms.article(number, model_newsrooms.START - timedelta(days=number)) for number in range(size)]
    content = newsroom(articles)
    before = build_catalog(content, model_newsrooms.START)
    old = articles[size // 2]
    new = replace(old, title="Another")
    changed = replace(content, articles=tuple(new if one is old else one for one in articles))
    later = model_newsrooms.START + timedelta(hours=1)
    return count_calls(lambda: before.apply_changes(changed, later, removed=[old], added=[new]))


@pytest.mark.slow
def test_the_work_of_an_edit_does_not_depend_on_the_number_of_issues() -> None:
    calls_of_one_edit(200)  # warm up caches
    assert calls_of_one_edit(3000) == calls_of_one_edit(200)


def naive_issues(catalog: Catalog, rows: Iterable[Row], schedule: IssueSchedule) -> dict[str, set[str]]:
    """Return the slugs of those of `rows` that each closed issue holds, found by the closing moments of all days."""
    zone, start = ZoneInfo(catalog.site.timezone), datetime(2025, 9, 1)  # noqa: DTZ001
    hours, minutes = divmod(schedule.minute_of_day, 60)
    days = [day for day in (start + timedelta(days=n) for n in range(MAX_DAYS)) if schedule.weekday in (None, day.weekday())]
    moments = {day.replace(hour=hours, minute=minutes, tzinfo=zone).astimezone(UTC): day.date().isoformat() for day in days}
    closing = sorted(moments)
    result: dict[str, set[str]] = {}
    for row in rows:
        closes = closing[bisect_right(closing, row.article.published)]
        if closes <= catalog.now:
            result.setdefault(moments[closes], set()).add(row.article.slug)
    return result


@pytest.mark.slow
@given(
    random=st.randoms(use_true_random=True),
    zone=st.sampled_from(("Europe/Berlin", "Australia/Lord_Howe", "Asia/Seoul", "Pacific/Apia", "America/New_York")),
    minute=st.integers(0, 1439),
    weekday=st.none() | st.integers(0, 6),
)
@settings(max_examples=30, deadline=None)
def test_members_equal_those_of_a_naive_filter_and_of_a_new_catalog_after_random_edits(
    random: Random, zone: str, minute: int, weekday: int | None
) -> None:
    schedule = IssueSchedule(minute_of_day=minute, weekday=weekday)
    content = newsroom([], schedule)
    editor = RandomEditor(random=random, content=replace(content, site=replace(content.site, timezone=zone)))
    catalog = build_catalog(editor.content, editor.now)
    for _ in range(10):
        removed, added = editor.edit()
        catalog = catalog.apply_changes(editor.content, editor.now, removed=removed, added=added)
        fresh = build_catalog(editor.content, editor.now)
        assert {day: set(slugs) for day, slugs in issues(catalog).items()} == naive_issues(
            catalog, catalog.visible.rows, schedule
        )
        assert [*catalog.listings[DAILY].rows] == [*fresh.listings[DAILY].rows]
        assert (catalog.last_change, catalog.next_change) == (fresh.last_change, fresh.next_change)
        for row in catalog.listings[DAILY].rows:
            assert isinstance(row, IssueRow)
            assert all(catalog.visible[shown.article.slug] is shown for shown in row.articles)
