"""HTTP client for hubs: one POST for each changed feed.

The client uses http.client, because a small request needs no further dependency. Proxy variables are ignored; an operator behind
a proxy has to name a hub that is reachable directly.

A hub is a third party. Redirects are not followed, one deadline covers the whole exchange, and at most MAX_RESPONSE_SIZE bytes
are read. A 2xx response is a success only if it is complete (RFC 9112 section 8) or its body is longer than that.
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
from feedsvc.websub.connection import MAX_RESPONSE_SIZE, Deadline, HubConnection, ResponseReader, ResponseTooLongError
from feedsvc.websub.hub_response import DeliveryOutcome, DeliveryResult, HubResponse, classify_response, sanitize_text
from feedsvc.websub.resolver import LookupTimeoutError, Resolver

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_MAX_REASON_LENGTH: Final = 200  # characters
_FORBIDDEN_CHARACTERS: Final = re.compile(r"[\x00-\x20\x7f]")
_BLOCK_SIZE: Final = 8 * 1024  # bytes per read of a body


class HubClient:
    """HTTP client with persistent connections, used by one thread at a time. Any thread may call `abort`."""

    def __init__(self, timeout: float = 10.0) -> None:
        """Create a client. An exchange, from the host look-up to the end of the response, takes at most `timeout` seconds."""
        self._timeout = timeout
        self._resolver = Resolver()
        self._idle_connections: dict[tuple[str, str], HubConnection] = {}
        self._current_connection: HubConnection | None = None
        self._is_aborted = False

    def publish(self, hub: str, topic: str, now: datetime) -> DeliveryOutcome:
        """Notify a hub that a topic (the address of a feed) changed, and return the outcome (WebSub section 7).

        A failure is an outcome, too, also an invalid address of the hub: no error of network or HTTP is raised. The request is
        sent a second time, at once, only if the hub had closed the idle connection that was used first. `now` is the time from
        which a date in Retry-After is counted.
        """
        body = urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()
        try:
            address = urlsplit(hub)
            response = self._post(address, _request(address, body), Deadline(self._timeout))
        except (OSError, HTTPException, ValueError) as error:
            return DeliveryOutcome(result=DeliveryResult.DEFERRED, reason=self._reason(error))
        return classify_response(response, now)

    def close_idle_connections(self) -> None:
        """Close all connections that are kept open for further requests."""
        for connection in self._idle_connections.values():
            connection.close()
        self._idle_connections.clear()

    def abort(self) -> None:
        """Abort the current exchange, if any, and make all further ones fail (with outcome DEFERRED), for good."""
        self._is_aborted = True
        if connection := self._current_connection:
            connection.abort()

    def _post(self, address: SplitResult, request: bytes, deadline: Deadline) -> HubResponse:
        if idle_connection := self._idle_connections.pop((address.scheme, address.netloc), None):
            try:
                return self._exchange(address, idle_connection, request, deadline)
            except (RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                # The hub had closed the idle connection.
                if self._is_aborted:
                    raise
        return self._exchange(address, self._new_connection(address), request, deadline)

    def _new_connection(self, address: SplitResult) -> HubConnection:
        if address.scheme not in _DEFAULT_PORTS:
            raise ValueError(f"'{address.geturl()[:_MAX_REASON_LENGTH]}' is not an http or https address")
        context = ssl.create_default_context() if address.scheme == "https" else None
        return HubConnection(address.hostname or "", context)

    def _exchange(self, address: SplitResult, connection: HubConnection, request: bytes, deadline: Deadline) -> HubResponse:
        """Connect unless the connection is open, send the request and return the response.

        Afterwards, the connection stays open for the next request if it is reusable; otherwise, and after an error, it is
        closed. Raises OSError, HTTPException or ValueError.
        """
        self._current_connection = connection
        is_reusable = False
        try:
            if self._is_aborted:
                raise ConnectionAbortedError("the publisher stops")
            if not connection.is_open:
                port = address.port or _DEFAULT_PORTS[address.scheme]
                connection.open(self._resolver.resolve(address.hostname or "", port, deadline.remaining()), deadline)
            response, is_reusable = _read_response(connection.exchange(request, deadline))
            return response
        finally:
            if is_reusable:
                self._idle_connections[address.scheme, address.netloc] = connection
            else:
                connection.close()

    def _reason(self, error: Exception) -> str:
        """Return why an exchange failed, as `DeliveryOutcome.reason`.

        The text is one printable line of at most some 250 characters.
        """
        sentence = next((sentence for kind, sentence in _REASONS if isinstance(error, kind)), _invalid_response_reason)
        return sentence(error, f"{self._timeout:g} seconds")


def _request(address: SplitResult, body: bytes) -> bytes:
    """Return the bytes of a POST request. Raises ValueError if the address has characters that a request line cannot contain."""
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    host = address.netloc.rpartition("@")[2]
    if _FORBIDDEN_CHARACTERS.search(target + host):
        raise ValueError(f"'{address.geturl()[:_MAX_REASON_LENGTH]}' contains a character that is not allowed in an address")
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


def _read_response(reader: ResponseReader) -> tuple[HubResponse, bool]:
    """Read a response; return it, and whether the connection is reusable. A success is read to its end, a failure up to its body.

    A success whose body is too long is returned, too, but the connection is not reusable then. Raises TimeoutError after the
    deadline (_LateResponseError if the response had begun), IncompleteRead if the response ends early, ResponseTooLongError if
    its header section is too long, RemoteDisconnected if the hub sent nothing, another HTTPException or ValueError if the
    response is not HTTP.
    """
    try:
        return _parse_response(reader)
    except TimeoutError as error:
        raise (_LateResponseError if reader.has_begun else TimeoutError)(*error.args) from None
    except (ConnectionError, HTTPException, ValueError) as error:
        if reader.has_begun and (reader.has_ended or isinstance(error, ConnectionError)):
            raise IncompleteRead(b"") from None
        raise


def _parse_response(reader: ResponseReader) -> tuple[HubResponse, bool]:
    response = _final_response(reader)
    hub_response = HubResponse(
        status=response.status,
        reason=response.reason,
        location=response.getheader("Location", ""),
        retry_after=response.getheader("Retry-After", ""),
    )
    if not hub_response.is_success:
        return hub_response, False  # the body cannot turn a failure into a success
    try:
        while response.read(_BLOCK_SIZE):
            pass
    except ResponseTooLongError:
        return hub_response, False
    # http.client takes the end of the connection for the end of the last chunk or of the trailer section.
    if response.length or (response.chunked and reader.has_ended):
        raise IncompleteRead(b"", response.length)
    return hub_response, not response.will_close and not reader.has_unread_bytes


def _final_response(reader: ResponseReader) -> HTTPResponse:
    """Read header sections up to that of the final response, and return that response. Skips interim responses.

    These are all 1xx except 101 (RFC 9110 section 15.2). Raises IncompleteRead if the connection ends before.
    """
    while True:
        response = HTTPResponse(reader, method="POST")  # type: ignore[arg-type]  # it calls only makefile
        response.begin()
        if reader.has_ended:
            # http.client takes the end of the connection for the end of the header section.
            raise IncompleteRead(b"")
        if response.status >= HTTPStatus.OK or response.status == HTTPStatus.SWITCHING_PROTOCOLS:
            return response


class _LateResponseError(TimeoutError):
    """Error: the deadline passed after the first byte of a response."""


def _invalid_response_reason(error: Exception, _: str) -> str:
    return f"the notification failed ({sanitize_text(str(error), _MAX_REASON_LENGTH) or type(error).__name__})"


def _unreachable_reason(error: Exception, _: str) -> str:
    return f"it cannot be reached ({sanitize_text(getattr(error, 'strerror', '') or str(error), _MAX_REASON_LENGTH)})"


# The first match is used, so a subclass precedes its base class. The second argument is the timeout in words.
_REASONS: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Exception, str], str]], ...]] = (
    (LookupTimeoutError, lambda _, seconds: f"its host name was not resolved within {seconds}"),
    (_LateResponseError, lambda _, seconds: f"it did not complete its response within {seconds}"),
    (TimeoutError, lambda _, seconds: f"it did not respond within {seconds}"),
    (ResponseTooLongError, lambda *_: f"its response's header section is longer than {MAX_RESPONSE_SIZE // 1024} kB"),
    (IncompleteRead, lambda *_: "it closed the connection before its response was complete"),
    ((RemoteDisconnected, ConnectionResetError, BrokenPipeError), lambda *_: "it closed the connection without a response"),
    (OSError, _unreachable_reason),
)
