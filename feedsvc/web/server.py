"""HTTP server of one process: waitress on one socket, with checks of requests that it lacks.

A connection has one request at a time: the next one is parsed once the response to the last one was sent. So a client that does
not read holds no thread, and at most one open file and one body.
"""

from __future__ import annotations

import logging
import re
import signal
import socket
import time
from collections.abc import Callable
from io import BytesIO
from types import FrameType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import WSGITask
from waitress.utilities import BadRequest

from feedsvc.support import watchdog
from feedsvc.support.client_address import UNIX_PEER
from feedsvc.support.file_descriptors import is_exhausted, max_connections, raise_limit
from feedsvc.web.combination_form import MAX_FORM_BYTES
from feedsvc.web.sockets import is_unix_socket, listen, url_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_DRAIN_TIMEOUT: Final = 10.0  # seconds to finish responses at the stop
_IDLE_TIMEOUT: Final = 30  # seconds until a connection without activity is closed
_ACCEPT_PAUSE: Final = 0.1  # seconds without accepting if no file descriptor is left
_MAX_HEADER_BYTES: Final = 16_384
_MAX_CACHED_HEADERS: Final = 256  # headers of responses; those of a busy second
_MAX_COPIED_BYTES: Final = 64 * 1024  # larger parts of a response are not copied into a connection's buffer
_BYTES_PER_TURN: Final = 1024 * 1024  # bytes that are sent on one connection before others get their turn
_FILE_CHUNK_SIZE: Final = 256 * 1024  # bytes of a file that are read and sent at a time
# Bytes that the kernel buffers unsent per connection. Otherwise a client that does not read makes it buffer megabytes.
_MAX_UNSENT_BYTES: Final = 128 * 1024
_SOCKET_OPTIONS: Final = [
    *Adjustments.socket_options,
    *((socket.IPPROTO_TCP, getattr(socket, name), _MAX_UNSENT_BYTES) for name in ("TCP_NOTSENT_LOWAT",) if hasattr(socket, name)),
]
# Flag of send(2): more bytes follow at once. Without it, the header is a packet of its own, on which TCP may wait for the client
# before it sends a large body.
_MORE_FOLLOWS: Final = getattr(socket, "MSG_MORE", 0)
_NON_ASCII: Final = re.compile(rb"[\x80-\xff]")
# RFC 3986 section 3.2: a registered name or an address, then a port. Host may be empty (RFC 9112 section 3.2).
_HOST: Final = re.compile(
    r"(?:(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*|\[(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})+\])(?::[0-9]*)?"
)
_TRANSFER_ENCODING: Final = re.compile(rb"^transfer-encoding:", re.IGNORECASE | re.MULTILINE)


class _LengthRequired(BadRequest):
    """Response 411, which waitress lacks (RFC 9112 section 6.3)."""

    code = 411
    reason = "Length Required"


