"""Ordinary prose that is written at once reads exactly as parser and cleaner would have it."""

from __future__ import annotations

import html
from typing import Final

import nh3
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedsvc import urls
from feedsvc.content import markup, prose
from feedsvc.content.markup import may_show_media, plain, render
from feedsvc.content.text import UNFIT

BASE: Final = "https://news.example/daily"
PAGE: Final = f"{BASE}/articles/a/"

# What stands at the borders between ordinary and odd, and between one passage and the next.
BLOCKS: Final = (
    *("\n", "\n\n", "\n\n\n", "\n  \n", "\n\t\n", " ", "  ", "    ", "\t", "\n  ", "\n    ", "  \n", "\r", "\r\n"),
    *("- ", "* ", "+ ", "-", "+", "1. ", "2. ", "7) ", "12", "٣. ", "> ", ">", "# ", "###### ", "#", "---", "===", "***", "|"),
    *("| a | b |", "|-|-|", ":-", "```", "~~~", "[a]: /u", "]:", "- a\n- b", "1. a\n2. b", "> a\n> b", "a\n---", "- a\n\n- b"),
)
INLINES: Final = (
    *(
        "a",
        "word",
        "Two words",
        "1",
        "٣",
        "정",
        "é",
        "½",
        "_",
        "__",
        "*",
        "**",
        "`",
        "``",
        "~",
        "~~",
        "\\",
        "&",
        "&amp;",
        "&#65;",
    ),
    *("&x;", "<", ">", "<b>", "</b>", "<https://x.example>", "!", "[", "]", "(", ")", "](", "![", '"', "'", "“", "”", "—", "…"),
    *(".", ",", ":", "?", "**a**", "*a*", "_a_", "__a__", "`a`", "(*a*)", "**a**.", "*a*b", "*[a](/b)*", "![a](media/p.png)"),
    *("[a](https://x.example/a_b?c=d&e=f#g)", "[a](/b)", "[a](#b)", "[a](?b)", "[a](//X.example)", "[a](mailto:a@x.example)"),
    *("[a](https://xn--a.example)", "[a](http://1.2.3.4)", "[a](media/%41)", "[a](javascript:b)", "{", "%", "@", "/", "😀"),
    *("\xa0", "\u2003", "\u2028", "\u200b", "\ufeff", "\u0301", "\0", "\x07", "\x0c", "\x85", "\ufffe"),
)
MARKDOWN: Final = st.lists(st.sampled_from([*BLOCKS, *INLINES]), max_size=16).map("".join)


def parsed(text: str) -> tuple[str, dict[str, str]]:
    """The whole text by parser and cleaner."""
    media: dict[str, str] = {}
    clean = markup._parsed(text, BASE, PAGE, media)
    return markup._below_title(clean), media


def rendered(text: str) -> tuple[str, dict[str, str]]:
    made = render(text, base_url=BASE, page=PAGE)
    return made.html, made.media


@given(MARKDOWN | st.text())
@example("`<`")
@example("+\n\n\n+")
@example("٣. a")
@example("![<](q)")
@example("- a\n    b")
@example("# A\n\ntext\n\n## B")
@example("*a [b](media/c.png) [d*")
def test_a_text_reads_the_same_by_either_way(text: str) -> None:
    assert rendered(text) == parsed(text)


@given(st.lists(st.sampled_from(INLINES), max_size=10).map("".join))
def test_a_paragraph_reads_the_same_by_either_way(text: str) -> None:
    assert rendered(f"a {text} b") == parsed(f"a {text} b")


@pytest.mark.parametrize(
    "passage",
    [
        "Plain words, and “more” of them:\nhere & there > now.",
        "**Officials** declined *to* comment (_twice_), says [the wire](https://wire.example/1?a=b&c=d).",
        "**[Bold](/articles/b/)** and `a < b`".replace("<", ">"),
        "![A river](media/river.jpg)",
        "Write to [us](mailto:desk@news.example).",
        "## A heading",
        "Another\n-------",
        "- one\n- two\n  goes on",
        "3. three\n4. four",
        "> A quote\n> of two lines",
        "---",
        "2025 was a year.",
    ],
)
def test_what_newsrooms_write_every_day_needs_no_parser(passage: str) -> None:
    ordinary = prose.html(passage, lambda reference: markup._destination(BASE, PAGE, reference, {}))
    assert ordinary is not None
    assert ordinary == parsed(passage)[0]


