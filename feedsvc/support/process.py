"""Process functions: garbage collector, heap, and the end with the parent. A function that the system lacks has no effect."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
from contextlib import suppress
from typing import Final

_M_MMAP_THRESHOLD: Final = -3  # mallopt(3), from glibc's malloc.h
_LARGE_BLOCK: Final = 64 * 1024  # bytes; most feeds are larger, most pages smaller
_PR_SET_PDEATHSIG: Final = 1  # <sys/prctl.h>


def trim_heap() -> None:
    """Return free memory to the system, after work that needed much of it (malloc_trim(3))."""
    _call("malloc_trim", 0)


def return_large_blocks() -> None:
    """Have each new block of 64 kB or more returned to the system as soon as it is freed (mallopt(3)).

    By default, glibc raises that size to the size of blocks that were freed. Bodies of feeds then lie in the heap, and each one
    that is dropped leaves a gap there.
    """
    _call("mallopt", _M_MMAP_THRESHOLD, _LARGE_BLOCK)


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


def die_with_parent(parent: int) -> bool:
    """Have the kernel send SIGKILL to this process when its parent ends; return whether the kernel can do so.

    `parent` is the parent's process id, read before the fork. If the kernel can do so, but the parent has ended since, this
    process kills itself. The kernel watches the thread that forked, so fork from the main thread (prctl(2), PR_SET_PDEATHSIG).
    SIGKILL needs no interpreter lock.
    """
    is_set = _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0
    if is_set and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return is_set


def _call(function: str, *arguments: int) -> int:
    """Call a function of the C library, and return its result; -1 if there is no such function."""
    with suppress(OSError, AttributeError, TypeError):  # TypeError on Windows
        return int(ctypes.CDLL(None)[function](*arguments))
    return -1
