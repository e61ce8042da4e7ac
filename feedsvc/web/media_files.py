"""Media from disk: one strong entity tag per content, byte ranges for players (RFC 9110 section 14)."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from io import BufferedReader
from typing import Final, NamedTuple

from werkzeug.http import parse_range_header

from feedsvc.content.file_signature import Stamp, size_of, stamp_of
from feedsvc.content.media.clean_file import DirtyError, cleaned_of, length_of
from feedsvc.content.safe_open import open_descriptor
from feedsvc.publication.cache_control import SANDBOX, cache_control, media_type
from feedsvc.publication.document import Attachment
from feedsvc.support.file_descriptors import is_exhausted
from feedsvc.web.deferred_requests import Awaitable
from feedsvc.web.open_files import OpenFiles, Pieces, read_part, reader
from feedsvc.web.responses import COMMON, Headers, Request, not_modified, past, refuse, unavailable, validators

# (path, digest, now) -> when the bytes became these, None where nobody knows.
Modified = Callable[[str, str, datetime], datetime | None]
# PEP 3333's wsgi.file_wrapper: the server sends the file from where it stands up to Content-Length.
FileWrapper = Callable[[BufferedReader, int], Iterable[bytes]]

_FAR_AHEAD: Final = timedelta(days=1)
_BLOCK: Final = 64 * 1024
_LARGEST_READ: Final = 64 * 1024  # bytes that are read at once, so that the file need not stay open for a slow client
_RETRY_SECONDS: Final = 5
_SANDBOX: Final = {"image/svg+xml": SANDBOX}


@dataclass(frozen=True, kw_only=True, slots=True)
class FileResponse:
    """Its bytes are `content`, or `part` of a file that stays open while it is sent.

    `awaited` calls back when a better answer than this 503 may be had.
    """

    status: int
    headers: Headers
    content: bytes = b""
    part: Part | None = None
    awaited: Awaitable | None = None

    def body(self, wrapper: FileWrapper | None) -> Iterable[bytes]:
        """For a server that sends files by itself, the file: a slow client would hold one of its threads."""
        if self.part is None:
            return (self.content,) if self.content else ()
        return wrapper(self.part.file, _BLOCK) if wrapper else self.part


class Files:
    """Remembers what each file's bytes are for as long as its stamp stays."""

    def __init__(self, modified: Modified, open_files: OpenFiles) -> None:
        self._modified, self._open_files = modified, open_files
        self._known: dict[tuple[str, bool], _Known] = {}
        self._lock = threading.Lock()

    def answer(
        self, attachment: Attachment, request: Request, now: datetime, next_change: datetime | None
    ) -> FileResponse | None:
        """What to send for a media file; None if it is no longer there. Raises OSError if no descriptor is left to open it."""
        if request[0] not in ("GET", "HEAD"):
            refused = refuse(request)
            return FileResponse(status=refused.status, headers=refused.headers)
        try:
            descriptor = open_descriptor(attachment.location)
            try:
                known = self._look(attachment, descriptor, now)
                caching = "no-store" if attachment.is_stand_in else cache_control(now, next_change)
                begun = _begin(attachment, request, known, past(known.modified, now), caching)
                return self._read(begun, descriptor, known.pieces) if begun.part else begun.response
            finally:
                os.close(descriptor)
        except DirtyError:
            return None
        except OSError as error:
            if is_exhausted(error):
                raise
            return None

    def _read(self, begun: _Begun, descriptor: int, pieces: Pieces) -> FileResponse:
        """Add the bytes, or the file if they are many, to an answer. The descriptor stays the caller's."""
        part = begun.part
        if len(part) <= _LARGEST_READ:
            return replace(begun.response, content=read_part(descriptor, part.start, len(part), pieces))
        file = self._open_files.hold(descriptor, pieces)
        if file is None:
            busy = unavailable("Too many large files are being sent; ask again in a moment.", _RETRY_SECONDS)
            return FileResponse(status=busy.status, headers=busy.headers, content=busy.body, awaited=self._open_files)
        return replace(begun.response, part=Part(file, part.start, len(part)))

    def _look(self, attachment: Attachment, descriptor: int, now: datetime) -> _Known:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise FileNotFoundError(attachment.location)
        stamp, key = stamp_of(found), (attachment.location, attachment.is_cleaned)
        known = self._known.get(key)
        if known is None or known.stamp != stamp:
            pieces = cleaned_of(attachment.location, descriptor) if attachment.is_cleaned else None
            with reader(descriptor, pieces) as file:
                file.seek(0)
                tag = hashlib.file_digest(file, "sha256").hexdigest()[:24]
            # The ledger knows what stands at an address; a stand-in does not.
            modified = None if attachment.is_stand_in else self._modified(attachment.path, tag, now)
            size = size_of(stamp) if pieces is None else length_of(pieces)
            known = _Known(stamp, tag, modified, size, pieces)
        elif attachment.is_stand_in:
            known = known._replace(modified=None)
        elif known.modified is None or known.modified > now + _FAR_AHEAD:
            # The disk may take a date by now; a clock that was ahead may have been set right.
            known = known._replace(modified=self._modified(attachment.path, known.tag, now))
        with self._lock:
            self._known[key] = known
        return known


