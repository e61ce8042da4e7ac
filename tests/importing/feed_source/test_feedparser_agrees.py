"""Compare the reader of feeds with feedparser, which the product does not use: ids, titles, links, dates, people, categories."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from typing import Any

import feedparser
import pytest

from feedsvc.catalog import build_catalog
from feedsvc.content.folder import load_content
from feedsvc.feeds import FORMATS, EntryCache, build_feed
from feedsvc.importing.feed_document import FeedDocument, title_text
from feedsvc.importing.feed_reader import parse_feed
from feedsvc.routes import ListingRef
from tests import ROOT
from tests.importing.feed_source import samples

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDRESS = "https://base.example/feed"


def moment(parsed: Any) -> datetime | None:
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None


def independent_rows(data: bytes) -> list[dict[str, Any]]:
    document = feedparser.parse(data, response_headers={"content-location": ADDRESS})
    return [
        {
            "id": entry.get("id", ""),
            "title": " ".join(entry.get("title", "").split()),
            "address": entry.get("link", ""),
            "published": moment(entry.get("published_parsed")),
            "updated": moment(entry.get("updated_parsed")) if "updated_parsed" in entry else None,
            "authors": {author["name"] for author in entry.get("authors", []) if "name" in author},
            "terms": {tag.get("label") or tag["term"] for tag in entry.get("tags", [])},
            "enclosures": {enclosure["href"] for enclosure in entry.get("enclosures", [])},
        }
        for entry in document.entries
    ]


def our_rows(document: FeedDocument) -> list[dict[str, Any]]:
    return [
        {
            "id": item.id.strip(),
            "title": title_text(item.title, item.title_form),
            "address": item.address,
            "published": item.published,
            "updated": item.updated,
            "authors": {author.name for author in item.authors},
            "terms": {term.name for term in item.terms},
            "enclosures": {medium.address for medium in item.enclosures},
        }
        for item in document.items
    ]


@pytest.mark.parametrize("kind", ["rss", "atom"])
@pytest.mark.parametrize("ref", [ListingRef(), ListingRef("category", "world")], ids=["site", "category"])
def test_every_field_of_our_own_feeds(kind: str, ref: ListingRef) -> None:
    catalog = build_catalog(load_content(ROOT / "content"), NOW)
    ref = ref if ref in catalog.listings else next(other for other in catalog.listings if other.kind == "category")
    feed_format = FORMATS[kind]
    data = feed_format.render(build_feed(catalog.listings[ref], EntryCache(catalog), kind, feed_format.media_type))
    expected, actual = independent_rows(data), our_rows(parse_feed(data, "feed", address=ADDRESS))
    assert expected
    for row in (*expected, *actual):
        # feedparser reads one author of several, and RSS's atom:updated as the date of RSS too.
        row.pop("authors")
        row.pop("updated")
    assert actual == expected


@pytest.mark.parametrize("name", ["WORDPRESS", "RDF", "ATOM", "ATOM_03"])
def test_ids_dates_people_and_links_of_foreign_feeds(name: str) -> None:
    text: str = getattr(samples, name)
    text = text.replace("%HTMLlat1;", "")  # feedparser stops at it
    expected, actual = independent_rows(text.encode()), our_rows(parse_feed(text.encode(), "feed", address=ADDRESS))
    assert [row["id"] for row in actual] == [row["id"] for row in expected]
    assert [row["address"] for row in actual] == [row["address"] for row in expected]
    assert [row["published"] or row["updated"] for row in actual] == [row["published"] or row["updated"] for row in expected]
    assert [row["enclosures"] for row in actual] == [row["enclosures"] for row in expected]
    # feedparser gives an entry no author of its feed, and one name for several.
    assert all(row["authors"] for row, other in zip(actual, expected, strict=True) if other["authors"])
