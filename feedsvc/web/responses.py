"""Responses: functions from document, request and moment to status, headers and body. They do no I/O.

Sources: RFC 9110 (semantics, conditional requests), RFC 9111 and RFC 5861 (caching), the Fetch standard (CORS).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from http import HTTPStatus
from typing import Final, NamedTuple, TypeVar

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header, parse_date, parse_etags

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
from feedsvc.support.compression import CODINGS, compress

Headers = Sequence[tuple[str, str]]
_T = TypeVar("_T")

ALLOWED_METHODS: Final = "GET, HEAD, OPTIONS"
RETRIEVAL_METHODS: Final = frozenset(("GET", "HEAD"))
# A document of another media type needs another tag. Otherwise a browser would revalidate one as the other.
_BROWSER_TAG_SUFFIX: Final = "-xml"
# Headers of every response: pages of any origin may read it (CORS), and browsers must not guess its media type.
COMMON_HEADERS: Final[Headers] = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", EXPOSED_HEADERS),
    ("X-Content-Type-Options", "nosniff"),
)
_PREFLIGHT_HEADERS: Final[Headers] = (
    ("Access-Control-Allow-Methods", ALLOWED_METHODS),
    ("Access-Control-Allow-Headers", "*"),
    ("Access-Control-Max-Age", "86400"),
)
_CACHE_SIZE: Final = 2048
_MAX_CACHED_LENGTH: Final = 256  # characters; longer headers are parsed without the cache
_CODING_SUFFIX: Final = re.compile(rf"[-;](?:{'|'.join(CODINGS)}|deflate)$")

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
    `next_change` is the next scheduled change of the site, which limits Cache-Control, None if none is planned.
    """
    method, fields = request
    if method not in RETRIEVAL_METHODS:
        return other_method_response(request)
    is_navigation = bool(document.browser_type) and fields.get("HTTP_SEC_FETCH_DEST") == "document"
    tag = document.etag + (_BROWSER_TAG_SUFFIX if is_navigation else "")
    modified = last_modified_if_past(document.last_modified, now)
    is_missing, seconds_left = document.status == HTTPStatus.NOT_FOUND, seconds_until_change(now, next_change)
    headers = [
        ("Cache-Control", cache_directives(seconds_left, private=is_navigation, missing=is_missing)),
        # Weak, because all content codings share it (RFC 9110 section 8.8.3.3).
        *validator_headers(f'W/"{tag}"', modified),
        ("Vary", "Accept-Encoding, Sec-Fetch-Dest" if document.browser_type else "Accept-Encoding"),
        *COMMON_HEADERS,
    ]
    headers += [("Link", ", ".join(map(_link_value, document.links)))] if document.links else []
    headers += [("Content-Security-Policy", FRAME_ANCESTORS)] if document.media_type == "text/html" else []
    if document.status == HTTPStatus.OK and is_not_modified(fields, tag, modified):
        return Response(304, headers)
    coding, body = _encoded_body(document, fields.get("HTTP_ACCEPT_ENCODING", ""), is_navigation=is_navigation)
    media_type = document.browser_type if is_navigation else document.media_type
    headers += [("Content-Type", content_type(media_type)), ("Content-Length", str(len(body)))]
    headers += [("Content-Encoding", coding)] if coding else []
    return Response(document.status, headers, body if method == "GET" else b"")


def _encoded_body(document: Document, accepted: str, *, is_navigation: bool) -> tuple[str, bytes]:
    """Return the content coding, "" for none, and the body in it. `accepted` is the value of Accept-Encoding."""
    browser_bodies = document.derived_data.cache  # by coding
    for coding in _accepted_codings(accepted):
        if is_navigation and coding not in browser_bodies:
            browser_bodies[coding] = compress(document.browser_body, coding)
        if body := browser_bodies[coding] if is_navigation else document.encode(coding):
            return coding, body
    return "", document.browser_body if is_navigation else document.body


def other_method_response(request: Request, allowed: str = ALLOWED_METHODS) -> Response:
    """Return the response to a method other than GET and HEAD: 204 for OPTIONS, else 405. `allowed` is the value of Allow.

    A script of another site that sends If-None-Match needs the 204 (CORS preflight).
    """
    headers = [("Allow", allowed), ("Access-Control-Allow-Origin", "*")]
    method, _ = request
    if method != "OPTIONS":
        return Response(status=405, headers=[*headers, ("Content-Length", "0")])
    return Response(status=204, headers=[*headers, *_PREFLIGHT_HEADERS])


