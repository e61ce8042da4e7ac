"""Sitemaps of large sites: an index and its parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from feedsvc import discovery
from feedsvc.catalog.catalog import build_catalog
from feedsvc.discovery.sitemaps import _MAX_ENTRY_BYTES, MAX_URLS, _max_urls_per_file
from feedsvc.publication.publication import Publication
from feedsvc.routes import ListingRef, SitemapAt, path_of
from tests.discovery.sitemap_documents import (
    BASE_URL,
    SITE,
    articles_in_months,
    lastmod_by_url,
    load_catalog,
    paths,
    render_parts,
    urls_of_all_parts,
)
from tests.helpers import model_newsrooms, newsrooms
from tests.helpers.newsrooms import article, body_of


def test_the_sitemap_becomes_an_index_above_the_limit_of_urls(tmp_path: Path) -> None:
    catalog = load_catalog(tmp_path, *articles_in_months("2025-11", "2026-01"))
    single = lastmod_by_url(discovery.render_sitemap(catalog))
    assert discovery.part_names(catalog, len(single)) == discovery.part_names(catalog) == ()
    assert discovery.render_sitemap(catalog, len(single)) == discovery.render_sitemap(catalog)
    assert discovery.render_part(catalog, "listings") is None
    names = discovery.part_names(catalog, len(single) - 1)
    assert names == ("listings", "2026-01", "2025-11")
    assert paths(discovery.render_sitemap(catalog, len(single) - 1)) == [path_of(SitemapAt(name)) for name in names]


@pytest.mark.parametrize("max_urls", [1, 2, 3, 5, 8])
def test_the_parts_together_have_exactly_the_urls_of_the_single_sitemap(tmp_path: Path, max_urls: int) -> None:
    catalog = newsrooms.load_catalog(newsrooms.write_sample(tmp_path))
    assert sorted(urls_of_all_parts(catalog, max_urls)) == sorted(lastmod_by_url(discovery.render_sitemap(catalog)))
    assert all(0 < len(lastmod_by_url(document)) <= max_urls for document in render_parts(catalog, max_urls).values())
    names = [path_of(SitemapAt(name)) for name in discovery.part_names(catalog, max_urls)]
    assert paths(discovery.render_sitemap(catalog, max_urls), catalog.site.base_url) == names


def test_a_part_without_urls_is_not_rendered(tmp_path: Path) -> None:
    withdrawn = article("gone", "2025-12-01", status="withdrawn")
    canonical_elsewhere = article("there", "2025-10-01", link="https://else.example/")
    catalog = load_catalog(tmp_path, *articles_in_months("2026-01"), withdrawn, canonical_elsewhere)
    assert {"2025-12", "2025-10"} < {*catalog.listings[ListingRef()].archive_index.all_periods}
    assert [name for name in discovery.part_names(catalog, 4) if not name.startswith("listings")] == ["2026-01"]
    assert [discovery.render_part(catalog, name, 4) for name in ("2025-12", "2025-10", "2024-01", "x", "2026-01.0")] == [None] * 5


def test_an_edit_changes_only_the_part_of_its_month_and_the_listings(tmp_path: Path) -> None:
    articles = articles_in_months("2025-11", "2025-12", "2026-01")
    before = load_catalog(tmp_path, *articles)
    edited = article("m2025-12-1", "2025-12-06", updated="2026-02-01")
    after = load_catalog(tmp_path, *articles, edited)
    old_parts, new_parts = render_parts(before, 9), render_parts(after, 9)
    # The listings with the article change, too; the parts of other months keep their bytes.
    assert [name for name in new_parts if old_parts[name] != new_parts[name]] == ["listings", "2025-12"]
    old_index, new_index = (lastmod_by_url(discovery.render_sitemap(catalog, 9)) for catalog in (before, after))
    changed_parts = {path_of(SitemapAt(name)) for name in ("listings", "2025-12")}
    assert {url.removeprefix(BASE_URL) for url in new_index if new_index[url] != old_index[url]} == changed_parts
    assert new_index[f"{BASE_URL}{path_of(SitemapAt('2025-12'))}"] == "2026-02-01T00:00:00Z"


def test_an_edit_without_a_new_date_changes_no_part(tmp_path: Path) -> None:
    before = render_parts(load_catalog(tmp_path, *articles_in_months("2025-11", "2026-01")), 5)
    assert render_parts(load_catalog(tmp_path, article("m2025-11-1", "2025-11-06", title="Better")), 5) == before


def test_lastmod_of_a_part_includes_withdrawals(tmp_path: Path) -> None:
    withdrawn = article("gone", "2026-01-03", status="withdrawn", withdrawn="{date: 2026-02-02}")
    index = lastmod_by_url(
        discovery.render_sitemap(load_catalog(tmp_path, *articles_in_months("2025-11", "2026-01"), withdrawn), 5)
    )
    assert index[f"{BASE_URL}{path_of(SitemapAt('2026-01'))}"] == "2026-02-02T00:00:00Z"
    assert index[f"{BASE_URL}{path_of(SitemapAt('2025-11'))}"] == "2025-11-07T00:00:00Z"


def test_a_group_above_the_limit_is_divided_and_a_new_url_changes_only_one_division(tmp_path: Path) -> None:
    tags = [f"t{number}" for number in range(40)]
    before = render_parts(load_catalog(tmp_path, article("a", tags=f"[{', '.join(tags)}]")), 16)
    after = render_parts(load_catalog(tmp_path, article("a", tags=f"[{', '.join([*tags, 'new'])}]")), 16)
    divisions = [name for name in before if name.startswith("listings.")]
    assert len(divisions) >= 3
    assert list(before) == [*divisions, "2026-01"] == list(after)
    assert len([name for name in after if after[name] != before[name]]) == 1


def test_a_month_above_the_limit_is_divided(tmp_path: Path) -> None:
    catalog = load_catalog(
        tmp_path, *(article(f"a{number}", "2026-01-05") for number in range(12)), *articles_in_months("2025-11")
    )
    names = discovery.part_names(catalog, 5)
    assert "2025-11" in names
    assert len([name for name in names if name.startswith("2026-01.")]) >= 3


def test_no_sitemap_is_larger_than_the_protocol_allows(tmp_path: Path) -> None:
    name = "한" * 66 + "xx"
    newsrooms.write(tmp_path, {"authors.yaml": f"{name}: {{name: A}}\n"})
    catalog = load_catalog(tmp_path, article("a", slug=name, author=name, tags=f"[{name}]"))
    longest_line = max(len(line) for line in discovery.render_sitemap(catalog).splitlines()) + 1
    archive_path_length = len("archive/2026-01-02/")
    assert longest_line + archive_path_length < _MAX_ENTRY_BYTES + len(BASE_URL)
    assert _max_urls_per_file(catalog.site, MAX_URLS) == MAX_URLS
    long_base_url = load_catalog(tmp_path, site=SITE.replace(BASE_URL, f"{BASE_URL}/{'&' * 300}"))
    assert _max_urls_per_file(long_base_url.site, MAX_URLS) * (longest_line + archive_path_length + 5 * 301) < 50 * 1024 * 1024


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [{"published": datetime(2003, 4, 5, tzinfo=UTC)}, {"updated": datetime(2003, 6, 1, tzinfo=UTC)}],
    ids=["another publication date", "another update date"],
)
def test_a_change_in_a_month_of_a_year_on_one_page_changes_the_index(changes: dict[str, Any]) -> None:
    """The index linked to a removed part, because its dependencies did not distinguish the months of such a year."""
    newest = datetime(2024, 12, 1, tzinfo=UTC)
    recent = [model_newsrooms.article(number, newest - timedelta(minutes=20 * number)) for number in range(MAX_URLS + 1)]
    march, may, december = (model_newsrooms.article(90_000 + month, datetime(2003, month, 5, tzinfo=UTC)) for month in (3, 5, 12))
    content = model_newsrooms.snapshot([*recent, march, may, december], categories=1, authors=1)
    edited_march = replace(march, **changes)
    after = replace(content, articles=(*recent, edited_march, may, december))
    before = Publication(build_catalog(content, model_newsrooms.START))
    now = before.next_edition(before.catalog.apply_changes(after, model_newsrooms.START, removed=[march], added=[edited_march]))
    index, fresh = "/sitemap.xml", Publication(build_catalog(after, model_newsrooms.START))
    assert body_of(before, index) != body_of(fresh, index) == body_of(now, index)
    assert index in now.changed_since(before)
