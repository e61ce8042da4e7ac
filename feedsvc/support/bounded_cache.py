"""What is made once and had again; safe in threads, and bounded, since an archive may have more listings than memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")

_MOST: Final = 1024


class Kept(Generic[_K, _V]):
    def __init__(self, most: int = _MOST) -> None:
        self._made: dict[_K, _V] = {}
        self._most = most

    def of(self, key: _K, make: Callable[[], _V]) -> _V:
        """What was made for the key, or is now."""
        found = self._made.get(key)
        if found is None:
            found = make()
            if len(self._made) >= self._most:
                self._made = {}
            self._made[key] = found
        return found