def text_response(status: int, text: str, retry_after: int = 0) -> Response:
    """Return an error response with a text as its body, which no cache stores. Retry-After is left out if it is 0."""
    body = text.encode()
    headers = [("Retry-After", str(retry_after))] if retry_after else []
    headers += [("Cache-Control", "no-store"), *COMMON_HEADERS]
    headers += [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    return Response(status, headers, body)


def redirect_response(
    location: str, request: Request, now: datetime, next_change: datetime | None, *, is_permanent: bool = True
) -> Response:
    """Return a 301 if `is_permanent`, else a 302 (RFC 9110 sections 15.4.2 and 15.4.3). `location` is the value of Location.

    The body, for GET only, has a link for clients that do not follow redirects. `next_change` is the next scheduled change of
    the site, which limits Cache-Control, None if none is planned. For methods other than GET and HEAD, return
    `other_method_response`.
    """
    method, _ = request
    if method not in RETRIEVAL_METHODS:
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


def _link_value(link: Link) -> str:
    # RSL 1.0 section 4.5: the type tells an RSL license from a page with a license.
    return f'<{link.href}>; rel="{link.rel}"' + (f'; type="{link.type}"' if link.rel == "license" else "")


def is_not_modified(headers: Mapping[str, str], tag: str, modified: datetime | None) -> bool:
    """Return whether a GET or HEAD with these `headers` (names of WSGI) gets a 304 (RFC 9110 section 13.2.2).

    If-None-Match alone decides, if given. `tag` is the ETag without W/ and quotes; tags are compared weakly, and "*" matches.
    If-Modified-Since must equal `modified`, because a Last-Modified here identifies one version and does not order versions; None
    never matches.
    """
    if none_match := headers.get("HTTP_IF_NONE_MATCH"):
        tags = _if_none_match_tags(none_match)
        return tags is None or tag in tags
    modified_since = headers.get("HTTP_IF_MODIFIED_SINCE")
    return bool(modified_since) and modified is not None and _http_date(modified_since or "") == modified


def _memoize(parse: Callable[[str], _T]) -> Callable[[str], _T]:
    """Return the function with a cache, because clients repeat headers."""
    parse_cached = lru_cache(_CACHE_SIZE)(parse)
    return lambda text: parse_cached(text) if len(text) <= _MAX_CACHED_LENGTH else parse(text)


def _parse_accept_encoding(accepted: str) -> tuple[str, ...]:
    """Return the names in CODINGS that an Accept-Encoding accepts, by descending quality, then in the order of CODINGS.

    Codings of quality 0 are left out. If the field names identity, codings of lower quality than identity are left out, too.
    """
    accept = parse_accept_header(accepted, Accept)
    # identity is acceptable even if it is not named. Only a named one can be preferred.
    identity_quality = next((quality for name, quality in accept if name.lower() == "identity"), 0.0)
    qualities = {name: accept.quality(name) for name in CODINGS}
    return tuple(
        sorted(
            (name for name, quality in qualities.items() if quality > 0 and quality >= identity_quality),
            key=lambda name: -qualities[name],
        )
    )


def _parse_if_none_match(field: str) -> frozenset[str] | None:
    """Return the tags of an If-None-Match field without quotes, None for "*".

    W/ and the name of a coding at the end of a tag are removed, because nginx weakens tags and Apache appends the coding.
    """
    if field.strip() == "*":
        return None
    # werkzeug parses "" as None.
    return frozenset(_CODING_SUFFIX.sub("", tag or "") for tag in parse_etags(field).as_set(include_weak=True))


def _parse_date(field: str) -> datetime | None:
    try:
        return parse_date(field)
    except OverflowError:  # of a zone or an hour with very many digits
        return None


_accepted_codings: Final = _memoize(_parse_accept_encoding)
_if_none_match_tags: Final = _memoize(_parse_if_none_match)
_http_date: Final[Callable[[str], datetime | None]] = _memoize(_parse_date)
