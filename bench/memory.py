"""How much memory a process and its children take together.

PSS counts a page that several processes share in equal parts, so that their sum is what the machine really gives; the sum of
RSS would count what forked workers share once for each.
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

_EACH: Final = 0.05  # seconds between two looks
# Reading the figures of a large process holds it up: a look may take a twentieth of the time at most.
_SHARE: Final = 20
_PSS: Final = re.compile(rb"^Pss:\s+(\d+) kB$", re.MULTILINE)


def children(pid: int) -> Iterator[int]:
    """The process's children that live now, not theirs."""
    for task in _tasks(pid):
        try:
            yield from map(int, Path(f"/proc/{pid}/task/{task}/children").read_bytes().split())
        except OSError:  # it has just ended
            continue


def pss(pid: int) -> int:
    """Bytes that a process and all its descendants hold now; 0 for one that has ended."""
    return _own(pid) + sum(pss(child) for child in children(pid))


def _tasks(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def _own(pid: int) -> int:
    try:
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_bytes())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


class Peak:
    """The most that was seen of `pss` from entering to leaving, as `bytes`."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        pause = 0.0
        while not self._ended.wait(pause):
            began = time.monotonic()
            self.bytes = max(self.bytes, pss(self._pid))
            pause = max(_EACH, (time.monotonic() - began) * _SHARE)
