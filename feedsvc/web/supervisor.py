"""Several processes that serve on one socket, and the one that watches over them and does nothing else.

The parent holds no content, no thread and no database, so that forking it is safe at any time; every worker reads the folder
for itself. The first is ready before the others begin: what it read anew they find remembered.
"""

from __future__ import annotations

import gc
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Final

from feedsvc.support import libc
from feedsvc.web import worker
from feedsvc.web.shared_memory import Board
from feedsvc.web.worker import PATIENCE, Station

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_SETTLED: Final = 10.0  # seconds; who served so long may be replaced at once
_PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds before the replacement of those who did not


@dataclass(kw_only=True, slots=True)
class _Child:
    number: int
    pid: int
    ready: int
    said: bytes = b""
    since: float | None = None  # when it was ready, monotonic seconds

    @property
    def called(self) -> str:
        return f"worker {self.number} (process {self.pid})"


@dataclass(kw_only=True, slots=True)
class _Place:
    """One of the workers, whichever process it is; `due` is when the next begins, `failures` are those in a row."""

    due: float | None = None
    failures: int = 0
    child: _Child | None = None


class Workers:
    """Starts them, replaces those that die, passes signals on. To be run in the main thread of a process without others."""

    def __init__(
        self,
        number: int,
        serve: Callable[[Station], None],
        *,
        say: Callable[[str], None],
        leaving: Callable[[], None] = lambda: None,
        explain: Callable[[int], str] = lambda _: "",
        patience: float = PATIENCE,
    ) -> None:
        """`serve` is called in each worker, which ends when it returns; SystemExit gives its status.

        `leaving` is called here when all shall end: it closes what the workers have from this process. `explain` returns
        why a process (its id) was ended by the watchdog, or crashed, "" if it is not known. Those that have not ended `patience`
        seconds after SIGTERM are killed.
        """
        self._serve, self._say, self._leaving = serve, say, leaving
        self._explain, self._patience = explain, patience
        self._board = Board(number)
        self._places = {each: _Place() for each in range(1, number + 1)}
        self._caught: list[int] = []
        self._complete = self._stopping = False
        self._status = 0
        self._last = 0.0
        self._lifeline = os.pipe()
        self._wake = os.pipe()
        for end in self._wake:
            os.set_blocking(end, False)

    def run(self) -> int:
        """Until SIGTERM or SIGINT, and until every answer is finished; the exit status."""
        libc.prepare()
        gc.freeze()  # what is loaded by now stays in pages that all share
        with self._signals():
            self._places[1].due = time.monotonic()
            while not self._stopping or self._children():
                self._begin_those_due()
                self._wait()
                self._heed_signals()
                for child in self._children():
                    self._hear(child)
                    self._bury(child)
                self._greet()
        return self._status

    def _children(self) -> list[_Child]:
        return [place.child for place in self._places.values() if place.child]

    @contextmanager
    def _signals(self) -> Iterator[None]:
        for name in _SIGNALS:
            signal.signal(name, self._catch)
        signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)

    def _catch(self, number: int, _frame: FrameType | None) -> None:
        self._caught.append(number)

    def _wait(self) -> None:
        """Until a signal, a worker's word, or the time for another."""
        due = [place.due for place in self._places.values() if place.due is not None]
        due += [self._last] if self._stopping else []
        pause = max(0.0, min(due) - time.monotonic()) if due else None
        heard = [child.ready for child in self._children() if child.ready >= 0]
        worker.hears([self._wake[0], *heard], pause)
        with suppress(BlockingIOError):
            os.read(self._wake[0], 4096)

    def _heed_signals(self) -> None:
        caught, self._caught = self._caught, []
        if signal.SIGTERM in caught or signal.SIGINT in caught:
            self._stop()
        elif signal.SIGHUP in caught:
            self._send(signal.SIGHUP)
        if self._stopping and time.monotonic() >= self._last:
            self._send(signal.SIGKILL)
            self._last += self._patience

    def _stop(self) -> None:
        if self._stopping:
            return
        self._stopping, self._last = True, time.monotonic() + self._patience
        for place in self._places.values():
            place.due = None
        self._leaving()
        self._send(signal.SIGTERM)

    def _send(self, number: int) -> None:
        for child in self._children():
            os.kill(child.pid, number)

    # --- their lives

    def _begin_those_due(self) -> None:
        for number, place in self._places.items():
            if place.due is not None and time.monotonic() >= place.due:
                place.due, place.child = None, self._fork(number)

    def _fork(self, number: int) -> _Child:
        heard, ready = os.pipe()
        # A signal that came between the fork and the child's own handlers would be lost.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            foreign = {heard, self._lifeline[1], *self._wake, *(child.ready for child in self._children())} - {-1}
            seat = self._board.seat(number)
            lifeline = self._lifeline[0]
            worker.live(self._serve, seat, parent=parent, ready=ready, lifeline=lifeline, foreign=foreign, mask=before)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(ready)
        return _Child(number=number, pid=pid, ready=heard)

    def _hear(self, child: _Child) -> None:
        """Its one line, then the end of it; that end without a line is the worker's own."""
        if child.ready < 0 or not worker.hears([child.ready], 0):
            return
        part = os.read(child.ready, 65_536)
        child.said += part
        if child.said.endswith(b"\n") and child.since is None:
            child.since = time.monotonic()
            self._begin_the_others()
        if not part:
            os.close(child.ready)
            child.ready = -1

    def _begin_the_others(self) -> None:
        for place in self._places.values():
            if not self._complete and not self._stopping and not place.child and place.due is None:
                place.due = time.monotonic()

    def _greet(self) -> None:
        children = self._children()
        if not self._complete and not self._stopping and len(children) == len(self._places) and all(c.since for c in children):
            self._complete = True
            self._say(children[0].said.decode(errors="surrogateescape").rstrip("\n"))

    def _bury(self, child: _Child) -> None:
        pid, code = os.waitpid(child.pid, os.WNOHANG)
        if not pid:
            return
        self._hear(child)
        if child.ready >= 0:
            os.close(child.ready)
        place = self._places[child.number]
        place.child = None
        self._board.leave(child.number)
        status = os.waitstatus_to_exitcode(code)
        if self._stopping:
            self._status = max(self._status, status)
        elif not self._complete:
            self._fail(child, status)
        else:
            self._replace(place, child, status)

    def _fail(self, child: _Child, status: int) -> None:
        """A start that does not succeed ends, as that of one process does; a fault that has a status was told by the worker."""
        if status <= 0:
            self._say(f"feedsvc: {child.called} {self._end(child, status)} before all were ready")
        self._status = max(self._status, status) if status > 0 else 1
        self._stop()

    def _replace(self, place: _Place, child: _Child, status: int) -> None:
        settled = child.since is not None and time.monotonic() - child.since >= _SETTLED
        pause = 0.0 if settled else _PAUSES[min(place.failures, len(_PAUSES) - 1)]
        place.failures = 0 if settled else place.failures + 1
        place.due = time.monotonic() + pause
        when = f" in {pause:.0f} second{'' if pause == 1 else 's'}" if pause else ""
        self._say(f"feedsvc: {child.called} {self._end(child, status)}; another takes its place{when}")

    def _end(self, child: _Child, status: int) -> str:
        return (self._explain(child.pid) if -status in libc.REPORTED_SIGNALS else "") or f"ended {_how(status)}"


def _how(status: int) -> str:
    if status >= 0:
        return f"with exit status {status}"
    try:
        return f"by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal
        return f"by signal {-status}"
