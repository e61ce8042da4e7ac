"""Media files from disk with strong ETags and byte ranges (RFC 9110 section 14)."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from io import BufferedReader, FileIO
from typing import Final, NamedTuple

from werkzeug.http import parse_range_header
from werkzeug.wsgi import ClosingIterator

from feedsvc.content.file_signature import FileSignature, signature_of, size_of
from feedsvc.content.media import CleanFile, CleanPieces, UncleanableError, clean_pieces, pieces_length
from feedsvc.content.safe_open import open_descriptor
from feedsvc.publication import SANDBOX_POLICY, FileResource, cache_control, file_content_type
from feedsvc.support.digest import file_sha256
from feedsvc.support.file_descriptors import is_exhausted
from feedsvc.web.responses import (
    COMMON_HEADERS,
    RETRIEVAL_METHODS,
    Headers,
    Request,
    is_not_modified,
    last_modified_if_past,
    other_method_response,
    validator_headers,
)

# (path, digest, now) -> since when the file has this content, None if unknown.
LastModifiedLookup = Callable[[str, str, datetime], datetime | None]
# wsgi.file_wrapper of PEP 3333: the server sends the file from its current position up to Content-Length.
FileWrapper = Callable[[BufferedReader, int], Iterable[bytes]]
FilePieces = CleanPieces | None  # None: the whole file, unchanged

_MAX_CLOCK_SKEW: Final = timedelta(days=1)
_BLOCK_SIZE: Final = 64 * 1024
_MAX_BUFFERED_BYTES: Final = 64 * 1024  # bytes that are read into memory, so that the file need not stay open for a slow client
_SANDBOX_BY_TYPE: Final = {"image/svg+xml": SANDBOX_POLICY}


class FileResponse(NamedTuple):
    """Status, headers and body of a response: bytes, or a file that stays open while it is sent, and the number of its bytes."""

    status: int
    headers: Headers
    body: bytes | tuple[BufferedReader, int] = b""

    def body_iterable(self, file_wrapper: FileWrapper | None) -> Iterable[bytes]:
        """Return the body, which the server closes, and so the file, even if it has read no block (PEP 3333).

        With `file_wrapper` (wsgi.file_wrapper), the server reads and sends an open file itself, so that slow clients hold no
        thread; without it, the body is an iterator that reads the file in blocks.
        """
        if isinstance(self.body, bytes):
            return (self.body,)
        file, length = self.body
        return file_wrapper(file, _BLOCK_SIZE) if file_wrapper else ClosingIterator(_file_blocks(file, length), file.close)


class MediaResponder:
    """Responder that creates the responses for media files. A file's ETag and size are cached until its signature changes.

    Thread-safe.
    """

    def __init__(self, modified: LastModifiedLookup) -> None:
        self._modified = modified
        self._file_info: dict[tuple[str, bool], _FileInfo] = {}
        self._lock = threading.Lock()

    def respond(
        self, resource: FileResource, request: Request, now: datetime, next_change: datetime | None
    ) -> FileResponse | None:
        """Return the response for a media file, None if it is missing, unreadable or an image whose metadata cannot be removed.

        It is a 200, 304, or 206 or 416 (one byte range of a GET); for methods other than GET and HEAD a 204 or 405. A body of
        more than 64 kB is an open file. Raises OSError if no file descriptor is left. `next_change` is the next scheduled change
        of the site, which limits Cache-Control, None if none is planned.
        """
        if request[0] not in RETRIEVAL_METHODS:
            return FileResponse(*other_method_response(request))
        try:
            descriptor = open_descriptor(resource.location)
            try:
                file_info = self._get_file_info(resource, descriptor, now)
                caching = "no-store" if resource.is_substitute else cache_control(now, next_change)
                response, part = _plan_response(
                    resource, request, file_info, last_modified_if_past(file_info.modified, now), caching
                )
                if not part:
                    return response
                file = _open_reader(descriptor, file_info.pieces)
                file.seek(part.start)
                if len(part) > _MAX_BUFFERED_BYTES:
                    return response._replace(body=(file, len(part)))
                with file:
                    return response._replace(body=file.read(len(part)))
            finally:
                os.close(descriptor)
        except UncleanableError:
            return None
        except OSError as error:
            if is_exhausted(error):
                raise
            return None

    def _get_file_info(self, resource: FileResource, descriptor: int, now: datetime) -> _FileInfo:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise FileNotFoundError(resource.location)
        signature, key = signature_of(status), (resource.location, resource.is_cleaned)
        file_info = self._file_info.get(key)
        if file_info is None or file_info.stamp != signature:
            pieces = clean_pieces(resource.location, descriptor) if resource.is_cleaned else None
            with _open_reader(descriptor, pieces) as file:
                file.seek(0)
                tag = file_sha256(file).hex()[:24]
            # The Last-Modified store knows the file at this address. A substitute is not that file.
            modified = None if resource.is_substitute else self._modified(resource.path, tag, now)
            size = size_of(signature) if pieces is None else pieces_length(pieces)
            file_info = _FileInfo(signature, tag, modified, size, pieces)
        elif resource.is_substitute:
            file_info = file_info._replace(modified=None)
        elif file_info.modified is None or file_info.modified > now + _MAX_CLOCK_SKEW:
            # Ask again: the store may be writable by now, or a clock that was ahead may have been corrected.
            file_info = file_info._replace(modified=self._modified(resource.path, file_info.tag, now))
        with self._lock:
            self._file_info[key] = file_info
        return file_info


class _FileInfo(NamedTuple):
    """Facts about a file when it was last read: its signature `stamp`, ETag (`tag`, without quotes) and Last-Modified.

    `modified` is None if unknown. `pieces` are the parts that are sent of an image without its metadata, None if the whole file
    is sent. `size` is the number of bytes that are sent.
    """

    stamp: FileSignature
    tag: str
    modified: datetime | None
    size: int
    pieces: FilePieces


def _plan_response(
    resource: FileResource, request: Request, file_info: _FileInfo, last_modified: datetime | None, cache_control_value: str
) -> tuple[FileResponse, range]:
    """Return the response without its body, and the range of its body in the file as it is sent; empty if it has none."""
    tag, size, (method, request_headers) = file_info.tag, file_info.size, request
    headers = [
        *validator_headers(f'"{tag}"', last_modified),
        ("Cache-Control", cache_control_value),
        ("Accept-Ranges", "bytes"),
        *COMMON_HEADERS,
    ]
    sandbox = _SANDBOX_BY_TYPE.get(resource.media_type)
    headers += [("Content-Security-Policy", sandbox)] if sandbox else []
    if is_not_modified(request_headers, tag, last_modified):
        return FileResponse(304, headers), range(0)
    start, stop, status = _requested_range(request, size, tag)
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return FileResponse(416, [*headers, ("Content-Range", f"bytes */{size}"), ("Content-Length", "0")]), range(0)
    headers += [("Content-Type", file_content_type(resource.media_type)), ("Content-Length", str(stop - start))]
    headers += [("Content-Range", f"bytes {start}-{stop - 1}/{size}")] if status == HTTPStatus.PARTIAL_CONTENT else []
    return FileResponse(status, headers), range(0) if method == "HEAD" else range(start, stop)


def _requested_range(request: Request, size: int, tag: str) -> tuple[int, int, int]:
    """Return start, stop (exclusive) and status: 206 for the part in Range, or 0, 0 and 416 if Range is outside the file.

    Return the whole file and 200 for HEAD, without a valid Range, for several ranges, or if If-Range is given and is not `tag`.
    """
    method, headers = request
    parsed = parse_range_header(headers.get("HTTP_RANGE", "")) if method == "GET" else None
    if (
        parsed is None
        or parsed.units != "bytes"
        or len(parsed.ranges) != 1
        or headers.get("HTTP_IF_RANGE", "") not in ("", f'"{tag}"')
    ):
        return 0, size, 200
    first, end = parsed.ranges[0]
    # A suffix range may be longer than the file (RFC 9110 section 14.1.2); werkzeug leaves `first + size` negative.
    start, stop = max(0, first + size) if first < 0 else first, size if end is None else min(end, size)
    return (start, stop, 206) if start < stop else (0, 0, 416)


def _file_blocks(file: BufferedReader, length: int) -> Iterator[bytes]:
    """Yield `length` bytes of a file from its position, in blocks. End early if the file does."""
    while block := file.read(min(_BLOCK_SIZE, length)):
        length -= len(block)
        yield block


def _open_reader(descriptor: int, pieces: FilePieces) -> BufferedReader:
    """Return a file on a copy of the descriptor, only its `pieces` if given. Raises OSError."""
    own = os.dup(descriptor)
    return BufferedReader(FileIO(own, "rb") if pieces is None else CleanFile(own, pieces))
