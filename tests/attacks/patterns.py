"""Every compiled pattern of the package, and texts made to have it try for long: grown from the pattern's own parts."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import islice, product
from pathlib import Path
from re import _constants as code  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from time import thread_time
from typing import Any, Final

import feedsvc

ROOT: Final = Path(feedsvc.__file__).parent
_REPEATS: Final = (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT)
_DEEPEST: Final = 3
_MANY: Final = 20  # repeats; what ends sooner than that cannot grow
_WAYS: Final = frozenset({"match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"})
# Patterns that are applied by another name than their own.
_BY_ANOTHER_NAME: Final = {
    f"feedsvc.content.schema.field_types.{name}": {"fullmatch"}
    for name in ("_EMAIL", "_MEDIA_TYPE", "_LANGUAGE", "URI", "TAG_URI", "_HOST")
}
# What a text ends in so that a match fails, or is sought further on.
_ENDS: Final = ("", "\0", "\n", "!")
_OF_CATEGORY: Final = {
    code.CATEGORY_DIGIT: "1",
    code.CATEGORY_NOT_DIGIT: "a",
    code.CATEGORY_SPACE: " ",
    code.CATEGORY_NOT_SPACE: "a",
    code.CATEGORY_WORD: "a",
    code.CATEGORY_NOT_WORD: "-",
}


@dataclass(frozen=True, slots=True)
class Used:
    """A pattern, where it stands, and one of the ways in which the code applies it."""

    name: str
    pattern: re.Pattern[Any]
    way: str

    def seconds(self, text: str) -> float:
        """Of the processor's time, so that other work of the machine counts for nothing."""
        given = text.encode("latin-1", "replace") if isinstance(self.pattern.pattern, bytes) else text
        began = thread_time()
        if self.way in ("sub", "subn"):
            self.pattern.sub(given[:0], given)
        elif self.way == "finditer":
            for _ in self.pattern.finditer(given):
                pass
        else:
            getattr(self.pattern, self.way)(given)
        return thread_time() - began


# --- The patterns ------------------------------------------------------------------------------------------------


def used() -> list[Used]:
    """Each pattern that a module of the package keeps, with each way in which any module applies one of that name."""
    ways = _ways()
    found: dict[Any, Used] = {}
    for name, pattern in kept():
        for way in ways(name):
            found.setdefault((pattern.pattern, pattern.flags, way), Used(name, pattern, way))
    return sorted(found.values(), key=lambda one: (one.name, one.way))


def kept() -> Iterator[tuple[str, re.Pattern[Any]]]:
    for module in pkgutil.walk_packages(feedsvc.__path__, "feedsvc."):
        if not module.name.endswith("__main__"):
            for name, value in vars(importlib.import_module(module.name)).items():
                yield from ((f"{module.name}.{name}{where}", pattern) for where, pattern in _inside(value))


def _inside(value: object, where: str = "", depth: int = 0) -> Iterator[tuple[str, re.Pattern[Any]]]:
    if isinstance(value, re.Pattern):
        yield where, value
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _inside(getattr(value, field.name), f"{where}.{field.name}", depth + 1)
    elif isinstance(value, Mapping | tuple | list) and depth < _DEEPEST:
        for key, one in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _inside(one, f"{where}[{key!r}]", depth + 1)


