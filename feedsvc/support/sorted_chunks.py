"""An immutable sequence in the order of a key, held in chunks: a change copies a chunk, not the whole."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain, islice
from typing import Any, Final, TypeVar, overload

_T = TypeVar("_T")
_R = TypeVar("_R")
_Chunk = tuple[_T, ...]

_SIZE: Final = 512  # items to a new chunk; one of more than twice as many is halved
_FEW: Final = 1000  # changes; more of them are sorted in


class Ordered(Sequence[_T]):
    """Items of which no two have the same key. How they are divided is nobody's business: equal items make equal sequences."""

    __slots__ = ("_chunks", "_found", "_key", "_starts")

    def __init__(self, chunks: tuple[_Chunk[_T], ...], key: Callable[[_T], Any]) -> None:
        """No chunk is empty."""
        self._chunks = chunks
        self._key = key
        self._starts = (0, *accumulate(map(len, chunks)))
        self._found: dict[object, object] = {}

    @classmethod
    def of(cls, items: Sequence[_T], key: Callable[[_T], Any]) -> Ordered[_T]:
        """Items that are in order already."""
        return cls(tuple(tuple(items[start : start + _SIZE]) for start in range(0, len(items), _SIZE)), key)

    def __len__(self) -> int:
        return self._starts[-1]

    def __iter__(self) -> Iterator[_T]:
        return chain.from_iterable(self._chunks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ordered) and len(self) == len(other) and all(map(_is_equal, self, other))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    @overload
    def __getitem__(self, index: int) -> _T: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[_T, ...]: ...

    def __getitem__(self, index: int | slice) -> _T | tuple[_T, ...]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            chunk = bisect_right(self._starts, start) - 1
            if chunk + 1 < len(self._starts) and stop <= self._starts[chunk + 1]:  # as nearly always
                begin = start - self._starts[chunk]
                return self._chunks[chunk][begin : begin + max(stop - start, 0) : step]
            return tuple(islice(self._since(start), max(stop - start, 0)))[::step]
        place = range(len(self))[index]
        chunk = bisect_right(self._starts, place) - 1
        return self._chunks[chunk][place - self._starts[chunk]]

    def _since(self, start: int) -> Iterator[_T]:
        chunk = bisect_right(self._starts, start) - 1
        return islice(chain.from_iterable(self._chunks[chunk:]), start - self._starts[chunk], None)

    def place(self, key: Any) -> int:
        """How many items come before a key."""
        chunk = self._chunk(self._chunks, key)
        return self._starts[chunk] + (bisect_left(self._chunks[chunk], key, key=self._key) if chunk < len(self._chunks) else 0)

    def once(self, find: Callable[[Ordered[_T]], _R]) -> _R:
        """What `find` finds in all of it, which is asked for again and again."""
        if find not in self._found:
            self._found[find] = find(self)
        found: _R = self._found[find]  # type: ignore[assignment]
        return found

    def replaced(self, gone: Sequence[_T], come: Sequence[_T]) -> Ordered[_T]:
        """Without some of the items, all of which are there, and with others."""
        if not gone and not come:
            return self
        if len(gone) + len(come) > _FEW:
            left = set(map(self._key, gone))
            kept = (item for item in self if self._key(item) not in left)
            return Ordered.of(sorted((*kept, *come), key=self._key), self._key)
        chunks = list(self._chunks)
        for item in gone:
            self._take(chunks, item)
        for item in come:
            self._put(chunks, item)
        return Ordered(tuple(chunks), self._key)

    def only(self, keep: Callable[[_T], object]) -> Ordered[_T]:
        """The items that are kept; chunks of which all are kept are shared."""
        found = ((chunk, tuple(filter(keep, chunk))) for chunk in self._chunks)
        chunks = tuple(chunk if len(chunk) == len(kept) else kept for chunk, kept in found if kept)
        return self if sum(map(len, chunks)) == len(self) else Ordered(chunks, self._key)

    def beyond(self, other: Ordered[_T]) -> list[_T]:
        """The items that are not the same object in another sequence, for little work where one was made from the other."""
        theirs = set(map(id, other._chunks))
        own = [chunk for chunk in self._chunks if id(chunk) not in theirs]
        shared = set(map(id, self._chunks)) if own else set()
        known = set(map(id, chain.from_iterable(chunk for chunk in other._chunks if id(chunk) not in shared)))
        return [item for item in chain.from_iterable(own) if id(item) not in known]

    def _chunk(self, chunks: Sequence[_Chunk[_T]], key: Any) -> int:
        """The first chunk that does not end before a key."""
        return bisect_left(chunks, key, key=lambda chunk: self._key(chunk[-1]))

    def _take(self, chunks: list[_Chunk[_T]], item: _T) -> None:
        chunk = self._chunk(chunks, key := self._key(item))
        place = bisect_left(chunks[chunk], key, key=self._key)
        left = chunks[chunk][:place] + chunks[chunk][place + 1 :]
        chunks[chunk : chunk + 1] = [left] if left else []

    def _put(self, chunks: list[_Chunk[_T]], item: _T) -> None:
        key = self._key(item)
        chunk = min(self._chunk(chunks, key), len(chunks) - 1)
        if chunk < 0:
            chunk = 0
            chunks.append(())
        place = bisect_left(chunks[chunk], key, key=self._key)
        more = (*chunks[chunk][:place], item, *chunks[chunk][place:])
        half = len(more) // 2
        chunks[chunk : chunk + 1] = [more[:half], more[half:]] if len(more) > 2 * _SIZE else [more]


def _is_equal(one: object, other: object) -> bool:
    return one is other or one == other
