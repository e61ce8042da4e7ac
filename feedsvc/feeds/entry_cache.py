"""Cache of rendered entries, one for each format: an entry is in several feeds, with the same bytes in each."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final, Generic, TypeVar

from feedsvc.model import Entry, Tombstone

_Item = TypeVar("_Item", bound=Entry | Tombstone)

_DEFAULT_BYTES: Final = 4 * 1024 * 1024  # for each format
_ENLARGED_BYTES: Final = 3 * _DEFAULT_BYTES  # for each format, in a process that renders every feed


@dataclass(frozen=True, slots=True)
class RenderedEntry:
    """Bytes of an entry in one format. `prefixes` are the namespace prefixes that the document must declare."""

    data: bytes
    prefixes: frozenset[str] = frozenset()


class RenderedEntryCache(Generic[_Item]):
    """LRU cache of rendered entries, limited to `max_bytes`. Thread-safe. Tombstones are not cached."""

    def __init__(self, render: Callable[[_Item], RenderedEntry], max_bytes: int = _DEFAULT_BYTES) -> None:
        self._render, self._max_bytes, self._size = render, max_bytes, 0
        # Keyed by id(), because comparing entries takes longer. The entry is stored, too, so that its id() is not reused.
        self._rendered_entries: OrderedDict[int, tuple[Entry | Tombstone, RenderedEntry]] = OrderedDict()
        self._lock = Lock()

    def enlarge(self) -> None:
        """Raise the limit to _ENLARGED_BYTES, for a process that renders every feed."""
        self._max_bytes = max(self._max_bytes, _ENLARGED_BYTES)

    def get(self, item: _Item) -> RenderedEntry:
        """Return an entry or tombstone as rendered; render it if it is not cached."""
        if isinstance(item, Tombstone):
            return self._render(item)
        with self._lock:
            if cached := self._rendered_entries.get(id(item)):
                self._rendered_entries.move_to_end(id(item))
                return cached[1]
        rendered = self._render(item)
        with self._lock:
            self._store(item, rendered)
        return rendered

    def _store(self, entry: Entry | Tombstone, rendered: RenderedEntry) -> None:
        if id(entry) in self._rendered_entries:
            return  # another thread rendered it, too
        self._rendered_entries[id(entry)] = (entry, rendered)
        self._size += len(rendered.data)
        while self._size > self._max_bytes:
            _, (_, oldest) = self._rendered_entries.popitem(last=False)
            self._size -= len(oldest.data)