def _ways() -> Any:
    """What is done with a name, in its own module where it is a private one; what nobody calls is sought all over a text."""
    found: dict[str, set[str]] = {}
    for file in ROOT.rglob("*.py"):
        module = ".".join(("feedsvc", *file.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in _WAYS and isinstance(node.value, ast.Name):
                name = node.value.id
                found.setdefault(f"{module}.{name}" if name.startswith("_") else name, set()).add(node.attr)

    def ways(name: str) -> set[str]:
        whole = name.partition("[")[0]
        return _BY_ANOTHER_NAME.get(name) or found.get(whole) or found.get(whole.rpartition(".")[2]) or {"search"}

    return ways


# --- The texts ---------------------------------------------------------------------------------------------------


def texts(pattern: re.Pattern[Any]) -> list[tuple[str, str, str]]:
    """(beginning, what is repeated, end): whatever the pattern repeats, after what leads there, and its own letters."""
    source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    tree = parser.parse(source, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags)
    repeats = sorted(set(_repeats(tree, "")))
    letters = sorted(_letters(tree))[:9]
    units = {*letters, *map("".join, product(letters, letters)), *(before + body for before, body in repeats)} - {""}
    units |= {body for _, body in repeats} - {""}
    starts = sorted({"", *(before for before, _ in repeats)})[:4]
    return [(start, unit, end) for start in starts for unit in sorted(units) for end in _ENDS]


def _repeats(tree: Any, before: str) -> Iterator[tuple[str, str]]:
    """(the shortest text that leads to a repeat, one of what it repeats)."""
    for what, given in tree:
        if what in _REPEATS and given[1] > _MANY:
            yield from ((before, body) for body in _samples(given[2]))
        for inner in _inner(what, given):
            yield from _repeats(inner, before)
        before += _shortest([(what, given)])


def _inner(what: Any, given: Any) -> list[Any]:
    if what in _REPEATS:
        return [given[2]]
    if what is code.SUBPATTERN:
        return [given[3]]
    if what is code.BRANCH:
        return list(given[1])
    if what in (code.ASSERT, code.ASSERT_NOT):
        return [given[1]]
    return [given] if what is code.ATOMIC_GROUP else []


def _samples(tree: Any) -> set[str]:
    letters = sorted(_letters(tree))[:8]
    return {_shortest(tree), *letters}


def _shortest(tree: Any) -> str:
    return "".join(_shortest_of(what, given) for what, given in tree)


def _shortest_of(what: Any, given: Any) -> str:
    if what in _REPEATS:
        return _shortest(given[2]) * given[0]
    if what is code.BRANCH:
        return min(map(_shortest, given[1]), key=len)
    if what in (code.SUBPATTERN, code.ATOMIC_GROUP):
        return _shortest(given[3] if what is code.SUBPATTERN else given)
    return next(iter(sorted(_letters([(what, given)]))), "") if what not in (code.ASSERT, code.ASSERT_NOT) else ""


def _letters(tree: Any) -> set[str]:
    """Some of the characters that the pattern tells apart."""
    found: set[str] = set()
    for what, given in tree:
        if what in (code.LITERAL, code.NOT_LITERAL):
            found |= {chr(given), "a"} if what is code.NOT_LITERAL else {chr(given)}
        elif what is code.ANY:
            found.add("a")
        elif what is code.IN:
            found |= _of_set(given)
        for inner in _inner(what, given):
            found |= _letters(inner)
    return found


def _of_set(given: Any) -> set[str]:
    found: set[str] = {"a"} if given[0][0] is code.NEGATE else set()
    for what, one in given:
        if what is code.LITERAL:
            found.add(chr(one))
        elif what is code.RANGE:
            found.add(chr(one[0]))
        elif what is code.CATEGORY:
            found.add(_OF_CATEGORY.get(one, "a"))
    return found


# --- How much longer it tries ------------------------------------------------------------------------------------

_SHORT: Final = 1000
_ENOUGH: Final = 1
_LINE: Final = 42
_LONG: Final = 0.2  # seconds
_TIMES: Final = 4
_NOTABLE: Final = 0.0005  # seconds for a text of so many characters; what is done sooner has not tried for long
_SQUARE: Final = _TIMES**1.5  # between what is in proportion to the length and what is to its square


def growth(one: Used, beginning: str, unit: str, end: str, short: int = _SHORT) -> float:
    """How many times as long a text takes that is four times as long; 0.0 where both are done at once."""
    texts = [beginning + unit * (size // len(unit)) + end for size in (short, short * _TIMES)]
    if one.seconds(texts[1]) < _NOTABLE:
        return 0.0
    less, more = (min(one.seconds(text) for _ in range(3)) for text in texts)
    return more / max(less, 1e-7)


def grows(one: Used, beginning: str, unit: str, end: str) -> bool:
    """Whether that is more than in proportion, with longer texts again: the machine may be busy with something else."""
    return all(growth(one, beginning, unit, end, size) > _SQUARE for size in (_SHORT, _SHORT, 2 * _SHORT))


def explodes(one: Used, beginning: str, unit: str, end: str) -> bool:
    """Whether a text of one short line already takes a notable time."""
    return any(one.seconds(beginning + unit * (size // len(unit)) + end) > _LONG for size in range(8, _LINE, 2))


def dangerous(one: Used) -> list[str]:
    """Texts (spelled) with which a pattern tries longer than in proportion to their length; the first that is found."""
    found = (
        f"{beginning!r} + {unit!r} * n + {end!r}"
        for beginning, unit, end in texts(one.pattern)
        if explodes(one, beginning, unit, end) or grows(one, beginning, unit, end)
    )
    return list(islice(found, _ENOUGH))
