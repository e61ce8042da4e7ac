"""No text makes a regular expression backtrack for long (ReDoS), and the time to read a file grows linearly with its length."""

from __future__ import annotations

import gc
import re
from time import thread_time
from typing import Final

import pytest

from feedsvc.content.markdown import render
from feedsvc.content.reading import article
from tests.attacks.patterns import PatternUse, find_slow_texts, pattern_uses
from tests.helpers.content_invariants import REFERENCES, SITE

# Name of a pattern with slow texts -> why its input cannot be such a text.
SAFE_INPUT_REASONS: Final = {
    "feedsvc.content.markdown.render._IMAGE_WITHOUT_ALT": "sees clean HTML only, in which every tag has its '>'",
    "feedsvc.content.markdown.feed_markdown._BLOCK_TAG": "sees clean HTML only, in which every tag has its '>'",
    "feedsvc.content.markdown.feed_markdown._PREFORMATTED": "sees clean HTML only, in which every <pre> has its end",
    "feedsvc.importing.html_markdown._BLOCK_TAG": "sees clean HTML only, in which every tag has its '>'",
    "feedsvc.importing.html_markdown._PREFORMATTED": "sees clean HTML only, in which every <pre> has its end",
    "feedsvc.importing.html_markdown._TAG": "sees clean HTML only, in which every tag has its '>'",
}


USES: Final = pattern_uses()


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.name} {use.method}")
def test_pattern_takes_linear_time(use: PatternUse) -> None:
    if use.name not in SAFE_INPUT_REASONS:
        assert find_slow_texts(use) == []


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"(a+)+$", "match"),
        (r"(?:a|aa)*b", "match"),
        (r"\n(?: *\n)+(?=\S)", "finditer"),
        (r"\{[^{}]*:[^{}]*(?:\{|\d{5})", "search"),
        (r"[^\n]*\Z", "search"),
        (r"<img(?![^>]* alt=)", "sub"),
    ],
)
def test_pattern_with_superlinear_time_is_detected(pattern: str, method: str) -> None:
    assert find_slow_texts(PatternUse("bad", re.compile(pattern), method))


def test_patterns_in_modules_and_dataclasses_are_found() -> None:
    names = {use.name for use in USES}
    assert {"feedsvc.content.markdown.elements.TOKEN", "feedsvc.audience.bot_detection.BOT_SIGNATURES[6].pattern"} <= names
    assert {use.method for use in USES if use.name == "feedsvc.content.schema.field_types._EMAIL"} == {"fullmatch"}
    assert set(SAFE_INPUT_REASONS) <= names


# --- Files

SHORT_SECONDS: Final = 0.15  # seconds for 30,000 characters; a faster reading is not measured further
FRONT_MATTER: Final = "---\ntitle: A\npublished: 2026-01-02\n---\n"


def parse_seconds(path: str, text: str) -> float:
    """Return the processor time from the bytes of an article to clean HTML, the minimum of two measurements if it is long."""

    def measure() -> float:
        start = thread_time()
        result = article.parse_article(path, text.encode(), REFERENCES)
        if result.markdown:
            render.render(result.markdown, base_url=SITE.base_url, page=f"{SITE.base_url}/articles/a/")
        return thread_time() - start

    gc.disable()  # it would traverse the objects of earlier tests
    try:
        seconds = measure()
        return seconds if seconds < SHORT_SECONDS else min(seconds, measure())
    finally:
        gc.enable()


def assert_linear_time(path: str, start: str, unit: str, suffix: str) -> None:
    """Fail if six times the text takes much more than six times as long in two measurements; the machine may be busy."""
    for _ in range(2):
        long_time = parse_seconds(path, start + unit * (30_000 // len(unit)) + suffix)
        if long_time < SHORT_SECONDS:
            return
        short_time = parse_seconds(path, start + unit * (5_000 // len(unit)) + suffix)
        if long_time / short_time < 6**1.5:
            return
    pytest.fail(f"{long_time / short_time:.0f} times as long for six times the text")


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
def test_markdown_is_rendered_in_linear_time(unit: str, end: str) -> None:
    assert_linear_time("articles/a.md", f"{FRONT_MATTER}a", unit, end)


@pytest.mark.parametrize(
    "unit",
    [
        *("a", "a: b\n", "- ", "[", "{", "{a: ", "[[],", "? ", "&a ", "*a ", "!a ", "|", "'", '"', '\\"', "# ", ": ", "a:\n "),
        *("\n", "  ", "\t", "--- ", "---\n", "<<: *a\n", "- - ", "- a: b\n", "9", "1_", "%"),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("beginning", ["", "title: A\npublished: 2026-01-02\ntags: ", 'a: "'], ids=ascii)
def test_yaml_is_parsed_in_linear_time(beginning: str, unit: str) -> None:
    assert_linear_time("articles/a.yaml", beginning, unit, "\n")
