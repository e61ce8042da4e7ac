"""Watchdog: ends a process that hangs, and records at which theme's page it hung or crashed. It needs no interpreter lock.

A process hangs if a thread holds the interpreter's lock for 30 seconds (an endless comparison in C), or if rendering one page
takes as long. SIGALRM then writes the stacks of all threads into a file of the state folder (hang_reports.py) and ends the
process. Time in which the process is stopped does not count: SIGSTOP, a suspended machine, a debugger.

With a heartbeat, a thread arms the alarm every half second, and ends the process at most 50 seconds after SIGTERM if it still
runs. Without one (a build forks, so it must have no threads), each rendering arms the alarm itself. A page is at fault only if
its thread used processor time, so a slow disk or an overloaded machine is not blamed on a page.

A crash (SIGSEGV, SIGABRT) writes the stacks, too; the page that the crashed thread rendered is at fault. The watchdog does
nothing unless a command uses `watching`.
"""

from __future__ import annotations

import faulthandler
import math
import os
import select
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from feedsvc.errors import FeedsvcError
from feedsvc.support import hang_reports
from feedsvc.support.hang_reports import StackReport, faulty_themes
from feedsvc.support.libc import Alarm, use_signal_stack

__all__ = ["explanation", "faulty_themes", "rendering", "start_heartbeat", "watching"]

DEFAULT_LIMIT: Final = 30.0  # seconds
LIMIT_VARIABLE: Final = "FEEDSVC_WATCHDOG"  # seconds of another limit, 0 for no watchdog
_MIN_LIMIT: Final = 2.0  # seconds
_MAX_LIMIT: Final = 3600.0
_HEARTBEAT_INTERVAL: Final = 0.5  # seconds between two heartbeats
_STOP_TIMEOUT: Final = 50.0  # seconds at most from SIGTERM to the end; the parent of workers waits 60, systemd 75
# A page hangs only if its thread used at least this part of the limit as processor time: limit / _GIL_HOLD_DIVISOR if it never
# released the interpreter's lock (more than a thread can use between two heartbeats), else limit / _BUSY_DIVISOR (more than
# a page takes).
_GIL_HOLD_DIVISOR: Final = 30
_BUSY_DIVISOR: Final = 10
_STOP_SIGNALS: Final = frozenset((signal.SIGTERM, signal.SIGINT))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Rendering:
    """Page that a thread renders."""

    name: str
    thread: int  # threading.get_ident()
    started_at: float  # _running_time at the start, in seconds: it does not count while the process is stopped
    processor_time_at_start: float  # seconds of processor time that the thread had used at the start


