"""One function answers every document: (document, request, now) -> (status, headers, body). Pure, but for open files.

RFC 9110 (semantics, conditional requests, ranges), RFC 9111 and RFC 5861 (caching), the Fetch standard (CORS).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from http import HTTPStatus
from typing import Final, NamedTuple

from feedsvc.model import Link
from feedsvc.publication.cache_control import EXPOSED, FRAMES, cache_control, caching, seconds_left, typed
from feedsvc.publication.document import Document
from feedsvc.web import request_headers

# Nobody changes them: they are sent again.
Headers = Sequence[tuple[str, str]]

METHODS: Final = "GET, HEAD, OPTIONS"
_READING: Final = frozenset(("GET", "HEAD"))
_OK: Final = HTTPStatus.OK.value
_MISSING: Final = HTTPStatus.NOT_FOUND.value
# The same bytes as another media type need a tag of their own: a browser would revive the one as the other.
_BROWSER_MARK: Final = "-xml"


# What of a request matters: its method, and its headers named as WSGI does (HTTP_IF_NONE_MATCH), so that an environ will do.
Request = tuple[str, Mapping[str, str]]


class Response(NamedTuple):
    status: int
    headers: Headers
    body: bytes = b""


def answer(document: Document, request: Request, now: datetime, next_change: datetime | None) -> Response:
    """What to send for a document. No answer depends on the Host, the query string or an unknown header.

    It is made once for each kind of request, and kept with the document; with it the last word to caches that it was sent with.
    """
    method, headers = request
    if method not in _READING:
        return refuse(request)
    form, left = _form(document, headers, now), seconds_left(now, next_change)
    kept: _Finished | None = document.kept.finished.get(form)
    if kept is None:
        kept = document.kept.finished[form] = _finish(document, *form)
    told, made = kept.told
    if told != left or made is None:
        made = kept.tell(left)
    return made if method == "GET" else Response(made.status, made.headers)


# Whether a browser navigates here, whether Last-Modified has come, the codings wanted (None for a 304): of few kinds, whatever
# clients send.
_Form = tuple[bool, bool, tuple[str, ...] | None]


def _form(document: Document, headers: Mapping[str, str], now: datetime) -> _Form:
    modified = document.modified
    browser = "HTTP_SEC_FETCH_DEST" in headers and headers["HTTP_SEC_FETCH_DEST"] == "document" and bool(document.browser_type)
    dated = modified is not None and modified <= now
    if ("HTTP_IF_NONE_MATCH" in headers or "HTTP_IF_MODIFIED_SINCE" in headers) and document.status == _OK:
        tag = document.etag + _BROWSER_MARK if browser else document.etag
        if not_modified(headers, tag, modified if dated else None):
            return browser, dated, None
    return browser, dated, request_headers.codings(headers.get("HTTP_ACCEPT_ENCODING", ""))


@dataclass(slots=True)
class _Finished:
    """An answer but for its Cache-Control, and as it was last told, with how many seconds left."""

    status: int
    private: bool
    headers: Headers
    body: bytes
    told: tuple[int | None, Response | None] = (None, None)

    def tell(self, left: int | None) -> Response:
        word = ("Cache-Control", caching(left, private=self.private, missing=self.status == _MISSING))
        made = Response(self.status, (word, *self.headers), self.body)
        self.told = left, made
        return made


def _finish(document: Document, browser: bool, dated: bool, wanted: tuple[str, ...] | None) -> _Finished:  # noqa: FBT001 - a _Form
    tag = document.etag + (_BROWSER_MARK if browser else "")
    # Weak, since all content codings share it (RFC 9110 section 8.8.3.3).
    headers = [*validators(f'W/"{tag}"', document.modified if dated else None), ("Vary", _vary(document)), *COMMON]
    headers += [("Link", ", ".join(map(_link, document.links)))] if document.links else []
    headers += _FRAMES if document.media_type == "text/html" else []
    if wanted is None:
        return _Finished(304, browser, headers, b"")
    coding = next((name for name in wanted if document.coded(name)), "")
    body = document.coded(coding) if coding else document.body
    media_type = document.browser_type if browser else document.media_type
    headers += [("Content-Type", typed(media_type)), ("Content-Length", str(len(body)))]
    headers += [("Content-Encoding", coding)] if coding else []
    return _Finished(document.status, browser, headers, body)


# What every answer says: any page may read it (CORS), and its media type is meant.
COMMON: Final[Sequence[tuple[str, str]]] = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", EXPOSED),
    ("X-Content-Type-Options", "nosniff"),
)

_FRAMES: Final[Sequence[tuple[str, str]]] = (("Content-Security-Policy", FRAMES),)


def refuse(request: Request) -> Response:
    """OPTIONS (with CORS preflights: a script that sends If-None-Match needs one), else 405."""
    headers = [("Allow", METHODS), ("Access-Control-Allow-Origin", "*")]
    method, _ = request
    if method != "OPTIONS":
        return Response(status=405, headers=[*headers, ("Content-Length", "0")])
    return Response(status=204, headers=[*headers, *_PREFLIGHT])


_PREFLIGHT: Final[Sequence[tuple[str, str]]] = (
    ("Access-Control-Allow-Methods", METHODS),
    ("Access-Control-Allow-Headers", "*"),
    ("Access-Control-Max-Age", "86400"),
)


def unavailable(sentence: str, seconds: int) -> Response:
    """Return a 503 (RFC 9110 section 15.6.4) that no cache keeps; `seconds` is its Retry-After."""
    body = f"{sentence}\n".encode()
    headers = [("Retry-After", str(seconds)), ("Cache-Control", "no-store"), *COMMON]
    headers += [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    return Response(status=503, headers=headers, body=body)


def redirect(
    location: str, request: Request, now: datetime, next_change: datetime | None, *, is_permanent: bool = True
) -> Response:
    """Answer with a move, for good or for now (RFC 9110 sections 15.4.2 and 15.4.3), to a root-relative reference.

    With a link, for what follows none by itself.
    """
    method, _ = request
    if method not in _READING:
        return refuse(request)
    body = (
        f'<!doctype html>\n<title>Moved</title>\n<p>Moved to <a href="{escape(location)}">{escape(location)}</a>.</p>\n'.encode()
    )
    headers = [("Location", location), ("Cache-Control", cache_control(now, next_change)), *COMMON]
    headers += [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    return Response(status=301 if is_permanent else 302, headers=headers, body=body if method == "GET" else b"")


def past(moment: datetime | None, now: datetime) -> datetime | None:
    """A Last-Modified is never later than its answer (RFC 9110 section 8.8.2.1); None until then."""
    return moment if moment and moment <= now else None


def validators(tag: str, modified: datetime | None) -> Headers:
    dated = [("Last-Modified", http_date(modified))] if modified else []
    return [("ETag", tag), *dated]


def http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _vary(document: Document) -> str:
    return "Accept-Encoding, Sec-Fetch-Dest" if document.browser_type else "Accept-Encoding"


def _link(link: Link) -> str:
    return f'<{link.href}>; rel="{link.rel}"'


def not_modified(headers: Mapping[str, str], tag: str, modified: datetime | None) -> bool:
    """Whether the one who asks has these bytes."""
    return request_headers.not_modified(
        headers.get("HTTP_IF_NONE_MATCH", ""), headers.get("HTTP_IF_MODIFIED_SINCE", ""), tag, modified
    )
