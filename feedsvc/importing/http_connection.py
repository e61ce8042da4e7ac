"""One GET request over TCP or TLS, in which every operation but the look-up of the host's name ends at one deadline.

A socket's timeout limits a single call, so a server that sends a byte every few seconds could prolong its response forever. Here
the timeout of each call is at most the time that is left. http.client parses the response; it needs no further dependency, and
unlike a client with a pool of connections it lets us connect to an address that was checked (`host_access`).
"""

from __future__ import annotations

import socket
import ssl
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from http.client import HTTPException, HTTPResponse
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Final, Self, cast
from urllib.parse import SplitResult

from feedsvc.importing.host_access import HostAccess

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_BLOCK_SIZE: Final = 64 * 1024  # bytes
_MAX_INTERIM_RESPONSES: Final = 8  # RFC 9110 section 15.2
_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32
_CODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})


class TimeLimit:
    """Deadline of an exchange on the monotonic clock: `total` seconds after this object is created.

    `timeout` limits each operation, also in seconds.
    """

    def __init__(self, total: float, timeout: float) -> None:
        self._ends_at, self._timeout = time.monotonic() + total, timeout

    def next_timeout(self) -> float:
        """Return the timeout of the next operation: the seconds that are left, at most `timeout`.

        Raises TimeoutError if the deadline has passed.
        """
        seconds = self._ends_at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the deadline has passed")
        return min(seconds, self._timeout)


class _SocketReader(RawIOBase):
    """Raw reader of a socket. A read raises TimeoutError at its timeout or, if that is sooner, at the deadline."""

    def __init__(self, connected_socket: socket.socket, deadline: TimeLimit) -> None:
        self._socket, self._deadline = connected_socket, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._socket.settimeout(self._deadline.next_timeout())
        return self._socket.recv_into(buffer)


class _ResponseStream(BufferedReader):
    """Reader for http.client in place of a socket. Each response, interim (1xx) or final, reads on where the last one ended."""

    def makefile(self, _mode: str) -> _ResponseStream:
        return self

    def close(self) -> None:
        """Do nothing: every HTTPResponse calls this at its end, also an interim one. `Exchange` closes the socket."""


class Exchange:
    """A GET request and its response. A context manager that closes the connection at the end of its block.

    `status` is that of the response. Any status is a result: none raises an error, and redirects are not followed.
    """

    def __init__(self, address: SplitResult, fields: Mapping[str, str], access: HostAccess, deadline: TimeLimit) -> None:
        """Connect, send the request and read the header section of the response.

        `address` is a URI with the scheme http or https, without user name; `fields` are header fields beside Host and
        Connection. Raises OSError for the network (TimeoutError if an operation, or all together, took too long),
        HTTPException or ValueError for a bad response or address, HostRefusedError for a host that must not be connected to.
        """
        with ExitStack() as stack:
            connected_socket = _connect(address, access, deadline)
            stack.callback(connected_socket.close)
            if address.scheme == "https":
                connected_socket = _wrap_in_tls(connected_socket, address.hostname or "", deadline)
                stack.callback(connected_socket.close)
            connected_socket.settimeout(deadline.next_timeout())
            connected_socket.sendall(_request(address, fields))
            self._response = _read_header(_ResponseStream(_SocketReader(connected_socket, deadline), _BLOCK_SIZE))
            self._stack = stack.pop_all()
        self.status = self._response.status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def header(self, name: str) -> str:
        """Return the value of a header field of the response, "" without that field. Case does not matter in `name`."""
        return self._response.getheader(name) or ""

    @property
    def is_coded(self) -> bool:
        return self.header("Content-Encoding").strip().lower() not in ("", "identity")

    def blocks(self) -> Iterator[bytes]:
        """Yield the body in blocks of at most 64 KiB, decoded if it is in gzip or deflate.

        Raises HTTPException for another content coding and for a body that ends before its Content-Length, zlib.error for damaged
        data, OSError for the network.
        """
        blocks = self._raw_blocks()
        coding = self.header("Content-Encoding").strip().lower()
        if not self.is_coded:
            yield from blocks
        elif coding in _CODINGS:
            yield from _decode(blocks)
        else:
            raise HTTPException(f"it has the content coding '{coding[:40]}', which was not asked for")

    def _raw_blocks(self) -> Iterator[bytes]:
        while block := self._response.read1(_BLOCK_SIZE):
            yield block
        if self._response.length:
            raise HTTPException(f"it ended {self._response.length} bytes too early")


def _decode(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield decoded gzip or zlib data in blocks of at most 64 KiB, so that a small body cannot fill the memory.

    Raises zlib.error for invalid data, HTTPException for data that end too early.
    """
    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
    for block in blocks:
        pending = block
        while pending and not decoder.eof:
            yield decoder.decompress(pending, _BLOCK_SIZE)
            pending = decoder.unconsumed_tail
    if not decoder.eof:
        raise HTTPException("its gzip data ended too early")


def _connect(address: SplitResult, access: HostAccess, deadline: TimeLimit) -> socket.socket:
    """Connect to the first address of the host that accepts.

    Raises the OSError of the last address, or an error of `HostAccess.resolve`.
    """
    port = address.port or DEFAULT_PORTS[address.scheme]
    error: OSError = OSError("it has no address")
    for family, kind, protocol, _, socket_address in access.resolve(address.hostname or "", port):
        candidate = socket.socket(family, kind, protocol)
        try:
            candidate.settimeout(deadline.next_timeout())
            candidate.connect(socket_address)
        except OSError as failure:
            candidate.close()
            error = failure
        else:
            return candidate
    raise error


def _wrap_in_tls(connected_socket: socket.socket, host: str, deadline: TimeLimit) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    connected_socket.settimeout(deadline.next_timeout())
    return context.wrap_socket(connected_socket, server_hostname=host)


def _request(address: SplitResult, fields: Mapping[str, str]) -> bytes:
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    lines = [f"GET {target} HTTP/1.1", f"Host: {address.netloc}", *(f"{name}: {value}" for name, value in fields.items())]
    if any(character in line for line in lines for character in "\r\n\0"):
        raise ValueError("it contains a line break")
    return "".join(f"{line}\r\n" for line in (*lines, "Connection: close", "")).encode("ascii")


def _read_header(stream: _ResponseStream) -> HTTPResponse:
    """Read header sections until one is that of a final response, not an interim one (1xx). Raises OSError or HTTPException."""
    for _ in range(_MAX_INTERIM_RESPONSES):
        response = HTTPResponse(cast("socket.socket", stream), method="GET")
        response.begin()
        if response.status >= 200:  # noqa: PLR2004
            return response
    raise HTTPException("it sent interim responses only")
