"""One announcement over HTTP: POST to a hub, and what its answer means.

By http.client: one small request needs no further dependency, and it heeds no proxy variables. Whoever sits behind a
proxy names a hub that can be reached.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, RemoteDisconnected
from socket import SHUT_RDWR, socket
from typing import Final
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit

from feedsvc import __version__
from feedsvc.content.text import told
from feedsvc.push.outcome import Answer, Outcome, Verdict, judged

_HEADERS: Final = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": f"feedsvc/{__version__}"}
_REDIRECTS: Final = (307, 308)  # those that keep a POST what it is
_MOST_REDIRECTS: Final = 5
_MOST_TOLD: Final = 200  # characters of an answer that is none
_MOST_UNREAD: Final = 3  # answers whose bodies were waited for in vain; after them no body of that hub is
_MOST_READ: Final = 16 * 1024  # bytes of an answer's body, which nobody needs


class Poster:
    """Announces for one thread at a time, over connections that are kept until `rest`; `cut` may come from any thread."""

    def __init__(self, patience: float = 10.0, linger: float = 1.0) -> None:
        """`patience` are the seconds until an answer must be there, and again as many to reach the hub.

        `linger` are the seconds that its body, which nobody needs, may take for the connection to be kept.
        """
        self._patience = patience
        self._linger = min(linger, patience)
        self._unread: Counter[tuple[str, str]] = Counter()
        self._kept: dict[tuple[str, str], HTTPConnection] = {}
        self._socket: socket | None = None
        self._late = self._cut = False

    def announce(self, hub: str, topic: str, now: datetime) -> Outcome:
        """Say that the topic changed (WebSub section 7; `hub.url` for hubs that know no `hub.topic`). Never raises."""
        body = urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()
        address = hub
        for _ in range(_MOST_REDIRECTS + 1):
            try:
                answer = self._post(urlsplit(address), body)
                if answer.status not in _REDIRECTS or not answer.location:
                    return judged(answer, now)
                address = urljoin(address, answer.location)
            except (OSError, HTTPException, ValueError) as error:
                return Outcome(verdict=Verdict.LATER, what=self._told(error))
        return Outcome(verdict=Verdict.REFUSED, what="it redirects without end")

    def rest(self) -> None:
        """Close what is open."""
        for line in self._kept.values():
            line.close()
        self._kept.clear()
        self._unread.clear()

    def cut(self) -> None:
        """End the exchange under way, and let no other begin."""
        self._cut = True
        self._hang_up()

    def _post(self, address: SplitResult, body: bytes) -> Answer:
        line = self._kept.get((address.scheme, address.netloc))
        used = line is not None and line.sock is not None
        try:
            return self._exchange(address, body)
        except (RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            if not used or self._late or self._cut:
                raise
        # The hub had closed a connection that had been kept too long.
        return self._exchange(address, body)

    def _exchange(self, address: SplitResult, body: bytes) -> Answer:
        with self._dropped_unless_whole(address):
            line = self._connected(address)
            with self._watched(self._patience):
                line.request("POST", address._replace(scheme="", netloc="", fragment="").geturl() or "/", body, _HEADERS)
                response = line.getresponse()
            answer = Answer(
                status=response.status,
                reason=response.reason,
                location=response.getheader("Location", ""),
                retry_after=response.getheader("Retry-After", ""),
            )
            if not self._is_read(address, response):
                self._drop(address)
            return answer

    def _is_read(self, address: SplitResult, response: HTTPResponse) -> bool:
        """Whether the body came to its end, so that the connection can be used again. Never raises: the answer is known."""
        key = (address.scheme, address.netloc)
        if not response.isclosed() and self._unread[key] < _MOST_UNREAD:
            with contextlib.suppress(OSError, HTTPException, ValueError), self._watched(self._linger):
                response.read(_MOST_READ)
        whole = response.isclosed() and not self._late
        response.close()
        self._unread[key] += not whole
        return whole

    def _connected(self, address: SplitResult) -> HTTPConnection:
        key = (address.scheme, address.netloc)
        if key not in self._kept:
            self._kept[key] = _line(address, self._patience)
        line = self._kept[key]
        if line.sock is None:
            self._late = False
            line.connect()
        # The connection forgets it as soon as the hub says that it closes.
        self._socket = line.sock
        if self._cut:
            raise ConnectionAbortedError("stopped")
        return line

    @contextlib.contextmanager
    def _watched(self, seconds: float) -> Iterator[None]:
        """A hub that sends a little now and then outwits the timeout of a socket."""
        self._late = False
        watch = threading.Timer(seconds, self._give_up)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    @contextlib.contextmanager
    def _dropped_unless_whole(self, address: SplitResult) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._drop(address)
            raise

    def _drop(self, address: SplitResult) -> None:
        if line := self._kept.pop((address.scheme, address.netloc), None):
            line.close()

    def _give_up(self) -> None:
        self._late = True
        self._hang_up()

    def _hang_up(self) -> None:
        if self._socket:
            with contextlib.suppress(OSError):
                # Past the methods of TLS, which must not be called while another thread is inside them.
                socket.shutdown(self._socket, SHUT_RDWR)

    def _told(self, error: Exception) -> str:
        if self._late or isinstance(error, TimeoutError):
            return f"it did not answer within {self._patience:g} seconds"
        if isinstance(error, RemoteDisconnected | ConnectionResetError | BrokenPipeError):
            return "it closed the connection without an answer"
        if isinstance(error, OSError):
            return f"it cannot be reached ({told(error.strerror or str(error))})"
        return f"it cannot be understood ({told(str(error)).strip()[:_MOST_TOLD] or type(error).__name__})"


def _line(address: SplitResult, patience: float) -> HTTPConnection:
    host, port = address.hostname or "", address.port
    if address.scheme == "https":
        return HTTPSConnection(host, port, timeout=patience, context=ssl.create_default_context())
    if address.scheme == "http":
        return HTTPConnection(host, port, timeout=patience)
    raise ValueError(f"'{address.geturl()[:200]}' is no http or https address")
