"""Control of garbage collector and heap: skip long-lived data in collections, return free memory to the system."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress
from typing import Final

_M_MMAP_THRESHOLD: Final = -3  # mallopt(3), from glibc's malloc.h
_LARGE_BLOCK: Final = 64 * 1024  # bytes; most feeds are larger, most pages smaller


def trim_heap() -> None:
    """Return free memory to the system, after work that needed much of it (malloc_trim(3), if the C library has it)."""
    with suppress(OSError, AttributeError, TypeError):  # TypeError on Windows
        ctypes.CDLL(None).malloc_trim(0)


def return_large_blocks() -> None:
    """Have each new block of 64 kB or more returned to the system as soon as it is freed (mallopt(3), if the C library has it).

    By default, glibc raises that size to the size of blocks that were freed. Bodies of feeds then lie in the heap, and each one
    that is dropped leaves a gap there.
    """
    with suppress(OSError, AttributeError, TypeError):  # TypeError on Windows
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)


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
