"""One connection to waitress: what of a request it reads otherwise, and how its answers leave."""

from __future__ import annotations

import time
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from feedsvc.web.deferred_requests import WAIT, Awaitable, Suspended, Suspension
from feedsvc.web.repeated import REPEATS, Head, Repeated
from feedsvc.web.request_parser import Parser

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PARSED: Final = 2
_COPIED: Final = 64 * 1024  # bytes of an answer that are copied into a connection's buffer
_TURN: Final = 1024 * 1024  # bytes that are sent on one connection before others have their turn
_CHUNK: Final = 256 * 1024  # bytes of a file that are read to be sent


def repeating(application: WSGIApplication) -> WSGIApplication:
    """The application, but that its answers which are given again pass by all that waitress does to each."""

    def called(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        repeats = environ[REPEATS]

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            again = repeats(status, headers) if type(headers) is Repeated else None
            return again or start_response(status, headers, *error)

        return application(environ, start)

    return called


class _Task(WSGITask):
    """An answer that is given again leaves with the head that it left with before, within the second that its Date says."""

    _repeated: Repeated | None = None
    _head: bytes = b""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[REPEATS] = self._repeats
        channel: Any = self.channel
        environ[WAIT] = channel.suspend
        return environ

    def _repeats(self, status: str, headers: Repeated) -> Any:
        """Begin such an answer. None where it has to be begun as any other is; its head is kept for the next."""
        head = headers.head
        if self.version != "1.1" or self._closes:
            return None
        if head is None or head.second != int(self.start_time):
            self._repeated = headers
            return None
        self.complete, self.status, self.content_length, self._head = True, status, head.length, head.text
        return self.write

    def build_response_header(self) -> bytes:
        if self._head:
            return self._head
        head: bytes = super().build_response_header()
        if self._repeated is not None:
            self._repeated.head = Head(int(self.start_time), head, self.content_length)
        return head

    def set_close_on_finish(self) -> None:
        # waitress ends the connection of whatever has no Content-Length; a 304 and a 204 may have none (RFC 9110 section 8.6).
        if self.has_body or self.version == "1.0" or self._closes:
            super().set_close_on_finish()

    @property
    def _closes(self) -> bool:
        """Whether the client asked for the end of its connection."""
        request: Any = self.request
        return bool(request.headers.get("CONNECTION", "").lower() == "close")


class Channel(HTTPChannel):
    """Back-pressure for clients that pipeline without reading, and requests that wait without holding a thread.

    The next request of a connection is answered once less than `send_bytes` of the answers before it are unsent, and none of
    these is a large one: so a connection holds one large answer at most, and one open file.
    """

    server: Any
    requests: list[Any]  # two at most, the one at hand and the next
    requests_lock: Any
    parser_class = Parser
    task_class = _Task
    is_pipelined = False  # whether the request at hand arrived before the one before it was answered
    _unparsed = b""  # received behind `requests`
    _waits = False  # for the client to read, before its next request is answered
    _large: ReadOnlyFileBasedBuffer | None = None  # the last answer beyond `send_bytes`; empty once it has been sent
    _left = 0  # bytes that may be sent in this turn
    _suspension: Suspension | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sendbuf_len = min(self.sendbuf_len, _CHUNK)

    def service(self) -> None:
        with self.outbuf_lock:
            self._waits = self.connected and self._is_full()
        if self._waits:
            self.server.pull_trigger()
            return
        if self._unparsed:
            with self.requests_lock:
                self._parse()
        self._suspension, self.is_pipelined = None, True  # any other that is queued from here on
        try:
            super().service()
        except Suspended as suspended:
            self._suspension = Suspension(suspended, self._resume)
            self.server.suspensions.add(self._suspension)
            self.server.pull_trigger()  # the loop has to know the new deadline

    @property
    def is_busy(self) -> bool:
        """True while the connection has a request to answer, or bytes to send."""
        return bool(self.requests or self.total_outbufs_len > 0)

    def received(self, data: bytes) -> bool:
        with self.requests_lock:
            self._unparsed += data
            self._parse()
        return True

    def _parse(self) -> None:
        """Parse the request at hand and the next, and no more: a client that pipelines hundreds must not hold up the loop.

        To be called with `requests_lock`. While something is unparsed, there is a request to answer, and so nothing is read.
        Nothing behind a request that is refused is a request, nor behind the last one.
        """
        if self.will_close or self.close_when_flushed or not self.connected:
            self._unparsed = b""
        while self._unparsed and len(self.requests) < _PARSED:
            request = self.request = self.request or self.parser_class(self.adj)
            self._unparsed = self._unparsed[request.received(self._unparsed) :]
            if request.expect_continue and request.headers_finished and not self.requests and not self.sent_continue:
                self.send_continue()
            if request.completed:
                self._add(request)

    def _add(self, request: Any) -> None:
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
        return self.total_outbufs_len >= self.adj.send_bytes or (self._large is not None and len(self._large) > 0)

    def write_soon(self, data: Any) -> int:
        """Queue bytes, or a file. Many bytes are not copied: those of a document are the same for all its readers."""
        if len(data) > _COPIED:
            if not isinstance(data, ReadOnlyFileBasedBuffer):
                data = ReadOnlyFileBasedBuffer(BytesIO(data))
                data.prepare()
            self._large = data
        self._left = _TURN
        written: int = HTTPChannel.write_soon(self, data)
        return written

    def send(self, data: bytes, do_close: bool = True) -> int:  # noqa: FBT001, FBT002 - waitress's signature
        """Send no more in a turn than others can wait for; a client that reads fast would get the whole of a large file."""
        if not data:  # the file was cut off meanwhile: what is missing of the answer never comes
            self.will_close = True
        if self._left <= 0 or not data:
            return 0
        sent: int = HTTPChannel.send(self, data, do_close)
        self._left -= sent
        return sent

    def suspend(self, awaited: Awaitable, seconds: float) -> None:
        """Raise Suspended if the request at hand may wait (any longer); the application calls this in a thread of its own."""
        now, request = time.monotonic(), self.requests[0]
        request.first_wait = request.first_wait or now
        deadline = request.first_wait + seconds
        if now < deadline and self.server.suspensions.admit():
            raise Suspended(awaited, deadline)

    def _resume(self) -> None:
        self.is_pipelined = len(self.requests) > 1
        self.server.add_task(self)

    def handle_write(self) -> None:
        self._left = _TURN
        if self._waits or self._suspension is not None:
            # waitress leaves less than `send_bytes` to the requests behind, which are not begun before this is sent.
            waitress: Any = self
            waitress._flush_exception(waitress._flush_some_if_lockable)  # noqa: SLF001 - its stubs leave both out
        super().handle_write()
        with self.outbuf_lock:
            goes_on = self._waits and self.connected and not self._is_full()
            self._waits = self._waits and not goes_on
        if goes_on:
            self.server.add_task(self)

    def handle_close(self) -> None:
        super().handle_close()
        if self._suspension is not None:
            self.server.suspensions.resume(self._suspension)

    def _flush_outbufs_below_high_watermark(self) -> None:
        """No thread waits here: every answer is whole, and the next is not begun before this one is read."""
