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
from typing import Final, NamedTuple, TypeVar

from feedsvc import __version__
from feedsvc.content import text
from feedsvc.content.schema.models import RedirectsKeys
from feedsvc.content.schema.validation import validate_document
from feedsvc.content.yaml import KeyPath, YamlDocument, parse_yaml
from feedsvc.errors import Problem, limit_problems
from feedsvc.redirects import (
    REDIRECTS_FILE,
    RedirectRules,
    normalize_address,
    other_spelling,
    parse_target,
    without_slash,
)
from feedsvc.routes import path_of, place_of
from feedsvc.support.digest import blake2b
from feedsvc.uris import path_below

MAX_REDIRECTS_SIZE: Final = 16 * 1024**2  # bytes of redirects.yaml
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
_HEADING: Final = re.compile(rf"exact:{_END}")
_BLANK: Final = re.compile(r"[ ]*(?:#.*)?")
# The section of the patterns of earlier versions, and what their placeholders were.
_PATTERNS: Final = re.compile(r"^patterns:.*(?:\n(?:[ #-].*)?(?=\n|\Z))*", re.MULTILINE)
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")
_LAST_PLACEHOLDER: Final = re.compile(r"(?P<start>[^{}]*/)(?P<name>\{[^{}]*\})/?")


class RuleText(NamedTuple):
    """One rule as an editor wrote it, without quotation marks: old address and target, each with its line and column from 1."""

    source: str
    target: str
    source_position: tuple[int, int]
    target_position: tuple[int, int]


class LineDeclinedError(Exception):
    """Raised if `read_rule_lines` cannot read a file, which may be valid YAML: read it with `parse_yaml`.

    `line`, from 1, is the first line that is not in the form of a rule, or the heading of a section that is repeated or empty.
    """

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class ParsedRedirects(NamedTuple):
    """The valid rules of redirects.yaml, and the sorted problems. If `is_broken`, the last valid version shall be used.

    Of over 100 problems, only 100 are here, and one that counts the others. With any problem, the `source_digest` of the rules is
    b"". Patterns of earlier versions are problems, but do not make the file broken: its other rules hold.
    """

    rules: RedirectRules
    problems: tuple[Problem, ...]
    is_broken: bool = False


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
        return ParsedRedirects(RedirectRules(), limit_problems(decoded.problems), is_broken=True)
    content, patterns = _split_patterns(decoded.text)
    document = YamlDocument(REDIRECTS_FILE)
    texts = _rule_texts(content, document)
    rules = _Builder(base_url, document.problems).build([rule for rule in texts if not _has_placeholder(rule)])
    is_broken = any(problem.severity == "error" for problem in document.problems)
    document.problems += [_pattern_problem(rule) for rule in (*patterns, *filter(_has_placeholder, texts))]
    problems = document.limited_problems()
    digest = b"" if problems else source_digest(data, base_url)
    return ParsedRedirects(RedirectRules.from_addresses(rules, digest), problems, is_broken)


def rule_texts(data: bytes) -> Mapping[str, RuleText]:
    """Return the rules in the bytes of redirects.yaml, as the editor wrote them, by key; {} if they cannot be parsed.

    The key of a rule is its normalized old address without a trailing slash. The first of several rules with one key counts.
    """
    content, _ = _split_patterns(text.decode(REDIRECTS_FILE, data, MAX_REDIRECTS_SIZE).text)
    found: dict[str, RuleText] = {}
    for rule in _rule_texts(content, YamlDocument(REDIRECTS_FILE)):
        with suppress(ValueError):
            found.setdefault(without_slash(normalize_address(rule.source)), rule)
    return found


def _split_patterns(content: str) -> tuple[str, list[RuleText]]:
    """Return the text of a file without its section of patterns, in whose place empty lines stand, and these patterns."""
    content = content.replace("\r\n", "\n")
    section = _PATTERNS.search(content)
    if not section:
        return content, []
    document = parse_yaml(REDIRECTS_FILE, "\n" * content.count("\n", 0, section.start()) + section[0])
    patterns = document.value["patterns"] if isinstance(document.value, dict) else None
    rules = [
        _rule_text(document, str(item.get("from")), str(item.get("to")), ("patterns", index, "from"), ("patterns", index, "to"))
        for index, item in enumerate(patterns if isinstance(patterns, list) else [])
        if isinstance(item, dict)
    ]
    line = content.count("\n", 0, section.start()) + 1
    nothing = [RuleText("patterns", "", (line, 1), (line, 1))] if not rules and patterns else []
    return content[: section.start()] + "\n" * section[0].count("\n") + content[section.end() :], rules or nothing


def _has_placeholder(rule: RuleText) -> bool:
    return bool(_PLACEHOLDER.search(rule.source) or _PLACEHOLDER.search(rule.target))


def _pattern_problem(rule: RuleText) -> Problem:
    """Return the problem of a pattern of an earlier version, with the rule that replaces it as hint if there is one."""
    hint = "write the address of each page in full below exact:, or one * at the end, like /blog/*: /articles/*"
    if source := _LAST_PLACEHOLDER.fullmatch(rule.source):
        target = _LAST_PLACEHOLDER.fullmatch(rule.target)
        if target and target["name"] == source["name"]:
            hint = f"write {source['start']}*: {target['start']}* below exact:"
        elif not _PLACEHOLDER.search(rule.target):
            hint = f"write {source['start']}*: {rule.target} below exact:"
    return _problem(rule.source_position, f"'{rule.source}' is a pattern with placeholders, which no rule may have", hint)


