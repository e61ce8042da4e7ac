"""Messages for YAML errors: libyaml's errors in an editor's words, at the position where the editor can fix them.

A line of a text that is not indented below its key, such as a paragraph pasted under `body: |`, is a key, a comment or another
construct for YAML, so libyaml's message, and often its line, say nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

LineColumn = tuple[int, int]
_Explanation = tuple[int, int, str]  # line and column, both from 1, and a message

_EXPECTED_KEY: Final = "expected 'key: value' here, or more indentation"
# Part of libyaml's message -> message for the editor; the first match counts.
_MESSAGES: Final[tuple[tuple[str, str], ...]] = (
    ("found unexpected end of stream", "a quotation mark is opened here and never closed"),
    ("could not find expected ':'", _EXPECTED_KEY),
    ("found undefined alias", "a text that begins with '*' means an alias; put it in quotes"),
    ("did not find expected alphabetic or numeric", "a text that begins with '&' or '*' has a meaning in YAML; put it in quotes"),
    ("did not find expected ',' or", "this '[' or '{' is not closed, or a text inside it needs quotes, at its beginning and end"),
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
    *(
        (fragment, "a text that begins with '!' has a meaning in YAML; put it in quotes")
        for fragment in (
            *("found undefined tag handle", "did not find expected tag URI", "did not find URI escaped octet"),
            *("did not find expected '!'", "did not find expected whitespace or line break"),
        )
    ),
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


# Errors whose cause is at the start of the construct, not where libyaml stopped.
_REPORTED_AT_START: Final = (
    "unexpected end of stream",
    "document indicator",
    "find expected ':'",
    "find expected ',' or",
    "alphabetic or numeric",
)
# Errors that libyaml reports for the next valid line if a key's colon has no space after it.
_MISSING_SPACE_ERRORS: Final = ("mapping values are not allowed", "find expected ':'", "expected <document start>")
# The first line of a git merge conflict.
_CONFLICT_MARKER: Final = re.compile(r"^<{7} ", re.MULTILINE)
CONFLICT_MESSAGE: Final = (
    "two versions of this file were not merged: keep one, and delete the lines that begin with '<<<<<<<', '=======' and '>>>>>>>'"
)
# Closing quotation mark -> how to write it inside a text.
_QUOTE_HINTS: Final = {
    "'": "put it in double quotes, or write '' for an apostrophe inside it",
    '"': 'put it in single quotes, or write \\" for a quotation mark inside it',
}
# A quotation mark that begins a text, as the last one of its kind in the line.
_OPENING_QUOTE: Final = re.compile(r"(?:: +|[\[{,] *|- +)(?:(\")[^\"]*+|(')[^']*+)\Z")
# A line that does not continue a text, unless that lacks a closing quotation mark.
_LINE_START: Final = re.compile(r"[ \t]*(?:#|- |[A-Za-z_][\w-]*:)")
# A key with a list in brackets or a mapping in braces in the same line.
_BRACKETS_VALUE: Final = re.compile(r"[ \t]*(?:- +)*[A-Za-z_][\w-]*: +(?=[\[{])")
_SECOND_COLON: Final = "a second ': ' in one value; put a text with ': ' in quotes"
_WRONG_INDENTATION: Final = "this line is indented too far, or continues a text with ': ' in it, which must stand in quotes"
# A list in brackets or a mapping in braces in one line, in which a '#' begins a comment that hides the closing bracket.
_COMMENT_IN_BRACKETS: Final = re.compile(
    r"[ \t]*(?:- +)*(?:[A-Za-z_][\w-]*: +)?[\[{](?:[^\]}\"'#]|(?<=[^\s,\[{])#|\"[^\"]*\"|'[^']*')*(?<=[\s,\[{])"
    r"(#[^\s#,\]}]+)[^\]}]*[\]}]"
)
_EARLY_QUOTE_ERRORS: Final = ("did not find expected key", "did not find expected ',' or")
# A key that is followed by a sign that looks like a colon or does the same elsewhere.
_OTHER_SIGN: Final = re.compile(r"[ \t]*([A-Za-z_][\w-]*) ?([;=：])")
_KEY_WITHOUT_SPACE: Final = re.compile(r"([ \t]*(?:- +)*)([A-Za-z_][\w-]*):(?!//)([^ \t\r\n])")

# A key for a text of several lines, with its value in the same line.
_TEXT_KEY: Final = re.compile(r"([ \t]*)(body|summary|description|bio): *([^ \t].*)?")
_BLOCK_MARK: Final = re.compile(r"[|>][-+0-9]*[ \t]*(?:#.*)?")
_KEY_LINE: Final = re.compile(r"[ \t]*(?:[A-Za-z_][\w-]*|\"[^\"]*\"|'[^']*')[ \t]*:(?:[ \t]|$)")
_HEADING: Final = re.compile(r"#{2,6} ")


@dataclass(frozen=True, slots=True)
class _SyntaxError:
    """Error that libyaml reports for a file: the lines of the file, libyaml's message, and where libyaml stopped, from 1.

    `start` is the position, from 0, of the construct that libyaml was reading; None if it gives none.
    """

    lines: list[str]
    message: str
    line: int
    column: int
    start: LineColumn | None

    def says(self, fragments: Iterable[str]) -> bool:
        """Return whether libyaml's message contains one of these texts."""
        return any(fragment in self.message for fragment in fragments)

    @property
    def text_before(self) -> str:
        """Text of the line before the place where libyaml stopped, without spaces at its end."""
        return self.lines[self.line - 1][: self.column - 1].rstrip(" ")


