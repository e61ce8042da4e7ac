"""JSON Feed documents."""

from __future__ import annotations

from dataclasses import replace

from feedsvc.model import Enclosure
from tests.feeds.rendering import as_json, render
from tests.helpers.feeds import BASE, QUIET_DAY, SUMMIT, empty_feed, feed_of, rich_feed


def test_json_feed_with_all_fields() -> None:
    document = as_json(rich_feed("json"))
    items = document.pop("items")
    assert document == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Asia & Pacific In News",
        "home_page_url": BASE,
        "feed_url": f"{BASE}feed.json",
        "description": "What happened in Asia today & yesterday",
        "next_url": f"{BASE}archive/2025-12/feed.json",
        "icon": f"{BASE}media/logo.png",
        "favicon": f"{BASE}media/icon.png",
        "language": "en",
        "hubs": [{"type": "WebSub", "url": "https://hub.example/?a=1&b=2"}],
    }
    assert items == [
        {
            "id": SUMMIT.id,
            "url": SUMMIT.url,
            "title": SUMMIT.title,
            "content_html": SUMMIT.content,
            "summary": SUMMIT.summary,
            "image": f"{BASE}media/summit.jpg",
            "date_published": "2026-01-02T04:00:00Z",
            "date_modified": "2026-01-02T05:30:00Z",
            "authors": [
                {"name": "Ritesh Nambiar"},
                {"name": "Jia Liu & friends", "url": f"{BASE}author/jia-liu/"},
            ],
            "tags": ["Asia & Pacific", "china"],
            "attachments": [
                {
                    "url": f"{BASE}media/briefing.mp3",
                    "mime_type": "audio/mpeg",
                    "size_in_bytes": 123456,
                    "title": "The briefing",
                },
                {"url": f"{BASE}media/minutes.pdf", "mime_type": "application/pdf", "size_in_bytes": 2048},
            ],
        },
        {
            "id": QUIET_DAY.id,
            "url": QUIET_DAY.url,
            "title": QUIET_DAY.title,
            "content_text": QUIET_DAY.summary,
            "summary": QUIET_DAY.summary,
            "image": f"{BASE}media/summit.jpg",
            "date_published": "2026-01-01T04:00:00Z",
            "date_modified": "2026-01-01T04:00:00Z",
            "language": "ne",
        },
    ]
    assert QUIET_DAY.title.encode() in render(rich_feed("json"), "json")


def test_empty_json_feed() -> None:
    assert as_json(empty_feed("json")) == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Asia In News",
        "home_page_url": BASE,
        "feed_url": f"{BASE}feed.json",
        "language": "en",
        "items": [],
    }


def test_an_attachment_of_zero_bytes_has_its_size() -> None:
    entry = replace(SUMMIT, enclosures=(Enclosure(url=f"{BASE}media/a.txt", type="text/plain", length=0),))
    assert as_json(feed_of(entry, "json"))["items"][0]["attachments"][0]["size_in_bytes"] == 0
