"""Server-sent events (HTML, section 9.2): every open page gets the tag of the current edition, at once and when it changes.

The tag (`edition_tag`) identifies the edition; a page reloads if it differs from the tag that the page was made with.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final

from feedsvc.live import Edition, Live
from feedsvc.support.digest import blake2b

_HEARTBEAT_INTERVAL: Final = 1.0  # seconds between comments, by which a closed connection is noticed
_MAX_HEARTBEATS: Final = 15  # then the stream ends, and the browser connects again
_RETRY_MILLISECONDS: Final = 300  # after which a browser reconnects
_CROWDED_RETRY_MILLISECONDS: Final = 2000


def edition_tag(edition: Edition) -> str:
    """Return a text that identifies an edition, its problems included: its number and a digest, as in "3-0123456789abcdef".

    Editions of earlier runs of the program have other tags, even those with the same number.
    """
    state = (edition.since, edition.content.problems, sorted(edition.content.last_valid_paths))
    return f"{edition.number}-{blake2b(repr(state), size=8).hex()}"


class EventStreams:
    """Event streams to browsers. Each holds a server thread, so at most `max_open` are open, and each ends soon. Thread-safe.

    If `max_open` are open, a further browser gets only the current tag and reconnects later. While the edition stays the same,
    a stream sends a comment every `heartbeat_interval` seconds.
    """

    def __init__(self, live: Live, max_open: int, *, heartbeat_interval: float = _HEARTBEAT_INTERVAL) -> None:
        self._live, self._max_open, self._heartbeat_interval = live, max_open, heartbeat_interval
        self._open_count = 0
        self._is_stopped = False
        self._condition = threading.Condition()

    def notify(self, _before: Edition, _now: Edition) -> None:
        """Wake the streams for a new edition (a `live.Listener`)."""
        with self._condition:
            self._condition.notify_all()

    def stop(self) -> None:
        """End all streams now, and allow no new ones."""
        with self._condition:
            self._is_stopped = True
            self._condition.notify_all()

    def stream(self) -> Iterator[bytes]:
        """Yield an event with the edition's tag, and one with the new tag when the edition changes. Then the stream ends.

        The stream also ends after 15 heartbeats without a change, on `stop`, or after the first event if too many streams are
        open. The browser then reconnects.
        """
        sent_tag = edition_tag(self._live.edition)
        with self._condition:
            has_room = not self._is_stopped and self._open_count < self._max_open
            self._open_count += has_room
        try:
            yield _event(sent_tag, _RETRY_MILLISECONDS if has_room else _CROWDED_RETRY_MILLISECONDS)
            if has_room:
                yield from self._stream_until_change(sent_tag)
        finally:
            with self._condition:
                self._open_count -= has_room

    def _stream_until_change(self, sent_tag: str) -> Iterator[bytes]:
        for _ in range(_MAX_HEARTBEATS):
            with self._condition:
                self._condition.wait_for(
                    lambda: self._is_stopped or edition_tag(self._live.edition) != sent_tag, self._heartbeat_interval
                )
            current_tag = edition_tag(self._live.edition)
            if current_tag != sent_tag:
                yield _event(current_tag, _RETRY_MILLISECONDS)
            if self._is_stopped or current_tag != sent_tag:
                return
            yield b":\n\n"


def _event(tag: str, retry_milliseconds: int) -> bytes:
    return f"retry: {retry_milliseconds}\ndata: {tag}\n\n".encode()
