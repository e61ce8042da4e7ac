"""Selecting and ordering: who is visible when, what stands where, and where the archives begin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.catalog.catalog import Catalog, Listing
from feedsvc.routes import ListingRef
from tests.helpers import newsrooms
from tests.helpers.newsrooms import NOW, article

SITE = ListingRef()


def catalogued(root: Path, *articles: Mapping[str, str | bytes], now: datetime = NOW, feed: str = "{entries: 3}") -> Catalog:
    site = f"title: T\nbase_url: https://t.example\nid_domain: t.example\nfeed: {feed}\n"
    files: dict[str, str | bytes] = {"site.yaml": site}
    for one in articles:
        files |= one
    return newsrooms.load_catalog(newsrooms.write(root, files), now)


def listing(root: Path, *articles: Mapping[str, str | bytes], now: datetime = NOW, feed: str = "{entries: 3}") -> Listing:
    return catalogued(root, *articles, now=now, feed=feed).listings[SITE]


def stems(found: Listing) -> list[str]:
    return [row.article.slug for row in found.feed_rows]


def test_newest_first_and_ties_by_id(tmp_path: Path) -> None:
    found = listing(tmp_path, article("b"), article("a"), article("c", "2026-01-02"))
    assert stems(found) == ["c", "a", "b"]


def test_a_scheduled_article_appears_in_its_very_second(tmp_path: Path) -> None:
    due = datetime(2026, 3, 1, 13, tzinfo=UTC)
    one = article("due", "2026-03-01T13:00:00Z")
    before = catalogued(tmp_path, one, now=due - timedelta(seconds=1))
    assert (before.next_change, list(before.visible)) == (due, [])
    after = catalogued(tmp_path, one, now=due)
    assert list(after.visible) == ["due"]


def test_an_article_that_turns_two_days_old_is_a_scheduled_change(tmp_path: Path) -> None:
    one = article("new", "2026-03-01T11:00:00Z")
    turns = datetime(2026, 3, 3, 11, tzinfo=UTC)
    before = catalogued(tmp_path, one, article("old"), now=turns - timedelta(seconds=1))
    assert ([row.article.slug for row in before.recent], before.next_change) == (["new"], turns)
    after = catalogued(tmp_path, one, now=turns)
    assert (after.recent, after.next_change) == ((), None)


def test_an_expired_article_vanishes_in_its_very_second(tmp_path: Path) -> None:
    end = datetime(2026, 3, 1, 13, tzinfo=UTC)
    one = article("short", expires="2026-03-01T13:00:00Z")
    assert list(catalogued(tmp_path, one, now=end - timedelta(seconds=1)).visible) == ["short"]
    gone = catalogued(tmp_path, one, now=end)
    assert (list(gone.visible), list(gone.withdrawn)) == ([], [])


def test_no_reader_sees_an_updated_of_the_future(tmp_path: Path) -> None:
    one = article("early", updated="2026-03-01T13:00:00Z")
    before = catalogued(tmp_path, one)
    assert before.visible["early"].last_changed == datetime(2026, 1, 1, tzinfo=UTC)
    assert before.next_change == datetime(2026, 3, 1, 13, tzinfo=UTC)
    after = catalogued(tmp_path, one, now=datetime(2026, 3, 1, 13, tzinfo=UTC))
    assert after.visible["early"].last_changed == datetime(2026, 3, 1, 13, tzinfo=UTC)


def test_a_withdrawn_article_counts_one_second_after_its_last_word(tmp_path: Path) -> None:
    one = article("gone", updated="2026-01-05T10:00:00Z", status="withdrawn", withdrawn="{date: 2026-01-02}")
    found = catalogued(tmp_path, one)
    assert found.withdrawn["gone"].last_changed == datetime(2026, 1, 5, 10, 0, 1, tzinfo=UTC)
    assert found.visible == {}


def test_a_withdrawal_dated_in_the_future_hides_at_once_and_marks_later(tmp_path: Path) -> None:
    one = article("gone", status="withdrawn", withdrawn="{date: 2026-03-02}")
    now = catalogued(tmp_path, one)
    assert (list(now.visible), list(now.withdrawn)) == ([], ["gone"])
    assert now.listings[SITE].rows[0].visibility.value == "ghost"
    later = catalogued(tmp_path, one, now=datetime(2026, 3, 2, tzinfo=UTC))
    assert later.listings[SITE].rows[0].visibility.value == "withdrawn"


def test_what_was_never_public_leaves_no_tombstone(tmp_path: Path) -> None:
    one = article("never", "2026-04-01", status="withdrawn")
    found = catalogued(tmp_path, one)
    assert (found.withdrawn, [*found.listings[SITE].rows]) == ({}, [])


def test_the_feed_holds_so_many_visible_entries_and_what_stands_between(tmp_path: Path) -> None:
    gone = [article(f"gone{day}", f"2026-01-{day:02}", status="withdrawn") for day in (11, 9, 3)]
    kept = [article(f"day{day}", f"2026-01-{day:02}") for day in (12, 10, 8, 6)]
    found = listing(tmp_path, *gone, *kept)
    assert stems(found) == ["day12", "gone11", "day10", "gone9", "day8"]


@pytest.mark.parametrize("option", ["none", "site", "all"])
def test_archives_stand_where_site_yaml_says(tmp_path: Path, option: str) -> None:
    days = [article(f"day{day}", f"2026-01-{day:02}", tags="[t]") for day in range(1, 6)]
    found = catalogued(tmp_path, *days, feed=f"{{entries: 3, archives: {option}}}")
    assert bool(found.listings[SITE].archive) == (option != "none")
    assert bool(found.listings[ListingRef("tag", "t")].archive) == (option == "all")


def test_prev_archive_is_the_newest_month_the_feed_does_not_wholly_hold(tmp_path: Path) -> None:
    months = [article(f"m{month}d{day}", f"2025-{month:02}-{day:02}") for month in (9, 10, 11) for day in (1, 2)]
    found = listing(tmp_path, *months)
    assert stems(found) == ["m11d2", "m11d1", "m10d2"]
    assert found.prev_archive == "2025-10"
    assert list(found.archive) == ["2025-10", "2025-09"]
    assert found.archive_index.neighbours == {"2025-10": ("2025-09", ""), "2025-09": ("", "2025-10")}


def test_a_lone_archive_gets_the_next_newer_month_for_company(tmp_path: Path) -> None:
    days = [article(f"new{day}", f"2025-11-{day:02}") for day in (1, 2, 3)]
    found = listing(tmp_path, *days, article("old", "2025-10-01"))
    assert found.prev_archive == "2025-10"
    assert list(found.archive) == ["2025-11", "2025-10"]


def test_older_pages_stand_even_where_feeds_have_no_archive(tmp_path: Path) -> None:
    days = [article(f"day{day}", f"2026-01-{day:02}") for day in range(1, 6)]
    found = listing(tmp_path, *days, feed="{entries: 3, archives: none}")
    assert (found.prev_archive, found.archive, list(found.page_index)) == ("", {}, ["2026"])


def test_a_feed_that_holds_everything_has_no_archive(tmp_path: Path) -> None:
    found = listing(tmp_path, article("a"), article("b"))
    assert (found.prev_archive, found.archive, found.archive_index.neighbours, found.page_index) == ("", {}, {}, {})


def test_months_are_those_of_the_sites_own_zone(tmp_path: Path) -> None:
    root = newsrooms.write_sample(tmp_path)
    found = newsrooms.load_catalog(root).listings[SITE]
    assert [row.article.slug for row in found.archive["2025-12"]] == ["december"]


def test_a_month_of_over_500_entries_is_archived_by_day(tmp_path: Path) -> None:
    hours = [article(f"d{day}n{i}", f"2025-11-{day:02}T00:{i % 60:02}:{i // 60:02}Z") for day in (1, 2) for i in range(251)]
    found = listing(tmp_path, *hours, article("old", "2025-10-01"))
    assert list(found.archive) == ["2025-11-02", "2025-11-01", "2025-10"]
    assert (found.archive_index.redirect_target("2025-11"), found.archive_index.redirect_target("2025-10")) == ("2025-11-02", "")


def test_the_pages_of_a_year_of_up_to_100_articles_are_one(tmp_path: Path) -> None:
    """An author who writes twice a month had a page for each month, with two cards on it."""
    seldom = [article(f"s{n}", f"2024-{n % 12 + 1:02}-{n // 12 + 1:02}") for n in range(100)]
    often = [article(f"o{n}", f"2025-{n % 2 + 3:02}-{n // 4 + 1:02}") for n in range(101)]
    gone = [article(f"g{n}", f"2024-01-{n + 1:02}", status="withdrawn") for n in range(5)]
    found = listing(tmp_path, *seldom, *often, *gone)
    assert list(found.page_index) == ["2025-04", "2025-03", "2024"]
    assert {row.article.slug[0] for row in found.page_index["2024"]} == {"s", "g"}
    assert found.page_index.neighbours["2025-03"] == ("2024", "2025-04")
    assert (found.page_index.redirect_target("2025"), found.page_index.redirect_target("2024")) == ("2025-04", "")
    assert (
        found.page_index.redirect_target("2024-01"),
        found.page_index.redirect_target("2025-04"),
        found.page_index.redirect_target("2023-01"),
    ) == ("2024", "", "")
    assert list(found.archive)[-1] == "2024-01"


def test_a_tag_is_called_as_it_is_spelled_most_often(tmp_path: Path) -> None:
    spelled = [article(f"a{i}", tags=f"[{tag}]") for i, tag in enumerate(["South Korea", "south-korea", "South Korea"])]
    found = catalogued(tmp_path, *spelled, article("draft", tags="[south-korea, hidden]", status="draft"))
    tags = {ref.id: one.title for ref, one in found.listings.items() if ref.kind == "tag"}
    assert tags == {"south-korea": "South Korea"}


def test_a_tags_feed_lives_on_when_its_last_article_has_gone(tmp_path: Path) -> None:
    expired = article("expired", expires="2026-01-02", tags="[once]")
    withdrawn = article("withdrawn", status="withdrawn", tags="[twice]")
    found = catalogued(tmp_path, expired, withdrawn, article("later", "2027-01-01", tags="[never]"))
    assert [ref.id for ref in found.listings if ref.kind == "tag"] == ["once", "twice"]


def test_only_what_something_public_shows_is_served_from_media(tmp_path: Path) -> None:
    found = newsrooms.load_catalog(newsrooms.write_sample(tmp_path))
    assert sorted(found.media) == ["media/inside.png", "media/lead.jpg", "media/logo.png", "media/paper.pdf", "media/talk.mp3"]
    later = newsrooms.load_catalog(tmp_path, NOW + timedelta(days=1))
    assert "media/secret.jpg" in later.media


def test_a_feeds_updated_never_goes_back_when_its_newest_article_goes(tmp_path: Path) -> None:
    def updated(*articles: Mapping[str, str | bytes], now: datetime = NOW) -> datetime:
        return max(row.last_changed for row in listing(tmp_path, *articles, now=now).feed_rows)

    old, new = article("old"), article("new", "2026-02-01")
    before = updated(old, new)
    assert updated(old, article("new", "2026-02-01", status="withdrawn")) > before
    assert updated(old, article("new", "2026-02-01", expires="2026-02-20")) > before


def test_the_words_of_a_tag_leave_with_its_last_visible_article(tmp_path: Path) -> None:
    gone = article("gone", status="withdrawn", tags="[Jane Doe]")
    found = catalogued(tmp_path, gone, article("here", tags="[kept]"))
    assert found.listings[ListingRef("tag", "jane-doe")].title == "jane-doe"
    assert [one.ref.id for one in found.indexable_listings if one.ref.kind == "tag"] == ["kept"]


def test_a_catalog_holds_between_two_changes(tmp_path: Path) -> None:
    found = catalogued(tmp_path, article("due", "2026-03-02T00:00:00Z"), article("old", "2026-01-01T00:00:00Z"))
    assert (found.last_change, found.next_change) == (datetime(2026, 1, 3, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
