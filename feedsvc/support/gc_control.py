"""Control of garbage collector and heap: skip long-lived data in collections, return free memory to the system."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

_FREEZES: Final[list[None]] = []  # one item per freeze in effect; gc.get_freeze_count() would walk through all frozen objects


@contextmanager
def paused() -> Iterator[None]:
    """Pause the collector while much long-lived data is built, then move that data to the oldest generation.

    Otherwise the next collection of the young generation would scan all of it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if not _FREEZES:
                gc.freeze()
                gc.unfreeze()  # moves everything into the oldest generation
            gc.enable()


@contextmanager
def frozen() -> Iterator[None]:
    """Freeze existing objects while forked processes work: a collection in a fork would write to shared memory and so copy it."""
    gc.freeze()
    _FREEZES.append(None)
    try:
        yield
    finally:
        _FREEZES.pop()
        if not _FREEZES:
            gc.unfreeze()


def trim_heap() -> None:
    """Return free memory to the system, after work that needed much of it (malloc_trim(3), if the C library has it)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def freeze_heap() -> None:
    """Move all objects to the permanent generation, which collections skip. Call it once long-lived data has been built.

    Otherwise the collector's pauses would grow with that data. Call it only after all of that data was built: full collections
    run more often if fewer objects are not frozen. Objects that are garbage at that moment are never freed, and their open files
    never closed, so this is for programs, not for libraries.
    """
    gc.freeze()
    _FREEZES.append(None)


def leak_on_exit(value: object) -> None:
    """Never deallocate an object, not even when the interpreter exits: deallocating a large one would delay the exit."""
    with suppress(AttributeError):  # an interpreter without C reference counts
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))
