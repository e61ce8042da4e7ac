"""Full YAML parser on PyYAML: plain values, their positions, and problems. No other module imports PyYAML.

In YAML 1.1, `no` means false and `1:30` is a number. The source map has the node of each scalar, so that a message can name the
word that the editor must put in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from feedsvc.content.text import FORBIDDEN_CHARACTER, describe_forbidden_character, problem_at
from feedsvc.content.yaml import error_messages
from feedsvc.errors import Problem

YamlValue = Any  # str, int, float, bool, None, list[YamlValue] or dict[str, YamlValue]
YamlNode = Any  # yaml.ScalarNode, yaml.SequenceNode or yaml.MappingNode
KeyPath = tuple[str | int, ...]  # keys and list indices from the root of the file to a value; () is the root
_MAX_REPETITIONS: Final = 20_000  # values repeated by aliases, as a limit for alias bombs
_MAX_DEPTH: Final = 16
_MAX_DIGITS: Final = 18
_TAG_PREFIX: Final = "tag:yaml.org,2002:"
_COLLECTION_TAGS: Final = {"mapping": "map", "sequence": "seq"}
_DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_DECIMAL_FRACTION: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+")
_TRUE_WORDS: Final = frozenset({"true", "yes", "on"})


@dataclass(slots=True)
class SourceMap:
    """Nodes of a file's values, and of the keys of mappings, by key path. Both have the same key path for a key and its value."""

    values: dict[KeyPath, YamlNode] = field(default_factory=dict)
    keys: dict[KeyPath, YamlNode] = field(default_factory=dict)

    def find(self, location: KeyPath) -> YamlNode | None:
        """Return the node of the value at a location; None if there is no value.

        If the value is empty and YAML places it in a line after its key (`? title` at a file's end), return the key's node.
        """
        value, key = self.values.get(location), self.keys.get(location)
        is_below = value and key and value.start_mark.line > key.end_mark.line
        return key if value and is_below and value.start_mark.index == value.end_mark.index else value

    def is_directly_after_key(self, location: KeyPath) -> bool:
        """Return whether a value begins where its key ends: it is empty, and no colon follows the key."""
        value, key = self.values.get(location), self.keys.get(location)
        return bool(value and key and value.start_mark.index == key.end_mark.index)


class ParsedYaml(NamedTuple):
    """Result of parsing a file: `value` is plain data, None if the file could not be parsed, is empty or is null."""

    value: YamlValue
    problems: list[Problem]
    source_map: SourceMap


def parse_with_pyyaml(path: str, text: str) -> ParsedYaml:
    """Parse the text of the file at `path` with PyYAML; never raises, errors become problems."""
    import yaml  # noqa: PLC0415 - most files do not need it

    try:
        node: YamlNode = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        stop, start = ((mark.line, mark.column) if mark else None for mark in (error.problem_mark, error.context_mark))
        line, column, message = error_messages.translate_error(text, error.problem or "unreadable", stop, start)
        return ParsedYaml(None, [problem_at(path, (line, column), message)], SourceMap())
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        message = f"this is not YAML ({str(error).splitlines()[0]})"
        return ParsedYaml(None, [Problem(path=path, message=message)], SourceMap())
    if node is None or (_is_scalar(node) and not (node.style or node.value)):
        message = "the file holds no keys" if text.strip() else "the file is empty"
        problem = Problem(path=path, message=message, hint="write its keys, or delete it if it is not needed")
        return ParsedYaml(None, [problem], SourceMap())
    return _NodeConverter(path).convert_document(node)


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

    def convert_document(self, node: YamlNode) -> ParsedYaml:
        try:
            value = self.convert_node(node, ())
        except _BombError:
            value = None
            self.add_problem(node, "aliases ('*name') repeat more than an article can hold", "write the values out")
        return ParsedYaml(value, self.problems, self.source_map)

    def convert_node(self, node: YamlNode, location: KeyPath) -> YamlValue:
        self.count_repetition(node)
        if id(node) in self.open_nodes:
            self.add_problem(node, "an alias ('*name') stands inside the very value that it repeats", "write the value out")
            return None
        self.source_map.values[location] = node
        if len(location) > _MAX_DEPTH:
            self.add_problem(node, "nested too deeply")
            return None
        kind = node.tag.removeprefix(_TAG_PREFIX)
        if kind not in _SCALAR_READERS if _is_scalar(node) else kind != _COLLECTION_TAGS[node.id]:
            tag = node.tag.replace(_TAG_PREFIX, "!!")
            self.add_problem(node, f"'{tag}' is a YAML tag, which means nothing here", "delete it, or put the text in quotes")
            return self.scalar_text(node) if _is_scalar(node) else None
        if _is_scalar(node):
            text = self.scalar_text(node)
            return text if node.style else _SCALAR_READERS[kind](text)
        self.open_nodes.add(id(node))
        result = self.mapping(node, location) if kind == "map" else self.sequence(node, location)
        self.open_nodes.discard(id(node))
        return result

    def count_repetition(self, node: YamlNode) -> None:
        """Count the node if it was visited before, because an alias repeats it. Raises _BombError above _MAX_REPETITIONS."""
        self.repetitions += id(node) in self.visited_nodes
        self.visited_nodes.add(id(node))
        if self.repetitions > _MAX_REPETITIONS:
            raise _BombError

    def sequence(self, node: YamlNode, location: KeyPath) -> list[YamlValue]:
        return [self.convert_node(item, (*location, index)) for index, item in enumerate(node.value)]

    def mapping(self, node: YamlNode, location: KeyPath) -> dict[str, YamlValue]:
        result: dict[str, YamlValue] = {}
        for key_node, value_node in node.value:
            if not _is_scalar(key_node):
                self.add_problem(key_node, "a list or mapping cannot be a key")
                continue
            key = self.scalar_text(key_node)
            entry_location = (*location, key)
            if key in result:
                first_line = self.source_map.keys[entry_location].start_mark.line + 1
                self.add_problem(key_node, f"'{key}' stands here a second time; the first is in line {first_line}", "delete one")
                continue
            self.source_map.keys[entry_location] = key_node
            result[key] = self.convert_node(value_node, entry_location)
        return result

    def scalar_text(self, node: YamlNode) -> str:
        """Return a scalar's text. Forbidden characters, which escapes can produce, become spaces, and one problem is added."""
        text: str = node.value
        match = FORBIDDEN_CHARACTER.search(text)
        if match:
            self.add_problem(node, f"{describe_forbidden_character(match[0])}, written as an escape", "delete it")
        return FORBIDDEN_CHARACTER.sub(" ", text) if match else text

    def add_problem(self, node: YamlNode, message: str, hint: str = "") -> None:
        position = node.start_mark.line + 1, node.start_mark.column + 1
        self.problems.append(problem_at(self.path, position, message, hint))


def _is_scalar(node: YamlNode) -> bool:
    return bool(node.id == "scalar")


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
    **dict.fromkeys(("str", "timestamp", "merge", "value"), str),
    "int": _integer,
    "float": _fraction,
    "bool": lambda text: text.lower() in _TRUE_WORDS,
    "null": lambda _: None,
}
