"""Every compiled regular expression of the package, and texts generated from its parts that could make it backtrack for long."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import islice, permutations
from pathlib import Path
from re import _constants as code  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from time import thread_time
from typing import Any, Final

import feedsvc

PACKAGE_FOLDER: Final = Path(feedsvc.__file__).parent
_REPEATS: Final = (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT)
_MAX_DEPTH: Final = 3
_MIN_REPEATS: Final = 20  # repeats; the time of a pattern with fewer repeats is bounded
# A method of a pattern after a name. Every test process collects these tests, and a parser of Python would take seconds.
_CALLED_METHOD: Final = re.compile(
    r"(?<![\w.])([^\W\d]\w*)\.(match|fullmatch|search|sub|subn|split|findall|finditer)\b", re.ASCII
)
# Methods of patterns that the code applies through another name.
_METHODS_OF_RENAMED_PATTERNS: Final = {
    f"feedsvc.content.{module}.{name}": {method}
    for module, method, names in (
        ("schema.field_types", "fullmatch", ("_EMAIL", "_MEDIA_TYPE", "_LANGUAGE", "URI", "TAG_URI", "_HOST")),
        ("yaml.fast", "match", ("_FLOW_KEY", "_FLOW_ITEM", "_END_OF_LINE", "_FLOW_NEXT")),
    )
    for name in names
}
# Endings of texts that make a match fail or continue.
_SUFFIXES: Final = ("", "\0", "\n", "!")
_CATEGORY_SAMPLES: Final = {
    code.CATEGORY_DIGIT: "1",
    code.CATEGORY_NOT_DIGIT: "a",
    code.CATEGORY_SPACE: " ",
    code.CATEGORY_NOT_SPACE: "a",
    code.CATEGORY_WORD: "a",
    code.CATEGORY_NOT_WORD: "-",
}


@dataclass(frozen=True, slots=True)
class PatternUse:
    """A compiled pattern, its name, and one of the methods that the code calls on it."""

    name: str
    pattern: re.Pattern[Any]
    method: str

    def seconds(self, text: str) -> float:
        """Return the processor time of the method on `text`; other processes do not change it."""
        argument = text.encode("latin-1", "replace") if isinstance(self.pattern.pattern, bytes) else text
        start = thread_time()
        if self.method in ("sub", "subn"):
            self.pattern.sub(argument[:0], argument)
        elif self.method == "finditer":
            for _ in self.pattern.finditer(argument):
                pass
        else:
            getattr(self.pattern, self.method)(argument)
        return thread_time() - start


# --- The patterns


def pattern_uses() -> list[PatternUse]:
    """Return each pattern of the package's modules with each method that any module calls on a pattern of that name."""
    methods_of = _method_lookup()
    uses: dict[Any, PatternUse] = {}
    for name, pattern in compiled_patterns():
        for method in methods_of(name):
            uses.setdefault((pattern.pattern, pattern.flags, method), PatternUse(name, pattern, method))
    return sorted(uses.values(), key=lambda use: (use.name, use.method))


def compiled_patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Yield name and pattern of every compiled pattern in the modules of the package, also in containers and dataclasses."""
    for module in pkgutil.walk_packages(feedsvc.__path__, "feedsvc."):
        if not module.name.endswith("__main__"):
            for name, value in vars(importlib.import_module(module.name)).items():
                yield from ((f"{module.name}.{name}{suffix}", pattern) for suffix, pattern in _find_patterns(value))


def _find_patterns(value: object, suffix: str = "", depth: int = 0) -> Iterator[tuple[str, re.Pattern[Any]]]:
    if isinstance(value, re.Pattern):
        yield suffix, value
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _find_patterns(getattr(value, field.name), f"{suffix}.{field.name}", depth + 1)
    elif isinstance(value, Mapping | tuple | list) and depth < _MAX_DEPTH:
        for key, item in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _find_patterns(item, f"{suffix}[{key!r}]", depth + 1)


def _method_lookup() -> Any:
    """Return a function from a pattern's name to its methods. A pattern that no code calls is used with `search`."""
    methods: dict[str, set[str]] = {}
    for file in PACKAGE_FOLDER.rglob("*.py"):
        module = ".".join(("feedsvc", *file.relative_to(PACKAGE_FOLDER).with_suffix("").parts)).removesuffix(".__init__")
        for name, method in _CALLED_METHOD.findall(file.read_text("utf-8")):
            methods.setdefault(f"{module}.{name}" if name.startswith("_") else name, set()).add(method)

    def methods_of(name: str) -> set[str]:
        base_name = name.partition("[")[0]
        return (
            _METHODS_OF_RENAMED_PATTERNS.get(name)
            or methods.get(base_name)
            or methods.get(base_name.rpartition(".")[2])
            or {"search"}
        )

    return methods_of


# --- The texts


def texts(pattern: re.Pattern[Any]) -> list[tuple[str, str, str]]:
    """Return (start, repeated unit, end) of texts that contain repeats of the pattern after the text before the repeat."""
    source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    tree = parser.parse(source, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags)
    repeats = sorted(set(_repeats(tree, "")))
    letters = sorted(_letters(tree))[:9]
    units = {*letters, *map("".join, permutations(letters, 2)), *(prefix + body for prefix, body in repeats)} - {""}
    units |= {body for _, body in repeats} - {""}
    starts = sorted({"", *(prefix for prefix, _ in repeats)})[:4]
    return [(start, unit, end) for start in starts for unit in sorted(units) for end in _SUFFIXES]


