"""Source excerpts for a terminal: the source line of a problem, and a line with a caret below the problem's column.

The caret is placed by terminal cells, because characters may take two cells (Chinese) or none (combining marks).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read
from feedsvc.content.text import MAX_FILE_SIZE
from feedsvc.errors import Problem

_MAX_WIDTH: Final = 100  # terminal cells; a longer line is cut on both sides of the problem's column
_TAB: Final = "    "
# YAML counts these as line ends but text editors do not, so a line number would be ambiguous.
_AMBIGUOUS_LINE_ENDS: Final = re.compile("[\x85\u2028\u2029]|\r(?!\n)")
_LINE_END: Final = re.compile(r"\r?\n")
_JOINERS: Final = "\u200c\u200d"
_NARROW_JAMO: Final = ("\u1160", "\u11ff")  # vowels and finals, drawn in the cell of the syllable before


def excerpts(root: Path) -> Callable[[Problem], Iterator[str]]:
    """Return a function that yields two lines for a problem: the line of its file below `root`, and a caret below the column.

    The line is shown with its number, cut to 100 terminal cells around the column, and escaped by `escape_invisible`.
    The function yields nothing if the line is blank or missing, if the problem is that the file is not read, or if the file
    cannot be read or decoded, has a zero byte, is over 1 MiB, or has other line ends than LF and CR LF. The lines of the 16
    files used last are cached: later changes of them do not show.
    """
    lines = lru_cache(maxsize=16)(lambda path: _lines(root, path))

    def excerpt(problem: Problem) -> Iterator[str]:
        if problem.rule == "unread-file":  # the fault is in the name
            return
        matching_lines = lines(problem.path)[problem.line - 1 : problem.line]
        if matching_lines and matching_lines[0].strip():
            visible, caret_offset = _visible_part(matching_lines[0], problem.column)
            gutter = f"{problem.line:>5} | "
            yield f"{gutter}{visible}".rstrip()
            yield f"{' ' * (len(gutter) - 2)}| {' ' * caret_offset}^"

    return excerpt


def _lines(root: Path, path: str) -> list[str]:
    data = safe_read.read_file(root, path)
    if not isinstance(data, bytes) or len(data) > MAX_FILE_SIZE or b"\0" in data:
        return []
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return []
    return [] if _AMBIGUOUS_LINE_ENDS.search(text) else _LINE_END.split(text)


def _visible_part(line: str, column: int) -> tuple[str, int]:
    """Return the part of a line to show, escaped, with "…" where it is cut, and how many cells are before `column` (from 1)."""
    index = min(column, len(line) + 1) - 1
    first, last = _window(line, index)
    before, after = escape_invisible(line[first:index]), escape_invisible(line[index:last])
    head, tail = "…" * (first > 0), "…" * (last < len(line))
    return f"{head}{before}{after}{tail}", display_width(head) + display_width(before)


def _window(line: str, index: int) -> tuple[int, int]:
    """Return start and end index of the part of a line to show: at most 100 cells, of which at most 50 are before `index`."""
    first, remaining = index, _MAX_WIDTH // 2
    while first > 0 and (remaining := remaining - display_width(escape_invisible(line[first - 1]))) >= 0:
        first -= 1
    last, remaining = index, _MAX_WIDTH - display_width(escape_invisible(line[first:index]))
    while last < len(line) and (remaining := remaining - display_width(escape_invisible(line[last]))) >= 0:
        last += 1
    return first, last


def escape_invisible(text: str) -> str:
    """Return a text with control and format characters and line breaks as code points, like <U+202E>, and tabs as four spaces.

    The joiners U+200C and U+200D stay.
    """
    return "".join(map(_escape_character, text))


def _escape_character(char: str) -> str:
    """Return what `escape_invisible` puts in place of a character; the character itself if it is visible or a joiner."""
    if char == "\t":
        return _TAB
    is_hidden = unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") and char not in _JOINERS
    return f"<U+{ord(char):04X}>" if is_hidden else char


def display_width(text: str) -> int:
    """Return the number of cells that a text takes in a line of a terminal."""
    return sum(map(_cells, text))


def _cells(char: str) -> int:
    """Return the terminal cells of a character: 0 if drawn in the cell before, like a combining mark, 2 if wide, else 1."""
    if char in _JOINERS or unicodedata.category(char) in ("Mn", "Me") or _NARROW_JAMO[0] <= char <= _NARROW_JAMO[1]:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
