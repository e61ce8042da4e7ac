"""Date parsing: an editor's date to an aware datetime in UTC. Fractions of a second are dropped.

Accepted are RFC 3339 (with "T" or spaces) and shorter forms: a bare date means 00:00; seconds and zone of a time may be missing.
A date without a zone is in the zone that the caller gives, usually the site's.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final

_FORMAT: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt]|[ ]+)(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?[ ]*(?:([Zz])|([-+])(\d{1,2})(?::?(\d{2}))?)?)?",
    re.ASCII,
)
# A date in an order or with separators of another country, and what follows it.
_DAY_FIRST: Final = re.compile(r"(\d{1,2})(\.|/|-|\. )(\d{1,2})\2(\d{4})(\D.*)?", re.ASCII)
_YEAR_FIRST: Final = re.compile(r"(\d{4})([./])(\d{1,2})\2(\d{1,2})(\D.*)?", re.ASCII)
# A date in English words, such as "Dec 1, 2026" or "Tue, 01 Dec 2026" (RFC 5322), and what follows it.
_IN_WORDS: Final = re.compile(
    r"(?a)(?:[A-Z][a-z]+,? )?(?:([A-Za-z]{3,9})\.? (\d{1,2})|(\d{1,2})[a-z]{0,2} ([A-Za-z]{3,9}))[a-z.]{0,2},? (\d{4})(\D.*)?"
)
_HALF_DAY: Final = re.compile(r"(?ai)\b(\d{1,2})(?::(\d{2}))?(?::\d{2})? ?([ap])\.?m\b\.?")  # a time with AM or PM
AGE_FORMAT: Final = re.compile(r"([1-9][0-9]{0,3})([hd])")
EXAMPLE: Final = "write it like 2026-01-02 or 2026-01-02T09:30:00+05:30"
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MONTHS_IN_YEAR: Final = len(_MONTHS)
# RFC 822 and RFC 3339 both have four digits for the year. The last year is 9998 because a zone can shift a date by a day.
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 9998


def parse_instant(text: str, zone: tzinfo) -> tuple[datetime, int]:
    """Parse a date. Return its moment in UTC, without fractions of a second, and the year as written, which may differ in UTC.

    `zone` is the time zone of a date that states none. Raises ValueError, with a message for the editor, for a text that is no
    date and for years before 1900 or after 9998.
    """
    match = _FORMAT.fullmatch(text.strip())
    if not match:
        raise ValueError(f"'{text}' is not a date; {_hint(text.strip())}")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(f"the year {year} is out of range; expected {_FIRST_YEAR} to {_LAST_YEAR}")
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        reason = _date_error(year, month, day) or _time_error(hour, minute, second)
        raise ValueError(f"there is no such date or time as '{text}': {reason}") from None
    return local.replace(tzinfo=_zone(match, zone)).astimezone(UTC), year


def _hint(text: str) -> str:
    """Return a hint how to write a text that is no accepted date: for 28.11.2026 or Nov 28, 2026 that date, else an example.

    The hint is the example, too, if either number may be the day, as in 03/04/2026. Of a time with AM or PM, only that is said.
    """
    if match := _HALF_DAY.search(text):
        hour = int(match[1]) % 12 + (12 if match[3] in "Pp" else 0)
        return f"hours are 0 to 23: write {hour:02}:{match[2] or '00'} for {match[0]}"
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = int(match[1]), int(match[3]), int(match[4])
    elif match := _DAY_FIRST.fullmatch(text):
        day, month, year = int(match[1]), int(match[3]), int(match[4])
        # With dots, the day comes first everywhere. With other separators, Americans write the month first.
        if "." not in match[2]:
            if day <= _MONTHS_IN_YEAR and month <= _MONTHS_IN_YEAR and day != month:
                return EXAMPLE
            day, month = max(day, month), min(day, month)
    elif match := _IN_WORDS.fullmatch(text):
        word, day, year = (match[1] or match[4]).title(), int(match[2] or match[3]), int(match[5])
        month = next((number for number, name in enumerate(_MONTHS, 1) if name.startswith(word)), 0)
    else:
        return EXAMPLE
    date_and_time = f"{year}-{month:02}-{day:02}{match[match.re.groups] or ''}"
    is_date = _FORMAT.fullmatch(date_and_time) and not _date_error(year, month, day)
    return f"write {date_and_time}" if is_date else EXAMPLE


def _date_error(year: int, month: int, day: int) -> str:
    """Return the reason why there is no such day; "" if there is one. Python's own messages differ between its versions."""
    if not 1 <= month <= _MONTHS_IN_YEAR:
        return f"a year has no month {month}"
    days = calendar.monthrange(year, month)[1]
    return "" if 1 <= day <= days else f"{_MONTHS[month - 1]} {year} has {days} days"


def _time_error(hour: int, minute: int, second: int) -> str:
    limits = (("hour", hour, 23), ("minute", minute, 59), ("second", second, 59))
    return next((f"the {name} is at most {maximum}" for name, value, maximum in limits if value > maximum), "")


def _zone(match: re.Match[str], zone: tzinfo) -> tzinfo:
    is_utc, sign, hours, minutes = match.groups()[6:]
    if is_utc:
        return UTC
    if not sign:
        return zone
    if int(minutes or 0) > 59 or int(hours) > 23:  # noqa: PLR2004 - a clock's own numbers
        raise ValueError(f"no zone is {sign}{hours}:{minutes or '00'} away from UTC; {EXAMPLE}")
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-offset if sign == "-" else offset)


def parse_age(text: str) -> timedelta:
    """Return the duration of an age of 1 to 9999 days or hours, such as 30d or 48h. Raises ValueError for any other text."""
    match = AGE_FORMAT.fullmatch(text)
    if not match:
        raise ValueError(f"'{text}' is not an age in days or hours; write it like 30d or 48h")
    number = int(match[1])
    return timedelta(days=number) if match[2] == "d" else timedelta(hours=number)


def parse_day(text: str) -> date:
    """Return the day in UTC of a date, with or without a time. A date that states no zone is in UTC, not in the site's zone.

    Raises ValueError with a message for the editor if the text is no date, or for a year before 1900 or after 9998.
    """
    return parse_instant(text, UTC)[0].date()
