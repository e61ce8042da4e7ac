"""Dates as editors write them: a moment in UTC or an error message."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.schema.dates import EXAMPLE, parse_day, parse_instant

KOLKATA: Final = ZoneInfo("Asia/Kolkata")
NEW_YORK: Final = ZoneInfo("America/New_York")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02", utc(2026, 1, 1, 18, 30)),
        ("2026-1-2", utc(2026, 1, 1, 18, 30)),
        (" 2026-01-02 ", utc(2026, 1, 1, 18, 30)),
        ("2026-01-02T09:30", utc(2026, 1, 2, 4)),
        ("2026-01-02 9:30", utc(2026, 1, 2, 4)),
        ("2026-01-02  09:30:15", utc(2026, 1, 2, 4, 0, 15)),
        ("2026-01-02t09:30:15.999", utc(2026, 1, 2, 4, 0, 15)),
        ("2026-01-02T09:30:00Z", utc(2026, 1, 2, 9, 30)),
        ("2026-01-02 09:30z", utc(2026, 1, 2, 9, 30)),
        ("2026-01-02 09:30 +05:30", utc(2026, 1, 2, 4)),
        ("2026-01-02T09:30:00+0530", utc(2026, 1, 2, 4)),
        ("2026-01-02T09:30:00-5", utc(2026, 1, 2, 14, 30)),
        ("2026-01-02T09:30:00-00:00", utc(2026, 1, 2, 9, 30)),
        ("2026-01-02T00:00+14:00", utc(2026, 1, 1, 10)),
        ("2026-01-02T23:00-12", utc(2026, 1, 3, 11)),
        ("2024-02-29", utc(2024, 2, 28, 18, 30)),
        ("2000-02-29T00:00Z", utc(2000, 2, 29)),
        ("9998-12-31T23:59:59-23:59", utc(9999, 1, 1, 23, 58, 59)),
        ("1900-01-01T00:00Z", utc(1900, 1, 1)),
    ],
)
def test_a_date_without_offset_is_in_the_time_zone_of_the_site(text: str, expected: datetime) -> None:
    moment, year = parse_instant(text, KOLKATA)
    assert moment == expected
    assert (moment.tzinfo, moment.microsecond) == (UTC, 0)
    assert year == int(text.strip()[:4])


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-08T01:59", utc(2026, 3, 8, 6, 59)),
        ("2026-03-08T02:30", utc(2026, 3, 8, 7, 30)),  # skipped by the change to summer time: offset before the change
        ("2026-03-08T03:00", utc(2026, 3, 8, 7)),
        ("2026-11-01T01:30", utc(2026, 11, 1, 5, 30)),  # repeated by the change from summer time: first occurrence
        ("2026-11-01T02:00", utc(2026, 11, 1, 7)),
        ("2026-07-01", utc(2026, 7, 1, 4)),
        ("2026-07-01T00:00+00:00", utc(2026, 7, 1)),
    ],
)
def test_a_local_time_that_is_skipped_or_repeated_uses_the_offset_before_the_change(text: str, moment: datetime) -> None:
    assert parse_instant(text, NEW_YORK) == (moment, 2026)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"'' is not a date; {EXAMPLE}"),
        ("tomorrow", f"'tomorrow' is not a date; {EXAMPLE}"),
        ("2 January 2026", "'2 January 2026' is not a date; write 2026-01-02"),
        ("Jan. 2nd, 2026", "'Jan. 2nd, 2026' is not a date; write 2026-01-02"),
        ("Fri, 02 Jan 2026 09:30:00 +0000", "'Fri, 02 Jan 2026 09:30:00 +0000' is not a date; write 2026-01-02 09:30:00 +0000"),
        ("Fri, 02 Jan 2026 09:30:00 GMT", f"'Fri, 02 Jan 2026 09:30:00 GMT' is not a date; {EXAMPLE}"),
        ("2. Januar 2026", f"'2. Januar 2026' is not a date; {EXAMPLE}"),
        ("February 30, 2026", f"'February 30, 2026' is not a date; {EXAMPLE}"),
        ("02.01.2026", "'02.01.2026' is not a date; write 2026-01-02"),
        ("2026-01", f"'2026-01' is not a date; {EXAMPLE}"),
        ("26-01-02", f"'26-01-02' is not a date; {EXAMPLE}"),
        ("2026-01-02T09", f"'2026-01-02T09' is not a date; {EXAMPLE}"),
        ("2026-01-02T", f"'2026-01-02T' is not a date; {EXAMPLE}"),
        ("2026-01-02 09:30 IST", f"'2026-01-02 09:30 IST' is not a date; {EXAMPLE}"),
        ("٢٠٢٦-٠١-٠٢", f"'٢٠٢٦-٠١-٠٢' is not a date; {EXAMPLE}"),
        ("2026-00-02", "there is no such date or time as '2026-00-02': a year has no month 0"),
        ("2026-01-00", "there is no such date or time as '2026-01-00': January 2026 has 31 days"),
        ("2026-02-29", "there is no such date or time as '2026-02-29': February 2026 has 28 days"),
        ("1900-02-29", "there is no such date or time as '1900-02-29': February 1900 has 28 days"),
        ("2026-04-31", "there is no such date or time as '2026-04-31': April 2026 has 30 days"),
        ("2026-01-02T24:00", "there is no such date or time as '2026-01-02T24:00': the hour is at most 23"),
        ("2026-01-02T09:60", "there is no such date or time as '2026-01-02T09:60': the minute is at most 59"),
        ("2016-12-31T23:59:60Z", "there is no such date or time as '2016-12-31T23:59:60Z': the second is at most 59"),
        ("2026-01-02T09:30+24:00", f"no zone is +24:00 away from UTC; {EXAMPLE}"),
        ("2026-01-02T09:30-05:60", f"no zone is -05:60 away from UTC; {EXAMPLE}"),
        ("2026-01-02T09:30+99", f"no zone is +99:00 away from UTC; {EXAMPLE}"),
        ("0000-01-01", "the year 0 is out of range; expected 1900 to 9998"),
        ("1899-12-31", "the year 1899 is out of range; expected 1900 to 9998"),
        ("9999-01-01", "the year 9999 is out of range; expected 1900 to 9998"),
    ],
)
def test_an_invalid_date_is_rejected_with_a_message(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        parse_instant(text, UTC)
    assert str(error.value) == message


def test_parse_day_returns_the_date_as_written() -> None:
    assert parse_day("2015-05-01") == date(2015, 5, 1)


MOMENTS: Final = st.datetimes(datetime(1900, 1, 1), datetime(9998, 12, 31, 23, 59, 59))  # noqa: DTZ001 - hypothesis requires dates without a time zone
OFFSETS: Final = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(MOMENTS, OFFSETS, st.sampled_from("T "))
def test_a_date_in_the_format_of_python_is_the_same_moment(moment: datetime, zone: timezone, separator: str) -> None:
    text = moment.replace(tzinfo=zone).isoformat(separator)
    parsed, year = parse_instant(text, KOLKATA)
    assert parsed == moment.replace(tzinfo=zone, microsecond=0)
    assert year == moment.year


@given(
    st.text() | st.from_regex(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2})?([+-][0-9]{2}(:[0-9]{2})?)?)?")
)
def test_any_text_is_a_utc_moment_or_a_value_error(text: str) -> None:
    try:
        moment, _ = parse_instant(text, NEW_YORK)
    except ValueError:
        return
    assert (moment.utcoffset(), moment.microsecond) == (timedelta(0), 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("28.11.2026", "write 2026-11-28"),
        ("3.4.2026", "write 2026-04-03"),
        ("28. 11. 2026", "write 2026-11-28"),
        ("28.11.2026 14:30", "write 2026-11-28 14:30"),
        ("28/11/2026", "write 2026-11-28"),
        ("11/28/2026", "write 2026-11-28"),
        ("28-11-2026", "write 2026-11-28"),
        ("2026/11/28", "write 2026-11-28"),
        ("2026.11.28", "write 2026-11-28"),
        ("03/04/2026", EXAMPLE),
        ("31.02.2026", EXAMPLE),
        ("28.13.2026", EXAMPLE),
        ("28.11.2026 noon", EXAMPLE),
        ("28.11.26", EXAMPLE),
    ],
)
def test_date_of_another_country_is_refused_with_its_right_form_if_its_meaning_is_certain(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match="is not a date") as error:
        parse_instant(text, UTC)
    assert str(error.value) == f"'{text}' is not a date; {expected}"
