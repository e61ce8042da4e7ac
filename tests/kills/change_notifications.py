"""Wait for inotify events of folders one by one and without delay, so that a kill can interrupt a write."""

from __future__ import annotations

import ctypes
import os
import select
import struct
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Self

_EVENT_MASK: Final = 0x002 | 0x004 | 0x008 | 0x040 | 0x080 | 0x100 | 0x200  # modify, attributes, close, move, create, delete
_EVENT_STRUCT: Final = struct.Struct("iIII")
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


class FolderEvents:
    """The inotify events of these folders and all folders below them that exist now. A context manager."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._descriptor: int = _LIBC.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        assert self._descriptor >= 0, os.strerror(ctypes.get_errno())
        for top in folders:
            for folder, _, _ in os.walk(top):
                _LIBC.inotify_add_watch(self._descriptor, os.fsencode(folder), _EVENT_MASK)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def wait(self, number: int, seconds: float) -> bool:
        """Wait for `number` events; return False if they do not occur within `seconds`."""
        deadline = time.monotonic() + seconds
        while number > 0:
            if not select.select([self._descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
                return False
            number -= self._count_available_events()
        return True

    def _count_available_events(self) -> int:
        data, count, offset = os.read(self._descriptor, 65_536), 0, 0
        while offset < len(data):
            offset += _EVENT_STRUCT.size + _EVENT_STRUCT.unpack_from(data, offset)[3]
            count += 1
        return count
