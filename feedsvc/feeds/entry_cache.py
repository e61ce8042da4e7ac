"""Entries as finished bytes of one format: an entry stands in several feeds, and in each of them with the same bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final, Generic, TypeVar

from feedsvc.model import Entry, Tombstone

_Item = TypeVar("_Item", bound=Entry | Tombstone)

_KEPT_BYTES: Final = 4 * 1024 * 1024  # for each format
_MANY_BYTES: Final = 3 * _KEPT_BYTES  # the same where all that there is is spelled, feed after feed


@dataclass(frozen=True, slots=True)
class Part:
    """`prefixes` are those that the document must declare for it."""

    data: bytes
    prefixes: frozenset[str] = frozenset()


class Parts(Generic[_Item]):
    """The parts used last, safe in threads."""

    def __init__(self, make: Callable[[_Item], Part], most: int = _KEPT_BYTES) -> None:
        self._make, self._most, self._size = make, most, 0
        # By identity: to compare two entries takes longer than to find one. Each is held, so no other gets its number.
        self._made: OrderedDict[int, tuple[Entry | Tombstone, Part]] = OrderedDict()
        self._lock = Lock()

    def make_room(self) -> None:
        """For a process that spells every feed."""
        self._most = max(self._most, _MANY_BYTES)

    def of(self, item: _Item) -> Part:
        if isinstance(item, Tombstone):
            return self._make(item)
        with self._lock:
            if known := self._made.get(id(item)):
                self._made.move_to_end(id(item))
                return known[1]
        part = self._make(item)
        with self._lock:
            self._keep(item, part)
        return part

    def _keep(self, entry: Entry | Tombstone, part: Part) -> None:
        if id(entry) in self._made:
            return  # another thread was faster
        self._made[id(entry)] = (entry, part)
        self._size += len(part.data)
        while self._size > self._most:
            _, (_, oldest) = self._made.popitem(last=False)
            self._size -= len(oldest.data)
