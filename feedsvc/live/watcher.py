"""Rings when a content folder changes, and when the clock reaches a scheduled change. The only room with watchfiles.

The notices of the operating system are a bell, not the truth: some are lost, a link switched as the root sends none. So the
folders that a notice names are looked at whole, the root's inode and the clock many times a second, everything once a minute.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

from watchfiles import watch

from feedsvc.live.clock_jumps import Jumps
from feedsvc.live.live import Edition, Live

_TICK: Final = 25  # milliseconds; between two looks at the root, the clock, and what was being written
_GROUP: Final = 200  # milliseconds; a burst of notices is taken in pieces of this length
_STEP: Final = 10  # milliseconds without a notice end a piece
_EVERYTHING: Final = 60.0  # seconds
_QUIET: Final = timedelta(milliseconds=20)  # a file younger than this may be half written
_PAUSE: Final = 1.0  # seconds; between two looks where there is no bell

# Seconds for each article before the bell is hung the first time: nothing else moves meanwhile, and readers wait for a start.
_CALM: Final = 5e-6

_NOT_CONTENT: Final = (".git", ".hg", ".svn", ".feedsvc")
_LOG: Final = logging.getLogger(__name__)

# (edition before, edition now), in the watching thread.
Listener = Callable[[Edition, Edition], None]


class Fellows(Protocol):
    """Other processes that serve the same folder, and may want to be sure that this one has read what they have."""

    def asks(self) -> bool:
        """Whether one of them waits for a look at everything; asked many times a second."""

    def looked(self, since: float) -> None:
        """Everything as it was at this moment (monotonic seconds) has been read."""


class _Nobody:
    def asks(self) -> bool:
        return False

    def looked(self, since: float) -> None:
        pass


_NOBODY: Final = _Nobody()


class Watcher:
    """A thread that keeps a Live in step with its folder, and tells every new edition to its listeners."""

    def __init__(self, root: Path, live: Live, listeners: Iterable[Listener] = (), fellows: Fellows = _NOBODY) -> None:
        self._root, self._live, self._listeners = root, live, tuple(listeners)
        self._fellows, self._looking = fellows, 0.0
        self._told = live.edition
        self._jumps = Jumps(live.troubles)
        # Now, as it may be a while until the first turn: a clock that is set meanwhile was set too.
        self._jumps.look(live.clock())
        self._restless: frozenset[str] = frozenset()
        self._stop = threading.Event()
        self._everything = threading.Event()
        self._next_look = time.monotonic() + _EVERYTHING
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def look(self) -> None:
        """Look at everything, as soon as may be; safe in a signal handler."""
        self._everything.set()

    def stop(self) -> None:
        """No listener is called any more once this returns."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        self._stop.wait(_CALM * len(self._live.edition.content.articles))
        while not self._stop.is_set():
            identity = _identity(self._root)
            # What happened before the bell hung is seen by this look.
            self._everything.set()
            try:
                self._listen(identity)
            except (OSError, RuntimeError):
                # No folder, or no more notices to be had from this system: look without a bell.
                self._turn(frozenset())
                self._stop.wait(_PAUSE)
            except Exception:  # noqa: BLE001 - whatever it is
                # A fault of ours in one file must not end the service to all later ones.
                _LOG.exception("the folder could not be read again; it is tried anew")
                self._stop.wait(_PAUSE)

    def _listen(self, identity: tuple[int, int] | None) -> None:
        """Until the root is another folder, or it is time to stop."""
        bell = watch(
            self._root,
            watch_filter=None,
            debounce=_GROUP,
            step=_STEP,
            rust_timeout=_TICK,
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        for notices in bell:
            # Most often nothing rang; the look at the root's own path would be most of the work then.
            self._turn(_touched(self._root, (path for _, path in notices)) if notices else frozenset())
            if _identity(self._root) != identity:
                return

    def _turn(self, touched: frozenset[str] | None) -> None:
        if touched is None or self._everything.is_set() or time.monotonic() >= self._next_look or self._fellows.asks():
            self._everything.clear()
            self._looking = time.monotonic()
            self._reload(None)
            self._next_look = time.monotonic() + _EVERYTHING
        elif (again := touched | self._restless | self._live.lost()) or self._live.is_due:
            self._reload(again)
        if self._looking and not self._restless:
            self._fellows.looked(self._looking)
            self._looking = 0.0
        # The clock after the reading: by the one before it, a change that came meanwhile would be taken back.
        now = self._live.clock()
        if self._jumps.look(now) < 0:
            self._live.redate()
        self._live.current(now)
        self._tell()
        self._live.prepare(now)

    def _reload(self, touched: frozenset[str] | None) -> None:
        """What is being written is looked at again, with all that is noticed by then, once it has been left alone."""
        self._restless = self._live.reload(touched, _QUIET)

    def _tell(self) -> None:
        before, self._told = self._told, self._live.edition
        if before is not self._told:
            for listener in self._listeners:
                listener(before, self._told)


def _identity(root: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(root)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _touched(root: Path, notices: Iterable[str]) -> frozenset[str] | None:
    """The paths below the root; None, which is everything, if one of them lies elsewhere."""
    tops = [f"{top}{os.sep}" for top in {os.path.abspath(root), os.path.realpath(root)}]
    # A notice begins with the root as it was given, "." and ".." included.
    paths = map(os.path.normpath, notices)
    found = {next((path.removeprefix(top) for top in tops if path.startswith(top)), "") for path in paths}
    return None if "" in found else frozenset(path for path in found if path.partition(os.sep)[0] not in _NOT_CONTENT)
