"""A YAML file as plain values that remember where they stand, and everything YAML itself finds wrong with it.

YAML 1.1 reads `no` as false and `1:30` as 90: here a plain scalar keeps its own text beside its type, so that an
editor can be told which word to put in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from feedsvc.content import quick, syntax
from feedsvc.content.text import UNFIT, place, told, unfit_sentence
from feedsvc.errors import Problem

Plain = Any  # str, int, float, bool, None, list[Plain] or dict[str, Plain]
Location = tuple[str | int, ...]

_MOST_REPEATED: Final = 20_000  # values that aliases repeat; a bomb grows past any such number
_DEEPEST: Final = 16
_MOST_DIGITS: Final = 18
_TAG: Final = "tag:yaml.org,2002:"
_DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_HASH: Final = re.compile(r"[ \t]#(?=[^\s#])")  # a comment that is meant has a blank behind its sign
_TRUE: Final = frozenset({"true", "yes", "on"})


@dataclass(slots=True)
class Places:
    """The nodes of a file's values and of their keys."""

    nodes: dict[Location, yaml.Node] = field(default_factory=dict)
    key_nodes: dict[Location, yaml.Node] = field(default_factory=dict)


@dataclass(slots=True)
class Tree:
    """`value` is the file as plain data (None where it could not be read), with duplicate keys read once.

    A file that was read quickly has nothing wrong with it that YAML could tell; its places are looked for when something
    else is (`found` is None until then).
    """

    path: str
    value: Plain = None
    problems: list[Problem] = field(default_factory=list)
    text: str = ""
    found: Places | None = field(default_factory=Places)

    @property
    def places(self) -> Places:
        if self.found is None:
            self.found = _thorough(self.path, self.text).places
        return self.found

    def problem(self, location: Location, message: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """A Problem at a value (or its key); where the location was not written, at the nearest that was."""
        places = self.places
        node = places.key_nodes.get(location) if at_key else None
        while node is None and location:
            node, location = places.nodes.get(location), location[:-1]
        node = node or places.nodes.get(())
        mark = node.start_mark if node else None
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Problem(path=self.path, line=line, column=column, message=told(message), hint=told(hint))

    def place(self, location: Location) -> tuple[int, int]:
        """Line and column where `problem` would tell of a value."""
        if self.found is None and len(location) == 1 and (begins := self._begins(str(location[0]))):
            return place(self.text, begins)
        problem = self.problem(location, "")
        return problem.line, problem.column

    def _begins(self, key: str) -> int:
        """Where the value of one of the whole file's own keys begins, in a text that was read quickly; 0 if that is not found."""
        text, head = self.text, f"{key}: "
        before = -1 if text.startswith(head) else text.find(f"\n{head}")
        if not text.startswith(head, before + 1):
            return 0
        at = before + 1 + len(head)
        while text.startswith(" ", at):
            at += 1
        return at

    def raw(self, location: Location) -> str | None:
        """A scalar's own text as it was written, without its quotation marks; None for lists and mappings."""
        node = self.places.nodes.get(location)
        return node.value if isinstance(node, yaml.ScalarNode) else None

    def has(self, location: Location) -> bool:
        """Whether the file writes a value there, be it an empty one."""
        return location in self.places.nodes

    def has_key(self, key: str) -> bool:
        """`has` of a key of the whole file."""
        return key in self.value if self.found is None else self.has((key,))

    def cut(self, location: Location) -> Problem | None:
        """A warning where a text without quotes ends at a '#' that looks like a part of it, as in 'Room #5'."""
        if self.found is None:  # a comment is nothing that is read quickly
            return None
        node = self.found.nodes.get(location)
        if not isinstance(node, yaml.ScalarNode) or node.style or not _HASH.match(self.text, node.end_mark.index):
            return None
        line, column = node.end_mark.line + 1, node.end_mark.column + 2
        message = f"{location[-1]}: ends here, for what follows ' #' is a comment"
        hint = "put the whole text in quotes"
        return Problem(path=self.path, line=line, column=column, message=message, hint=hint, severity="warning")

    def span(self, location: Location, *, at_key: bool = False) -> tuple[int, int]:
        """Where a value (or its key) that is written begins and ends in the text, in characters from 0."""
        node = (self.places.key_nodes if at_key else self.places.nodes)[location]
        return node.start_mark.index, node.end_mark.index

    @property
    def is_flow(self) -> bool:
        """Whether the whole file is one {mapping in braces}."""
        return isinstance(node := self.places.nodes.get(()), yaml.MappingNode) and bool(node.flow_style)


def read(path: str, text: str, *, is_plain: bool = False) -> Tree:
    """The tree of a file's text; never raises. `is_plain` as for `quick.read`."""
    value = quick.read(text, is_plain=is_plain)
    return _thorough(path, text) if value is None else Tree(path, value, text=text, found=None)


def _thorough(path: str, text: str) -> Tree:
    """What PyYAML reads, and where."""
    tree = Tree(path, text=text)
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        tree.problems.append(_syntax(path, text, error))
        return tree
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        tree.problems.append(Problem(path=path, message=f"this is not YAML ({str(error).splitlines()[0]})"))
        return tree
    if node is None or (isinstance(node, yaml.ScalarNode) and not (node.style or node.value)):
        tree.problems.append(Problem(path=path, message="the file holds no keys" if text.strip() else "the file is empty"))
    else:
        _Walk(tree).start(node)
    return tree


def _syntax(path: str, text: str, error: yaml.MarkedYAMLError) -> Problem:
    where, begun = ((mark.line, mark.column) if mark else None for mark in (error.problem_mark, error.context_mark))
    line, column, sentence = syntax.fault(text, error.problem or "unreadable", where, begun)
    return Problem(path=path, line=line, column=column, message=told(sentence))


class _Walk:
    """One pass over the nodes: plain values, places, duplicate keys, bombs and cycles."""

    def __init__(self, tree: Tree) -> None:
        self.tree, self.places = tree, tree.places
        self.seen: set[int] = set()
        self.repeated = 0
        self.open: set[int] = set()

    def start(self, node: yaml.Node) -> None:
        try:
            self.tree.value = self.value(node, ())
        except _BombError:
            self.tree.value = None
            self.complain(node, "aliases ('*name') repeat more than an article can hold", "write the values out")

    def value(self, node: yaml.Node, location: Location) -> Plain:
        self.count(node)
        if id(node) in self.open:
            self.complain(node, "an alias ('*name') stands inside the very value that it repeats", "write the value out")
            return None
        self.places.nodes[location] = node
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
            first = self.places.key_nodes[here].start_mark.line + 1
            self.complain(key_node, f"'{key}' stands here a second time; the first is in line {first}", "delete one")
            return
        self.places.key_nodes[here] = key_node
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
        self.tree.problems.append(Problem(path=self.tree.path, line=line, column=column, message=told(message), hint=hint))


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
