"""Watchdog of one process: arms its alarm, and keeps its report up to date. watchdog.py says what it is for."""

from __future__ import annotations

import faulthandler
import math
import os
import select
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from feedsvc.support import hang_reports, stack_report
from feedsvc.support.libc import Alarm, use_signal_stack
from feedsvc.support.stack_report import StackReport

DEFAULT_LIMIT: Final = 30.0  # seconds
MIN_LIMIT: Final = 2.0  # seconds
_HEARTBEAT_INTERVAL: Final = 0.5  # seconds between two heartbeats
_STOP_TIMEOUT: Final = 50.0  # seconds at most from SIGTERM to the end; the parent of workers waits 60, systemd 75
# A page hangs only if its thread used at least this part of the limit as processor time: limit / _GIL_HOLD_DIVISOR if it never
# released the interpreter's lock (more than a thread can use between two heartbeats), else limit / _BUSY_DIVISOR (more than
# a page takes).
_GIL_HOLD_DIVISOR: Final = 30
_BUSY_DIVISOR: Final = 10
_STOP_SIGNALS: Final = frozenset((signal.SIGTERM, signal.SIGINT))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Rendering:
    """Rendering of a page by a thread. `name` is the name of the page's theme, `thread` the result of threading.get_ident().

    Times are in seconds. `started_at` is on a clock that stands still while the process is stopped.
    """

    name: str
    thread: int  # threading.get_ident()
    started_at: float  # _running_time at the start, in seconds: it does not count while the process is stopped
    processor_time_at_start: float  # seconds of processor time that the thread had used at the start


