"""Responses: functions from document, request and moment to status, headers and body. They do no I/O.

Sources: RFC 9110 (semantics, conditional requests), RFC 9111 and RFC 5861 (caching), the Fetch standard (CORS).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from html import escape
from http import HTTPStatus
from typing import Final, NamedTuple

from feedsvc.feed_model import Link
from feedsvc.publication import (
    EXPOSED_HEADERS,
    FRAME_ANCESTORS,
    Document,
    cache_control,
    cache_directives,
    content_type,
    seconds_until_change,
)
from feedsvc.support.compression import compress
from feedsvc.web import request_headers

# Never modified, because they are sent repeatedly.
Headers = Sequence[tuple[str, str]]

ALLOWED_METHODS: Final = "GET, HEAD, OPTIONS"
_RETRIEVAL_METHODS: Final = frozenset(("GET", "HEAD"))
_OK: Final = HTTPStatus.OK.value
_NOT_FOUND: Final = HTTPStatus.NOT_FOUND.value
# A document of another media type needs another tag. Otherwise a browser would revalidate one as the other.
_BROWSER_TAG_SUFFIX: Final = "-xml"


# Method and headers of a request. Headers have the names of WSGI (HTTP_IF_NONE_MATCH), so an environ can be used.
Request = tuple[str, Mapping[str, str]]


class Response(NamedTuple):
    """Status, headers and body of a response."""

    status: int
    headers: Headers
    body: bytes = b""


def respond(document: Document, request: Request, now: datetime, next_change: datetime | None) -> Response:
    """Return the response for a document, by method, conditional headers, Accept-Encoding and Sec-Fetch-Dest; no body for HEAD.

    Nothing else in the request affects it. The status is the document's, 304 instead of 200, or 204 or 405 for other methods.
    `next_change` is the next scheduled change of the site, which limits Cache-Control, None if none is planned. Responses are
    cached with the document.
    """
    method, headers = request
    if method not in _RETRIEVAL_METHODS:
        return other_method_response(request)
    key, seconds_left = _response_key(document, headers, now), seconds_until_change(now, next_change)
    prepared: _PreparedResponse | None = document.derived_data.cache.get(key)
    if prepared is None:
        prepared = document.derived_data.cache[key] = _prepare(document, *key)
    last_seconds_left, response = prepared.last_response
    if last_seconds_left != seconds_left or response is None:
        response = prepared.with_cache_control(seconds_left)
    return response if method == "GET" else Response(response.status, response.headers)


# Whether a browser navigates here, whether Last-Modified is not in the future, the acceptable codings (None for a 304). There are
# few different keys, because headers are parsed first.
_ResponseKey = tuple[bool, bool, tuple[str, ...] | None]


def _response_key(document: Document, headers: Mapping[str, str], now: datetime) -> _ResponseKey:
    modified = document.last_modified
    is_navigation = (
        "HTTP_SEC_FETCH_DEST" in headers and headers["HTTP_SEC_FETCH_DEST"] == "document" and bool(document.browser_type)
    )
    has_date = modified is not None and modified <= now
    if ("HTTP_IF_NONE_MATCH" in headers or "HTTP_IF_MODIFIED_SINCE" in headers) and document.status == _OK:
        tag = document.etag + _BROWSER_TAG_SUFFIX if is_navigation else document.etag
        if is_not_modified(headers, tag, modified if has_date else None):
            return is_navigation, has_date, None
    return is_navigation, has_date, request_headers.accepted_codings(headers.get("HTTP_ACCEPT_ENCODING", ""))


@dataclass(slots=True)
class _PreparedResponse:
    """Response without Cache-Control, from which complete responses are made.

    `last_response` is the complete response that was made last, after the `seconds_left` for which it was made; (None, None) at
    first. `is_private` is True for a response to a browser's navigation, which shared caches must not store.
    """

    status: int
    is_private: bool
    headers: Headers
    body: bytes
    last_response: tuple[int | None, Response | None] = (None, None)

    def with_cache_control(self, seconds_left: int | None) -> Response:
        """Return and store the complete response, which a cache may use for at most `seconds_left` seconds.

        None means no limit other than the usual times of Cache-Control.
        """
        cache_control_header = (
            "Cache-Control",
            cache_directives(seconds_left, private=self.is_private, missing=self.status == _NOT_FOUND),
        )
        response = Response(self.status, (cache_control_header, *self.headers), self.body)
        self.last_response = seconds_left, response
        return response


def _prepare(document: Document, is_navigation: bool, has_date: bool, codings: tuple[str, ...] | None) -> _PreparedResponse:  # noqa: FBT001 - a key
    tag = document.etag + (_BROWSER_TAG_SUFFIX if is_navigation else "")
    # Weak, because all content codings share it (RFC 9110 section 8.8.3.3).
    headers = [
        *validator_headers(f'W/"{tag}"', document.last_modified if has_date else None),
        ("Vary", _vary(document)),
        *COMMON_HEADERS,
    ]
    headers += [("Link", ", ".join(map(_link_value, document.links)))] if document.links else []
    headers += _FRAME_HEADERS if document.media_type == "text/html" else []
    if codings is None:
        return _PreparedResponse(304, is_navigation, headers, b"")
    encode: Callable[[str], bytes] = partial(compress, document.browser_body) if is_navigation else document.encode
    identity_body = document.browser_body if is_navigation else document.body
    coding, body = next(((name, encoded) for name in codings if (encoded := encode(name))), ("", identity_body))
    media_type = document.browser_type if is_navigation else document.media_type
    headers += [("Content-Type", content_type(media_type)), ("Content-Length", str(len(body)))]
    headers += [("Content-Encoding", coding)] if coding else []
    return _PreparedResponse(document.status, is_navigation, headers, body)


# Headers of every response: pages of any origin may read it (CORS), and browsers must not guess its media type.
COMMON_HEADERS: Final[Sequence[tuple[str, str]]] = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", EXPOSED_HEADERS),
    ("X-Content-Type-Options", "nosniff"),
)

_FRAME_HEADERS: Final[Sequence[tuple[str, str]]] = (("Content-Security-Policy", FRAME_ANCESTORS),)


def other_method_response(request: Request, allowed: str = ALLOWED_METHODS) -> Response:
    """Return the response to a method other than GET and HEAD: 204 for OPTIONS, else 405. `allowed` is the value of Allow.

    A script of another site that sends If-None-Match needs the 204 (CORS preflight).
    """
    headers = [("Allow", allowed), ("Access-Control-Allow-Origin", "*")]
    method, _ = request
    if method != "OPTIONS":
        return Response(status=405, headers=[*headers, ("Content-Length", "0")])
    return Response(status=204, headers=[*headers, *_PREFLIGHT_HEADERS])


_PREFLIGHT_HEADERS: Final[Sequence[tuple[str, str]]] = (
    ("Access-Control-Allow-Methods", ALLOWED_METHODS),
    ("Access-Control-Allow-Headers", "*"),
    ("Access-Control-Max-Age", "86400"),
)


def unavailable_response(sentence: str, seconds: int) -> Response:
    """Return a 503 (RFC 9110 section 15.6.4) that no cache stores. `sentence` is its body, `seconds` its Retry-After."""
    body = f"{sentence}\n".encode()
    headers = [("Retry-After", str(seconds)), ("Cache-Control", "no-store"), *COMMON_HEADERS]
    headers += [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    return Response(status=503, headers=headers, body=body)


def redirect_response(
    location: str, request: Request, now: datetime, next_change: datetime | None, *, is_permanent: bool = True
) -> Response:
    """Return a 301 if `is_permanent`, else a 302 (RFC 9110 sections 15.4.2 and 15.4.3). `location` is the value of Location.

    The body, for GET only, has a link for clients that do not follow redirects. `next_change` is the next scheduled change of
    the site, which limits Cache-Control, None if none is planned. For methods other than GET and HEAD, return
    `other_method_response`.
    """
    method, _ = request
    if method not in _RETRIEVAL_METHODS:
        return other_method_response(request)
    body = (
        f'<!doctype html>\n<title>Moved</title>\n<p>Moved to <a href="{escape(location)}">{escape(location)}</a>.</p>\n'.encode()
    )
    headers = [("Location", location), ("Cache-Control", cache_control(now, next_change)), *COMMON_HEADERS]
    headers += [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    return Response(status=301 if is_permanent else 302, headers=headers, body=body if method == "GET" else b"")


def last_modified_if_past(moment: datetime | None, now: datetime) -> datetime | None:
    """Return `moment`, or None if it is later than `now`: Last-Modified is never later than Date (RFC 9110 section 8.8.2.1)."""
    return moment if moment and moment <= now else None


def validator_headers(tag: str, modified: datetime | None) -> Headers:
    """Return the header ETag and, unless `modified` is None, Last-Modified. `tag` is the field value, with quotes."""
    last_modified = [("Last-Modified", http_date(modified))] if modified else []
    return [("ETag", tag), *last_modified]


def http_date(moment: datetime) -> str:
    """Format a moment, which has a zone, as an HTTP date in GMT, without microseconds (IMF-fixdate, RFC 9110 section 5.6.7)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _vary(document: Document) -> str:
    return "Accept-Encoding, Sec-Fetch-Dest" if document.browser_type else "Accept-Encoding"


def _link_value(link: Link) -> str:
    # RSL 1.0 section 4.5: the type tells an RSL license from a page with a license.
    return f'<{link.href}>; rel="{link.rel}"' + (f'; type="{link.type}"' if link.rel == "license" else "")


def is_not_modified(headers: Mapping[str, str], tag: str, modified: datetime | None) -> bool:
    """Return whether a GET or HEAD with these `headers` (names of WSGI) gets a 304. If-None-Match alone decides, if given.

    `tag` is the ETag without W/ and quotes. If-Modified-Since must equal `modified`; None never matches.
    """
    return request_headers.is_not_modified(
        headers.get("HTTP_IF_NONE_MATCH", ""), headers.get("HTTP_IF_MODIFIED_SINCE", ""), tag, modified
    )
