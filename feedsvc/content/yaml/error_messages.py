"""What libyaml finds wrong with a text, in an editor's words and at the place that mends it."""

from __future__ import annotations

import re
from typing import Final

Place = tuple[int, int]

# What libyaml says -> what an editor can do about it.
_SENTENCES: Final[tuple[tuple[str, str], ...]] = (
    ("mapping values are not allowed", "a second ': ' in one value, or a line indented too far; put a text with ': ' in quotes"),
    ("found unexpected end of stream", "a quotation mark is opened here and never closed"),
    ("could not find expected ':'", "expected 'key: value' here, or more indentation"),
    ("found undefined alias", "a text that begins with '*' means an alias; put it in quotes"),
    ("did not find expected alphabetic or numeric", "a text that begins with '&' or '*' has a meaning in YAML; put it in quotes"),
    ("did not find expected ',' or", "this '[' or '{' is not closed, or a text inside it needs quotes"),
    (
        "did not find expected key",
        "expected a key here: look for a wrong indentation, or for text after a closing quotation mark or bracket",
    ),
    ("did not find expected '-' indicator", "expected '- ' here: the entries of a list stand in one column"),
    ("found unknown escape character", "a backslash in double quotes has a meaning; write '\\\\' or use single quotes"),
    ("found invalid Unicode character", "this escape is no character (a lone surrogate, or beyond Unicode)"),
    ("block sequence entries are not allowed", "a list begins on its own line below the key"),
    ("mapping keys are not allowed", "a text that begins with '?' has a meaning in YAML; put it in quotes"),
    ("found unexpected document indicator", "a quotation mark is opened here and never closed"),
    ("a tab character", "a tab; YAML is indented with spaces"),
    ("an indentation indicator equal to 0", "after '|' or '>' the text begins on the next line"),
    ("did not find expected hexdecimal number", "a backslash in double quotes has a meaning; write '\\\\' or use single quotes"),
    ("found undefined tag handle", "a text that begins with '!' has a meaning in YAML; put it in quotes"),
    ("did not find expected tag URI", "a text that begins with '!' has a meaning in YAML; put it in quotes"),
    ("did not find URI escaped octet", "a text that begins with '!' has a meaning in YAML; put it in quotes"),
    ("did not find expected '!'", "a text that begins with '!' has a meaning in YAML; put it in quotes"),
    ("did not find expected whitespace or line break", "a text that begins with '!' has a meaning in YAML; put it in quotes"),
    (
        "did not find expected node content",
        "a value is missing here: look for a ',' too many, or a '[' or '{' that is not closed",
    ),
    ("directive", "a line that begins with '%' has a meaning in YAML; put the text in quotes or indent it"),
    ("did not find expected <document start>", "nothing but 'key: value' lines is expected at the left margin"),
    (
        "but found another document",
        "a second document begins at this '---'; a file holds one, and a Markdown article's name ends in .md",
    ),
    ("exceeded maximum nesting depth", "nested too deeply"),
    ("did not find expected comment or line break", "after '|' or '>' the text begins on the next line"),
    ("second occurrence", "a text that begins with '&' names a value, and this name was given before; put a text in quotes"),
)


# Where the fault lies at what was begun, not where libyaml gave up.
_BEGUN: Final = (
    "unexpected end of stream",
    "document indicator",
    "find expected ':'",
    "find expected ',' or",
    "alphabetic or numeric",
)
# What libyaml says of the next sound line when a key's colon has no space behind it.
_AFTER_A_WORD: Final = ("mapping values are not allowed", "find expected ':'", "expected <document start>")
# The first line that git writes where two versions of a file could not be merged.
_CONFLICT: Final = re.compile(r"^<{7} ", re.MULTILINE)
CONFLICT: Final = (
    "two versions of this file were not merged: keep one, and delete the lines that begin with '<<<<<<<', '=======' and '>>>>>>>'"
)
# A closing quotation mark, and how to write one inside a text.
_INSIDE_QUOTES: Final = {
    "'": "put it in double quotes, or write '' for an apostrophe inside it",
    '"': 'put it in single quotes, or write \\" for a quotation mark inside it',
}
_AFTER_QUOTES: Final = ("did not find expected key", "did not find expected ',' or")
_GLUED: Final = re.compile(r"([ \t]*(?:- +)*)([A-Za-z_][\w-]*):(?!//)([^ \t\r\n])")


