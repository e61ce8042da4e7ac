"""What editors write as a date -> an aware datetime in UTC and whole seconds.

Accepted are RFC 3339 (with "T" or one space) and shorter: a bare date means 00:00, a time needs no seconds and no
zone. Without a zone the site's own counts.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final

# What datetime itself reads just so, but for the years.
_WHOLE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:Z|[-+](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_FORM: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt]|[ ]+)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?[ ]*(?:([Zz])|([-+])(\d{1,2})(?::?(\d{2}))?)?)?",
    re.ASCII,
)
EXAMPLE: Final = "write it like 2026-01-02 or 2026-01-02T09:30:00+05:30"
# RFC 822 and RFC 3339 both carry four digits; a day at either end leaves room for a zone.
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 9998


def instant(text: str, zone: tzinfo) -> tuple[datetime, int]:
    """The moment in UTC, and the year as it was written. Raises ValueError with a sentence for the editor."""
    return _whole(text) or _instant(text, zone)


def _whole(text: str) -> tuple[datetime, int] | None:
    """`instant` of what most files write; None says nothing."""
    if not _WHOLE.fullmatch(text):
        return None
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (local.astimezone(UTC), local.year) if _FIRST_YEAR <= local.year <= _LAST_YEAR else None


def _instant(text: str, zone: tzinfo) -> tuple[datetime, int]:
    found = _FORM.fullmatch(text.strip())
    if not found:
        raise ValueError(f"'{text}' is not a date; {EXAMPLE}")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(f"the year {year} is out of range; expected {_FIRST_YEAR} to {_LAST_YEAR}")
    if fault := _fault(year, month, day) or _clock_fault(hour, minute, second):
        raise ValueError(f"there is no such date or time as '{text}': {fault}")
    local = datetime(year, month, day, hour, minute, second, tzinfo=_zone(found, zone))
    return local.astimezone(UTC), year


def _fault(year: int, month: int, day: int) -> str:
    """What is wrong with a day, "" if nothing; words of our own, as Python's change from version to version."""
    if not 1 <= month <= 12:  # noqa: PLR2004 - a calendar's own number
        return f"a year has no month {month}"
    days = calendar.monthrange(year, month)[1]
    return "" if 1 <= day <= days else f"{_MONTHS[month - 1]} {year} has {days} days"


def _clock_fault(hour: int, minute: int, second: int) -> str:
    limits = (("hour", hour, 23), ("minute", minute, 59), ("second", second, 59))
    return next((f"the {name} is at most {most}" for name, value, most in limits if value > most), "")


def _zone(found: re.Match[str], zone: tzinfo) -> tzinfo:
    zulu, sign, hours, minutes = found.groups()[6:]
    if zulu:
        return UTC
    if not sign:
        return zone
    if int(minutes or 0) > 59 or int(hours) > 23:  # noqa: PLR2004 - a clock's own numbers
        raise ValueError(f"no zone is {sign}{hours}:{minutes or '00'} away from UTC; {EXAMPLE}")
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-offset if sign == "-" else offset)


def day(text: str) -> date:
    """A bare date. Raises ValueError with a sentence for the editor."""
    return instant(text, UTC)[0].date()
