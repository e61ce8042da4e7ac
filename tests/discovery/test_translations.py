"""Alternates in the sitemap: each page names all languages of its work, and the pages that it names name it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from lxml import etree

from feedsvc import discovery
from tests.discovery.sitemap_documents import (
    BASE_URL,
    SM,
    XHTML,
    assert_valid,
    lastmod_by_url,
    load_catalog,
    render_parts,
    urls_of_all_parts,
)
from tests.helpers.newsrooms import article

ORIGINAL_ID = "tag:news.example,2026:en"


def work(stem: str = "", day: int = 1) -> list[dict[str, str | bytes]]:
    """Return an English original, its translations into Korean and French, and one into German at another site."""
    original = f"{ORIGINAL_ID}{stem}"
    translations = [
        article(f"{language}{stem}", f"2026-02-{day + number:02}", language=language, translation_of=original, **keys)
        for number, (language, keys) in enumerate((("ko", {}), ("fr", {}), ("de", {"link": "https://de.example/"})))
    ]
    return [article(f"en{stem}", f"2026-01-{day:02}"), *translations]


def alternates_by_url(document: bytes | None) -> Mapping[str, dict[str, str]]:
    """Return URL -> hreflang -> alternate of the entries that have any."""
    assert document
    entries = {
        element.findtext(f"{SM}loc") or "": {
            link.get("hreflang") or "": link.get("href") or "" for link in element.iterfind(f"{XHTML}link")
        }
        for element in etree.fromstring(document)
    }
    return {url: links for url, links in entries.items() if links}


def test_each_page_of_a_work_names_the_same_alternates(tmp_path: Path) -> None:
    document = discovery.render_sitemap(load_catalog(tmp_path, *work(), article("alone")))
    assert_valid(document)
    urls = {language: f"{BASE_URL}/articles/{language}/" for language in ("en", "fr", "ko")}
    assert alternates_by_url(document) == {url: {**urls, "x-default": urls["en"]} for url in urls.values()}


def test_a_work_with_one_page_on_this_site_has_no_alternates(tmp_path: Path) -> None:
    document = discovery.render_sitemap(load_catalog(tmp_path, work()[0], work()[-1]))
    assert alternates_by_url(document) == {}
    assert b"xhtml" not in document


@pytest.mark.parametrize("max_urls", [3, 6, 12, 40])
def test_alternates_count_as_addresses_of_a_part(tmp_path: Path, max_urls: int) -> None:
    catalog = load_catalog(tmp_path, *(file for number in range(4) for file in work(str(number), number + 1)))
    parts = render_parts(catalog, max_urls)
    single = discovery.render_sitemap(catalog)
    assert sorted(urls_of_all_parts(catalog, max_urls)) == sorted(lastmod_by_url(single))
    alternates: dict[str, dict[str, str]] = {}
    for document in parts.values():
        of_part = alternates_by_url(document)
        size = len(lastmod_by_url(document)) + sum(map(len, of_part.values()))
        assert size <= max_urls or len(lastmod_by_url(document)) == 1
        alternates |= of_part
    assert alternates == alternates_by_url(single)
    for url, links in alternates.items():
        assert all(alternates[other] == links for other in links.values()), url


def test_a_site_with_alternates_becomes_an_index_earlier(tmp_path: Path) -> None:
    catalog = load_catalog(tmp_path, *work())
    count = len(lastmod_by_url(discovery.render_sitemap(catalog)))
    alternate_count = catalog.alternate_count
    assert alternate_count == 3 * 5
    assert discovery.part_names(catalog, count + alternate_count) == ()
    assert discovery.part_names(catalog, count + alternate_count - 1) != ()
