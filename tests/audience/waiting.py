"""Wait for a condition that another thread or process makes true."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
TIMEOUT = 50.0  # seconds, which no test reaches


def wait_until(condition: Callable[[], T]) -> T:
    """Return the first true result of `condition`; fail after TIMEOUT seconds."""
    end = time.monotonic() + TIMEOUT
    while not (result := condition()):
        assert time.monotonic() < end, f"{condition} was not true within {TIMEOUT} seconds"
        threading.Event().wait(0.01)
    return result
