"""Bounded cache, because a site may have more listings than fit into memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")

_DEFAULT_MAX_SIZE: Final = 1024


class BoundedCache(Generic[_K, _V]):
    """Values by key, emptied when it is full. Thread-safe, but two threads may create the same value at once."""

    def __init__(self, max_size: int = _DEFAULT_MAX_SIZE) -> None:
        self._values: dict[_K, _V] = {}
        self._max_size = max_size

    def get_or_create(self, key: _K, create: Callable[[], _V]) -> _V:
        """Return the cached value of a key. If the cache has none, call `create` and cache its result.

        A cached None counts as no value: `create` is called again.
        """
        value = self._values.get(key)
        if value is None:
            value = create()
            if len(self._values) >= self._max_size:
                self._values = {}
            self._values[key] = value
        return value
