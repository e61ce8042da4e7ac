"""Redirects: redirects.yaml -> RedirectRules, with the problems of single rules, duplicates and loops.

A file in its usual form, one rule a line, has a fast reader, which declines all other YAML, so that the full parser reads it: a
file may have a hundred thousand rules, and PyYAML would take a minute for the positions of all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from feedsvc import __version__
from feedsvc.content import text
from feedsvc.content.schema.models import RedirectsKeys
from feedsvc.content.schema.validation import validate_document
from feedsvc.content.yaml import KeyPath, YamlDocument, parse_yaml
from feedsvc.errors import Problem, limit_problems
from feedsvc.redirects import (
    REDIRECTS_FILE,
    RedirectPattern,
    RedirectRules,
    check_pattern_target,
    normalize_address,
    other_spelling,
    parse_pattern,
    parse_target,
    without_slash,
)
from feedsvc.routes import path_of, place_of
from feedsvc.support.digest import blake2b
from feedsvc.uris import path_below

MAX_REDIRECTS_SIZE: Final = 64 * 1024**2  # bytes of redirects.yaml
MAX_EXACT_RULES: Final = 500_000
MAX_PATTERNS: Final = 1_000
_MAX_PARAMETER_SETS: Final = 32
_EXAMPLE: Final = "write exact: in a line of its own, and below it, in a line each, rules like '  /old/: /articles/new/'"
_MAX_SHOWN: Final = 5  # addresses of a loop in a message
_T = TypeVar("_T")
# One rule a line.
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
_Lines = Iterator[tuple[int, str]]


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


class ParsedRedirects(NamedTuple):
    """The valid rules of redirects.yaml, and the sorted problems. If one is an error, the last valid version shall be used.

    Of over 100 problems, only 100 are here, and one that counts the others. With any problem, the `source_digest` of the rules is
    b"".
    """

    rules: RedirectRules
    problems: tuple[Problem, ...]

    @property
    def is_broken(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)


def source_digest(data: bytes, base_url: str) -> bytes:
    """Return the digest that `RedirectRules.source_digest` has for a redirects.yaml of these bytes without problems.

    The digest also depends on `base_url` and on the version of feedsvc, because either may change the rules or the problems.
    """
    return blake2b(data, size=16) + blake2b(f"{__version__} {base_url}", size=8)


@lru_cache(maxsize=1)  # each reading of the settings reads the file, which seldom changes and may be large
def parse_redirects(data: bytes, base_url: str) -> ParsedRedirects:
    """Parse redirects.yaml. A target that is an absolute address below `base_url`, without query and fragment, becomes a path.

    Faults of the file become problems, not exceptions. A file with an invalid byte or a forbidden character, or one that is
    larger than MAX_REDIRECTS_SIZE, has no rules at all.
    """
    decoded = text.decode(REDIRECTS_FILE, data, MAX_REDIRECTS_SIZE)
    if decoded.problems:
        return ParsedRedirects(RedirectRules(), limit_problems(decoded.problems))
    document = YamlDocument(REDIRECTS_FILE)
    texts = _rule_texts(decoded.text, document)
    rules = _Builder(base_url, document.problems).build(texts)
    problems = document.limited_problems()
    digest = b"" if problems else source_digest(data, base_url)
    return ParsedRedirects(RedirectRules(rules.exact, rules.patterns, digest), problems)


def rule_texts(data: bytes) -> Mapping[str, RuleText]:
    """Return the rules in the bytes of redirects.yaml, as the editor wrote them, by key; {} if they cannot be parsed.

    The key of an exact rule is its normalized old address without a trailing slash, that of a pattern its `from:`. The first of
    several exact rules with one key counts.
    """
    texts = _rule_texts(text.decode(REDIRECTS_FILE, data, MAX_REDIRECTS_SIZE).text, YamlDocument(REDIRECTS_FILE))
    found = {rule.source: rule for rule in texts.patterns}
    for rule in texts.exact:
        with suppress(ValueError):
            found.setdefault(without_slash(normalize_address(rule.source)), rule)
    return found


def _rule_texts(content: str, found: YamlDocument) -> RuleTexts:
    """Return the rules in the text of redirects.yaml, not validated. Add problems of YAML and of wrong types to `found`.

    No rules are returned for invalid YAML, and for a text of over 1 MiB that has not one rule on each line, which is a problem.
    """
    try:
        return read_rule_lines(content)
    except LineDeclinedError as error:
        if len(content) > text.MAX_FILE_SIZE:
            message = "a file of more than 1 MiB must have one rule on each line, like '  /old/: /articles/new/'"
            hint = "write the address and the target in double quotes if they have spaces or quotation marks"
            found.problems.append(_problem((error.line, 1), message, hint))
            return RuleTexts([], [])
    document = parse_yaml(REDIRECTS_FILE, content)
    if document.value is None and not document.problems:
        return RuleTexts([], [])
    keys = validate_document(document, RedirectsKeys, {})
    is_no_mapping = keys is None and document.value is not None
    found.problems += [replace(problem, hint=_EXAMPLE) if is_no_mapping else problem for problem in document.problems]
    found.omitted_errors += document.omitted_errors
    if keys is None:
        return RuleTexts([], [])
    exact = [_rule_text(document, key, target, ("exact", key), ("exact", key)) for key, target in keys.exact.items()]
    patterns = [
        _rule_text(document, pattern.from_, pattern.to, ("patterns", index, "from"), ("patterns", index, "to"))
        for index, pattern in enumerate(keys.patterns)
    ]
    return RuleTexts(exact, patterns)


def _rule_text(document: YamlDocument, source: str, target: str, source_at: KeyPath, target_at: KeyPath) -> RuleText:
    first = document.problem(source_at, "", at_key=source_at[0] == "exact")
    second = document.problem(target_at, "")
    return RuleText(source, target, (first.line, first.column), (second.line, second.column))


def _problem(position: tuple[int, int], message: str, hint: str = "") -> Problem:
    return text.problem_at(REDIRECTS_FILE, position, message, hint)


def read_rule_lines(content: str) -> RuleTexts:
    """Return all rules of a file, in order and not validated; none for a file without sections.

    Raises LineDeclinedError for a line of another form than one rule a line (of a pattern, two lines), and for a repeated or
    empty section.
    """
    result, sections = RuleTexts([], []), set[str]()
    lines = enumerate(content.replace("\r\n", "\n").split("\n"), 1)
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


@dataclass
class _Builder:
    """Builder of the rules of one file. It adds to `problems`."""

    base_url: str
    problems: list[Problem]
    _positions: dict[str, RuleText] = field(default_factory=dict)  # address without slash -> its rule
    _targets: dict[str, str] = field(default_factory=dict)  # as written -> as used; an article has several old addresses

    def build(self, texts: RuleTexts) -> RedirectRules:
        exact: dict[str, str] = {}
        patterns: list[RedirectPattern] = []
        self.problems += self._all_problems(texts, exact, patterns)
        return RedirectRules(exact, tuple(patterns))

    def _all_problems(self, texts: RuleTexts, exact: dict[str, str], patterns: list[RedirectPattern]) -> Iterator[Problem]:
        """Yield the problems of all rules. Add the valid rules to `exact` and `patterns`."""
        for rules, limit, name in ((texts.exact, MAX_EXACT_RULES, "exact"), (texts.patterns, MAX_PATTERNS, "patterns")):
            if len(rules) > limit:
                yield _problem(rules[limit].source_position, f"{name}: {len(rules):,} rules, at most {limit:,} are allowed")
        for rule in islice(texts.exact, MAX_EXACT_RULES):
            yield from self._add_exact(rule, exact)
        yield from self._remove_loops(exact)
        sources: dict[str, RuleText] = {}
        for rule in islice(texts.patterns, MAX_PATTERNS):
            yield from self._add_pattern(rule, sources, patterns)
        yield from self._too_many_parameter_sets(RedirectRules(exact, tuple(patterns)), texts)

    def _add_exact(self, rule: RuleText, exact: dict[str, str]) -> Iterator[Problem]:
        address = yield from _checked(rule.source_position, lambda: normalize_address(rule.source))
        target: str | None = self._targets.get(rule.target)
        if target is None:
            target = yield from _checked(rule.target_position, lambda: self._own_path(parse_target(rule.target)))
            self._targets.update({rule.target: target} if target else {})
        if address is None or target is None:
            return
        first = self._positions.setdefault(without_slash(address), rule)
        if first is not rule:
            message = f"'{rule.source}' is the same address as '{first.source}' in line {first.source_position[0]}"
            yield _problem(
                rule.source_position, message, "delete one of the two; a slash or index.html at the end makes no difference"
            )
            return
        exact[address] = target

    def _own_path(self, target: str) -> str:
        """Return the path of a target of this site, also of an absolute address without query and fragment; else the target.

        The path is canonical if it is the path of a place.
        """
        if target.startswith("http") and "?" not in target and "#" not in target:
            target = path_below(self.base_url, target) or target
        place = place_of(target) if target.startswith("/") else None
        return path_of(place) if place else target

    def _remove_loops(self, exact: dict[str, str]) -> Iterator[Problem]:
        """Yield an error for each loop of exact rules. Remove the rules in loops and those that lead into them from `exact`."""
        ends: dict[str, bool] = {}  # address -> whether it leads out of all loops
        for address in [address for address, target in exact.items() if _next_address(exact, target)]:
            path: dict[str, None] = {}
            following = address
            while following and following not in path and following not in ends:
                path[following] = None
                following = _next_address(exact, exact[following])
            if following in path:
                yield self._loop_problem([*path][[*path].index(following) :])
            ends |= dict.fromkeys(path, not following or ends.get(following, False))
        for address in [address for address, has_end in ends.items() if not has_end]:
            del exact[address]

    def _loop_problem(self, addresses: Sequence[str]) -> Problem:
        rule = self._positions[without_slash(addresses[0])]
        shown = (*addresses[:_MAX_SHOWN], *("..." for _ in addresses[_MAX_SHOWN : _MAX_SHOWN + 1]), addresses[0])
        return _problem(rule.target_position, f"the redirects go in a circle: {' -> '.join(shown)}", "delete one of these rules")

    def _add_pattern(self, rule: RuleText, sources: dict[str, RuleText], patterns: list[RedirectPattern]) -> Iterator[Problem]:
        target = yield from _checked(rule.target_position, lambda: check_pattern_target(rule.target))
        if target is None:
            return
        pattern = yield from _checked(rule.source_position, lambda: parse_pattern(rule.source, target))
        if pattern and (path := self._own_pattern_path(pattern)):
            pattern = yield from _checked(rule.target_position, lambda: parse_pattern(rule.source, path))
        if pattern is None:
            return
        # A pattern whose path has no document leaves the address to the next one, so two with one shape may be meant.
        shape = pattern.shape
        first = sources.get(shape) or sources.setdefault(f"{shape} {pattern.target}", rule)
        if not pattern.target.startswith("/"):
            sources.setdefault(shape, rule)
        if first is not rule:
            message = f"'{rule.source}' is never reached, because of '{first.source}' in line {first.source_position[0]}"
            yield _problem(rule.source_position, message, "delete one of the two")
            return
        patterns.append(pattern)

    def _own_pattern_path(self, pattern: RedirectPattern) -> str:
        """Return the path, as written, of a pattern's absolute target of this site without query and fragment; else ""."""
        target = pattern.target
        if not pattern.is_elsewhere or not {"?", "#"}.isdisjoint(target):
            return ""
        # The host of the parsed target is spelled as that of base_url: in lower case, by IDNA.
        origin = f"{pattern.target_parts[0]}".split("/")[:3]
        address = "/".join([*origin, *target.split("/")[3:]])
        return address.removeprefix(self.base_url) if address.startswith(f"{self.base_url}/") else ""

    def _too_many_parameter_sets(self, rules: RedirectRules, texts: RuleTexts) -> Iterator[Problem]:
        if (count := len(rules.parameter_sets)) > _MAX_PARAMETER_SETS:
            rule = next(rule for rule in (*texts.exact, *texts.patterns) if "?" in rule.source)
            message = f"the queries have {count} different sets of parameter names, at most {_MAX_PARAMETER_SETS} are allowed"
            yield _problem(rule.source_position, message, "keep those parameters that decide which article is meant")


def _checked(position: tuple[int, int], parse: Callable[[], _T]) -> Generator[Problem, None, _T | None]:
    """Return what `parse` returns; if it raises ValueError, yield a problem and return None.

    The part of the exception's message after the first "; " becomes the hint.
    """
    try:
        return parse()
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        yield _problem(position, message, hint)
    return None


def _next_address(exact: Mapping[str, str], target: str) -> str:
    """Return the address in `exact` that equals a target, with or without its trailing slash; "" if there is none."""
    if not target.startswith("/"):
        return ""
    return next((address for address in (target, other_spelling(target)) if address in exact), "")
