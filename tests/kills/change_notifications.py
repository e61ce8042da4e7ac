"""The operating system's notices of changes in folders, one by one and without delay: a kill shall come amid a write."""

from __future__ import annotations

import ctypes
import os
import select
import struct
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Self

_EVERYTHING: Final = 0x002 | 0x004 | 0x008 | 0x040 | 0x080 | 0x100 | 0x200  # written, attributes, closed, moved, made, removed
_EVENT: Final = struct.Struct("iIII")
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


class Notices:
    """Of these folders and all that lie in them now. To be left by `with`."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._descriptor: int = _LIBC.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        assert self._descriptor >= 0, os.strerror(ctypes.get_errno())
        for top in folders:
            for folder, _, _ in os.walk(top):
                _LIBC.inotify_add_watch(self._descriptor, os.fsencode(folder), _EVERYTHING)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def wait(self, number: int, seconds: float) -> bool:
        """Until so many have come; False if they have not within the time."""
        end = time.monotonic() + seconds
        while number > 0:
            if not select.select([self._descriptor], [], [], max(0.0, end - time.monotonic()))[0]:
                return False
            number -= self._read()
        return True

    def _read(self) -> int:
        data, count, at = os.read(self._descriptor, 65_536), 0, 0
        while at < len(data):
            at += _EVENT.size + _EVENT.unpack_from(data, at)[3]
            count += 1
        return count
