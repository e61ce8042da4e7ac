"""Advisory locks on open files and folders (flock). The kernel releases them when their process ends, even by SIGKILL.

A lock belongs to the open file: it is held until every copy of the descriptor is closed, in forked processes, too.
Windows has no such locks. Only `folder_lock` works there, because editors need no other lock.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from feedsvc.support.digest import sha256
from feedsvc.support.posix import HAS_FILE_LOCKS, fcntl, flags

_RETRY_DELAY: Final = 0.05  # seconds between two attempts to lock a folder on Windows


def lock(descriptor: int, *, waits: bool = True) -> bool:
    """Take the lock on an open file; return whether it was taken, which is False only if another process has it and not `waits`.

    Raises OSError if the file cannot be locked, as on a file system without locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold the lock on a folder; other processes, and other threads of this one, wait for it. Not re-entrant.

    The lock is on the folder itself: there is no lock file that could be damaged or deleted. On a file system without locks
    nothing is locked. Raises OSError if there is no such folder. Windows cannot lock folders: there, a file in the folder for
    temporary files, with a name made from the path of `folder`, is locked.
    """
    if not HAS_FILE_LOCKS:
        with _lock_file_of(folder):
            yield
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            lock(descriptor)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _lock_file_of(folder: Path) -> Iterator[None]:
    """Hold the lock of Windows on the lock file of a folder. Closing the file releases it, as the end of the process does.

    Raises OSError if there is no such folder. On a system other than Windows, nothing is locked.
    """
    os.listdir(folder)  # an error if there is no such folder
    try:
        import msvcrt  # noqa: PLC0415 - only Windows has it
    except ImportError:
        yield
        return
    name = f"feedsvc-{sha256(os.fsencode(os.path.realpath(folder))).hex()[:16]}.lock"
    descriptor = os.open(os.path.join(tempfile.gettempdir(), name), flags("O_RDWR", "O_CREAT", "O_NOINHERIT"))
    try:
        while not _try_lock_on_windows(msvcrt, descriptor):
            time.sleep(_RETRY_DELAY)
        yield
    finally:
        os.close(descriptor)


def _try_lock_on_windows(msvcrt: Any, descriptor: int) -> bool:
    with suppress(OSError):
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        return True
    return False


class FileLock:
    """Exclusive lock on a file, from `acquire` to `release`. `open_file` opens the file and returns its descriptor."""

    def __init__(self, open_file: Callable[[], int]) -> None:
        self._open_file = open_file
        self._descriptor = -1

    @property
    def is_held(self) -> bool:
        return self._descriptor >= 0

    def acquire(self) -> bool:
        """Take the lock without waiting, unless this object has it already; return whether this object has it now.

        Raises OSError if the file cannot be opened or locked.
        """
        if not self.is_held:
            descriptor = self._open_file()
            try:
                if lock(descriptor, waits=False):
                    self._descriptor = descriptor
            finally:
                if not self.is_held:
                    os.close(descriptor)
        return self.is_held

    def release(self) -> None:
        """Release the lock. Does nothing if it is not held."""
        if self.is_held:
            os.close(self._descriptor)
            self._descriptor = -1
