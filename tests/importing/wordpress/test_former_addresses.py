"""Addresses of a site of WordPress, by the form of its permalinks: where they lead after an import of its export."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.importing.writer import ImportOptions, ImportReport, TermMapping, import_source
from feedsvc.publication.old_addresses import query_target, redirect_target
from tests.importing.wordpress.reading import open_export
from tests.importing.wordpress_export import SITE, WxrItem, write_export
from tests.importing.writer.memory_source import former_addresses, load

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EUROPE = [("category", "europe", "Europe &amp; Asia")]
ASIA = [("category", "asia", "Asia")]
ASIA_TERM = (
    "<wp:category><wp:term_id>37</wp:term_id><wp:category_nicename>asia</wp:category_nicename>"
    "<wp:cat_name>Asia</wp:cat_name></wp:category>"
)
R_AND_D = [("post_tag", "r-d", "R&amp;D")]


def run(root: Path, *items: WxrItem, site: str = SITE, extra: str = "", **options: Any) -> ImportReport:
    export = write_export(root / "export.xml", *items, site=site, extra=extra)
    return import_source(open_export(export), root / "n", ImportOptions(**{"now": NOW, **options}))


def target(root: Path, address: str) -> str:
    return redirect_target(build_catalog(load(root / "n"), NOW), address)


@pytest.mark.parametrize("site", [SITE, f"{SITE}/blog"])
def test_listings_and_feeds_below_index_php_lead_to_those_of_the_new_site(tmp_path: Path, site: str) -> None:
    link = f"{site}/index.php/2020/03/04/a/"
    run(tmp_path, WxrItem(number=1, link=link, terms=EUROPE + R_AND_D), site=site, base_url=SITE)
    front = f"{site.removeprefix(SITE)}/index.php"
    expected = {
        "/2020/03/04/a/": "/articles/a/",
        "/feed/": "/feed.rss",
        "/feed/atom/": "/feed.atom",
        "/category/world/europe/": "/category/europe/",
        "/category/europe/": "/category/europe/",
        "/category/world/europe/feed/": "/category/europe/feed.rss",
        "/category/europe/feed/atom/": "/category/europe/feed.atom",
        "/author/anna/": "/author/anna/",
        "/author/anna/feed/": "/author/anna/feed.rss",
        "/tag/r-d/feed/": "/tag/r-and-d/feed.rss",
        "/2020/03/": "/archive/2020/03/",
    }
    assert {path: target(tmp_path, f"{front}{path}") for path in expected} == expected


def query(root: Path, text: str) -> str:
    return query_target(build_catalog(load(root / "n"), NOW), "/", text)


def plain_items() -> tuple[WxrItem, ...]:
    """Return two posts and a page of a site with plain addresses."""
    return (
        WxrItem(number=1, slug="", link=f"{SITE}/?p=1", terms=[*ASIA, *R_AND_D]),
        WxrItem(number=2, slug="b", link=f"{SITE}/?p=2", author="anna"),
        WxrItem(number=6, slug="about", link=f"{SITE}/?page_id=6", post_type="page"),
    )


def test_subscribers_of_a_category_by_number_get_the_feed_of_the_category(tmp_path: Path) -> None:
    run(tmp_path, *plain_items(), extra=ASIA_TERM)
    expected = {
        "feed=rss2&cat=37": "/category/asia/feed.rss",
        "cat=37&feed=atom": "/category/asia/feed.atom",
        "cat=37": "/category/asia/",
        "cat=37&paged=2": "/category/asia/",
        "feed=rss2&author=2": "/author/anna/feed.rss",
        "author=2": "/author/anna/",
        "feed=rss2&tag=r-d": "/tag/r-and-d/feed.rss",
        "tag=r-d": "/tag/r-and-d/",
        "feed=rss2": "/feed.rss",
        "p=1": "/articles/a-title/",
    }
    assert {text: query(tmp_path, text) for text in expected} == expected


def test_listing_by_number_of_a_category_that_the_map_drops_is_gone(tmp_path: Path) -> None:
    run(tmp_path, *plain_items(), extra=ASIA_TERM, mapping=TermMapping(categories={"asia": None}))
    assert (query(tmp_path, "cat=37"), query(tmp_path, "feed=rss2&cat=37")) == ("gone", "gone")


def test_site_with_names_in_addresses_has_no_rules_for_numbers_of_listings(tmp_path: Path) -> None:
    items = (replace(item, link="") for item in plain_items())
    run(tmp_path, *items, extra=ASIA_TERM)
    assert not [old for old in former_addresses(tmp_path / "n") if "cat=" in old or "author=" in old or "&p=" in old]


def test_second_import_changes_no_link_to_a_page_at_its_address_without_index_php(tmp_path: Path) -> None:
    """Only the second import recognised the link, and changed every article that had it."""
    about = WxrItem(number=2, link=f"{SITE}/index.php/about/", post_type="page", slug="about")
    linking = WxrItem(number=1, link=f"{SITE}/index.php/2020/03/04/a/", content=f'<a href="{SITE}/about/">About</a>')
    run(tmp_path, linking, about)
    article = next((tmp_path / "n/articles").rglob("*.md"))
    text = article.read_text("utf-8")
    assert "(/about/)" in text
    assert run(tmp_path, linking, about).changed == []
    assert article.read_text("utf-8") == text
