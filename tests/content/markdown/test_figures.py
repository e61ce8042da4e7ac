"""Figures in texts: captions of images, pull quotes, and what feeds and excerpts make of them."""

from __future__ import annotations

from typing import Final

import pytest

from feedsvc.content.markdown.feed_markdown import render_feed_markdown
from feedsvc.content.markdown.render import plain_text, render

CAPTION: Final = "<figcaption>Seen</figcaption>"
BASE: Final = "https://news.example"
PAGE: Final = f"{BASE}/articles/a/"


def html(markdown: str) -> str:
    return render(markdown, base_url=BASE, page=PAGE).html


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        (
            '![A bridge](media/x.jpg "A & \\"B\\"")',
            f'<figure><img src="{BASE}/media/x.jpg" alt="A bridge"><figcaption>A &amp; &quot;B&quot;</figcaption></figure>',
        ),
        (
            '[![A](media/x.jpg "Seen")](https://a.example/ "L")',
            f'<figure><a href="https://a.example/" title="L"><img src="{BASE}/media/x.jpg" alt="A"></a>{CAPTION}</figure>',
        ),
        ("![A bridge](media/x.jpg)", f'<p><img src="{BASE}/media/x.jpg" alt="A bridge"></p>'),
        ('Text ![A](media/x.jpg "B")', f'<p>Text <img src="{BASE}/media/x.jpg" alt="A" title="B"></p>'),
        (
            "> [!QUOTE]\n> We walked *home*.\n>\n> — Mina Park",
            "<figure><blockquote>\n<p>We walked <em>home</em>.</p>\n</blockquote><figcaption>— Mina Park</figcaption></figure>",
        ),
        ("> [!QUOTE]\n>\n> Alone", "<figure><blockquote>\n<p>Alone</p>\n</blockquote></figure>"),
        (
            "> [!QUOTE]\n> One\n> > Two\n>\n> Three",
            "<figure><blockquote>\n<p>One</p>\n<blockquote>\n<p>Two</p>\n</blockquote>\n<p>Three</p>\n</blockquote></figure>",
        ),
        ("> [!QUOTE]", "<blockquote>\n<p>[!QUOTE]</p>\n</blockquote>"),
        ("> Plain\n>\n> — Mina Park", "<blockquote>\n<p>Plain</p>\n<p>— Mina Park</p>\n</blockquote>"),
    ],
)
def test_figures_of_a_text(markdown: str, expected: str) -> None:
    assert html(markdown) == expected


def test_many_nested_pull_quotes_are_rendered() -> None:
    depth = 30
    markdown = "\n".join(f"{'> ' * level}[!QUOTE]\n{'> ' * level}Level {level}\n{'> ' * level}" for level in range(1, depth + 1))
    assert html(markdown).count("<figure>") == depth


def test_excerpt_repeats_neither_captions_nor_pull_quotes() -> None:
    markdown = '![A](media/x.jpg "Caption")\n\n> [!QUOTE]\n> Quoted.\n\nProse.\n\n> Plain quote.'
    assert plain_text(html(markdown)) == "Prose. Plain quote."


def test_markdown_of_feeds_has_plain_block_quotes() -> None:
    markdown = '> [!QUOTE]\n> We walked home.\n\n![A](media/x.jpg "Caption")\n\n```\n> [!QUOTE]\n```'
    text = render_feed_markdown(markdown, base_url=BASE, page=PAGE, fit_image=lambda address: address)
    assert text.startswith("> We walked home.\n")
    assert f"![A]({BASE}/media/x.jpg)\n\nCaption\n" in text
    assert text.count("[!QUOTE]") == 1


def test_excerpt_has_no_part_of_a_pull_quote_with_an_image() -> None:
    markdown = '> [!QUOTE]\n> Quoted.\n>\n> ![A](media/x.jpg "Caption")\n>\n> More.\n\nProse.'
    assert plain_text(html(markdown)) == "Prose."


@pytest.mark.parametrize(
    "markdown",
    [
        "[!QUOTE]\nOutside of a quote.",
        "> Text\n> [!QUOTE]\n> in a later line.",
        "- > Text\n  > [!QUOTE]\n  > in a later line.",
        "> [!QUOTE]",
        "> ```\n> \\[\\!QUOTE\\]\n> x\n> ```",
    ],
)
def test_markdown_of_feeds_keeps_a_marker_that_the_page_shows_as_text(markdown: str) -> None:
    assert "[!QUOTE]" in html(markdown).replace("\\", "")
    text = render_feed_markdown(markdown, base_url=BASE, page=PAGE, fit_image=lambda address: address)
    assert "[!QUOTE]" in text.replace("\\", "")


def test_markdown_of_feeds_has_no_markers_of_nested_pull_quotes() -> None:
    markdown = "> [!QUOTE]\n> One\n> > [!QUOTE]\n> > Two\n\n- a\n\n  > [!QUOTE]\n  > Three"
    text = render_feed_markdown(markdown, base_url=BASE, page=PAGE, fit_image=lambda address: address)
    assert "QUOTE" not in text
    assert "> Two\n" in text
