"""Measure the memory of a process and its descendants.

PSS divides a page that several processes share equally between them, so that the sum is the memory that is really used. The sum
of RSS would count the shared pages of forked workers once for each worker.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_INTERVAL: Final = 0.05  # seconds between two samples
# Reading the figures of a large process stops it for a moment: sampling takes a twentieth of the time at most.
_PAUSE_FACTOR: Final = 20
_PSS: Final = re.compile(rb"^Pss:\s+(\d+) kB$", re.MULTILINE)


def children(pid: int) -> Iterator[int]:
    """Return the pids of the process's children, without their descendants."""
    for task in _tasks(pid):
        try:
            yield from map(int, Path(f"/proc/{pid}/task/{task}/children").read_bytes().split())
        except OSError:  # the task has just ended
            continue


def pss(pid: int) -> int:
    """Return the bytes that a process and all its descendants use; 0 if the process has ended."""
    return _process_pss(pid) + sum(pss(child) for child in children(pid))


def _tasks(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def _process_pss(pid: int) -> int:
    try:
        match = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_bytes())
    except OSError:
        return 0
    return int(match[1]) * 1024 if match else 0


class PeakMemory:
    """Context manager: `bytes` is the highest value of `pss` sampled during the block."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join()

    def _sample(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            start = time.monotonic()
            self.bytes = max(self.bytes, pss(self._pid))
            pause = max(_INTERVAL, (time.monotonic() - start) * _PAUSE_FACTOR)
