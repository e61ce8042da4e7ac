"""HTTP client: a request goes to a checked address, and ends at one deadline and at a limit of bytes.

The address may come from a foreign file, which could name a service of the own network (server-side request forgery). So a host
is looked up once, its addresses are checked, and the connection goes to a checked one: a name server that gives another answer a
moment later changes nothing. No proxy is used, and no cookie, password or referrer is sent. http.client writes the request and
parses the response. It has no deadline and no limit, so its reader of the socket is replaced.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead, RemoteDisconnected
from io import BufferedReader, RawIOBase
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

from feedsvc import __version__
from feedsvc.errors import FeedsvcError
from feedsvc.uris import uri

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Family, type, protocol, canonical name and address, as socket.getaddrinfo returns them.
SocketAddress: TypeAlias = tuple[Any, Any, int, str, Any]

_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052 section 2.1: an IPv4 address stands in the last 32 bits
# Beside those that `ipaddress` calls not global: IPv4-compatible, Teredo, 6to4 and site-local addresses.
_OTHER_INTERNAL: Final = tuple(map(IPv6Network, ("::/96", "2001::/32", "2002::/16", "fec0::/10")))
_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32
_BLOCK_SIZE: Final = 64 * 1024  # bytes
_MAX_HEADER_SIZE: Final = 64 * 1024  # bytes of status lines, header fields and the frames of chunks
_MAX_ADDRESSES: Final = 8  # per host name
_MAX_TEXT: Final = 200  # characters of a server's text in a reason


class HttpError(FeedsvcError):
    """Raised if a request fails. `address` was requested last or, if there are too many redirects, first.

    `reason` is a printable clause in which "it" is the server, `status` that of the response if it is the reason, else 0.
    `is_temporary`: the same request may succeed later.
    """

    def __init__(self, address: str, reason: str, *, status: int = 0, is_temporary: bool = False) -> None:
        super().__init__(f"{address}: {reason}")
        self.address, self.reason, self.status, self.is_temporary = address, reason, status, is_temporary


class HostRefusedError(Exception):
    """Raised for a host that must not be connected to. The text is the reason, without the host's name at its beginning."""


class _TooLargeError(Exception):
    """Error: a response has more bytes than allowed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostAccess:
    """Rule about the hosts that a request may go to: by default, those with a public address. Names are in lower-case IDNA.

    Hosts in `internal_hosts` (None: all) may have addresses that are not public: loopback, private, link-local. Unless
    `only_hosts` is None, a request goes to no other hosts, also if a redirect leads there. A host in `only_hosts` still needs a
    public address, unless it is in `internal_hosts`, too.
    """

    internal_hosts: frozenset[str] | None = frozenset()
    only_hosts: frozenset[str] | None = None

    def check_host(self, host: str) -> None:
        """Raise HostRefusedError if a request must not go to this host, whatever its address is."""
        if self.only_hosts is not None and host not in self.only_hosts:
            raise HostRefusedError("this host was not named as one to fetch from")

    def select(self, host: str, addresses: Sequence[SocketAddress]) -> Sequence[SocketAddress]:
        """Return those of a host's addresses that a connection may go to. Raises HostRefusedError if there is none."""
        if self.internal_hosts is None or host in self.internal_hosts:
            return addresses
        public = [address for address in addresses if is_public(str(address[4][0]))]
        if not public:
            raise HostRefusedError(
                f"its address {addresses[0][4][0]} is inside a private network; if that is meant, name it with --allow-host"
            )
        return public


