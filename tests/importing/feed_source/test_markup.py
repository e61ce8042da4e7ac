"""Test HTML of feeds: text of markup, absolute links."""

from __future__ import annotations

import pytest

from feedsvc.importing.feed_document import TitleForm, absolute_links, text_to_html, title_text
from feedsvc.importing.markup import to_plain_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a &amp; b&nbsp;c", "a & b c"),
        ("<p>One</p><p>Two<br>Three</p>", "One Two Three"),
        ("w<b>or</b>d", "word"),
        ("<script>x()</script>a<style>b</style>", "a"),
        ("<ul><li>1</li><li>2</li></ul>", "1 2"),
        ("1 < 2", "1 < 2"),
        ("", ""),
        ("<", "<"),
        ("<!-- only a comment -->", ""),
    ],
)
def test_plain_text(markup: str, text: str) -> None:
    assert to_plain_text(markup) == text


@pytest.mark.parametrize(
    ("title", "form", "text"),
    [
        ("Fish &amp; chips", TitleForm.UNKNOWN, "Fish & chips"),
        ("<i>Fish</i> & chips", TitleForm.UNKNOWN, "Fish & chips"),
        ("1 < 2 & 3 > 2", TitleForm.UNKNOWN, "1 < 2 & 3 > 2"),
        ("A &lt;b&gt;", TitleForm.HTML, "A <b>"),
        (" two\n lines ", TitleForm.UNKNOWN, "two lines"),
        ("What &amp; <b>means</b>", TitleForm.TEXT, "What &amp; <b>means</b>"),
    ],
)
def test_titles_are_html_or_text(title: str, form: TitleForm, text: str) -> None:
    assert title_text(title, form) == text


def test_relative_links_become_absolute_and_other_html_stays_as_it_is() -> None:
    assert absolute_links('<p><a href="x?a=1&amp;b=2">x</a><img src="/y.png" alt=""></p>', "https://a.example/p/q") == (
        '<p><a href="https://a.example/p/x?a=1&amp;b=2">x</a><img src="https://a.example/y.png" alt=""></p>'
    )
    odd = "<P CLASS=x><a href='https://b.example/'>b</a><a href='#n'>n</a><br/>"
    assert absolute_links(odd, "https://a.example/") == odd
    assert absolute_links('<a href="x">', "") == '<a href="x">'
    assert (
        absolute_links('<!-- c -->1 < 2<a href="x">y</a>', "https://a.example") == '1 &lt; 2<a href="https://a.example/x">y</a>'
    )


def test_text_becomes_paragraphs() -> None:
    assert text_to_html("a < b\nc\n\n d ") == "<p>a &lt; b<br>\nc</p>\n<p>d</p>"
