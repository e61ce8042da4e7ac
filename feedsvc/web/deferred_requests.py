"""Requests that wait for something without holding one of the server's threads.

The application calls `wait_for` before it calls start_response. The server then drops this call of the application, goes on
with other connections, and calls the application again for the same request when the awaited thing has happened or the time
is over. The application decides anew each time; `wait_for` returns instead of waiting if the request may not wait (any
longer), and the application answers 503.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# The key in the environ of a server that can do this: its function (awaited, seconds) -> None, which raises Suspended.
WAIT: Final = "feedsvc.wait"


class Awaitable(Protocol):
    """Event that a request can wait for, such as a `support.completion.Completion`. Its methods are safe in threads."""

    def subscribe(self, callback: Callable[[], None]) -> bool:
        """Call `callback` at most once, from any thread, when it is worth trying again. Return False if it is already."""

    def unsubscribe(self, callback: Callable[[], None]) -> None:
        """Remove a callback; one that is not subscribed (any more) is ignored."""


class Suspended(BaseException):
    """Ends this call of the application; the server calls it again. `deadline` is in seconds of time.monotonic.

    Like GeneratorExit it is no error: no `except Exception` on the way to the server may stop it.
    """

    def __init__(self, awaited: Awaitable, deadline: float) -> None:
        super().__init__(awaited, deadline)
        self.awaited, self.deadline = awaited, deadline


def wait_for(environ: WSGIEnvironment, awaited: Awaitable, seconds: float) -> None:
    """Suspend the request of `environ` until `awaited` calls back, `seconds` at most since its first wait.

    Raises Suspended, for the server. Returns if the request may not wait: its time is over, too many others wait, the server
    is about to stop, or it is a server that knows nothing of this.
    """
    wait = environ.get(WAIT)
    if wait is not None:
        wait(awaited, seconds)


class Suspension:
    """One request that waits; `on_resume` is called once, when its wait ends for any reason."""

    def __init__(self, suspended: Suspended, on_resume: Callable[[], None]) -> None:
        self.awaited, self.deadline, self.on_resume = suspended.awaited, suspended.deadline, on_resume


class Suspensions:
    """All requests of a server that wait, `most` at once. Safe in threads."""

    def __init__(self, most: int) -> None:
        self._most, self._closed = most, False
        self._lock = threading.Lock()
        # Suspension -> its callback at what it waits for.
        self._waiting: dict[Suspension, Callable[[], None]] = {}
        self._earliest: float | None = None  # no deadline is before this one

    def admit(self) -> bool:
        """Return True if one more request may wait."""
        return not self._closed and len(self._waiting) < self._most

    def add(self, suspension: Suspension) -> None:
        """Let a request wait. Its `on_resume` may be called before this returns."""

        def resume() -> None:
            self.resume(suspension)

        with self._lock:
            self._waiting[suspension] = resume
            self._earliest = suspension.deadline if self._earliest is None else min(self._earliest, suspension.deadline)
        if not suspension.awaited.subscribe(resume) or self._closed:
            resume()

    def resume(self, suspension: Suspension) -> None:
        """End a wait; one that has ended is ignored."""
        with self._lock:
            callback = self._waiting.pop(suspension, None)
        if callback is not None:
            suspension.awaited.unsubscribe(callback)
            suspension.on_resume()

    def seconds_left(self) -> float | None:
        """Return the seconds until a deadline may have passed; None if no request waits."""
        earliest = self._earliest
        return None if earliest is None else max(0.0, earliest - time.monotonic())

    def expire(self) -> None:
        """End the waits whose deadline has passed."""
        if self._earliest is None or (now := time.monotonic()) < self._earliest:
            return
        with self._lock:
            overdue = [one for one in self._waiting if one.deadline <= now]
            self._earliest = min((one.deadline for one in self._waiting if one.deadline > now), default=None)
        for suspension in overdue:
            self.resume(suspension)

    def close(self) -> None:
        """End all waits and admit no more: the server stops."""
        self._closed = True
        with self._lock:
            waiting = list(self._waiting)
        for suspension in waiting:
            self.resume(suspension)
