"""Access log: optional WSGI middleware that writes one line per response from its own thread.

The line has the request's path without the query, and User-Agent as the only header, because query and headers may hold secrets.
The path of a private feed has the name of the token in place of the token.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from feedsvc.access import hide_tokens
from feedsvc.support.client_address import Networks, client_address
from feedsvc.web.combined_log import format_combined

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Key in the environ: a function (path) -> None that replaces the path in the log.
LOG_PATH_KEY: Final = "feedsvc.log_path"
_FLUSH_INTERVAL: Final = 0.5  # seconds between two writes
_MAX_QUEUED_LINES: Final = 50_000  # lines in memory while the reader of the log is slow; further lines are dropped and counted
# Bytes. POSIX keeps writes to a pipe atomic up to this size, so several processes may share one pipe.
_ATOMIC_WRITE_SIZE: Final = 4096
_MAX_FIELD_LENGTH: Final = 500  # characters of a path or a User-Agent


class _LogLine(NamedTuple):
    """Facts of one request and its response; the log's thread formats them.

    `at` is when the request began. `peer` is REMOTE_ADDR; `forwarded` is X-Forwarded-For, "" if no proxies are trusted. `length`
    is the response's Content-Length: "0" for HEAD, "" if missing. `shown_path` is logged instead of `path` unless it is "".
    """

    at: datetime
    peer: str
    forwarded: str
    method: str
    path: str
    agent: str
    status: int
    length: str
    seconds: float
    shown_path: str = ""


Fields = Mapping[str, str | int | float | bool]


def _logfmt(fields: Fields) -> str:
    return " ".join(f"{name}={_logfmt_value(value)}" for name, value in fields.items())


def _logfmt_value(value: str | float) -> str:
    """Return a printable ASCII text unchanged if it is not "" and has no space, quote, = or backslash; other values as JSON.

    JSON escapes control characters and line ends.
    """
    is_plain = isinstance(value, str) and value.isascii() and value.isprintable() and value and not set(value) & set(' "=\\')
    return str(value) if is_plain else json.dumps(value)


# Name of a format -> function that formats one line, without the line end.
LOG_FORMATS: Final[Mapping[str, Callable[[Fields], str]]] = {"logfmt": _logfmt, "json": json.dumps, "combined": format_combined}


class AccessLog:
    """Access log: a thread that writes the collected lines to a file descriptor every half a second.

    If the reader of the log is slow, lines are dropped and requests are not delayed. A later line has the number of dropped
    lines as its only field, `dropped`. `close` writes the remaining lines.
    """

    def __init__(
        self, form: str, descriptor: int, trusted_proxies: Networks = (), *, max_queued: int = _MAX_QUEUED_LINES
    ) -> None:
        """Create a log that writes to the file descriptor `descriptor` in the format `form`, a key of LOG_FORMATS.

        If the peer is one of `trusted_proxies`, the client in the line is that of X-Forwarded-For. At most `max_queued` lines
        wait for the next write; further lines are dropped.
        """
        self._format_line, self._descriptor, self._trusted_proxies = LOG_FORMATS[form], descriptor, trusted_proxies
        self._max_queued = max_queued
        self._queue: deque[_LogLine] = deque()
        self._dropped = 0
        self._start_lock, self._write_lock, self._stop_event = threading.Lock(), threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    def wrap(self, application: WSGIApplication, clock: Callable[[], datetime]) -> WSGIApplication:
        """Return WSGI middleware that adds a line to the log once `application` has returned the response to a request.

        The line has the time of `clock` when the request began. An exception is logged, too, as status 500 unless
        start_response was called before, and raised again.
        """

        def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            at, start, path = clock(), perf_counter(), environ.get("PATH_INFO", "")
            response: list[Any] = ["500 ", []]  # status and headers
            shown_paths: list[str] = []
            environ[LOG_PATH_KEY] = shown_paths.append

            def start_logged_response(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
                response[:] = status, headers
                return start_response(status, headers, *error)

            try:
                body = application(environ, start_logged_response)
            except BaseException:
                self._append(environ, at, (path, *shown_paths[-1:]), response, perf_counter() - start)
                raise
            self._append(environ, at, (path, *shown_paths[-1:]), response, perf_counter() - start)
            return body

        return wrapped

    def close(self) -> None:
        """Stop the thread and write the remaining lines. The descriptor stays open."""
        self._stop_event.set()
        if self._thread:
            self._thread.join()
        self._write()

    def _append(self, environ: WSGIEnvironment, at: datetime, paths: Sequence[str], response: list[Any], seconds: float) -> None:
        """Add a line to the queue, or count it as dropped if the queue is full.

        `paths` are the path of the request and, if there is one, the path to log instead. `response` is [status line, headers].
        """
        if len(self._queue) >= self._max_queued:
            self._dropped += 1
            return
        method, status, get = environ["REQUEST_METHOD"], int(response[0][:3]), environ.get
        length = "0" if method == "HEAD" else next((value for name, value in response[1] if name == "Content-Length"), "")
        peer, forwarded = get("REMOTE_ADDR", ""), get("HTTP_X_FORWARDED_FOR", "") if self._trusted_proxies else ""
        path, shown_path = paths[0], "".join(paths[1:])
        agent = get("HTTP_USER_AGENT", "")
        self._queue.append(_LogLine(at, peer, forwarded, method, path, agent, status, length, seconds, shown_path))
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        """Start the thread. The first logged response calls this, so the thread runs in the process that serves after a fork."""
        with self._start_lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="feedsvc-access-log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._stop_event.wait(_FLUSH_INTERVAL):
            self._write()

    def _write(self) -> None:
        with self._write_lock:
            for block in _blocks(self._lines()):
                _write_all(self._descriptor, block)

    def _lines(self) -> Iterator[bytes]:
        for _ in range(len(self._queue)):
            yield f"{self._format_line(self._fields(self._queue.popleft()))}\n".encode("ascii", "backslashreplace")
        dropped, self._dropped = self._dropped, 0
        if dropped:
            yield f"{self._format_line({'dropped': dropped})}\n".encode()

    def _fields(self, line: _LogLine) -> Fields:
        environ = {"REMOTE_ADDR": line.peer, "HTTP_X_FORWARDED_FOR": line.forwarded}
        return {
            "time": line.at.isoformat(timespec="milliseconds"),
            "client": client_address(environ, self._trusted_proxies),
            "method": line.method[:20],
            "path": _quote_path(line)[:_MAX_FIELD_LENGTH],
            "status": line.status,
            "bytes": int(line.length or 0),
            "ms": round(line.seconds * 1000, 3),
            "not_modified": line.status == 304,  # noqa: PLR2004 - RFC 9110 section 15.4.5
            "agent": hide_tokens(line.agent.encode("latin-1", "replace").decode("utf-8", "replace"))[:_MAX_FIELD_LENGTH],
        }


def _quote_path(line: _LogLine) -> str:
    path = line.shown_path.encode() or hide_tokens(line.path).encode("latin-1")
    return quote(path, safe="/!$&'()*+,;:@~-._")


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
