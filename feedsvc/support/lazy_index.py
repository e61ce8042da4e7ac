"""Lazy index: a dictionary of many items by a key that is built in short steps beside other work, or at its first use."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

_T = TypeVar("_T")
_V = TypeVar("_V")
_STEP: Final = 1_000  # items; other threads run between two steps


class LazyIndex(Generic[_T, _V]):
    """Dictionary from `key` to `value` of each item of a sequence. Of items with equal keys, the last counts. Thread-safe."""

    def __init__(self, items: Sequence[_T], key: Callable[[_T], str], value: Callable[[_T], _V]) -> None:
        """Start empty. The items are released once the index is complete."""
        self._items, self._key, self._value = items, key, value
        self._size = 0  # of the part of `items` that is in the dictionary
        self._dictionary: dict[str, _V] = {}
        self._lock = threading.Lock()

    def advance(self, seconds: float) -> bool:
        """Add items until about `seconds` have passed, at least one step. Return whether the index is complete."""
        end = time.monotonic() + seconds
        with self._lock:
            while self._size < len(self._items):
                step = self._items[self._size : self._size + _STEP]
                self._dictionary.update(zip(map(self._key, step), map(self._value, step), strict=True))
                self._size += len(step)
                if time.monotonic() >= end:
                    break
            if self._size < len(self._items):
                return False
            self._items, self._size = (), 0
            return True

    def complete(self) -> dict[str, _V]:
        """Add all other items, and return the dictionary itself, not a copy."""
        self.advance(math.inf)
        return self._dictionary
