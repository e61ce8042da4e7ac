"""One connection to waitress: what of a request it reads otherwise, and how its answers leave."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import WSGITask

from feedsvc.web.deferral import WAIT, Awaitable, Suspended, Suspension
from feedsvc.web.repeated import REPEATS, Head, Repeated

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")


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


class _Parser(HTTPRequestParser):
    def parse_header(self, header_plus: bytes) -> None:
        """Takes addresses as people paste them: letters beyond ASCII stand for their UTF-8 bytes."""
        line, end, rest = header_plus.partition(b"\r\n")
        line = _BEYOND_ASCII.sub(lambda found: b"%%%02X" % ord(found[0]), line)
        try:
            super().parse_header(line + end + rest)
        except ValueError:  # from urlsplit: http://[/ would end the connection without an answer
            raise ParsingError("Bad URI") from None


class Channel(HTTPChannel):
    """Whoever asks on without reading waits for himself: waitress would have a thread wait with him, and soon all of them."""

    server: Any
    parser_class = _Parser
    task_class = _Task
    _waits = False  # for the client to read, before its next request is answered

    _suspension: Suspension | None = None
    _first_wait: float | None = None  # when the request at hand began to wait, in seconds of time.monotonic

    def service(self) -> None:
        with self.outbuf_lock:
            self._waits = self.connected and self.total_outbufs_len >= self.adj.send_bytes
        if self._waits:
            self.server.pull_trigger()
            return
        self._suspension = None
        try:
            super().service()
            self._first_wait = None
        except Suspended as suspended:
            self._suspension = Suspension(suspended, self._resume)
            self.server.suspensions.add(self._suspension)
            self.server.pull_trigger()  # the loop has to know the new deadline

    def suspend(self, awaited: Awaitable, seconds: float) -> None:
        """Raise Suspended if the request at hand may wait (any longer); the application calls this in a thread of its own."""
        now = time.monotonic()
        self._first_wait = self._first_wait or now
        deadline = self._first_wait + seconds
        if now < deadline and self.server.suspensions.admit():
            raise Suspended(awaited, deadline)

    def _resume(self) -> None:
        self.server.add_task(self)

    def handle_write(self) -> None:
        if self._suspension is not None and self.total_outbufs_len < self.adj.send_bytes:
            # waitress sends as little as this only after the requests behind it, which may take seconds here.
            waitress: Any = self
            waitress._flush_exception(waitress._flush_some_if_lockable)  # noqa: SLF001 - its stubs leave both out
        super().handle_write()
        with self.outbuf_lock:
            goes_on = self._waits and self.connected and self.total_outbufs_len < self.adj.send_bytes
            self._waits = self._waits and not goes_on
        if goes_on:
            self.server.add_task(self)

    def handle_close(self) -> None:
        super().handle_close()
        if self._suspension is not None:
            self.server.suspensions.resume(self._suspension)

    def _flush_outbufs_below_high_watermark(self) -> None:
        """No thread waits here: every answer is whole, and the next is not begun before this one is read."""
