"""Frozen objects of one class with slots, many at once: setting field after field of all takes a third of the time of calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import TypeVar

_T = TypeVar("_T")


def new_objects(cls: type[_T], count: int) -> list[_T]:
    """Return `count` new objects of a class, without any field. The caller sets all of them by `set_field`."""
    new: Callable[[type[_T]], _T] = cls.__new__
    return [*map(new, repeat(cls, count))]


def set_field(objects: Sequence[object], name: str, values: Iterable[object]) -> None:
    """Set a field of each of these frozen objects of one class, in place, to the value at the same index.

    Only for new objects that no other code refers to yet.
    """
    if objects:
        deque(map(getattr(type(objects[0]), name).__set__, objects, values), maxlen=0)
