"""Write debouncing: postpones the reading of files that are being written, so that no half-written or reordered changes show.

A postponed file is read after a later scan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from feedsvc.content.file_signature import FileSignature, is_changed_since, signature_at
from feedsvc.content.reading import SETTINGS_FILES

WHOLE_SCAN: Final = "."  # stands for all files of a scan
_DISTANT_PAST: Final = datetime.min.replace(tzinfo=UTC)
_MIN_DELAY: Final = timedelta(seconds=1)
_MIN_SCANS: Final = 10  # a busy machine does few scans in a second, which may miss pauses between writes
_MAX_DELAY: Final = timedelta(seconds=3)  # even after fewer scans


class WriteDebouncer:
    """Debouncer of one content folder.

    For each scan, call `files_to_postpone` and, after reading settings, pages and root files, `must_wait`. For a scan after which
    nothing is to be postponed, call only `record_missing`.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._missing_files, self._postponed_files = _MissingFiles(), _PostponedFiles()
        self._signatures: dict[str, FileSignature | None] = {}  # of the settings at the last scan
        self._changing_files = _PostponedFiles()

    def files_to_postpone(
        self,
        missing: Iterable[str],
        changed_since: Callable[[datetime], frozenset[str]],
        now: datetime,
        settle_time: timedelta,
    ) -> frozenset[str]:
        """Return the paths to postpone: those that changed within `settle_time` before `now`, with WHOLE_SCAN if there are any.

        With WHOLE_SCAN, all files must wait. `missing` are files to check that the scan at `now` did not find; `changed_since`
        returns the paths changed after a moment. A file that has just vanished is postponed, too: a program that saves through
        a temporary name removes the file for an instant, and a rename makes it appear elsewhere. Changes that may be later than
        such a removal are postponed as well.

        A path that changes at each scan is postponed until one second and ten scans have passed, but not longer than three
        seconds. The same applies to WHOLE_SCAN, which changes whenever a path does.
        """
        self.record_missing(missing, now)
        moment = self._missing_files.last_certain_time(now - settle_time)
        changed = self._missing_files.missing_since(moment) | changed_since(moment)
        changed |= {name for name, signature in self._signatures.items() if is_changed_since(signature, moment)}
        return self._postponed_files.select({*changed, WHOLE_SCAN} if changed else (), now)

    def record_missing(self, missing: Iterable[str], now: datetime) -> None:
        """Record the files that a scan at `now` did not find, so that a later scan does not take them for just vanished.

        `missing` are files to check; missing settings files are added. Also record the signatures of the settings files.
        """
        self._signatures = {name: signature_at(self._root / name) for name in SETTINGS_FILES}
        missing_settings = (name for name, signature in self._signatures.items() if signature is None)
        self._missing_files.update((*missing, *missing_settings), now)

    def must_wait(self, changing_files: Iterable[str], now: datetime, *, were_settings_read: bool) -> bool:
        """Return True if files changed since `files_to_postpone`, so that the use of what was read must wait.

        `changing_files` are pages and root files that did; settings files are checked here if they `were_settings_read` since
        then. The new content of such a file would show before articles that were saved earlier. Its former content may be older
        than the scan found it: files that were saved after that version would show without it. Return False once the same files
        have changed at each call for one second and ten calls, or for three seconds.
        """
        settings = self._signatures.items() if were_settings_read else ()
        changed = (name for name, signature in settings if signature_at(self._root / name) != signature)
        return bool(self._changing_files.select((*changing_files, *changed), now))


class _MissingFiles:
    """Missing files, each with the times of the last scan before it was missing and of the first scan that missed it.

    If the very first scan missed the file, _DISTANT_PAST stands for the time of a scan before.
    """

    def __init__(self) -> None:
        self._intervals: dict[str, tuple[datetime, datetime]] = {}
        self._previous_scan = _DISTANT_PAST

    def update(self, missing: Iterable[str], now: datetime) -> None:
        """Replace the missing files by those of the scan that began at `now`. Call at each scan."""
        self._intervals = {path: self._intervals.get(path, (self._previous_scan, now)) for path in missing}
        self._previous_scan = now

    def last_certain_time(self, moment: datetime) -> datetime:
        """Return the latest time, at most `moment`, at which it is certain which of the now missing files existed.

        It is `moment` or the time of an earlier scan; _DISTANT_PAST if a file has been missing since the very first scan, and
        that was after `moment`.
        """
        for last_present, first_missing in sorted({*self._intervals.values()}, reverse=True):
            if first_missing > moment:
                moment = min(moment, last_present)
        return moment

    def missing_since(self, moment: datetime) -> frozenset[str]:
        """Return the missing files that may have vanished after the moment: those that no scan until then missed."""
        return frozenset([path for path, (_, first_missing) in self._intervals.items() if first_missing > moment])


class _PostponedFiles:
    """Paths that are postponed while they change: until one second and ten scans have passed, at most three seconds."""

    def __init__(self) -> None:
        self._first_seen: dict[str, tuple[datetime, int]] = {}  # time, and number of scans since then

    def select(self, changing: Iterable[str], now: datetime) -> frozenset[str]:
        """Return those of the `changing` paths that are still to be postponed.

        Call it at each scan with all paths that change: a path that is left out once counts as new at the next call.
        """
        delays = {path: self._first_seen.get(path, (now, 0)) for path in changing}
        self._first_seen = {path: (since, scan_count + 1) for path, (since, scan_count) in delays.items()}
        return frozenset(path for path, (since, scan_count) in delays.items() if _is_postponed(abs(now - since), scan_count))


def _is_postponed(delay: timedelta, scan_count: int) -> bool:
    return delay < _MIN_DELAY or (scan_count < _MIN_SCANS and delay < _MAX_DELAY)
