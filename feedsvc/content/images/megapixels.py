"""A machine-wide limit on the megapixels that are decoded at once: record locks on one file, which end with their process.

POSIX record locks (fcntl(2), F_SETLK) belong to a process: kill -9 releases them, a copy made by fork has none.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from feedsvc.content.images.header import MOST_MEMORY

MOST: Final = 90  # megapixels at once on a machine; each is a byte of the file that can be locked
_QUEUE: Final = MOST  # the byte that is locked by the process whose turn it is to wait
_PAUSE: Final = 0.02  # seconds between two tries
_NAME: Final = "feedsvc-megapixels.lock"
_FLAGS: Final = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_EVERYBODY: Final = 0o666


def opened(fallback: str) -> int:
    """Open the file that all services on this machine lock, in the folder for temporary files; else the one at `fallback`.

    The services that share that folder share the limit. Raises OSError if neither can be opened.
    """
    with suppress(OSError):
        return _opened(os.path.join(tempfile.gettempdir(), _NAME))
    os.makedirs(os.path.dirname(fallback), exist_ok=True)
    return _opened(fallback)


def _opened(path: str) -> int:
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        descriptor = os.open(path, _FLAGS | os.O_CREAT, _EVERYBODY)
        with suppress(OSError):  # another user's, made just now
            os.fchmod(descriptor, _EVERYBODY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileExistsError(path)
    return descriptor


def units(pixels: int, memory: int) -> int:
    """Return the megapixels of a picture, rounded up; more, where its decoder takes an unusual share of the memory."""
    share = -(-memory * MOST // MOST_MEMORY)
    return max(1, min(MOST, max(-(-pixels // 1_000_000), share)))


@contextmanager
def held(descriptor: int, count: int) -> Iterator[None]:
    """Wait until `count` megapixels are free, and hold them meanwhile.

    Processes queue for their turn, so that a large picture is not overtaken for ever by small ones.
    """
    fcntl.lockf(descriptor, fcntl.LOCK_EX, 1, _QUEUE)
    try:
        taken = _taken(descriptor, count)
    finally:
        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, _QUEUE)
    try:
        yield
    finally:
        for unit in taken:
            fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, unit)


def _taken(descriptor: int, count: int) -> list[int]:
    taken: list[int] = []
    while True:
        for unit in range(MOST):
            if len(taken) == count:
                return taken
            if unit not in taken and _is_locked(descriptor, unit):
                taken.append(unit)
        time.sleep(_PAUSE)


def _is_locked(descriptor: int, unit: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, unit)
    except (BlockingIOError, PermissionError):  # EAGAIN or EACCES, as POSIX leaves open
        return False
    return True
