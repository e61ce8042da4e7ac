"""Memory: the garbage collector does not walk again and again through what only grows; what was borrowed is given back."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def paused() -> Iterator[None]:
    """While much is made that stays; it is not looked through afterwards either, or pauses would grow with the archive."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def give_back() -> None:
    """Return to the system what much work at once left free (malloc_trim(3), where the C library has it)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
