"""The fast YAML parser: it gives the same values and positions as PyYAML, or declines the text."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.content.text import FORBIDDEN_CHARACTER, is_printable
from feedsvc.content.yaml import document, fast
from tests import ROOT
from tests.broken_files.case import HEAD
from tests.conftest import Newsroom

ARTICLE: Final = """\
title: "Xi: a 'second' summit"
published: 2026-01-02T09:30:00+05:30
tags: [south-korea, 5 things, 'a, b', "", {src: https://a.example/b}]
width: 100
image:
  src: media/p.png
  alt: One # sign
sources:
- name: Yonhap
  url: https://a.example/x?y=z#w
-   plain
summary: >-
  One
  and two

slug: 정상
body: |
  First

    second
  third
"""
FRAGMENTS: Final = st.sampled_from(
    [
        *("title", "id", "2026-01-02", "tags", ": ", ":", "- ", "\n", "\n  ", "\n    ", "\n \n", " ", "\t", "a: b\n", "- a\n"),
        *("[", "]", "{", "}", ",", "|", ">", "|-\n", ">+\n", "'", '"', "''", '""', "\\", "#", " #", "# x\n", "&a ", "*a", "!"),
        *("?",),
        *("<<", "---", "...", "%", "@", "`", "\r", "\r\n", "\u2028", "\x85", "\xa0", "\ufeff", "\x07", "\ufffd"),
        *("é", "\U0001f600"),
        *("~", "no", "Yes", "null", "=", "1:30", "0x1f", "1_0", "1e3", ".5", "-1", "+1", "017", "12", "::", "a:b", "9" * 20),
    ]
)
EDITS: Final = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 8), FRAGMENTS), min_size=0, max_size=4)


def assert_same_as_pyyaml(text: str) -> None:
    """Assert that the fast parser declines the text or gives the value and the positions of PyYAML."""
    value = fast.parse_subset(text)
    if value is None:
        return
    expected = document._parse_with_pyyaml("a.yaml", text)
    assert (expected.value, expected.problems) == (value, [])
    parsed = document.parse_yaml("a.yaml", text)
    assert parsed.loaded_source_map is None
    for key in ("title", "id", "slug", "nothing"):
        assert parsed.has_value((key,)) == expected.has_value((key,))
        assert parsed.line_and_column((key,)) == expected.line_and_column((key,))
    assert not any(map(expected.comment_warning, expected.source_map.values))


@pytest.mark.parametrize("end", ["\n", "\r\n", " \n"])
def test_a_list_below_a_key_with_trailing_space_has_its_own_line(end: str) -> None:
    assert_same_as_pyyaml(f"title: {end}- a{end}")


@settings(deadline=None)
@given(EDITS)
def test_an_article_after_random_edits_is_parsed_as_by_pyyaml(edits: list[tuple[float, int, str]]) -> None:
    text = ARTICLE.replace("alt: One # sign", "alt: One#sign")
    for position, deleted, inserted in edits:
        start = int(position * len(text))
        text = text[:start] + inserted + text[start + deleted :]
    assert_same_as_pyyaml(text)


@settings(deadline=None)
@given(st.lists(FRAGMENTS, max_size=30).map("".join))
def test_any_text_of_yaml_fragments_is_parsed_as_by_pyyaml(text: str) -> None:
    assert_same_as_pyyaml(text)
    assert_same_as_pyyaml(f"title: {text}\n")
    assert_same_as_pyyaml(f"tags: [{text}]\n")
    assert_same_as_pyyaml(f"body: |\n  {text}\n")


@given(st.text())
def test_printable_text_has_no_forbidden_characters_and_only_newlines_as_line_ends(text: str) -> None:
    if is_printable(text):
        assert not FORBIDDEN_CHARACTER.search(text)
        assert text.splitlines() == text.removesuffix("\n").split("\n") or not text


def test_typical_articles_are_parsed_by_the_fast_parser() -> None:
    assert fast.parse_subset(ARTICLE.replace("alt: One # sign", "alt: One#sign")) is not None
    assert fast.parse_subset(ARTICLE.replace("alt: One # sign", "alt: One").replace("\n", "\r\n")) is not None
    articles = sorted((ROOT / "content/articles").rglob("*.yaml"))
    values = [fast.parse_subset(article.read_text("utf-8")) for article in articles]
    assert values.count(None) < len(values) / 4


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "a: &x b\n", "a: *x\n", "a: !!str b\n", 'a: "\\x07"\n', "a: no\n", "a: ~\n", "a: 1:30\n", "a: 1.5\n", "a:\n"),
        *("a: b # c\n", "a: b\na: c\n", "a: b\n  c\n", "a: b: c\n", "a:\tb\n", "? a\n", "{a: b}\n", "- a\n", "a: [b: c]\n"),
        *("a: [b,]\n", "a: [b\n", "a: {b}\n", "a: {b: c, b: d}\n", "a: |2\n  b\n", "a: |\n\n  b\n", "a: |\nb: c\n", "a: |\n  b"),
        *("a: >\n  b\n   c\n", "a:\n  b: c\n d: e\n", "a:\n- b\n  c\n", "a:\n- - b\n", "a: b\n---\n", "a: b\u2028c\n"),
        *("a: [b] c\n",),
        *("".join(f"{' ' * depth}a:\n" for depth in range(9)) + f"{' ' * 9}b: c\n", f"a: {'[' * 9}b{']' * 9}\n"),
        *(f"a: {'9' * 20}\n",),
        *("a: [1:30]\n", "a: {b c: d}\n", "a: [b}\n", "a: {b: c]\n", "a:\n  - 'b' c\n", "a:\n  b:\n  |\n", "a:\n  b: |\n  c\n"),
    ],
)
def test_other_yaml_is_declined(text: str) -> None:
    assert fast.parse_subset(text) is None


def test_pyyaml_is_imported_only_if_a_file_needs_it(newsroom: Newsroom) -> None:
    settings = {"authors.yaml": "mina:\n  name: Mina\n", "categories.yaml": "asia:\n  title: Asia\n"}
    head = f"{HEAD}id: tag:news.example,2026:a\n"
    root = newsroom(settings)
    imports = "import sys; from feedsvc.content.folder.folder import load_content; from pathlib import Path"
    program = f"{imports}; load_content(Path({str(root)!r}))"
    command = [sys.executable, "-c", f"{program}; print('yaml' in sys.modules)"]
    for text, is_imported in ((head, False), (f"{head}summary: !!str x\n", True)):
        newsroom({**settings, "articles/a.yaml": text})
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == f"{is_imported}\n"
