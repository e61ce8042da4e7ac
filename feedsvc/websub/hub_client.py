"""One announcement over HTTP: POST to a hub, and what its answer means.

By http.client: one small request needs no further dependency, and it heeds no proxy variables. Whoever sits behind a
proxy names a hub that can be reached.

A hub is a third party. Its redirects are not followed, one deadline covers the whole exchange, no more than MOST_READ bytes of
an answer are read, and only a complete answer is a success (RFC 9112 section 8).
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, IncompleteRead, RemoteDisconnected
from typing import Final
from urllib.parse import SplitResult, urlencode, urlsplit

from feedsvc import __version__
from feedsvc.websub.connection import MOST_READ, Answering, AnswerTooLongError, Connection, Deadline
from feedsvc.websub.hub_response import Answer, Outcome, Verdict, judged, shown
from feedsvc.websub.resolver import LookupTimeoutError, Resolver

_PORTS: Final = {"http": 80, "https": 443}
_MOST_TOLD: Final = 200  # characters of a reason
_NOT_IN_ADDRESS: Final = re.compile(r"[\x00-\x20\x7f]")
_BLOCK: Final = 8 * 1024  # bytes of a body at once


class Poster:
    """Announces for one thread at a time, over connections that are kept until `rest`; `cut` may come from any thread."""

    def __init__(self, patience: float = 10.0) -> None:
        """`patience` are the seconds for a whole exchange, from the look-up of the hub's name to the end of its answer."""
        self._patience = patience
        self._resolver = Resolver()
        self._kept: dict[tuple[str, str], Connection] = {}
        self._current: Connection | None = None
        self._cut = False

    def announce(self, hub: str, topic: str, now: datetime) -> Outcome:
        """Say that the topic changed (WebSub section 7; `hub.url` for hubs that know no `hub.topic`). Never raises."""
        body = urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()
        try:
            address = urlsplit(hub)
            answer = self._post(address, _request(address, body), Deadline(self._patience))
        except (OSError, HTTPException, ValueError) as error:
            return Outcome(verdict=Verdict.LATER, what=self._reason(error))
        return judged(answer, now)

    def rest(self) -> None:
        """Close what is open."""
        for connection in self._kept.values():
            connection.close()
        self._kept.clear()

    def cut(self) -> None:
        """End the exchange under way, and let no other begin."""
        self._cut = True
        if connection := self._current:
            connection.cut()

    def _post(self, address: SplitResult, request: bytes, deadline: Deadline) -> Answer:
        if kept := self._kept.pop((address.scheme, address.netloc), None):
            try:
                return self._exchange(address, kept, request, deadline)
            except (RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                # The hub had closed a connection that had been kept too long.
                if self._cut:
                    raise
        return self._exchange(address, self._connection(address), request, deadline)

    def _connection(self, address: SplitResult) -> Connection:
        if address.scheme not in _PORTS:
            raise ValueError(f"'{address.geturl()[:_MOST_TOLD]}' is no http or https address")
        context = ssl.create_default_context() if address.scheme == "https" else None
        return Connection(address.hostname or "", context)

    def _exchange(self, address: SplitResult, connection: Connection, request: bytes, deadline: Deadline) -> Answer:
        """Open the connection if it is new, exchange request and answer, and keep the connection if it can be used again."""
        self._current = connection
        is_reusable = False
        try:
            if self._cut:
                raise ConnectionAbortedError("the announcer stops")
            if not connection.is_open:
                port = address.port or _PORTS[address.scheme]
                connection.open(self._resolver.addresses(address.hostname or "", port, deadline.left()), deadline)
            answer, is_reusable = _answer(connection.exchange(request, deadline))
            return answer
        finally:
            if is_reusable:
                self._kept[address.scheme, address.netloc] = connection
            else:
                connection.close()

    def _reason(self, error: Exception) -> str:
        """Return what went wrong, to complete a sentence about the hub: printable, in one line, at most some 250 characters."""
        sentence = next((sentence for kind, sentence in _REASONS if isinstance(error, kind)), _not_understood)
        return sentence(error, f"{self._patience:g} seconds")


def _request(address: SplitResult, body: bytes) -> bytes:
    """Return the bytes of a POST. Raises ValueError for an address that cannot stand in a request line."""
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    host = address.netloc.rpartition("@")[2]
    if _NOT_IN_ADDRESS.search(target + host):
        raise ValueError(f"'{address.geturl()[:_MOST_TOLD]}' holds a character that has no place in an address")
    lines = (
        f"POST {target} HTTP/1.1".encode("ascii"),
        b"Host: " + (host.encode("ascii") if host.isascii() else host.encode("idna")),
        b"Accept-Encoding: identity",
        b"Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}".encode("ascii"),
        f"User-Agent: feedsvc/{__version__}".encode("ascii"),
        b"",
        body,
    )
    return b"\r\n".join(lines)


def _answer(answering: Answering) -> tuple[Answer, bool]:
    """Return an answer, and whether the connection can be used again.

    Raises TimeoutError after the deadline, IncompleteRead if the answer ends early, AnswerTooLongError if its header section does
    not end, RemoteDisconnected if the hub sent nothing, other HTTPException and ValueError if it is no HTTP.
    """
    try:
        return _read(answering)
    except TimeoutError as error:
        raise (_LateAnswerError if answering.has_begun else TimeoutError)(*error.args) from None
    except (ConnectionError, HTTPException, ValueError) as error:
        if answering.has_begun and (answering.has_ended or isinstance(error, ConnectionError)):
            raise IncompleteRead(b"") from None
        raise


def _read(answering: Answering) -> tuple[Answer, bool]:
    response = _final(answering)
    answer = Answer(
        status=response.status,
        reason=response.reason,
        location=response.getheader("Location", ""),
        retry_after=response.getheader("Retry-After", ""),
    )
    if not answer.is_success:
        return answer, False  # the body could say nothing that makes a failure better
    try:
        while response.read(_BLOCK):
            pass
    except AnswerTooLongError:
        return answer, False
    # http.client takes the end of the connection for the end of the last chunk and of the trailer section.
    if response.length or (response.chunked and answering.has_ended):
        raise IncompleteRead(b"", response.length)
    return answer, not response.will_close and not answering.has_rest


def _final(answering: Answering) -> HTTPResponse:
    """Return the response after the interim ones (RFC 9110 section 15.2), its header section read to the end."""
    while True:
        response = HTTPResponse(answering, method="POST")  # type: ignore[arg-type]  # it calls makefile alone
        response.begin()
        if answering.has_ended:
            # http.client takes the end of the connection for the end of the header section.
            raise IncompleteRead(b"")
        if response.status >= HTTPStatus.OK or response.status == HTTPStatus.SWITCHING_PROTOCOLS:
            return response


class _LateAnswerError(TimeoutError):
    """The deadline passed while an answer was arriving."""


def _not_understood(error: Exception, _: str) -> str:
    return f"it cannot be understood ({shown(str(error), _MOST_TOLD) or type(error).__name__})"


def _not_reached(error: Exception, _: str) -> str:
    return f"it cannot be reached ({shown(getattr(error, 'strerror', '') or str(error), _MOST_TOLD)})"


# The first that fits counts: a subclass stands before its base class. The second argument is the deadline in words.
_REASONS: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Exception, str], str]], ...]] = (
    (LookupTimeoutError, lambda _, seconds: f"its host name was not resolved within {seconds}"),
    (_LateAnswerError, lambda _, seconds: f"it did not complete its answer within {seconds}"),
    (TimeoutError, lambda _, seconds: f"it did not answer within {seconds}"),
    (AnswerTooLongError, lambda *_: f"its answer's header section is longer than {MOST_READ // 1024} kB"),
    (IncompleteRead, lambda *_: "it closed the connection before its answer was complete"),
    ((RemoteDisconnected, ConnectionResetError, BrokenPipeError), lambda *_: "it closed the connection without an answer"),
    (OSError, _not_reached),
)
