"""The sitemap: every public page once, nothing else, valid by the published schemas."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from feedsvc import discovery
from feedsvc.routes import PageAt, path_of
from feedsvc.uris import absolute
from tests.discovery.sitemap_documents import (
    BASE_URL,
    SITE,
    START,
    articles_in_months,
    assert_valid,
    lastmod_by_url,
    load_catalog,
    paths,
    render_parts,
)
from tests.helpers import newsrooms
from tests.helpers.newsrooms import BASE, NOW, article


def test_the_sitemap_has_every_public_page_and_no_other(tmp_path: Path) -> None:
    catalog = newsrooms.load_catalog(newsrooms.write_sample(tmp_path))
    document = discovery.render_sitemap(catalog)
    sitemap_paths = paths(document, BASE)
    older = [path_of(PageAt(ref, period)) for ref, listing in catalog.listings.items() for period in listing.page_index]
    assert older
    listings = [path_of(PageAt(ref)) for ref in catalog.listings]
    articles = [f"/articles/{stem}/" for stem in ("rich", "korean", "older", "january", "december")]
    assert sitemap_paths[0] == "/"
    others = ["/subscribe/", "/archive/", "/tags/"]
    assert sorted(sitemap_paths) == sorted(absolute("", path) for path in [*listings, *older, *articles, *others])
    assert not [word for word in ("secret", "future", "draft", "expired", "gone", "elsewhere") if word in document.decode()]


def test_every_sitemap_is_valid_by_the_published_schemas(tmp_path: Path) -> None:
    catalog = newsrooms.load_catalog(newsrooms.write_sample(tmp_path), datetime(2026, 2, 21, 12, tzinfo=UTC))
    assert_valid(discovery.render_sitemap(catalog))
    assert_valid(discovery.render_sitemap(catalog, max_urls=2))
    for part in render_parts(catalog, 2).values():
        assert_valid(part or b"")
    assert_valid(discovery.render_news_sitemap(catalog) or b"")


def test_the_sitemap_of_a_site_without_articles_is_valid(tmp_path: Path) -> None:
    catalog = load_catalog(tmp_path)
    document = discovery.render_sitemap(catalog)
    assert lastmod_by_url(document) == {f"{BASE_URL}{path}": START for path in ("/", "/subscribe/", "/archive/", "/tags/")}
    assert discovery.render_news_sitemap(catalog) is None
    assert_valid(document)


def test_lastmod_of_an_article_is_its_last_visible_change(tmp_path: Path) -> None:
    edited = article("edited", "2026-01-05T10:00:00+05:30", updated="2026-01-06T00:00:00+05:30")
    planned = article("planned", "2026-01-04", updated="2026-03-01T13:00:00Z")
    before = lastmod_by_url(discovery.render_sitemap(load_catalog(tmp_path, edited, planned)))
    assert before[f"{BASE_URL}/articles/edited/"] == before[f"{BASE_URL}/"] == "2026-01-05T18:30:00Z"
    assert before[f"{BASE_URL}/articles/planned/"] == "2026-01-04T00:00:00Z"
    after = lastmod_by_url(discovery.render_sitemap(newsrooms.load_catalog(tmp_path, NOW + timedelta(hours=1))))
    assert (
        after[f"{BASE_URL}/articles/planned/"]
        == after[f"{BASE_URL}/"]
        == after[f"{BASE_URL}/subscribe/"]
        == "2026-03-01T13:00:00Z"
    )


def test_sitemaps_do_not_change_with_time_alone(tmp_path: Path) -> None:
    load_catalog(tmp_path, *articles_in_months("2025-11", "2026-01"), article("short", "2026-01-20", expires="2026-02-10"))
    first, second = (newsrooms.load_catalog(tmp_path, NOW + timedelta(days=days)) for days in (0, 300))
    assert discovery.render_sitemap(first) == discovery.render_sitemap(second)
    assert discovery.render_sitemap(first, 5) == discovery.render_sitemap(second, 5)
    assert render_parts(first, 5) == render_parts(second, 5)


def test_hidden_articles_are_not_in_the_sitemap_but_change_lastmod_of_their_listings(tmp_path: Path) -> None:
    visible, expired = article("kept", tags="[b]"), article("short", "2026-01-02", expires="2026-01-20", tags="[a, b]")
    withdrawn = article("gone", "2026-01-03", status="withdrawn", withdrawn="{date: 2026-02-02}", tags="[a]")
    lastmod = lastmod_by_url(discovery.render_sitemap(load_catalog(tmp_path, visible, expired, withdrawn)))
    assert [url for url in lastmod if "articles" in url] == [f"{BASE_URL}/articles/kept/"]
    assert lastmod[f"{BASE_URL}/"] == "2026-02-02T00:00:00Z"
    assert lastmod[f"{BASE_URL}/tag/b/"] == "2026-01-20T00:00:00Z"
    # A tag without visible articles keeps its page, but the sitemap omits it.
    assert f"{BASE_URL}/tag/a/" not in lastmod


def test_articles_with_a_canonical_url_on_another_site_are_omitted(tmp_path: Path) -> None:
    catalog = load_catalog(tmp_path, article("there", "2026-03-01", link="https://else.example/"), article("here", "2026-03-01"))
    for document in (
        discovery.render_sitemap(catalog),
        discovery.render_news_sitemap(catalog),
        *render_parts(catalog, 1).values(),
    ):
        assert b"there" not in (document or b"")
        assert b"else.example" not in (document or b"")


def test_urls_in_any_script_are_percent_encoded(tmp_path: Path) -> None:
    base = "https://t.example/뉴스/a&b"
    site = SITE.replace(BASE_URL, base)
    catalog = load_catalog(tmp_path, article("a", "2026-03-01", slug="두-정상", tags="[한국, R&D]"), site=site)
    sitemap_paths = paths(discovery.render_sitemap(catalog), "https://t.example/%EB%89%B4%EC%8A%A4/a&b")
    assert "/articles/%EB%91%90-%EC%A0%95%EC%83%81/" in sitemap_paths
    assert "/tag/%ED%95%9C%EA%B5%AD/" in sitemap_paths
    for document in (
        discovery.render_sitemap(catalog),
        discovery.render_sitemap(catalog, 1),
        discovery.render_news_sitemap(catalog) or b"",
        discovery.render_robots_txt(catalog),
    ):
        assert document.isascii()
    assert_valid(discovery.render_sitemap(catalog))
    assert_valid(discovery.render_sitemap(catalog, 1))
