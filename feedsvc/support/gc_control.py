"""Memory: the garbage collector does not walk again and again through what only grows; what was borrowed is given back."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

_FROZEN: Final[list[None]] = []  # one for each who wants it so; to ask the collector would take a walk through all that is


@contextmanager
def paused() -> Iterator[None]:
    """While much is made that stays; afterwards it counts as old, or the very next look would go through all of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not _FROZEN:
                gc.freeze()
                gc.unfreeze()  # into the oldest generation
            gc.enable()


@contextmanager
def frozen() -> Iterator[None]:
    """While copies of this process are at work: what they look through for garbage would be copied indeed."""
    gc.freeze()
    _FROZEN.append(None)
    try:
        yield
    finally:
        _FROZEN.pop()
        if not _FROZEN:
            gc.unfreeze()


def give_back() -> None:
    """Return to the system what much work at once left free (malloc_trim(3), where the C library has it)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def settle() -> None:
    """Whenever a process has made much that it lives with: it is not looked through again, or pauses would be its size.

    To be said of all of it: of what is left the collector looks through everything the sooner, the less else it sees.
    What is garbage by then stays, files that it holds open included; so this is for programs, not for parts of them.
    """
    gc.freeze()
    _FROZEN.append(None)


def keep(thing: object) -> None:
    """Not even the end of the process takes it apart, piece by piece: for what a program has to its end anyway."""
    with suppress(AttributeError):  # an interpreter without C's reference counts
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
