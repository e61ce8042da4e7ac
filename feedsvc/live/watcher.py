"""File watcher: reloads the content folder when it changes, and swaps in scheduled editions. The only module with watchfiles.

Notifications of the operating system are hints: some are lost, and none is sent if the root is a link that is switched. So a
folder that a notification names is scanned whole, the root's inode and the clock are checked many times a second, and everything
is scanned once a minute.
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

from feedsvc.live.clock_jumps import ClockJumpDetector
from feedsvc.live.live import Edition, Live

_POLL_INTERVAL: Final = 25  # milliseconds between two checks of the root, the clock, and files that were being written
_DEBOUNCE: Final = 200  # milliseconds; a burst of notifications is split into batches of this length
_DEBOUNCE_STEP: Final = 10  # milliseconds without a notification end a batch
_FULL_SCAN_INTERVAL: Final = 60.0  # seconds
_MIN_FILE_AGE: Final = timedelta(milliseconds=20)  # a file younger than this may be half written
_RETRY_DELAY: Final = 1.0  # seconds between two polls while there are no notifications

# Seconds for each article to wait before notifications are first set up: this blocks other threads, while readers wait for
# first responses.
_STARTUP_DELAY_PER_ARTICLE: Final = 5e-6

_IGNORED_FOLDERS: Final = (".git", ".hg", ".svn", ".feedsvc")
_LOG: Final = logging.getLogger(__name__)

# (edition before, edition now), called in the watcher thread.
Listener = Callable[[Edition, Edition], None]


class Peers(Protocol):
    """Other processes that serve the same folder. One may have to wait until this process has read the same changes."""

    def is_rescan_requested(self) -> bool:
        """Return whether a peer waits for a full scan by this process; called many times a second."""

    def confirm_scan(self, since: float) -> None:
        """Confirm that this process has read all changes of the folder up to `since` (monotonic seconds)."""


class _NoPeers:
    def is_rescan_requested(self) -> bool:
        return False

    def confirm_scan(self, since: float) -> None:
        pass


_NO_PEERS: Final = _NoPeers()


class Watcher:
    """A thread that updates a Live with changes of its folder and notifies listeners of each new edition."""

    def __init__(self, root: Path, live: Live, listeners: Iterable[Listener] = (), peers: Peers = _NO_PEERS) -> None:
        self._root, self._live, self._listeners = root, live, tuple(listeners)
        self._peers, self._scan_began_at = peers, 0.0
        self._announced_edition = live.edition
        self._clock_jumps = ClockJumpDetector(live.alerts)
        # Checked now, since the first poll may be later: it has to detect a jump in between, too.
        self._clock_jumps.check(live.clock())
        self._unsettled_paths: frozenset[str] = frozenset()
        self._stop = threading.Event()
        self._full_scan_requested = threading.Event()
        self._next_full_scan = time.monotonic() + _FULL_SCAN_INTERVAL
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def request_full_scan(self) -> None:
        """Request a full scan as soon as possible; safe in a signal handler."""
        self._full_scan_requested.set()

    def stop(self) -> None:
        """Stop the thread and wait for it. No listener is called after this returns."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        self._stop.wait(_STARTUP_DELAY_PER_ARTICLE * len(self._live.edition.content.articles))
        while not self._stop.is_set():
            identity = _folder_identity(self._root)
            # A full scan finds the changes before notifications were set up.
            self._full_scan_requested.set()
            try:
                self._watch(identity)
            except (OSError, RuntimeError):
                # No folder, or the system gives no more notifications: poll without them.
                self._poll_once(frozenset())
                self._stop.wait(_RETRY_DELAY)
            except Exception:  # noqa: BLE001
                # An internal error at one file must not stop all later reloads.
                _LOG.exception("the folder could not be read again; it is tried anew")
                self._stop.wait(_RETRY_DELAY)

    def _watch(self, identity: tuple[int, int] | None) -> None:
        """Poll until the root is another folder than `identity` or `stop` is called.

        Raises OSError or RuntimeError if there is no folder or the system gives no notifications.
        """
        bell = watch(
            self._root,
            watch_filter=None,
            debounce=_DEBOUNCE,
            step=_DEBOUNCE_STEP,
            rust_timeout=_POLL_INTERVAL,
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        for notices in bell:
            # Mostly there is no notification; resolving the root's path would then be most of the work.
            self._poll_once(_changed_paths(self._root, (path for _, path in notices)) if notices else frozenset())
            if _folder_identity(self._root) != identity:
                return

    def _poll_once(self, touched: frozenset[str] | None) -> None:
        if (
            touched is None
            or self._full_scan_requested.is_set()
            or time.monotonic() >= self._next_full_scan
            or self._peers.is_rescan_requested()
        ):
            self._full_scan_requested.clear()
            self._scan_began_at = time.monotonic()
            self._reload(None)
            self._next_full_scan = time.monotonic() + _FULL_SCAN_INTERVAL
        elif (again := touched | self._unsettled_paths | self._live.paths_with_lost_text()) or self._live.is_due:
            self._reload(again)
        if self._scan_began_at and not self._unsettled_paths:
            self._peers.confirm_scan(self._scan_began_at)
            self._scan_began_at = 0.0
        # Read the clock after the reload: an earlier moment would undo a scheduled change that came meanwhile.
        now = self._live.clock()
        if self._clock_jumps.check(now) < 0:
            self._live.discard_future_dates()
        self._live.current(now)
        self._notify_listeners()
        self._live.prepare_next_edition(now)

    def _reload(self, touched: frozenset[str] | None) -> None:
        """Reload the paths `touched`, None for all. Files being written stay unread and are examined at the next poll."""
        self._unsettled_paths = self._live.reload(touched, _MIN_FILE_AGE)

    def _notify_listeners(self) -> None:
        before, self._announced_edition = self._announced_edition, self._live.edition
        if before is not self._announced_edition:
            for listener in self._listeners:
                listener(before, self._announced_edition)


def _folder_identity(root: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(root)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _changed_paths(root: Path, notices: Iterable[str]) -> frozenset[str] | None:
    """Return the notified paths relative to the root, without _IGNORED_FOLDERS; None, for a full scan, if one is not below it."""
    tops = [f"{top}{os.sep}" for top in {os.path.abspath(root), os.path.realpath(root)}]
    # A notification begins with the root as it was given, including "." and "..".
    paths = map(os.path.normpath, notices)
    found = {next((path.removeprefix(top) for top in tops if path.startswith(top)), "") for path in paths}
    return None if "" in found else frozenset(path for path in found if path.partition(os.sep)[0] not in _IGNORED_FOLDERS)