class _Watchdog:
    """Watchdog of one process. Without `state`, stacks are written to stderr."""

    def __init__(self, state: Path | None, seconds: float) -> None:
        self.state, self.seconds = state, max(_MIN_LIMIT, seconds)
        self._profile_interval = self.seconds / _GIL_HOLD_DIVISOR
        self._report: StackReport | None = None
        self._alarm: Alarm | None = None
        self._heartbeat_thread: threading.Thread | None = None
        self._wakeup_pipe = (-1, -1)
        self._is_ending = self._is_closed = False
        self._lock = threading.Lock()
        self._renderings: dict[_Rendering, None] = {}
        self._running_time, self._last_beat, self._processor_time = 0.0, time.monotonic(), time.process_time()
        self._had_faulthandler = faulthandler.is_enabled()

    def enter(self, name: str) -> _Rendering:
        use_signal_stack()
        rendering = _Rendering(
            name=name, thread=threading.get_ident(), started_at=self._running_time, processor_time_at_start=time.thread_time()
        )
        with self._lock:
            self._renderings[rendering] = None
            self._open_report()
            self._write_report()
            if not self._heartbeat_thread and len(self._renderings) == 1:
                self._arm()
        return rendering

    def leave(self, rendering: _Rendering) -> None:
        with self._lock:
            del self._renderings[rendering]
            self._write_report()
            if not self._heartbeat_thread and not self._renderings:
                self._disarm()
                self._discard_stacks()

    def start_heartbeat(self) -> None:
        """Start the heartbeat thread. Call it in the main thread, after the last fork of the process."""
        with self._lock:
            self._open_report()
        self._wakeup_pipe = os.pipe()
        for end in self._wakeup_pipe:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wakeup_pipe[1], warn_on_full_buffer=False)
        self._last_beat, self._processor_time = time.monotonic(), time.process_time()
        self._arm()
        self._heartbeat_thread = threading.Thread(target=self._run_heartbeat, name="feedsvc-heartbeat", daemon=True)
        self._heartbeat_thread.start()

    def close(self) -> None:
        if self._heartbeat_thread:
            signal.set_wakeup_fd(-1)
            os.close(self._wakeup_pipe[1])
            self._heartbeat_thread.join(2 * _HEARTBEAT_INTERVAL)
        with self._lock:  # threads that still render write nothing more: the descriptor may belong to another file then
            self._is_closed = True
            if not self._is_ending:  # else the alarm of `_arm_last_alarm` limits the rest of the process
                self._disarm()
            self._close_report(remove=True)
        if self.state:
            hang_reports.remove_stale_files(self.state)

    def copy_after_fork(self) -> _Watchdog:
        """Return a new watchdog for this process, which was just forked, and close what it inherited."""
        self._close_report(remove=False)
        for end in self._wakeup_pipe:
            with suppress(OSError):
                os.close(end)
        return _Watchdog(self.state, self.seconds)

    # --- the alarm

    def _open_report(self) -> None:
        if not self._report and not self._is_closed:
            self._report = hang_reports.open_report(self.state)
            self._alarm = Alarm(self.seconds)
            # With chain, the default action of the signal follows: it ends the process.
            faulthandler.register(signal.SIGALRM, file=self._report.file, chain=True)
            faulthandler.register(signal.SIGPROF, file=self._report.file)
            faulthandler.enable(file=self._report.file)

    def _close_report(self, *, remove: bool) -> None:
        if self._report:
            faulthandler.unregister(signal.SIGALRM)
            faulthandler.unregister(signal.SIGPROF)
            faulthandler.disable()
            if self._had_faulthandler:
                faulthandler.enable()
            self._report.close(remove=remove)
            self._report = self._alarm = None

    def _arm(self) -> None:
        if self._alarm:  # else SIGPROF has no handler and would end the process
            if not self._is_ending:
                self._alarm.arm()
            # The kernel sends SIGPROF to the thread that uses the processor.
            signal.setitimer(signal.ITIMER_PROF, self._profile_interval)

    def _disarm(self) -> None:
        if self._alarm:
            self._alarm.disarm()
        signal.setitimer(signal.ITIMER_PROF, 0)

    # --- the heartbeat thread: it never waits for a disk, because a slow disk would then end the process

    def _run_heartbeat(self) -> None:
        signals = select.poll()
        signals.register(self._wakeup_pipe[0], select.POLLIN)
        while True:
            caught = b""
            if signals.poll(_HEARTBEAT_INTERVAL * 1000):
                caught = os.read(self._wakeup_pipe[0], 4096)
                if not caught:
                    os.close(self._wakeup_pipe[0])
                    return
            if _STOP_SIGNALS & {*caught} and not self._is_ending:
                self._arm_last_alarm()
            with suppress(OSError, MemoryError):
                self._beat(time.monotonic(), time.process_time())

    def _arm_last_alarm(self) -> None:
        """Arm the final alarm, after SIGTERM or SIGINT: SIGALRM ends the process if it is still running when the time is over.

        Heartbeats do not postpone it. The kernel sends it even if all threads of this process hang.
        """
        self._is_ending = True
        self._disarm()
        signal.setitimer(signal.ITIMER_REAL, min(_STOP_TIMEOUT, self.seconds * _STOP_TIMEOUT / DEFAULT_LIMIT))
        with self._lock:
            self._write_report()

    def _beat(self, now: float, spent: float) -> None:
        elapsed, used = now - self._last_beat, spent - self._processor_time
        self._last_beat, self._processor_time = now, spent
        self._running_time += min(elapsed, max(2 * _HEARTBEAT_INTERVAL, used))  # the process was stopped for the rest
        self._arm()
        if used >= self._profile_interval / 2:
            self._discard_stacks()
        if any(self._is_overdue(one) for one in [*self._renderings]):
            self._end_if_busy()

    def _is_overdue(self, rendering: _Rendering) -> bool:
        return self._running_time - rendering.started_at >= self.seconds

    def _end_if_busy(self) -> None:
        if not self._lock.acquire(timeout=_HEARTBEAT_INTERVAL):  # the thread that holds it waits for a disk
            return
        try:  # while this thread holds the lock, no thread leaves its rendering or ends
            names = [
                one.name
                for one in self._renderings
                if self._is_overdue(one) and _processor_time_since(one) >= self.seconds / _BUSY_DIVISOR
            ]
            if names and not self._is_closed:
                self._write_report(names)
                os.kill(os.getpid(), signal.SIGALRM)
        finally:
            self._lock.release()

    # --- the report

    def _write_report(self, blamed: Sequence[str] = ()) -> None:
        if self._report:
            renderings = [(one.thread, one.name) for one in self._renderings]
            self._report.write(renderings, faulty_themes=blamed, is_stopping=self._is_ending)

    def _discard_stacks(self) -> None:
        if stacks := self._report:
            with suppress(ValueError):  # the report was closed just now
                stacks.discard_stacks()


