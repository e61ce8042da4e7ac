"""A TCP or TLS connection to a hub on which every operation ends at one deadline.

The timeout of a socket bounds a single call, so a hub that sends one byte every few seconds could prolong its answer
without end. Here each call gets the time that is left until the deadline of the whole exchange.
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

from feedsvc.websub.resolver import Address

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MOST_READ: Final = 64 * 1024  # bytes of one answer: status line, header section, interim answers and body
_MOST_ADDRESSES: Final = 8  # of one host name


class Deadline:
    """The moment at which an exchange ends, on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._moment = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds until the deadline, more than 0. Raises TimeoutError after it."""
        seconds = self._moment - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        return seconds


class AnswerTooLongError(HTTPException):
    """The hub sent more than MOST_READ bytes."""


class Answering(BufferedReader):
    """The bytes of one answer, as http.client reads them; several HTTPResponses read from it in turn (RFC 9110 section 15.2)."""

    def __init__(self, line: socket.socket, deadline: Deadline) -> None:
        self._bytes = _Bytes(line, deadline)
        super().__init__(self._bytes)

    @property
    def has_begun(self) -> bool:
        """True once the hub has sent a byte."""
        return self._bytes.left < MOST_READ

    @property
    def has_ended(self) -> bool:
        """True once a read has met the end of the connection."""
        return self._bytes.has_ended

    @property
    def has_rest(self) -> bool:
        """Return whether bytes have been received that are not read yet. Does not wait for any."""
        self._bytes.is_paused = True
        return bool(self.peek(1))

    def makefile(self, _mode: str) -> Answering:
        """Return itself: HTTPResponse takes it for a socket."""
        return self

    def close(self) -> None:
        """Stay open when an interim HTTPResponse is closed; the connection is closed by its owner."""


class _Bytes(RawIOBase):
    """Bytes from the socket. A read raises TimeoutError after the deadline, AnswerTooLongError after MOST_READ bytes."""

    def __init__(self, line: socket.socket, deadline: Deadline) -> None:
        self._line = line
        self._deadline = deadline
        self.left = MOST_READ
        self.has_ended = False
        self.is_paused = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        if self.is_paused:
            return None
        if not self.left:
            raise AnswerTooLongError("more than is read")
        with memoryview(buffer) as view:
            self._line.settimeout(self._deadline.left())
            count = self._line.recv_into(view[: self.left])
        self.left -= count
        self.has_ended = not count
        return count


class Connection:
    """Used by one thread; `cut` may be called by any thread."""

    def __init__(self, host: str, context: ssl.SSLContext | None) -> None:
        """`context` is None for plain TCP."""
        self._host = host
        self._context = context
        self._line: socket.socket | None = None
        self._is_cut = False

    @property
    def is_open(self) -> bool:
        return self._line is not None

    def open(self, addresses: Sequence[Address], deadline: Deadline) -> None:
        """Connect to the first address that accepts, TLS included. Raises OSError, TimeoutError after the deadline.

        An address that does not answer takes its share of the time that is left, not all of it.
        """
        tried = addresses[:_MOST_ADDRESSES]
        for index, address in enumerate(tried):
            try:
                self._connect(address, deadline.left() / (len(tried) - index))
                break
            except OSError:
                self.close()
                if index == len(tried) - 1:
                    raise
        if self._context and self._line:
            secured = self._context.wrap_socket(self._line, server_hostname=self._host, do_handshake_on_connect=False)
            self._hold(secured)
            secured.settimeout(deadline.left())
            secured.do_handshake()

    def exchange(self, request: bytes, deadline: Deadline) -> Answering:
        """Send a request and return the answer's bytes, to be read until the same deadline. Raises OSError."""
        if self._line is None:
            raise ConnectionAbortedError("the connection is closed")
        self._line.settimeout(deadline.left())
        self._line.sendall(request)
        return Answering(self._line, deadline)

    def close(self) -> None:
        if self._line:
            self._line.close()
        self._line = None

    def cut(self) -> None:
        """End the operation under way, and let no other begin."""
        self._is_cut = True
        if line := self._line:
            with contextlib.suppress(OSError):
                # Not the method of an SSLSocket, which must not be called while another thread reads from it.
                socket.socket.shutdown(line, socket.SHUT_RDWR)

    def _connect(self, address: Address, seconds: float) -> None:
        family, kind, protocol, _, place = address
        line = socket.socket(family, kind, protocol)
        self._hold(line)
        line.settimeout(seconds)
        line.connect(place)

    def _hold(self, line: socket.socket) -> None:
        """Keep the socket where `cut` finds it; one that was cut before is not used."""
        self._line = line
        if self._is_cut:
            raise ConnectionAbortedError("the announcer stops")