def _repeats(tree: Any, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield (the shortest text before a repeat, a text that the repeat matches)."""
    for opcode, argument in tree:
        if opcode in _REPEATS and argument[1] > _MIN_REPEATS:
            yield from ((prefix, body) for body in _samples(argument[2]))
        for subpattern in _subpatterns(opcode, argument):
            yield from _repeats(subpattern, prefix)
        prefix += _shortest([(opcode, argument)])


def _subpatterns(opcode: Any, argument: Any) -> list[Any]:
    if opcode in _REPEATS:
        return [argument[2]]
    if opcode is code.SUBPATTERN:
        return [argument[3]]
    if opcode is code.BRANCH:
        return list(argument[1])
    if opcode in (code.ASSERT, code.ASSERT_NOT):
        return [argument[1]]
    return [argument] if opcode is code.ATOMIC_GROUP else []


def _samples(tree: Any) -> set[str]:
    letters = sorted(_letters(tree))[:8]
    return {_shortest(tree), *letters}


def _shortest(tree: Any) -> str:
    return "".join(_shortest_of(opcode, argument) for opcode, argument in tree)


def _shortest_of(opcode: Any, argument: Any) -> str:
    if opcode in _REPEATS:
        return _shortest(argument[2]) * argument[0]
    if opcode is code.BRANCH:
        return min(map(_shortest, argument[1]), key=len)
    if opcode in (code.SUBPATTERN, code.ATOMIC_GROUP):
        return _shortest(argument[3] if opcode is code.SUBPATTERN else argument)
    return next(iter(sorted(_letters([(opcode, argument)]))), "") if opcode not in (code.ASSERT, code.ASSERT_NOT) else ""


def _letters(tree: Any) -> set[str]:
    """Return some of the characters that the pattern distinguishes."""
    letters: set[str] = set()
    for opcode, argument in tree:
        if opcode in (code.LITERAL, code.NOT_LITERAL):
            letters |= {chr(argument), "a"} if opcode is code.NOT_LITERAL else {chr(argument)}
        elif opcode is code.ANY:
            letters.add("a")
        elif opcode is code.IN:
            letters |= _letters_of_set(argument)
        for subpattern in _subpatterns(opcode, argument):
            letters |= _letters(subpattern)
    return letters


def _letters_of_set(argument: Any) -> set[str]:
    letters: set[str] = {"a"} if argument[0][0] is code.NEGATE else set()
    for opcode, value in argument:
        if opcode is code.LITERAL:
            letters.add(chr(value))
        elif opcode is code.RANGE:
            letters.add(chr(value[0]))
        elif opcode is code.CATEGORY:
            letters.add(_CATEGORY_SAMPLES.get(value, "a"))
    return letters


# --- Measurements

_SHORT_LENGTH: Final = 1000
_MAX_RESULTS: Final = 1
# Lengths of short lines. From one to the next, a time of 2^n grows by a factor of 16.
_LINE_LENGTHS: Final = range(8, 42, 4)
_MAX_LINE_SECONDS: Final = 0.2  # seconds
_LENGTH_FACTOR: Final = 4
_MIN_SECONDS: Final = 0.0005  # seconds; a pattern that is faster on the long text does not backtrack
_MAX_GROWTH: Final = _LENGTH_FACTOR**1.5  # between linear and quadratic time


def growth(use: PatternUse, start: str, unit: str, suffix: str, short: int = _SHORT_LENGTH) -> float:
    """Return the ratio of the times for a text of four times the length and for the text; 0.0 if both are below _MIN_SECONDS."""
    short_text, long_text = (start + unit * (size // len(unit)) + suffix for size in (short, short * _LENGTH_FACTOR))
    long_time = use.seconds(long_text)
    if long_time < _MIN_SECONDS:
        return 0.0
    if long_time < _MAX_LINE_SECONDS:  # a longer time is exact enough
        long_time = min(long_time, *(use.seconds(long_text) for _ in range(2)))
    short_time = min(use.seconds(short_text) for _ in range(3))
    return long_time / max(short_time, 1e-7)


def is_superlinear(use: PatternUse, start: str, unit: str, suffix: str) -> bool:
    """Return True if the time grows faster than linearly; it is measured three times, because the machine may be busy."""
    return all(growth(use, start, unit, suffix, size) > _MAX_GROWTH for size in (_SHORT_LENGTH, _SHORT_LENGTH, 2 * _SHORT_LENGTH))


def is_exponential(use: PatternUse, start: str, unit: str, suffix: str) -> bool:
    """Return True if a text of one short line already takes a long time."""
    return any(use.seconds(start + unit * (size // len(unit)) + suffix) > _MAX_LINE_SECONDS for size in _LINE_LENGTHS)


def find_slow_texts(use: PatternUse) -> list[str]:
    """Return the first text, as an expression, for which the time grows faster than linearly; an empty list if there is none."""
    slow_texts = (
        f"{start!r} + {unit!r} * n + {suffix!r}"
        for start, unit, suffix in texts(use.pattern)
        if is_exponential(use, start, unit, suffix) or is_superlinear(use, start, unit, suffix)
    )
    return list(islice(slow_texts, _MAX_RESULTS))
