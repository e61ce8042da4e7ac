"""Write debouncing: postpones files that are being written, so that no edition shows half-written or reordered changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from feedsvc.content.file_signature import FileSignature, is_changed_since, signature_at
from feedsvc.content.reading import AUTHORS_FILE, CATEGORIES_FILE, SITE_FILE

WHOLE_SCAN: Final = "."  # stands for all files of a scan
SETTINGS_FILES: Final = (SITE_FILE, CATEGORIES_FILE, AUTHORS_FILE)
_DISTANT_PAST: Final = datetime.min.replace(tzinfo=UTC)
_MIN_DELAY: Final = timedelta(seconds=1)
_MIN_SCANS: Final = 10  # a busy machine does few scans in a second, which may miss pauses between writes
_MAX_DELAY: Final = timedelta(seconds=3)  # even after fewer scans


class WriteDebouncer:
    """Debouncer of a content folder, called at each scan."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._missing_files, self._postponed_files = _MissingFiles(), _PostponedFiles()
        self._signatures: dict[str, FileSignature | None] = {}  # of the settings at the last scan
        self._postponed_settings = _PostponedFiles()

    def files_to_postpone(
        self, missing: Iterable[str], young: Callable[[datetime], frozenset[str]], now: datetime, quiet: timedelta
    ) -> frozenset[str]:
        """Return the paths to postpone: files that changed within `quiet` before `now`, and WHOLE_SCAN if all others must wait.

        `missing` are due files that the scan at `now` did not find; `young` returns the paths changed since a moment. A file that
        has just vanished is postponed, too: a program that saves through a temporary name removes the file for an instant, and a
        rename makes it appear elsewhere. Changes that may be later than such a removal are postponed as well.
        """
        self._signatures = {name: signature_at(self._root / name) for name in SETTINGS_FILES}
        self._missing_files.update((*missing, *(name for name, stamp in self._signatures.items() if stamp is None)), now)
        moment = self._missing_files.last_certain_time(now - quiet)
        found = self._missing_files.missing_since(moment) | young(moment)
        found |= {name for name, stamp in self._signatures.items() if is_changed_since(stamp, moment)}
        return self._postponed_files.select({*found, WHOLE_SCAN} if found else (), now)

    def are_settings_changing(self, now: datetime, *, were_read: bool) -> bool:
        """Return whether settings that were read (`were_read`) changed since the scan, so that using them must be postponed.

        Editions would otherwise show these settings before articles that were saved earlier.
        """
        saved = (name for name, stamp in self._signatures.items() if signature_at(self._root / name) != stamp)
        return bool(self._postponed_settings.select(saved if were_read else (), now))


class _MissingFiles:
    """Vanished files, each with the times of the last scan that found it and the first one that did not."""

    def __init__(self) -> None:
        self._intervals: dict[str, tuple[datetime, datetime]] = {}
        self._previous_scan = _DISTANT_PAST

    def update(self, missing: Iterable[str], now: datetime) -> None:
        """Process the files that are missing at the scan that began `now`. Call at each scan."""
        self._intervals = {path: self._intervals.get(path, (self._previous_scan, now)) for path in missing}
        self._previous_scan = now

    def last_certain_time(self, moment: datetime) -> datetime:
        """Return the latest time up to `moment` at which it is certain which of the missing files existed."""
        for there, away in sorted({*self._intervals.values()}, reverse=True):
            if away > moment:
                moment = min(moment, there)
        return moment

    def missing_since(self, moment: datetime) -> frozenset[str]:
        """Return the files that may have vanished after the moment."""
        return frozenset([path for path, (_, away) in self._intervals.items() if away > moment])


class _PostponedFiles:
    """Paths that are postponed while they change, but for three seconds at most, even if they change without pause."""

    def __init__(self) -> None:
        self._first_seen: dict[str, tuple[datetime, int]] = {}  # time, and number of scans since then

    def select(self, young: Iterable[str], now: datetime) -> frozenset[str]:
        """Return those `young` (just changed) paths that are still to be postponed. Call at each scan with all of them."""
        known = {path: self._first_seen.get(path, (now, 0)) for path in young}
        self._first_seen = {path: (since, looks + 1) for path, (since, looks) in known.items()}
        return frozenset(path for path, (since, looks) in known.items() if _is_postponed(abs(now - since), looks))


def _is_postponed(waited: timedelta, looks: int) -> bool:
    return waited < _MIN_DELAY or (looks < _MIN_SCANS and waited < _MAX_DELAY)
