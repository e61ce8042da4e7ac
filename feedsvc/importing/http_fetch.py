"""Fetched documents and files of imports; files are fetched in parts, so that an interrupted import goes on where it ended."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from feedsvc.support.atomic_write import write_atomically
from feedsvc.support.http import HostAccess, HttpClient, HttpError, HttpLimits, HttpResponse

PART_SUFFIX: Final = ".part"
STATE_SUFFIX: Final = ".part.json"
# RFC 9110 section 15: a later request may get another answer.
_TEMPORARY_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_DEFAULT_LIMITS: Final = HttpLimits()


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchedDocument:
    """Body of a response, without content coding. `address` is the last one after redirects, without fragment.

    `media_type` and `charset` are in lower case, "" if unknown.
    """

    address: str
    data: bytes
    media_type: str = ""
    charset: str = ""


def fetch_document(
    address: str, *, access: HostAccess, limits: HttpLimits = _DEFAULT_LIMITS, accept: str = "*/*"
) -> FetchedDocument:
    """Fetch a document into memory; `address` is an http or https URI or IRI, `accept` the header Accept.

    Redirects are followed; a request that fails is not repeated. Raises HttpError for the network, a final status other than
    200, a body above the limit, too many redirects, an invalid address, another scheme and a refused host.
    """
    fields = {"Accept": accept, "Accept-Encoding": "gzip"}
    with closing(HttpClient(access, limits)) as client, client.request(address, fields) as response:
        _require_ok(response)
        data = b"".join(response.blocks())
    return FetchedDocument(address=response.address, data=data, media_type=response.media_type, charset=response.charset)


def fetch_file(address: str, path: Path, *, access: HostAccess, limits: HttpLimits = _DEFAULT_LIMITS) -> str:
    """Fetch a file to `path`, in a folder that exists, in place of a former one, and return its media type, "" if unknown.

    The bytes are first in a file with PART_SUFFIX, beside one with STATE_SUFFIX that has the address and the version (ETag,
    else Last-Modified). After a failed call or a killed process, a later call for the same address and path asks for the rest
    only (RFC 9110 section 14.2), if the server named a version. If the file at the server has changed, that call gets the
    whole, or removes both files and raises an HttpError with `is_temporary`. Raises HttpError also for the reasons of
    `fetch_document` (network, status, size, redirects, address, host), OSError if a file cannot be written.
    """
    part = _PartialFile(path, address)
    fields = {"Accept": "*/*", "Accept-Encoding": "identity", **part.range_fields()}
    with closing(HttpClient(access, limits)) as client, client.request(address, fields) as response:
        if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and part.length:
            part.remove()
            raise HttpError(response.address, "the file has changed since its beginning was fetched", is_temporary=True)
        if response.status == HTTPStatus.PARTIAL_CONTENT and part.length:
            _require_rest(response, part)
        else:
            _require_ok(response)
            part.begin("" if response.is_coded else _strong_validator(response))
        part.append(response.blocks(part.length))
    part.complete()
    return response.media_type


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

    def append(self, blocks: Iterable[bytes]) -> None:
        """Append blocks to the stored beginning, and flush it to the disk."""
        with self._part.open("ab") as file:
            file.writelines(blocks)
            file.flush()
            os.fsync(file.fileno())

    def complete(self) -> None:
        self._part.replace(self._path)
        self._state.unlink(missing_ok=True)

    def remove(self) -> None:
        self._part.unlink(missing_ok=True)
        self._state.unlink(missing_ok=True)


def _require_ok(response: HttpResponse) -> None:
    if response.status != HTTPStatus.OK:
        phrases = {status.value: f" {status.phrase}" for status in HTTPStatus}
        reason = f"the server answered {response.status}{phrases.get(response.status, '')}"
        is_temporary = response.status in _TEMPORARY_STATUSES
        raise HttpError(response.address, reason, status=response.status, is_temporary=is_temporary)


def _require_rest(response: HttpResponse, part: _PartialFile) -> None:
    """Remove the partial file and raise HttpError unless this response (206) begins where it ends, without content coding."""
    unit, _, content_range = response.header("Content-Range").strip().partition(" ")
    if response.is_coded or unit.lower() != "bytes" or content_range.partition("-")[0].strip() != f"{part.length}":
        part.remove()
        raise HttpError(response.address, "the server sent another part of the file than was asked for", is_temporary=True)


def _strong_validator(response: HttpResponse) -> str:
    """Return the value for If-Range: the entity tag unless it is weak, else Last-Modified, else ""."""
    tag = response.header("ETag").strip()
    return tag if tag.startswith('"') else response.header("Last-Modified").strip()