def translate_error(text: str, libyaml_message: str, stop: LineColumn | None, start: LineColumn | None) -> _Explanation:
    """Return line and column, both from 1, and a message for the editor, of an error that libyaml reports for `text`.

    `text` is that of the file. `stop` is the position at which libyaml stopped, and `start` that of the construct that it was
    reading: line and column, from 0, or None if libyaml gives none.
    """
    if marker_line := conflict_line(text):
        return marker_line, 1, CONFLICT_MESSAGE
    lines = text.splitlines() or [""]
    error = _SyntaxError(lines, libyaml_message, *_position_in_file(lines, stop), start)
    for explain in _EXPLANATIONS:
        if explanation := explain(error):
            return explanation
    message = _message(error)
    if not start or not error.says(_REPORTED_AT_START):
        return error.line, error.column, message
    if message == _EXPECTED_KEY:
        # libyaml reads a text to its end to find a colon, so the line where it stopped says nothing.
        message = _unindented_text_message(lines, start[0]) or message + _other_sign_hint(lines[start[0]])
    elif error.line > start[0] + 1:
        message += f"; reading stopped at line {error.line}"
    return *_position_in_file(lines, start), message


def conflict_line(text: str) -> int:
    """Return the line, from 1, at which the first unresolved merge conflict begins; 0 if there is none."""
    match = _CONFLICT_MARKER.search(text) if "<<<<<<< " in text else None
    return text.count("\n", 0, match.start()) + 1 if match else 0


def _position_in_file(lines: Sequence[str], position: LineColumn | None) -> LineColumn:
    """Convert libyaml's position to line and column from 1. None, or a position below the last line, becomes the text's end."""
    if not position or position[0] >= len(lines):
        return len(lines), len(lines[-1]) + 1
    return position[0] + 1, position[1] + 1


def _message(error: _SyntaxError) -> str:
    rest = error.lines[error.line - 1][error.column - 1 :]
    if "cannot start any token" in error.message:
        sign = rest[:1]
        return "a tab; YAML is indented with spaces" if sign == "\t" else f"a text that begins with '{sign}' must stand in quotes"
    if "mapping values are not allowed" in error.message:
        text_before = error.lines[error.line - 1][: error.column - 1]
        return _SECOND_COLON if ": " in text_before else _WRONG_INDENTATION
    default = f"this is not YAML here ({error.message})"
    return next((message for fragment, message in _MESSAGES if fragment in error.message), default)


def _comment_in_brackets(error: _SyntaxError) -> _Explanation | None:
    """Explain a text with # in a list in brackets, such as [#weather], perhaps far above the line where libyaml stopped."""
    for number, line in enumerate(error.lines[: error.line], 1):
        if match := _COMMENT_IN_BRACKETS.match(line):
            return number, match.start(1) + 1, f'YAML ignores the rest of a line after #; put the text in quotes: "{match[1]}"'
    return None


def _quote(error: _SyntaxError) -> _Explanation | None:
    """Explain a quotation mark that ends a quoted text too early ('It's raining'), or that ends one of an earlier line."""
    text_before = error.text_before
    quote = text_before[-1:]
    if quote not in _QUOTE_HINTS or not error.says(_EARLY_QUOTE_ERRORS):
        return None
    if text_before.count(quote) > 1:
        return error.line, len(text_before), f"the text in quotes ends here, and more follows: {_QUOTE_HINTS[quote]}"
    number = next((index for index in range(error.line - 2, -1, -1) if quote in error.lines[index]), -1)
    match = _OPENING_QUOTE.search(error.lines[number]) if number >= 0 and _LINE_START.match(text_before) else None
    if not match or quote not in match.groups():
        return None
    column = (match.start(1) if match[1] else match.start(2)) + 1
    return number + 1, column, f"a quotation mark is opened here and closed only in line {error.line}; close it in this line"


def _early_bracket(error: _SyntaxError) -> _Explanation | None:
    """Explain a text that begins with a list in brackets ([Opinion] Peace), or with a mapping."""
    text_before = error.text_before
    match = _BRACKETS_VALUE.match(text_before)
    if "did not find expected key" not in error.message or not match or text_before[-1] not in "]}":
        return None
    message = f"more follows after the closing bracket; a text that begins with '{text_before[match.end()]}' must stand in quotes"
    return error.line, match.end() + 1, message