class _RequestParser(HTTPRequestParser):
    """Parser of one request. A refused request has an `error`; the connection is closed after the error response is sent.

    `rest` are the bytes after the request that have been received with it.
    """

    rest = b""

    def received(self, data: bytes) -> int:
        parsed_bytes: int = super().received(data)
        if self.completed and not self.empty:
            # The body has been received or the request is refused, so no 100 Continue (RFC 9110 section 10.1.1).
            self.expect_continue = False
            self.rest = data[parsed_bytes:]
            return len(data)
        return parsed_bytes

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the request line and the header fields. Raises ParsingError to refuse it.

        A request with Transfer-Encoding gets 411: no feed reader sends one, and waitress parses 8 kB of one-byte chunks in 24 ms.
        Bytes beyond ASCII in the request line are percent-encoded, because people paste addresses with such letters.
        """
        line, end, fields = header_plus.partition(b"\r\n")
        line = _NON_ASCII.sub(lambda letter: b"%%%02X" % ord(letter[0]), line)
        has_coding = _TRANSFER_ENCODING.search(fields) is not None
        try:
            super().parse_header(line + end + (b"" if has_coding else fields))
        except ValueError:  # from urlsplit: http://[/ would close the connection without a response
            raise ParsingError("Bad URI") from None
        if has_coding:
            self.error = _LengthRequired("Send Content-Length instead of Transfer-Encoding.")
            return
        # Repeated Host fields are invalid, too: waitress joins them by a comma (RFC 9112 section 3.2).
        host = self.headers.get("HOST")
        if host is None and self.version == "1.1":
            raise ParsingError("Host is missing")
        if host is not None and not _HOST.fullmatch(host):
            raise ParsingError("Host is invalid or repeated")
        # libwww-perl sends lists such as "TE, close" (RFC 9112 section 9.6), but waitress compares the whole field.
        options = {option.strip(" \t").lower() for option in self.headers.get("CONNECTION", "").split(",")}
        if known_option := next((option for option in ("close", "keep-alive") if option in options), None):
            self.headers = {**self.headers, "CONNECTION": known_option}


class _Task(WSGITask):
    _header_cache: ClassVar[dict[tuple[object, ...], bytes]] = {}

    def build_response_header(self) -> bytes:
        """Build the header of the response, or return that of an equal response of the same second.

        waitress takes a sixth of the time of a small response to build it.
        """
        request: Any = self.request
        is_chunked = self.has_body and self.content_length is None
        if is_chunked or self.version == "1.0" or request.headers.get("CONNECTION") == "close":
            return bytes(super().build_response_header())
        key = (self.status, self.content_length, int(self.start_time), *self.response_headers)
        header = self._header_cache.get(key)
        if header is None:
            if len(self._header_cache) >= _MAX_CACHED_HEADERS:
                self._header_cache.clear()
            header = self._header_cache[key] = super().build_response_header()
        return header

    def set_close_on_finish(self) -> None:
        # Otherwise waitress closes the connection without Content-Length, which 304 and 204 may lack (RFC 9110 section 8.6).
        request: Any = self.request
        if self.has_body or self.version == "1.0" or request.headers.get("CONNECTION") == "close":
            super().set_close_on_finish()


class _Channel(HTTPChannel):
    """Connection with one request at a time. A large body is neither copied nor sent at once."""

    server: Any
    socket: Any
    requests: list[Any]
    parser_class = _RequestParser
    task_class = _Task
    _unparsed = b""  # received with the request before
    _turn_bytes_left = 0  # bytes that may be sent in this turn

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sendbuf_len = min(self.sendbuf_len, _FILE_CHUNK_SIZE)

    @property
    def is_busy(self) -> bool:
        """True while the connection has a request to answer or bytes to send."""
        return bool(self.requests or self._unparsed or self.total_outbufs_len > 0)

    def service(self) -> None:
        self._unparsed = self.requests[0].rest
        super().service()

    def readable(self) -> bool:
        """Return whether more may be received. First parse what was received before, if the last response has been sent."""
        if self._unparsed and super().readable():
            data, self._unparsed = self._unparsed, b""
            self.received(data)
        return bool(super().readable())

    def write_soon(self, data: Any) -> int:
        """Queue bytes or a file; return the number of bytes."""
        if len(data) > _MAX_COPIED_BYTES and not isinstance(data, ReadOnlyFileBasedBuffer):
            data = ReadOnlyFileBasedBuffer(BytesIO(data))
            data.prepare()
        self._turn_bytes_left = _BYTES_PER_TURN
        count: int = super().write_soon(data)
        return count

    def handle_write(self) -> None:
        self._turn_bytes_left = _BYTES_PER_TURN
        super().handle_write()

    def send(self, data: bytes, do_close: bool = True) -> int:  # noqa: FBT001, FBT002 - waitress's signature
        """Send bytes and return how many; send none and return 0 once _BYTES_PER_TURN were sent in this turn.

        If `data` is empty, a file was truncated while it was sent: the connection is closed.
        """
        if not data:
            self.will_close = True
        if self._turn_bytes_left <= 0 or not data:
            return 0
        try:
            count: int = self.socket.send(data, _MORE_FOLLOWS if len(data) < self.total_outbufs_len else 0)
        except OSError:  # waitress tries again, and knows what each error means
            count = super().send(data, do_close)
        self._turn_bytes_left -= count
        return count


class _Listener(TcpWSGIServer):
    channel_class = _Channel
    active_channels: Any

    @property
    def _is_unix(self) -> bool:
        listening_socket: Any = self.socket
        return is_unix_socket(listening_socket)

    def getsockname(self) -> Any:
        # waitress makes SERVER_PORT of it, a number also for a unix socket (RFC 3875 section 4.1.15).
        return ("localhost", "80") if self._is_unix else super().getsockname()

    def set_socket_options(self, conn: Any) -> None:
        if not self._is_unix:
            super().set_socket_options(conn)

    def fix_addr(self, addr: Any) -> Any:
        """Return (REMOTE_ADDR, REMOTE_PORT, ...) of a client: `addr`, or for a client of a unix socket, UNIX_PEER and 0."""
        return (UNIX_PEER, 0) if self._is_unix else addr

    def accept(self) -> Any:
        try:
            return super().accept()
        except OSError as error:
            if is_exhausted(error):
                time.sleep(_ACCEPT_PAUSE)  # the connection waits in the queue, and would be tried again at once
            raise


class Server:
    """HTTP server of one process on one socket.

    Raises FeedsvcError if it cannot listen at `host` and `port`, or if the process may not open enough files. Create it in the
    main thread, because it installs handlers for SIGTERM and SIGINT, which end `run`. The server passes on Forwarded and
    X-Forwarded-* unchanged. The application has to decide which proxies to trust.
    """

    def __init__(
        self,
        application: WSGIApplication,
        *,
        host: str = "",
        port: int = 0,
        threads: int,
        listening_socket: socket.socket | None = None,
        on_stop: Callable[[], None] = lambda: None,
        is_streaming: bool = False,
        idle_timeout: int = _IDLE_TIMEOUT,
        drain_timeout: float = _DRAIN_TIMEOUT,
    ) -> None:
        """Create the server on `listening_socket`, a result of `listen` or `listen_unix`; if it is None, on `host` and `port`.

        `threads` is the number of threads that call `application`. `on_stop` is called first when the server stops, to end long
        responses. With `is_streaming`, each part of a response is sent immediately, not collected. A connection without activity
        is closed after about `idle_timeout` seconds. At the stop, the server waits at most `drain_timeout` seconds for unfinished
        responses.
        """
        self._socket, self._on_stop, self._drain_timeout = listening_socket or listen(host, port), on_stop, drain_timeout
        self._stop_signal = 0
        # A full queue is normal with 4 threads and keep-alive, so no warning.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        adjustments: Any = Adjustments(
            sockets=[self._socket],
            threads=threads,
            ident="feedsvc",
            connection_limit=max_connections(raise_limit()) + 2,  # it counts the listening socket and the trigger, too
            asyncore_use_poll=True,
            channel_timeout=idle_timeout,
            cleanup_interval=min(10, idle_timeout),
            max_request_header_size=_MAX_HEADER_BYTES,
            max_request_body_size=MAX_FORM_BYTES + 1,  # no other endpoint reads a body
            clear_untrusted_proxy_headers=False,
        )
        # As an argument, it causes a DeprecationWarning.
        adjustments.send_bytes = 1 if is_streaming else _MAX_COPIED_BYTES
        adjustments.socket_options = _SOCKET_OPTIONS
        sockinfo: Any = (self._socket.family, self._socket.type, self._socket.proto, self._socket.getsockname())
        self._server: Any = _Listener(application, {}, _sock=self._socket, adj=adjustments, sockinfo=sockinfo, bind_socket=False)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)

    @property
    def url(self) -> str:
        return url_of(self._socket)

    def run(self) -> str:
        """Serve until SIGTERM or SIGINT, then finish the responses to received requests within `drain_timeout`, and close.

        Responses that take longer are cut off. Return a sentence that names the signal. The socket is closed, so `run` can
        be called once.
        """
        while not self._stop_signal:
            self._poll_once(1.0)
        self._on_stop()
        self._server.del_channel()
        self._socket.close()
        end = time.monotonic() + self._drain_timeout
        while any(channel.is_busy for channel in list(self._server.active_channels.values())) and time.monotonic() < end:
            self._poll_once(0.05)
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._server._map)  # noqa: SLF001 - waitress has no public way to run its loop once
        return end_sentence(self._stop_signal)

    def _poll_once(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._server._map, count=1)  # noqa: SLF001

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if not self._stop_signal:  # a second signal may come when the trigger is already closed
            self._stop_signal = number
            watchdog.limit_stop()
            self._server.pull_trigger()


def end_sentence(number: int) -> str:
    """Return the sentence for the operator of a server that a signal has ended."""
    name = signal.Signals(number).name
    return f"the server has ended because of {name}{' (Ctrl-C)' if number == signal.SIGINT else ''}"