def _processor_time_since(rendering: _Rendering) -> float:
    """Return the thread's processor time since the start, in seconds; infinity if the system does not provide it."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return math.inf
    return time.clock_gettime(time.pthread_getcpuclockid(rendering.thread)) - rendering.processor_time_at_start


_current: _Watchdog | None = None


def _after_fork() -> None:
    global _current  # noqa: PLW0603
    if _current:
        _current = _current.copy_after_fork()


os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def watching(state: Path | None, seconds: float | None = None) -> Iterator[None]:
    """Watch this process within the block, if it is entered in the main thread.

    `state` is the state folder, None without one. `seconds` is the limit; by default, the environment variable LIMIT_VARIABLE
    or else 30 is used. With 0, nothing is watched. Raises FeedsvcError if the variable is no valid number.
    """
    global _current  # noqa: PLW0603
    limit = _limit() if seconds is None else seconds
    if not limit or threading.current_thread() is not threading.main_thread():
        yield
        return
    before, process = signal.signal(signal.SIGALRM, signal.SIG_DFL), os.getpid()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGALRM, signal.SIGPROF))
    if state:
        hang_reports.remove_stale_files(state)
    _current = _Watchdog(state, limit)
    try:
        yield
    finally:
        if os.getpid() == process:
            ended, _current = _current, None
            ended.close()
            signal.signal(signal.SIGALRM, before or signal.SIG_DFL)


def start_heartbeat() -> None:
    """Start a heartbeat: watch all threads, not only renderings, and end the process some time after SIGTERM or SIGINT.

    Does nothing outside `watching`. Call it in the main thread, after the last fork.
    """
    if _current:
        _current.start_heartbeat()


class rendering:  # noqa: N801 - called like a function
    """Mark that this thread renders a page of the theme `name` (up to 80 ASCII characters) within the block.

    Takes some microseconds inside `watching`, else nothing.
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
    """Return why the watchdog ended a fork of this process, or how the fork crashed; "" if neither. `process` is its id."""
    return hang_reports.explanation(_current.state, process) if _current and _current.state else ""


def _limit() -> float:
    text = os.environ.get(LIMIT_VARIABLE, "")
    try:
        limit = float(text or DEFAULT_LIMIT)
    except ValueError:
        limit = math.nan
    if not 0 <= limit <= _MAX_LIMIT:
        raise FeedsvcError(
            f"{LIMIT_VARIABLE} is '{text}'; give seconds from {_MIN_LIMIT:.0f} to {_MAX_LIMIT:.0f}, or 0 for no watchdog"
        )
    return limit
