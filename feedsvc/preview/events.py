"""Server-sent events (HTML, section 9.2): every open page is told the state of the folder, at once and when it changes."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from typing import Final

from feedsvc.live.live import Edition, Live

_BEAT: Final = 1.0  # seconds; whoever has gone is noticed by what cannot be sent any more
_BEATS: Final = 15
_AGAIN: Final = 300  # milliseconds after which a browser asks again
_AGAIN_IN_A_CROWD: Final = 2000


def state(edition: Edition) -> str:
    """The edition's number and what tells it and its problems from all others, those of earlier runs too."""
    facts = (edition.since, edition.content.problems, sorted(edition.content.standing_in))
    return f"{edition.number}-{hashlib.blake2b(repr(facts).encode(), digest_size=8).hexdigest()}"


class Streams:
    """The streams that are open; each holds a thread of the server, so that there are `most` at once and none is long.

    Where there are too many, a browser is told the state and asks again later.
    """

    def __init__(self, live: Live, most: int) -> None:
        self._live, self._most = live, most
        self._open = 0
        self._stopped = False
        self._news = threading.Condition()

    def tell(self, _before: Edition, _now: Edition) -> None:
        """There is another edition (a Listener)."""
        with self._news:
            self._news.notify_all()

    def stop(self) -> None:
        """Every stream ends now, and none is opened any more."""
        with self._news:
            self._stopped = True
            self._news.notify_all()

    def stream(self) -> Iterator[bytes]:
        """The state now, and once more when it is another one; then the browser asks anew."""
        sent = state(self._live.edition)
        with self._news:
            has_room = not self._stopped and self._open < self._most
            self._open += has_room
        try:
            yield _event(sent, _AGAIN if has_room else _AGAIN_IN_A_CROWD)
            if has_room:
                yield from self._following(sent)
        finally:
            with self._news:
                self._open -= has_room

    def _following(self, sent: str) -> Iterator[bytes]:
        for _ in range(_BEATS):
            with self._news:
                self._news.wait_for(lambda: self._stopped or state(self._live.edition) != sent, _BEAT)
            now = state(self._live.edition)
            if now != sent:
                yield _event(now, _AGAIN)
            if self._stopped or now != sent:
                return
            yield b":\n\n"


def _event(told: str, again: int) -> bytes:
    return f"retry: {again}\ndata: {told}\n\n".encode()
