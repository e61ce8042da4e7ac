"""Ends a process that hangs, without the interpreter's lock, and records which theme's page it hung or crashed at.

A process hangs if a thread holds the interpreter's lock for 30 seconds (a comparison in C without an end), or if rendering one
page takes as long. SIGALRM then writes the stacks of all threads into a file of the state folder (hang_reports.py) and ends the
process. Time in which the process is stopped does not count: SIGSTOP, a suspended machine, a debugger.

With a heartbeat, a thread arms the alarm each second, and ends the process some time after SIGTERM if nothing else does; without
(a build, which forks, and must have no threads), each rendering arms the alarm for itself. A page is at fault only if its thread
used processor time: a slow disk or an overloaded machine is not.

A crash (SIGSEGV, SIGABRT) writes the stacks, too; the page that the crashed thread rendered is at fault. Does nothing unless a
command opts in with `watching`.
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
from feedsvc.support.hang_reports import Stacks, failures
from feedsvc.support.libc import Alarm, use_signal_stack

__all__ = ["explanation", "failures", "rendering", "start_heartbeat", "watching"]

LIMIT: Final = 30.0  # seconds
VARIABLE: Final = "FEEDSVC_WATCHDOG"  # seconds of another limit, 0 for no watchdog
_LEAST: Final = 2.0  # seconds
_MOST: Final = 3600.0
_BEAT: Final = 0.5  # seconds between two heartbeats
_STOP: Final = 50.0  # seconds at most from SIGTERM to the end; workers' parent waits for 60, systemd for 75
# Parts of the limit that a page which hangs has used as processor time, at least. The first, which is used without giving the
# interpreter's lock away, is more than a thread can use between two heartbeats; the second is more than a page takes.
_HELD: Final = 30
_USED: Final = 10
_STOP_SIGNALS: Final = frozenset((signal.SIGTERM, signal.SIGINT))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Rendering:
    """A page in rendering. `began`: seconds that the process ran until then; `used`: processor time of its thread by then."""

    name: str
    thread: int
    began: float
    used: float


class _Watchdog:
    """The watchdog of one process. `state` None writes the stacks to stderr."""

    def __init__(self, state: Path | None, seconds: float) -> None:
        self.state, self.seconds = state, max(_LEAST, seconds)
        self._evidence = self.seconds / _HELD
        self._stacks: Stacks | None = None
        self._alarm: Alarm | None = None
        self._heart: threading.Thread | None = None
        self._wake = (-1, -1)
        self._ending = self._closed = False
        self._lock = threading.Lock()
        self._renderings: dict[_Rendering, None] = {}
        self._ran, self._beaten, self._spent = 0.0, time.monotonic(), time.process_time()
        self._reported_crashes = faulthandler.is_enabled()

    def enter(self, name: str) -> _Rendering:
        use_signal_stack()
        rendering = _Rendering(name=name, thread=threading.get_ident(), began=self._ran, used=time.thread_time())
        with self._lock:
            self._renderings[rendering] = None
            self._begin()
            self._write()
            if not self._heart and len(self._renderings) == 1:
                self._arm()
        return rendering

    def leave(self, rendering: _Rendering) -> None:
        with self._lock:
            del self._renderings[rendering]
            self._write()
            if not self._heart and not self._renderings:
                self._disarm()
                self._forget()

    def start_heartbeat(self) -> None:
        """From the main thread, once the process forks no more."""
        with self._lock:
            self._begin()
        self._wake = os.pipe()
        for end in self._wake:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        self._beaten, self._spent = time.monotonic(), time.process_time()
        self._arm()
        self._heart = threading.Thread(target=self._run, name="feedsvc-heartbeat", daemon=True)
        self._heart.start()

    def close(self) -> None:
        if self._heart:
            signal.set_wakeup_fd(-1)
            os.close(self._wake[1])
            self._heart.join(2 * _BEAT)
        with self._lock:  # a thread that still renders writes nothing more: the descriptor may be another file's by then
            self._closed = True
            if not self._ending:  # else the rest of the process has the rest of the time
                self._disarm()
            self._release(remove=True)
        if self.state:
            hang_reports.sweep(self.state)

    def forked(self) -> _Watchdog:
        """Return the one of a process that was just forked."""
        self._release(remove=False)
        for end in self._wake:
            with suppress(OSError):
                os.close(end)
        return _Watchdog(self.state, self.seconds)

    # --- the alarm

    def _begin(self) -> None:
        if not self._stacks and not self._closed:
            self._stacks = hang_reports.stacks(self.state)
            self._alarm = Alarm(self.seconds)
            # Chained, the signal has its default action afterwards: the end of the process.
            faulthandler.register(signal.SIGALRM, file=self._stacks.file, chain=True)
            faulthandler.register(signal.SIGPROF, file=self._stacks.file)
            faulthandler.enable(file=self._stacks.file)

    def _release(self, *, remove: bool) -> None:
        if self._stacks:
            faulthandler.unregister(signal.SIGALRM)
            faulthandler.unregister(signal.SIGPROF)
            faulthandler.disable()
            if self._reported_crashes:
                faulthandler.enable()
            self._stacks.close(remove=remove)
            self._stacks = self._alarm = None

    def _arm(self) -> None:
        if self._alarm:  # else SIGPROF, too, would end the process
            if not self._ending:
                self._alarm.arm()
            # The kernel sends it to the thread that uses the processor.
            signal.setitimer(signal.ITIMER_PROF, self._evidence)

    def _disarm(self) -> None:
        if self._alarm:
            self._alarm.disarm()
        signal.setitimer(signal.ITIMER_PROF, 0)

    # --- the heartbeat's thread: it waits for no disk, or a slow one would end the process

    def _run(self) -> None:
        signals = select.poll()
        signals.register(self._wake[0], select.POLLIN)
        while True:
            caught = b""
            if signals.poll(_BEAT * 1000):
                caught = os.read(self._wake[0], 4096)
                if not caught:
                    os.close(self._wake[0])
                    return
            if _STOP_SIGNALS & {*caught} and not self._ending:
                self._end_soon()
            with suppress(OSError, MemoryError):
                self._beat(time.monotonic(), time.process_time())

    def _end_soon(self) -> None:
        """Give the process a last alarm, which no heartbeat moves; the kernel keeps it whatever this process does."""
        self._ending = True
        self._disarm()
        signal.setitimer(signal.ITIMER_REAL, min(_STOP, self.seconds * _STOP / LIMIT))
        with self._lock:
            self._write()

    def _beat(self, now: float, spent: float) -> None:
        elapsed, used = now - self._beaten, spent - self._spent
        self._beaten, self._spent = now, spent
        self._ran += min(elapsed, max(2 * _BEAT, used))  # it was stopped for the rest
        self._arm()
        if used >= self._evidence / 2:
            self._forget()
        if any(self._is_old(one) for one in [*self._renderings]):
            self._end_if_busy()

    def _is_old(self, rendering: _Rendering) -> bool:
        return self._ran - rendering.began >= self.seconds

    def _end_if_busy(self) -> None:
        if not self._lock.acquire(timeout=_BEAT):  # whoever has it waits for a disk
            return
        try:  # with the lock, no thread leaves its rendering, or ends
            names = [one.name for one in self._renderings if self._is_old(one) and _used(one) >= self.seconds / _USED]
            if names and not self._closed:
                self._write(names)
                os.kill(os.getpid(), signal.SIGALRM)
        finally:
            self._lock.release()

    # --- the report

    def _write(self, blamed: Sequence[str] = ()) -> None:
        if self._stacks:
            renderings = [(one.thread, one.name) for one in self._renderings]
            self._stacks.write(renderings, blamed=blamed, stopping=self._ending)

    def _forget(self) -> None:
        if stacks := self._stacks:
            with suppress(ValueError):  # it was closed just now
                stacks.forget()


def _used(rendering: _Rendering) -> float:
    """Seconds of processor time that the thread has used since; for ever where the system does not say."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return math.inf
    return time.clock_gettime(time.pthread_getcpuclockid(rendering.thread)) - rendering.used


