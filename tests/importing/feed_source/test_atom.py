"""Test the reader of Atom."""

from __future__ import annotations

import pytest

from feedsvc.importing.feed_document import FeedDocument, FeedItem, FeedTerm, TitleForm
from feedsvc.importing.feed_reader import parse_feed
from feedsvc.importing.source import PostState, SourceAuthor, SourceMedium
from tests.importing.feed_source import samples


def parse(text: str, address: str = "") -> FeedDocument:
    return parse_feed(text.encode(), "old.atom", address=address)


def entry(markup: str) -> FeedItem:
    text = f'<feed xmlns="http://www.w3.org/2005/Atom"><entry>{markup}</entry></feed>'
    return parse(text, "https://a.example/feed").items[0]


def test_facts_of_the_feed_are_relative_to_xml_base() -> None:
    document = parse(samples.ATOM)
    assert (document.title, document.description, document.language) == ("A & B", "Notes", "en")
    assert document.own_address == "https://blog.example/atom.xml"
    assert document.address == "https://blog.example/"
    assert document.older_address == "https://blog.example/2025.xml"


def test_entry_with_elements_of_xhtml() -> None:
    first = parse(samples.ATOM).items[0]
    assert (first.title, first.title_form) == ("<div>One <em>two</em></div>", TitleForm.HTML)
    assert str(first.updated) == "2026-01-02 00:00:00+00:00"
    assert first.authors == (SourceAuthor("Ana Silva", "Ana Silva", email="ana@blog.example", url="https://blog.example/ana"),)
    assert first.terms == (FeedTerm(name="The X"), FeedTerm(name="y", scheme="https://blog.example/tags/y"))
    assert (first.summary, first.is_summary_text) == ("<p>Short &lt; long</p>", True)
    assert first.content == '<p>Text <img src="https://blog.example/posts/one/a.png" alt="A"></p>'
    assert first.enclosures == (SourceMedium("https://blog.example/posts/one.mp3", media_type="audio/mpeg", length=9),)


def test_entry_with_escaped_html_two_authors_and_a_language() -> None:
    second = parse(samples.ATOM).items[1]
    assert (second.title, second.title_form, second.content) == ("Plain <b>", TitleForm.TEXT, "<p>Two</p>")
    assert [author.name for author in second.authors] == ["Bo", "Cy"]
    assert (second.language, second.published) == ("ko", None)


def test_atom_0_3() -> None:
    document = parse(samples.ATOM_03)
    [only] = document.items
    assert (document.title, document.description) == ("Old Atom", "Tag")
    assert (only.title, only.title_form) == ("A &lt;b&gt;", TitleForm.HTML)
    assert only.content == "<p>Hi</p>"


@pytest.mark.parametrize(
    ("content", "html"),
    [
        ("<content>a &lt; b</content>", "<p>a &lt; b</p>"),
        ('<content type="text">two\n\nparts</content>', "<p>two</p>\n<p>parts</p>"),
        ('<content mode="base64" type="text/html">PGI+eDwvYj4=</content>', ""),
        ('<content type="xhtml"><p xmlns="http://www.w3.org/1999/xhtml">x</p></content>', "<p>x</p>"),
        ('<content type="application/pdf">JVBERi0=</content>', ""),
        ("<summary>only a summary</summary>", "<p>only a summary</p>"),
    ],
)
def test_types_of_content(content: str, html: str) -> None:
    assert entry(content).content == html


def test_content_elsewhere_is_a_fault() -> None:
    found = entry('<content src="https://a.example/1.html" type="text/html"/>')
    assert found.faults == ("its text is not in the feed, but at https://a.example/1.html",)


@pytest.mark.parametrize(
    ("links", "address"),
    [
        ('<link href="/1"/>', "https://a.example/1"),
        ('<link href="/1.json" type="application/json"/><link href="/1" type="text/html"/>', "https://a.example/1"),
        ('<link href="/1.json" type="application/json"/>', "https://a.example/1.json"),
        ('<link rel="edit" href="/e"/><link rel="related" href="/r"/>', ""),
    ],
)
def test_page_of_an_entry(links: str, address: str) -> None:
    assert entry(links).address == address


@pytest.mark.parametrize(
    ("markup", "state"),
    [
        ('<app:control xmlns:app="http://www.w3.org/2007/app"><app:draft>yes</app:draft></app:control>', PostState.DRAFT),
        ('<control xmlns="http://purl.org/atom/app#"><draft> YES </draft></control>', PostState.DRAFT),
        ("<app:control><app:draft>yes</app:draft></app:control>", PostState.DRAFT),
        ('<control xmlns="http://www.w3.org/2007/app"><draft/></control>', PostState.DRAFT),
        ('<draft xmlns="http://purl.org/atom-blog/ns#">true</draft>', PostState.DRAFT),
        ('<draft xmlns="http://purl.org/atom-blog/ns#">false</draft>', PostState.PUBLISHED),
        ("<app:control><x:group><app:draft>yes</app:draft></x:group></app:control>", PostState.DRAFT),
        ("<control><draft>yes</draft></control>", PostState.DRAFT),
        ("<app:control><app:draft>no</app:draft></app:control>", PostState.PUBLISHED),
        ('<b:status xmlns:b="http://schemas.google.com/blogger/2018">SCHEDULED</b:status>', PostState.DRAFT),
        ("", PostState.PUBLISHED),
    ],
)
def test_draft_is_not_public(markup: str, state: PostState) -> None:
    assert entry(f"<title>A</title>{markup}").state is state


def kind(word: str) -> str:
    term = f"http://schemas.google.com/blogger/2008/kind#{word}"
    return f'<category scheme="http://schemas.google.com/g/2005#kind" term="{term}"/>'


@pytest.mark.parametrize(
    "markup",
    [
        kind("settings"),
        kind("template"),
        kind("comment"),
        kind("unknown"),
        f"{kind('post')}{kind('comment')}",
        '<thr:in-reply-to xmlns:thr="http://purl.org/syndication/thread/1.0" ref="urn:1"/>',
        '<thr:in-reply-to ref="urn:1"/>',
        f'{kind("page")}<thr:in-reply-to ref="urn:1"/>',
        '<b:type xmlns:b="http://schemas.google.com/blogger/2018">COMMENT</b:type>',
        '<b:status xmlns:b="http://schemas.google.com/blogger/2018">SOFT_TRASHED</b:status>',
    ],
)
def test_entry_that_is_neither_post_nor_page_is_left_out(markup: str) -> None:
    document = parse(f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A</title>{markup}</entry><entry/></feed>')
    assert (len(document.items), len(document.left_out)) == (1, 1)


def test_kind_of_blogger_is_no_category() -> None:
    label = '<category scheme="http://www.blogger.com/atom/ns#" term="Ferries"/>'
    found = entry(f"{kind('post')}{label}")
    assert [term.name for term in found.terms] == ["Ferries"]


def test_authors_of_the_source_count_before_those_of_the_feed() -> None:
    source = "<source><author><name>Sue</name></author></source>"
    text = f'<feed xmlns="http://www.w3.org/2005/Atom"><author><name>Fay</name></author><entry>{source}</entry><entry/></feed>'
    assert [item.authors[0].name for item in parse(text).items] == ["Sue", "Fay"]
