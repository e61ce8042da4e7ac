"""Completion of work that is done once, with callbacks."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Completion:
    """State of one piece of work: incomplete at first, then complete for good. Thread-safe.

    Unlike `threading.Event`, this class calls back instead of blocking a thread. Unlike with `concurrent.futures.Future`,
    callbacks can be removed, so many short waits for one long piece of work leave nothing in memory.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # A set in the order of subscription; None once complete.
        self._callbacks: dict[Callable[[], None], None] | None = {}

    @property
    def is_complete(self) -> bool:
        return self._callbacks is None

    def complete(self) -> None:
        """Mark the work as done, and call all callbacks in this thread. A second call does nothing."""
        with self._lock:
            callbacks, self._callbacks = self._callbacks, None
        for callback in callbacks or ():
            callback()

    def subscribe(self, callback: Callable[[], None]) -> bool:
        """Have `callback` called once when the work is done, and return True. If it is done already, only return False.

        The thread that calls `complete` runs the callback. A callback that is subscribed twice is called once.
        """
        with self._lock:
            if self._callbacks is None:
                return False
            self._callbacks[callback] = None
            return True

    def unsubscribe(self, callback: Callable[[], None]) -> None:
        """Remove a callback. Does nothing if it is not subscribed (any more)."""
        with self._lock:
            if self._callbacks is not None:
                self._callbacks.pop(callback, None)