_current: _Watchdog | None = None


def _after_fork() -> None:
    global _current  # noqa: PLW0603
    if _current:
        _current = _current.forked()


os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def watching(state: Path | None, seconds: float | None = None) -> Iterator[None]:
    """Watch this process within the block, if it is entered in the main thread.

    `state` is the state folder, None where there is none. `seconds` are the limit, by default the variable's or 30; 0 does not
    watch. Raises FeedsvcError if the variable holds no number.
    """
    global _current  # noqa: PLW0603
    limit = _limit() if seconds is None else seconds
    if not limit or threading.current_thread() is not threading.main_thread():
        yield
        return
    before, process = signal.signal(signal.SIGALRM, signal.SIG_DFL), os.getpid()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGALRM, signal.SIGPROF))
    if state:
        hang_reports.sweep(state)
    _current = _Watchdog(state, limit)
    try:
        yield
    finally:
        if os.getpid() == process:
            ended, _current = _current, None
            ended.close()
            signal.signal(signal.SIGALRM, before or signal.SIG_DFL)


def start_heartbeat() -> None:
    """Watch all threads from now on, and what follows SIGTERM. From the main thread, once it forks no more."""
    if _current:
        _current.start_heartbeat()


class rendering:  # noqa: N801 - called like a function
    """Mark that this thread renders a page of the theme of this name within the block. `name`: up to 80 characters of ASCII.

    Takes some microseconds where a command watches, nothing otherwise.
    """

    __slots__ = ("_mark", "_name", "_watchdog")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._watchdog = _current
        if self._watchdog:
            self._mark = self._watchdog.enter(self._name)

    def __exit__(self, *_: object) -> None:
        if self._watchdog:
            self._watchdog.leave(self._mark)


def explanation(process: int) -> str:
    """Return why the watchdog of this process's copy (a process id) ended it; "" if it did not."""
    return hang_reports.explanation(_current.state, process) if _current and _current.state else ""


def _limit() -> float:
    text = os.environ.get(VARIABLE, "")
    try:
        limit = float(text or LIMIT)
    except ValueError:
        limit = math.nan
    if not 0 <= limit <= _MOST:
        raise FeedsvcError(f"{VARIABLE} is '{text}'; give seconds from {_LEAST:.0f} to {_MOST:.0f}, or 0 for no watchdog")
    return limit
