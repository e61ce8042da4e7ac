"""Exports of sites in several languages, as the plug-in Polylang keeps them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc.importing.wordpress import FeedHolding, WordPressFeed, former_feeds, open_wordpress_export
from feedsvc.importing.wordpress.languages import sort_languages
from feedsvc.importing.writer import ImportOptions, import_source
from tests.importing.wordpress.reading import read_all
from tests.importing.wordpress_export import SITE, WxrItem, write_export
from tests.importing.writer.memory_source import articles, files, load

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def item(number: int, language: str, group: str = "", **facts: str) -> WxrItem:
    """Return a post in a language of the plug-in, below /de/ if that is German; `group` joins translations."""
    terms = [("language", language, language.upper())] + ([("post_translations", group, group)] if group else [])
    prefix = "" if language == "en" else f"/{language}"
    slug = f"title-{number}"
    return WxrItem(number=number, slug=slug, link=f"{SITE}{prefix}/{slug}/", terms=terms, **facts)  # type: ignore[arg-type]


ITEMS = (item(1, "de", "pll_a"), item(2, "en", "pll_a"), item(3, "fr", "pll_a"), item(4, "de", "pll_b"), item(5, "fr", "pll_b"))
ALONE = item(6, "en")


def test_translations_name_the_post_in_the_main_language_or_else_the_oldest(tmp_path: Path) -> None:
    posts, omissions = read_all(write_export(tmp_path / "export.xml", *ITEMS, ALONE))
    first, third = "http://paper.example/?p=2", "http://paper.example/?p=4"
    assert {number: post.translation_of for number, post in posts.items()} == dict(
        zip("123456", (first, "", first, "", third, ""), strict=True)
    )
    assert omissions == []


def test_site_has_the_languages_of_published_posts_the_main_one_first(tmp_path: Path) -> None:
    draft = item(7, "ko", status="draft")
    assert open_wordpress_export(write_export(tmp_path / "export.xml", *ITEMS, draft)).site.languages == ("en", "de", "fr")
    assert open_wordpress_export(write_export(tmp_path / "one.xml", ALONE, draft)).site.languages == ()


@pytest.mark.parametrize(
    ("counts", "site_language", "expected"),
    [
        ({"de": 2, "en": 1}, "en-US", ("en", "de")),
        ({"en-gb": 1, "en": 1}, "en_GB", ("en-gb", "en")),
        ({"de": 1, "fr": 2}, "en-US", ("fr", "de")),
        ({"de": 1, "fr": 1}, "", ("de", "fr")),
        ({"de": 1}, "de", ()),
        ({"de": 1, "français": 1}, "de", ()),
    ],
)
def test_main_language_is_that_of_the_channel_or_of_most_posts(
    counts: dict[str, int], site_language: str, expected: tuple[str, ...]
) -> None:
    assert sort_languages(Counter(counts), site_language) == expected


def test_feeds_of_languages(tmp_path: Path) -> None:
    feeds = {feed.path: feed for feed in former_feeds(open_wordpress_export(write_export(tmp_path / "e.xml", *ITEMS)).site)}
    assert feeds["/de/feed/"] == WordPressFeed("/de/feed/", "rss", FeedHolding.LANGUAGE, "de")
    assert feeds["/de/feed/atom/"].format == "atom"
    assert feeds["/?lang=de&feed=rss2"].key == "de"
    assert feeds["/de/comments/feed/"].holding is FeedHolding.COMMENTS


def test_subscribers_of_each_language_get_the_articles_in_it_and_translations_stay_joined(tmp_path: Path) -> None:
    source = open_wordpress_export(write_export(tmp_path / "export.xml", *ITEMS, ALONE))
    root = tmp_path / "newsroom"
    import_source(source, root, ImportOptions(now=NOW))
    found = articles(root)
    assert [found[f"http://paper.example/?p={number}"].translation_of for number in (1, 2)] == ["http://paper.example/?p=2", ""]
    rules = load(root).redirects
    assert rules.exact["/feed/"] == "/language/en/feed.rss"  # the feed had no posts in other languages
    assert rules.exact["/feed/atom/"] == "/language/en/feed.atom"
    assert rules.exact["/de/feed/"] == "/language/de/feed.rss"
    assert rules.exact["/de/"] == "/language/de/"
    assert rules.exact["/de/comments/feed/"] == "gone"
    assert rules.exact["/de/title-1/"] == "/articles/title-1/"
    for former, target in {
        "/de/category/world/europe/feed/": "/category/europe/feed.rss",
        "/de/category/europe/feed/": "/category/europe/feed.rss",
        "/de/category/europe/": "/category/europe/",
        "/de/page/2/": "/language/de/",
    }.items():
        assert target in rules.pattern_targets(former)
    before = files(root)
    import_source(source, root, ImportOptions(now=NOW))
    assert files(root) == before
