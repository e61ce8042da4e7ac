"""Media from disk: one strong entity tag per content, byte ranges for players (RFC 9110 section 14)."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from io import BufferedReader
from typing import Final, NamedTuple

from werkzeug.http import parse_range_header

from feedsvc.document import Attachment
from feedsvc.web.answer import COMMON, Headers, Request, cache_control, not_modified, refuse

_BLOCK: Final = 64 * 1024
# A picture that is a program: shown, but not run as a page of this site.
_SANDBOX: Final = {"image/svg+xml": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}


@dataclass(frozen=True, kw_only=True, slots=True)
class FileResponse:
    """`body` reads the file as it is sent."""

    status: int
    headers: Headers
    body: Iterator[bytes] = field(default_factory=lambda: iter(()))


class Files:
    """Remembers each file's digest for as long as its size and time stay."""

    def __init__(self) -> None:
        self._digests: dict[str, tuple[tuple[int, int], str]] = {}
        self._lock = threading.Lock()

    def answer(
        self, attachment: Attachment, request: Request, now: datetime, next_change: datetime | None
    ) -> FileResponse | None:
        """What to send for a media file; None if it is no longer there."""
        if request.method not in ("GET", "HEAD"):
            refused = refuse(request)
            return FileResponse(status=refused.status, headers=refused.headers)
        try:
            file = _open(attachment.location)
        except OSError:
            return None
        try:
            status = os.fstat(file.fileno())
            tag = self._digest(attachment.location, (status.st_size, status.st_mtime_ns), file)
            return _respond(attachment, request, _Opened(file, status.st_size, tag), cache_control(now, next_change))
        except OSError:
            file.close()
            return None

    def _digest(self, location: str, state: tuple[int, int], file: BufferedReader) -> str:
        known = self._digests.get(location)
        if known is None or known[0] != state:
            known = (state, hashlib.file_digest(file, "sha256").hexdigest()[:24])
            with self._lock:
                self._digests[location] = known
        return known[1]


def _open(location: str) -> BufferedReader:
    # The path was resolved when it was found; whatever became a link since then is not followed.
    return os.fdopen(os.open(location, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


class _Opened(NamedTuple):
    file: BufferedReader
    size: int
    tag: str


def _respond(attachment: Attachment, request: Request, opened: _Opened, caching: str) -> FileResponse:
    file, size, tag = opened
    headers: Headers = [("ETag", f'"{tag}"'), ("Cache-Control", caching), ("Accept-Ranges", "bytes"), *COMMON]
    sandbox = _SANDBOX.get(attachment.media_type)
    headers += [("Content-Security-Policy", sandbox)] if sandbox else []
    if not_modified(request, tag, None):
        file.close()
        return FileResponse(status=304, headers=headers)
    start, stop, status = _range(request, size, tag)
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        file.close()
        return FileResponse(status=416, headers=[*headers, ("Content-Range", f"bytes */{size}"), ("Content-Length", "0")])
    headers += [("Content-Type", attachment.media_type), ("Content-Length", str(stop - start))]
    headers += [("Content-Range", f"bytes {start}-{stop - 1}/{size}")] if status == HTTPStatus.PARTIAL_CONTENT else []
    if request.method == "HEAD":
        file.close()
        return FileResponse(status=status, headers=headers)
    return FileResponse(status=status, headers=headers, body=_Blocks(file, start, stop - start))


def _range(request: Request, size: int, tag: str) -> tuple[int, int, int]:
    """Start, stop and status; several ranges at once, and those of another version, get the whole file."""
    asked = parse_range_header(request.header("range")) if request.method == "GET" else None
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1 or request.header("if-range") not in ("", f'"{tag}"'):
        return 0, size, 200
    found = asked.range_for_length(size)
    return (*found, 206) if found else (0, 0, 416)


class _Blocks:
    """A part of a file, block by block; closed by the server even if it never began (PEP 3333)."""

    def __init__(self, file: BufferedReader, start: int, length: int) -> None:
        file.seek(start)
        self._file = file
        self._left = length

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        block = self._file.read(min(_BLOCK, self._left))
        if not block:
            self.close()
            raise StopIteration
        self._left -= len(block)
        return block

    def close(self) -> None:
        self._file.close()
