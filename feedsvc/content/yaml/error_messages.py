"""Messages for YAML errors: libyaml's errors in an editor's words, at the position where the editor can fix them."""

from __future__ import annotations

import re
from typing import Final

from feedsvc.content.yaml.unindented_text import explain_unindented_line, indentation, is_content, unindented_text_message

LineColumn = tuple[int, int]

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


def translate_error(text: str, libyaml_message: str, stop: LineColumn | None, start: LineColumn | None) -> tuple[int, int, str]:
    """Return line and column, both from 1, and a message for the editor, of an error that libyaml reports for `text`.

    `text` is that of the file. `stop` is the position at which libyaml stopped, and `start` that of the construct that it was
    reading: line and column, from 0, or None if libyaml gives none.
    """
    line, column = _position_in_file(text, stop)
    if marker_line := conflict_line(text):
        return marker_line, 1, CONFLICT_MESSAGE
    if explanation := explain_unindented_line(text, line) or _comment_in_brackets(text, line):
        return explanation
    for explain in (_missing_space, _missing_colon, _unclosed_quote, _early_quote, _early_bracket, _indented_first_line):
        if result := explain(text, libyaml_message, (line, column), start):
            return result
    message = _message(text, line, column, libyaml_message)
    if start and any(fragment in libyaml_message for fragment in _REPORTED_AT_START):
        if message == _EXPECTED_KEY:
            # libyaml reads a text to its end to find a colon, so the line where it stopped says nothing.
            lines = text.splitlines()
            message = unindented_text_message(lines, start[0]) or message + _other_sign_hint(lines[start[0]])
        elif line > start[0] + 1:
            message += f"; reading stopped at line {line}"
        line, column = _position_in_file(text, start)
    return line, column, message


def conflict_line(text: str) -> int:
    """Return the line, from 1, at which the first unresolved merge conflict begins; 0 if there is none."""
    match = _CONFLICT_MARKER.search(text) if "<<<<<<< " in text else None
    return text.count("\n", 0, match.start()) + 1 if match else 0


def _comment_in_brackets(text: str, stop_line: int) -> tuple[int, int, str] | None:
    """Return line, column and message of a text with # in a list in brackets, such as [#weather]; None if there is none.

    `stop_line`, from 1, is where libyaml stopped, which may be far below.
    """
    for number, line in enumerate(text.splitlines()[:stop_line], 1):
        if match := _COMMENT_IN_BRACKETS.match(line):
            return number, match.start(1) + 1, f'YAML ignores the rest of a line after #; put the text in quotes: "{match[1]}"'
    return None


def _unclosed_quote(text: str, libyaml_message: str, stop: LineColumn, _: LineColumn | None) -> tuple[int, int, str] | None:
    """Return line, column and message of a text in quotes without its closing mark, which a mark in a later line has closed.

    Return None if that is not the reason of the error. `stop` is where libyaml stopped, line and column from 1.
    """
    lines, (line, column) = text.splitlines(), stop
    text_before = lines[line - 1][: column - 1].rstrip(" ") if line <= len(lines) else ""
    quote = text_before[-1:]
    is_early = any(fragment in libyaml_message for fragment in _EARLY_QUOTE_ERRORS)
    if not is_early or quote not in _QUOTE_HINTS or text_before.count(quote) != 1 or not _LINE_START.match(text_before):
        return None
    number = next((index for index in range(line - 2, -1, -1) if quote in lines[index]), 0)
    match = _OPENING_QUOTE.search(lines[number])
    if line < 2 or not match or quote not in match.groups():  # noqa: PLR2004 - there is no line above the first
        return None
    column = (match.start(1) if match[1] else match.start(2)) + 1
    return number + 1, column, f"a quotation mark is opened here and closed only in line {line}; close it in this line"


def _early_quote(text: str, libyaml_message: str, stop: LineColumn, _: LineColumn | None) -> tuple[int, int, str] | None:
    """Return line, column and message of a quotation mark that ends a quoted text too early ('It's raining').

    Return None if that is not the reason of the error. `stop` is where libyaml stopped, line and column from 1.
    """
    line, column = stop
    if not any(fragment in libyaml_message for fragment in _EARLY_QUOTE_ERRORS):
        return None
    text_before = text.splitlines()[line - 1][: column - 1].rstrip(" ")
    quote = text_before[-1:]
    if quote not in _QUOTE_HINTS or text_before.count(quote) < 2:  # noqa: PLR2004 - the opening and the closing one
        return None
    return line, len(text_before), f"the text in quotes ends here, and more follows: {_QUOTE_HINTS[quote]}"


def _early_bracket(text: str, libyaml_message: str, stop: LineColumn, _: LineColumn | None) -> tuple[int, int, str] | None:
    """Return line, column and message of a text that begins with a list in brackets ([Opinion] Peace), or with a mapping.

    Return None if that is not the reason of the error. `stop` is where libyaml stopped, line and column from 1.
    """
    line, column = stop
    text_before = text.splitlines()[line - 1][: column - 1].rstrip(" ")
    match = _BRACKETS_VALUE.match(text_before)
    if "did not find expected key" not in libyaml_message or not match or text_before[-1] not in "]}":
        return None
    sign = text_before[match.end()]
    return line, match.end() + 1, f"more follows after the closing bracket; a text that begins with '{sign}' must stand in quotes"


