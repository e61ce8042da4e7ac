"""One function answers every document: (document, request, now) -> (status, headers, body). Pure, but for open files.

RFC 9110 (semantics, conditional requests, ranges), RFC 9111 and RFC 5861 (caching), the Fetch standard (CORS).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from http import HTTPStatus
from typing import Final

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header, parse_date, parse_etags

from feedsvc.document import Document
from feedsvc.model import Link

Headers = list[tuple[str, str]]

FRESH: Final = 300  # seconds a cache may keep an answer without asking
_STALE: Final = (("stale-while-revalidate", 600), ("stale-if-error", 86400))  # RFC 5861
METHODS: Final = "GET, HEAD, OPTIONS"
_FRESH_MISSING: Final = 10  # what is missing now may be saved in the next minute
_EXPOSED: Final = "ETag, Last-Modified, Link"
# The same bytes as another media type need a tag of their own: a browser would revive the one as the other.
_BROWSER_MARK: Final = "-xml"
_CODING_MARK: Final = re.compile(r"[-;](?:gzip|br|zstd|deflate)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What of a request matters; `headers` are keyed by lower-case name."""

    method: str
    headers: Mapping[str, str]

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    status: int
    headers: Headers
    body: bytes = b""


def answer(document: Document, request: Request, now: datetime, next_change: datetime | None) -> Response:
    """What to send for a document. No answer depends on the Host, the query string or an unknown header."""
    if request.method not in ("GET", "HEAD"):
        return refuse(request)
    browser = bool(document.browser_type) and request.header("sec-fetch-dest") == "document"
    tag = document.etag + (_BROWSER_MARK if browser else "")
    modified = past(document.modified, now)
    # Weak, since all content codings share it (RFC 9110 section 8.8.3.3).
    headers = validators(f'W/"{tag}"', modified)
    caching = cache_control(now, next_change, private=browser, missing=document.status == HTTPStatus.NOT_FOUND)
    headers += [("Cache-Control", caching), ("Vary", _vary(document)), *COMMON]
    headers += [("Link", ", ".join(map(_link, document.links)))] if document.links else []
    headers += _FRAMES if document.media_type == "text/html" else []
    if document.status == HTTPStatus.OK and not_modified(request, tag, modified):
        return Response(status=304, headers=headers)
    coding, body = _coded(document, request)
    media_type = document.browser_type if browser else document.media_type
    headers += [("Content-Type", typed(media_type)), ("Content-Length", str(len(body)))]
    headers += [("Content-Encoding", coding)] if coding else []
    return Response(status=document.status, headers=headers, body=body if request.method == "GET" else b"")


# What every answer says: any page may read it (CORS), and its media type is meant.
COMMON: Final[Sequence[tuple[str, str]]] = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", _EXPOSED),
    ("X-Content-Type-Options", "nosniff"),
)

# No other site shows a page of ours inside its own and makes its visitors readers. In a <meta> it has no force
# (CSP Level 3, section 3.3), so that a page carries the rest of its policy and this comes beside it.
_FRAMES: Final[Sequence[tuple[str, str]]] = (("Content-Security-Policy", "frame-ancestors 'self'"),)


def refuse(request: Request) -> Response:
    """OPTIONS (with CORS preflights: a script that sends If-None-Match needs one), else 405."""
    headers = [("Allow", METHODS), ("Access-Control-Allow-Origin", "*")]
    if request.method != "OPTIONS":
        return Response(status=405, headers=[*headers, ("Content-Length", "0")])
    return Response(status=204, headers=[*headers, *_PREFLIGHT])


_PREFLIGHT: Final[Sequence[tuple[str, str]]] = (
    ("Access-Control-Allow-Methods", METHODS),
    ("Access-Control-Allow-Headers", "*"),
    ("Access-Control-Max-Age", "86400"),
)


def redirect(location: str, request: Request, now: datetime, next_change: datetime | None) -> Response:
    """A move for good (RFC 9110 section 15.4.2) to a root-relative reference; a link, for what follows none by itself."""
    if request.method not in ("GET", "HEAD"):
        return refuse(request)
    body = (
        f'<!doctype html>\n<title>Moved</title>\n<p>Moved to <a href="{escape(location)}">{escape(location)}</a>.</p>\n'.encode()
    )
    headers = [("Location", location), ("Cache-Control", cache_control(now, next_change)), *COMMON]
    headers += [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    return Response(status=301, headers=headers, body=body if request.method == "GET" else b"")


def past(moment: datetime | None, now: datetime) -> datetime | None:
    """A Last-Modified is never later than its answer (RFC 9110 section 8.8.2.1); None until then."""
    return moment if moment and moment <= now else None


def validators(tag: str, modified: datetime | None) -> Headers:
    dated = [("Last-Modified", http_date(modified))] if modified else []
    return [("ETag", tag), *dated]


def http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def cache_control(now: datetime, next_change: datetime | None, *, private: bool = False, missing: bool = False) -> str:
    """Nothing may be shown, fresh or stale, from the second of the next scheduled change on."""
    left = max(0, int((next_change - now).total_seconds()) - 1) if next_change else None
    fresh = _within(_FRESH_MISSING if missing else FRESH, left)
    words = ["private" if private else "public", f"max-age={fresh}"]
    if not private and not missing:
        words += [f"{name}={_within(longest, None if left is None else left - fresh)}" for name, longest in _STALE]
    return ", ".join(words)


def _within(seconds: int, left: int | None) -> int:
    return seconds if left is None else min(seconds, left)


def _vary(document: Document) -> str:
    return "Accept-Encoding, Sec-Fetch-Dest" if document.browser_type else "Accept-Encoding"


def _link(link: Link) -> str:
    return f'<{link.href}>; rel="{link.rel}"'


def not_modified(request: Request, tag: str, modified: datetime | None) -> bool:
    """RFC 9110 section 13.2.2: If-None-Match decides alone where it is given.

    If-Modified-Since counts only by equality: a date is a name for one text here, not a point on a line.
    """
    asked = request.header("if-none-match")
    if asked:
        return _matches(asked, tag)
    since = parse_date(request.header("if-modified-since")) if modified else None
    return since is not None and since == modified


def _matches(asked: str, tag: str) -> bool:
    """Weak comparison; nginx weakens tags on the way, Apache marks them with the coding."""
    tags = parse_etags(asked)
    # werkzeug reads "" as None.
    return tags.star_tag or tag in {_CODING_MARK.sub("", one or "") for one in tags.as_set(include_weak=True)}


def typed(media_type: str) -> str:
    """A media type with the charset of everything that is text here (without one, text is guessed at)."""
    binary = media_type.startswith(("image/", "font/", "audio/", "video/")) and not media_type.endswith("+xml")
    return media_type if binary else f"{media_type}; charset=utf-8"


def _coded(document: Document, request: Request) -> tuple[str, bytes]:
    accepted = parse_accept_header(request.header("accept-encoding"), Accept)
    if document.gzip and accepted.quality("gzip") > 0 and accepted.quality("gzip") >= _identity(accepted):
        return "gzip", document.gzip
    return "", document.body


def _identity(accepted: Accept) -> float:
    """identity is acceptable without being named (RFC 9110 section 12.5.3); only a named one can be preferred."""
    return next((quality for name, quality in accepted if name.lower() == "identity"), 0.0)
