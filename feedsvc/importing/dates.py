"""Dates of feeds: RFC 822, RFC 3339 and W3C dates, and the variants that feeds contain."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import Final

_ISO: Final = re.compile(
    r"(?P<date>\d{4}-\d\d?-\d\d?)(?:[Tt\s]\s*(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?:[.,]\d+)?\s*(?P<zone>.*))?"
)
_PARTIAL: Final = re.compile(r"(\d{4})(?:-(\d\d))?")
_OFFSET: Final = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d\d):?(\d\d)?")
# Hours east of UTC of names that RFC 822 does not have and that feeds contain.
_ZONES: Final = {
    **dict.fromkeys(("Z", "UT", "UTC", "GMT", "WET"), 0.0),
    **dict.fromkeys(("BST", "WEST", "CET", "MEZ"), 1.0),
    **dict.fromkeys(("CEST", "MESZ", "EET", "SAST"), 2.0),
    **dict.fromkeys(("EEST", "MSK"), 3.0),
    **dict.fromkeys(("SGT", "HKT", "AWST"), 8.0),
    **dict.fromkeys(("JST", "KST"), 9.0),
    "IST": 5.5,
    "AEST": 10.0,
    "AEDT": 11.0,
    "NZST": 12.0,
    "NZDT": 13.0,
    "EST": -5.0,
    "EDT": -4.0,
    "CST": -6.0,
    "CDT": -5.0,
    "MST": -7.0,
    "MDT": -6.0,
    "PST": -8.0,
    "PDT": -7.0,
}
_NUMERIC_ZONE: Final = re.compile(r"[+-]\d{4}|[+-]\d\d:\d\d")


def parse_date(text: str) -> datetime | None:
    """Return a date of a feed with its zone, None if it cannot be read. Without a zone, or with an unknown one, it is in UTC.

    "2024" and "2024-05" are their first day, a day without a time is its midnight; fractions of a second are dropped.
    """
    text = " ".join(text.split())
    try:
        return _parse_iso(text) if text[:4].isdigit() else _parse_rfc822(text)
    except (ValueError, OverflowError, TypeError):
        return None


def has_zone(text: str) -> bool:
    """Return whether a date names a zone that `parse_date` knows, or is a day without a time, which needs none.

    False for a lone year or month and, mostly, for a text that is no date.
    """
    text = " ".join(text.split())
    match = _ISO.fullmatch(text)
    if match:
        return match["hour"] is None or _zone(match["zone"]) is not None
    return not text[:4].isdigit() and _rfc822_offset(text) is not None


def _parse_iso(text: str) -> datetime | None:
    match = _ISO.fullmatch(text)
    if match is None:
        partial = _PARTIAL.fullmatch(text)
        return datetime(int(partial[1]), int(partial[2] or 1), 1, tzinfo=UTC) if partial else None
    year, month, day = map(int, match["date"].split("-"))
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    return _moment((year, month, day, hour, minute, second), _zone(match["zone"] or ""))


def _parse_rfc822(text: str) -> datetime | None:
    parsed = parsedate_tz(text)
    return _moment(parsed[:6], _rfc822_offset(text)) if parsed else None


def _rfc822_offset(text: str) -> timedelta | None:
    named = _ZONES.get(text.rpartition(" ")[2].strip("()").upper())
    if named is not None:
        return timedelta(hours=named)
    parsed = parsedate_tz(text)
    seconds = parsed[9] if parsed and _NUMERIC_ZONE.search(text) else None
    return timedelta(seconds=seconds) if seconds is not None else None


def _zone(text: str) -> timedelta | None:
    """Return the offset of a zone's name or number, None if it is unknown or missing."""
    text = text.strip().upper()
    match = _OFFSET.fullmatch(text)
    if match:
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        return timedelta(minutes=-minutes if match[1] == "-" else minutes)
    hours = _ZONES.get(text)
    return timedelta(hours=hours) if hours is not None else None


def _moment(parts: tuple[int, int, int, int, int, int], offset: timedelta | None) -> datetime:
    """Return a moment from year, month, day, hour, minute and second; without an offset, in UTC.

    24:00 is midnight of the next day, and a leap second is the second before it. Raises ValueError for parts that are no date
    or time, OverflowError at the ends of the calendar.
    """
    year, month, day, hour, minute, second = parts
    extra = timedelta(days=1) if hour == 24 else timedelta()  # noqa: PLR2004
    zone = timezone(offset) if offset else UTC
    moment = datetime(year, month, day, 0 if extra else hour, minute, min(second, 59), tzinfo=zone) + extra
    moment.astimezone(UTC)  # raises OverflowError at the ends of the calendar
    return moment
