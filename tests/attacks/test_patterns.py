"""No text makes a pattern of ours try for ever (ReDoS), and no file makes the reading take longer than its length warrants."""

from __future__ import annotations

import gc
import re
from time import thread_time
from typing import Final

import pytest

from feedsvc.content.markdown import render
from feedsvc.content.reading import article
from tests.attacks.patterns import Used, dangerous, used
from tests.helpers.content_invariants import REFERENCES, SITE

# Name -> why what is dangerous to it cannot come to it.
SAFE_WHERE_THEY_ARE: Final = {
    "feedsvc.content.markdown.render._IMAGE_WITHOUT_ALT": "sees clean HTML only, in which every tag has its '>'",
}


@pytest.mark.parametrize("one", used(), ids=lambda one: f"{one.name} {one.way}")
def test_a_pattern_takes_as_long_as_its_text_is_long(one: Used) -> None:
    if one.name not in SAFE_WHERE_THEY_ARE:
        assert dangerous(one) == []


@pytest.mark.parametrize(
    ("pattern", "way"),
    [
        (r"(a+)+$", "match"),
        (r"(?:a|aa)*b", "match"),
        (r"\n(?: *\n)+(?=\S)", "finditer"),
        (r"\{[^{}]*:[^{}]*(?:\{|\d{5})", "search"),
        (r"[^\n]*\Z", "search"),
        (r"<img(?![^>]* alt=)", "sub"),
    ],
)
def test_a_dangerous_pattern_is_seen(pattern: str, way: str) -> None:
    assert dangerous(Used("bad", re.compile(pattern), way))


def test_the_patterns_are_found_where_they_are_kept() -> None:
    names = {one.name for one in used()}
    assert {"feedsvc.content.markdown.elements.TOKEN", "feedsvc.audience.bot_detection.BOT_SIGNATURES[6].pattern"} <= names
    assert {one.way for one in used() if one.name == "feedsvc.content.schema.field_types._EMAIL"} == {"fullmatch"}
    assert set(SAFE_WHERE_THEY_ARE) <= names


# --- Whole files -------------------------------------------------------------------------------------------------

SOON: Final = 0.15  # seconds; for 30,000 characters that is nothing
FRONT: Final = "---\ntitle: A\npublished: 2026-01-02\n---\n"


def seconds(path: str, text: str) -> float:
    """How much of the processor's time an article takes from its bytes to clean HTML; at best of two if it is long."""

    def once() -> float:
        began = thread_time()
        reading = article.parse_article(path, text.encode(), REFERENCES)
        if reading.markdown:
            render.render(reading.markdown, base_url=SITE.base_url, page=f"{SITE.base_url}/articles/a/")
        return thread_time() - began

    gc.disable()  # it would look through everything that other tests left
    try:
        first = once()
        return first if first < SOON else min(first, once())
    finally:
        gc.enable()


def assert_in_proportion(path: str, beginning: str, unit: str, end: str) -> None:
    """Twice: the machine may be busy with something else."""
    for _ in range(2):
        long = seconds(path, beginning + unit * (30_000 // len(unit)) + end)
        if long < SOON:
            return
        short = seconds(path, beginning + unit * (5_000 // len(unit)) + end)
        if long / short < 6**1.5:
            return
    pytest.fail(f"{long / short:.0f} times as long for six times the text")


@pytest.mark.parametrize("end", ["", " b\n"])
@pytest.mark.parametrize(
    "unit",
    [
        *("\n", " \n", "[", "](", "![](", "`", "`a``", "```\n", "*", "**a ", "*a_ ", "~~a", "<", "<a ", "<!--", "<b>", "&#"),
        *("> ", "- ", "- a\n", "1. ", "  - a\n", "# a\n", "a\n=\n", "|", "a|b\n-|-\n", "\\", "[a]: b\n", "[a]: <", "\u0301"),
        *("![a](media/a.png)", "https://a.example/ ", "<table><tr>", "'", '"', "\u2028"),
    ],
    ids=ascii,
)
def test_markdown_takes_as_long_as_it_is_long(unit: str, end: str) -> None:
    assert_in_proportion("articles/a.md", f"{FRONT}a", unit, end)


@pytest.mark.parametrize(
    "unit",
    [
        *("a", "a: b\n", "- ", "[", "{", "{a: ", "[[],", "? ", "&a ", "*a ", "!a ", "|", "'", '"', '\\"', "# ", ": ", "a:\n "),
        *("\n", "  ", "\t", "--- ", "---\n", "<<: *a\n", "- - ", "- a: b\n", "9", "1_", "%"),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("beginning", ["", "title: A\npublished: 2026-01-02\ntags: ", 'a: "'], ids=ascii)
def test_yaml_takes_as_long_as_it_is_long(beginning: str, unit: str) -> None:
    assert_in_proportion("articles/a.yaml", beginning, unit, "\n")
