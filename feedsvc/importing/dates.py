"""Dates of feeds: RFC 822, RFC 3339 and W3C dates, and the variants that feeds contain."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import Final, NamedTuple

_ISO: Final = re.compile(
    r"(\d{4})(?:-(\d\d?)(?:-(\d\d?)(?:[Tt\s]\s*(\d\d?):(\d\d)(?::(\d\d))?(?:[.,]\d+)?\s*(?P<zone>.*))?)?)?",
)
_OFFSET: Final = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d\d):?(\d\d)?")
_NUMERIC_ZONE: Final = re.compile(r"[+-]\d{4}|[+-]\d\d:\d\d")
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


class _WrittenDate(NamedTuple):
    """Year, month, day, hour, minute and second as written, and the offset from UTC, None if none is known."""

    parts: tuple[int, int, int, int, int, int]
    offset: timedelta | None


def parse_date(text: str) -> datetime | None:
    """Return a date of a feed with its zone, None if it cannot be read. Without a zone, or with an unknown one, it is in UTC.

    "2024" and "2024-05" are their first day, a day without a time is its midnight; fractions of a second are dropped. 24:00 is
    midnight of the next day, and a leap second is the second before it.
    """
    try:
        written = _read(" ".join(text.split()))
        if written is None:
            return None
        (year, month, day, hour, minute, second), offset = written
        extra = timedelta(days=hour == 24)  # noqa: PLR2004
        zone = timezone(offset) if offset else UTC
        moment = datetime(year, month, day, 0 if extra else hour, minute, min(second, 59), tzinfo=zone) + extra
        moment.astimezone(UTC)  # raises OverflowError at the ends of the calendar
    except (ValueError, OverflowError, TypeError):
        return None
    return moment


def has_zone(text: str) -> bool:
    """Return whether a date names a zone that `parse_date` knows, or is a day without a time, which needs none.

    False for a lone year or month and, mostly, for a text that is no date.
    """
    text = " ".join(text.split())
    try:
        written, match = _read(text), _ISO.fullmatch(text)
    except (ValueError, TypeError):
        return False
    return bool(match and match[3] and not match[4]) or (written is not None and written.offset is not None)


def _read(text: str) -> _WrittenDate | None:
    if text[:4].isdigit():
        match = _ISO.fullmatch(text)
        if match is None:
            return None
        year, month, day, hour, minute, second = (int(match[group] or group < 4) for group in range(1, 7))  # noqa: PLR2004
        return _WrittenDate((year, month, day, hour, minute, second), _offset_of(match["zone"] or ""))
    parsed, named = parsedate_tz(text), _ZONES.get(text.rpartition(" ")[2].strip("()").upper())
    if parsed is None:
        return None
    seconds = named * 3600 if named is not None else parsed[9] if _NUMERIC_ZONE.search(text) else None
    return _WrittenDate(parsed[:6], None if seconds is None else timedelta(seconds=seconds))


def _offset_of(zone: str) -> timedelta | None:
    """Return the offset of a zone's name or number, None if it is unknown or missing."""
    zone = zone.strip().upper()
    if match := _OFFSET.fullmatch(zone):
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        return timedelta(minutes=-minutes if match[1] == "-" else minutes)
    return timedelta(hours=_ZONES[zone]) if zone in _ZONES else None
