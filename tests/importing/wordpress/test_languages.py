"""Exports of sites in several languages, as the plug-in Polylang keeps them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.lint import lint_content
from feedsvc.importing.wordpress.site_facts import sort_languages
from feedsvc.importing.writer import ImportOptions, ImportReport, TermMapping, import_source
from feedsvc.publication.old_addresses import redirect_target
from tests.importing.wordpress.reading import open_export
from tests.importing.wordpress_export import SITE, WxrItem, write_export
from tests.importing.writer.memory_source import articles, files, former_addresses, load

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def item(number: int, language: str, group: str = "", **facts: Any) -> WxrItem:
    """Return a post in a language of the plug-in, below /de/ if that is German; `group` joins translations."""
    terms = [("language", language, language.upper())] + ([("post_translations", group, group)] if group else [])
    prefix = "" if language == "en" else f"/{language}"
    slug = f"title-{number}"
    return WxrItem(number=number, slug=slug, link=f"{SITE}{prefix}/{slug}/", terms=terms, **facts)


ITEMS = (item(1, "de", "pll_a"), item(2, "en", "pll_a"), item(3, "fr", "pll_a"), item(4, "de", "pll_b"), item(5, "fr", "pll_b"))
ALONE = item(6, "en")


def test_site_has_the_languages_of_published_posts_the_main_one_first(tmp_path: Path) -> None:
    draft = item(7, "ko", status="draft")
    assert open_export(write_export(tmp_path / "export.xml", *ITEMS, draft)).site.languages == ("en", "de", "fr")
    assert open_export(write_export(tmp_path / "one.xml", ALONE, draft)).site.languages == ()


@pytest.mark.parametrize(
    ("counts", "site_language", "expected"),
    [
        ({"de": 2, "en": 1}, "en-US", ("en", "de")),
        ({"en-gb": 1, "en": 1}, "en_GB", ("en-gb", "en")),
        ({"de": 1, "fr": 2}, "en-US", ("fr", "de")),
        ({"de": 1, "fr": 1}, "", ("de", "fr")),
        ({"de": 1}, "de", ()),
        ({"de": 1, "français": 1}, "de", ()),
        ({"de": 1, "fr_ca": 1}, "fr-CA", ("fr_ca", "de")),
    ],
)
def test_main_language_is_that_of_the_channel_or_of_most_posts(
    counts: dict[str, int], site_language: str, expected: tuple[str, ...]
) -> None:
    assert sort_languages(Counter(counts), site_language) == expected


def test_subscribers_of_each_language_get_the_articles_in_it(tmp_path: Path) -> None:
    source = open_export(write_export(tmp_path / "export.xml", *ITEMS, ALONE))
    root = tmp_path / "newsroom"
    import_source(source, root, ImportOptions(now=NOW))
    rules = former_addresses(root)
    assert rules["/feed/"] == "/language/en/feed.rss"  # the feed had no posts in other languages
    assert rules["/feed/atom/"] == "/language/en/feed.atom"
    assert rules["/de/feed/"] == "/language/de/feed.rss"
    assert rules["/de/"] == "/language/de/"
    assert rules["/de/title-1/"] == "/articles/title-1/"
    catalog = build_catalog(load(root), NOW)
    for former, target in {
        "/de/category/world/europe/feed/": "/category/europe/feed.rss",
        "/de/category/europe/feed/": "/category/europe/feed.rss",
        "/de/category/europe/": "/category/europe/",
        "/de/page/2/": "/language/de/",
    }.items():
        assert redirect_target(catalog, former) == target
    before = files(root)
    import_source(source, root, ImportOptions(now=NOW))
    assert files(root) == before


def run(root: Path, tmp_path: Path, *items: WxrItem, since: datetime | None = None) -> ImportReport:
    """Import an export with these items into `root`."""
    source = open_export(write_export(tmp_path / "export.xml", *items))
    return import_source(source, root, ImportOptions(now=NOW, since=since))


def page(number: int, slug: str, path: str, language: str, content: str = "<p>Welcome</p>") -> WxrItem:
    terms = [("language", language, language.upper())]
    return WxrItem(number=number, slug=slug, link=f"{SITE}{path}", terms=terms, post_type="page", content=content)


def test_language_whose_front_page_is_a_public_page_keeps_its_feeds_and_all_rules_are_reached(tmp_path: Path) -> None:
    root = tmp_path / "n"
    run(root, tmp_path, *ITEMS, ALONE, page(20, "de", "/de/", "de"), page(21, "fr", "/fr/", "fr", ""))
    exact = former_addresses(root)
    assert "/de/" not in exact
    assert (exact["/de/feed/"], exact["/de/feed/atom/"]) == ("/language/de/feed.rss", "/language/de/feed.atom")
    assert exact["/fr/"] == "/language/fr/"  # that page has no text, so it is a draft
    assert rule_warnings(root) == []


def test_feeds_of_a_dropped_category_are_gone_at_the_addresses_of_every_language(tmp_path: Path) -> None:
    terms = (("category", "europe", "Europe"), ("category", "world", "World"))
    items = [replace(one, terms=(*one.terms, *terms)) for one in ITEMS]
    source = open_export(write_export(tmp_path / "export.xml", *items, ALONE))
    import_source(source, tmp_path / "n", ImportOptions(now=NOW, mapping=TermMapping(categories={"europe": None})))
    catalog = build_catalog(load(tmp_path / "n"), NOW)
    for prefix in ("", "/de", "/fr", "/en"):
        for parents in ("", "/world"):
            for feed in ("", "feed/", "feed/atom/", "feed/rdf/"):
                assert redirect_target(catalog, f"{prefix}/category{parents}/europe/{feed}") == "gone"
        assert redirect_target(catalog, f"{prefix}/category/world/feed/") == "/category/world/feed.rss"


def test_addresses_below_language_lead_to_the_listings_of_languages(tmp_path: Path) -> None:
    """Polylang keeps "/language/" in addresses unless it is set to remove it."""
    root, items = tmp_path / "n", [in_folder(one) for one in (*ITEMS, item(7, "fr_ca"))]
    run(root, tmp_path, *items, ALONE)
    catalog = build_catalog(load(root), NOW)
    for address, target in {
        "/language/de/feed/atom/": "/language/de/feed.atom",
        "/language/de/feed/rdf/": "/language/de/feed.rss",
        "/language/de/feed/": "/language/de/feed.rss",
        "/language/de/atom/": "/language/de/feed.atom",
        "/language/fr_ca/": "/language/fr-CA/",
        "/language/fr_ca/feed/": "/language/fr-CA/feed.rss",
        "/language/de/title-1/": "/articles/title-1/",
        "/language/de/category/europe/feed/": "/category/europe/feed.rss",
        "/language/de/page/9/": "/language/de/",
        "/language/en/feed/atom/": "/language/en/feed.atom",
    }.items():
        assert redirect_target(catalog, address) == target
    assert rule_warnings(root) == []
    before = files(root)
    run(root, tmp_path, ALONE)  # has no address below /language/
    assert files(root) == before


def rule_warnings(root: Path) -> list[str]:
    return [problem.message for problem in lint_content(load(root), root, NOW) if "never reached" in problem.message]


def in_folder(one: WxrItem) -> WxrItem:
    language = one.terms[0][1]
    prefix = "" if language == "en" else f"/language/{language}"
    return replace(one, link=f"{SITE}{prefix}/{one.slug}/")


def test_language_with_an_underscore_in_its_name_has_the_listing_of_its_tag(tmp_path: Path) -> None:
    run(tmp_path / "n", tmp_path, item(1, "en"), item(2, "fr_ca"))
    content = load(tmp_path / "n")
    assert content.redirects.exact["/fr_ca/feed/"] == "/language/fr-CA/feed.rss"
    assert {article.language for article in content.articles} == {"en", "fr-CA"}


def test_two_posts_of_a_work_in_one_language_are_both_published_and_the_second_is_in_the_report(tmp_path: Path) -> None:
    items = item(1, "en", "pll_a"), item(2, "de", "pll_a"), item(3, "de", "pll_a"), item(4, "en", "pll_a")
    report = run(tmp_path / "n", tmp_path, *items)
    found = articles(tmp_path / "n")
    joined = [found[f"http://paper.example/?p={number}"].translation_of for number in range(1, 5)]
    assert joined == ["", "http://paper.example/?p=1", "", ""]
    assert [omission.what for omission in report.omissions if "translation" in omission.what] == [
        'post "A title" (number 3): translation',
        'post "A title" (number 4): translation',
    ]


def test_translation_of_a_post_in_the_trash_is_an_original(tmp_path: Path) -> None:
    run(tmp_path / "n", tmp_path, item(1, "en", "pll_a", status="trash"), item(2, "de", "pll_a"), item(3, "fr", "pll_a"))
    found = articles(tmp_path / "n")
    assert found["http://paper.example/?p=3"].translation_of == "http://paper.example/?p=2"
