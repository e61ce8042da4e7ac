"""Functions of the operating system that Python's library lacks, called through ctypes. Each has a fallback on other systems."""

from __future__ import annotations

import os
import signal
import sys
from functools import cache
from typing import Any, Final

_PR_SET_PDEATHSIG: Final = 1  # <sys/prctl.h>


@cache
def _load_library() -> tuple[Any, Any] | None:
    """Return ctypes and the C library; None on systems other than Linux, or if ctypes cannot be loaded."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        import ctypes  # noqa: PLC0415 - some hardened systems refuse the memory that its import requests

        return ctypes, ctypes.CDLL(None)
    except (ImportError, MemoryError, OSError):
        return None


def preload() -> None:
    """Load the C library now, so that later forked processes need not load it."""
    _load_library()


def die_with_parent(parent: int) -> bool:
    """Have the kernel send SIGKILL to this process when its parent ends; return whether the kernel can do so.

    `parent` is the parent's process id, read before the fork. If the kernel can do so, but the parent has ended since, this
    process kills itself. The kernel watches the thread that forked, so fork from the main thread (prctl(2), PR_SET_PDEATHSIG).
    SIGKILL needs no interpreter lock.
    """
    library = _load_library()
    is_set = library is not None and library[1].prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) == 0
    if is_set and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return is_set