def is_public(text: str) -> bool:
    """Return whether an IP address is one of the public internet (IANA's special-purpose registries). It may have a zone (%eth0).

    An IPv6 address that carries an IPv4 address (mapped, NAT64) is public only if that one is. Addresses of tunnels (6to4,
    Teredo) and multicast are never public. Raises ValueError for a text that is no IP address.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if any(address in network for network in _OTHER_INTERNAL):
            return False
        if address.ipv4_mapped or address in _NAT64:
            address = IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.is_global and not address.is_multicast


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpLimits:
    """Limits of one request. The decoded body has at most `max_bytes`; `timeout` and `total` are seconds.

    `timeout` holds for each operation (look-up, connecting, TLS, each read), `total` for the whole, with its redirects.
    """

    max_bytes: int = 64 * 1024**2
    timeout: float = 30.0
    total: float = 300.0
    max_redirects: int = 8


class _Deadline:
    """Deadline of a request on the monotonic clock."""

    def __init__(self, limits: HttpLimits) -> None:
        self._ends_at, self._timeout = time.monotonic() + limits.total, limits.timeout

    def next_timeout(self) -> float:
        """Return the timeout of the next operation in seconds. Raises TimeoutError if the deadline has passed."""
        seconds = self._ends_at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return min(seconds, self._timeout)


class _ResponseReader(RawIOBase):
    """Raw reader of a socket, in which each read ends at the deadline, and that gives at most `size` bytes."""

    def __init__(self, connected_socket: socket.socket, deadline: _Deadline, size: int) -> None:
        self._socket, self._deadline, self._remaining = connected_socket, deadline, size
        self.has_ended = False  # True once a read has reached the end of the connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self._remaining:
            raise _TooLargeError
        self._socket.settimeout(self._deadline.next_timeout())
        with memoryview(buffer) as view:
            count = self._socket.recv_into(view[: self._remaining])
        self._remaining -= count
        self.has_ended = not count
        return count


class _ParsedResponse(HTTPResponse):
    """Response of http.client that reads from a `_ResponseReader`, and skips interim responses (RFC 9110 section 15.2)."""

    def __init__(self, connected_socket: socket.socket, reader: _ResponseReader, method: str) -> None:
        super().__init__(connected_socket, method=method)
        self.fp.close()
        self.fp = BufferedReader(reader)

    def begin(self) -> None:
        super().begin()
        while 100 < self.status < 200 and self.status != 101:  # noqa: PLR2004 - http.client skips 100; 101 is a final response
            self.headers = None  # type: ignore[assignment]  # as before `begin`, which otherwise does nothing
            super().begin()


class HttpResponse:
    """Response to a request. `address` is the last one after redirects, without fragment.

    `status` and `reason` are those of the status line. Any status is a result: none raises an error.
    """

    def __init__(self, address: str, parsed: _ParsedResponse, reader: _ResponseReader, max_bytes: int) -> None:
        self.address, self.status, self.reason = address, parsed.status, parsed.reason
        self._parsed, self._reader, self._max_bytes = parsed, reader, max_bytes
        self.is_reusable = False  # True once the body was read to its end, if the connection stays open

    def header(self, name: str) -> str:
        """Return the value of a header field, "" without that field. Case does not matter in `name`."""
        return self._parsed.getheader(name) or ""

    @property
    def media_type(self) -> str:
        """Media type in lower case, "" if the response has none."""
        return self._parsed.headers.get_content_type() if self.header("Content-Type") else ""

    @property
    def charset(self) -> str:
        return self._parsed.headers.get_content_charset() or ""

    @property
    def _is_coded(self) -> bool:
        return self._coding not in ("", "identity")

    @property
    def _coding(self) -> str:
        return self.header("Content-Encoding").strip().lower()

    def blocks(self) -> Iterator[bytes]:
        """Yield the body in blocks of at most 64 KiB, decoded if it is in gzip or deflate.

        Raises HttpError for the network, a body that is incomplete or too large, and another content coding.
        """
        with _translate_errors(self.address, self._max_bytes):
            if not self._is_coded and (self._parsed.length or 0) > self._max_bytes:
                raise _TooLargeError
            length = 0
            for block in self._decoded_blocks():
                length += len(block)
                if length > self._max_bytes:
                    raise _TooLargeError
                yield block

    def skip_body(self) -> None:
        """Read the body to its end, or to the limit of its size. Raises HttpError if it is incomplete."""
        with _translate_errors(self.address, self._max_bytes), suppress(_TooLargeError):
            for _ in self._raw_blocks():
                pass

    def _decoded_blocks(self) -> Iterator[bytes]:
        if not self._is_coded:
            yield from self._raw_blocks()
        elif self._coding in _CODINGS:
            yield from _decode(self._raw_blocks())
        else:
            raise HTTPException(f"it has the content coding '{self._coding[:40]}', which was not asked for")

    def _raw_blocks(self) -> Iterator[bytes]:
        while block := self._parsed.read1(_BLOCK_SIZE):
            yield block
        # http.client takes the end of the connection for the end of the body, of the last chunk or of the trailer section.
        if self._parsed.length or (self._parsed.chunked and self._reader.has_ended):
            raise IncompleteRead(b"")
        self.is_reusable = not self._parsed.will_close


def _decode(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield decoded gzip or zlib data in blocks of at most 64 KiB, so that a small body cannot fill the memory.

    Raises zlib.error for invalid data, IncompleteRead for data that end too early.
    """
    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
    for block in blocks:
        pending = block
        while pending and not decoder.eof:
            yield decoder.decompress(pending, _BLOCK_SIZE)
            pending = decoder.unconsumed_tail
    if not decoder.eof:
        raise IncompleteRead(b"")