def fault(text: str, said: str, where: Place | None, begun: Place | None) -> tuple[int, int, str]:
    """Line and column, both from 1, and what is wrong there.

    `where` libyaml gave up and what it was reading `begun` are its own lines and columns, from 0.
    """
    line, column = _place(text, where)
    if conflict := conflict_line(text):
        return conflict, 1, CONFLICT
    if found := _glued(text, said, line, begun) or _after_quotes(text, said, line, column):
        return found
    sentence = _sentence(text, line, column, said)
    if begun and any(theirs in said for theirs in _BEGUN):
        sentence += f"; reading stopped at line {line}" if line > begun[0] + 1 else ""
        line, column = _place(text, begun)
    return line, column, sentence


def conflict_line(text: str) -> int:
    """Return the line, from 1, where an unresolved merge conflict begins; 0 without one."""
    found = _CONFLICT.search(text) if "<<<<<<< " in text else None
    return text.count("\n", 0, found.start()) + 1 if found else 0


def _after_quotes(text: str, said: str, line: int, column: int) -> tuple[int, int, str] | None:
    """Find the quotation mark within a text in quotes that ends it too early, as in 'It's raining'."""
    before = text.splitlines()[line - 1][: column - 1].rstrip(" ") if any(theirs in said for theirs in _AFTER_QUOTES) else ""
    mark = before[-1:]
    if mark not in _INSIDE_QUOTES or before.count(mark) < 2:  # noqa: PLR2004 - the opening one and this
        return None
    return line, len(before), f"the text in quotes ends here, and more follows: {_INSIDE_QUOTES[mark]}"


def _place(text: str, where: Place | None) -> Place:
    """From 1; libyaml gives up in the line below a file's last."""
    lines = text.splitlines() or [""]
    if not where or where[0] >= len(lines):
        return len(lines), len(lines[-1]) + 1
    return where[0] + 1, where[1] + 1


def _sentence(text: str, line: int, column: int, said: str) -> str:
    if "cannot start any token" in said:
        char = text.splitlines()[line - 1][column - 1 : column]
        return "a tab; YAML is indented with spaces" if char == "\t" else f"a text that begins with '{char}' must stand in quotes"
    return next((ours for theirs, ours in _SENTENCES if theirs in said), f"this is not YAML here ({said})")


def _glued(text: str, said: str, line: int, begun: Place | None) -> tuple[int, int, str] | None:
    """A key without a space behind its colon, which makes a text of it and a riddle of the line below."""
    lines = text.splitlines()
    if line > len(lines) or not any(theirs in said for theirs in _AFTER_A_WORD):
        return None
    number = begun[0] if begun else _above(lines, line - 1)
    found = _GLUED.match(lines[number])
    if not found or not (begun or _is_beside(lines, number, found[1], lines[line - 1])):
        return None
    kind = "a plain space is missing" if found[3].isspace() else "a space is missing"
    hint = f", where a space of another kind (U+{ord(found[3]):04X}) stands" if found[3].isspace() else ""
    return number + 1, found.end(2) + 1, f"{kind} after {found[2]}:{hint}"


def _above(lines: list[str], number: int) -> int:
    """The next line further up that says something, from 0; the first if none does."""
    said = (index for index in range(number - 1, -1, -1) if lines[index].strip() and not lines[index].lstrip().startswith("#"))
    return next(said, 0)


def _is_beside(lines: list[str], number: int, indent: str, below: str) -> bool:
    """Whether a line could be a key beside the one below it, rather than more of a text from above."""
    is_first = not indent or "-" in indent or lines[_above(lines, number)].rstrip().endswith(":")
    return is_first and len(indent) == len(below) - len(below.lstrip(" \t"))
