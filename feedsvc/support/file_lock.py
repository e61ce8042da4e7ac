"""Advisory locks on open files and folders (flock). The kernel releases them when their process ends, even by SIGKILL.

A lock belongs to the open file: it is held until every copy of the descriptor is closed, in forked processes, too.
Windows has no such locks. Only `folder_lock` works there, because editors need no other lock.
"""

from __future__ import annotations

import errno
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


def lock(descriptor: int, *, is_shared: bool = False, is_optional: bool = False) -> None:
    """Take the lock on an open file, exclusive unless `is_shared`. Wait while another lock excludes it.

    A shared lock excludes only exclusive ones. If the file cannot be locked, as on a file system without locks, return without
    the lock if it `is_optional`, else raise OSError.
    """
    try:
        _flock(descriptor, is_shared=is_shared, waits=True)
    except OSError:
        if not is_optional:
            raise


def try_lock(descriptor: int, *, is_shared: bool = False, is_optional: bool = False) -> bool:
    """Take the lock on an open file, exclusive unless `is_shared`, without waiting; return whether it was taken.

    False if another lock excludes it; a shared lock excludes only exclusive ones. If the file cannot be locked, as on a file
    system without locks, return True if the lock `is_optional`, else raise OSError.
    """
    try:
        _flock(descriptor, is_shared=is_shared, waits=False)
    except BlockingIOError:
        return False
    except OSError:
        if not is_optional:
            raise
    return True


def _flock(descriptor: int, *, is_shared: bool, waits: bool) -> None:
    """Call flock(2). Raises BlockingIOError if another lock excludes it and `waits` is False, OSError if it cannot lock."""
    if not HAS_FILE_LOCKS:
        raise OSError(errno.ENOTSUP, "this system has no file locks")
    fcntl.flock(descriptor, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | (0 if waits else fcntl.LOCK_NB))


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
        lock(descriptor, is_optional=True)
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
                if try_lock(descriptor):
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
