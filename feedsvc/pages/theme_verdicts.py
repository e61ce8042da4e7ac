"""The results of themes' trials, kept in the state folder: each theme is tried once on a machine.

A file for each: one line of JSON and one with its checksum, written aside and moved into place. A file that is damaged counts as
missing. A lock in the same folder lets one process try while others wait for its result.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Final

from feedsvc.errors import Problem
from feedsvc.pages.theme_check import CancelledError, Verdict
from feedsvc.support.alerts import Troubles, unwritable
from feedsvc.support.state_folder import folder_at, is_file, open_lock, replace_file, try_lock

_MOST: Final = 100  # files
_POLL: Final = 0.02  # seconds
_LONGEST: Final = 180.0  # seconds to wait for another process
_TROUBLE: Final = "themes"
_MEANWHILE: Final = "themes are tried again at each start"


class Verdicts:
    """Safe in threads and processes. `folder` None keeps them in memory only."""

    def __init__(self, folder: Path | None = None, troubles: Troubles | None = None) -> None:
        self._folder, self._troubles = folder, troubles or Troubles()
        self._known: dict[str, Verdict] = {}

    def find(self, key: str) -> Verdict | None:
        """The verdict on the theme, version and libraries that a key stands for."""
        found = self._known.get(key) or self._read(key)
        if found:
            self._known[key] = found
        return found

    def add(self, key: str, verdict: Verdict) -> None:
        """Remember a verdict, if the folder can be written over restarts; else that is a trouble."""
        self._known[key] = verdict
        if not self._folder:
            return
        facts = {"problems": {path: asdict(problem) for path, problem in verdict.problems.items()}, "newest": verdict.newest}
        text = json.dumps({"key": key, **facts})
        try:
            folder_at(self._folder)
            replace_file(self._folder / f"{key}.json", f"{text}\n{_checksum(text)}\n".encode())
            _prune(self._folder)
            self._troubles.end(_TROUBLE)
        except OSError as error:
            sentence = unwritable("the result of a theme's trial", self._folder, error.strerror, _MEANWHILE)
            self._troubles.come(_TROUBLE, sentence, "results of themes' trials are written again")

    def forget(self, key: str) -> None:
        """Make room for a new trial of the same theme."""
        self._known.pop(key, None)

    @contextmanager
    def alone(self, is_cancelled: Callable[[], bool]) -> Iterator[None]:
        """Hold the lock that one process on this machine can have, where there is one. Raises CancelledError."""
        descriptor = self._open()
        try:
            end = time.monotonic() + _LONGEST
            while descriptor is not None and not try_lock(descriptor) and time.monotonic() < end:
                if is_cancelled():
                    raise CancelledError
                time.sleep(_POLL)
            yield
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _open(self) -> int | None:
        if not self._folder:
            return None
        with suppress(OSError):
            folder_at(self._folder)
            return open_lock(self._folder / "lock")
        return None

    def _read(self, key: str) -> Verdict | None:
        if not self._folder:
            return None
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            file = self._folder / f"{key}.json"
            if not is_file(file):
                return None
            text, checksum, _ = file.read_bytes().decode().split("\n")
            read = json.loads(text) if checksum == _checksum(text) else {}
            if read.get("key") == key:
                return Verdict(problems={path: Problem(**one) for path, one in read["problems"].items()}, newest=read["newest"])
        return None


def _checksum(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _prune(folder: Path) -> None:
    """Remove the oldest files above the limit, and those that a killed process left half written."""
    with suppress(OSError):
        files = sorted(((file.stat().st_mtime, file) for file in folder.iterdir() if file.name != "lock"), reverse=True)
        for _, file in files[_MOST:]:
            file.unlink(missing_ok=True)
