"""TCP or TLS connection to a hub, on which every operation ends at one deadline.

A socket timeout limits a single call only, so a hub that sends one byte every few seconds could prolong its response forever.
Here the timeout of each call is the time that is left until the deadline of the whole exchange (request and response).
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Sequence
from http.client import HTTPException
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Final

from feedsvc.websub.resolver import SocketAddress

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_RESPONSE_SIZE: Final = 64 * 1024  # bytes of one exchange: interim responses, status line, header section and body
_MAX_ADDRESSES: Final = 8  # per host name


class Deadline:
    """Moment on the monotonic clock, `seconds` after the object is created, at which an exchange has to end."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds until the deadline, more than 0. Raises TimeoutError if the deadline has passed."""
        seconds = self._ends_at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        return seconds


class ResponseTooLongError(HTTPException):
    """Error: MAX_RESPONSE_SIZE bytes of a hub were read in one exchange, and its response had not ended."""


class ResponseReader(BufferedReader):
    """Reader of the bytes that a hub sends in one exchange, for http.client.

    Several HTTPResponses read from it in turn: interim ones (RFC 9110 section 15.2), then the final one.
    """

    def __init__(self, connected_socket: socket.socket, deadline: Deadline) -> None:
        self._socket_reader = _SocketReader(connected_socket, deadline)
        super().__init__(self._socket_reader)

    @property
    def has_begun(self) -> bool:
        """True once a byte of the hub was read from the socket."""
        return self._socket_reader.remaining < MAX_RESPONSE_SIZE

    @property
    def has_ended(self) -> bool:
        """True once a read has reached the end of the connection."""
        return self._socket_reader.has_ended

    @property
    def has_unread_bytes(self) -> bool:
        """True if bytes are left in this reader's buffer. Does not read the socket, and prevents any further reads of it."""
        self._socket_reader.is_paused = True
        return bool(self.peek(1))

    def makefile(self, _mode: str) -> ResponseReader:
        """Return this reader. HTTPResponse calls `makefile` because it gets this reader in place of a socket."""
        return self

    def close(self) -> None:
        """Do nothing: every HTTPResponse calls this at its end, also an interim one. HubConnection closes the socket."""


class _SocketReader(RawIOBase):
    """Raw reader of the socket. Reads raise TimeoutError at the deadline.

    After MAX_RESPONSE_SIZE bytes, the next read raises ResponseTooLongError, even if the hub has sent no more. While
    `is_paused` is True, a read returns None at once. `remaining` is how many bytes may still be read.
    """

    def __init__(self, connected_socket: socket.socket, deadline: Deadline) -> None:
        self._socket = connected_socket
        self._deadline = deadline
        self.remaining = MAX_RESPONSE_SIZE
        self.has_ended = False
        self.is_paused = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        if self.is_paused:
            return None
        if not self.remaining:
            raise ResponseTooLongError("the response is too long")
        with memoryview(buffer) as view:
            self._socket.settimeout(self._deadline.remaining())
            count = self._socket.recv_into(view[: self.remaining])
        self.remaining -= count
        self.has_ended = not count
        return count


class HubConnection:
    """Connection to one hub, which may be opened, used and closed repeatedly. For one thread; any thread may call `abort`."""

    def __init__(self, host: str, context: ssl.SSLContext | None) -> None:
        """Prepare a connection to `host`; `open` connects. `context` is None for a connection without TLS."""
        self._host = host
        self._context = context
        self._socket: socket.socket | None = None
        self._is_aborted = False

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def open(self, addresses: Sequence[SocketAddress], deadline: Deadline) -> None:
        """Connect to the first of the addresses (at most 8 are tried) that accepts. With a `context`, then set up TLS.

        The remaining time is divided among the addresses, so that one that does not answer does not use all of it. Raises the
        OSError of the last address or of TLS; after the deadline that is a TimeoutError.
        """
        candidates = addresses[:_MAX_ADDRESSES]
        for index, address in enumerate(candidates):
            try:
                self._connect(address, deadline.remaining() / (len(candidates) - index))
                break
            except OSError:
                self.close()
                if index == len(candidates) - 1:
                    raise
        if self._context and self._socket:
            tls_socket = self._context.wrap_socket(self._socket, server_hostname=self._host, do_handshake_on_connect=False)
            self._set_socket(tls_socket)
            tls_socket.settimeout(deadline.remaining())
            tls_socket.do_handshake()

    def exchange(self, request: bytes, deadline: Deadline) -> ResponseReader:
        """Send a request and return a reader of the response, whose reads end at the same deadline.

        The reader has not read anything yet. Raises OSError: TimeoutError at the deadline, ConnectionAbortedError if not open.
        """
        if self._socket is None:
            raise ConnectionAbortedError("the connection is closed")
        self._socket.settimeout(deadline.remaining())
        self._socket.sendall(request)
        return ResponseReader(self._socket, deadline)

    def close(self) -> None:
        if self._socket:
            self._socket.close()
        self._socket = None

    def abort(self) -> None:
        """Abort the current operation and make all further ones fail, also after `close`. Call from any thread."""
        self._is_aborted = True
        if connected_socket := self._socket:
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown, which must not be called while another thread reads.
                socket.socket.shutdown(connected_socket, socket.SHUT_RDWR)

    def _connect(self, address: SocketAddress, seconds: float) -> None:
        family, kind, protocol, _, socket_address = address
        connected_socket = socket.socket(family, kind, protocol)
        self._set_socket(connected_socket)
        connected_socket.settimeout(seconds)
        connected_socket.connect(socket_address)

    def _set_socket(self, connected_socket: socket.socket) -> None:
        """Store the socket, so that `abort` can shut it down. Raises ConnectionAbortedError if `abort` was called before."""
        self._socket = connected_socket
        if self._is_aborted:
            raise ConnectionAbortedError("the publisher stops")
