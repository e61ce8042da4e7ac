"""File signatures: size, mtime, ctime and inode of a file, to detect changes of its bytes without reading it.

Two changes within one tick of the file system's clock may leave the same signature.
"""

from __future__ import annotations

import os
from datetime import datetime
from math import inf
from pathlib import Path
from struct import Struct
from typing import Final

NEVER: Final = inf  # nanoseconds since 1970, later than every change


# Size in bytes, mtime and ctime in nanoseconds since 1970, and inode. Rewriting or replacing a file changes at least one.
# They are packed into one bytes object to save memory, because each file has a signature.
FileSignature = bytes
_FORMAT: Final = Struct("<qqqQ")
SIGNATURE_SIZE: Final = _FORMAT.size  # bytes
_MAX_INODE: Final = 2**64 - 1  # some file systems of Windows have longer numbers, of which the end is enough

MISSING: Final[FileSignature] = bytes(SIGNATURE_SIZE)  # of a dangling or circular link, or a file deleted during the scan


def signature_of(status: os.stat_result) -> FileSignature:
    return _FORMAT.pack(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino & _MAX_INODE)


def change_time(signature: FileSignature) -> int:
    """Return the ctime in nanoseconds since 1970: when the file was last written, replaced, renamed or given new permissions.

    The result is 0 for `MISSING`.
    """
    return int(_FORMAT.unpack(signature)[2])


def size_of(signature: FileSignature) -> int:
    """Return the size of the file in bytes; 0 for `MISSING`."""
    return int(_FORMAT.unpack(signature)[0])


def signature_at(path: Path) -> FileSignature | None:
    """Return the signature of the file to which a path leads, also by symbolic links; None if stat(2) fails."""
    try:
        return signature_of(os.stat(path))
    except (OSError, ValueError):
        return None


def has_signature(path: Path, signature: FileSignature) -> bool:
    """Return whether the file at a path still has the signature of an earlier scan, `MISSING` if it is still missing."""
    return (signature_at(path) or MISSING) == signature


def size_and_mtime(signature: FileSignature) -> tuple[int, int]:
    """Return size in bytes and mtime in nanoseconds since 1970, to detect changes of the content of an open file.

    The ctime is not suitable, because it also changes if another file replaces the open one at its path.
    """
    size, time, _, _ = _FORMAT.unpack(signature)
    return size, time


def nanoseconds_since_epoch(moment: datetime) -> float:
    """Convert an aware datetime to nanoseconds since 1970, the unit of `change_time`. The error is below a microsecond."""
    return moment.timestamp() * 1e9


def is_changed_since(signature: FileSignature | None, moment: datetime) -> bool:
    """Return True if the ctime is after `moment`: the file was written, replaced, renamed or given new permissions since.

    Return False for None and `MISSING`.
    """
    return signature is not None and change_time(signature) > nanoseconds_since_epoch(moment)
