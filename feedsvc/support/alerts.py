"""What an operator can mend while the service goes on: said when it comes, told as long as it lasts, said when it is over."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Final

_LOG: Final = logging.getLogger(__name__)


class Troubles:
    """Safe in threads. Of each name there is one at a time; a trouble is a sentence that says what to do."""

    def __init__(self) -> None:
        self._now: dict[str, str] = {}
        self._over: dict[str, str] = {}
        self._lock = threading.Lock()

    @property
    def now(self) -> Mapping[str, str]:
        with self._lock:
            return dict(self._now)

    def come(self, name: str, sentence: str, over: str = "", *, again: bool = False) -> None:
        """Said once, however often it comes before it is over, unless it comes `again` in earnest.

        `over` is said at its end; "" where somebody else says both.
        """
        with self._lock:
            is_news = again or name not in self._now
            self._now[name], self._over[name] = sentence, over
        if is_news and over:
            _LOG.warning("feedsvc: %s", sentence)

    def end(self, name: str) -> None:
        with self._lock:
            self._now.pop(name, None)
            over = self._over.pop(name, "")
        if over:
            _LOG.warning("feedsvc: %s", over)


def unwritable(what: str, place: object, error: object, meanwhile: str) -> str:
    """The sentence of a place in the state folder that cannot be written."""
    return (
        f"{what} cannot be written to {place} ({error}): see that its disk has room and may be written to; "
        f"{meanwhile}, and it is tried again by itself"
    )