def test_one_odd_passage_leaves_the_others_ordinary() -> None:
    text = "One.\n\n- a\n\n- b\n\n| c | d |\n|---|---|\n| e | f |\n\nTwo.\n\n    code\n\nThree."
    assert prose.passages(text) == [
        "One.",
        "- a\n\n- b",
        "| c | d |\n|---|---|\n| e | f |",
        "Two.\n\n    code",
        "Three.",
    ]
    assert rendered(text) == parsed(text)


PLAIN_REFERENCES: Final = st.builds(
    "{}{}{}".format,
    st.sampled_from(
        ["", "/", "https://x.example", "http://a-b.c1.example", f"https://{'a' * 64}.example", f"http://{'a.' * 130}b"]
    ),
    st.sampled_from(["", "/", "//", "/../", "a/"]),
    st.text("aZ0/._~+,=@-?&#%:", max_size=12),
)


@given(PLAIN_REFERENCES.filter(markup._AS_WRITTEN.fullmatch))
@example(f"http://{'a.' * 130}b")
def test_a_plain_reference_is_what_the_parser_makes_of_it(reference: str) -> None:
    assert not markup._AS_WRITTEN.fullmatch(reference) or markup._parser().normalizeLink(reference) == reference


@given(PLAIN_REFERENCES.filter(markup._SETTLED.fullmatch))
def test_a_settled_address_is_what_it_resolves_to(address: str) -> None:
    assert urls.resolve(BASE, PAGE, address) == address


SPELLINGS: Final = st.lists(
    st.sampled_from(
        [
            *("media/", "media", "/", "m", "e", "d", "i", "a", "me", "dia/", "p.png", "%6D", "%6d", "%", "6", "D", "%65", "%2F"),
            *("&#109;", "&#x6d;", "&#109", "&#x6D", "&#47;", "&#37;", "&#32", "&#x200A", "&#68;", "&sol;", "&percnt;", "&Tab;"),
            *("&NewLine;", "\\", "\\/", "\n", "\t", "\r", "\n> ", "\n  ", " ", "./", "../", "x", "_", "?", "#", "//", f"{BASE}/"),
        ]
    ),
    max_size=9,
).map("".join)


@given(
    st.sampled_from(["[a]({})", "![a](<{}>)", '<a href="{}">', "> <img src='{}'>", "[a]\n\n[a]: {}", "<a href={}>"]), SPELLINGS
)
@example('<a href="{}">', "&#32media/x")
@example('> <a href="{}">', "me\n> dia/x")
@example("[a]({})", "m&#101;dia\\/x")
def test_no_media_is_overlooked_where_a_text_is_said_to_show_none(form: str, reference: str) -> None:
    text = form.format(reference)
    assert may_show_media(text) or not render(text, base_url=BASE, page=PAGE).media


@pytest.mark.parametrize(
    "text", ["Social media won.", "[a](https://x.example/multimedia/b)", "It&#8217;s 65% &amp; more<br>", ""]
)
def test_most_texts_are_known_to_show_no_media(text: str) -> None:
    assert not may_show_media(text)


HTML: Final = st.lists(
    st.sampled_from(
        [
            *(
                "<p>",
                "</p>",
                "<b>",
                "<br>",
                '<a href="x">',
                "</a>",
                "<pre>",
                "</pre>",
                "<script>",
                "</script>",
                "<table>",
                "<td>",
            ),
            *("<!--", "-->", "<", ">", "&", "&amp;", "&lt;", "&nbsp;", "&copy", "&amp;lt;", "&#7;", '<img alt="&lt;">', "<li>"),
            *("a", "b ", "\n", "\r", "\x1c", "\x85", "\xa0", "\0", "\x07", "é", "<textarea>", "<svg>", "<code>", "<h2>", "</h2>"),
        ]
    ),
    max_size=14,
).map("".join)


@given(HTML)
@example("a \0 b")
def test_the_text_of_any_html_is_what_a_parser_finds(written: str) -> None:
    spaced = markup._BLOCK_END.sub(r"\g<0> ", written)
    bare = nh3.clean(spaced, tags=set(), attributes={}, clean_content_tags=markup._NO_PROSE)
    assert plain(written) == UNFIT.sub("", " ".join(html.unescape(bare).split())).strip()
