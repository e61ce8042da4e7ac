"""Sample sites, and readers of sitemaps: validation by the published schemas, URLs, entries of news."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from lxml import etree

from feedsvc import discovery
from feedsvc.catalog.catalog import Catalog
from tests import ROOT
from tests.helpers import newsrooms
from tests.helpers.newsrooms import NOW, article
from tests.readers import Tool, require

_SCHEMA_FOLDER: Final = Path(__file__).with_name("schemas")
SITEMAP_SCHEMA: Final = ROOT / "tests/node/node_modules/sitemap/schema/sitemap.xsd"
SCHEMA_TOOL: Final = Tool(name="sitemaps.org's schema", installed=SITEMAP_SCHEMA.exists, install="npm ci --prefix tests/node")
XSD: Final = "http://www.w3.org/2001/XMLSchema"
SM: Final = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS: Final = "{http://www.google.com/schemas/sitemap-news/0.9}"
XHTML: Final = "{http://www.w3.org/1999/xhtml}"
BASE_URL: Final = "https://t.example"
SITE: Final = f"title: T\nbase_url: {BASE_URL}\nid_domain: t.example\nfeed: {{entries: 2}}\n"
START: Final = "2000-01-01T00:00:00Z"


@cache
def urlset_schema() -> etree.XMLSchema:
    """Return the published sitemap.xsd combined with the schemas of other namespaces, which it needs to accept their elements."""
    schemas = (
        (SM[1:-1], SITEMAP_SCHEMA),
        (NEWS[1:-1], _SCHEMA_FOLDER / "sitemap-news.xsd"),
        (XHTML[1:-1], _SCHEMA_FOLDER / "xhtml-link.xsd"),
    )
    imports = "".join(f'<import namespace="{name}" schemaLocation="{file.resolve().as_uri()}"/>' for name, file in schemas)
    return etree.XMLSchema(etree.fromstring(f'<schema xmlns="{XSD}">{imports}</schema>'))


@cache
def index_schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(_SCHEMA_FOLDER / "siteindex.xsd"))


def assert_valid(document: bytes) -> None:
    """Validate a sitemap or an index against the published schemas."""
    require(SCHEMA_TOOL)
    root = etree.fromstring(document)
    (index_schema() if root.tag == f"{SM}sitemapindex" else urlset_schema()).assertValid(root)


def lastmod_by_url(document: bytes | None) -> dict[str, str]:
    """Return URL -> lastmod of a sitemap or an index; no URL may occur twice."""
    assert document
    entries = [
        (element.findtext(f"{SM}loc") or "", element.findtext(f"{SM}lastmod") or "") for element in etree.fromstring(document)
    ]
    assert len(dict(entries)) == len(entries)
    return dict(entries)


def paths(document: bytes | None, base: str = BASE_URL) -> list[str]:
    """Return the paths of a sitemap or an index in order."""
    assert all(url.startswith(f"{base}/") for url in lastmod_by_url(document))
    return [url.removeprefix(base) for url in lastmod_by_url(document)]


def news_entries(document: bytes | None) -> list[tuple[str, ...]]:
    """Return (name, language, date, title) of each entry of a news sitemap."""
    assert document
    names = ("publication/{0}name", "publication/{0}language", "publication_date", "title")
    steps = [f".//{NEWS}{name.format(NEWS)}" for name in names]
    return [tuple(element.findtext(step) or "" for step in steps) for element in etree.fromstring(document)]


def load_catalog(root: Path, *articles: Mapping[str, str | bytes], now: datetime = NOW, site: str = SITE) -> Catalog:
    """Return the catalog of a site with these article files."""
    files: dict[str, str | bytes] = {"site.yaml": site}
    for article_files in articles:
        files |= article_files
    return newsrooms.load_catalog(newsrooms.write(root, files), now)


def articles_in_months(*months: str, day: int = 5) -> Iterable[Mapping[str, str | bytes]]:
    """Return three articles in each month."""
    return [article(f"m{month}-{i}", f"{month}-{day + i:02}") for month in months for i in range(3)]


def urls_of_all_parts(catalog: Catalog, max_urls: int) -> list[str]:
    """Return the URLs of all parts; no URL may be in two parts."""
    urls = [
        url
        for name in discovery.part_names(catalog, max_urls)
        for url in lastmod_by_url(discovery.render_part(catalog, name, max_urls))
    ]
    assert len(set(urls)) == len(urls)
    return urls


def render_parts(catalog: Catalog, max_urls: int) -> dict[str, bytes | None]:
    """Return name -> document of all parts."""
    return {name: discovery.render_part(catalog, name, max_urls) for name in discovery.part_names(catalog, max_urls)}