class ProcessWatchdog:
    """Watchdog of one process: if the process hangs, writes the stacks of all threads and ends it (watchdog.py).

    It hangs if rendering one page takes `seconds` (at least MIN_LIMIT). With a heartbeat, a page counts only if its thread used
    a tenth of that as processor time, and the process also hangs if a thread holds the interpreter's lock for `seconds`. The
    stacks are written to a file in the state folder `state`, or to stderr if that is None or not writable.
    """

    def __init__(self, state: Path | None, seconds: float) -> None:
        self.state, self.seconds = state, max(MIN_LIMIT, seconds)
        self._profile_interval = self.seconds / _GIL_HOLD_DIVISOR
        self._report: StackReport | None = None
        self._alarm: Alarm | None = None
        self._heartbeat_thread: threading.Thread | None = None
        self._wakeup_pipe = (-1, -1)
        self._is_ending = self._is_closed = False
        self._lock = threading.Lock()
        self._renderings: dict[Rendering, None] = {}
        self._running_time, self._last_beat, self._processor_time = 0.0, time.monotonic(), time.process_time()
        self._had_faulthandler = faulthandler.is_enabled()

    def enter(self, name: str) -> Rendering:
        """Record that this thread begins to render a page of the theme `name`. Pass the result to `leave`."""
        use_signal_stack()
        rendering = Rendering(
            name=name, thread=threading.get_ident(), started_at=self._running_time, processor_time_at_start=time.thread_time()
        )
        with self._lock:
            self._renderings[rendering] = None
            self._open_report()
            self._write_report()
            if not self._heartbeat_thread and len(self._renderings) == 1:
                self._arm()
        return rendering

    def leave(self, rendering: Rendering) -> None:
        """Record that the rendering has ended."""
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
        for descriptor in self._wakeup_pipe:
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._wakeup_pipe[1], warn_on_full_buffer=False)
        self._last_beat, self._processor_time = time.monotonic(), time.process_time()
        self._arm()
        self._heartbeat_thread = threading.Thread(target=self._run_heartbeat, name="feedsvc-heartbeat", daemon=True)
        self._heartbeat_thread.start()

    def close(self) -> None:
        """Stop the heartbeat thread, disarm the alarm, and remove this process's report and stale files of ended processes.

        After SIGTERM or SIGINT, the alarm stays armed if there was a heartbeat: it limits the rest of the process.
        """
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

    def copy_after_fork(self) -> ProcessWatchdog:
        """Return a new watchdog with the same state folder and limit for this process, which was just forked.

        Close the report and the pipe that this process inherited; the parent's report file stays. The new watchdog has no
        heartbeat thread until `start_heartbeat` is called.
        """
        self._close_report(remove=False)
        for descriptor in self._wakeup_pipe:
            with suppress(OSError):
                os.close(descriptor)
        return ProcessWatchdog(self.state, self.seconds)

    # --- the alarm

    def _open_report(self) -> None:
        if not self._report and not self._is_closed:
            self._report = stack_report.open_report(self.state)
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
        poll = select.poll()
        poll.register(self._wakeup_pipe[0], select.POLLIN)
        while True:
            caught_signals = b""
            if poll.poll(_HEARTBEAT_INTERVAL * 1000):
                caught_signals = os.read(self._wakeup_pipe[0], 4096)
                if not caught_signals:
                    os.close(self._wakeup_pipe[0])
                    return
            if _STOP_SIGNALS & {*caught_signals} and not self._is_ending:
                self._arm_last_alarm()
            with suppress(OSError, MemoryError):
                self._beat(time.monotonic(), time.process_time())

    def _arm_last_alarm(self) -> None:
        """Arm the final alarm, after SIGTERM or SIGINT: SIGALRM ends the process if it still runs 50 seconds later.

        With a limit below 30 seconds, that time is shorter in proportion. Heartbeats do not postpone the alarm. The kernel
        sends it even if all threads of this process hang.
        """
        self._is_ending = True
        self._disarm()
        signal.setitimer(signal.ITIMER_REAL, min(_STOP_TIMEOUT, self.seconds * _STOP_TIMEOUT / DEFAULT_LIMIT))
        with self._lock:
            self._write_report()

    def _beat(self, now: float, processor_time: float) -> None:
        """Postpone the alarm (SIGALRM, which ends the process if heartbeats stop); end the process if a page hangs.

        A page hangs if its rendering has taken the time limit, and its thread has used a tenth of the limit as
        processor time since the rendering began (`_end_if_busy`). After SIGTERM or SIGINT, the alarm is not postponed.

        `now` is monotonic time, `processor_time` that of the whole process; both in seconds. Their increase since the
        last heartbeat shows how long the process was stopped; that time does not count toward the limit.
        """
        elapsed, used = now - self._last_beat, processor_time - self._processor_time
        self._last_beat, self._processor_time = now, processor_time
        self._running_time += min(elapsed, max(2 * _HEARTBEAT_INTERVAL, used))  # the process was stopped for the rest
        self._arm()
        if used >= self._profile_interval / 2:
            self._discard_stacks()
        if any(self._is_overdue(rendering) for rendering in [*self._renderings]):
            self._end_if_busy()

    def _is_overdue(self, rendering: Rendering) -> bool:
        return self._running_time - rendering.started_at >= self.seconds

    def _end_if_busy(self) -> None:
        """End the process if the thread of an overdue rendering used a tenth of the limit as processor time since its start."""
        if not self._lock.acquire(timeout=_HEARTBEAT_INTERVAL):  # the thread that holds it waits for a disk
            return
        try:  # while this thread holds the lock, no thread leaves its rendering or ends
            names = [
                rendering.name
                for rendering in self._renderings
                if self._is_overdue(rendering) and _processor_time_since(rendering) >= self.seconds / _BUSY_DIVISOR
            ]
            if names and not self._is_closed:
                self._write_report(names)
                os.kill(os.getpid(), signal.SIGALRM)
        finally:
            self._lock.release()

    # --- the report

    def _write_report(self, faulty_themes: Sequence[str] = ()) -> None:
        if self._report:
            renderings = [(rendering.thread, rendering.name) for rendering in self._renderings]
            self._report.write(renderings, faulty_themes=faulty_themes, is_stopping=self._is_ending)

    def _discard_stacks(self) -> None:
        if report := self._report:
            with suppress(ValueError):  # the report was closed just now
                report.discard_stacks()


def _processor_time_since(rendering: Rendering) -> float:
    """Return the processor time of the rendering's thread since the rendering began, in seconds; infinity if it is unknown."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return math.inf
    return time.clock_gettime(time.pthread_getcpuclockid(rendering.thread)) - rendering.processor_time_at_start
