"""How an export goes on: in pieces, counted as they are done, by one process or several."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

MANY: Final = 1000  # paths; where more may have changed, all are looked at
# Fewer than these are sooner done than a process is copied.
TO_CHECK: Final = 20_000
TO_MAKE: Final = 200
PIECE: Final = 128  # paths, the pages of which are in memory at once
PIECE_TO_CHECK: Final = 2000  # paths that are looked at sooner than one is told of

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