def _rule_texts(content: str, found: YamlDocument) -> list[RuleText]:
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
            return []
    document = parse_yaml(REDIRECTS_FILE, content)
    if document.value is None and not document.problems:
        return []
    keys = validate_document(document, RedirectsKeys, {})
    is_no_mapping = keys is None and document.value is not None
    found.problems += [replace(problem, hint=_EXAMPLE) if is_no_mapping else problem for problem in document.problems]
    found.omitted_errors += document.omitted_errors
    rules = keys.exact if keys else {}
    return [_rule_text(document, source, target, ("exact", source), ("exact", source)) for source, target in rules.items()]


def _rule_text(document: YamlDocument, source: str, target: str, source_at: KeyPath, target_at: KeyPath) -> RuleText:
    first = document.problem(source_at, "", at_key=source_at[0] == "exact")
    second = document.problem(target_at, "")
    return RuleText(source, target, (first.line, first.column), (second.line, second.column))


def _problem(position: tuple[int, int], message: str, hint: str = "") -> Problem:
    return text.problem_at(REDIRECTS_FILE, position, message, hint)


def read_rule_lines(content: str) -> list[RuleText]:
    """Return all rules of a file, in order and not validated; none for a file of blank lines.

    Raises LineDeclinedError for a line of another form than one rule a line.
    """
    rules: list[RuleText] = []
    indent = heading = ""
    for number, line in enumerate(content.split("\n"), 1):
        match = _RULE.fullmatch(line) if heading else None
        if match and match["indent"] == (indent := indent or match["indent"]):
            source_at, target_at = (number, match.start("key") + 1), (number, match.start("value") + 1)
            rules.append(RuleText(_text(match["key"]), _text(match["value"]), source_at, target_at))
        elif not heading and _HEADING.fullmatch(line):
            heading = line
        elif not _BLANK.fullmatch(line):
            raise LineDeclinedError(number)
    if heading and not rules:  # null, which is valid YAML, but also the form of a list in braces
        raise LineDeclinedError(1)
    return rules


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

    def build(self, texts: Sequence[RuleText]) -> Mapping[str, str]:
        """Return the valid rules, old address -> target, and add the problems of all others."""
        rules: dict[str, str] = {}
        for rule in texts:
            self.problems += self._add(rule, rules)
        self.problems += self._remove_loops(rules)
        self.problems += self._too_many_parameter_sets(RedirectRules(rules), texts)
        return rules

    def _add(self, rule: RuleText, rules: dict[str, str]) -> Iterator[Problem]:
        address = yield from _checked(rule.source_position, lambda: normalize_address(rule.source))
        target: str | None = self._targets.get(rule.target)
        if target is None or target.endswith("*"):
            target = yield from _checked(rule.target_position, lambda: self._own_path(_parse_target(rule)))
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
        rules[address] = target

    def _own_path(self, target: str) -> str:
        """Return the path of a target of this site, also of an absolute address without query and fragment; else the target.

        The path is canonical if it is the path of a place.
        """
        if target.startswith("http") and "?" not in target and "#" not in target:
            target = path_below(self.base_url, target) or target
        place = place_of(target) if target.startswith("/") and not target.endswith("*") else None
        return path_of(place) if place else target

    def _remove_loops(self, rules: dict[str, str]) -> Iterator[Problem]:
        """Yield an error for each loop of rules. Remove the rules in loops and those that lead into them from `rules`."""
        ends: dict[str, bool] = {}  # address -> whether it leads out of all loops
        for address in [address for address, target in rules.items() if _next_address(rules, target)]:
            path: dict[str, None] = {}
            following = address
            while following and following not in path and following not in ends:
                path[following] = None
                following = _next_address(rules, rules[following])
            if following in path:
                yield self._loop_problem([*path][[*path].index(following) :])
            ends |= dict.fromkeys(path, not following or ends.get(following, False))
        for address in [address for address, has_end in ends.items() if not has_end]:
            del rules[address]

    def _loop_problem(self, addresses: Sequence[str]) -> Problem:
        rule = self._positions[without_slash(addresses[0])]
        shown = (*addresses[:_MAX_SHOWN], *("..." for _ in addresses[_MAX_SHOWN : _MAX_SHOWN + 1]), addresses[0])
        return _problem(rule.target_position, f"the redirects go in a circle: {' -> '.join(shown)}", "delete one of these rules")

    def _too_many_parameter_sets(self, rules: RedirectRules, texts: Sequence[RuleText]) -> Iterator[Problem]:
        if (count := len(rules.parameter_sets)) > _MAX_PARAMETER_SETS:
            rule = next(rule for rule in texts if "?" in rule.source)
            message = f"the queries have {count} different sets of parameter names, at most {_MAX_PARAMETER_SETS} are allowed"
            yield _problem(rule.source_position, message, "keep those parameters that decide which article is meant")


def _parse_target(rule: RuleText) -> str:
    return parse_target(rule.target, has_wildcard=rule.source.endswith("*"))


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


def _next_address(rules: Mapping[str, str], target: str) -> str:
    """Return the address in `rules` that equals a target, with or without its trailing slash; "" if there is none."""
    if not target.startswith("/"):
        return ""
    return next((address for address in (target, other_spelling(target)) if address in rules), "")
