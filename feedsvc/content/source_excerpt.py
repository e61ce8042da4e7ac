"""The line that a problem names, with a caret below it, for a terminal: wide, combining and invisible characters counted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read
from feedsvc.content.text import LARGEST_FILE
from feedsvc.errors import Problem

_WIDEST: Final = 100  # cells of a line that are shown; the place stands in the middle of a longer one
_TAB: Final = "    "
# YAML counts these as line ends and editors do not, so that nobody could say which line is meant.
_ODD_ENDS: Final = re.compile("[\x85\u2028\u2029]|\r(?!\n)")
_LINE_END: Final = re.compile(r"\r?\n")
_JOINERS: Final = "\u200c\u200d"
_NARROW_JAMO: Final = ("\u1160", "\u11ff")  # vowels and finals, drawn into the syllable before them


def excerpts(root: Path) -> Callable[[Problem], Iterator[str]]:
    """For each problem of a content folder its line and a caret below; nothing where there is no such line of text."""
    lines = lru_cache(maxsize=16)(lambda path: _lines(root, path))

    def excerpt(problem: Problem) -> Iterator[str]:
        found = lines(problem.path)[problem.line - 1 : problem.line]
        if found and found[0].strip():
            shown, before = _around(found[0], problem.column)
            gutter = f"{problem.line:>5} | "
            yield f"{gutter}{shown}".rstrip()
            yield f"{' ' * (len(gutter) - 2)}| {' ' * before}^"

    return excerpt


def _lines(root: Path, path: str) -> list[str]:
    data = safe_read.read(root, path)
    if not isinstance(data, bytes) or len(data) > LARGEST_FILE:
        return []
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return []
    return [] if _ODD_ENDS.search(text) else _LINE_END.split(text)


def _around(line: str, column: int) -> tuple[str, int]:
    """What is shown of a line, and how many cells stand before the column."""
    at = min(column, len(line) + 1) - 1
    first, last = _window(line, at)
    before, after = visible(line[first:at]), visible(line[at:last])
    head, tail = "…" * (first > 0), "…" * (last < len(line))
    return f"{head}{before}{after}{tail}", _width(head) + _width(before)


def _window(line: str, at: int) -> tuple[int, int]:
    """First and last index of what fits: half before the place, the rest behind it."""
    first, room = at, _WIDEST // 2
    while first > 0 and (room := room - _width(visible(line[first - 1]))) >= 0:
        first -= 1
    last, room = at, _WIDEST - _width(visible(line[first:at]))
    while last < len(line) and (room := room - _width(visible(line[last]))) >= 0:
        last += 1
    return first, last


def visible(text: str) -> str:
    """A text with what nobody would see in it written out, like <U+202E>."""
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    """What would move the cursor, turn the line round or show nothing at all, as something that can be seen."""
    if char == "\t":
        return _TAB
    hidden = unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") and char not in _JOINERS
    return f"<U+{ord(char):04X}>" if hidden else char


def _width(text: str) -> int:
    return sum(map(_cells, text))


def _cells(char: str) -> int:
    """Cells that a terminal gives a character (UAX #11; marks and joiners stand on the one before them)."""
    if char in _JOINERS or unicodedata.category(char) in ("Mn", "Me") or _NARROW_JAMO[0] <= char <= _NARROW_JAMO[1]:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
