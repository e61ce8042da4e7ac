"""Calendar of issues: days of 23, 24 and 25 hours, times that the clocks skip or repeat, and a missing day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.catalog.periodicals import IssueCalendar
from feedsvc.model import IssueSchedule

ZONES: Final = (
    *("UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", "America/New_York", "America/Nuuk"),
    *("America/Sao_Paulo", "Asia/Gaza", "Africa/Casablanca", "Pacific/Kiritimati", "Antarctica/Troll"),
)


def calendar(at: str, zone: str, weekday: int | None = None) -> IssueCalendar:
    hours, _, minutes = at.partition(":")
    return IssueCalendar(IssueSchedule(minute_of_day=int(hours) * 60 + int(minutes), weekday=weekday), ZoneInfo(zone))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "day", "opens", "closes"),
    [
        ("06:00", "Asia/Kolkata", "2026-01-02", "2026-01-01T00:30", "2026-01-02T00:30"),
        ("00:00", "UTC", "2026-01-02", "2026-01-01T00:00", "2026-01-02T00:00"),
        # 23 hours, then 25.
        ("06:00", "Europe/Berlin", "2026-03-29", "2026-03-28T05:00", "2026-03-29T04:00"),
        ("06:00", "Europe/Berlin", "2026-10-25", "2026-10-24T04:00", "2026-10-25T05:00"),
        # 02:30 does not exist: an hour later, 03:30. 02:30 occurs twice: the first.
        ("02:30", "Europe/Berlin", "2026-03-29", "2026-03-28T01:30", "2026-03-29T01:30"),
        ("02:30", "Europe/Berlin", "2026-03-30", "2026-03-29T01:30", "2026-03-30T00:30"),
        ("02:30", "Europe/Berlin", "2026-10-25", "2026-10-24T00:30", "2026-10-25T00:30"),
        ("02:30", "Europe/Berlin", "2026-10-26", "2026-10-25T00:30", "2026-10-26T01:30"),
        # Half an hour: 02:00 to 02:30 does not exist on 4 October.
        ("02:15", "Australia/Lord_Howe", "2026-10-04", "2026-10-02T15:45", "2026-10-03T15:45"),
        ("02:15", "Australia/Lord_Howe", "2026-10-05", "2026-10-03T15:45", "2026-10-04T15:15"),
        ("01:45", "Australia/Lord_Howe", "2026-04-05", "2026-04-03T14:45", "2026-04-04T14:45"),
        # There was no 30 December 2011: the issue of the 31st holds what was published since the 29th.
        ("06:00", "Pacific/Apia", "2011-12-29", "2011-12-28T16:00", "2011-12-29T16:00"),
        ("06:00", "Pacific/Apia", "2011-12-31", "2011-12-29T16:00", "2011-12-30T16:00"),
        ("06:00", "Pacific/Apia", "2012-01-01", "2011-12-30T16:00", "2011-12-31T16:00"),
        # 23:30 does not exist on 29 March 2025; the issue keeps its date.
        ("23:30", "America/Nuuk", "2025-03-29", "2025-03-29T01:30", "2025-03-30T01:30"),
        ("23:30", "America/Nuuk", "2025-03-30", "2025-03-30T01:30", "2025-03-31T00:30"),
    ],
)
def test_an_issue_opens_and_closes_at_its_time_in_the_sites_zone(at: str, zone: str, day: str, opens: str, closes: str) -> None:
    issues, one = calendar(at, zone), date.fromisoformat(day)
    assert (issues.opens(one), issues.closes(one)) == (utc(opens), utc(closes))
    second = timedelta(seconds=1)
    assert issues.issue_of(utc(opens)) == issues.issue_of(utc(closes) - second) == one
    assert issues.issue_of(utc(opens) - second) < one < issues.issue_of(utc(closes))


def test_a_weekly_issue_holds_a_week_and_is_named_by_the_day_on_which_it_closes() -> None:
    issues = calendar("06:00", "Europe/Berlin", weekday=0)
    assert issues.issue_of(utc("2026-03-27T12:00")) == date(2026, 3, 30)
    assert (issues.opens(date(2026, 3, 30)), issues.closes(date(2026, 3, 30))) == (
        utc("2026-03-23T05:00"),
        utc("2026-03-30T04:00"),
    )
    friday_in_apia = calendar("06:00", "Pacific/Apia", weekday=4)
    assert friday_in_apia.issue_of(utc("2011-12-29T00:00")) == date(2011, 12, 30)
    assert friday_in_apia.issue_of(friday_in_apia.closes(date(2011, 12, 30))) == date(2012, 1, 6)


@given(
    zone=st.sampled_from(ZONES),
    minute=st.integers(0, 1439),
    weekday=st.none() | st.integers(0, 6),
    moment=st.datetimes(datetime(1905, 1, 1), datetime(2120, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
@settings(deadline=None, max_examples=400)
def test_every_moment_belongs_to_one_issue_which_follows_the_one_before_it(
    zone: str, minute: int, weekday: int | None, moment: datetime
) -> None:
    issues = IssueCalendar(IssueSchedule(minute_of_day=minute, weekday=weekday), ZoneInfo(zone))
    moment = moment.replace(microsecond=0)
    day = issues.issue_of(moment)
    assert issues.opens(day) <= moment < issues.closes(day)
    assert weekday is None or day.weekday() == weekday
    days = [day]
    for _ in range(3):
        days.append(issues.issue_of(issues.closes(days[-1])))
    for before, after in pairwise(days):
        assert before < after
        assert issues.opens(after) == issues.closes(before)
        # The local time of the closing is `at`, unless the clocks skip that time.
        local = issues.closes(after).astimezone(ZoneInfo(zone))
        is_at = (local.date(), local.hour * 60 + local.minute) == (after, minute)
        gap = datetime(after.year, after.month, after.day, minute // 60, minute % 60, tzinfo=ZoneInfo(zone))
        assert is_at or gap.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != gap.replace(tzinfo=None)