class _Known(NamedTuple):
    """A file's bytes when they were last read through: its stamp then, their tag, since when they are these.

    `size` is that of the bytes that are sent: those of `pieces`, where it is not sent as it is.
    """

    stamp: Stamp
    tag: str
    modified: datetime | None
    size: int
    pieces: Pieces


class _Begun(NamedTuple):
    """An answer without its bytes, and which part of the file they are; an empty one if it has none."""

    response: FileResponse
    part: range = range(0)


def _begin(attachment: Attachment, request: Request, known: _Known, modified: datetime | None, caching: str) -> _Begun:
    tag, size, (method, said) = known.tag, known.size, request
    headers = [*validators(f'"{tag}"', modified), ("Cache-Control", caching), ("Accept-Ranges", "bytes"), *COMMON]
    sandbox = _SANDBOX.get(attachment.media_type)
    headers += [("Content-Security-Policy", sandbox)] if sandbox else []
    if not_modified(said, tag, modified):
        return _Begun(FileResponse(status=304, headers=headers))
    start, stop, status = _range(request, size, tag)
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return _Begun(FileResponse(status=416, headers=[*headers, ("Content-Range", f"bytes */{size}"), ("Content-Length", "0")]))
    headers += [("Content-Type", media_type(attachment)), ("Content-Length", str(stop - start))]
    headers += [("Content-Range", f"bytes {start}-{stop - 1}/{size}")] if status == HTTPStatus.PARTIAL_CONTENT else []
    return _Begun(FileResponse(status=status, headers=headers), range(0) if method == "HEAD" else range(start, stop))


def _range(request: Request, size: int, tag: str) -> tuple[int, int, int]:
    """Start, stop and status; several ranges at once, and those of another version, get the whole file."""
    method, headers = request
    asked = parse_range_header(headers.get("HTTP_RANGE", "")) if method == "GET" else None
    if (
        asked is None
        or asked.units != "bytes"
        or len(asked.ranges) != 1
        or headers.get("HTTP_IF_RANGE", "") not in ("", f'"{tag}"')
    ):
        return 0, size, 200
    first, end = asked.ranges[0]
    # The last bytes of a file may be more than it has (RFC 9110 section 14.1.2); werkzeug finds no such range.
    start, stop = max(0, first + size) if first < 0 else first, size if end is None else min(end, size)
    return (start, stop, 206) if start < stop else (0, 0, 416)


class Part:
    """A part of a file, block by block; closed by the server even if it never began (PEP 3333)."""

    def __init__(self, file: BufferedReader, start: int, length: int) -> None:
        file.seek(start)
        self.file = file
        self._left = length

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        block = self.file.read(min(_BLOCK, self._left))
        if not block:
            self.close()
            raise StopIteration
        self._left -= len(block)
        return block

    def close(self) -> None:
        self.file.close()
