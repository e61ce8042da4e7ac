"""Addresses of a site of WordPress, by the form of its permalinks: where they lead after an import of its export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.importing.wordpress import open_wordpress_export
from feedsvc.importing.writer import ImportOptions, ImportReport, import_source
from feedsvc.publication.old_addresses import redirect_target
from tests.importing.wordpress_export import SITE, WxrItem, write_export
from tests.importing.writer.memory_source import load

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EUROPE = [("category", "europe", "Europe &amp; Asia")]
R_AND_D = [("post_tag", "r-d", "R&amp;D")]


def run(root: Path, *items: WxrItem, site: str = SITE, base_url: str = "", extra: str = "") -> ImportReport:
    export = write_export(root / "export.xml", *items, site=site, extra=extra)
    return import_source(open_wordpress_export(export), root / "n", ImportOptions(now=NOW, base_url=base_url))


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
        "/comments/feed/": "gone",
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