class HttpClient:
    """HTTP client that keeps its last connection open for further requests, for one thread. Any thread may call `abort`."""

    def __init__(self, access: HostAccess, limits: HttpLimits) -> None:
        self._access, self._limits = access, limits
        self._lookups: dict[tuple[str, int], Future[Sequence[SocketAddress]]] = {}  # that took longer than their request
        self._origin = ("", "")  # scheme, host and port that the socket is connected to
        self._socket: socket.socket | None = None
        self._is_aborted = False

    @contextmanager
    def request(self, address: str, fields: Mapping[str, str], body: bytes | None = None) -> Iterator[HttpResponse]:
        """Send a GET request, or a POST request with `body`, and yield the response at the beginning of its body.

        `address` is an http or https URI or IRI, whose user and password are not sent; `fields` are header fields. Redirects of
        a GET request are followed. Raises HttpError for the network, a response that is not HTTP, a refused host, an invalid
        address or one with another scheme, and too many redirects.
        """
        deadline = _Deadline(self._limits)
        current = _uri(address, address)
        for _ in range(self._limits.max_redirects + 1):
            with self._exchange(current, fields, body, deadline) as response:
                location = response.header("Location")
                if body is not None or response.status not in _REDIRECTS or not location:
                    yield response
                    return
            current = _uri(location, current)
        raise HttpError(address, f"more than {self._limits.max_redirects} redirects, the last one to {current}")

    def close(self) -> None:
        """Close the connection that is open for further requests."""
        if self._socket:
            self._socket.close()
        self._socket = None

    def abort(self) -> None:
        """Abort the current request, if any, and make all further ones fail, for good. Call from any thread."""
        self._is_aborted = True
        if connected_socket := self._socket:
            with suppress(OSError):
                # Not SSLSocket.shutdown, which must not be called while another thread reads.
                socket.socket.shutdown(connected_socket, socket.SHUT_RDWR)

    @contextmanager
    def _exchange(
        self, address: str, fields: Mapping[str, str], body: bytes | None, deadline: _Deadline
    ) -> Iterator[HttpResponse]:
        """Send one request and yield the response. Afterwards, the connection stays open if the body was read to its end."""
        response = None
        try:
            with _translate_errors(address, self._limits.max_bytes):
                response = self._send(address, fields, body, deadline)
            yield response
        finally:
            if not response or not response.is_reusable:
                self.close()

    def _send(self, address: str, fields: Mapping[str, str], body: bytes | None, deadline: _Deadline) -> HttpResponse:
        split = urlsplit(address)
        if split.scheme not in _PORTS:
            raise ValueError("not an http or https address")
        if self._socket and self._origin == split[:2] and not self._is_aborted:
            with suppress(RemoteDisconnected, BrokenPipeError, ConnectionResetError):  # the server closed the idle connection
                return self._send_on(self._socket, split, fields, body, deadline)
        self.close()
        self._origin = split[:2]
        return self._send_on(self._connect(split, deadline), split, fields, body, deadline)

    def _send_on(
        self, connected: socket.socket, split: SplitResult, fields: Mapping[str, str], body: bytes | None, deadline: _Deadline
    ) -> HttpResponse:
        """Send a request on a connected socket, and read the header section of the response."""
        connection = HTTPConnection(split.hostname or "")
        connection.auto_open = 0  # it must never connect by itself, to an address that was not checked
        connection.sock = connected
        connected.settimeout(deadline.next_timeout())
        target = (split.path or "/") + (f"?{split.query}" if split.query else "")
        method = "GET" if body is None else "POST"
        own_fields = {"Host": split.netloc, "User-Agent": f"feedsvc/{__version__}"}
        connection.request(method, target, body, {**own_fields, **fields})
        reader = _ResponseReader(connected, deadline, self._limits.max_bytes + _MAX_HEADER_SIZE)
        parsed = _ParsedResponse(connected, reader, method)
        parsed.begin()
        if reader.has_ended:  # http.client takes the end of the connection for the end of the header section
            raise IncompleteRead(b"")
        return HttpResponse(split.geturl(), parsed, reader, self._limits.max_bytes)

    def _connect(self, split: SplitResult, deadline: _Deadline) -> socket.socket:
        """Connect to the first of the host's addresses (at most 8 are tried) that accepts, and set up TLS for https.

        The remaining time is divided among the addresses, so that one that does not answer does not use all of it.
        """
        host = split.hostname or ""
        self._access.check_host(host)
        addresses = self._look_up(host, split.port or _PORTS[split.scheme], deadline)
        candidates = self._access.select(host, addresses)[:_MAX_ADDRESSES]
        for index, (family, kind, protocol, _, place) in enumerate(candidates, 1):
            connected = self._use(socket.socket(family, kind, protocol))
            try:
                connected.settimeout(deadline.next_timeout() / (len(candidates) - index + 1))
                connected.connect(place)
                break
            except OSError:
                connected.close()
                if index == len(candidates):
                    raise
        if split.scheme == "https":
            context = ssl.create_default_context()
            secured = context.wrap_socket(connected, server_hostname=host, do_handshake_on_connect=False)
            self._use(secured).settimeout(deadline.next_timeout())
            secured.do_handshake()
            return secured
        return connected

    def _use(self, new_socket: socket.socket) -> socket.socket:
        """Store and return a socket, so that `abort` can shut it down. Raises ConnectionAbortedError after `abort`."""
        self._socket = new_socket
        if self._is_aborted:
            raise ConnectionAbortedError("the request was aborted")
        return new_socket

    def _look_up(self, host: str, port: int, deadline: _Deadline) -> Sequence[SocketAddress]:
        """Return the addresses of a host, at least one.

        getaddrinfo has no timeout and cannot be interrupted: it takes as long as the system's resolver. So it runs in its own
        thread, which a later request for the same host waits for.
        """
        future = self._lookups.pop((host, port), None) or _start_lookup(host, port)
        try:
            return future.result(deadline.next_timeout())
        except TimeoutError:
            self._lookups[host, port] = future
            raise OSError("its name was not resolved in time") from None


