"""The news sitemap and robots.txt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest

from feedsvc import discovery
from tests.discovery.sitemap_documents import BASE_URL, SITE, assert_valid, lastmod_by_url, load_catalog, news_entries, paths
from tests.helpers import newsrooms
from tests.helpers.newsrooms import BASE, NOW, article


def test_the_news_sitemap_has_publication_name_language_date_and_title(tmp_path: Path) -> None:
    title = "R&D at <10 °C: “]]>” 정상회담 🎉"
    korean = article("a", "2026-02-28T23:30:00+09:00", title=f"'{title}'", updated="2026-03-01T10:00:00Z", language="ko")
    document = discovery.render_news_sitemap(
        load_catalog(tmp_path, korean, site=SITE.replace("title: T", "title: The Daily & <Co> 日报"))
    )
    assert news_entries(document) == [("The Daily & <Co> 日报", "en", "2026-02-28T14:30:00Z", title)]
    assert lastmod_by_url(document) == {f"{BASE_URL}/articles/a/": "2026-03-01T10:00:00Z"}
    assert_valid(document or b"")


def test_an_article_leaves_the_news_sitemap_after_two_days(tmp_path: Path) -> None:
    end_of_news_age = datetime(2026, 3, 3, 11, tzinfo=UTC)
    before = load_catalog(tmp_path, article("a", "2026-03-01T11:00:00Z"), now=end_of_news_age - timedelta(seconds=1))
    assert paths(discovery.render_news_sitemap(before)) == ["/articles/a/"]
    after = newsrooms.load_catalog(tmp_path, end_of_news_age)
    assert discovery.render_news_sitemap(after) is None
    assert discovery.render_sitemap(after) == discovery.render_sitemap(before)


def test_the_news_sitemap_omits_articles_that_are_not_public(tmp_path: Path) -> None:
    day = "2026-03-01"
    hidden = (
        article("draft", day, status="draft"),
        article("future", "2026-03-02"),
        article("expired", day, expires="2026-03-01T06:00:00Z"),
        article("gone", day, status="withdrawn"),
        article("there", day, link="https://else.example/"),
    )
    catalog = load_catalog(tmp_path, *hidden)
    assert (discovery.render_news_sitemap(catalog), discovery.has_news_sitemap(catalog)) == (None, False)
    with_news = load_catalog(tmp_path, article("here", day))
    assert (paths(discovery.render_news_sitemap(with_news)), discovery.has_news_sitemap(with_news)) == (["/articles/here/"], True)


def test_the_news_sitemap_has_the_newest_thousand_articles(tmp_path: Path) -> None:
    minutes = [NOW - timedelta(minutes=number) for number in range(1001)]
    articles = (article(f"a{number}", f"{minute:%Y-%m-%dT%H:%M:%SZ}") for number, minute in enumerate(minutes))
    document = discovery.render_news_sitemap(
        load_catalog(tmp_path, *articles, article("there", "2026-03-01T11:59:30Z", link="https://e.example/"))
    )
    assert paths(document) == [f"/articles/a{number}/" for number in range(1000)]
    assert_valid(document or b"")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "en"),
        ("pt-BR", "pt"),
        ("fil", "fil"),
        ("zh", "zh-cn"),
        ("zh-CN", "zh-cn"),
        ("zh-SG", "zh-cn"),
        ("zh-Hans", "zh-cn"),
        ("zh-Hans-HK", "zh-cn"),
        ("zh-TW", "zh-tw"),
        ("zh-HK", "zh-tw"),
        ("zh-MO", "zh-tw"),
        ("zh-hant", "zh-tw"),
        ("zh-Hant-CN", "zh-tw"),
    ],
)
def test_the_language_codes_are_those_of_google_news(tmp_path: Path, language: str, expected: str) -> None:
    document = discovery.render_news_sitemap(
        load_catalog(tmp_path, article("a", "2026-03-01"), site=f"{SITE}language: {language}\n")
    )
    assert [story[1] for story in news_entries(document)] == [expected]
    assert_valid(document or b"")


def parse_robots_txt(document: bytes) -> RobotFileParser:
    parser = RobotFileParser()
    parser.parse(document.decode().splitlines())
    return parser


def test_robots_txt_allows_everything_and_links_to_the_sitemaps(tmp_path: Path) -> None:
    document = discovery.render_robots_txt(load_catalog(tmp_path, article("a", "2026-03-01"), site=SITE.replace(BASE_URL, BASE)))
    assert document.decode() == (f"User-agent: *\nAllow: /\n\nSitemap: {BASE}/sitemap.xml\nSitemap: {BASE}/news-sitemap.xml\n")
    assert all(parse_robots_txt(document).can_fetch(agent, f"{BASE}/articles/a/") for agent in ("Googlebot-News", "anyone"))


def test_robots_txt_links_to_no_empty_news_sitemap(tmp_path: Path) -> None:
    assert parse_robots_txt(discovery.render_robots_txt(load_catalog(tmp_path, article("a")))).site_maps() == [
        f"{BASE_URL}/sitemap.xml"
    ]
    canonical_elsewhere = article("there", "2026-03-01", link="https://else.example/")
    assert parse_robots_txt(discovery.render_robots_txt(load_catalog(tmp_path, canonical_elsewhere))).site_maps() == [
        f"{BASE_URL}/sitemap.xml"
    ]


@pytest.mark.parametrize("keys", ["crawlers: {disallow: GPTBot}", "crawlers: {allow: ['*'], disallow: [GPTBot]}"])
def test_robots_txt_has_a_group_for_each_crawler(tmp_path: Path, keys: str) -> None:
    document = discovery.render_robots_txt(load_catalog(tmp_path, article("a"), site=f"{SITE}{keys}\n"))
    assert document.decode() == (
        f"User-agent: GPTBot\nDisallow: /\n\nUser-agent: *\nAllow: /\n\nSitemap: {BASE_URL}/sitemap.xml\n"
    )
    parser = parse_robots_txt(document)
    assert [parser.can_fetch(agent, f"{BASE_URL}/feed.rss") for agent in ("GPTBot/1.2", "Googlebot")] == [False, True]


def test_robots_txt_may_allow_one_crawler_and_disallow_all_others(tmp_path: Path) -> None:
    site = f"{SITE}crawlers: {{disallow: [GPTBot, '*'], allow: [Googlebot, Bing_bot]}}\n"
    document = discovery.render_robots_txt(load_catalog(tmp_path, article("a"), site=site))
    assert document.decode() == (
        "User-agent: GPTBot\nDisallow: /\n\n"
        "User-agent: Googlebot\nAllow: /\n\n"
        "User-agent: Bing_bot\nAllow: /\n\n"
        "User-agent: *\nDisallow: /\n\n"
        f"Sitemap: {BASE_URL}/sitemap.xml\n"
    )
    parser = parse_robots_txt(document)
    agents = ("Googlebot/2.1", "Bing_bot", "GPTBot", "anyone")
    assert [parser.can_fetch(agent, f"{BASE_URL}/") for agent in agents] == [True, True, False, False]
    assert parser.site_maps() == [f"{BASE_URL}/sitemap.xml"]


def test_robots_txt_names_the_license_before_the_first_group(tmp_path: Path) -> None:
    site = f"{SITE}license: {{prohibits: [ai-train]}}\ncrawlers: {{disallow: [GPTBot]}}\n"
    document = discovery.render_robots_txt(load_catalog(tmp_path, article("a"), site=site))
    assert document.decode().startswith(f"License: {BASE_URL}/license.xml\n\nUser-agent: GPTBot\n")
    assert not parse_robots_txt(document).can_fetch("GPTBot", f"{BASE_URL}/")
