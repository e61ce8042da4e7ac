"""Headers of documents, for the server and for uploads to object storage: Content-Type and Cache-Control.

RFC 9110 section 8.3 (Content-Type), RFC 9111 and RFC 5861 (Cache-Control).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Final

from feedsvc import pages
from feedsvc.content.media import MEDIA_TYPES

MAX_AGE: Final = 300  # seconds for which a cache may use a response without revalidation
_STALE_DIRECTIVES: Final = (("stale-while-revalidate", 600), ("stale-if-error", 86400))  # seconds (RFC 5861)
_MAX_AGE_MISSING: Final = 10  # seconds; the missing document may be saved in the next minute
# A change later than this does not shorten any directive.
_CACHING_HORIZON: Final = timedelta(seconds=MAX_AGE + max(seconds for _, seconds in _STALE_DIRECTIVES) + 1)
# Browsers compile WebAssembly while they load it only if its Content-Type has no parameter.
_BINARY_TYPES: Final = frozenset(
    {"application/octet-stream", "application/wasm", *(name for name in MEDIA_TYPES.values() if name.startswith("application/"))}
)
# Not the system's table, as for media files: it differs from machine to machine.
_TYPES_BY_SUFFIX: Final[Mapping[str, str]] = {
    **MEDIA_TYPES,
    **pages.STATIC_TYPES,
    ".asc": "application/pgp-keys",
    ".htm": "text/html",
    ".html": "text/html",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".opml": "text/x-opml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".xml": "application/xml",
    ".xsl": "application/xslt+xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
_JSON: Final = "application/json"
# Names without a suffix that programs ask for, with the type that they expect.
_TYPES_BY_NAME: Final[Mapping[str, str]] = {
    "apple-app-site-association": _JSON,
    "apple-developer-merchantid-domain-association": "text/plain",
    "host-meta": "application/xrd+xml",  # RFC 6415 section 2
    "nodeinfo": _JSON,
    "webfinger": "application/jrd+json",  # RFC 7033 section 10.2
    **{f"matrix/{name}": _JSON for name in ("client", "server")},
}
_OTHER_TYPE: Final = "application/octet-stream"


def content_type(media_type: str) -> str:
    """Return the Content-Type of a document: its media type, with charset=utf-8 unless it is binary.

    Binary are fonts, audio, video, images other than SVG, and _BINARY_TYPES; JSON is not. Clients guess a missing charset.
    `file_content_type` is for media files.
    """
    is_binary = media_type.startswith(("image/", "font/", "audio/", "video/")) and not media_type.endswith("+xml")
    return media_type if is_binary or media_type in _BINARY_TYPES else f"{media_type}; charset=utf-8"


def file_content_type(media_type: str) -> str:
    """Return the Content-Type of a media file: with charset=utf-8 for text/ types only, because clients guess a missing charset.

    A text is assumed to be in UTF-8.
    """
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def root_media_type(path: str) -> str:
    """Return the media type, without charset, of the file with this path relative to root/, by the path alone.

    "application/octet-stream" if neither name nor folder is known.
    """
    parts = PurePosixPath(path)
    suffix = parts.suffix.lower()
    by_name = _TYPES_BY_NAME.get(parts.name) or _TYPES_BY_NAME.get("/".join(parts.parts[-2:]))
    by_folder = "text/plain" if parts.parent.name == "acme-challenge" else ""  # RFC 8555 section 8.3
    return by_name or by_folder or _TYPES_BY_SUFFIX.get(suffix, _OTHER_TYPE)


def cache_control(now: datetime, next_change: datetime | None, *, private: bool = False, missing: bool = False) -> str:
    """Return Cache-Control for a response sent at `now`. From one second before `next_change`, no cache may use it, even stale.

    `next_change` is None if no change is scheduled. `private` is True if only the client's own cache may store the response,
    `missing` is True for a response with status 404.
    """
    return cache_directives(seconds_until_change(now, next_change), private=private, missing=missing)


def seconds_until_change(now: datetime, next_change: datetime | None) -> int | None:
    """Return for how many seconds a cache may use a response sent at `now`: one less than the full seconds until `next_change`.

    At least 0. None, no limit, if `next_change` is None, or later than max-age and the longest directive for stale responses
    together, so that no cache would use the response then.
    """
    if next_change is None:
        return None
    time_left = next_change - now
    return None if time_left > _CACHING_HORIZON else max(0, int(time_left.total_seconds()) - 1)


def cache_directives(seconds_left: int | None, *, private: bool = False, missing: bool = False) -> str:
    """Return Cache-Control for a response that caches may use for at most `seconds_left` seconds, fresh or stale; None: no limit.

    `private` and `missing` are as in `cache_control`; with either, there are no directives for stale responses (RFC 5861).
    """
    max_age = _cap_seconds(_MAX_AGE_MISSING if missing else MAX_AGE, seconds_left)
    directives = ["private" if private else "public", f"max-age={max_age}"]
    if not private and not missing:
        stale_seconds_left = None if seconds_left is None else seconds_left - max_age
        directives += [f"{name}={_cap_seconds(seconds, stale_seconds_left)}" for name, seconds in _STALE_DIRECTIVES]
    return ", ".join(directives)


def _cap_seconds(seconds: int, seconds_left: int | None) -> int:
    return seconds if seconds_left is None else min(seconds, seconds_left)


EXPOSED_HEADERS: Final = "ETag, Last-Modified, Link"  # response headers that a script of another site may read (CORS)
# Other sites must not embed pages, because their visitors would count as readers. In a <meta> this directive has no effect
# (CSP Level 3 section 3.3), so it is sent as a header in addition to the page's own policy.
FRAME_ANCESTORS: Final = "frame-ancestors 'self'"
# For images that may contain scripts (SVG): browsers display them, but run nothing with this site's origin.
SANDBOX_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
# For files that other servers send, whatever change is scheduled. No cache may use a response after it is stale.
CACHE_CONTROL: Final = f"public, max-age={MAX_AGE}"
CACHE_CONTROL_MISSING: Final = f"public, max-age={_MAX_AGE_MISSING}"
