"""Watchdog: ends a process that hangs, and records at which theme's page it hung or crashed. It needs no interpreter lock.

A process hangs if a thread holds the interpreter's lock for 30 seconds (an endless comparison in C), or if rendering one page
takes as long. SIGALRM then writes the stacks of all threads into a file of the state folder (stack_report.py) and ends the
process. Time in which the process is stopped does not count: SIGSTOP, a suspended machine, a debugger.

With a heartbeat, a thread arms the alarm every half second, and ends the process at most 50 seconds after SIGTERM if it still
runs. Without one (a build forks, so it must have no threads), each rendering arms the alarm itself. A page is at fault only if
its thread used processor time, so a slow disk or an overloaded machine is not blamed on a page.

A crash (SIGSEGV, SIGABRT) writes the stacks, too; the page that the crashed thread rendered is at fault. The watchdog does
nothing unless a command uses `watching`.
"""

from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from feedsvc.errors import FeedsvcError
from feedsvc.support import hang_reports
from feedsvc.support.hang_reports import faulty_themes
from feedsvc.support.posix import register_at_fork
from feedsvc.support.process_watchdog import DEFAULT_LIMIT, MIN_LIMIT, ProcessWatchdog

__all__ = ["explanation", "faulty_themes", "rendering", "start_heartbeat", "watching"]

LIMIT_VARIABLE: Final = "FEEDSVC_WATCHDOG"  # seconds of another limit, 0 for no watchdog
_MAX_LIMIT: Final = 3600.0  # seconds

_current: ProcessWatchdog | None = None


def _after_fork() -> None:
    global _current  # noqa: PLW0603
    if _current:
        _current = _current.copy_after_fork()


register_at_fork(after_in_child=_after_fork)


@contextmanager
def watching(state: Path | None, seconds: float | None = None) -> Iterator[None]:
    """Watch this process within the block, if it is entered in the main thread.

    `state` is the state folder, None without one. `seconds` is the limit; by default, the environment variable LIMIT_VARIABLE
    or else 30 is used. A limit below 2 counts as 2. With 0, or on a system without SIGALRM, nothing is watched. Raises
    FeedsvcError if the variable is no number from 0 to 3600.
    """
    global _current  # noqa: PLW0603
    limit = _limit() if seconds is None else seconds
    if not limit or not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return
    previous_handler, process_id = signal.signal(signal.SIGALRM, signal.SIG_DFL), os.getpid()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGALRM, signal.SIGPROF))
    if state:
        hang_reports.remove_stale_files(state)
    _current = ProcessWatchdog(state, limit)
    try:
        yield
    finally:
        if os.getpid() == process_id:
            watchdog, _current = _current, None
            watchdog.close()
            signal.signal(signal.SIGALRM, previous_handler or signal.SIG_DFL)


def start_heartbeat() -> None:
    """Start a heartbeat: watch all threads, not only renderings, and limit the time to stop after SIGTERM or SIGINT.

    If the process still runs 50 seconds after the signal (less with a limit below 30 seconds), it is ended. Does nothing
    outside `watching`. Call it in the main thread, after the last fork.
    """
    if _current:
        _current.start_heartbeat()


class rendering:  # noqa: N801 - called like a function
    """Mark that this thread renders a page of the theme `name` within the `with` block.

    A report has the first 80 characters of the name, with ? for those beyond ASCII. Outside `watching`, nothing is marked.
    Inside, it takes some microseconds.
    """

    __slots__ = ("_name", "_rendering", "_watchdog")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._watchdog = _current
        if self._watchdog:
            self._rendering = self._watchdog.enter(self._name)

    def __exit__(self, *_: object) -> None:
        if self._watchdog:
            self._watchdog.leave(self._rendering)


def explanation(process: int) -> str:
    """Return why the process with the id `process`, a fork, hung or crashed, as a text to follow "process 12".

    Return "" if there is no report, without a state folder, or outside `watching`.
    """
    return hang_reports.explanation(_current.state, process) if _current and _current.state else ""


def _limit() -> float:
    text = os.environ.get(LIMIT_VARIABLE, "")
    try:
        limit = float(text or DEFAULT_LIMIT)
    except ValueError:
        limit = math.nan
    if not 0 <= limit <= _MAX_LIMIT:
        raise FeedsvcError(
            f"{LIMIT_VARIABLE} is '{text}'; give seconds from {MIN_LIMIT:.0f} to {_MAX_LIMIT:.0f}, or 0 for no watchdog"
        )
    return limit
