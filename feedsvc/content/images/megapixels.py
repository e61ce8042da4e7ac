"""Machine-wide limit on the megapixels that all processes decode at the same time, by record locks on one file.

POSIX record locks (fcntl(2), F_SETLK) belong to a process: kill -9 releases them, and a forked child does not inherit them.
They lock single bytes, so that a process can reserve a number of them. The locks of support/file_lock.py lock whole files.
"""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from feedsvc.content.images.header import MAX_DECODER_MEMORY
from feedsvc.support.posix import fcntl, flags

MAX_MEGAPIXELS: Final = 90  # limit for all processes of a machine; each megapixel is one lockable byte of the file
_QUEUE_BYTE: Final = MAX_MEGAPIXELS  # byte locked by the process that is first in the queue
_RETRY_DELAY: Final = 0.02  # seconds between two attempts
_LOCK_FILE_NAME: Final = "feedsvc-megapixels.lock"
_OPEN_FLAGS: Final = flags("O_RDWR", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK")
_LOCK_FILE_MODE: Final = 0o666


def open_lock_file(fallback: str) -> int:
    """Open or create the lock file in the folder for temporary files, else the one at `fallback`; return its descriptor.

    The folder of `fallback` is created if it is missing. All processes that use the same file share the limit. Raises OSError
    if neither file can be opened.
    """
    with suppress(OSError):
        return _open_or_create(os.path.join(tempfile.gettempdir(), _LOCK_FILE_NAME))
    os.makedirs(os.path.dirname(fallback), exist_ok=True)
    return _open_or_create(fallback)


def _open_or_create(path: str) -> int:
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except FileNotFoundError:
        descriptor = os.open(path, _OPEN_FLAGS | os.O_CREAT, _LOCK_FILE_MODE)
        with suppress(OSError):  # another user created it meanwhile
            os.fchmod(descriptor, _LOCK_FILE_MODE)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileExistsError(path)
    return descriptor


def lock_units(pixels: int, memory: int) -> int:
    """Return how many megapixels, 1 to MAX_MEGAPIXELS, to reserve for an image with `pixels` that takes `memory` bytes.

    Its megapixels, and MAX_MEGAPIXELS times its share of MAX_DECODER_MEMORY, are both rounded up. The result is the larger one,
    at most MAX_MEGAPIXELS.
    """
    share = -(-memory * MAX_MEGAPIXELS // MAX_DECODER_MEMORY)
    return max(1, min(MAX_MEGAPIXELS, max(-(-pixels // 1_000_000), share)))


@contextmanager
def reserve(descriptor: int, count: int) -> Iterator[None]:
    """Wait, without a timeout, until `count` megapixels are free, and reserve them within the `with` block.

    `descriptor` is from `open_lock_file`, `count` at most MAX_MEGAPIXELS. Only one process at a time collects megapixels, and
    the others wait, so that small images do not delay a large one for ever. Threads of one process do not exclude one another.
    """
    fcntl.lockf(descriptor, fcntl.LOCK_EX, 1, _QUEUE_BYTE)
    try:
        units = _acquire_units(descriptor, count)
    finally:
        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, _QUEUE_BYTE)
    try:
        yield
    finally:
        for unit in units:
            fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, unit)


def _acquire_units(descriptor: int, count: int) -> list[int]:
    units: list[int] = []
    while True:
        for unit in range(MAX_MEGAPIXELS):
            if len(units) == count:
                return units
            if unit not in units and _try_lock(descriptor, unit):
                units.append(unit)
        time.sleep(_RETRY_DELAY)


def _try_lock(descriptor: int, unit: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, unit)
    except (BlockingIOError, PermissionError):  # EAGAIN or EACCES; POSIX allows both
        return False
    return True
