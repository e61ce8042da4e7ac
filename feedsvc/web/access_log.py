"""An access log by option: one line for each answer, written by a thread of its own. WSGI middleware.

The path is logged without its query, and no header but User-Agent: neither may hold a secret.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from feedsvc.support.client_address import Networks, client
from feedsvc.web.deferred_requests import Suspended

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_EVERY: Final = 0.5  # seconds between two writings
_MOST: Final = 50_000  # lines that wait for the one who reads the log; the rest is counted only
# Bytes; POSIX keeps writings up to this size whole, so that several processes may share one pipe.
_WHOLE: Final = 4096
_LONGEST: Final = 500  # characters of a path or a User-Agent


class _Seen(NamedTuple):
    """What one request and its answer were; spelled when the line is written."""

    at: datetime
    peer: str
    forwarded: str
    method: str
    path: str
    agent: str
    status: int
    length: str
    seconds: float


Fields = Mapping[str, str | int | float | bool]


def _logfmt(fields: Fields) -> str:
    return " ".join(f"{name}={_word(value)}" for name, value in fields.items())


def _word(value: str | float) -> str:
    """As JSON where it is not one plain word: no control character and no line end survives that."""
    plain = isinstance(value, str) and value.isascii() and value.isprintable() and value and not set(value) & set(' "=\\')
    return str(value) if plain else json.dumps(value)


# The name of a format -> a line of it, without its end.
FORMATS: Final[Mapping[str, Callable[[Fields], str]]] = {"logfmt": _logfmt, "json": json.dumps}


class AccessLog:
    """Writes to a file descriptor at least each second; `close` writes what is left.

    Where nobody reads the log for long, lines are dropped, never requests kept waiting; `dropped` then says how many.
    """

    def __init__(self, form: str, descriptor: int, trusted: Networks = ()) -> None:
        """`form` is a name of FORMATS."""
        self._line, self._descriptor, self._trusted = FORMATS[form], descriptor, trusted
        self._waiting: deque[_Seen] = deque()
        self._dropped = 0
        self._begin, self._writing, self._end = threading.Lock(), threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    def around(self, application: WSGIApplication, clock: Callable[[], datetime]) -> WSGIApplication:
        def logged(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            at, began, path = clock(), perf_counter(), environ.get("PATH_INFO", "")
            told: list[Any] = ["500 ", []]

            def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
                told[:] = status, headers
                return start_response(status, headers, *error)

            try:
                body = application(environ, start)
            except Suspended:
                raise  # the application is called again for this request, and has answered nothing yet
            except BaseException:
                self._note(environ, at, path, told, perf_counter() - began)
                raise
            self._note(environ, at, path, told, perf_counter() - began)
            return body

        return logged

    def close(self) -> None:
        self._end.set()
        if self._thread:
            self._thread.join()
        self._write()

    def _note(self, environ: WSGIEnvironment, at: datetime, path: str, told: list[Any], seconds: float) -> None:
        if len(self._waiting) >= _MOST:
            self._dropped += 1
            return
        method, said = environ["REQUEST_METHOD"], environ.get
        length = "0" if method == "HEAD" else next((value for name, value in told[1] if name == "Content-Length"), "")
        status = int(told[0][:3])
        peer, forwarded = said("REMOTE_ADDR", ""), said("HTTP_X_FORWARDED_FOR", "") if self._trusted else ""
        seen = _Seen(at, peer, forwarded, method, path, said("HTTP_USER_AGENT", ""), status, length, seconds)
        self._waiting.append(seen)
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        """With the first request, and so in the process that answers it, however that came to be."""
        with self._begin:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="access log", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._end.wait(_EVERY):
            self._write()

    def _write(self) -> None:
        with self._writing:
            for block in _blocks(self._lines()):
                _put(self._descriptor, block)

    def _lines(self) -> Iterator[bytes]:
        for _ in range(len(self._waiting)):
            yield f"{self._line(self._fields(self._waiting.popleft()))}\n".encode("ascii", "backslashreplace")
        dropped, self._dropped = self._dropped, 0
        if dropped:
            yield f"{self._line({'dropped': dropped})}\n".encode()

    def _fields(self, seen: _Seen) -> Fields:
        who = {"REMOTE_ADDR": seen.peer, "HTTP_X_FORWARDED_FOR": seen.forwarded}
        return {
            "time": seen.at.isoformat(timespec="milliseconds"),
            "client": client(who, self._trusted),
            "method": seen.method[:20],
            "path": quote(seen.path.encode("latin-1"), safe="/!$&'()*+,;:@~-._")[:_LONGEST],
            "status": seen.status,
            "bytes": int(seen.length or 0),
            "ms": round(seen.seconds * 1000, 3),
            "not_modified": seen.status == 304,  # noqa: PLR2004 - RFC 9110 section 15.4.5
            "agent": seen.agent.encode("latin-1", "replace").decode("utf-8", "replace")[:_LONGEST],
        }


def _blocks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines, as many as fit into one writing."""
    block = b""
    for line in lines:
        if block and len(block) + len(line) > _WHOLE:
            yield block
            block = b""
        block += line
    if block:
        yield block


def _put(descriptor: int, block: bytes) -> None:
    """Whoever reads the log may have gone; the site is served all the same."""
    left = memoryview(block)
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError:
        return
