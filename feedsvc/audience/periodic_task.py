"""Periodic task in a thread of its own, so that no other thread that hangs can delay it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

_LOG: Final = logging.getLogger(__name__)


class PeriodicTask:
    """Thread that calls `work` with the time: at once, and again `interval` seconds after each call has ended, until `close`.

    An exception in `work` is logged.
    """

    def __init__(self, work: Callable[[datetime], None], clock: Callable[[], datetime], interval: float = 2.0) -> None:
        self._work = work
        self._clock = clock
        self._interval = interval
        self._stop_event = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feedsvc-chores", daemon=True)
        self._thread.start()

    def close(self, timeout: float | None = None) -> None:
        """Stop the thread and wait for its end: as long as `work` takes, at most `timeout` seconds unless that is None."""
        self._stop_event.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stop_event.is_set():
            try:
                self._work(self._clock())
            except Exception:  # noqa: BLE001 - the thread continues
                _LOG.exception("feedsvc: a periodic task failed; it is run again in %g seconds", self._interval)
            self._stop_event.wait(self._interval)
