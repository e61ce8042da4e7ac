"""What is said of bytes beside them, by a server and where they are uploaded: their media type, how long caches keep them.

RFC 9110 section 8.3; RFC 9111 and RFC 5861.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from feedsvc.publication.document import Attachment

FRESH: Final = 300  # seconds a cache may keep an answer without asking
_STALE: Final = (("stale-while-revalidate", 600), ("stale-if-error", 86400))  # RFC 5861
_FRESH_MISSING: Final = 10  # what is missing now may be saved in the next minute
# A change after so long shortens nothing.
_FAR: Final = timedelta(seconds=FRESH + max(longest for _, longest in _STALE) + 1)


def typed(media_type: str) -> str:
    """A media type with the charset of everything that is text here (without one, text is guessed at)."""
    binary = media_type.startswith(("image/", "font/", "audio/", "video/")) and not media_type.endswith("+xml")
    return media_type if binary else f"{media_type}; charset=utf-8"


def media_type(attachment: Attachment) -> str:
    # Text without a charset is guessed at, most often as windows-1252.
    return f"{attachment.media_type}; charset=utf-8" if attachment.media_type.startswith("text/") else attachment.media_type


def cache_control(now: datetime, next_change: datetime | None, *, private: bool = False, missing: bool = False) -> str:
    """Nothing may be shown, fresh or stale, from the second of the next scheduled change on."""
    return caching(seconds_left(now, next_change), private=private, missing=missing)


def seconds_left(now: datetime, next_change: datetime | None) -> int | None:
    """How long a cache may keep what is answered now: None where the next scheduled change shortens nothing."""
    if next_change is None:
        return None
    ahead = next_change - now
    return None if ahead > _FAR else max(0, int(ahead.total_seconds()) - 1)


def caching(left: int | None, *, private: bool = False, missing: bool = False) -> str:
    """Cache-Control where so many seconds are `left` to keep an answer; None is no bound."""
    fresh = _within(_FRESH_MISSING if missing else FRESH, left)
    words = ["private" if private else "public", f"max-age={fresh}"]
    if not private and not missing:
        words += [f"{name}={_within(longest, None if left is None else left - fresh)}" for name, longest in _STALE]
    return ", ".join(words)


def _within(seconds: int, left: int | None) -> int:
    return seconds if left is None else min(seconds, left)


EXPOSED: Final = "ETag, Last-Modified, Link"  # response headers that a script of another site may read (CORS)
# No other site shows a page of ours inside its own and makes its visitors readers. In a <meta> it has no force
# (CSP Level 3, section 3.3), so that a page carries the rest of its policy and this comes beside it.
FRAMES: Final = "frame-ancestors 'self'"
# A picture that is a program: shown, but not run as a page of this site.
SANDBOX: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
# Of what is looked at when it is sent away and not when it is asked for: no change that comes is known to it.
CACHING: Final = caching(None)
CACHING_MISSING: Final = caching(None, missing=True)
