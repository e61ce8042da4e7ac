"""Plain texts and excerpts of HTML."""

from __future__ import annotations

import pytest

from feedsvc.content.markdown.render import excerpt, plain_text
from tests.content.markdown.rendering import render_markdown


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>A</h1><p>b <em>c</em>d</p>", "A b cd"),
        ("<p>a<br>b</p>\n<ul><li>c</li><li>d</li></ul>", "a b c d"),
        ("<p>1 &lt; 2 &amp; 3</p>", "1 < 2 & 3"),
        ("<p>a</p><pre>code</pre><table><tr><td>x</td></tr></table><p>b</p>", "a b"),
        ("<p>a&nbsp;b</p>", "a b"),
        ("<script>x</script><style>y</style>", ""),
        ("<p>a &#7;b\0c &copy; &amp;lt;</p>", "a bc © &lt;"),
        ("", ""),
    ],
)
def test_plain_text_of_html_is_one_line(html: str, text: str) -> None:
    assert plain_text(html) == text


@pytest.mark.parametrize(
    ("text", "max_length", "expected"),
    [
        ("one two three", 20, "one two three"),
        ("one two three", 9, "one two…"),
        ("one two, three", 10, "one two…"),
        ("가나다라마바사", 3, "가나다…"),
        ("ab👩\u200d💻cd", 3, "ab…"),
        ("ab👍🏽cd", 3, "ab…"),
        ("abe\u0301cd", 3, "ab…"),
        ("\u0301\u0301\u0301", 2, "…"),
    ],
)
def test_an_excerpt_ends_after_a_word_or_a_grapheme(text: str, max_length: int, expected: str) -> None:
    assert excerpt(text, max_length) == expected


def test_plain_text_has_no_footnotes() -> None:
    assert plain_text(render_markdown("A[^1] b.\n\nC[^1].\n\n[^1]: Note.").html) == "A b. C."
