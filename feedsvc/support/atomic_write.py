"""A file replaced whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

# Hidden, so that nobody who reads the folder takes it for an article.
PREFIX: Final = ".feedsvc-stamp-"


class ChangedError(Exception):
    """Somebody else wrote the file meanwhile."""


def replace(path: Path, before: bytes, after: bytes) -> None:
    """Put `after` in the place of `before`; a symbolic link stays, its target is replaced.

    Mode, owner and extended attributes are kept as far as the system lets us. Raises ChangedError if the file does not
    hold `before` any more, OSError if it cannot be written; then it is as it was.
    """
    real = os.path.realpath(path)
    if not os.access(real, os.W_OK) or not os.stat(real).st_mode & 0o222:
        raise PermissionError(0, "it is read-only")
    folder = os.path.dirname(real)
    descriptor, temporary = tempfile.mkstemp(prefix=PREFIX, dir=folder)
    try:
        with open(descriptor, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(after)
            file.flush()
            _dress(real, temporary)
            os.fsync(file.fileno())
            _swap(real, temporary, before)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _settle(folder)


def _dress(real: str, temporary: str) -> None:
    """Looks like the file it replaces, but for the time of its last change."""
    status = os.stat(real)
    with suppress(OSError):
        os.chown(temporary, status.st_uid, status.st_gid)
    shutil.copystat(real, temporary)
    os.utime(temporary)


def _swap(real: str, temporary: str, before: bytes) -> None:
    with open(real, "rb") as file:
        if file.read() != before:
            raise ChangedError
    os.replace(temporary, real)


def _settle(folder: str) -> None:
    """Make the new name last through a power cut, where the file system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sweep(folders: Iterable[str]) -> None:
    """Remove what a killed process left in these folders; what a living one is writing is locked and stays."""
    for folder in folders:
        with suppress(OSError):
            for name in os.listdir(folder):
                if name.startswith(PREFIX):
                    _remove(os.path.join(folder, name))


def _remove(path: str) -> None:
    with suppress(OSError), open(path, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)
