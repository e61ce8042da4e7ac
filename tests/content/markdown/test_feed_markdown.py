"""Markdown for feeds: it shows the same as the article's HTML, has absolute addresses, and nothing that readers do not see."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedsvc.content.markdown.feed_markdown import render_feed_markdown
from feedsvc.content.markdown.render import plain_text
from tests.content.markdown.rendering import BASE, PAGE, is_harmless, render_markdown

PIECES: Final = st.sampled_from(
    (
        *("word", " ", "\n", "\n\n", "*", "**", "_", "`", "```\n", "~", "~~", "[", "](", ")", "![", "<", ">", "\\", "&", "&lt;"),
        *("- ", "1. ", "> ", "# ", "===", "---\n", "    ", "|", "|-|-|\n", "[^1]", "[^1]: ", "[r]: /x 'y'\n", "[a][r]", "[a](b)"),
        *("![i](media/p.png)", "<b>", "</b>", "<div>", "</div>", "<!-- secret -->", "<script>", "</script>", "<pre>", "</pre>"),
        *("<img src=media/q.png alt='x'>", "https://x.example/a_b", "www.x.example", "\t", "é", "정", "\u00a0", "  \n", "\\\n"),
    )
)


def feed_markdown(markdown: str) -> str:
    return render_feed_markdown(markdown, base_url=BASE, page=PAGE, fit_image=lambda address: address)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("*a* **b** `c`", "*a* **b** `c`"),
        ("[a](/articles/b/)", f"[a]({BASE}/articles/b/)"),
        ("[a](b 'c \"d\"')", f'[a]({BASE}/b "c \\"d\\"")'),
        ("![a](media/b.png)", f"![a]({BASE}/media/b.png)"),
        ("![a](<media/b c.png>)", f"![a]({BASE}/media/b%20c.png)"),
        ("[a][b], [b] and ![c][b]\n\n[b]: media/d.png", "[a]({0}), [b]({0}) and ![c]({0})".format(f"{BASE}/media/d.png")),
        ("[![a](media/a.png)](media/b.png)", f"[![a]({BASE}/media/a.png)]({BASE}/media/b.png)"),
        ("[a](https://x.example/b)", "[a](https://x.example/b)"),
        ("[a](mailto:b@x.example)", "[a](mailto:b@x.example)"),
        ("[a](#b) [c](javascript:d)", "a c"),
        ("> - [a\n>   b](c)", f"> - [a\n>   b]({BASE}/c)"),
        ("|[a](b)|c|\n|-|:-:|\n|d\\|e|![f](media/g.png)|", None),
        ("<img src=media/a.png onload=b class=c width=9>", f'<img src="{BASE}/media/a.png" width="9">'),
        ("a <b title=x onclick=y>b</b>", "a <b>b</b>"),
        ("<div>\n\n[a](b)\n\n</div>", f"<div>\n\n[a]({BASE}/b)\n\n</div>"),
        ("<a href='b?c=1&amp;d=2'>e</a>", f'<a href="{BASE}/b?c=1&amp;d=2">e</a>'),
        ("# A\n\n## B", "## A\n\n### B"),
        ("## A\n\n### B", "## A\n\n### B"),
        ("A\n===\n\n> B\n> ---", "## A\n\n> ### B"),
        ("10~12, ~~a~~, `~b~`, [c](https://x.example/~d)", "10\\~12, ~~a~~, `~b~`, [c](https://x.example/~d)"),
        ("a[^1]\n\n[^1]: [b](c)", f"a[^1]\n\n[^1]:\n    [b]({BASE}/c)"),
        ("a\n\n- b\n\n\n1. c", "a\n\n- b\n\n1. c"),
        ("> - b\n>\n> 1. c\n>    - d\n>\n>    1. e", None),
        ('![a](media/b.png "*c* [d]")', f"![a]({BASE}/media/b.png)\n\n\\*c\\* \\[d\\]"),
        ('> [![a](https://x.example/b "1. c")](d)', f"> [![a](https://x.example/b)]({BASE}/d)\n> \n> 1\\. c"),
        ('a ![b](c "d")', f'a ![b]({BASE}/c "d")'),
        ("정 *é* &copy; &nbsp;.", "정 *é* © \u00a0."),
        ("", ""),
    ],
)
def test_markdown_has_absolute_addresses(markdown: str, expected: str | None) -> None:
    result = feed_markdown(markdown)
    assert result or not markdown
    assert expected is None or result.strip() == expected
    assert "](/" not in result


@pytest.mark.parametrize(
    "markdown",
    [
        "```\n[a](b) <!-- c --> ~d~\n```",
        "```python x=y\n\n# [a](/b)\n\n```",
        "    [a](b)\n\n    <script>c</script>",
        "a `[b](c)` d",
        "> ```\n> [a](/b)\n> ```",
        "- a\n\n      ![b](media/c.png)\n",
        "<pre>\n[a](b)\n\n  c</pre>",
    ],
)
def test_code_is_not_changed(markdown: str) -> None:
    assert render_markdown(feed_markdown(markdown)) == render_markdown(markdown)
    assert feed_markdown(markdown)


@pytest.mark.parametrize(
    "markdown",
    [
        "a <!-- secret --> b",
        "a\n\n<!--\nsecret\n\nsecret\n-->\n\nb",
        "a\n\n<!-- secret",
        "a\n\n[//]: # (secret)\n\nb",
        "a\n\n[secret]: https://secret.example 'secret'",
        "a\n\n[^secret]: secret",
        "a\n\n<script>secret()</script>\n\nb",
        "a\n\n<style>\n.secret {}\n</style>\n\nb",
        "a <b data-secret=secret onclick='secret()'>b</b>",
        "a <iframe src='https://secret.example'></iframe>",
        "a <?secret?> <!SECRET secret> <![CDATA[secret]]>",
        "a\n\n<div style='secret' class=\"secret\">b</div>",
        "a\n\n<object data='secret'>\n\nb\n\n</object>",
        "[a](javascript:secret)",
        "a <img src='data:secret'>",
        "a\n\n```python title='secret'\nb\n```",
        "a\n\n``` <!--secret-->\nb\n```",
    ],
)
def test_what_readers_do_not_see_is_left_out(markdown: str) -> None:
    result = feed_markdown(markdown)
    assert result.strip().startswith("a")
    assert "secret" not in result.lower()


@pytest.mark.parametrize("markdown", ["a <script>b</script> c", "- a\n\n* b", "> " * 200 + "a", "word " * 20_001])
def test_text_that_cannot_be_written_with_certainty_has_no_markdown(markdown: str) -> None:
    """A reader then shows the HTML. The text of an inline script is hidden in HTML, but would be shown without its tags.

    Two lists of one type would be one list without a comment between them. The other texts are too deep and too long.
    """
    assert feed_markdown(markdown) == ""


@example("[a](b)[^1]\n\n[^1]: c\n    - d")
@example("<div>\n\n    a\n\n</div>")
@given(st.lists(PIECES, max_size=14).map("".join))
def test_any_markdown_shows_the_same_as_the_text(markdown: str) -> None:
    result, html = feed_markdown(markdown), render_markdown(markdown).html
    if not result:
        return
    result_html = render_markdown(result).html
    assert plain_text(result_html) == plain_text(html)
    assert result_html.count("<img") == html.count("<img")
    assert result_html.count("<a href") == html.count("<a href")
    assert is_harmless(result_html)
    assert result.count("secret") <= html.count("secret")


def test_images_of_media_have_the_address_of_their_variant() -> None:
    markdown = "![a](media/a.png) ![b](https://x.example/b.png) <img src='media/c.png'> [d](media/d.png) `![e](media/e.png)`"
    result = render_feed_markdown(
        markdown, base_url=BASE, page=PAGE, fit_image=lambda address: address.replace("/media/", "/sized/1-1280/")
    )
    assert result.strip() == (
        f"![a]({BASE}/sized/1-1280/a.png) ![b](https://x.example/b.png) "
        f'<img src="{BASE}/sized/1-1280/c.png"> [d]({BASE}/media/d.png) `![e](media/e.png)`'
    )


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads the size of this process from /proc")
def test_rewriting_releases_its_memory() -> None:
    """Objects of comrak that refer to each other would never be released."""

    def resident_pages() -> int:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1])

    def rewrite_often() -> None:
        for _ in range(150):
            feed_markdown("- [a](b) *c* **d** `e`\n" * 40)
        gc.collect()

    rewrite_often()
    before = resident_pages()
    rewrite_often()
    assert resident_pages() - before < 1000
