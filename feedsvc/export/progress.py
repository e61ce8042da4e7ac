"""Numbers of an export: its progress, its result, and the limits for incremental builds and for several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

MAX_INCREMENTAL_PATHS: Final = 1000  # paths; if more may have changed, all are checked

# (counts of finished paths, total) -> the same counts, as they come.
Progress = Callable[[Iterable[int], int], Iterable[int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parallelism:
    """Limits for several processes that render documents, as numbers of paths.

    Several processes are used if there are at least as many paths as the threshold: for fewer, a fork takes longer than the
    work. A process gets at most one chunk at once. The pages of a chunk are in memory at the same time.
    """

    render_threshold: int = 200
    render_chunk: int = 128


DEFAULT_PARALLELISM: Final = Parallelism()


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildResult:
    """Numbers of files or objects that a build or update wrote, left unchanged and removed, without compressed variants.

    After an update, `unchanged` counts only those among the paths of the update, not the whole tree or bucket. `reason` says
    why a build rendered all documents of a tree again, "" if it did not. `foreign` are the names of auxiliary files, such as
    404.html, at which files of other origin stay.
    """

    written: int
    unchanged: int
    removed: int
    reason: str = field(default="", compare=False)
    foreign: tuple[str, ...] = field(default=(), compare=False)


def no_progress(counts: Iterable[int], _total: int) -> Iterable[int]:
    """Return the counts of finished paths as they are, without showing progress."""
    return counts
