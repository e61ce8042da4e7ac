"""Atomic replacement of a file of the content folder: whole or not at all, even if the process is killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

# Hidden, so that a process that reads the folder does not mistake it for an article.
TEMPORARY_PREFIX: Final = ".feedsvc-stamp-"


class FileChangedError(Exception):
    """Raised if another process wrote the file after the caller had read it."""


def replace_if_unchanged(path: Path, before: bytes, after: bytes) -> None:
    """Replace the content `before` of a file by `after`. If `path` is a symbolic link, its target is replaced.

    Mode, owner and extended attributes stay the same as far as the system allows. Raises FileChangedError if the file does not
    contain `before` any more, OSError if it cannot be written; in both cases the file is unchanged.
    """
    target = os.path.realpath(path)
    if not os.access(target, os.W_OK) or not os.stat(target).st_mode & 0o222:
        raise PermissionError(0, "it is read-only")
    folder = os.path.dirname(target)
    descriptor, temporary = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=folder)
    try:
        with open(descriptor, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(after)
            file.flush()
            _copy_metadata(target, temporary)
            os.fsync(file.fileno())
            _rename_if_unchanged(target, temporary, before)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _copy_metadata(target: str, temporary: str) -> None:
    """Copy all metadata of the file to replace, except its modification time."""
    status = os.stat(target)
    with suppress(OSError):
        os.chown(temporary, status.st_uid, status.st_gid)
    shutil.copystat(target, temporary)
    os.utime(temporary)


def _rename_if_unchanged(target: str, temporary: str, before: bytes) -> None:
    with open(target, "rb") as file:
        if file.read() != before:
            raise FileChangedError
    os.replace(temporary, target)


def _sync_folder(folder: str) -> None:
    """Write the folder to disk, so that the rename in it survives a power cut. Errors are ignored."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_temporary_files(folders: Iterable[str]) -> None:
    """Remove temporary files that killed processes left in these folders. Those of running processes are locked and stay."""
    for folder in folders:
        with suppress(OSError):
            for name in os.listdir(folder):
                if name.startswith(TEMPORARY_PREFIX):
                    _remove_unlocked(os.path.join(folder, name))


def _remove_unlocked(path: str) -> None:
    with suppress(OSError), open(path, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)
