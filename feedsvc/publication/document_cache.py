"""Finished documents within reach, the ones asked for last, and what each was made from."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from feedsvc.publication.dependencies import Grounds
from feedsvc.publication.document import Document


@dataclass(frozen=True, slots=True)
class Kept:
    """`grounds` are what the document was made from, None where it is good for one edition only."""

    document: Document
    grounds: Grounds | None
    weight: int


@dataclass(slots=True)
class Lookups:
    """How often a document that was asked for was there, and how often not; counted on from edition to edition."""

    hits: int = 0
    misses: int = 0


class Shelf:
    """Up to `most` bytes of documents; the rest is made anew when it is wanted. Safe in threads."""

    def __init__(self, most: int, lookups: Lookups | None = None) -> None:
        self.lookups = lookups or Lookups()
        self._most = most
        self._size = 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._former: dict[str, Kept] = {}
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes of everything on it."""
        return self._size

    def get(self, path: str) -> Document | None:
        """A document of this edition."""
        with self._lock:
            found = self._kept.get(path)
            if found is None:
                return None
            self._kept.move_to_end(path)
            self.lookups.hits += 1
            return found.document

    def former(self, path: str) -> Kept | None:
        """A document of an earlier edition, which may be another by now."""
        with self._lock:
            return self._former.get(path)

    def put(self, path: str, made: Document, grounds: Grounds | None) -> None:
        with self._lock:
            if path in self._kept:
                return
            self.lookups.misses += 1
            former = self._former.pop(path, None)
            self._kept[path] = Kept(made, grounds, made.weight())
            self._size += self._kept[path].weight - (former.weight if former else 0)
            self._shrink()

    def weigh(self, path: str) -> None:
        """Take note of what a document has come to weigh: its codings are made when they are wanted."""
        with self._lock:
            found = self._kept.get(path)
            if found is None:
                return
            weight = found.document.weight()
            self._kept[path] = Kept(found.document, found.grounds, weight)
            self._size += weight - found.weight
            self._shrink()

    def forget(self, which: Callable[[Document], bool]) -> None:
        """These documents are to be made anew."""
        with self._lock:
            for kept in (self._kept, self._former):
                for path in [path for path, one in kept.items() if which(one.document)]:
                    self._size -= kept.pop(path).weight

    def _shrink(self) -> None:
        """What nobody asked for in this edition goes first."""
        while self._size > self._most and len(self._former) + len(self._kept) > 1:
            if self._former:
                self._size -= self._former.pop(next(iter(self._former))).weight
            else:
                self._size -= self._kept.popitem(last=False)[1].weight

    def following(self) -> Shelf:
        """The shelf of the next edition, on which everything that can outlive this one is a former document."""
        with self._lock:
            everything = {**self._former, **self._kept}
        return Shelf(self._most, self.lookups).holding({path: one for path, one in everything.items() if one.grounds})

    def holding(self, former: dict[str, Kept]) -> Shelf:
        """Itself, with these documents of an earlier edition."""
        with self._lock:
            self._former = former
            self._size = sum(one.weight for one in (*former.values(), *self._kept.values()))
            return self
