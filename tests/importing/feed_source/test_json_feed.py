"""Test the reader of JSON Feed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedsvc.importing.feed_document import FeedItem, FeedTerm
from feedsvc.importing.feed_reader import parse_feed
from feedsvc.importing.source import SourceAuthor, SourceMedium
from tests.importing.feed_source import samples


def item(**values: Any) -> FeedItem:
    return parse_feed(json.dumps({"items": [values]}).encode(), "feed.json", address="https://a.example/f").items[0]


def test_every_member_of_an_item() -> None:
    document = parse_feed(samples.JSON_FEED.encode(), "feed.json")
    assert (document.title, document.address, document.older_address) == (
        "J",
        "https://j.example/",
        "https://j.example/feed.json?page=2",
    )
    seven, eight = document.items
    assert (seven.place, seven.id, seven.address) == ("feed.json, item 1", "7", "https://j.example/7")
    assert seven.content == '<p><a href="https://j.example/x">x</a></p>'
    assert seven.summary == "<p>S</p>"
    assert seven.lead_image == SourceMedium("https://j.example/7.jpg")
    assert str(seven.published) == "2026-01-07 00:00:00+09:00"
    assert seven.terms == (FeedTerm(name="a"), FeedTerm(name="b"))
    assert seven.authors == (SourceAuthor("Kim", "Kim", email="kim@j.example"),)
    assert seven.enclosures == (SourceMedium("https://j.example/7.mp3", caption="Talk", media_type="audio/mpeg", length=70),)
    assert (eight.content, eight.language) == ("<p>One &lt;two&gt;</p>\n<p>Three</p>", "ko")


@pytest.mark.parametrize(
    ("value", "expected"), [("x ", "x "), (7, "7"), (1.5, "1.5"), (None, ""), (True, ""), ([], ""), ("\ud800a", "a")]
)
def test_ids(value: Any, expected: str) -> None:
    assert item(id=value).id == expected


@pytest.mark.parametrize(
    "key", ["id", "url", "title", "content_html", "authors", "author", "tags", "attachments", "image", "date_published"]
)
@pytest.mark.parametrize("value", [None, 0, [], {}, [None], "", "x", {"name": 1}, 1e400, "\ud800"])
def test_values_of_wrong_types_are_ignored(key: str, value: Any) -> None:
    item(**{key: value})


def test_author_of_version_1() -> None:
    assert item(author={"name": "Jo", "url": "/jo"}).authors == (SourceAuthor("Jo", "Jo", url="https://a.example/jo"),)
