"""Markdown of the generated pages: tables, code and the first paragraph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill
from typing import Final

_WIDTH: Final = 130


def introduction(title: str, source: str, *paragraphs: str) -> str:
    """Return the begin of a page; `source` is what it is generated from. Paragraphs are wrapped."""
    first = f"This page is generated from {source} by `make reference`. Do not edit it."
    wrapped = (fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False) for text in (first, *paragraphs))
    return "\n\n".join([f"# {title}", *wrapped]) + "\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(cell(text) for text in line)} |\n" for line in lines)


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    return f"`{text}`"
