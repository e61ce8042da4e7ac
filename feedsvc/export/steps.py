"""How an export goes on: in pieces, counted as they are done, by one process or several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

MANY: Final = 1000  # paths; where more may have changed, all are looked at
# Fewer than these are sooner done than a process is copied.
TO_CHECK: Final = 20_000
TO_MAKE: Final = 200
_PIECE: Final = 64  # paths
PIECE_TO_CHECK: Final = 2000  # paths that are looked at sooner than one is told of
_LEAST: Final = 1  # towards the end, so that nobody waits long for the last piece of another

# (counts of what was done, how much there is) -> the counts, as they come.
Progress = Callable[[Iterable[int], int], Iterable[int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """How many files a build wrote, left as they were, and removed; a compressed twin counts with its file."""

    written: int
    unchanged: int
    removed: int


def silent(done: Iterable[int], _total: int) -> Iterable[int]:
    return done


def pieces(paths: Sequence[str], processes: int = 1, most: int = _PIECE) -> list[Sequence[str]]:
    """Of so many paths at most; smaller and smaller ones, once few are left for each process.

    They are begun at both ends, so that the smallest stand where these meet.
    """
    sizes, left = [], len(paths)
    while left:
        sizes.append(min(left, max(_LEAST, min(most, left // (4 * processes)))))
        left -= sizes[-1]
    ends = [*accumulate([*sizes[::2], *reversed(sizes[1::2])])]
    return [paths[start:end] for start, end in pairwise([0, *ends])]
