"""A worker's own end of the house: its life from the fork on, and its ties to the parent."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, NoReturn

from feedsvc.support.libc import die_with_parent
from feedsvc.web.shared_memory import Seat

PATIENCE: Final = 60.0  # seconds in which a worker ends by itself; finishing what was begun takes far less
_LONGEST: Final = 1_000_000.0  # seconds; poll() takes no more than twice as many
_BEAT: Final = 1.0  # seconds between two notices on the board


class Station:
    """A worker's own end: its seat, its word to the parent, and its end when the parent has gone."""

    def __init__(self, seat: Seat, ready: int, lifeline: int) -> None:
        self.seat = seat
        self._ready, self._lifeline = ready, lifeline
        self._notice: Callable[[], Mapping[str, Any]] | None = None
        self._lock = threading.Lock()
        threading.Thread(target=self._attend, name="feedsvc-parent", daemon=True).start()

    def ready(self, line: str) -> None:
        """It serves; `line` is said by the parent if this is the first worker, once all are ready."""
        with suppress(BrokenPipeError):  # the parent has just been killed: this one ends as soon as it notices
            os.write(self._ready, f"{line}\n".encode(errors="surrogateescape"))
        os.close(self._ready)

    def tells(self, notice: Callable[[], Mapping[str, Any]]) -> None:
        """From now on the others are told this, about once a second."""
        self._notice = notice
        self.tell()

    def tell(self) -> None:
        """Tell the others at once. Safe in threads."""
        with self._lock:
            if self._notice:
                self.seat.put_up(self._notice())

    def _attend(self) -> None:
        while not hears([self._lifeline], _BEAT):
            self.tell()
        # The other end closes with the parent, however it ends.
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE)
        os._exit(1)


def hears(descriptors: Iterable[int], seconds: float | None) -> bool:
    """Whether one of them has something to read, or has ended, within the time; of any numbers, unlike with select()."""
    ears = select.poll()
    for one in descriptors:
        ears.register(one, select.POLLIN)
    return bool(ears.poll(None if seconds is None else min(seconds, _LONGEST) * 1000))


def live(
    serve: Callable[[Station], None],
    seat: Seat,
    *,
    parent: int,
    ready: int,
    lifeline: int,
    foreign: Iterable[int],
    mask: Iterable[int],
) -> NoReturn:
    """All that a worker does after the fork, with signals blocked; nothing of the parent's is done on the way out.

    `parent` is the parent's process id, `ready` and `lifeline` are pipes to and from it, `foreign` the files that only it should
    have. Where the kernel ends this process with its parent, it needs no interpreter lock for that; elsewhere the lifeline does.
    """
    status: Any = 1
    try:
        die_with_parent(parent)
        _part_from_the_parent(foreign)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        seat.take()
        serve(Station(seat, ready, lifeline))
        status = 0
    except SystemExit as error:
        status = error.code
    except BaseException:  # noqa: BLE001 - whatever it is, it must not go up into the parent's frames
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status if isinstance(status, int) else int(status is not None))


def _part_from_the_parent(foreign: Iterable[int]) -> None:
    signal.set_wakeup_fd(-1)
    for name in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(name, signal.SIG_DFL)
    for name in (signal.SIGINT, signal.SIGHUP):  # a terminal sends them to everybody; the parent passes on what counts
        signal.signal(name, signal.SIG_IGN)
    for file in foreign:
        os.close(file)
