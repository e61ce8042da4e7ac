"""The key `digest` of feeds.yaml: schedules, and messages for what an editor may get wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc.content.folder import load_content
from feedsvc.model import IssueSchedule
from tests.helpers import newsrooms


def write(root: Path, digest: str) -> Path:
    site = "title: T\nbase_url: https://t.example\nid_domain: t.example\n"
    return newsrooms.write(
        root, {"site.yaml": site, "feeds.yaml": f"d:\n  title: D\n  include: {{all: true}}\n  digest: {digest}\n"}
    )


@pytest.mark.parametrize(
    ("digest", "expected"),
    [
        ('{every: day, at: "06:00"}', IssueSchedule(minute_of_day=360)),
        ("{every: day, at: 06:00}", IssueSchedule(minute_of_day=360)),
        ("{every: day, at: 18:05}", IssueSchedule(minute_of_day=1085)),
        ("{every: day, at: 6:00}", IssueSchedule(minute_of_day=360)),
        ("{every: day, at: '00:00'}", IssueSchedule(minute_of_day=0)),
        ("{every: day, at: '23:59'}", IssueSchedule(minute_of_day=1439)),
        ('{every: week, on: monday, at: "06:00"}', IssueSchedule(minute_of_day=360, weekday=0)),
        ("\n    every: week\n    on: sunday\n    at: 18:30", IssueSchedule(minute_of_day=1110, weekday=6)),
        ('\n    "on": friday\n    every: week\n    at: 18:30', IssueSchedule(minute_of_day=1110, weekday=4)),
        ("", None),
        ("null", None),
    ],
)
def test_a_schedule_is_read_with_and_without_quotes(tmp_path: Path, digest: str, expected: IssueSchedule | None) -> None:
    content = load_content(write(tmp_path, digest))
    assert content.errors == ()
    assert content.custom_feeds["d"].digest == expected


DAYS = "'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday' or 'sunday'"
NO_TIME = 'is not a time of the day from 00:00 to 23:59; write it in quotes, like "06:00"'


@pytest.mark.parametrize(
    ("digest", "expected"),
    [
        ("{every: day, at: '24:00'}", f"feeds.yaml:4:28: digest.at: '24:00' {NO_TIME}"),
        ("{every: day, at: 24:00}", f"feeds.yaml:4:28: digest.at: '24:00' {NO_TIME}"),
        ("{every: day, at: 6}", f"feeds.yaml:4:28: digest.at: '6' {NO_TIME}"),
        ("{every: day, at: 6.30}", f"feeds.yaml:4:28: digest.at: '6.30' {NO_TIME}"),
        ("{every: day, at: 6 am}", f"feeds.yaml:4:28: digest.at: '6 am' {NO_TIME}"),
        ("{every: day, at: 18:60}", f"feeds.yaml:4:28: digest.at: '18:60' {NO_TIME}"),
        ("{every: day, at: [6]}", "feeds.yaml:4:28: digest.at: expected text, found a list"),
        ("{every: day}", "feeds.yaml:4:11: digest.at: is missing"),
        ("{at: 06:00}", "feeds.yaml:4:11: digest.every: is missing"),
        (
            "{every: daily, at: 06:00}",
            "feeds.yaml:4:19: digest.every: expected 'day' or 'week', found 'daily'; did you mean 'day'?",
        ),
        ("daily", "feeds.yaml:4:11: digest: expected 'key: value' lines, found text; write {at: \"06:00\", every: daily}"),
        (
            "{every: day, at: 06:00, on: monday}",
            "feeds.yaml:4:35: digest.on: stands beside every: day; delete it, or write every: week",
        ),
        (
            "{every: week, at: 06:00}",
            "feeds.yaml:4:3: digest: names no day of the week; write on: monday beside every: week",
        ),
        (
            "{every: week, on: Monday, at: 06:00}",
            f"feeds.yaml:4:29: digest.on: expected {DAYS}, found 'Monday'; did you mean 'monday'?",
        ),
        ("{every: day, at: 06:00, publisher: me}", "feeds.yaml:4:35: unknown key 'publisher'; the keys are every, at, on"),
    ],
)
def test_a_mistake_is_reported_with_its_place_and_what_to_do(tmp_path: Path, digest: str, expected: str) -> None:
    assert [str(problem) for problem in load_content(write(tmp_path, digest)).errors] == [expected]
