"""A one-shot completion: work that is done once, and callbacks for all that wait for its end."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Completion:
    """Starts incomplete, becomes complete once and stays so. Safe in threads.

    Unlike `threading.Event`, it calls back instead of blocking a thread; unlike `concurrent.futures.Future`, a callback can be
    removed, so that many short waits for one long piece of work leave nothing behind.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Keys only, in the order of subscription; None once complete.
        self._callbacks: dict[Callable[[], None], None] | None = {}

    @property
    def is_complete(self) -> bool:
        return self._callbacks is None

    def complete(self) -> None:
        """Mark the work as done and call every callback, in this thread. A second call does nothing."""
        with self._lock:
            callbacks, self._callbacks = self._callbacks, None
        for callback in callbacks or ():
            callback()

    def subscribe(self, callback: Callable[[], None]) -> bool:
        """Call `callback` once when the work is done. Return False, and never call it, if it is done already."""
        with self._lock:
            if self._callbacks is None:
                return False
            self._callbacks[callback] = None
            return True

    def unsubscribe(self, callback: Callable[[], None]) -> None:
        """Remove a callback; one that is not subscribed (any more) is ignored."""
        with self._lock:
            if self._callbacks is not None:
                self._callbacks.pop(callback, None)
