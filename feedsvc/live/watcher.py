"""File watcher: reloads the content folder when it changes, and swaps in scheduled editions. The only module with watchfiles.

Some notifications of the operating system are lost, and none is sent if the root is a link that is switched. So a folder that a
notification names is scanned whole, the root's inode and the clock are checked many times a second, and the whole content
folder is scanned once a minute, for which a save may wait.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from watchfiles import Change, watch

from feedsvc.live.live import Edition, Live
from feedsvc.support.alerts import Alerts
from feedsvc.support.date_formats import rfc3339

_POLL_INTERVAL: Final = 25  # milliseconds between two checks of the root, the clock, and files that were being written
_DEBOUNCE: Final = 200  # milliseconds; a burst of notifications is split into batches of this length
_DEBOUNCE_STEP: Final = 10  # milliseconds without a notification end a batch
_FULL_SCAN_INTERVAL: Final = 60.0  # seconds
_MIN_FILE_AGE: Final = timedelta(milliseconds=20)  # a file younger than this may be half written
_RETRY_DELAY: Final = 1.0  # seconds between two polls while there are no notifications

_FIRST_SCAN_DELAY: Final = 2.5  # seconds from the start to the first periodic scan, which delays the first responses

_MIN_JUMP: Final = 10.0  # seconds; routine corrections (NTP) move a clock by less at once
_ACCEPTANCE_TIME: Final = 3600.0  # seconds without another jump until the new time is trusted
_CLOCK_ALERT: Final = "clock"

_IGNORED_FOLDERS: Final = (".git", ".hg", ".svn", ".feedsvc")
# On Linux, a notification is about the files of one folder. Other systems notify of everything below a folder.
_IS_RECURSIVE: Final = sys.platform != "linux"

_LOG: Final = logging.getLogger(__name__)

# (edition before, edition now), called in the watcher thread. If only problems changed, both have the same publication.
Listener = Callable[[Edition, Edition], None]


def time_since_boot() -> float:
    """Return the seconds of a clock that cannot be set; with the time that the machine slept, if the system has such a clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class ClockJumpDetector:
    """Detector of jumps of the wall clock against the time since boot. `check` detects a jump and raises an alert of it.

    The alert is cleared by a later jump that corrects the clock, or by a call at least an hour after the last jump. Calls of
    `check` must not overlap. Call it often: slow corrections between two calls add up and may count as a jump.
    """

    def __init__(self, alerts: Alerts, monotonic_clock: Callable[[], float] = time_since_boot) -> None:
        self._alerts, self._monotonic_clock = alerts, monotonic_clock
        self._trusted_offset: float | None = None
        self._last_offset = self._last_jump = 0.0

    def check(self, now: datetime) -> float:
        """Return the seconds by which the clock jumped since the last call, negative if it was set back; update the alert.

        0.0 for less than _MIN_JUMP, and in the first call. `now` is the wall clock's time.
        """
        offset = now.timestamp() - self._monotonic_clock()
        if self._trusted_offset is None:
            self._trusted_offset = self._last_offset = offset
        jump, self._last_offset = offset - self._last_offset, offset
        if abs(jump) >= _MIN_JUMP:
            self._last_jump = self._monotonic_clock()
            self._report(jump, now, is_correct=abs(offset - self._trusted_offset) < _MIN_JUMP)
            return jump
        if self._monotonic_clock() - self._last_jump >= _ACCEPTANCE_TIME:
            self._trusted_offset = offset
            self._alerts.clear(_CLOCK_ALERT)
        return 0.0

    def _report(self, jump: float, now: datetime, *, is_correct: bool) -> None:
        """Raise the alert, or clear it if the jump corrected the clock (`is_correct`). `jump` is in seconds."""
        if is_correct:
            self._alerts.clear(_CLOCK_ALERT)
            return
        message = (
            f"the clock of this machine was set {'forward' if jump > 0 else 'back'} by {timedelta(seconds=round(abs(jump)))}, "
            f"to {rfc3339(now)}, and decides when articles appear and expire: if it is wrong, correct it; no restart is needed"
        )
        self._alerts.raise_alert(_CLOCK_ALERT, message, "the clock of this machine is trusted again", log_again=True)


