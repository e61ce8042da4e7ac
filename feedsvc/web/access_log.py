"""Access log: optional WSGI middleware that writes one line per response from its own thread.

The line has the request's path without the query, and User-Agent as the only header, because query and headers may hold secrets.
The path of a private feed has the name of the token in place of the token.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from feedsvc.access import hide_tokens
from feedsvc.support.client_address import Networks, client_address

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Key in the environ: a function (path) -> None that replaces the path in the log.
LOG_PATH_KEY: Final = "feedsvc.log_path"
_FLUSH_INTERVAL: Final = 0.5  # seconds between two writes
_MAX_QUEUED_LINES: Final = 50_000  # lines in memory while the reader of the log is slow; further lines are dropped and counted
# Bytes. POSIX keeps writes to a pipe atomic up to this size, so several processes may share one pipe.
_ATOMIC_WRITE_SIZE: Final = 4096
_MAX_FIELD_LENGTH: Final = 500  # characters of a path or a User-Agent
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # in any locale
_ESCAPES: Final = {ord('"'): '\\"', ord("\\"): "\\\\"}
_PRINTABLE: Final = range(ord(" "), ord("~") + 1)

Fields = Mapping[str, str | int | float | bool]


def _logfmt(fields: Fields) -> str:
    return " ".join(f"{name}={_logfmt_value(value)}" for name, value in fields.items())


def _logfmt_value(value: str | float) -> str:
    """Return a printable ASCII text unchanged if it is not "" and has no space, quote, = or backslash; other values as JSON.

    JSON escapes control characters and line ends.
    """
    is_plain = isinstance(value, str) and value.isascii() and value.isprintable() and value and not set(value) & set(' "=\\')
    return str(value) if is_plain else json.dumps(value)


def _combined(fields: Fields) -> str:
    """Return a line in the NCSA combined log format, as of Apache and nginx (https://httpd.apache.org/docs/2.4/logs.html#combined).

    There is no Referer ("-"), because it may hold secrets, and no user. The number of dropped lines, alone in `fields`, becomes a
    comment: "# dropped=3".
    """
    if "dropped" in fields:
        return f"# dropped={fields['dropped']}"
    at = datetime.fromisoformat(str(fields["time"]))
    time = f"{at.day:02}/{_MONTHS[at.month - 1]}/{at.year}:{at:%H:%M:%S %z}"
    request = _quoted(f"{fields['method']} {fields['path']} HTTP/1.1")
    client, size = fields["client"] or "-", fields["bytes"] or "-"
    return f'{client} - - [{time}] {request} {fields["status"]} {size} "-" {_quoted(fields["agent"])}'


def _quoted(value: object) -> str:
    """Return a text in quotation marks, escaped as by Apache: `"`, `\\` and bytes that are not printable ASCII; "-" for ""."""
    text = "".join(_ESCAPES.get(byte) or (chr(byte) if byte in _PRINTABLE else f"\\x{byte:02x}") for byte in str(value).encode())
    return f'"{text or "-"}"'


# Name of a format -> function that formats one line, without the line end.
LOG_FORMATS: Final[Mapping[str, Callable[[Fields], str]]] = {"logfmt": _logfmt, "json": json.dumps, "combined": _combined}


class AccessLog:
    """Access log: a thread that writes the collected lines to a file descriptor every half a second.

    If the reader of the log is slow, lines are dropped and requests are not delayed. A later line has the number of dropped
    lines as its only field, `dropped`. `close` writes the remaining lines.
    """

    def __init__(
        self, form: str, descriptor: int, trusted_proxies: Networks = (), *, max_queued: int = _MAX_QUEUED_LINES
    ) -> None:
        """Start a log that writes to the file descriptor `descriptor` in the format `form`, a key of LOG_FORMATS.

        If the peer is one of `trusted_proxies`, the client in the line is that of X-Forwarded-For. At most `max_queued` lines
        wait for the next write; further lines are dropped.
        """
        self._format_line, self._descriptor, self._trusted_proxies = LOG_FORMATS[form], descriptor, trusted_proxies
        self._max_queued = max_queued
        self._queue: deque[bytes] = deque()
        self._dropped = 0
        self._stop_event = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feedsvc-access-log", daemon=True)
        self._thread.start()

    def wrap(self, application: WSGIApplication, clock: Callable[[], datetime]) -> WSGIApplication:
        """Return WSGI middleware that adds a line to the log once `application` has returned the response to a request.

        The line has the time of `clock` when the request began. An exception is logged, too, as status 500 unless
        start_response was called before, and raised again.
        """

        def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            at, start = clock(), perf_counter()
            response: list[Any] = ["500 ", []]  # status and headers
            paths = [hide_tokens(environ.get("PATH_INFO", "")).encode("latin-1")]  # the last one is logged
            environ[LOG_PATH_KEY] = lambda path: paths.append(path.encode())

            def start_logged_response(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
                response[:] = status, headers
                return start_response(status, headers, *error)

            try:
                return application(environ, start_logged_response)
            finally:
                self._append(environ, at, paths[-1], response, perf_counter() - start)

        return wrapped

    def close(self) -> None:
        """Stop the thread and write the remaining lines. The descriptor stays open."""
        self._stop_event.set()
        self._thread.join()
        self._write()

    def _append(self, environ: WSGIEnvironment, at: datetime, path: bytes, response: list[Any], seconds: float) -> None:
        """Add a line to the queue, or count it as dropped if the queue is full. `response` is [status line, headers]."""
        if len(self._queue) >= self._max_queued:
            self._dropped += 1
            return
        method, status = environ["REQUEST_METHOD"], int(response[0][:3])
        length = next((value for name, value in response[1] if name == "Content-Length"), "")
        agent = environ.get("HTTP_USER_AGENT", "").encode("latin-1", "replace").decode("utf-8", "replace")
        self._add_line(
            {
                "time": at.isoformat(timespec="milliseconds"),
                "client": client_address(environ, self._trusted_proxies),
                "method": method[:20],
                "path": quote(path, safe="/!$&'()*+,;:@~-._")[:_MAX_FIELD_LENGTH],
                "status": status,
                "bytes": 0 if method == "HEAD" else int(length or 0),
                "ms": round(seconds * 1000, 3),
                "not_modified": status == 304,  # noqa: PLR2004 - RFC 9110 section 15.4.5
                "agent": hide_tokens(agent)[:_MAX_FIELD_LENGTH],
            }
        )

    def _add_line(self, fields: Fields) -> None:
        self._queue.append(f"{self._format_line(fields)}\n".encode("ascii", "backslashreplace"))

    def _run(self) -> None:
        while not self._stop_event.wait(_FLUSH_INTERVAL):
            self._write()

    def _write(self) -> None:
        if dropped := self._dropped:
            self._dropped = 0
            self._add_line({"dropped": dropped})
        for block in _blocks(self._queue.popleft() for _ in range(len(self._queue))):
            _write_all(self._descriptor, block)


def _blocks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield blocks of whole lines, each at most _ATOMIC_WRITE_SIZE bytes. A longer line is a block of its own."""
    block = b""
    for line in lines:
        if block and len(block) + len(line) > _ATOMIC_WRITE_SIZE:
            yield block
            block = b""
        block += line
    if block:
        yield block


def _write_all(descriptor: int, block: bytes) -> None:
    """Write all bytes. Drop the rest after an OSError, so that the site is served even if the reader of the log has exited."""
    remaining = memoryview(block)
    try:
        while remaining:
            remaining = remaining[os.write(descriptor, remaining) :]
    except OSError:
        return
