"""Generation: a number beside the cache file that increases with each write of records or settings, to detect a rollback.

A rolled-back file passes its checksums, but an article withdrawn since would come back with its last valid version. Rollbacks
happen if SQLite's write-ahead log is lost, or if an older copy of the file is restored.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from feedsvc.support.checksummed_tables import RowChecksummer
from feedsvc.support.file_lock import folder_lock
from feedsvc.support.state_folder import is_file, set_aside

_LINE: Final = re.compile(rb"([0-9]{20}) ([0-9]{20})\n")
_LENGTH: Final = 42  # bytes; each number overwrites the previous one


class Generation:
    """Generation of the cache file `file`, in a file NAME-generation beside it. If `file` is None, it is always 0."""

    def __init__(self, file: Path | None) -> None:
        self._path = file.with_name(f"{file.name}-generation") if file else None

    def read(self, checksummer: RowChecksummer) -> int:
        """Return the number written last; 0 if there is no number, it cannot be read, or `checksummer` finds it damaged."""
        with suppress(OSError):
            if self._path and is_file(self._path):
                line = _LINE.fullmatch(self._path.read_bytes()[: _LENGTH + 1])
                return int(line[1]) if line and checksummer.verify((int(line[1]), int(line[2]))) else 0
        return 0

    def write(self, number: int, checksummer: RowChecksummer) -> None:
        """Write a number; call this after it was committed to the cache file.

        Anything else than a regular file at the path is renamed first. Errors of the file system are ignored: after them, a
        rollback may not be detected.
        """
        if self._path is None:
            return
        with suppress(OSError):
            if is_file(self._path) is False:
                with folder_lock(self._path.parent):
                    set_aside(self._path)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                os.pwrite(descriptor, b"%020d %020d\n" % checksummer.add_checksum(number), 0)
                if os.fstat(descriptor).st_size != _LENGTH:
                    os.ftruncate(descriptor, _LENGTH)
            finally:
                os.close(descriptor)
