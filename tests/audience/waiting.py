"""Waiting for what happens in its own time."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
SECONDS = 20.0


def until(happened: Callable[[], T]) -> T:
    """What `happened` gives as soon as it is true; the test fails if it never is."""
    end = time.monotonic() + SECONDS
    while not (found := happened()):
        assert time.monotonic() < end, f"{happened} did not happen within {SECONDS} seconds"
        threading.Event().wait(0.01)
    return found
