"""YAML as PyYAML reads it: plain values, their places, and all that is wrong with them. The only room with PyYAML.

YAML 1.1 reads `no` as false and `1:30` as 90: here a plain scalar keeps its own text beside its type, so that an
editor can be told which word to put in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from typing import Final, NamedTuple

import yaml

from feedsvc.content.text import UNFIT, told, unfit_sentence
from feedsvc.content.yaml import error_messages
from feedsvc.content.yaml.positions import Location, Mark, Places, Plain, Spot
from feedsvc.errors import Problem

_MOST_REPEATED: Final = 20_000  # values that aliases repeat; a bomb grows past any such number
_DEEPEST: Final = 16
_MOST_DIGITS: Final = 18
_TAG: Final = "tag:yaml.org,2002:"
_DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_TRUE: Final = frozenset({"true", "yes", "on"})


class Grown(NamedTuple):
    """`value` is a file as plain data, None where it could not be read."""

    value: Plain
    problems: list[Problem]
    places: Places


def read(path: str, text: str) -> Grown:
    """What a text holds, and where; never raises."""
    walk = _Walk(path)
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        return walk.stopped(_syntax(path, text, error))
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        return walk.stopped(Problem(path=path, message=f"this is not YAML ({str(error).splitlines()[0]})"))
    if node is None or (isinstance(node, yaml.ScalarNode) and not (node.style or node.value)):
        return walk.stopped(Problem(path=path, message="the file holds no keys" if text.strip() else "the file is empty"))
    return walk.whole(node)


def _syntax(path: str, text: str, error: yaml.MarkedYAMLError) -> Problem:
    where, begun = ((mark.line, mark.column) if mark else None for mark in (error.problem_mark, error.context_mark))
    line, column, sentence = error_messages.fault(text, error.problem or "unreadable", where, begun)
    return Problem(path=path, line=line, column=column, message=told(sentence))


class _Walk:
    """One pass over the nodes: plain values, places, duplicate keys, bombs and cycles."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.places = Places()
        self.seen: set[int] = set()
        self.repeated = 0
        self.open: set[int] = set()

    def stopped(self, problem: Problem) -> Grown:
        """Before it began."""
        return Grown(None, [problem], self.places)

    def whole(self, node: yaml.Node) -> Grown:
        try:
            value = self.value(node, ())
        except _BombError:
            value = None
            self.complain(node, "aliases ('*name') repeat more than an article can hold", "write the values out")
        return Grown(value, self.problems, self.places)

    def value(self, node: yaml.Node, location: Location) -> Plain:
        self.count(node)
        if id(node) in self.open:
            self.complain(node, "an alias ('*name') stands inside the very value that it repeats", "write the value out")
            return None
        self.places.values[location] = _spot(node)
        if len(location) > _DEEPEST:
            self.complain(node, "nested too deeply")
            return None
        if not node.tag.startswith(_TAG) or node.tag[len(_TAG) :] not in _known(node):
            written = node.tag.replace(_TAG, "!!")
            self.complain(node, f"'{written}' is a YAML tag, which means nothing here", "delete it, or put the text in quotes")
            return self.fit(node) if isinstance(node, yaml.ScalarNode) else None
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        self.open.add(id(node))
        result = self.mapping(node, location) if isinstance(node, yaml.MappingNode) else self.sequence(node, location)
        self.open.discard(id(node))
        return result

    def count(self, node: yaml.Node) -> None:
        self.repeated += id(node) in self.seen
        self.seen.add(id(node))
        if self.repeated > _MOST_REPEATED:
            raise _BombError

    def sequence(self, node: yaml.Node, location: Location) -> list[Plain]:
        return [self.value(item, (*location, index)) for index, item in enumerate(node.value)]

    def mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, Plain]:
        result: dict[str, Plain] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.complain(key_node, "a list or mapping cannot be a key")
                continue
            self.key(result, key_node, value_node, location)
        return result

    def key(self, result: dict[str, Plain], key_node: yaml.ScalarNode, value_node: yaml.Node, location: Location) -> None:
        key = self.fit(key_node)
        here = (*location, key)
        if key in result:
            first = self.places.keys[here].begin.line + 1
            self.complain(key_node, f"'{key}' stands here a second time; the first is in line {first}", "delete one")
            return
        self.places.keys[here] = _spot(key_node)
        result[key] = self.value(value_node, here)

    def scalar(self, node: yaml.ScalarNode) -> Plain:
        text = self.fit(node)
        return text if node.style else _SCALARS[node.tag[len(_TAG) :]](text)

    def fit(self, node: yaml.ScalarNode) -> str:
        """The scalar's text; escapes can hold what the file's own text may not."""
        found = UNFIT.search(node.value)
        if found:
            self.complain(node, f"{unfit_sentence(found[0])}, written as an escape", "delete it")
        return UNFIT.sub(" ", node.value) if found else node.value

    def complain(self, node: yaml.Node, message: str, hint: str = "") -> None:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        self.problems.append(Problem(path=self.path, line=line, column=column, message=told(message), hint=hint))


def _spot(node: yaml.Node) -> Spot:
    begin, end = (Mark(mark.index, mark.line, mark.column) for mark in (node.start_mark, node.end_mark))
    if isinstance(node, yaml.ScalarNode):
        return Spot(begin, end, node.value, is_bare=not node.style, is_flow=False)
    return Spot(begin, end, None, is_bare=False, is_flow=isinstance(node, yaml.MappingNode) and bool(node.flow_style))


def _known(node: yaml.Node) -> Container[str]:
    if isinstance(node, yaml.ScalarNode):
        return _SCALARS.keys()
    return ("map",) if isinstance(node, yaml.MappingNode) else ("seq",)


class _BombError(Exception):
    pass


def _integer(text: str) -> int:
    """A decimal as its number; `1:30`, `0x1F` and `017` are numbers to YAML that no editor meant as such."""
    return int(text) if _DECIMAL.fullmatch(text) and len(text) <= _MOST_DIGITS else -(10**_MOST_DIGITS)


# How YAML 1.1 reads a plain scalar by its resolved tag. Dates stay text: this project reads them itself.
_SCALARS: Final[Mapping[str, Callable[[str], Plain]]] = {
    "str": str,
    "timestamp": str,
    "int": _integer,
    "float": lambda _: float("nan"),
    "bool": lambda text: text.lower() in _TRUE,
    "null": lambda _: None,
    "merge": str,
    "value": str,
}
