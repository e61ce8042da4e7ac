"""Cache of the rendered entries of one format: an entry is in several feeds, with the same bytes in each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from feedsvc.feed_model import Entry, Tombstone
from feedsvc.support.bounded_cache import BoundedCache

_Item = TypeVar("_Item", bound=Entry | Tombstone)

_DEFAULT_BYTES: Final = 4 * 1024 * 1024  # for each format
_ENLARGED_BYTES: Final = 3 * _DEFAULT_BYTES  # for each format, in a process that renders every feed


@dataclass(frozen=True, slots=True)
class RenderedEntry:
    """Bytes of an entry, a tombstone or elements of a feed in one format, to be inserted into the document.

    `prefixes` are the namespace prefixes that the document must declare for them.
    """

    data: bytes
    prefixes: frozenset[str] = frozenset()


class RenderedEntryCache(Generic[_Item]):
    """LRU cache of rendered entries by identity of the Entry, limited to `max_bytes`. Thread-safe. Tombstones are not cached."""

    def __init__(self, render: Callable[[_Item], RenderedEntry], max_bytes: int = _DEFAULT_BYTES) -> None:
        self._render = render
        # Keyed by id(), because comparing entries takes longer. The entry is stored, too, so that its id() is not reused.
        self._rendered_entries: BoundedCache[int, tuple[_Item, RenderedEntry]] = BoundedCache(
            max_bytes, lambda cached: len(cached[1].data)
        )

    def enlarge(self) -> None:
        """Raise the limit to _ENLARGED_BYTES, unless it is higher, for a process that renders every feed."""
        self._rendered_entries.max_weight = max(self._rendered_entries.max_weight, _ENLARGED_BYTES)

    def get(self, item: _Item) -> RenderedEntry:
        """Return the rendered entry or tombstone. Render it first unless it is an entry in the cache."""
        if isinstance(item, Tombstone):
            return self._render(item)
        if cached := self._rendered_entries.use(id(item)):
            return cached[1]
        rendered = self._render(item)
        self._rendered_entries.put(id(item), (item, rendered))
        return rendered
