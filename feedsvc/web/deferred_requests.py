"""Suspended requests: requests that wait for an event without holding one of the server's threads.

The application calls `wait_for` before start_response. SuspendRequest then ends this call of the application, and the thread
serves other connections. Once the event has happened or the time is over, the server calls the application anew with the same
request. If the request may not wait (any longer), `wait_for` returns at once and the application responds with 503.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Key in the environ of a server that supports this: a function (condition, seconds) -> None that may raise SuspendRequest.
WAIT_KEY: Final = "feedsvc.wait"


class WaitCondition(Protocol):
    """Event that a request can wait for, such as a `support.completion.Completion`. Its methods are thread-safe."""

    def subscribe(self, callback: Callable[[], None]) -> bool:
        """Register a callback. It is called at most once, from any thread, when it is worthwhile to try the request again.

        If it is worthwhile now, return False without registering the callback; otherwise return True.
        """

    def unsubscribe(self, callback: Callable[[], None]) -> None:
        """Remove a callback. Does nothing if the callback is not subscribed (any more)."""


class SuspendRequest(BaseException):
    """Signal that ends the current call of the application; the server calls the application again for the same request.

    `condition` is what the request waits for, at most until `deadline`, in seconds of time.monotonic. The class derives from
    BaseException, like GeneratorExit, so that no `except Exception` on the way to the server catches it.
    """

    def __init__(self, condition: WaitCondition, deadline: float) -> None:
        super().__init__(condition, deadline)
        self.condition, self.deadline = condition, deadline


def can_suspend(environ: WSGIEnvironment) -> bool:
    """Return whether the server of a request supports suspension."""
    return WAIT_KEY in environ


def wait_for(environ: WSGIEnvironment, condition: WaitCondition, seconds: float) -> None:
    """Suspend the request of `environ` until `condition` calls back, at most `seconds` after the request's first wait began.

    Raises SuspendRequest, which the server catches. Returns, without waiting, if the request may not wait: the `seconds` are
    over, too many requests wait, the server is stopping, or the server does not support suspension.
    """
    wait = environ.get(WAIT_KEY)
    if wait is not None:
        wait(condition, seconds)


class Suspension:
    """One suspended request. `on_resume` is called once, in any thread, when the wait ends: by event, deadline or stop."""

    def __init__(self, suspend_request: SuspendRequest, on_resume: Callable[[], None]) -> None:
        self.condition, self.deadline, self.on_resume = suspend_request.condition, suspend_request.deadline, on_resume


class Suspensions:
    """All suspended requests of one server. Thread-safe. `add` does not check the `limit`: call `has_room` before."""

    def __init__(self, limit: int) -> None:
        self._limit, self._is_closed = limit, False
        self._lock = threading.Lock()
        # Suspension -> callback that is subscribed to its condition.
        self._waiting: dict[Suspension, Callable[[], None]] = {}
        self._earliest_deadline: float | None = None  # no deadline is earlier

    def has_room(self) -> bool:
        """Return whether fewer than `limit` requests wait. False once `close` was called."""
        return not self._is_closed and len(self._waiting) < self._limit

    def add(self, suspension: Suspension) -> None:
        """Add a suspended request. Its wait ends before `add` returns if the condition needs no wait or `close` was called."""

        def resume() -> None:
            self.resume(suspension)

        with self._lock:
            self._waiting[suspension] = resume
            self._earliest_deadline = (
                suspension.deadline if self._earliest_deadline is None else min(self._earliest_deadline, suspension.deadline)
            )
        if not suspension.condition.subscribe(resume) or self._is_closed:
            resume()

    def resume(self, suspension: Suspension) -> None:
        """End the wait of a suspended request and call its `on_resume`. Does nothing if the wait has already ended."""
        with self._lock:
            callback = self._waiting.pop(suspension, None)
        if callback is not None:
            suspension.condition.unsubscribe(callback)
            suspension.on_resume()

    def seconds_left(self) -> float | None:
        """Return the seconds until `expire` has to be called next, 0.0 if it is due; None if there is no deadline.

        The deadline may be that of a request whose wait has ended meanwhile.
        """
        earliest = self._earliest_deadline
        return None if earliest is None else max(0.0, earliest - time.monotonic())

    def expire(self) -> None:
        """End the waits whose deadline has passed, and call `on_resume` of each."""
        if self._earliest_deadline is None or (now := time.monotonic()) < self._earliest_deadline:
            return
        with self._lock:
            overdue = [suspension for suspension in self._waiting if suspension.deadline <= now]
            self._earliest_deadline = min(
                (suspension.deadline for suspension in self._waiting if suspension.deadline > now), default=None
            )
        for suspension in overdue:
            self.resume(suspension)

    def close(self) -> None:
        """End all waits and call `on_resume` of each, because the server stops. A wait that is added later ends at once."""
        self._is_closed = True
        with self._lock:
            waiting = list(self._waiting)
        for suspension in waiting:
            self.resume(suspension)
