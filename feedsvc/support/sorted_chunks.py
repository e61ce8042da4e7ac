"""Immutable sequence in the order of a key, stored in chunks: a change copies one chunk, not the whole sequence."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain, islice
from typing import Any, Final, TypeVar, overload

_T = TypeVar("_T")
_R = TypeVar("_R")
_Chunk = tuple[_T, ...]

_CHUNK_SIZE: Final = 512  # items in a new chunk; one of more than twice as many is halved
_MAX_SINGLE_CHANGES: Final = 1000  # changes; if there are more, the whole sequence is sorted again


class PersistentSortedList(Sequence[_T]):
    """Immutable sequence, sorted by `key`, of items of which no two have the same key.

    Two sequences are equal if their items are, however these are divided into chunks.
    """

    __slots__ = ("_chunks", "_key", "_results", "_starts")

    def __init__(self, chunks: tuple[_Chunk[_T], ...], key: Callable[[_T], Any]) -> None:
        """Create a sequence of `chunks`. None may be empty; items must be sorted by `key` within each and across all."""
        self._chunks = chunks
        self._key = key
        self._starts = (0, *accumulate(map(len, chunks)))
        self._results: dict[object, object] = {}

    @classmethod
    def from_sorted(cls, items: Sequence[_T], key: Callable[[_T], Any]) -> PersistentSortedList[_T]:
        """Return a sequence of `items`, which the caller has sorted by `key`."""
        return cls(tuple(tuple(items[start : start + _CHUNK_SIZE]) for start in range(0, len(items), _CHUNK_SIZE)), key)

    def __len__(self) -> int:
        return self._starts[-1]

    def __iter__(self) -> Iterator[_T]:
        return chain.from_iterable(self._chunks)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, PersistentSortedList) and len(self) == len(other) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    @overload
    def __getitem__(self, index: int) -> _T: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[_T, ...]: ...

    def __getitem__(self, index: int | slice) -> _T | tuple[_T, ...]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            chunk = bisect_right(self._starts, start) - 1
            if chunk + 1 < len(self._starts) and stop <= self._starts[chunk + 1]:  # nearly always: within one chunk
                begin = start - self._starts[chunk]
                return self._chunks[chunk][begin : begin + max(stop - start, 0) : step]
            return tuple(islice(self._iterate_from(start), max(stop - start, 0)))[::step]
        position = range(len(self))[index]
        chunk = bisect_right(self._starts, position) - 1
        return self._chunks[chunk][position - self._starts[chunk]]

    def _iterate_from(self, start: int) -> Iterator[_T]:
        chunk = bisect_right(self._starts, start) - 1
        return islice(chain.from_iterable(self._chunks[chunk:]), start - self._starts[chunk], None)

    def rank(self, key: Any) -> int:
        """Return the number of items whose key is less than `key`."""
        chunk = self._chunk_index(self._chunks, key)
        return self._starts[chunk] + (bisect_left(self._chunks[chunk], key, key=self._key) if chunk < len(self._chunks) else 0)

    def compute_once(self, function: Callable[[PersistentSortedList[_T]], _R]) -> _R:
        """Return `function(self)`. The result is cached in this sequence for later calls with the same function object.

        Use a function of a module: each lambda is another object, and its result stays cached.
        """
        if function not in self._results:
            self._results[function] = function(self)
        result: _R = self._results[function]  # type: ignore[assignment]
        return result

    def apply_changes(self, removed: Sequence[_T], added: Sequence[_T]) -> PersistentSortedList[_T]:
        """Return a sequence without the items `removed`, all of which must be in this one, and with the items `added`.

        If both are empty, it is this sequence. Their order does not matter. The key of an added item must not be that of
        another item of the result; it may be that of a removed one.
        """
        if not removed and not added:
            return self
        if len(removed) + len(added) > _MAX_SINGLE_CHANGES:
            removed_keys = set(map(self._key, removed))
            remaining = (item for item in self if self._key(item) not in removed_keys)
            return PersistentSortedList.from_sorted(sorted((*remaining, *added), key=self._key), self._key)
        chunks = list(self._chunks)
        for item in removed:
            self._remove(chunks, item)
        for item in added:
            self._insert(chunks, item)
        return PersistentSortedList(tuple(chunks), self._key)

    def difference(self, other: PersistentSortedList[_T]) -> list[_T]:
        """Return the items that are not in `other`, sorted. Only chunks that the two do not share are compared."""
        shared = {*map(id, self._chunks)}.intersection(map(id, other._chunks))
        others = {item for chunk in other._chunks if id(chunk) not in shared for item in chunk}
        return [item for chunk in self._chunks if id(chunk) not in shared for item in chunk if item not in others]

    def filter(self, predicate: Callable[[_T], object]) -> PersistentSortedList[_T]:
        """Return a sequence of the items for which `predicate` is true; this one if it is true for all.

        It shares the chunks that stay whole with this one.
        """
        pairs = ((chunk, tuple(filter(predicate, chunk))) for chunk in self._chunks)
        chunks = tuple(chunk if len(chunk) == len(matching) else matching for chunk, matching in pairs if matching)
        return self if sum(map(len, chunks)) == len(self) else PersistentSortedList(chunks, self._key)

    def _chunk_index(self, chunks: Sequence[_Chunk[_T]], key: Any) -> int:
        """Return the index of the first chunk whose last item does not come before `key`; len(chunks) if there is none."""
        return bisect_left(chunks, key, key=lambda chunk: self._key(chunk[-1]))

    def _remove(self, chunks: list[_Chunk[_T]], item: _T) -> None:
        chunk = self._chunk_index(chunks, key := self._key(item))
        position = bisect_left(chunks[chunk], key, key=self._key)
        remaining = chunks[chunk][:position] + chunks[chunk][position + 1 :]
        chunks[chunk : chunk + 1] = [remaining] if remaining else []

    def _insert(self, chunks: list[_Chunk[_T]], item: _T) -> None:
        key = self._key(item)
        chunk = min(self._chunk_index(chunks, key), len(chunks) - 1)
        if chunk < 0:
            chunk = 0
            chunks.append(())
        position = bisect_left(chunks[chunk], key, key=self._key)
        items = (*chunks[chunk][:position], item, *chunks[chunk][position:])
        half = len(items) // 2
        chunks[chunk : chunk + 1] = [items[:half], items[half:]] if len(items) > 2 * _CHUNK_SIZE else [items]