def _missing_colon(error: _SyntaxError) -> _Explanation | None:
    """Explain a key without a colon. YAML reads the line as a text that goes on in the next line, and rejects the colon there."""
    number = _previous_content_line(error.lines, error.line - 1)
    line = error.lines[number]
    indent = line[: _indentation(line)]
    is_key_line = number < error.line - 1 and _is_content(line) and ":" not in line
    if "mapping values are not allowed" not in error.message or not (is_key_line and _is_sibling_key(error, number, indent)):
        return None
    return number + 1, len(indent) + 1, f"expected 'key: value' here, found no ':' in this line{_other_sign_hint(line)}"


def _other_sign_hint(line: str) -> str:
    """Return a hint, after "; ", for a line whose key is followed by a sign of _OTHER_SIGN; "" for another line."""
    match = _OTHER_SIGN.match(line)
    return f"; write {match[1]}: instead of {match[1]}{match[2]}" if match else ""


def _indented_first_line(error: _SyntaxError) -> _Explanation | None:
    """Explain an indented first line above a line at the left margin, where libyaml stopped."""
    first = next((index for index, line in enumerate(error.lines) if _is_content(line)), 0)
    stop_line = error.lines[error.line - 1]
    is_margin = not _indentation(stop_line) and ":" in stop_line
    if "expected <document start>" not in error.message or not is_margin or not _indentation(error.lines[first]):
        return None
    return first + 1, 1, f"this line is indented, but line {error.line} is not: the keys of one level stand in one column"


def _missing_space(error: _SyntaxError) -> _Explanation | None:
    """Explain a key without a space after its colon: YAML reads `key:value` as text and rejects a later line."""
    if not error.says(_MISSING_SPACE_ERRORS):
        return None
    number = error.start[0] if error.start else _previous_content_line(error.lines, error.line - 1)
    match = _KEY_WITHOUT_SPACE.match(error.lines[number])
    if not match or not (error.start or _is_sibling_key(error, number, match[1])):
        return None
    kind = "a plain space is missing" if match[3].isspace() else "a space is missing"
    hint = f", where a space of another kind (U+{ord(match[3]):04X}) stands" if match[3].isspace() else ""
    return number + 1, match.end(2) + 1, f"{kind} after {match[2]}:{hint}"


def _previous_content_line(lines: Sequence[str], number: int) -> int:
    """Return the index of the nearest line above index `number` for which `_is_content` is true; 0 if there is none."""
    return next((index for index in range(number - 1, -1, -1) if _is_content(lines[index])), 0)


def _is_sibling_key(error: _SyntaxError, number: int, indent: str) -> bool:
    """Return True if the line at index `number` can be a key of the same mapping as the line where libyaml stopped.

    It must continue no text above it. `indent` is its indentation, with the dashes of list entries.
    """
    line_above = error.lines[_previous_content_line(error.lines, number)]
    is_first = not indent or "-" in indent or line_above.rstrip().endswith(":")
    return is_first and len(indent) == _indentation(error.lines[error.line - 1])


def _unindented_line(error: _SyntaxError) -> _Explanation | None:
    """Explain a line of a text marked with | or > that is not indented.

    Only the text that begins last above the line where libyaml stopped is examined. A line that looks like a key ends it.
    """
    lines = error.lines
    for number in range(error.line - 1, -1, -1):
        match = _TEXT_KEY.fullmatch(lines[number].rstrip())
        if match and _BLOCK_MARK.fullmatch(match[3] or ""):
            index = _first_unindented_line(lines[: error.line], number + 1, len(match[1]))
            return None if index is None else (index + 1, _indentation(lines[index]) + 1, _unindented_text_message(lines, index))
    return None


def _first_unindented_line(lines: Sequence[str], start: int, key_indent: int) -> int | None:
    """Return the index of the first line from `start` on that belongs to a text but is not indented; None without one.

    `key_indent` is the indentation of the text's key. A comment counts if it looks like a heading, or if the text goes on below.
    """
    comment: int | None = None
    for index, line in enumerate(lines[start:], start):
        if not line.strip():
            continue
        if _indentation(line) > key_indent:
            if comment is not None:
                return comment
        elif line.lstrip().startswith("#"):
            comment = index if comment is None else comment
        elif _KEY_LINE.match(line) or not _is_content(line):
            return None
        else:
            return comment if comment is not None and _HEADING.match(lines[comment]) else index
    return None


def _unindented_text_message(lines: Sequence[str], number: int) -> str:
    """Return a message if the line at index `number` seems to be a text that is not indented below its key; "" if not."""
    line_indent = _indentation(lines[number])
    key_line = next((line for line in reversed(lines[:number]) if _is_content(line) and _indentation(line) <= line_indent), "")
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


def _is_content(line: str) -> bool:
    """Return True unless the line is blank, a comment or the mark before the front matter of a Markdown file."""
    return line.strip() not in ("", "---") and not line.lstrip().startswith("#")


def _indentation(line: str) -> int:
    """Return the number of spaces and tabs at the beginning of a line."""
    return len(line) - len(line.lstrip(" \t"))


# The first that explains an error counts.
_EXPLANATIONS: Final[tuple[Callable[[_SyntaxError], _Explanation | None], ...]] = (
    *(_unindented_line, _comment_in_brackets, _missing_space, _missing_colon),
    *(_quote, _early_bracket, _indented_first_line),
)