class Watcher:
    """Thread that reloads a Live at changes of its folder, and calls the listeners, in this thread, after each new edition.

    `root` is the content folder. While the thread runs, only it may call `Live.reload`. Listeners may be called once for
    several editions that follow quickly, with the edition of the last call and the newest one.
    """

    def __init__(self, root: Path, live: Live, listeners: Iterable[Listener] = ()) -> None:
        self._root, self._live, self._listeners = root, live, tuple(listeners)
        self._announced_edition = live.edition
        self._clock_jumps = ClockJumpDetector(live.alerts)
        # Check now, because the first poll may be much later and has to detect a jump before it.
        self._clock_jumps.check(live.clock())
        self._waiting_files: frozenset[str] = frozenset()
        self._is_reloaded = False  # since the last look for new folders
        self._stop = threading.Event()
        self._full_scan_requested = threading.Event()
        self._next_full_scan = time.monotonic() + _FIRST_SCAN_DELAY
        self._thread = threading.Thread(target=self._run, name="feedsvc-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def request_full_scan(self) -> None:
        """Request a full scan in the watcher thread as soon as possible. Returns at once; safe in a signal handler."""
        self._full_scan_requested.set()

    def stop(self) -> None:
        """Stop the thread and wait for it, if it runs. No listener is called after this returns. It cannot be started again."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._watch_or_poll()
            except Exception:  # noqa: BLE001
                # An internal error at one file must not stop all later reloads.
                _LOG.exception("the content folder could not be reloaded; the watcher tries again")
                self._stop.wait(_RETRY_DELAY)
            # A full scan detects changes that happened before notifications are set up again.
            self._full_scan_requested.set()

    def _watch_or_poll(self) -> None:
        """Watch with notifications. Without a root, or if the system refuses notifications, poll once and wait _RETRY_DELAY."""
        try:
            self._watch(_identity(self._root))
        except (OSError, RuntimeError):
            self._poll_once(frozenset())
            self._stop.wait(_RETRY_DELAY)

    def _watch(self, identity: tuple[int, int] | None) -> None:
        """Poll after each notification or interval until the root is another folder than `identity`, there is a new folder to
        watch, or `stop` is called.

        Raises OSError or RuntimeError if there is no root or the system refuses notifications.
        """
        folders = frozenset(_folders_to_watch(self._root, self._live.article_folders))
        batches = watch(
            *folders,
            recursive=_IS_RECURSIVE,
            watch_filter=None,
            debounce=_DEBOUNCE,
            step=_DEBOUNCE_STEP,
            rust_timeout=_POLL_INTERVAL,
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        for batch in batches:
            # Most batches are empty; resolving the root's path would then be most of the work.
            self._poll_once(_changed_paths(self._root, (path for _, path in batch)) if batch else frozenset())
            if _identity(self._root) != identity or _has_new_folder(batch):
                return
            # A folder that was created before its parent was watched has no notification, so look after each reload.
            if self._is_reloaded and not folders.issuperset(_folders_to_watch(self._root, self._live.article_folders)):
                return
            self._is_reloaded = False

    def _poll_once(self, notified_paths: frozenset[str] | None) -> None:
        """Reload what has changed, advance to the edition of this moment, and notify the listeners.

        In between, check the clock for jumps. At the end, prepare the next scheduled edition. `notified_paths` are relative to
        the root; None requests a full scan.
        """
        is_time = time.monotonic() >= self._next_full_scan and not self._waiting_files
        if notified_paths is None or is_time or self._full_scan_requested.is_set():
            self._full_scan_requested.clear()
            self._reload(None)
            self._next_full_scan = time.monotonic() + _FULL_SCAN_INTERVAL
        elif (paths := notified_paths | self._waiting_files | self._live.paths_with_lost_text()) or self._live.is_due:
            self._reload(paths)
        # Read the clock after the reload: an earlier moment would undo a scheduled change that happened during the reload.
        now = self._live.clock()
        if self._clock_jumps.check(now) < 0:
            self._live.discard_future_dates()
        self._live.current(now)
        self._notify_listeners()
        self._live.prepare_next_edition(now)

    def _reload(self, paths: frozenset[str] | None) -> None:
        """Reload `paths`, or the whole folder if None. Files that are being written are left for the next poll."""
        self._waiting_files = self._live.reload(paths, _MIN_FILE_AGE)
        self._is_reloaded = True

    def _notify_listeners(self) -> None:
        before, self._announced_edition = self._announced_edition, self._live.edition
        if before is not self._announced_edition:
            for listener in self._listeners:
                listener(before, self._announced_edition)


def _has_new_folder(batch: Iterable[tuple[Change, str]]) -> bool:
    """Return whether a batch of notifications names a folder that was created or moved here; False if _IS_RECURSIVE.

    Its path may be that of a former folder, but it is not watched.
    """
    return not _IS_RECURSIVE and any(change is Change.added and os.path.isdir(path) for change, path in batch)


def _folders_to_watch(root: Path, known_folders: Iterable[str]) -> Iterator[str]:
    """Yield the paths of the folders to watch: the root and, on Linux, all folders below it except _IGNORED_FOLDERS of the root.

    `known_folders` are paths relative to the root, which must include all folders below them: these are yielded if they exist,
    and not searched. Links to folders are followed, but not those to a folder that is watched already: the system notifies of the
    path that was watched last. `watchfiles` itself would look at every file to find the folders, and block all threads meanwhile:
    more than a second for 100,000 articles.
    """
    yield str(root)
    if _IS_RECURSIVE:
        return
    known = frozenset(known_folders)
    known_paths = [path for name in sorted(known) if os.path.isdir(path := os.path.join(root, name))]
    yield from known_paths
    seen = {_identity(root), *map(_identity, known_paths)}
    tops = [path for name, path in _subfolders(str(root)) if name not in known and name not in _IGNORED_FOLDERS]
    while tops:
        folder = tops.pop()
        identity = _identity(folder)
        if identity is not None and identity not in seen:
            seen.add(identity)
            yield folder
            tops += (path for _, path in _subfolders(folder))


def _identity(folder: str | Path) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _subfolders(folder: str) -> list[tuple[str, str]]:
    """Return the name and path of each folder, or link to one, in a folder; [] if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return [(entry.name, entry.path) for entry in entries if entry.is_dir()]
    except OSError:
        return []


def _changed_paths(root: Path, notified_paths: Iterable[str]) -> frozenset[str] | None:
    """Return the notified paths relative to the root, without those in _IGNORED_FOLDERS.

    None, which requests a full scan, if a path is not below the root.
    """
    prefixes = [f"{folder}{os.sep}" for folder in {os.path.abspath(root), os.path.realpath(root)}]
    # A notified path begins with the root as `watch` received it, including "." and "..".
    paths = map(os.path.normpath, notified_paths)
    relative = {next((path.removeprefix(prefix) for prefix in prefixes if path.startswith(prefix)), "") for path in paths}
    return None if "" in relative else frozenset(path for path in relative if path.partition(os.sep)[0] not in _IGNORED_FOLDERS)
