"""Store of theme verdicts (ThemeVerdict) in the state folder, so that each theme has its trial once on a machine.

Each verdict is a file with a line of JSON and a line with its checksum, written under a temporary name and then renamed. A
damaged file counts as missing. A lock file in the same folder lets one process try a theme while others wait for its result.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from feedsvc.errors import Problem
from feedsvc.pages.theme_check import ThemeVerdict, TrialCancelledError
from feedsvc.support.alerts import Alerts, unwritable_message
from feedsvc.support.digest import blake2b
from feedsvc.support.file_lock import try_lock
from feedsvc.support.state_folder import ensure_folder, is_file, open_lock_file, replace_file

_MAX_FILES: Final = 100  # files
_POLL_INTERVAL: Final = 0.02  # seconds
_LOCK_TIMEOUT: Final = 180.0  # seconds to wait for another process
_ALERT_NAME: Final = "themes"
_CONSEQUENCE: Final = "until then, each start repeats the trial of the theme"


class VerdictStore:
    """Store of verdicts. Safe in threads and processes. If `folder` is None, it stores them in memory only."""

    def __init__(self, folder: Path | None = None, alerts: Alerts | None = None) -> None:
        self._folder, self._alerts = folder, alerts or Alerts()
        self._verdicts: dict[str, ThemeVerdict] = {}

    def find(self, key: str) -> ThemeVerdict | None:
        """Return the verdict stored under a key, a digest of templates and versions; None if none is stored or it is damaged.

        A verdict that was read once stays in memory.
        """
        verdict = self._verdicts.get(key) or self._read(key)
        if verdict:
            self._verdicts[key] = verdict
        return verdict

    def add(self, key: str, verdict: ThemeVerdict) -> None:
        """Store a verdict in memory and, if there is a folder, on disk.

        If the folder cannot be written, raise an alert, not an exception; the next successful write clears it. Only the newest
        _MAX_FILES files are kept.
        """
        self._verdicts[key] = verdict
        if not self._folder:
            return
        fields = {
            "problems": {path: asdict(problem) for path, problem in verdict.problems.items()},
            "newest": verdict.articles_digest,
        }
        text = json.dumps({"key": key, **fields})
        try:
            ensure_folder(self._folder)
            replace_file(self._folder / f"{key}.json", f"{text}\n{blake2b(text).hex()}\n".encode())
            _prune(self._folder)
            self._alerts.clear(_ALERT_NAME)
        except OSError as error:
            message = unwritable_message("the result of a theme's trial", self._folder, error.strerror, _CONSEQUENCE)
            self._alerts.raise_alert(_ALERT_NAME, message, "results of themes' trials are written again")

    def discard_from_memory(self, key: str) -> None:
        """Discard a verdict in memory, so that `find` reads the file again: another process may have replaced it."""
        self._verdicts.pop(key, None)

    @contextmanager
    def exclusive_lock(self, is_cancelled: Callable[[], bool]) -> Iterator[None]:
        """Hold the store's lock file in the `with` block. Waits for other processes and threads that hold it.

        The block runs without the lock if the store has no folder (`folder` is None), if the file cannot be opened or locked,
        or after a wait of _LOCK_TIMEOUT seconds. Raises TrialCancelledError if `is_cancelled` returns True during the wait.
        """
        descriptor = self._open_lock()
        try:
            end = time.monotonic() + _LOCK_TIMEOUT
            while descriptor is not None and not try_lock(descriptor, is_optional=True) and time.monotonic() < end:
                if is_cancelled():
                    raise TrialCancelledError
                time.sleep(_POLL_INTERVAL)
            yield
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _open_lock(self) -> int | None:
        if not self._folder:
            return None
        with suppress(OSError):
            ensure_folder(self._folder)
            return open_lock_file(self._folder / "lock")
        return None

    def _read(self, key: str) -> ThemeVerdict | None:
        if not self._folder:
            return None
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            file = self._folder / f"{key}.json"
            if not is_file(file):
                return None
            text, checksum, _ = file.read_bytes().decode().split("\n")
            data = json.loads(text) if checksum == blake2b(text).hex() else {}
            if data.get("key") == key:
                return ThemeVerdict(
                    problems={path: Problem(**fields) for path, fields in data["problems"].items()},
                    articles_digest=data["newest"],
                )
        return None


def _prune(folder: Path) -> None:
    """Remove the oldest files, except the lock file, until _MAX_FILES others remain. Errors are ignored.

    Temporary files of killed processes count, too.
    """
    with suppress(OSError):
        files = sorted(((file.stat().st_mtime, file) for file in folder.iterdir() if file.name != "lock"), reverse=True)
        for _, file in files[_MAX_FILES:]:
            file.unlink(missing_ok=True)
