"""GET requests for imports: bounded in size, time and redirects, never to the own network unless that is allowed, resumable.

No proxy is used, and no cookie, password or referrer is sent.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urldefrag

from feedsvc import __version__
from feedsvc.errors import FeedsvcError
from feedsvc.importing.addresses import absolute, split_address
from feedsvc.importing.host_access import HostAccess, HostRefusedError
from feedsvc.importing.http_connection import DEFAULT_PORTS, Exchange, TimeLimit
from feedsvc.support.atomic_write import write_atomically
from feedsvc.uris import uri

PART_SUFFIX: Final = ".part"
STATE_SUFFIX: Final = ".part.json"
_MIB: Final = 1024**2
_AGENT: Final = f"feedsvc/{__version__} (import)"
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
# RFC 9110 section 15: a later request may get another answer.
_TEMPORARY_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class FetchError(FeedsvcError):
    """Raised if a fetch fails. `address` was requested last or, if there are too many redirects, first.

    `reason` is the text without the address, `status` the response's if that is the reason, else 0. `is_temporary`: the same
    request may succeed later.
    """

    def __init__(self, address: str, reason: str, *, status: int = 0, is_temporary: bool = False) -> None:
        super().__init__(f"{address}: {reason}")
        self.address, self.reason, self.status, self.is_temporary = address, reason, status, is_temporary


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchLimits:
    """Limits of one fetch. The decoded body has at most `max_bytes`; `timeout` and `total` are seconds.

    `timeout` holds for connecting and for each read, `total` for the whole, with its redirects.
    """

    max_bytes: int = 64 * _MIB
    timeout: float = 30.0
    total: float = 300.0
    max_redirects: int = 8


DEFAULT_LIMITS: Final = FetchLimits()


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchedDocument:
    """Body of a response, without content coding. `address` is the last one after redirects, without fragment.

    `media_type` and `charset` are in lower case, "" if unknown.
    """

    address: str
    data: bytes
    media_type: str = ""
    charset: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchedFile:
    """A response whose body of `length` bytes is in a file. `address` is the last one after redirects, `media_type` may be ""."""

    address: str
    media_type: str
    length: int


def fetch_document(
    address: str, *, access: HostAccess, limits: FetchLimits = DEFAULT_LIMITS, accept: str = "*/*"
) -> FetchedDocument:
    """Fetch a document into memory; `address` is an http or https URI or IRI, `accept` the header Accept.

    Redirects are followed; a request that fails is not repeated. Raises FetchError for the network, a final status other than
    200, a body above the limit, too many redirects, an invalid address, another scheme and a refused host.
    """
    fields = {"Accept": accept, "Accept-Encoding": "gzip"}
    with _open(address, fields, access, limits) as (final_address, exchange):
        _require_status(final_address, exchange, HTTPStatus.OK)
        data = b"".join(_body(final_address, exchange, limits.max_bytes))
        media_type, charset = _content_type(exchange)
    return FetchedDocument(address=final_address, data=data, media_type=media_type, charset=charset)


def fetch_file(
    address: str,
    path: Path,
    *,
    access: HostAccess,
    limits: FetchLimits = DEFAULT_LIMITS,
) -> FetchedFile:
    """Fetch a file to `path`, in a folder that exists, in place of a former one; `address` is an http or https URI or IRI.

    The bytes are first in a file with PART_SUFFIX, beside one with STATE_SUFFIX that has the address and the version (ETag,
    else Last-Modified). After a failed call or a killed process, a later call for the same address and path asks for the rest
    only (RFC 9110 section 14.2), if the server named a version. If the file at the server has changed, that call gets the
    whole, or removes both files and raises a FetchError with `is_temporary`. Raises FetchError also for the reasons of
    `fetch_document` (network, status, size, redirects, address, host), OSError if a file cannot be written.
    """
    part = _PartialFile(path, address)
    fields = {"Accept": "*/*", "Accept-Encoding": "identity", **part.range_fields()}
    with _open(address, fields, access, limits) as (final_address, exchange):
        if exchange.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and part.length:
            part.remove()
            raise FetchError(final_address, "the file has changed since its beginning was fetched", is_temporary=True)
        if exchange.status == HTTPStatus.PARTIAL_CONTENT and part.length:
            _require_rest(final_address, exchange, part)
        else:
            _require_status(final_address, exchange, HTTPStatus.OK)
            part.begin("" if exchange.is_coded else _strong_validator(exchange))
        total = 0 if exchange.is_coded else part.length + _integer(exchange.header("Content-Length"))
        if total > limits.max_bytes:
            raise FetchError(final_address, _too_large(limits.max_bytes))
        with part.open() as write:
            for block in _body(final_address, exchange, limits.max_bytes, part.length):
                write(block)
        media_type, _ = _content_type(exchange)
    part.complete()
    return FetchedFile(address=final_address, media_type=media_type, length=part.length)


class _PartialFile:
    """The stored beginning of a file. `length` is its bytes, 0 unless it was fetched from the same address with a validator."""

    def __init__(self, path: Path, address: str) -> None:
        self._path, self._address = path, address
        self._part, self._state = (path.with_name(path.name + suffix) for suffix in (PART_SUFFIX, STATE_SUFFIX))
        self._validator = self._read_validator()
        self.length = self._part.stat().st_size if self._validator and self._part.is_file() else 0

    def _read_validator(self) -> str:
        with suppress(OSError, ValueError):
            state = json.loads(self._state.read_bytes())
            if isinstance(state, dict) and state.get("address") == self._address:
                return str(state.get("validator", ""))
        return ""

    def range_fields(self) -> Mapping[str, str]:
        """Return header fields for the rest of a file, or all if it changed (RFC 9110 section 13.1.5); {} if `length` is 0."""
        return {"Range": f"bytes={self.length}-", "If-Range": self._validator} if self.length else {}

    def begin(self, validator: str) -> None:
        """Remove the stored beginning, set `length` to 0, and store `validator`: that of the response read now, "" if none."""
        self.remove()
        self.length = 0
        write_atomically(self._state, json.dumps({"address": self._address, "validator": validator}).encode())

    @contextmanager
    def open(self) -> Iterator[Callable[[bytes], None]]:
        """Open the partial file, and yield the function that appends a block. Then flush it to the disk."""
        with self._part.open("ab") as file:

            def write(block: bytes) -> None:
                file.write(block)
                self.length += len(block)

            yield write
            file.flush()
            os.fsync(file.fileno())

    def complete(self) -> None:
        self._part.replace(self._path)
        self._state.unlink(missing_ok=True)

    def remove(self) -> None:
        self._part.unlink(missing_ok=True)
        self._state.unlink(missing_ok=True)


@contextmanager
def _open(address: str, fields: Mapping[str, str], access: HostAccess, limits: FetchLimits) -> Iterator[tuple[str, Exchange]]:
    """Send a GET request, follow its redirects, and yield the last address with its exchange, whatever its status.

    Raises FetchError for the network, a refused host, an invalid address, too many redirects, or one that leads to no address.
    """
    deadline = TimeLimit(limits.total, limits.timeout)
    current = _uri(address, address)
    for _ in range(limits.max_redirects + 1):
        with _reporting(current):
            exchange = Exchange(_split(current), {"User-Agent": _AGENT, **fields}, access, deadline)
        with exchange:
            location = exchange.header("Location")
            if exchange.status not in _REDIRECTS or not location:
                yield current, exchange
                return
        target = absolute(current, location)
        if not target:
            raise FetchError(current, f"it redirects to '{location[:200]}', which is no address")
        current = _uri(target, current)
    raise FetchError(address, f"more than {limits.max_redirects} redirects, the last one to {current}")


@contextmanager
def _reporting(address: str) -> Iterator[None]:
    """Raise errors of the network, of the response or of the host access inside the block as a FetchError with this address."""
    try:
        yield
    except HostRefusedError as error:
        raise FetchError(address, str(error)) from None
    except (OSError, HTTPException, UnicodeError, ValueError, zlib.error) as error:
        is_temporary = isinstance(error, (OSError, HTTPException))
        raise FetchError(address, _reason(error), is_temporary=is_temporary) from None


def _body(address: str, exchange: Exchange, max_bytes: int, length: int = 0) -> Iterator[bytes]:
    """Yield blocks of the file from byte `length` on. Raises FetchError for the network, or a file of more than `max_bytes`."""
    blocks = exchange.blocks()
    while True:
        with _reporting(address):
            block = next(blocks, None)
        if block is None:
            return
        length += len(block)
        if length > max_bytes:
            raise FetchError(address, _too_large(max_bytes))
        yield block


def _require_status(address: str, exchange: Exchange, expected: HTTPStatus) -> None:
    if exchange.status != expected:
        phrases = {status.value: f" {status.phrase}" for status in HTTPStatus}
        reason = f"the server answered {exchange.status}{phrases.get(exchange.status, '')}"
        is_temporary = exchange.status in _TEMPORARY_STATUSES
        raise FetchError(address, reason, status=exchange.status, is_temporary=is_temporary)


def _require_rest(address: str, exchange: Exchange, part: _PartialFile) -> None:
    """Remove the partial file and raise FetchError unless this response (206) begins where it ends, without content coding."""
    unit, _, content_range = exchange.header("Content-Range").strip().partition(" ")
    if exchange.is_coded or unit.lower() != "bytes" or _integer(content_range.partition("-")[0]) != part.length:
        part.remove()
        raise FetchError(address, "the server sent another part of the file than was asked for", is_temporary=True)


def _strong_validator(exchange: Exchange) -> str:
    """Return the value for If-Range: the entity tag unless it is weak, else Last-Modified, else ""."""
    tag = exchange.header("ETag").strip()
    return tag if tag.startswith('"') else exchange.header("Last-Modified").strip()


def _content_type(exchange: Exchange) -> tuple[str, str]:
    """Return media type and charset in lower case, "" for what is missing."""
    message = Message()
    message["Content-Type"] = exchange.header("Content-Type") or "/"
    media_type = message.get_content_type() if exchange.header("Content-Type") else ""
    return media_type, (message.get_content_charset() or "")


def _integer(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() else 0


def _too_large(max_bytes: int) -> str:
    size = f"{max_bytes / _MIB:.0f} MiB" if max_bytes >= _MIB else f"{max_bytes} bytes"
    return f"it is larger than {size}"


def _uri(text: str, source: str) -> str:
    """Return an address as a URI without fragment. Raises FetchError with `source`, which redirected to it or is it."""
    try:
        return urldefrag(uri(text)).url
    except (ValueError, UnicodeError) as error:
        where = "" if text == source else f"it redirects to '{text[:200]}', "
        raise FetchError(source[:500], f"{where}{error}" if where else f"{error}") from None


def _split(address: str) -> SplitResult:
    split = split_address(address)
    if split.scheme not in DEFAULT_PORTS:
        raise ValueError("not an http or https address")
    return split


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
