"""Advisory locks on open files and folders (flock). The kernel releases them when their process ends, even by SIGKILL.

A lock belongs to the open file: it is held until every copy of the descriptor is closed, in forked processes, too.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def lock(descriptor: int, *, is_shared: bool = False, is_optional: bool = False) -> None:
    """Wait for the lock on an open file. A shared lock excludes only exclusive ones.

    Raises OSError if the file system has no locks; if the lock `is_optional`, returns without it.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX)
    except OSError:
        if not is_optional:
            raise


def try_lock(descriptor: int, *, is_shared: bool = False, is_optional: bool = False) -> bool:
    """Take the lock on an open file as `lock` does. Return False instead of waiting for another thread or process.

    If the file system has no locks and the lock `is_optional`, return True.
    """
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        if not is_optional:
            raise
    return True


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold the lock on a folder; other processes, and other threads of this one, wait for it. Not re-entrant.

    The lock is on the folder itself: there is no lock file that could be damaged or deleted. On a file system without locks
    nothing is locked. Raises OSError if there is no such folder.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        lock(descriptor, is_optional=True)
        yield
    finally:
        os.close(descriptor)


class FileLock:
    """Exclusive lock that one object takes and another method releases later. `open_file` opens the file to lock."""

    def __init__(self, open_file: Callable[[], int]) -> None:
        self._open_file = open_file
        self._descriptor = -1

    @property
    def is_held(self) -> bool:
        return self._descriptor >= 0

    def acquire(self) -> bool:
        """Try to take the lock without waiting; return whether it is held. Raises OSError if the file is unusable."""
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
