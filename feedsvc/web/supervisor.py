"""Supervisor: a parent process that forks workers, which serve on one socket, and replaces workers that end.

The parent holds no content, thread or database, so it can fork safely at any time. Every worker reads the content folder itself.
The others are started once worker 1 is ready, so that they get the articles from the content store that worker 1 has filled.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Final

from feedsvc.support import gc_control, libc
from feedsvc.web import worker
from feedsvc.web.end_reason import end_sentence, signal_name
from feedsvc.web.shared_memory import WorkerTable
from feedsvc.web.worker import STOP_TIMEOUT, Worker

_LOG: Final = logging.getLogger(__name__)
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_STABLE_SECONDS: Final = 10.0  # seconds; a worker that served for at least this time is replaced at once
_RESTART_DELAYS: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds until a worker that served for less time is replaced


@dataclass(kw_only=True, slots=True)
class _Child:
    number: int
    pid: int
    ready_pipe: int
    ready_line: bytes = b""
    ready_since: float | None = None  # seconds of time.monotonic

    @property
    def label(self) -> str:
        return f"worker {self.number} (process {self.pid})"


@dataclass(kw_only=True, slots=True)
class _WorkerState:
    """State of one worker number. `child` is its present process, None if none runs.

    `next_start` is when the next process is started, in seconds of time.monotonic; None if no start is planned. `failures` is how
    many processes of this number in a row ended before they had served for _STABLE_SECONDS.
    """

    next_start: float | None = None
    failures: int = 0
    child: _Child | None = None


class Supervisor:
    """Supervisor that starts workers and replaces those that end.

    SIGTERM or SIGINT makes it end all workers, by SIGTERM. SIGHUP is passed on to all workers. Run it in the main thread of a
    process without other threads.
    """

    def __init__(
        self,
        worker_count: int,
        serve: Callable[[Worker], None],
        *,
        print_line: Callable[[str], None],
        on_stop: Callable[[], None] = lambda: None,
        stop_timeout: float = STOP_TIMEOUT,
    ) -> None:
        """Create the supervisor of `worker_count` workers. Each calls `serve` and ends when that returns or raises SystemExit.

        `print_line` prints the ready line of worker 1 once all are ready, and after SIGTERM or SIGINT, at the end, a sentence
        that names the signal. The parent calls `on_stop` when all workers have to end, to close the socket that they share with
        the parent. Workers that have not ended `stop_timeout` seconds after SIGTERM are killed.
        """
        self._serve, self._print_line, self._on_stop = serve, print_line, on_stop
        self._stop_timeout = stop_timeout
        self._table = WorkerTable(worker_count)
        self._states = {number: _WorkerState() for number in range(1, worker_count + 1)}
        self._pending_signals: list[int] = []
        self._is_complete = self._is_stopping = False
        self._status, self._end_reason = 0, ""
        self._kill_at = 0.0
        self._liveness_pipe = os.pipe()
        self._wake_pipe = os.pipe()
        for end in self._wake_pipe:
            os.set_blocking(end, False)

    def run(self) -> int:
        """Start the workers; return once all have ended after SIGTERM, SIGINT or the end of a worker before all were ready.

        Return the exit status: the highest one of the workers that ended at the stop, where an end by a signal counts as 0. If
        a worker ended before all were ready, it is above 0.
        """
        libc.preload()
        gc_control.freeze_heap()  # objects loaded by now stay in memory pages that all workers share
        with self._signal_handlers():
            self._states[1].next_start = time.monotonic()
            while not self._is_stopping or self._children():
                self._start_due_workers()
                self._wait()
                self._handle_signals()
                for child in self._children():
                    self._read_ready_line(child)
                    self._reap(child)
                self._report_ready()
        if self._end_reason:
            self._print_line(end_sentence(self._end_reason))
        return self._status

    def _children(self) -> list[_Child]:
        return [state.child for state in self._states.values() if state.child]

    @contextmanager
    def _signal_handlers(self) -> Iterator[None]:
        for name in _SIGNALS:
            signal.signal(name, self._on_signal)
        signal.set_wakeup_fd(self._wake_pipe[1], warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._pending_signals.append(number)

    def _wait(self) -> None:
        """Wait for a signal, output of a worker, the next start of a worker, or the time to kill workers."""
        times = [state.next_start for state in self._states.values() if state.next_start is not None]
        times += [self._kill_at] if self._is_stopping else []
        timeout = max(0.0, min(times) - time.monotonic()) if times else None
        ready_pipes = [child.ready_pipe for child in self._children() if child.ready_pipe >= 0]
        worker.poll_readable([self._wake_pipe[0], *ready_pipes], timeout)
        with suppress(BlockingIOError):
            os.read(self._wake_pipe[0], 4096)

    def _handle_signals(self) -> None:
        signals, self._pending_signals = self._pending_signals, []
        if ending := [number for number in signals if number in (signal.SIGTERM, signal.SIGINT)]:
            self._end_reason = self._end_reason or signal_name(ending[0])
            self._stop()
        elif signal.SIGHUP in signals:
            self._send_signal(signal.SIGHUP)
        if self._is_stopping and time.monotonic() >= self._kill_at:
            self._send_signal(signal.SIGKILL)
            self._kill_at += self._stop_timeout

    def _stop(self) -> None:
        if self._is_stopping:
            return
        self._is_stopping, self._kill_at = True, time.monotonic() + self._stop_timeout
        for state in self._states.values():
            state.next_start = None
        self._on_stop()
        self._send_signal(signal.SIGTERM)

    def _send_signal(self, number: int) -> None:
        for child in self._children():
            os.kill(child.pid, number)

    # --- life cycle of workers

    def _start_due_workers(self) -> None:
        for number, state in self._states.items():
            if state.next_start is not None and time.monotonic() >= state.next_start:
                state.next_start, state.child = None, self._fork(number)

    def _fork(self, number: int) -> _Child:
        ready_read_end, ready_write_end = os.pipe()
        # Block signals: one between the fork and the child's own handlers would be lost.
        previous_mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        parent_pid = os.getpid()
        pid = os.fork()
        if not pid:
            parent_descriptors = {
                ready_read_end,
                self._liveness_pipe[1],
                *self._wake_pipe,
                *(child.ready_pipe for child in self._children()),
            } - {-1}
            slot = self._table.slot(number)
            liveness_pipe = self._liveness_pipe[0]
            worker.run_worker(
                self._serve,
                slot,
                parent_pid=parent_pid,
                ready_pipe=ready_write_end,
                liveness_pipe=liveness_pipe,
                parent_descriptors=parent_descriptors,
                signal_mask=previous_mask,
            )
        signal.pthread_sigmask(signal.SIG_SETMASK, previous_mask)
        os.close(ready_write_end)
        return _Child(number=number, pid=pid, ready_pipe=ready_read_end)

    def _read_ready_line(self, child: _Child) -> None:
        """Read what a worker has sent, if anything: its ready line, later the end of the pipe. Does not wait.

        After the first ready line, plan the start of the other workers.
        """
        if child.ready_pipe < 0 or not worker.poll_readable([child.ready_pipe], 0):
            return
        data = os.read(child.ready_pipe, 65_536)
        child.ready_line += data
        if child.ready_line.endswith(b"\n") and child.ready_since is None:
            child.ready_since = time.monotonic()
            self._start_remaining_workers()
        if not data:
            os.close(child.ready_pipe)
            child.ready_pipe = -1

    def _start_remaining_workers(self) -> None:
        for state in self._states.values():
            if not self._is_complete and not self._is_stopping and not state.child and state.next_start is None:
                state.next_start = time.monotonic()

    def _report_ready(self) -> None:
        children = self._children()
        if (
            not self._is_complete
            and not self._is_stopping
            and len(children) == len(self._states)
            and all(child.ready_since for child in children)
        ):
            self._is_complete = True
            self._print_line(children[0].ready_line.decode(errors="surrogateescape").rstrip("\n"))

    def _reap(self, child: _Child) -> None:
        pid, code = os.waitpid(child.pid, os.WNOHANG)
        if not pid:
            return
        self._read_ready_line(child)
        if child.ready_pipe >= 0:
            os.close(child.ready_pipe)
        state = self._states[child.number]
        state.child = None
        self._table.release(child.number)
        status = os.waitstatus_to_exitcode(code)
        if self._is_stopping:
            self._status = max(self._status, status)
        elif not self._is_complete:
            self._fail(child, status)
        else:
            self._replace(state, child, status)

    def _fail(self, child: _Child, status: int) -> None:
        """Stop all workers, because one ended before all were ready. A server of one process would also end.

        A worker with a positive exit status has printed its error itself, so nothing is printed for it.
        """
        if status <= 0:
            _LOG.error("feedsvc: %s ended %s before all workers were ready; all are stopped", child.label, _exit_reason(status))
        self._status = max(self._status, status) if status > 0 else 1
        self._stop()

    def _replace(self, state: _WorkerState, child: _Child, status: int) -> None:
        is_stable = child.ready_since is not None and time.monotonic() - child.ready_since >= _STABLE_SECONDS
        delay = 0.0 if is_stable else _RESTART_DELAYS[min(state.failures, len(_RESTART_DELAYS) - 1)]
        state.failures = 0 if is_stable else state.failures + 1
        state.next_start = time.monotonic() + delay
        delay_text = f" in {delay:.0f} second{'' if delay == 1 else 's'}" if delay else ""
        _LOG.warning("feedsvc: %s ended %s; a new worker replaces it%s", child.label, _exit_reason(status), delay_text)


def _exit_reason(status: int) -> str:
    if status >= 0:
        return f"with exit status {status}"
    try:
        return f"by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal
        return f"by signal {-status}"
