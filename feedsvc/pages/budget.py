"""What a newsroom's template may take for one page: steps and characters, not time, so that a page comes out alike everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

STEPS: Final = 2_000_000
CHARACTERS: Final = 16 * 1024 * 1024
_WIDEST: Final = 10_000  # of what a number pads, cuts or repeats
_BITS: Final = 100_000
# A width of five digits, or one that is not in the text itself.
_WIDE: Final = re.compile(r"%[^%a-zA-Z]*(?:\d{5}|\*)|\{[^{}:]*:[^{}]*(?:\{|\d{5})")
_MEASURED: Final = frozenset(
    ("batch", "center", "expandtabs", "indent", "ljust", "rjust", "round", "slice", "tojson", "urlize", "wordwrap", "zfill")
)
_FILLED: Final = frozenset({"format", "format_map", "%"})
# What may put its arguments at many places of the text.
_SPREAD: Final = frozenset({"expandtabs", "indent", "translate", "urlize", "wordwrap"})


class TooMuchError(Exception):
    """The template was stopped; says why, after "it"."""


class Budget:
    """What is left."""

    def __init__(self) -> None:
        self._steps, self._characters = STEPS, CHARACTERS

    def step(self, several: int = 1) -> None:
        self._steps -= several
        if self._steps < 0:
            raise TooMuchError(f"it takes more than {STEPS:,} steps, as a loop without end does")

    def write(self, several: int) -> None:
        self._characters -= several
        if self._characters < 0:
            raise TooMuchError(f"it makes more than {CHARACTERS // 1024**2} MiB of text")


_current: ContextVar[Budget] = ContextVar("budget")


@contextmanager
def budget() -> Iterator[None]:
    """Whatever is counted in here is counted against one new budget."""
    token = _current.set(Budget())
    try:
        yield
    finally:
        _current.reset(token)


def step(several: int = 1) -> None:
    _current.get().step(several)


def write(text: object) -> None:
    _current.get().write(_length(text))


def counted(several: Iterable[Any]) -> Iterator[Any]:
    """The same, each for a step."""
    allowed = _current.get()
    for one in several:
        allowed.step()
        yield one


def weigh(value: object) -> None:
    """To go through a value inside of Python costs a little of what a loop over it does."""
    if isinstance(value, Sized):
        step(1 + len(value) // (1024 if isinstance(value, str) else 8))


def permit(name: str, value: Any, given: Sequence[Any]) -> None:
    """Counts a filter or method of `value` before it works. Raises TooMuchError, also where it would make too much."""
    weigh(value)
    if name in _FILLED:
        if isinstance(value, str) and _WIDE.search(value):
            raise TooMuchError("it fills a text up to a width that no page has")
    elif name in _MEASURED and any(isinstance(one, int) and abs(one) > _WIDEST for one in given):
        raise TooMuchError(f"it asks {name} for more than {_WIDEST:,}")
    _current.get().write(_most(name, value, given))


def _most(name: str, value: Any, given: Sequence[Any]) -> int:
    """At most how many characters come of it; 0 where it is no more than goes in."""
    longest = max(map(_length, _flat(given)), default=0)
    if isinstance(value, (list, tuple)):  # joined by a text
        return (sum(map(_length, value)) + len(value) * longest) if name == "join" else 0
    if not isinstance(value, str):
        return 0
    if name == "join":
        return sum(len(value) + _length(one) for one in _flat(given))
    if name == "replace":
        return len(value) + value.count(str(given[0])) * longest if given else 0
    if name in _FILLED:
        return len(value) + (value.count("%") + value.count("{")) * longest
    return len(value) * (1 + longest + _number(given)) if name in _SPREAD else _number(given)


def _flat(given: Sequence[Any]) -> Iterator[Any]:
    for one in given:
        if isinstance(one, (list, tuple)):
            yield from one
        elif isinstance(one, dict):
            yield from one.values()
        else:
            yield one


def _length(value: object) -> int:
    return len(value) if isinstance(value, str) else 0


def _number(given: Sequence[Any]) -> int:
    return sum(abs(one) for one in given if isinstance(one, int))


def operate(operator: str, left: Any, right: Any) -> None:
    """Counts an operation of a template before it is done. Raises TooMuchError."""
    step()
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()
        if bits > _BITS:
            raise TooMuchError("it works with numbers that no page has")
    elif operator == "*":
        times = next((one for one in (left, right) if isinstance(one, int)), 0)
        many = next((one for one in (left, right) if isinstance(one, (str, list, tuple))), ())
        _charge(many, len(many) * max(0, times))
    elif operator == "%" and isinstance(left, str):
        permit("%", left, right if isinstance(right, tuple) else (right,))
    elif operator == "+":
        _charge(left, len(left) + len(right) if isinstance(left, Sized) and isinstance(right, Sized) else 0)


def _charge(kind: object, size: int) -> None:
    _current.get().write(size) if isinstance(kind, str) else _current.get().step(size)
