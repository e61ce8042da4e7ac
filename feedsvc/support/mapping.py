"""Change of an immutable mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


def with_changes(items: dict[_K, _V], removed: Iterable[_K], added: Mapping[_K, _V]) -> dict[_K, _V]:
    """Return a copy of a mapping without the keys `removed` and with the items `added`. A key in both gets its added value."""
    changed = dict.copy(items)  # faster by far than dict(items) once a key was removed
    for key in {*removed} - added.keys():
        changed.pop(key, None)
    changed.update(added)
    return changed
