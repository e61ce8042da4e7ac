"""Workers: processes that serve on one socket. Their parent forks them, and replaces those that end.

The parent holds no content, thread or database, so it can fork safely at any time. Every worker reads the content folder itself.
The others are started once worker 1 is ready, so that they get the articles from the content store that worker 1 has filled.
"""

from __future__ import annotations

import gc
import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final, NoReturn

from feedsvc.support import process
from feedsvc.support.posix import signals
from feedsvc.web.server import end_sentence

_LOG: Final = logging.getLogger(__name__)
_STOP_TIMEOUT: Final = 40.0  # seconds in which a worker has to end after SIGTERM; its watchdog does so after 30
_SIGNALS: Final = signals("SIGTERM", "SIGINT", "SIGHUP", "SIGCHLD")  # Windows, which has no workers, lacks some
_STABLE_SECONDS: Final = 10.0  # a worker that served for at least this time is replaced at once
_MAX_RESTART_DELAY: Final = 30.0  # seconds until a worker that served for less time is replaced; the first delay is 1 second


@dataclass(frozen=True, kw_only=True, slots=True)
class Worker:
    """Worker process: one of `count`, with a `number` from 1. `ready_pipe` is the pipe to its parent."""

    number: int
    count: int
    ready_pipe: int

    def report_ready(self, line: str) -> None:
        """Report to the parent that this worker serves. Call once.

        The parent prints the `line` of worker 1 when all workers are ready for the first time; other lines are not printed.
        """
        with suppress(BrokenPipeError):  # the parent has just been killed, and so is this process
            os.write(self.ready_pipe, f"{line}\n".encode(errors="surrogateescape"))
        os.close(self.ready_pipe)


@dataclass(kw_only=True, slots=True)
class _Child:
    """Present process of a worker number, and what is known of those before it. Times are in seconds of time.monotonic.

    `pid` is 0 while no process runs. `ready_pipe` is -1 once it has ended. `failures` is how many processes in a row ended before
    they had served for _STABLE_SECONDS. `next_start` is None if no start is planned.
    """

    number: int
    pid: int = 0
    ready_pipe: int = -1
    ready_line: bytes = b""
    ready_since: float | None = None
    next_start: float | None = None
    failures: int = 0

    def __str__(self) -> str:
        return f"worker {self.number} (process {self.pid})"


