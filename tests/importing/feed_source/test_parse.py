"""Test what is a feed, and the message for what is none."""

from __future__ import annotations

import pytest

from feedsvc.importing.feed_document import FeedKind
from feedsvc.importing.feed_reader import parse_feed
from feedsvc.importing.source import ImportSourceError

PAGE = """<!DOCTYPE html><html><head><title>x</title>
<link rel="alternate" type="application/rss+xml" href="/feed/"><link href='/atom.xml' rel=alternate type='application/atom+xml'>
<link rel="stylesheet" href="x.css"></head></html>"""


@pytest.mark.parametrize(
    ("text", "kind", "count"),
    [
        ("<channel><title>t</title><item><title>one</title></item></channel>", FeedKind.RSS, 1),
        ("<rss><item><title>beside</title></item><channel><title>t</title></channel></rss>", FeedKind.RSS, 1),
        ("<feed><title>no namespace</title><entry><id>1</id></entry></feed>", FeedKind.ATOM, 1),
        ("\ufeff\n <rss><channel/></rss>", FeedKind.RSS, 0),
    ],
)
def test_feed_of_an_unusual_structure_is_recognised_by_its_content(text: str, kind: FeedKind, count: int) -> None:
    document = parse_feed(text.encode(), "old.xml")
    assert (document.kind, len(document.items)) == (kind, count)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is empty"),
        (b" \n\t", "it is empty"),
        (b"\x1f\x8b\x08\x00abc", "it is compressed with gzip; decompress it first"),
        (b"PK\x03\x04abc", "it is compressed with zip"),
        (b"just text", "it is no feed; give a feed"),
        (b"<opml><body/></opml>", "root element 'opml', no feed"),
        (b"{", "its JSON is invalid"),
        (b"[]", "it is JSON, but no JSON Feed"),
        (b'{"items": {}}', "it is JSON, but no JSON Feed"),
        (b"[" * 100_000, "its JSON is"),
        (b"\x00\x01\x02", "it is no feed"),
        (PAGE.encode(), r"it is a web page, no feed; its feeds are https://x\.example/feed/, https://x\.example/atom\.xml"),
    ],
)
def test_message_says_what_a_file_is_if_it_is_no_feed(data: bytes, message: str) -> None:
    with pytest.raises(ImportSourceError, match=f"old.xml: .*{message}"):
        parse_feed(data, "old.xml", address="https://x.example/")


def test_feed_with_a_fault_outside_of_its_items_names_the_line() -> None:
    document = parse_feed(b"<rss><channel><title>T<b></title><item><title>A</title></item></channel></rss>", "old.xml")
    assert "not well-formed at line" in document.faults[0]
    assert [item.title for item in document.items] == ["A"]
    assert document.left_out == ()
