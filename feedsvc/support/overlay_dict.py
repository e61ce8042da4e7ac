"""Immutable dictionary: a shared base and few changes since, so that most changes do not copy it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, ValuesView
from functools import cached_property
from typing import Final, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")

_MAX_CHANGES: Final = 500  # more are merged into a new base


class OverlayDict(Mapping[_K, _V]):
    """Immutable mapping, in no particular order. No value is None.

    A change of few keys copies at most 500 former changes; every 500 changes, it copies the whole dictionary once.
    """

    def __init__(self, base: dict[_K, _V], changes: Mapping[_K, _V | None] | None = None) -> None:
        """Start with the items of `base`, which must not change any more. `changes` replace them; None removes a key."""
        self._base = base
        self._changes = changes or {}

    def __getitem__(self, key: _K) -> _V:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def get(self, key: _K) -> _V | None:  # type: ignore[override]  # no caller has a default, and without one it is faster
        return self._changes[key] if key in self._changes else self._base.get(key)

    def __contains__(self, key: object) -> bool:
        return self._changes[key] is not None if key in self._changes else key in self._base  # type: ignore[index]  # it is in

    def __iter__(self) -> Iterator[_K]:
        return iter(self._merge())

    def __len__(self) -> int:
        return self._size

    @cached_property
    def _size(self) -> int:
        return len(self._base) + sum((value is not None) - (key in self._base) for key, value in self._changes.items())

    def values(self) -> ValuesView[_V]:
        return self._merge().values()

    def apply_changes(self, removed: Iterable[_K], added: Mapping[_K, _V]) -> OverlayDict[_K, _V]:
        """Return a dictionary without the keys `removed` and with the items `added`. A key in both gets its added value."""
        changed = OverlayDict(self._base, {**self._changes, **dict.fromkeys(removed), **added})
        return changed if len(changed._changes) <= _MAX_CHANGES else OverlayDict(changed._merge())

    def _merge(self) -> dict[_K, _V]:
        """Return all items: the base itself if there are no changes, else a new dictionary."""
        if not self._changes:
            return self._base
        # dict.copy() is one C call, during which no other thread runs.
        merged = self._base.copy()
        for key, value in self._changes.items():
            if value is None:
                merged.pop(key, None)
            else:
                merged[key] = value
        return merged
