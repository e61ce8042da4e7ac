"""Authorizer of private feeds: decides what the holder of a token gets, from a store that may be unavailable.

A request waits only briefly for the store. Once the store fails, all requests are refused at once, until a thread finds that the
store works again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from feedsvc.access.tokens import TokenState, token_digest
from feedsvc.errors import UnavailableError
from feedsvc.support.alerts import Alerts

if TYPE_CHECKING:
    from feedsvc.access.store import TokenStore

TOKENS_FILE: Final = "tokens.sqlite"  # in the state folder
_ALERT_NAME: Final = "tokens"
_END_MESSAGE: Final = "the tokens of private feeds can be used again"
_MAX_CONCURRENT: Final = 2  # requests that use the store at a time, so that the server's other threads stay free
_WAIT_SECONDS: Final = 1.0  # for one of these places
_CHECK_SECONDS: Final = 2.0  # between two checks of the store


class Outcome(Enum):
    """Outcome of a request. ADMITTED: it may have the feed, and is counted. UNKNOWN: the store has no such token.

    ENDED: the token was revoked or has expired. LIMITED: it was used too often. UNAVAILABLE: the store cannot be used.
    """

    ADMITTED = "admitted"
    UNKNOWN = "unknown"
    ENDED = "ended"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessDecision:
    """Decision on a request. `name` is that of the token, `feed` the id of its feed; "" if UNKNOWN or UNAVAILABLE.

    feeds.yaml may not have the feed any more. `retry_after` is the seconds until the next fetch is allowed, 0 unless LIMITED.
    """

    outcome: Outcome
    name: str = ""
    feed: str = ""
    retry_after: int = 0


def open_token_store(state_folder: Path, database: str = "") -> TokenStore:
    """Return the store in a database (URL, if not ""), else in the state folder. Nothing is opened yet.

    Raises FeedsvcError if the URL is invalid or of an unsupported database, or if the driver is missing.
    """
    from feedsvc.access.store import TokenStore  # noqa: PLC0415 - imports SQLAlchemy

    return TokenStore(database or state_folder / TOKENS_FILE)


class TokenAuthorizer:
    """Authorizer that all private feeds of a server share. Thread-safe. It raises an alert while the store cannot be used."""

    def __init__(self, open_store: Callable[[], TokenStore], alerts: Alerts, is_needed: Callable[[], bool]) -> None:
        """Start the thread that checks the store every 2 seconds.

        It opens and checks the store only if `is_needed` returns True (the site has private feeds) or `admit` was called with a
        token before.
        """
        self._open_store, self._alerts, self._is_needed = open_store, alerts, is_needed
        self._store: TokenStore | None = None
        self._store_lock = threading.Lock()
        self._places = threading.BoundedSemaphore(_MAX_CONCURRENT)
        self._is_used = self._is_unavailable = False
        self._failure_count = 0
        self._stop_event = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feedsvc-tokens", daemon=True)
        self._thread.start()

    def admit(self, token: str, now: datetime) -> AccessDecision:
        """Decide on a request with this token, and count it if it is admitted.

        `token` is the text in the address; a text without the form of a token gives UNKNOWN without a look into the store. The
        outcome is UNAVAILABLE after an error of the store, until the thread finds that it works again, and also if two other
        requests have been using the store for a second.
        """
        digest = token_digest(token)
        if digest is None:
            return AccessDecision(outcome=Outcome.UNKNOWN)
        self._is_used = True
        if self._is_unavailable or not self._places.acquire(timeout=_WAIT_SECONDS):
            return AccessDecision(outcome=Outcome.UNAVAILABLE)
        try:
            result = self._opened_store().fetch(digest, now)
        except UnavailableError as error:
            self._set_unavailable(error)
            return AccessDecision(outcome=Outcome.UNAVAILABLE)
        finally:
            self._places.release()
        if result is None:
            return AccessDecision(outcome=Outcome.UNKNOWN)
        record, wait = result
        if record.state(now) is not TokenState.ACTIVE:
            return AccessDecision(outcome=Outcome.ENDED, name=record.name, feed=record.feed)
        outcome = Outcome.LIMITED if wait else Outcome.ADMITTED
        return AccessDecision(outcome=outcome, name=record.name, feed=record.feed, retry_after=wait)

    def close(self) -> None:
        """Stop the thread, wait for its end, and close the store."""
        self._stop_event.set()
        self._thread.join()
        if self._store:
            self._store.close()

    def _opened_store(self) -> TokenStore:
        with self._store_lock:
            self._store = self._store or self._open_store()
            return self._store

    def _run(self) -> None:
        while True:
            if self._is_used or self._is_needed():
                self._check()
            if self._stop_event.wait(_CHECK_SECONDS):
                return

    def _check(self) -> None:
        failures_before = self._failure_count
        try:
            self._opened_store().check()
        except UnavailableError as error:
            self._set_unavailable(error)
            return
        if self._failure_count == failures_before:  # a request may have failed after this check
            self._is_unavailable = False
            self._alerts.clear(_ALERT_NAME)

    def _set_unavailable(self, error: UnavailableError) -> None:
        self._is_unavailable = True
        self._failure_count += 1
        self._alerts.raise_alert(_ALERT_NAME, str(error), _END_MESSAGE)
