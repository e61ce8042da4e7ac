"""Elements, namespaces and line breaks that RSS and Atom have in common."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from lxml import etree

from feedsvc.feed_model import Term
from feedsvc.model import Image
from tests.feeds.rendering import ATOM, XML_FORMATS, parse, render
from tests.helpers.feeds import BASE, QUIET_DAY, SUMMIT, feed_of, rich_feed


@XML_FORMATS
def test_only_namespaces_in_use_are_declared(suffix: str) -> None:
    minimal_namespaces: dict[str, set[str | None]] = {"rss": {"atom"}, "atom": {None}}
    maximal_namespaces: dict[str, set[str | None]] = {"rss": {"atom", "content"}, "atom": {None, "at"}}
    minimal = feed_of(replace(QUIET_DAY, language="", image=None), suffix)
    assert set(etree.fromstring(render(minimal, suffix)).nsmap) == minimal_namespaces[suffix]

    maximal = rich_feed(suffix, is_archive=True)
    assert set(etree.fromstring(render(maximal, suffix)).nsmap) == {"dc", "fh", "media"} | maximal_namespaces[suffix]


@XML_FORMATS
def test_an_archive_document_has_the_archive_element(suffix: str) -> None:
    archive = "{http://purl.org/syndication/history/1.0}archive"
    assert archive.encode() not in render(rich_feed(suffix), suffix)
    root = etree.fromstring(render(rich_feed(suffix, is_archive=True), suffix))
    assert len(list(root.iter(archive))) == 1
    rels = [link.get("rel") for link in root.iter(f"{ATOM}link")]
    assert {"self", "current", "prev-archive", "next-archive"} <= set(rels)


@XML_FORMATS
def test_a_feed_without_stylesheet_has_no_stylesheet_instruction(suffix: str) -> None:
    assert b"xml-stylesheet" in render(rich_feed(suffix), suffix)
    assert b"xml-stylesheet" not in render(replace(rich_feed(suffix), stylesheet=""), suffix)


@XML_FORMATS
@pytest.mark.parametrize("content", ["", SUMMIT.content])
def test_a_caption_is_only_in_the_content(suffix: str, content: str) -> None:
    """The caption is part of the content. newsboat shows a media:description above it; feedparser takes one for the content."""
    feed = feed_of(replace(SUMMIT, content=content), suffix)
    assert ("content" in parse(feed, suffix).entries[0]) == bool(content)
    assert b"<media:title" in render(feed, suffix)
    assert b"media:description" not in render(feed, suffix)


@XML_FORMATS
def test_sources_with_a_url_are_via_links_and_the_others_are_in_dc_source(suffix: str) -> None:
    entry = parse(feed_of(SUMMIT, suffix), suffix).entries[0]
    assert [(link.href, link.title) for link in entry.links if link.rel == "via"] == [
        ("https://agency.example/story?id=1&lang=en", "Yonhap News Agency")
    ]
    assert entry.dc_source == "Two diplomats; A clerk"


@XML_FORMATS
def test_an_image_without_texts_has_no_child_elements(suffix: str) -> None:
    image = Image(url=f"{BASE}a.png", type="image/png", width=1, height=2)
    document = render(feed_of(replace(SUMMIT, image=image), suffix), suffix)
    (content,) = etree.fromstring(document).iter("{http://search.yahoo.com/mrss/}content")
    assert (content.get("width"), len(content)) == ("1", 0)


@XML_FORMATS
def test_elements_are_on_separate_lines_and_texts_have_no_added_space(suffix: str) -> None:
    entry = replace(SUMMIT, title="&<& a\n b<", summary="<", categories=(Term(term="<&", scheme=""),))
    document = render(feed_of(entry, suffix), suffix)
    namespace = {"rss": "", "atom": ATOM}[suffix]
    root = etree.fromstring(document)
    titles = [element.text for element in root.iter(f"{namespace}title")]
    assert titles[-1] == "&<& a\n b<"
    assert max(line.count(b"<") for line in document.splitlines() if b"CDATA" not in line) <= 2


def test_links_of_atom_entries_keep_their_attributes() -> None:
    links = etree.fromstring(render(feed_of(SUMMIT), "atom")).iterfind(f"{ATOM}entry/{ATOM}link")
    assert [dict(link.items()) for link in links] == [
        {"rel": "alternate", "type": "text/html", "href": SUMMIT.url},
        {
            "rel": "enclosure",
            "type": "audio/mpeg",
            "length": "123456",
            "title": "The briefing",
            "href": f"{BASE}media/briefing.mp3",
        },
        {"rel": "enclosure", "type": "application/pdf", "length": "2048", "href": f"{BASE}media/minutes.pdf"},
        {"rel": "via", "title": "Yonhap News Agency", "href": "https://agency.example/story?id=1&lang=en"},
    ]


def test_rss_has_all_links_of_the_feed_and_its_page_as_link_in_any_order() -> None:
    for feed in (rich_feed("rss"), replace(rich_feed("rss"), links=rich_feed("rss").links[::-1])):
        channel = etree.fromstring(render(feed, "rss"))
        assert [link.text for link in channel.iterfind("channel/link")] == [BASE]
        rels = {link.get("rel") for link in channel.iterfind(f"channel/{ATOM}link")}
        assert rels == {"self", "prev-archive", "hub"}


def test_rss_has_the_first_enclosure_and_links_to_the_others() -> None:
    (item,) = etree.fromstring(render(feed_of(SUMMIT, "rss"), "rss")).iterfind("channel/item")
    (first,) = item.iterfind("enclosure")
    assert dict(first.items()) == {"url": f"{BASE}media/briefing.mp3", "length": "123456", "type": "audio/mpeg"}
    others = [link.get("href") for link in item.iterfind(f"{ATOM}link") if link.get("rel") == "enclosure"]
    assert others == [f"{BASE}media/minutes.pdf"]


@XML_FORMATS
def test_dates_are_written_in_utc_without_fractions(suffix: str) -> None:
    local = datetime(2026, 1, 2, 9, 45, 0, 999, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    document = render(feed_of(replace(SUMMIT, published=local, updated=local), suffix), suffix)
    assert {"rss": b">Fri, 02 Jan 2026 04:00:00 GMT<", "atom": b"published>2026-01-02T04:00:00Z<"}[suffix] in document


@XML_FORMATS
def test_markup_in_titles_is_written_as_numeric_references(suffix: str) -> None:
    document = render(feed_of(replace(SUMMIT, title="<10 & &amp; >1"), suffix), suffix)
    assert b"<title>&#x3C;10 &#x26; &#x26;amp; &gt;1</title>" in document
    assert b"?from=feed&amp;page=1" in document


@XML_FORMATS
def test_the_end_of_a_cdata_section_in_the_content_is_parsed_back(suffix: str) -> None:
    content = "<p>]]> &amp; ]]&gt;</p>"
    name = {"rss": "{http://purl.org/rss/1.0/modules/content/}encoded", "atom": f"{ATOM}content"}[suffix]
    root = etree.fromstring(render(feed_of(replace(SUMMIT, content=content), suffix), suffix))
    assert [element.text for element in root.iter(name)] == [content]