def _position_in_file(text: str, position: LineColumn | None) -> LineColumn:
    """Convert libyaml's position to line and column from 1. None, or a position below the last line, becomes the text's end."""
    lines = text.splitlines() or [""]
    if not position or position[0] >= len(lines):
        return len(lines), len(lines[-1]) + 1
    return position[0] + 1, position[1] + 1


def _message(text: str, line: int, column: int, libyaml_message: str) -> str:
    if "cannot start any token" in libyaml_message:
        char = text.splitlines()[line - 1][column - 1 : column]
        return "a tab; YAML is indented with spaces" if char == "\t" else f"a text that begins with '{char}' must stand in quotes"
    if "mapping values are not allowed" in libyaml_message:
        text_before = text.splitlines()[line - 1][: column - 1]
        return _SECOND_COLON if ": " in text_before else _WRONG_INDENTATION
    default = f"this is not YAML here ({libyaml_message})"
    return next((message for fragment, message in _MESSAGES if fragment in libyaml_message), default)


def _missing_colon(text: str, libyaml_message: str, stop: LineColumn, _: LineColumn | None) -> tuple[int, int, str] | None:
    """Return line, column and message of a key without a colon; None if that is not the reason of the error.

    YAML reads the line as a text that goes on in the next line, and rejects the colon there. `stop` is where libyaml stopped,
    line and column from 1.
    """
    lines, line = text.splitlines(), stop[0]
    number = _previous_content_line(lines, line - 1)
    indent = lines[number][: indentation(lines[number])]
    is_above = number < line - 1 and is_content(lines[number])
    is_key_line = is_above and ":" not in lines[number] and _is_sibling_key(lines, number, indent, lines[line - 1])
    if "mapping values are not allowed" not in libyaml_message or not is_key_line:
        return None
    hint = _other_sign_hint(lines[number])
    return number + 1, len(indent) + 1, f"expected 'key: value' here, found no ':' in this line{hint}"


def _other_sign_hint(line: str) -> str:
    """Return a hint, after "; ", for a line whose key is followed by a sign of _OTHER_SIGN; "" for another line."""
    match = _OTHER_SIGN.match(line)
    return f"; write {match[1]}: instead of {match[1]}{match[2]}" if match else ""


def _indented_first_line(text: str, libyaml_message: str, stop: LineColumn, _: LineColumn | None) -> tuple[int, int, str] | None:
    """Return line, column and message of an indented first line above a line at the left margin, where libyaml stopped.

    Return None if that is not the reason of the error. `stop` has line and column from 1.
    """
    lines = text.splitlines()
    first = next((index for index, line in enumerate(lines) if is_content(line)), 0)
    is_margin = stop[0] <= len(lines) and not indentation(lines[stop[0] - 1]) and ":" in lines[stop[0] - 1]
    if "expected <document start>" not in libyaml_message or not is_margin or not indentation(lines[first]):
        return None
    return first + 1, 1, f"this line is indented, but line {stop[0]} is not: the keys of one level stand in one column"


def _missing_space(text: str, libyaml_message: str, stop: LineColumn, start: LineColumn | None) -> tuple[int, int, str] | None:
    """Return line, column and message of a key without a space after its colon; None if that is not the reason of the error.

    YAML reads `key:value` as text and rejects a later line. `stop` is where libyaml stopped, line and column from 1. `start` is
    that of the construct that it was reading, from 0; None if not known.
    """
    lines, line = text.splitlines(), stop[0]
    if line > len(lines) or not any(fragment in libyaml_message for fragment in _MISSING_SPACE_ERRORS):
        return None
    number = start[0] if start else _previous_content_line(lines, line - 1)
    match = _KEY_WITHOUT_SPACE.match(lines[number])
    if not match or not (start or _is_sibling_key(lines, number, match[1], lines[line - 1])):
        return None
    kind = "a plain space is missing" if match[3].isspace() else "a space is missing"
    hint = f", where a space of another kind (U+{ord(match[3]):04X}) stands" if match[3].isspace() else ""
    return number + 1, match.end(2) + 1, f"{kind} after {match[2]}:{hint}"


def _previous_content_line(lines: list[str], number: int) -> int:
    """Return the index of the nearest line above index `number` for which `is_content` is true; 0 if there is none."""
    return next((index for index in range(number - 1, -1, -1) if is_content(lines[index])), 0)


def _is_sibling_key(lines: list[str], number: int, indent: str, below: str) -> bool:
    """Return True if the line at index `number` can be a key of the same mapping as `below`, and continues no text above it.

    `indent` is the indentation of the line at `number`, with the dashes of list entries. `below` is the text of a later line.
    """
    is_first = not indent or "-" in indent or lines[_previous_content_line(lines, number)].rstrip().endswith(":")
    return is_first and len(indent) == indentation(below)
