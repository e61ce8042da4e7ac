"""Messages about lines of a text that are not indented below its key, such as a paragraph pasted under `body: |`.

YAML takes such a line for a key, a comment or another construct, so libyaml's message, and often its line, say nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

# A key for a text of several lines, with its value in the same line.
_TEXT_KEY: Final = re.compile(r"([ \t]*)(body|summary|description|bio): *([^ \t].*)?")
_BLOCK_MARK: Final = re.compile(r"[|>][-+0-9]*[ \t]*(?:#.*)?")
_KEY_LINE: Final = re.compile(r"[ \t]*(?:[A-Za-z_][\w-]*|\"[^\"]*\"|'[^']*')[ \t]*:(?:[ \t]|$)")
_HEADING: Final = re.compile(r"#{2,6} ")


def explain_unindented_line(text: str, stop_line: int) -> tuple[int, int, str] | None:
    """Return line, column (from 1) and message if a line of a text marked with | or > is not indented; None if all are.

    `text` is that of a file with an error of YAML, `stop_line` the line (from 1) where libyaml stopped. Only the text that begins
    last above that line is examined. A line that looks like a key ends it.
    """
    lines = text.splitlines()
    for number in range(min(stop_line, len(lines)) - 1, -1, -1):
        match = _TEXT_KEY.fullmatch(lines[number].rstrip())
        if match and _BLOCK_MARK.fullmatch(match[3] or ""):
            index = _first_unindented_line(lines, number + 1, stop_line, len(match[1]))
            return None if index is None else (index + 1, indentation(lines[index]) + 1, unindented_text_message(lines, index))
    return None


def _first_unindented_line(lines: Sequence[str], start: int, end: int, key_indent: int) -> int | None:
    """Return the index of the first line in `lines[start:end]` that belongs to a text but is not indented; None without one.

    `key_indent` is the indentation of the text's key. A comment counts if it looks like a heading, or if the text goes on below.
    """
    comment: int | None = None
    for index in range(start, min(end, len(lines))):
        line = lines[index]
        if not line.strip():
            continue
        if indentation(line) > key_indent:
            if comment is not None:
                return comment
        elif line.lstrip().startswith("#"):
            comment = index if comment is None else comment
        elif _KEY_LINE.match(line) or not is_content(line):
            return None
        else:
            return comment if comment is not None and _HEADING.match(lines[comment]) else index
    return None


def unindented_text_message(lines: Sequence[str], number: int) -> str:
    """Return a message if the line at index `number` seems to be a text that is not indented below its key; "" if not."""
    line_indent = indentation(lines[number])
    key_line = next((line for line in reversed(lines[:number]) if is_content(line) and indentation(line) <= line_indent), "")
    match = _TEXT_KEY.fullmatch(key_line.rstrip())
    if not match or line_indent > len(match[1]):
        return ""
    key, value = match[2], match[3] or ""
    if not value or value.startswith("#"):
        return f"the text of {key}: is not indented; write {key}: | and indent each line of the text by two spaces"
    if _BLOCK_MARK.fullmatch(value):
        return f"this line of the text of {key}: is not indented; indent each line of the text by two spaces"
    return (
        f"expected 'key: value' here; if the text of {key}: goes on, write {key}: | and the whole text below it, "
        "each line indented by two spaces"
    )


def is_content(line: str) -> bool:
    """Return True unless the line is blank, a comment or the mark before the front matter of a Markdown file."""
    return line.strip() not in ("", "---") and not line.lstrip().startswith("#")


def indentation(line: str) -> int:
    """Return the number of spaces and tabs at the beginning of a line."""
    return len(line) - len(line.lstrip(" \t"))
