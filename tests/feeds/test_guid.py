"""The key `guid`: subscribers of RSS and JSON Feed know an article by a text that is no URI, and see nothing as new."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import feedparser
import pytest
from lxml import etree

from feedsvc.catalog import build_catalog
from feedsvc.content.folder import load_content
from feedsvc.feeds import FORMATS, EntryCache, build_feed
from feedsvc.importing.feed_source import open_feed_source
from feedsvc.importing.writer import ImportOptions, import_source
from feedsvc.routes import ListingRef
from tests.conftest import Newsroom

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
ATOM_ID: Final = "{http://www.w3.org/2005/Atom}id"
FILE: Final = "id: tag:news.example,2026:old\nguid: {}\ntitle: Old\npublished: 2026-01-02\nsummary: S.\nbody: Old\n"
FORMER: Final = """<rss version="2.0"><channel><title>News</title><link>https://old.example/</link><description>D</description>
<language>en</language>
<item><title>One</title><link>https://old.example/one</link><guid isPermaLink="false">12345</guid>
<pubDate>Fri, 02 Jan 2026 09:30:00 +0000</pubDate><description>Text one</description></item>
<item><title>Two</title><link>https://old.example/two</link><guid isPermaLink="false">no. 7 &lt;of&gt; 2026 &amp; more</guid>
<pubDate>Sat, 03 Jan 2026 09:30:00 +0000</pubDate><description>Text two</description></item>
<item><title>Three</title><link>https://old.example/three</link><guid isPermaLink="false">urn:three</guid>
<pubDate>Sun, 04 Jan 2026 09:30:00 +0000</pubDate><description>Text three</description></item></channel></rss>"""


def feed_of(root: Path, suffix: str) -> bytes:
    content = load_content(root)
    assert not content.errors
    catalog, feed_format = build_catalog(content, NOW), FORMATS[suffix]
    feed = build_feed(catalog.listings[ListingRef()], EntryCache(catalog), suffix, feed_format.media_type)
    return feed_format.render(feed)


def test_rss_and_json_have_the_guid_and_atom_has_the_id(newsroom: Newsroom) -> None:
    root = newsroom({"articles/old.yaml": FILE.format("'12345'")})
    guid = etree.fromstring(feed_of(root, "rss")).find("channel/item/guid")
    assert guid is not None
    assert (guid.text, guid.get("isPermaLink")) == ("12345", "false")
    assert json.loads(feed_of(root, "json"))["items"][0]["id"] == "12345"
    ids = [element.text for element in etree.fromstring(feed_of(root, "atom")).iter(ATOM_ID)]
    assert "tag:news.example,2026:old" in ids
    assert "12345" not in ids


def test_guid_that_is_the_address_of_the_article_is_a_permalink(newsroom: Newsroom) -> None:
    root = newsroom({"articles/old.yaml": FILE.format("https://news.example/articles/old/")})
    guid = etree.fromstring(feed_of(root, "rss")).find("channel/item/guid")
    assert guid is not None
    assert guid.get("isPermaLink") in (None, "true")


@pytest.mark.parametrize("suffix", ["rss", "json"])
def test_nothing_comes_up_as_new_after_a_move(tmp_path: Path, suffix: str) -> None:
    """feedparser, on which rss2email and reader go, sees the same ids in the former feed and in the feed of the import."""
    (tmp_path / "former.xml").write_text(FORMER, "utf-8")
    import_source(open_feed_source(str(tmp_path / "former.xml")), tmp_path / "newsroom", ImportOptions(now=NOW))
    former = {entry.title: entry.id for entry in feedparser.parse(FORMER).entries}
    assert former == {"One": "12345", "Two": "no. 7 <of> 2026 & more", "Three": "urn:three"}
    data = feed_of(tmp_path / "newsroom", suffix)
    if suffix == "rss":
        now = {entry.title: entry.id for entry in feedparser.parse(data).entries}
    else:
        now = {item["title"]: item["id"] for item in json.loads(data)["items"]}
    assert now == former


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("12345", "guid"),
        ("' 12345'", "is not one line of text without spaces around it"),
        (f"'{'x' * 1001}'", "guid"),
    ],
)
def test_guid_that_no_reader_can_know_is_an_error(newsroom: Newsroom, value: str, message: str) -> None:
    content = load_content(newsroom({"articles/old.yaml": FILE.format(value)}))
    (problem,) = content.errors
    assert (problem.path, problem.line) == ("articles/old.yaml", 2)
    assert message in problem.message


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("guid: '1'", "guid: '1'", "guid: '1' is already the guid of articles/a.yaml:4"),
        ("guid: urn:b", "id: urn:b", "guid: 'urn:b' is already the id of articles/b.yaml:4"),
    ],
)
def test_two_articles_cannot_share_a_guid(newsroom: Newsroom, first: str, second: str, message: str) -> None:
    head = "title: T\npublished: 2026-01-02\nsummary: S.\n"
    content = load_content(newsroom({"articles/a.yaml": f"{head}{first}\n", "articles/b.yaml": f"{head}{second}\n"}))
    assert [problem.message for problem in content.errors] == [message]
