"""Fast reader of redirects.yaml in its usual form: one rule a line. It declines all other YAML, so that the full parser reads it.

A file may have a hundred thousand rules, and PyYAML would take a minute for the positions of all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_QUOTED: Final = r'"(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*"' + r"|'[^']*'"
_END: Final = r"[ ]*(?:[ ]#.*)?"
# YAML 1.1 section 9.1.3: a plain text ends before ": " and " #". Those here have no space and do not end in a colon.
_KEY: Final = rf"(?P<key>/[^ \t]*|{_QUOTED})"
_VALUE: Final = rf"(?P<value>(?:/|https?://)[^ \t]*(?<!:)|gone|{_QUOTED})"
_RULE: Final = re.compile(rf"(?P<indent>[ ]+){_KEY}:[ ]+{_VALUE}{_END}")
_FROM: Final = re.compile(rf"\A[ ]*(?P<dash>-)[ ]+(?P<key>from):[ ]+{_VALUE}{_END}")
_TO: Final = re.compile(rf"\A[ ]+(?P<key>to):[ ]+{_VALUE}{_END}")
_SECTION: Final = re.compile(rf"(?P<name>exact|patterns):{_END}")
_BLANK: Final = re.compile(r"[ ]*(?:#.*)?")


class RuleText(NamedTuple):
    """One rule as an editor wrote it, without quotation marks: old address and target, each with its line and column from 1."""

    source: str
    target: str
    source_position: tuple[int, int]
    target_position: tuple[int, int]


class RuleTexts(NamedTuple):
    exact: list[RuleText]
    patterns: list[RuleText]


class LineDeclinedError(Exception):
    """Raised if `read_rule_lines` cannot read a file, which may be valid YAML: read it with `parse_yaml`.

    `line`, from 1, is the first line that is not in the form of a rule, the heading of a repeated or empty section, or a
    `from:` without `to:`.
    """

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def read_rule_lines(text: str) -> RuleTexts:
    """Return all rules of a file, in order and not validated; none for a file without sections.

    Raises LineDeclinedError for a line of another form than one rule a line (of a pattern, two lines), and for a repeated or
    empty section.
    """
    result, sections = RuleTexts([], []), set[str]()
    lines = enumerate(text.replace("\r\n", "\n").split("\n"), 1)
    readers = {"exact": _read_exact, "patterns": _read_patterns}
    heading = _next_section(lines)
    while heading:
        number, name = heading
        if name in sections:
            raise LineDeclinedError(number)
        sections.add(name)
        rules = result.exact if name == "exact" else result.patterns
        heading = readers[name](lines, rules)
        if not rules:  # null, which is valid YAML, but also the form of a list in braces
            raise LineDeclinedError(number)
    return result


_Lines = Iterator[tuple[int, str]]


def _next_section(lines: _Lines) -> tuple[int, str] | None:
    for number, line in lines:
        if match := _SECTION.fullmatch(line):
            return number, match["name"]
        if not _BLANK.fullmatch(line):
            raise LineDeclinedError(number)
    return None


def _read_exact(lines: _Lines, rules: list[RuleText]) -> tuple[int, str] | None:
    """Add the rules of the section `exact` to `rules`. Return line and name of the next section's heading, None at the end.

    Raises LineDeclinedError for a line in another form.
    """
    indent = ""
    for number, line in lines:
        match = _RULE.fullmatch(line)
        if not match:
            if section := _SECTION.fullmatch(line):
                return number, section["name"]
            if _BLANK.fullmatch(line):
                continue
            raise LineDeclinedError(number)
        indent = indent or match["indent"]
        if match["indent"] != indent:
            raise LineDeclinedError(number)
        source_at, target_at = (number, match.start("key") + 1), (number, match.start("value") + 1)
        rules.append(RuleText(_text(match["key"]), _text(match["value"]), source_at, target_at))
    return None


def _read_patterns(lines: _Lines, rules: list[RuleText]) -> tuple[int, str] | None:
    """Add the rules of the section `patterns` to `rules`. Each item begins with `from:`, and `to:` follows.

    Return line and name of the next section's heading, None at the end. Raises LineDeclinedError for a line in another form.
    """
    first: tuple[int, re.Match[str]] | None = None  # the line with `from:` of the current item
    dash_column = -1
    for number, line in lines:
        if _BLANK.fullmatch(line):
            continue
        if first is None and (section := _SECTION.fullmatch(line)):
            return number, section["name"]
        match = (_TO if first else _FROM).fullmatch(line)
        if match and first and match.start("key") == first[1].start("key"):
            source_at, target_at = (first[0], first[1].start("value") + 1), (number, match.start("value") + 1)
            rules.append(RuleText(_text(first[1]["value"]), _text(match["value"]), source_at, target_at))
            first = None
        elif match and not first and dash_column in (-1, match.start("dash")):
            first, dash_column = (number, match), match.start("dash")
        else:
            raise LineDeclinedError(number)
    if first:
        raise LineDeclinedError(first[0])
    return None


def _text(scalar: str) -> str:
    if scalar.startswith('"'):
        return str(json.loads(scalar))
    return scalar[1:-1] if scalar.startswith("'") else scalar
