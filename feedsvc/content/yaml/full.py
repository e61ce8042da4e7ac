"""Full YAML parser on PyYAML: plain values, their positions, and problems. No other module imports PyYAML.

In YAML 1.1, `no` means false and `1:30` is a number. The source map has the text of each scalar, so that a message can name the
word that the editor must put in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from typing import Final, NamedTuple

import yaml

from feedsvc.content.text import FORBIDDEN_CHARACTER, describe_forbidden_character, problem_at
from feedsvc.content.yaml import error_messages
from feedsvc.content.yaml.positions import KeyPath, Position, SourceMap, Span, YamlValue
from feedsvc.errors import Problem

_MAX_REPETITIONS: Final = 20_000  # values repeated by aliases, as a limit for alias bombs
_MAX_DEPTH: Final = 16
_MAX_DIGITS: Final = 18
_TAG_PREFIX: Final = "tag:yaml.org,2002:"
_DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_DECIMAL_FRACTION: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+")
_TRUE_WORDS: Final = frozenset({"true", "yes", "on"})


class ParsedYaml(NamedTuple):
    """Result of parsing a file: `value` is plain data, None if the file could not be parsed, is empty or is null."""

    value: YamlValue
    problems: list[Problem]
    source_map: SourceMap


def parse_with_pyyaml(path: str, text: str) -> ParsedYaml:
    """Parse the text of the file at `path` with PyYAML; never raises, errors become problems."""
    converter = _NodeConverter(path)
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        return converter.failed_result(_syntax_problem(path, text, error))
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        return converter.failed_result(Problem(path=path, message=f"this is not YAML ({str(error).splitlines()[0]})"))
    if node is None or (isinstance(node, yaml.ScalarNode) and not (node.style or node.value)):
        return converter.failed_result(
            Problem(
                path=path,
                message="the file holds no keys" if text.strip() else "the file is empty",
                hint="write its keys, or delete it if it is not needed",
            )
        )
    return converter.convert_document(node)


def _syntax_problem(path: str, text: str, error: yaml.MarkedYAMLError) -> Problem:
    stop, start = ((mark.line, mark.column) if mark else None for mark in (error.problem_mark, error.context_mark))
    line, column, message = error_messages.translate_error(text, error.problem or "unreadable", stop, start)
    return problem_at(path, (line, column), message)


class _NodeConverter:
    """Converter of PyYAML's nodes to plain values and positions, in one pass.

    It adds problems for duplicate keys, lists or mappings as keys, alias bombs (too many repetitions by aliases), aliases in the
    value that they repeat, tags, deep nesting and forbidden characters.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.source_map = SourceMap()
        self.visited_nodes: set[int] = set()
        self.repetitions = 0
        self.open_nodes: set[int] = set()

    def failed_result(self, problem: Problem) -> ParsedYaml:
        """Return a result with the value None and this one problem."""
        return ParsedYaml(None, [problem], self.source_map)

    def convert_document(self, node: yaml.Node) -> ParsedYaml:
        try:
            value = self.convert_node(node, ())
        except _BombError:
            value = None
            self.add_problem(node, "aliases ('*name') repeat more than an article can hold", "write the values out")
        return ParsedYaml(value, self.problems, self.source_map)

    def convert_node(self, node: yaml.Node, location: KeyPath) -> YamlValue:
        self.count_repetition(node)
        if id(node) in self.open_nodes:
            self.add_problem(node, "an alias ('*name') stands inside the very value that it repeats", "write the value out")
            return None
        self.source_map.values[location] = _span_of(node)
        if len(location) > _MAX_DEPTH:
            self.add_problem(node, "nested too deeply")
            return None
        if not node.tag.startswith(_TAG_PREFIX) or node.tag[len(_TAG_PREFIX) :] not in _allowed_tags(node):
            tag = node.tag.replace(_TAG_PREFIX, "!!")
            self.add_problem(node, f"'{tag}' is a YAML tag, which means nothing here", "delete it, or put the text in quotes")
            return self.scalar_text(node) if isinstance(node, yaml.ScalarNode) else None
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        self.open_nodes.add(id(node))
        result = self.mapping(node, location) if isinstance(node, yaml.MappingNode) else self.sequence(node, location)
        self.open_nodes.discard(id(node))
        return result

    def count_repetition(self, node: yaml.Node) -> None:
        """Count the node if it was visited before, because an alias repeats it. Raises _BombError above _MAX_REPETITIONS."""
        self.repetitions += id(node) in self.visited_nodes
        self.visited_nodes.add(id(node))
        if self.repetitions > _MAX_REPETITIONS:
            raise _BombError

    def sequence(self, node: yaml.Node, location: KeyPath) -> list[YamlValue]:
        return [self.convert_node(item, (*location, index)) for index, item in enumerate(node.value)]

    def mapping(self, node: yaml.MappingNode, location: KeyPath) -> dict[str, YamlValue]:
        result: dict[str, YamlValue] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.add_problem(key_node, "a list or mapping cannot be a key")
                continue
            self.add_entry(result, key_node, value_node, location)
        return result

    def add_entry(
        self, result: dict[str, YamlValue], key_node: yaml.ScalarNode, value_node: yaml.Node, location: KeyPath
    ) -> None:
        key = self.scalar_text(key_node)
        entry_location = (*location, key)
        if key in result:
            first_line = self.source_map.keys[entry_location].begin.line + 1
            self.add_problem(key_node, f"'{key}' stands here a second time; the first is in line {first_line}", "delete one")
            return
        self.source_map.keys[entry_location] = _span_of(key_node)
        result[key] = self.convert_node(value_node, entry_location)

    def scalar(self, node: yaml.ScalarNode) -> YamlValue:
        text = self.scalar_text(node)
        return text if node.style else _SCALAR_READERS[node.tag[len(_TAG_PREFIX) :]](text)

    def scalar_text(self, node: yaml.ScalarNode) -> str:
        """Return a scalar's text. Forbidden characters, which escapes can produce, become spaces, and one problem is added."""
        match = FORBIDDEN_CHARACTER.search(node.value)
        if match:
            self.add_problem(node, f"{describe_forbidden_character(match[0])}, written as an escape", "delete it")
        return FORBIDDEN_CHARACTER.sub(" ", node.value) if match else node.value

    def add_problem(self, node: yaml.Node, message: str, hint: str = "") -> None:
        position = node.start_mark.line + 1, node.start_mark.column + 1
        self.problems.append(problem_at(self.path, position, message, hint))


