"""Whose turn it is: of all processes with one state folder, one announces."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from feedsvc.support.state_folder import open_lock


class Turn:
    """A lock on a file that ends with its process, however that ends."""

    def __init__(self, file: Path) -> None:
        self._path = file
        self._file = -1

    @property
    def mine(self) -> bool:
        return self._file >= 0

    def take(self) -> bool:
        """Whether it is this process's turn now. Raises OSError if the file cannot be used."""
        if self.mine:
            return True
        file = open_lock(self._path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        except OSError:
            os.close(file)
            raise
        self._file = file
        return True

    def give(self) -> None:
        if self.mine:
            os.close(self._file)
            self._file = -1
