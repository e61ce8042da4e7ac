"""A number beside the file of records that grows with it: a file that was put back to an earlier day is noticed.

Such a file is sound, but an article that was withdrawn since would come back with its last valid version. It happens if the log
of changes that SQLite keeps is lost, or an older copy of the file takes its place.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from feedsvc.support.checksummed_tables import Seal
from feedsvc.support.state_folder import is_file, locked, set_aside

_LINE: Final = re.compile(rb"([0-9]{20}) ([0-9]{20})\n")
_LENGTH: Final = 42  # bytes: each number is written over the one before


class Generation:
    """The number that lies beside a file; `file` None remembers nothing."""

    def __init__(self, file: Path | None) -> None:
        self._path = file.with_name(f"{file.name}-generation") if file else None

    def last(self, seal: Seal) -> int:
        """Return the last number; 0 if there is none, or it is damaged."""
        with suppress(OSError):
            if self._path and is_file(self._path):
                found = _LINE.fullmatch(self._path.read_bytes()[: _LENGTH + 1])
                return int(found[1]) if found and seal.open((int(found[1]), int(found[2]))) else 0
        return 0

    def note(self, number: int, seal: Seal) -> None:
        """Write a number that has come into the file. A disk that refuses costs the notice, nothing else."""
        if self._path is None:
            return
        with suppress(OSError):
            if is_file(self._path) is False:
                with locked(self._path.parent):
                    set_aside(self._path)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                os.pwrite(descriptor, b"%020d %020d\n" % seal.seal(number), 0)
                if os.fstat(descriptor).st_size != _LENGTH:
                    os.ftruncate(descriptor, _LENGTH)
            finally:
                os.close(descriptor)
