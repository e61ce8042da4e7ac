"""Fetched documents and files of imports."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from feedsvc.support.http import HostAccess, HttpClient, HttpError, HttpLimits, HttpResponse

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

    Raises HttpError for the reasons of `fetch_document`, OSError if the file cannot be written; then `path` is not there.
    """
    fields = {"Accept": "*/*", "Accept-Encoding": "identity"}
    try:
        with closing(HttpClient(access, limits)) as client, client.request(address, fields) as response:
            _require_ok(response)
            with path.open("wb") as file:
                file.writelines(response.blocks())
    except HttpError:
        path.unlink(missing_ok=True)
        raise
    return response.media_type


def _require_ok(response: HttpResponse) -> None:
    if response.status != HTTPStatus.OK:
        phrases = {status.value: f" {status.phrase}" for status in HTTPStatus}
        reason = f"the server answered {response.status}{phrases.get(response.status, '')}"
        is_temporary = response.status in _TEMPORARY_STATUSES
        raise HttpError(response.address, reason, status=response.status, is_temporary=is_temporary)
