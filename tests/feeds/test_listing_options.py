"""Options of the feed of one listing: each key changes the feeds of that listing in all formats, and of no other listing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from feedsvc.catalog import Catalog
from feedsvc.extensions import BUILT_IN_SUFFIXES
from feedsvc.feeds.digest import FeedDigests
from feedsvc.publication.dependencies import site_fingerprint
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from feedsvc.routes import FeedAt, ListingRef, PageAt, path_of, place_of
from tests.helpers import newsrooms
from tests.helpers.newsrooms import article
from tests.validators import objections

NOW: Final = datetime(2026, 3, 1, tzinfo=UTC)
BASE: Final = "https://t.example"
# Key -> an option of one listing, and the formats in which it changes the newest feed.
OPTIONS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "entries": ("entries: 1", ("rss", "atom", "json")),
    "content": ("content: summary", ("rss", "atom", "json")),
    "archives": ("archives: none", ("rss", "atom", "json")),
    "ttl": ("ttl: 7", ("rss",)),
    "browser_view": ("browser_view: false", ("rss", "atom")),
    "markdown": ("markdown: true", ("rss",)),
}
FILES: Final[Mapping[str, str | bytes]] = {
    "site.yaml": f"title: T\nbase_url: {BASE}\nid_domain: t.example\nfeed: {{entries: 2}}\n",
    "categories.yaml": "asia: {title: Asia}\nmoney: {title: Money}\n",
    "authors.yaml": "mina: {name: Mina}\njun: {name: Jun}\n",
    "tags.yaml": "korea: {description: ''}\n",
    "feeds.yaml": "asian: {title: Asian, include: {categories: [asia]}, description: ''}\n",
}
LISTINGS: Final = {
    ListingRef("category", "asia"): ("categories.yaml", "asia: {title: Asia"),
    ListingRef("author", "mina"): ("authors.yaml", "mina: {name: Mina"),
    ListingRef("tag", "korea"): ("tags.yaml", "korea: {description: ''"),
    ListingRef("custom", "asian"): ("feeds.yaml", "description: ''"),
}


def write(root: Path) -> Path:
    """Write a newsroom with three articles, each of which is in all listings with an option and in others without."""
    keys = {"categories": "[asia, money]", "authors": "[mina, jun]", "tags": "[Korea, Japan]", "summary": "In short."}
    newsrooms.write(root, FILES)
    for month in (1, 2, 3):
        body = f"The **text** of month {month}."
        newsrooms.write(root, article(f"m{month}", f"2025-{month:02}-01", **keys, body=body))
    return root


def catalog_with(root: Path, ref: ListingRef, option: str) -> Catalog:
    """Return the catalog with an option of one listing's feed."""
    write(root)
    name, entry = LISTINGS[ref]
    file = root / name
    options = option if ref.kind == "custom" else f"feed: {{{option}}}"
    file.write_text(file.read_text().replace(entry, f"{entry}, {options}"))
    return newsrooms.load_catalog(root, NOW)


def feeds(catalog: Catalog) -> dict[FeedAt, bytes]:
    """Return the newest feeds of all listings."""
    publication, result = Publication(catalog), {}
    for ref in catalog.listings:
        for suffix in BUILT_IN_SUFFIXES:
            document = publication.resolve(path_of(FeedAt(ref, suffix)))
            assert isinstance(document, Document)
            result[FeedAt(ref, suffix)] = document.body
    return result


@pytest.mark.parametrize("key", OPTIONS)
@pytest.mark.parametrize("ref", LISTINGS, ids=lambda ref: ref.kind)
def test_an_option_of_a_listing_changes_its_feeds_and_no_other(tmp_path: Path, ref: ListingRef, key: str) -> None:
    option, suffixes = OPTIONS[key]
    before, after = newsrooms.load_catalog(write(tmp_path / "a"), NOW), catalog_with(tmp_path / "b", ref, option)
    feeds_before, feeds_after = feeds(before), feeds(after)
    assert {place for place, body in feeds_after.items() if feeds_before[place] != body} == {
        FeedAt(ref, suffix) for suffix in suffixes
    }
    digests_before, digests_after = FeedDigests().compute(before), FeedDigests().compute(after)
    changed = {place_of(path) for path, digest in digests_after.items() if digests_before[path] != digest}
    assert changed == {FeedAt(ref, suffix) for suffix in BUILT_IN_SUFFIXES}
    assert site_fingerprint(before) != site_fingerprint(after)
    for place, body in feeds_after.items():
        assert objections(body, place.suffix, address=f"{BASE}{path_of(place)}", now=NOW) == []


@pytest.mark.parametrize("ref", LISTINGS, ids=lambda ref: ref.kind)
def test_a_listing_may_have_archives_while_only_the_site_has_them(tmp_path: Path, ref: ListingRef) -> None:
    catalog = catalog_with(tmp_path, ref, "archives: all")
    site = tmp_path / "site.yaml"
    site.write_text(site.read_text().replace("entries: 2", "entries: 2, archives: site"))
    catalog = newsrooms.load_catalog(tmp_path, NOW)
    assert {listing.ref for listing in catalog.listings.values() if listing.has_archive} == {ListingRef(), ref}
    paths = {*Publication(catalog).paths()}
    archives = {path.rpartition("archive/")[0] for path in paths if "archive/" in path and path.endswith("feed.rss")}
    assert archives == {"/", path_of(PageAt(ref))}


def test_full_and_summary_feeds_of_one_article_are_kept_apart_in_any_order(tmp_path: Path) -> None:
    catalog = catalog_with(tmp_path, ListingRef("category", "asia"), "content: summary")
    places = [FeedAt(ref, suffix) for ref in catalog.listings for suffix in BUILT_IN_SUFFIXES]
    expected = feeds(catalog)
    publication = Publication(catalog)
    for place in (*reversed(places), *places):
        document = publication.resolve(path_of(place))
        assert isinstance(document, Document)
        assert document.body == expected[place]
        assert (b"The <strong>" in document.body or b"The &lt;strong" in document.body) == (place.listing.id != "asia")


def test_a_page_has_as_many_articles_as_the_feed_of_its_listing(tmp_path: Path) -> None:
    catalog = catalog_with(tmp_path, ListingRef("category", "asia"), "entries: 1")
    publication = Publication(catalog)
    for path, count in (("/category/asia/", 1), ("/category/money/", 2)):
        document = publication.resolve(path)
        assert isinstance(document, Document)
        assert document.body.count(b"<article") == count
