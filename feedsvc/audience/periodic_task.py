"""Something small that is done every so often in a thread of its own, whatever else hangs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

_LOG: Final = logging.getLogger(__name__)


class Chore:
    """Tells `work` the time at once and every `every` seconds until it is closed."""

    def __init__(self, work: Callable[[datetime], None], clock: Callable[[], datetime], every: float = 2.0) -> None:
        self._work = work
        self._clock = clock
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feedsvc-chores", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._work(self._clock())
            except Exception:  # noqa: BLE001 - the thread lives on
                _LOG.exception("feedsvc: a chore failed and will be tried again")
            self._over.wait(self._every)