class Supervisor:
    """Parent process of workers, which starts them and replaces those that end.

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
        stop_timeout: float = _STOP_TIMEOUT,
    ) -> None:
        """Create the supervisor of `worker_count` workers. Each calls `serve` and ends when that returns or raises SystemExit.

        `print_line` prints the ready line of worker 1 once all are ready, and after SIGTERM or SIGINT, at the end, a sentence
        that names the signal. The parent calls `on_stop` when all workers have to end, to close the socket that they share with
        the parent. Workers that have not ended `stop_timeout` seconds after SIGTERM are killed.
        """
        self._serve, self._print_line, self._on_stop, self._stop_timeout = serve, print_line, on_stop, stop_timeout
        self._children = [_Child(number=number) for number in range(1, worker_count + 1)]
        self._signals: list[int] = []
        self._is_complete = False  # once all workers have been ready
        self._kill_at: float | None = None  # once all workers have to end
        self._status = self._stop_signal = 0
        self._wake_pipe = os.pipe()
        for end in self._wake_pipe:
            os.set_blocking(end, False)

    def run(self) -> int:
        """Start the workers; return once all have ended after SIGTERM, SIGINT or the end of a worker before all were ready.

        Return the exit status: the highest one of the workers that ended at the stop, where an end by a signal counts as 0. If
        a worker ended before all were ready, it is above 0.
        """
        process.freeze_heap()  # objects loaded by now stay in memory pages that all workers share
        for name in _SIGNALS:
            signal.signal(name, self._on_signal)
        signal.set_wakeup_fd(self._wake_pipe[1], warn_on_full_buffer=False)
        self._children[0].next_start = 0.0
        while self._kill_at is None or self._running():
            self._start_due()
            self._wait()
            self._handle_signals()
            for child in self._running():
                self._read_ready_line(child)
                self._reap(child)
            self._report_ready()
        signal.set_wakeup_fd(-1)
        if self._stop_signal:
            self._print_line(end_sentence(self._stop_signal))
        return self._status

    def _running(self) -> list[_Child]:
        return [child for child in self._children if child.pid]

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._signals.append(number)

    def _wait(self) -> None:
        """Wait for a signal, output of a worker, the next start of a worker, or the time to kill workers."""
        times = [child.next_start for child in self._children if child.next_start is not None]
        times += [] if self._kill_at is None else [self._kill_at]
        poll = select.poll()  # unlike select(), for any descriptor number
        for descriptor in (self._wake_pipe[0], *(child.ready_pipe for child in self._running() if child.ready_pipe >= 0)):
            poll.register(descriptor, select.POLLIN)
        poll.poll(1000 * max(0.0, min(times) - time.monotonic()) if times else None)
        with suppress(BlockingIOError):
            os.read(self._wake_pipe[0], 4096)

    def _handle_signals(self) -> None:
        received, self._signals = self._signals, []
        if ending := [number for number in received if number in (signal.SIGTERM, signal.SIGINT)]:
            self._stop_signal = self._stop_signal or ending[0]
            self._stop()
        elif signal.SIGHUP in received:
            self._send_signal(signal.SIGHUP)
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._send_signal(signal.SIGKILL)
            self._kill_at += self._stop_timeout

    def _stop(self) -> None:
        if self._kill_at is not None:
            return
        self._kill_at = time.monotonic() + self._stop_timeout
        for child in self._children:
            child.next_start = None
        self._on_stop()
        self._send_signal(signal.SIGTERM)

    def _send_signal(self, number: int) -> None:
        for child in self._running():
            os.kill(child.pid, number)

    # --- life cycle of workers

    def _start_due(self) -> None:
        for child in self._children:
            if child.next_start is not None and time.monotonic() >= child.next_start:
                self._fork(child)

    def _fork(self, child: _Child) -> None:
        read_end, write_end = os.pipe()
        # Block signals: one between the fork and the child's own handlers would be lost.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        parent_id = os.getpid()
        child.pid = os.fork()
        if not child.pid:
            descriptors = {read_end, *self._wake_pipe, *(other.ready_pipe for other in self._running())} - {-1}
            worker = Worker(number=child.number, count=len(self._children), ready_pipe=write_end)
            _run_worker(lambda: self._serve(worker), parent_id, descriptors, mask)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(write_end)
        os.set_blocking(read_end, False)
        child.ready_pipe, child.ready_line, child.ready_since, child.next_start = read_end, b"", None, None

    def _read_ready_line(self, child: _Child) -> None:
        """Read what a worker has sent, if anything: its ready line, later the end of the pipe. Does not wait.

        After the first ready line, plan the start of the other workers.
        """
        with suppress(BlockingIOError):
            while child.ready_pipe >= 0:
                data = os.read(child.ready_pipe, 65_536)
                child.ready_line += data
                if not data:
                    os.close(child.ready_pipe)
                    child.ready_pipe = -1
        if child.ready_since is None and child.ready_line.endswith(b"\n"):
            child.ready_since = time.monotonic()
            for other in self._children:
                if not self._is_complete and self._kill_at is None and not other.pid and other.next_start is None:
                    other.next_start = 0.0

    def _report_ready(self) -> None:
        is_ready = all(child.pid and child.ready_since is not None for child in self._children)
        if is_ready and not self._is_complete and self._kill_at is None:
            self._is_complete = True
            self._print_line(self._children[0].ready_line.decode(errors="surrogateescape").rstrip("\n"))

    def _reap(self, child: _Child) -> None:
        pid, code = os.waitpid(child.pid, os.WNOHANG)
        if not pid:
            return
        self._read_ready_line(child)
        if child.ready_pipe >= 0:  # a process of the worker has it, too
            os.close(child.ready_pipe)
        status, name, child.pid, child.ready_pipe = os.waitstatus_to_exitcode(code), str(child), 0, -1
        if self._kill_at is not None:
            self._status = max(self._status, status)
        elif not self._is_complete:
            self._fail(name, status)
        else:
            self._replace(child, name, status)

    def _fail(self, name: str, status: int) -> None:
        """Stop all workers, because one ended before all were ready. A server of one process would also end.

        A worker with a positive exit status has printed its error itself, so nothing is printed for it.
        """
        if status <= 0:
            _LOG.error("feedsvc: %s ended %s before all workers were ready; all are stopped", name, _exit_reason(status))
        self._status = max(self._status, status) if status > 0 else 1
        self._stop()

    def _replace(self, child: _Child, name: str, status: int) -> None:
        is_stable = child.ready_since is not None and time.monotonic() - child.ready_since >= _STABLE_SECONDS
        delay = 0.0 if is_stable else min(2.0**child.failures, _MAX_RESTART_DELAY)
        child.failures = 0 if is_stable else child.failures + 1
        child.next_start = time.monotonic() + delay
        delay_text = f" in {delay:.0f} second{'' if delay == 1 else 's'}" if delay else ""
        _LOG.warning("feedsvc: %s ended %s; a new worker replaces it%s", name, _exit_reason(status), delay_text)


def _exit_reason(status: int) -> str:
    if status >= 0:
        return f"with exit status {status}"
    try:
        return f"by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal
        return f"by signal {-status}"


def _run_worker(serve: Callable[[], None], parent_id: int, descriptors: Iterable[int], mask: Iterable[int]) -> NoReturn:
    """Run a worker after the fork, with signals blocked, and exit without cleaning up the parent's objects.

    `descriptors` are those of files that only the parent should have; `mask` is the signal mask to restore. The exit status is 0
    once `serve` returns, that of a SystemExit, or 1 after another exception. If the parent ends, the kernel ends this process on
    systems that can, even while the interpreter lock is held. On others, a thread does.
    """
    status: Any = 1
    gc.disable()  # `serve` enables it once the content is in memory (process.freeze_heap)
    try:
        if not process.die_with_parent(parent_id):
            threading.Thread(target=_end_with_parent, args=(parent_id,), name="feedsvc-parent", daemon=True).start()
        signal.set_wakeup_fd(-1)
        for name in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(name, signal.SIG_DFL)
        for name in (signal.SIGINT, signal.SIGHUP):  # a terminal sends them to all processes; the parent forwards what is needed
            signal.signal(name, signal.SIG_IGN)
        for descriptor in descriptors:
            os.close(descriptor)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        serve()
        status = 0
    except SystemExit as error:
        status = error.code
    except BaseException:  # noqa: BLE001 - no exception may reach the parent's frames
        sys.excepthook(*sys.exc_info())
    finally:
        logging.shutdown()  # an exit by os._exit does not call it
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status if isinstance(status, int) else int(status is not None))


def _end_with_parent(parent_id: int) -> None:
    while os.getppid() == parent_id:
        time.sleep(1.0)
    os.kill(os.getpid(), signal.SIGTERM)
