"""Dates as feeds spell them: always UTC and whole seconds, whatever zone the moment came in."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache


def rfc822(moment: datetime) -> str:
    """RSS's dates (RFC 822 section 5, with four digits for the year)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


@lru_cache(maxsize=16)  # a page tells each of its two dates three times
def rfc3339(moment: datetime) -> str:
    """Atom's and JSON Feed's dates (RFC 3339 section 5.6)."""
    return moment.astimezone(UTC).isoformat()[: len("2026-01-02T04:00:00")] + "Z"
