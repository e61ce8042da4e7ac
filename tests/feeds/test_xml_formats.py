"""Elements, namespaces and line breaks that RSS and Atom have in common."""

from __future__ import annotations

from dataclasses import replace

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
