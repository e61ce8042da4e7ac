"""Progress of an export: sizes of its chunks, thresholds for several processes, and the counts of its result."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

MAX_INCREMENTAL_PATHS: Final = 1000  # paths; if more may have changed, all are checked
# For fewer paths than these, forking processes takes longer than the work.
PARALLEL_CHECK_THRESHOLD: Final = 20_000
PARALLEL_RENDER_THRESHOLD: Final = 200
RENDER_CHUNK_SIZE: Final = 128  # paths; the pages of one chunk are in memory at once
CHECK_CHUNK_SIZE: Final = 2000  # paths

# (counts of finished paths, total) -> the same counts, as they come.
Progress = Callable[[Iterable[int], int], Iterable[int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildResult:
    """Numbers of files that a build wrote, left unchanged and removed. Compressed variants count with their file."""

    written: int
    unchanged: int
    removed: int


def no_progress(done: Iterable[int], _total: int) -> Iterable[int]:
    """Return the counts of finished paths as they are, without showing progress."""
    return done
