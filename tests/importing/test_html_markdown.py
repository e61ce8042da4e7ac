"""HTML as the text of an article: Markdown where it shows the same, else HTML."""

from __future__ import annotations

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.markdown.render import RenderedMarkdown, clean_html, render_within_limits
from feedsvc.importing.html_markdown import convert_html

BASE = "https://paper.example"
PAGE = f"{BASE}/articles/a/"


def convert(markup: str) -> str:
    return convert_html(markup, base_url=BASE, page=PAGE)


def words_of(markup: str) -> list[str]:
    """Return the words that a browser shows."""
    return "".join(html5lib.parseFragment(markup, namespaceHTMLElements=False).itertext()).split()


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>Hello <em>you</em> and <strong>you</strong></p>", "Hello *you* and **you**"),
        ("<p>old <b>bold</b>, <i>italic</i></p>", "old **bold**, *italic*"),
        ("<p>one<br />two</p>", "one\\\ntwo"),
        ("<h2>Head</h2><p>Text</p>", "## Head\n\nText"),
        ("<h1>Top</h1><h2>Sub</h2>", "## Top\n\n### Sub"),
        ('<p><a href="https://x.example/">x</a></p>', "[x](https://x.example/)"),
        ('<p><a href="https://x.example/a b" title="a &quot;t&quot;">x</a></p>', '[x](<https://x.example/a b> "a \\"t\\"")'),
        ('<p><a href="https://x.example/">https://x.example/</a></p>', "<https://x.example/>"),
        ('<p>a <img src="media/x.jpg" alt="An x"></p>', "a ![An x](media/x.jpg)"),
        ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>", "- a\n- b\n  - c"),
        ('<ol start="3"><li>a</li><li>b</li></ol>', "3. a\n4. b"),
        ("<ul><li><p>a</p></li><li><p>b</p><p>c</p></li></ul>", "- a\n\n- b\n\n  c"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n* b"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ("<pre><code>a &lt; b\n\n```\n</code></pre>", "````\na < b\n\n```\n````"),
        ("<p><code>a`b</code></p>", "``a`b``"),
        ("<hr>", "---"),
        ("<p>a <del>b</del></p>", "a ~~b~~"),
        ("<p>x<sup>2</sup> is <span>*</span></p>", "x<sup>2</sup> is <span>*</span>"),
        ("text <b>alone</b>", "text **alone**"),
        ('<div class="x"><section><p>a</p><p>b</p></section></div>', "a\n\nb"),
        ('<p><img src="media/x.jpg" alt=""></p>', "![](media/x.jpg)"),
        ('<video src="media/v.mp4" controls></video>', '<video src="media/v.mp4" controls=""></video>'),
        (
            "<table><thead><tr><th>a</th><th>b|c</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
            "| a | b\\|c |\n| --- | --- |\n| 1 | 2 |",
        ),
    ],
)
def test_markdown(markup: str, text: str) -> None:
    assert convert(markup) == text


@pytest.mark.parametrize(
    "text",
    [
        "1. no list",
        "- no list",
        "# no heading",
        "> no quote",
        "*no* _emphasis_",
        "snake_case_name",
        "[no](link)",
        "![x](y)",
        "a | b",
        "&amp;amp;",
        "&lt;b&gt;",
        "`no code`",
        "\\*",
        "~~no~~",
        "[^1]",
        "+ no",
        "=== x",
        "Wow!",
        "http://x.example/",
        "www.x.example",
        "2 &lt; 3 &amp; 4",
        "a\xa0b",
        "100%",
        "#",
        "---",
        "1986\\. x",
        "a ** b",
        "&#9731;",
    ],
)
def test_text_that_looks_like_markdown_stays_text(text: str) -> None:
    body = convert(f"<p>{text}</p><h3>{text}</h3><ul><li>{text}</li></ul>")
    result = render_within_limits(body, base_url=BASE, page=PAGE)
    assert isinstance(result, RenderedMarkdown)
    assert "<a " not in result.html
    assert words_of(result.html) == words_of(f"{text} {text} {text}")


@pytest.mark.parametrize(
    "markup",
    [
        '<figure><img src="https://x.example/x.jpg" alt=""><figcaption>Cap</figcaption></figure>',
        "<table><tbody><tr><td>a</td></tr></tbody></table>",
        "<pre>a\n\n\nb</pre>",
        "<div><pre>a\n\n\n  \nb</pre>\n\nc</div>",
        '<p lang="de">Wort</p>',
        "<blockquote>bare</blockquote>",
        "<ul><li>a</li><li><p>b</p></li></ul>",
        "<details><summary>s</summary>\n\ntext\n\n</details>",
    ],
)
def test_block_without_markdown_stays_html_and_the_others_do_not(markup: str) -> None:
    body = convert(f"<p>before</p>{markup}<p>after</p>")
    assert body.startswith("before\n\n<")
    assert body.endswith(">\n\nafter")


def test_elements_that_no_article_may_have_are_left_out() -> None:
    body = convert('<p onclick="x()">a<script>alert(1)</script></p><form><input></form>')
    assert body == "a"


def test_html_beyond_the_limits_is_returned_as_it_is() -> None:
    markup = "<div>" * 200 + "deep"
    assert convert(markup) == markup


LINK = '<a href="https://x.example/">'
INLINE = st.sampled_from([LINK, *(f"<{name}>" for name in ("em", "/em", "b", "/b", "br", "code", "/code", "/a", "sup"))])
CONTAINERS = ("p", "ul", "li", "ol", "blockquote", "h2", "pre", "div", "table", "figure")
BLOCKS = st.sampled_from(["<hr>", "<tr>", "<td>", "<th>", *(f"<{end}{name}>" for name in CONTAINERS for end in ("", "/"))])
TEXT = st.sampled_from(
    ["a", " ", "\n\n", "*", "_", "#", "1.", "- ", "> ", "|", "[x]", "(y)", "`", "~~", "&amp;", "&lt;", "!", "\\", "www.x.de"]
)


@given(st.lists(st.one_of(TEXT, INLINE, BLOCKS), max_size=25).map("".join))
def test_any_html_shows_the_same_words(markup: str) -> None:
    body = convert(markup)
    source = clean_html(markup, base_url=BASE, page=PAGE)
    result = render_within_limits(body, base_url=BASE, page=PAGE)
    assert isinstance(source, RenderedMarkdown)
    assert isinstance(result, RenderedMarkdown)
    assert "".join(words_of(result.html)) == "".join(words_of(source.html))
