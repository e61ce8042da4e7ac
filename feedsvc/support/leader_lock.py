"""Leader lock: of all processes with the same state folder, only the one that holds the lock notifies hubs."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from feedsvc.support.state_folder import open_lock_file


class LeaderLock:
    """Lock on a file (flock), which the kernel releases when the process ends, even by SIGKILL."""

    def __init__(self, file: Path) -> None:
        self._path = file
        self._descriptor = -1

    @property
    def is_held(self) -> bool:
        return self._descriptor >= 0

    def acquire(self) -> bool:
        """Try to take the lock without waiting; return whether this process holds it. Raises OSError if the file is unusable."""
        if self.is_held:
            return True
        descriptor = open_lock_file(self._path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Release the lock. Does nothing if this process does not hold it."""
        if self.is_held:
            os.close(self._descriptor)
            self._descriptor = -1
