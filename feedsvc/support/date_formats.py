"""Date formats of feeds: always in UTC and whole seconds, for moments in any zone."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache


def rfc822(moment: datetime) -> str:
    """Return an aware moment in UTC in the format of RSS (RFC 822 section 5, with a year of four digits)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


@lru_cache(maxsize=16)  # a page contains each of its two dates three times
def rfc3339(moment: datetime) -> str:
    """Return an aware moment in UTC in the format of Atom and JSON Feed (RFC 3339 section 5.6); fractions are cut off."""
    return moment.astimezone(UTC).isoformat()[: len("2026-01-02T04:00:00")] + "Z"
