"""Visibility of articles at a moment, their order, and the begin of the archives of a listing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.catalog.catalog import Catalog
from feedsvc.catalog.listing import Listing
from feedsvc.routes import ListingRef
from tests.helpers import newsrooms
from tests.helpers.newsrooms import NOW, article

SITE_LISTING = ListingRef()


def load_catalog(root: Path, *articles: Mapping[str, str | bytes], now: datetime = NOW, feed: str = "{entries: 3}") -> Catalog:
    """Return the catalog of a site with these article files."""
    site = f"title: T\nbase_url: https://t.example\nid_domain: t.example\nfeed: {feed}\n"
    files: dict[str, str | bytes] = {"site.yaml": site}
    for article_files in articles:
        files |= article_files
    return newsrooms.load_catalog(newsrooms.write(root, files), now)


def site_listing(root: Path, *articles: Mapping[str, str | bytes], now: datetime = NOW, feed: str = "{entries: 3}") -> Listing:
    return load_catalog(root, *articles, now=now, feed=feed).listings[SITE_LISTING]


def slugs_in_feed(listing: Listing) -> list[str]:
    return [row.article.slug for row in listing.feed_rows]


def test_a_feed_is_sorted_newest_first_and_then_by_id(tmp_path: Path) -> None:
    listing = site_listing(tmp_path, article("b"), article("a"), article("c", "2026-01-02"))
    assert slugs_in_feed(listing) == ["c", "a", "b"]


def test_a_scheduled_article_is_visible_from_the_second_of_its_publication(tmp_path: Path) -> None:
    due = datetime(2026, 3, 1, 13, tzinfo=UTC)
    scheduled = article("due", "2026-03-01T13:00:00Z")
    before = load_catalog(tmp_path, scheduled, now=due - timedelta(seconds=1))
    assert (before.next_change, list(before.visible)) == (due, [])
    after = load_catalog(tmp_path, scheduled, now=due)
    assert list(after.visible) == ["due"]


def test_an_article_leaves_the_recent_articles_after_two_days(tmp_path: Path) -> None:
    new = article("new", "2026-03-01T11:00:00Z")
    end_of_news_age = datetime(2026, 3, 3, 11, tzinfo=UTC)
    before = load_catalog(tmp_path, new, article("old"), now=end_of_news_age - timedelta(seconds=1))
    assert ([row.article.slug for row in before.recent], before.next_change) == (["new"], end_of_news_age)
    after = load_catalog(tmp_path, new, now=end_of_news_age)
    assert (after.recent, after.next_change) == ((), None)


def test_an_article_is_hidden_from_the_second_of_its_expiry(tmp_path: Path) -> None:
    end = datetime(2026, 3, 1, 13, tzinfo=UTC)
    short = article("short", expires="2026-03-01T13:00:00Z")
    assert list(load_catalog(tmp_path, short, now=end - timedelta(seconds=1)).visible) == ["short"]
    expired = load_catalog(tmp_path, short, now=end)
    assert (list(expired.visible), list(expired.withdrawn)) == ([], [])


def test_an_update_date_in_the_future_counts_from_that_moment_on(tmp_path: Path) -> None:
    early = article("early", updated="2026-03-01T13:00:00Z")
    before = load_catalog(tmp_path, early)
    assert before.visible["early"].last_changed == datetime(2026, 1, 1, tzinfo=UTC)
    assert before.next_change == datetime(2026, 3, 1, 13, tzinfo=UTC)
    after = load_catalog(tmp_path, early, now=datetime(2026, 3, 1, 13, tzinfo=UTC))
    assert after.visible["early"].last_changed == datetime(2026, 3, 1, 13, tzinfo=UTC)


def test_a_withdrawal_dated_before_the_last_update_counts_one_second_after_the_update(tmp_path: Path) -> None:
    withdrawn = article("gone", updated="2026-01-05T10:00:00Z", status="withdrawn", withdrawn="{date: 2026-01-02}")
    catalog = load_catalog(tmp_path, withdrawn)
    assert catalog.withdrawn["gone"].last_changed == datetime(2026, 1, 5, 10, 0, 1, tzinfo=UTC)
    assert catalog.visible == {}


def test_a_withdrawal_dated_in_the_future_hides_the_article_at_once_and_is_announced_on_its_date(tmp_path: Path) -> None:
    withdrawn = article("gone", status="withdrawn", withdrawn="{date: 2026-03-02}")
    now = load_catalog(tmp_path, withdrawn)
    assert (list(now.visible), list(now.withdrawn)) == ([], ["gone"])
    assert now.listings[SITE_LISTING].rows[0].visibility.value == "hidden"
    later = load_catalog(tmp_path, withdrawn, now=datetime(2026, 3, 2, tzinfo=UTC))
    assert later.listings[SITE_LISTING].rows[0].visibility.value == "withdrawn"


def test_an_article_withdrawn_before_its_publication_has_no_tombstone(tmp_path: Path) -> None:
    never_public = article("never", "2026-04-01", status="withdrawn")
    catalog = load_catalog(tmp_path, never_public)
    assert (catalog.withdrawn, [*catalog.listings[SITE_LISTING].rows]) == ({}, [])


def test_withdrawn_articles_do_not_count_for_the_number_of_entries_in_a_feed(tmp_path: Path) -> None:
    withdrawn = [article(f"gone{day}", f"2026-01-{day:02}", status="withdrawn") for day in (11, 9, 3)]
    visible = [article(f"day{day}", f"2026-01-{day:02}") for day in (12, 10, 8, 6)]
    listing = site_listing(tmp_path, *withdrawn, *visible)
    assert slugs_in_feed(listing) == ["day12", "gone11", "day10", "gone9", "day8"]


@pytest.mark.parametrize("option", ["none", "site", "all"])
def test_listings_have_archives_as_the_option_in_site_yaml_says(tmp_path: Path, option: str) -> None:
    days = [article(f"day{day}", f"2026-01-{day:02}", tags="[t]") for day in range(1, 6)]
    catalog = load_catalog(tmp_path, *days, feed=f"{{entries: 3, archives: {option}}}")
    assert bool(catalog.listings[SITE_LISTING].archive) == (option != "none")
    assert bool(catalog.listings[ListingRef("tag", "t")].archive) == (option == "all")


def test_prev_archive_is_the_newest_month_that_is_not_completely_in_the_feed(tmp_path: Path) -> None:
    months = [article(f"m{month}d{day}", f"2025-{month:02}-{day:02}") for month in (9, 10, 11) for day in (1, 2)]
    listing = site_listing(tmp_path, *months)
    assert slugs_in_feed(listing) == ["m11d2", "m11d1", "m10d2"]
    assert listing.prev_archive == "2025-10"
    assert list(listing.archive) == ["2025-10", "2025-09"]
    assert listing.archive_index.neighbours == {"2025-10": ("2025-09", ""), "2025-09": ("", "2025-10")}


def test_a_feed_with_one_older_month_also_archives_the_next_newer_month(tmp_path: Path) -> None:
    days = [article(f"new{day}", f"2025-11-{day:02}") for day in (1, 2, 3)]
    listing = site_listing(tmp_path, *days, article("old", "2025-10-01"))
    assert listing.prev_archive == "2025-10"
    assert list(listing.archive) == ["2025-11", "2025-10"]


def test_pages_of_older_articles_exist_without_feed_archives(tmp_path: Path) -> None:
    days = [article(f"day{day}", f"2026-01-{day:02}") for day in range(1, 6)]
    listing = site_listing(tmp_path, *days, feed="{entries: 3, archives: none}")
    assert (listing.prev_archive, listing.archive, list(listing.page_index)) == ("", {}, ["2026"])


def test_a_feed_with_all_articles_has_no_archive_and_no_older_pages(tmp_path: Path) -> None:
    listing = site_listing(tmp_path, article("a"), article("b"))
    assert (listing.prev_archive, listing.archive, listing.archive_index.neighbours, listing.page_index) == ("", {}, {}, {})


def test_archives_use_the_months_of_the_sites_time_zone(tmp_path: Path) -> None:
    root = newsrooms.write_sample(tmp_path)
    listing = newsrooms.load_catalog(root).listings[SITE_LISTING]
    assert [row.article.slug for row in listing.archive["2025-12"]] == ["december"]


def test_a_month_of_over_500_entries_is_archived_by_day(tmp_path: Path) -> None:
    hours = [article(f"d{day}n{i}", f"2025-11-{day:02}T00:{i % 60:02}:{i // 60:02}Z") for day in (1, 2) for i in range(251)]
    listing = site_listing(tmp_path, *hours, article("old", "2025-10-01"))
    assert list(listing.archive) == ["2025-11-02", "2025-11-01", "2025-10"]
    assert (listing.archive_index.redirect_target("2025-11"), listing.archive_index.redirect_target("2025-10")) == (
        "2025-11-02",
        "",
    )


def test_day_of_a_month_with_500_entries_or_of_a_small_year_redirects_to_the_longer_period(tmp_path: Path) -> None:
    hours = [article(f"d{day}n{i}", f"2025-11-{day:02}T00:{i % 60:02}:{i // 60:02}Z") for day in (1, 2) for i in range(250)]
    listing = site_listing(tmp_path, *hours, article("old", "2024-10-01"))
    days = ("2025-11-01", "2025-11-02", "2025-10-01", "2024-10-01")
    assert [*map(listing.archive_index.redirect_target, days)] == ["2025-11", "2025-11", "", "2024-10"]
    assert [*map(listing.page_index.redirect_target, days)] == ["2025-11", "2025-11", "", "2024"]


def test_a_year_of_up_to_100_articles_has_one_page(tmp_path: Path) -> None:
    """An author who wrote twice a month had a page for each month, with two cards on it."""
    first_year = [article(f"s{n}", f"2024-{n % 12 + 1:02}-{n // 12 + 1:02}") for n in range(100)]
    second_year = [article(f"o{n}", f"2025-{n % 2 + 3:02}-{n // 4 + 1:02}") for n in range(101)]
    withdrawn = [article(f"g{n}", f"2024-01-{n + 1:02}", status="withdrawn") for n in range(5)]
    listing = site_listing(tmp_path, *first_year, *second_year, *withdrawn)
    assert list(listing.page_index) == ["2025-04", "2025-03", "2024"]
    assert {row.article.slug[0] for row in listing.page_index["2024"]} == {"s", "g"}
    assert listing.page_index.neighbours["2025-03"] == ("2024", "2025-04")
    assert (listing.page_index.redirect_target("2025"), listing.page_index.redirect_target("2024")) == ("2025-04", "")
    assert (
        listing.page_index.redirect_target("2024-01"),
        listing.page_index.redirect_target("2025-04"),
        listing.page_index.redirect_target("2023-01"),
    ) == ("2024", "", "")
    assert list(listing.archive)[-1] == "2024-01"


def test_a_tag_has_the_title_that_most_visible_articles_use(tmp_path: Path) -> None:
    articles = [article(f"a{i}", tags=f"[{tag}]") for i, tag in enumerate(["South Korea", "south-korea", "South Korea"])]
    catalog = load_catalog(tmp_path, *articles, article("draft", tags="[south-korea, hidden]", status="draft"))
    tags = {ref.id: listing.title for ref, listing in catalog.listings.items() if ref.kind == "tag"}
    assert tags == {"south-korea": "South Korea"}


def test_the_feed_of_a_tag_remains_when_its_last_article_expired_or_was_withdrawn(tmp_path: Path) -> None:
    expired = article("expired", expires="2026-01-02", tags="[once]")
    withdrawn = article("withdrawn", status="withdrawn", tags="[twice]")
    catalog = load_catalog(tmp_path, expired, withdrawn, article("later", "2027-01-01", tags="[never]"))
    assert [ref.id for ref in catalog.listings if ref.kind == "tag"] == ["once", "twice"]


def test_only_media_files_that_a_visible_page_uses_are_served(tmp_path: Path) -> None:
    catalog = newsrooms.load_catalog(newsrooms.write_sample(tmp_path))
    assert sorted(catalog.media) == ["media/inside.png", "media/lead.jpg", "media/logo.png", "media/paper.pdf", "media/talk.mp3"]
    later = newsrooms.load_catalog(tmp_path, NOW + timedelta(days=1))
    assert "media/secret.jpg" in later.media


def test_the_update_date_of_a_feed_does_not_decrease_when_its_newest_article_is_hidden(tmp_path: Path) -> None:
    def updated(*articles: Mapping[str, str | bytes], now: datetime = NOW) -> datetime:
        return max(row.last_changed for row in site_listing(tmp_path, *articles, now=now).feed_rows)

    old, new = article("old"), article("new", "2026-02-01")
    before = updated(old, new)
    assert updated(old, article("new", "2026-02-01", status="withdrawn")) > before
    assert updated(old, article("new", "2026-02-01", expires="2026-02-20")) > before


def test_the_title_of_a_tag_without_visible_articles_is_its_slug(tmp_path: Path) -> None:
    withdrawn = article("gone", status="withdrawn", tags="[Jane Doe]")
    catalog = load_catalog(tmp_path, withdrawn, article("here", tags="[kept]"))
    assert catalog.listings[ListingRef("tag", "jane-doe")].title == "jane-doe"
    assert [listing.ref.id for listing in catalog.indexable_listings if listing.ref.kind == "tag"] == ["kept"]


def test_a_catalog_knows_the_moments_of_the_last_and_the_next_change(tmp_path: Path) -> None:
    catalog = load_catalog(tmp_path, article("due", "2026-03-02T00:00:00Z"), article("old", "2026-01-01T00:00:00Z"))
    assert (catalog.last_change, catalog.next_change) == (datetime(2026, 1, 3, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))


def test_a_withdrawn_article_keeps_its_aliases_and_an_expired_one_or_a_draft_has_none(tmp_path: Path) -> None:
    withdrawn = article("gone", aliases="[former-gone]", status="withdrawn")
    expired = article("short", aliases="[former-short]", expires="2026-01-02")
    draft = article("draft", aliases="[former-draft]", status="draft")
    catalog = load_catalog(tmp_path, withdrawn, expired, draft)
    assert {name for kind, name in catalog.redirects if kind == "article"} == {"former-gone"}
