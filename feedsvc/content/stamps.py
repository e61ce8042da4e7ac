"""A file's stamp, which moves when its bytes do; and what is so young that it may be half written."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from struct import Struct
from typing import Final

NO_MOMENT: Final = inf  # nanoseconds; nothing changed after it
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_PATIENCE: Final = timedelta(seconds=1)


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


def inode_of(stamp: Stamp) -> int:
    return int(_PACKED.unpack(stamp)[3])


def stamp_at(path: Path) -> Stamp | None:
    """A file's stamp, through symbolic links; None if there is nothing that could be read."""
    try:
        return stamp_of(os.stat(path))
    except (OSError, ValueError):
        return None


def since_1970(moment: datetime) -> float:
    """As `changed_at` counts."""
    return moment.timestamp() * 1e9


def is_younger(stamp: Stamp | None, moment: datetime) -> bool:
    return stamp is not None and changed_at(stamp) > since_1970(moment)


class Losses:
    """What is not there any more. When it went nothing tells, but that it was there at one look and not at the next."""

    def __init__(self) -> None:
        self._missed: dict[str, tuple[datetime, datetime]] = {}
        self._before = LONG_AGO

    def note(self, missing: Iterable[str], now: datetime) -> None:
        """To be told at each look, which began `now`, all that somebody misses still."""
        self._missed = {path: self._missed.get(path, (self._before, now)) for path in missing}
        self._before = now

    def certain(self, moment: datetime) -> datetime:
        """The latest moment up to this one of which it is known what was there."""
        for there, away in sorted({*self._missed.values()}, reverse=True):
            if away > moment:
                moment = min(moment, there)
        return moment

    def since(self, moment: datetime) -> frozenset[str]:
        """What may have gone later."""
        return frozenset([path for path, (_, away) in self._missed.items() if away > moment])


class Waiting:
    """What is left alone while somebody writes it, but not for ever: who writes without a pause is read as he is."""

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}

    def among(self, young: Iterable[str], now: datetime) -> frozenset[str]:
        """Those to leave for the next time."""
        self._since = {path: self._since.get(path, now) for path in young}
        return frozenset(path for path, since in self._since.items() if abs(now - since) < _PATIENCE)
