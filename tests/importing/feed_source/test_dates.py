"""Test the dates of feeds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.importing.dates import has_zone, parse_date
from feedsvc.support.date_formats import rfc822, rfc3339


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fri, 02 Jan 2026 09:30:00 +0530", "2026-01-02T09:30:00+05:30"),
        ("Fri, 2 Jan 26 09:30 GMT", "2026-01-02T09:30:00+00:00"),
        ("02 Jan 2026 09:30:00 EST", "2026-01-02T09:30:00-05:00"),
        ("Mon, 02 Jan 2026 09:30:00 Z", "2026-01-02T09:30:00+00:00"),
        ("Fri, 02 Jan 2026 09:30:00 CEST", "2026-01-02T09:30:00+02:00"),
        ("  Fri,  02 Jan 2026\n 09:30:00 -0000 ", "2026-01-02T09:30:00+00:00"),
        ("Fri, 02 Jan 2026 24:00:00 GMT", "2026-01-03T00:00:00+00:00"),
        ("Fri, 02 Jan 2026 23:59:60 GMT", "2026-01-02T23:59:59+00:00"),
        ("2026-01-02T09:30:00Z", "2026-01-02T09:30:00+00:00"),
        ("2026-01-02T09:30:00.123456+09:00", "2026-01-02T09:30:00+09:00"),
        ("2026-01-02 09:30:00 +0100", "2026-01-02T09:30:00+01:00"),
        ("2026-01-02T09:30-05:00", "2026-01-02T09:30:00-05:00"),
        ("2026-01-02 09:30:00 UTC", "2026-01-02T09:30:00+00:00"),
        ("2026-01-02", "2026-01-02T00:00:00+00:00"),
        ("2026-01", "2026-01-01T00:00:00+00:00"),
        ("2026", "2026-01-01T00:00:00+00:00"),
        ("Thu Jan  1 09:30:00 2026", "2026-01-01T09:30:00+00:00"),
    ],
)
def test_forms_of_dates(text: str, expected: str) -> None:
    moment = parse_date(text)
    assert moment is not None
    assert moment.isoformat() == expected


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-13-01", "2026-02-30T00:00:00Z", "0000-00-00 00:00:00", "Fri, 32 Jan 2026 00:00:00 GMT", "9" * 5000],
)
def test_unreadable_dates_are_none(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T09:30:00", False),
        ("2026-01-02T09:30:00 XYZ", False),
        ("Fri, 02 Jan 2026 09:30:00", False),
        ("Fri, 02 Jan 2026 09:30:00 QQQ", False),
        ("Fri, 02 Jan 2026 09:30:00 PST", True),
        ("2026-01-02T09:30:00Z", True),
        ("2026-01-02", True),
    ],
)
def test_missing_and_unknown_zones_are_noticed(text: str, *, expected: bool) -> None:
    assert parse_date(text) is not None
    assert has_zone(text) == expected


@given(st.datetimes(datetime(1000, 1, 1), datetime(9998, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001 - of two parts
def test_what_we_write_is_read_again(moment: datetime, minutes: int) -> None:
    moment = (moment.replace(microsecond=0, tzinfo=UTC) + timedelta(minutes=minutes)).astimezone(UTC)
    assert parse_date(rfc3339(moment)) == parse_date(rfc822(moment)) == moment


@given(st.text(max_size=60))
def test_any_text_is_a_date_or_none(text: str) -> None:
    moment = parse_date(text)
    assert moment is None or moment.tzinfo is not None
    has_zone(text)
