"""LRU cache of rendered documents with their dependencies, carried over from each edition to the next.

An edition is one of the Publications that follow each other as the content changes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from feedsvc.publication.dependencies import Dependencies
from feedsvc.publication.document import Document


@dataclass(frozen=True, slots=True)
class CachedDocument:
    """Document in the cache. `dependencies` are those that it was rendered from; None if the next edition must not reuse it.

    `size_in_bytes` is the size that the cache counts for it, encoded bodies included.
    """

    document: Document
    dependencies: Dependencies | None
    size_in_bytes: int


@dataclass(slots=True)
class CacheStatistics:
    """Numbers of cache hits and misses of documents, continued from edition to edition."""

    hits: int = 0
    misses: int = 0


class DocumentCache:
    """LRU cache of up to `max_bytes` bytes of documents of this edition, and of earlier editions for reuse (`previous`).

    Thread-safe. An evicted document is rendered again on the next request. A single document may be larger than `max_bytes`.
    """

    def __init__(self, max_bytes: int, statistics: CacheStatistics | None = None) -> None:
        self.statistics = statistics or CacheStatistics()
        self._max_bytes = max_bytes
        self._size = 0
        self._current: OrderedDict[str, CachedDocument] = OrderedDict()
        self._previous: dict[str, CachedDocument] = {}
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Number of bytes of all cached documents, encoded bodies included."""
        return self._size

    def get(self, path: str) -> Document | None:
        """Return the document of this edition at a path and count a hit; None, without counting, if it is not cached."""
        with self._lock:
            entry = self._current.get(path)
            if entry is None:
                return None
            self._current.move_to_end(path)
            self.statistics.hits += 1
            return entry.document

    def previous(self, path: str) -> CachedDocument | None:
        """Return the document of an earlier edition at a path; None if there is none. Compare its dependencies before reuse.

        Once a document of this edition is stored at the path, there is none.
        """
        with self._lock:
            return self._previous.get(path)

    def put(self, path: str, document: Document, dependencies: Dependencies | None) -> None:
        """Store a document of this edition and count a miss, then evict documents above the limit.

        Do nothing if there is a document of this edition at the path: another thread has stored it.
        """
        with self._lock:
            if path in self._current:
                return
            self.statistics.misses += 1
            previous = self._previous.pop(path, None)
            self._current[path] = CachedDocument(document, dependencies, document.size_in_bytes())
            self._size += self._current[path].size_in_bytes - (previous.size_in_bytes if previous else 0)
            self._evict()

    def update_size(self, path: str) -> None:
        """Update the recorded size of the document of this edition at a path, then evict documents above the limit.

        Do nothing if it is not cached. Call it after `Document.encode`, which may add an encoded body.
        """
        with self._lock:
            entry = self._current.get(path)
            if entry is None:
                return
            size = entry.document.size_in_bytes()
            self._current[path] = CachedDocument(entry.document, entry.dependencies, size)
            self._size += size - entry.size_in_bytes
            self._evict()

    def discard(self, predicate: Callable[[Document], bool]) -> None:
        """Remove the documents, of this and earlier editions, for which `predicate` is true, so that they are rendered again."""
        with self._lock:
            for entries in (self._current, self._previous):
                for path in [path for path, entry in entries.items() if predicate(entry.document)]:
                    self._size -= entries.pop(path).size_in_bytes

    def _evict(self) -> None:
        """Evict documents until they take at most `max_bytes` or one is left: of earlier editions, then least recently used."""
        while self._size > self._max_bytes and len(self._previous) + len(self._current) > 1:
            if self._previous:
                self._size -= self._previous.pop(next(iter(self._previous))).size_in_bytes
            else:
                self._size -= self._current.popitem(last=False)[1].size_in_bytes

    def carry_over(self) -> DocumentCache:
        """Return the cache for the next edition: all documents of this cache, of any edition, are earlier documents in it.

        Documents without dependencies are left out. Statistics are shared. This cache stays usable.
        """
        with self._lock:
            entries = {**self._previous, **self._current}
        return DocumentCache(self._max_bytes, self.statistics).seed(
            {path: entry for path, entry in entries.items() if entry.dependencies}
        )

    def seed(self, previous: dict[str, CachedDocument]) -> DocumentCache:
        """Replace the documents of earlier editions by `previous` (path -> document); return self. Evicts nothing."""
        with self._lock:
            self._previous = previous
            self._size = sum(entry.size_in_bytes for entry in (*previous.values(), *self._current.values()))
            return self