def _start_lookup(host: str, port: int) -> Future[Sequence[SocketAddress]]:
    future: Future[Sequence[SocketAddress]] = Future()

    def look_up() -> None:
        try:
            future.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:
            future.set_exception(error)

    # A daemon thread, so that the process can end while a name server does not answer.
    threading.Thread(target=look_up, name="feedsvc-lookup", daemon=True).start()
    return future


def _uri(text: str, source: str) -> str:
    """Return an address as a URI without fragment. Raises HttpError with `source`, which redirected to it or is it."""
    try:
        return urldefrag(uri(urljoin(source, text))).url
    except ValueError as error:
        where = "" if text == source else f"it redirects to '{printable(text)}', "
        raise HttpError(printable(source, 500), f"{where}{error}") from None


@contextmanager
def _translate_errors(address: str, max_bytes: int) -> Iterator[None]:
    """Raise an error of the network, of the response or of the host access as an HttpError with this address."""
    try:
        yield
    except (HostRefusedError, _TooLargeError, OSError, HTTPException, ValueError, zlib.error) as error:
        is_temporary = isinstance(error, (OSError, HTTPException))
        raise HttpError(address, _reason(error, max_bytes), is_temporary=is_temporary) from None


def _reason(error: Exception, max_bytes: int) -> str:
    text = printable(getattr(error, "strerror", None) or str(error) or type(error).__name__)
    # The first match is used, so a subclass precedes its base class. RemoteDisconnected is a ConnectionResetError.
    reasons: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
        (HostRefusedError, text),
        (_TooLargeError, f"it is larger than {_size(max_bytes)}"),
        (TimeoutError, "it did not complete its response in time"),
        ((IncompleteRead, ConnectionResetError, BrokenPipeError), "it closed the connection before its response was complete"),
        (OSError, f"it cannot be reached ({text})"),
    )
    return next((reason for kind, reason in reasons if isinstance(error, kind)), f"the request failed ({text})")


def _size(count: int) -> str:
    return f"{count / 1024**2:.0f} MiB" if count >= 1024**2 else f"{count} bytes"


def printable(text: str, max_length: int = _MAX_TEXT) -> str:
    """Return the beginning of a server's text as one line for a log or terminal."""
    return "".join(char if char.isprintable() else "?" for char in text.strip()[:max_length])
