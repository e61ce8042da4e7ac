"""Damaged file of tokens: it is set aside under another name, and never deleted or replaced."""

from __future__ import annotations

import logging
import os
import re
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from feedsvc.database import UnavailableError
from feedsvc.support.file_lock import folder_lock
from feedsvc.support.state_folder import DAMAGED_SUFFIX

FileVersion = tuple[int, int, int, int]  # device, inode, size, modification time in nanoseconds

_SUFFIXES: Final = ("", "-wal", "-shm", "-journal")  # of the files that SQLite adds
_MIN_AGE: Final = 2.0  # seconds for which a damaged file must not change before it is set aside
_LOG: Final = logging.getLogger(__name__)


class TokensDamagedError(UnavailableError):
    """Error: the tokens are damaged. They stay unavailable until the operator puts a backup in their place or begins anew."""


class DamagedFile:
    """Damage of one file. A report renames the file if it did not change since another report at least 2 seconds before.

    So a backup that is still being copied to its place is not renamed.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._reported: FileVersion | None = None
        self._reported_at = 0.0

    def report(self, version: FileVersion | None, reason: str) -> TokensDamagedError:
        """Report damage of the file, whose `file_version` is `version` (None: unknown). Return the error to raise.

        Rename the file if an earlier report, at least 2 seconds before, was of the same version, and the file still has it.
        """
        now = time.monotonic()
        if version is None or version != self._reported:
            self._reported, self._reported_at = version, now
        elif now - self._reported_at >= _MIN_AGE:
            with suppress(OSError):
                self._set_aside(version, reason)
        return self.error(reason)

    def error(self, reason: str = "") -> TokensDamagedError:
        """Return the error for the operator, which says where the damaged file is and what to do.

        `reason` is a description of the damage, "" if it is not known any more.
        """
        file, copies = self._file, damaged_copies(self._file)
        because = f" ({reason})" if reason else ""
        if file_version(file) or not copies:
            advice = f"you stop feedsvc, move it out of its folder and rename a backup to {file.name}"
            return TokensDamagedError(
                f"the tokens of private feeds in {file} are damaged{because}; private feeds answer with status 503 until {advice}"
            )
        return TokensDamagedError(
            f"the tokens of private feeds in {file} were damaged{because}; the file is kept as {copies[-1].name}, and private "
            f"feeds answer with status 503 until you rename a backup to {file.name}, or move {file.name}{DAMAGED_SUFFIX}* to "
            "another folder and make new tokens with feedsvc token add"
        )

    def _set_aside(self, version: FileVersion, reason: str) -> None:
        """Rename the file and those that SQLite adds to it, unless another process has renamed or replaced it. Raises OSError."""
        with folder_lock(self._file.parent):
            if file_version(self._file) != version:
                return
            target = _free_name(self._file)
            for suffix in _SUFFIXES:
                with suppress(FileNotFoundError):
                    os.rename(f"{self._file}{suffix}", f"{target}{suffix}")
        _LOG.warning("feedsvc: %s was damaged: %s; it is kept as %s", self._file, reason, target.name)


def file_version(file: Path) -> FileVersion | None:
    """Return a value that changes when the file is written or replaced; None if there is no such file or it cannot be read."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def damaged_copies(file: Path) -> list[Path]:
    """Return the paths in its folder under which damaged versions of `file` were set aside, sorted by number.

    They are NAME.damaged, NAME.damaged-2, NAME.damaged-3, ...; the last is the newest unless one of them was moved away.
    """
    return [path for _, path in _numbered_copies(file)]


def _numbered_copies(file: Path) -> list[tuple[int, Path]]:
    pattern = re.compile(rf"{re.escape(file.name)}{re.escape(DAMAGED_SUFFIX)}(?:-(?P<number>[0-9]+))?")
    matches = [(match, path) for path in file.parent.glob("*") if (match := pattern.fullmatch(path.name))]
    return sorted((int(match["number"] or 1), path) for match, path in matches)


def _free_name(file: Path) -> Path:
    """Return the first free path after the last copy, of NAME.damaged, NAME.damaged-2, ...; with the suffixes of SQLite, too."""
    first = file.with_name(f"{file.name}{DAMAGED_SUFFIX}")
    copies = _numbered_copies(file)  # the first ones may have been moved away
    numbers = count(copies[-1][0] + 1 if copies else 1)
    names = (first if number == 1 else first.with_name(f"{first.name}-{number}") for number in numbers)
    return next(name for name in names if not any(os.path.lexists(f"{name}{suffix}") for suffix in _SUFFIXES))
