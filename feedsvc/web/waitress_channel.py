"""Connections of waitress: parsing of requests, also of pipelined ones, and back-pressure."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any, Final

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import WSGITask
from waitress.utilities import BadRequest

_MAX_PARSED_REQUESTS: Final = 2
_MAX_COPIED_BYTES: Final = 64 * 1024  # bytes; larger parts of a response are not copied into a connection's buffer
_BYTES_PER_TURN: Final = 1024 * 1024  # bytes that are sent on one connection before others get their turn
_FILE_CHUNK_SIZE: Final = 256 * 1024  # bytes of a file that are read and sent at a time
_NON_ASCII: Final = re.compile(rb"[\x80-\xff]")
# RFC 3986 section 3.2: a registered name or an address, then a port. Host may be empty (RFC 9112 section 3.2).
_HOST: Final = re.compile(
    r"(?:(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*|\[(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})+\])(?::[0-9]*)?"
)
_TRANSFER_ENCODING: Final = re.compile(rb"^transfer-encoding:", re.IGNORECASE | re.MULTILINE)


class LengthRequired(BadRequest):
    """Response 411, which waitress lacks (RFC 9112 section 6.3)."""

    code = 411
    reason = "Length Required"


class RequestParser(HTTPRequestParser):
    """Parser of one request. A refused request has an `error`; the connection is closed after the error response is sent."""

    def received(self, data: bytes) -> int:
        parsed_bytes: int = super().received(data)
        if self.completed:
            # The body has been received or the request is refused, so no 100 Continue (RFC 9110 section 10.1.1).
            self.expect_continue = False
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
            self.error = LengthRequired("Send Content-Length instead of Transfer-Encoding.")
            return
        self._check_host()
        if "," in self.headers.get("CONNECTION", ""):
            self._reduce_connection()

    def _reduce_connection(self) -> None:
        """Replace the header Connection, a list such as "TE, close", by "close" or else "keep-alive", if the list contains it.

        libwww-perl sends such lists (RFC 9112 section 9.6), but waitress compares the whole field.
        """
        options = {option.strip(" \t").lower() for option in self.headers["CONNECTION"].split(",")}
        known_option = next((option for option in ("close", "keep-alive") if option in options), None)
        if known_option:
            self.headers = {**self.headers, "CONNECTION": known_option}
            self.connection_close = known_option == "close"

    def _check_host(self) -> None:
        """Raise ParsingError if Host is invalid, or missing in HTTP/1.1 (RFC 9112 section 3.2).

        Repeated Host fields are invalid, too: waitress joins them by a comma.
        """
        host = self.headers.get("HOST")
        if host is None:
            if self.version == "1.1":
                raise ParsingError("Host is missing")
        elif not _HOST.fullmatch(host):
            raise ParsingError("Host is invalid or repeated")


class _Task(WSGITask):
    """Task of waitress: one request and its response."""

    def set_close_on_finish(self) -> None:
        # Otherwise waitress closes the connection without Content-Length, which 304 and 204 may lack (RFC 9110 section 8.6).
        if self.has_body or self.version == "1.0" or self._is_close_requested:
            super().set_close_on_finish()

    @property
    def _is_close_requested(self) -> bool:
        """True if the request has "Connection: close"."""
        request: Any = self.request
        return bool(request.headers.get("CONNECTION", "").lower() == "close")


class Channel(HTTPChannel):
    """Connection of waitress with back-pressure for clients that pipeline without reading.

    The next request of a connection is answered once fewer than `send_bytes` (waitress's setting) of earlier responses are unsent
    and no unsent byte belongs to a body above _MAX_COPIED_BYTES. So a connection holds at most one such body and one open file.
    """

    server: Any
    requests: list[Any]  # two at most: the current one and the next
    requests_lock: Any
    parser_class = RequestParser
    task_class = _Task
    is_pipelined = False  # whether the current request arrived before the response to the previous one
    _unparsed = b""  # received after `requests`
    _is_paused = False  # until the client has read enough for its next request to be answered
    # The last body larger than _MAX_COPIED_BYTES; empty once it has been sent.
    _large_body: ReadOnlyFileBasedBuffer | None = None
    _turn_bytes_left = 0  # bytes that may be sent in this turn

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sendbuf_len = min(self.sendbuf_len, _FILE_CHUNK_SIZE)

    def service(self) -> None:
        with self.outbuf_lock:
            self._is_paused = self.connected and self._is_full()
        if self._is_paused:
            self.server.pull_trigger()
            return
        if self._unparsed:
            with self.requests_lock:
                self._parse()
        self.is_pipelined = True  # applies to requests that are queued from now on
        super().service()

    @property
    def is_busy(self) -> bool:
        """True while the connection has a request to answer or bytes to send."""
        return bool(self.requests or self.total_outbufs_len > 0)

    def received(self, data: bytes) -> bool:
        with self.requests_lock:
            self._unparsed += data
            self._parse()
        return True

    def _parse(self) -> None:
        """Parse received bytes until two requests wait, so that a client that pipelines hundreds does not delay the loop.

        Call with `requests_lock` held. While bytes are unparsed, there is a request to answer, so nothing more is read from the
        socket. Bytes after a refused request are dropped, as are those after a request that closes the connection.
        """
        if self.will_close or self.close_when_flushed or not self.connected:
            self._unparsed = b""
        while self._unparsed and len(self.requests) < _MAX_PARSED_REQUESTS:
            request = self.request = self.request or self.parser_class(self.adj)
            self._unparsed = self._unparsed[request.received(self._unparsed) :]
            if request.expect_continue and request.headers_finished and not self.requests and not self.sent_continue:
                self.send_continue()
            if request.completed:
                self._add_request(request)

    def _add_request(self, request: Any) -> None:
        self.request, self.sent_continue = None, False
        if request.error:
            self._unparsed = b""
        if request.empty:
            return
        self.requests.append(request)
        if len(self.requests) == 1:
            self.is_pipelined = False
            self.server.add_task(self)

    def _is_full(self) -> bool:
        return self.total_outbufs_len >= self.adj.send_bytes or (self._large_body is not None and len(self._large_body) > 0)

    def write_soon(self, data: Any) -> int:
        """Queue bytes or a file; return the number of bytes. Above _MAX_COPIED_BYTES, the bytes are not copied."""
        if len(data) > _MAX_COPIED_BYTES:
            if not isinstance(data, ReadOnlyFileBasedBuffer):
                data = ReadOnlyFileBasedBuffer(BytesIO(data))
                data.prepare()
            self._large_body = data
        self._turn_bytes_left = _BYTES_PER_TURN
        count: int = HTTPChannel.write_soon(self, data)
        return count

    def send(self, data: bytes, do_close: bool = True) -> int:  # noqa: FBT001, FBT002 - waitress's signature
        """Send bytes and return how many; send none and return 0 once _BYTES_PER_TURN were sent in this turn.

        So a large file does not delay other connections. If `data` is empty, a file was truncated while it was sent: the
        connection is closed.
        """
        if not data:  # the file was truncated meanwhile; the rest of the response can never be sent
            self.will_close = True
        if self._turn_bytes_left <= 0 or not data:
            return 0
        count: int = HTTPChannel.send(self, data, do_close)
        self._turn_bytes_left -= count
        return count

    def handle_write(self) -> None:
        self._turn_bytes_left = _BYTES_PER_TURN
        if self._is_paused:
            # waitress does not flush less than `send_bytes` while a request waits, and that request waits for the flush.
            channel: Any = self
            channel._flush_exception(channel._flush_some_if_lockable)  # noqa: SLF001 - missing in its stubs
        super().handle_write()
        with self.outbuf_lock:
            can_continue = self._is_paused and self.connected and not self._is_full()
            self._is_paused = self._is_paused and not can_continue
        if can_continue:
            self.server.add_task(self)

    def _flush_outbufs_below_high_watermark(self) -> None:
        """Do nothing. In waitress, a thread waits here for a slow client; in this class, the client's next response waits."""