def _span_of(node: yaml.Node) -> Span:
    begin, end = (Position(mark.index, mark.line, mark.column) for mark in (node.start_mark, node.end_mark))
    if isinstance(node, yaml.ScalarNode):
        return Span(begin, end, node.value, is_plain_scalar=not node.style, is_flow_mapping=False)
    return Span(
        begin, end, None, is_plain_scalar=False, is_flow_mapping=isinstance(node, yaml.MappingNode) and bool(node.flow_style)
    )


def _allowed_tags(node: yaml.Node) -> Container[str]:
    if isinstance(node, yaml.ScalarNode):
        return _SCALAR_READERS.keys()
    return ("map",) if isinstance(node, yaml.MappingNode) else ("seq",)


class _BombError(Exception):
    pass


def _integer(text: str) -> int:
    """Return the value of a decimal integer; -10**18, which no schema accepts, for other forms and for over 18 characters.

    Other forms of YAML 1.1 are `1:30`, `0x1F` and `017`.
    """
    return int(text) if _DECIMAL.fullmatch(text) and len(text) <= _MAX_DIGITS else -(10**_MAX_DIGITS)


def _fraction(text: str) -> float:
    """Return the value of a decimal fraction; NaN, which no schema accepts, for other forms and for over 18 characters.

    Other forms of YAML 1.1 are `1:30.5`, `1_000.5` and `.inf`.
    """
    return float(text if _DECIMAL_FRACTION.fullmatch(text) and len(text) <= _MAX_DIGITS else "nan")


# Resolved tag of a plain scalar (YAML 1.1) -> function from its text to its value. `schema.dates` reads dates from text.
_SCALAR_READERS: Final[Mapping[str, Callable[[str], YamlValue]]] = {
    "str": str,
    "timestamp": str,
    "int": _integer,
    "float": _fraction,
    "bool": lambda text: text.lower() in _TRUE_WORDS,
    "null": lambda _: None,
    "merge": str,
    "value": str,
}
