"""Control of garbage collector and heap: skip long-lived data in collections, return free memory to the system."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress


def trim_heap() -> None:
    """Return free memory to the system, after work that needed much of it (malloc_trim(3), if the C library has it)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def freeze_heap() -> None:
    """Move all objects to the permanent generation, which collections skip, and enable the collector.

    `__main__.program` has disabled the collector. Call this once long-lived data has been built, because the collector's pauses
    would grow with that data, and before pages are rendered, because rendering leaves reference cycles. Objects that are garbage
    at that moment are never freed, and their open files never closed, so this is for programs, not for libraries.
    """
    gc.freeze()
    gc.enable()


def leak_on_exit(value: object) -> None:
    """Never deallocate an object, not even when the interpreter exits: deallocating a large one would delay the exit."""
    with suppress(AttributeError):  # an interpreter without C reference counts
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(value))
