"""A file's stamp, which moves when its bytes do."""

from __future__ import annotations

import os
from datetime import datetime
from math import inf
from pathlib import Path
from struct import Struct
from typing import Final

NO_MOMENT: Final = inf  # nanoseconds; nothing changed after it


# A file's size, two times in nanoseconds since 1970 and its inode: whatever replaces or rewrites a file moves one of them.
# In one piece, since there are as many as files.
Stamp = bytes
_PACKED: Final = Struct("<qqqQ")

NOTHING: Final[Stamp] = bytes(_PACKED.size)  # a link to nothing or to itself, or a file gone while its folder was listed


def stamp_of(status: os.stat_result) -> Stamp:
    return _PACKED.pack(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def changed_at(stamp: Stamp) -> int:
    """When the file was written or replaced last, in nanoseconds since 1970."""
    return int(_PACKED.unpack(stamp)[2])


def size_of(stamp: Stamp) -> int:
    return int(_PACKED.unpack(stamp)[0])


def stamp_at(path: Path) -> Stamp | None:
    """A file's stamp, through symbolic links; None if there is nothing that could be read."""
    try:
        return stamp_of(os.stat(path))
    except (OSError, ValueError):
        return None


def written(stamp: Stamp) -> tuple[int, int]:
    """Return a file's size, and when its bytes were written last; a later replacement of its name changes neither."""
    size, time, _, _ = _PACKED.unpack(stamp)
    return size, time


def since_1970(moment: datetime) -> float:
    """As `changed_at` counts."""
    return moment.timestamp() * 1e9


def is_younger(stamp: Stamp | None, moment: datetime) -> bool:
    return stamp is not None and changed_at(stamp) > since_1970(moment)
