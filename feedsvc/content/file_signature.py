"""File signatures: size, times and inode of a file, which differ after each change of its bytes."""

from __future__ import annotations

import os
from datetime import datetime
from math import inf
from pathlib import Path
from struct import Struct
from typing import Final

NEVER: Final = inf  # nanoseconds since 1970, later than every change


# Size in bytes, mtime and ctime in nanoseconds since 1970, and inode. Rewriting or replacing a file changes at least one.
# Packed into one bytes object to save memory, because there is one for each file.
FileSignature = bytes
_FORMAT: Final = Struct("<qqqQ")

MISSING: Final[FileSignature] = bytes(_FORMAT.size)  # a dangling or circular link, or a file deleted during the scan


def signature_of(status: os.stat_result) -> FileSignature:
    return _FORMAT.pack(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def change_time(signature: FileSignature) -> int:
    """Return the time of the last write or replacement of the file (ctime), in nanoseconds since 1970."""
    return int(_FORMAT.unpack(signature)[2])


def size_of(signature: FileSignature) -> int:
    """Return the size of the file in bytes."""
    return int(_FORMAT.unpack(signature)[0])


def signature_at(path: Path) -> FileSignature | None:
    """Return the signature of a file, following symbolic links; None if stat(2) fails or the path is invalid."""
    try:
        return signature_of(os.stat(path))
    except (OSError, ValueError):
        return None


def size_and_mtime(signature: FileSignature) -> tuple[int, int]:
    """Return size in bytes and mtime in nanoseconds since 1970.

    They identify the content of an open file, unlike the ctime: that changes, too, if another file takes the path.
    """
    size, time, _, _ = _FORMAT.unpack(signature)
    return size, time


def nanoseconds_since_epoch(moment: datetime) -> float:
    """Convert a datetime to the unit of `change_time`."""
    return moment.timestamp() * 1e9


def is_changed_since(signature: FileSignature | None, moment: datetime) -> bool:
    """Return True if the file was written or replaced after `moment`; False if there is no signature (`signature` is None)."""
    return signature is not None and change_time(signature) > nanoseconds_since_epoch(moment)
