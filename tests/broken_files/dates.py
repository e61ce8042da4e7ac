"""Cases with invalid dates."""

# ruff: noqa: E501 - messages are not wrapped

from __future__ import annotations

from typing import Final

from tests.broken_files.case import Case, article, article_with_date

CASES: Final = (
    Case(
        "word as date",
        article_with_date("yesterday"),
        ("articles/a.yaml:2:12: published: 'yesterday' is not a date; write it like 2026-01-02 or 2026-01-02T09:30:00+05:30",),
    ),
    Case(
        "impossible day",
        article_with_date("2026-02-30"),
        ("articles/a.yaml:2:12: published: there is no such date or time as '2026-02-30': February 2026 has 28 days",),
    ),
    Case(
        "impossible month",
        article_with_date("2026-13-01"),
        ("articles/a.yaml:2:12: published: there is no such date or time as '2026-13-01': a year has no month 13",),
    ),
    Case(
        "hour 24",
        article_with_date("2026-01-02T24:00"),
        ("articles/a.yaml:2:12: published: there is no such date or time as '2026-01-02T24:00': the hour is at most 23",),
    ),
    Case(
        "leap second",
        article_with_date("2026-06-30T23:59:60Z"),
        ("articles/a.yaml:2:12: published: there is no such date or time as '2026-06-30T23:59:60Z': the second is at most 59",),
    ),
    Case(
        "year as date",
        article_with_date("2026"),
        ("articles/a.yaml:2:12: published: '2026' is not a date; write it like 2026-01-02 or 2026-01-02T09:30:00+05:30",),
    ),
    Case(
        "date without dashes",
        article_with_date("20260102"),
        ("articles/a.yaml:2:12: published: '20260102' is not a date; write it like 2026-01-02 or 2026-01-02T09:30:00+05:30",),
    ),
    Case(
        "American date",
        article_with_date("01/02/2026"),
        ("articles/a.yaml:2:12: published: '01/02/2026' is not a date; write it like 2026-01-02 or 2026-01-02T09:30:00+05:30",),
    ),
    Case(
        "date in words",
        article_with_date("Dec 1, 2026"),
        ("articles/a.yaml:2:12: published: 'Dec 1, 2026' is not a date; write 2026-12-01",),
    ),
    Case(
        "time with PM",
        article_with_date("2026-01-02 10:00 PM"),
        ("articles/a.yaml:2:12: published: '2026-01-02 10:00 PM' is not a date; hours are 0 to 23: write 22:00 for 10:00 PM",),
    ),
    Case(
        "midnight in America",
        article_with_date("Jan 2, 2026 12:05am"),
        ("articles/a.yaml:2:12: published: 'Jan 2, 2026 12:05am' is not a date; hours are 0 to 23: write 00:05 for 12:05am",),
    ),
    Case(
        "list as date",
        article_with_date("[2026-01-02]"),
        ("articles/a.yaml:2:12: published: a list is not a date; write it like 2026-01-02 or 2026-01-02T09:30:00+05:30",),
    ),
    Case(
        "boolean as date",
        article_with_date("yes"),
        ("articles/a.yaml:2:12: published: 'yes' is not a date; write it like 2026-01-02 or 2026-01-02T09:30:00+05:30",),
    ),
    Case(
        "year 1066",
        article_with_date("1066-10-14"),
        ("articles/a.yaml:2:12: published: the year 1066 is out of range; expected 1900 to 9998",),
    ),
    Case(
        "invalid UTC offset",
        article_with_date("2026-01-02T09:30:00+05:99"),
        (
            "articles/a.yaml:2:12: published: no zone is +05:99 away from UTC; write it like 2026-01-02 or 2026-01-02T09:30:00+05:30",
        ),
    ),
    Case(
        "word as update date",
        article("updated: soon\n"),
        ("articles/a.yaml:3:10: updated: 'soon' is not a date; write it like 2026-01-02 or 2026-01-02T09:30:00+05:30",),
    ),
    Case(
        "expires before published", article("expires: 2026-01-01\n"), ("articles/a.yaml:3:10: expires: is not after published",)
    ),
    Case(
        "correction without date", article("corrections: [{text: oh}]\n"), ("articles/a.yaml:3:15: corrections.date: is missing",)
    ),
    Case(
        "invalid date of a correction",
        article("corrections:\n- {date: 2026-02-31, text: oh}\n"),
        ("articles/a.yaml:4:10: corrections.date: there is no such date or time as '2026-02-31': February 2026 has 28 days",),
    ),
    Case(
        "correction as text",
        article("corrections:\n- It was Lee\n"),
        (
            "articles/a.yaml:4:3: corrections: expected 'key: value' lines, found text; write {date: 2026-01-02, text: It was Lee}",
        ),
    ),
    Case(
        "invalid date of a withdrawal",
        article("status: withdrawn\nwithdrawn: {date: never}\n"),
        ("articles/a.yaml:4:19: withdrawn.date: 'never' is not a date; write it like 2026-01-02 or 2026-01-02T09:30:00+05:30",),
    ),
    Case(
        "date as withdrawn",
        article("status: withdrawn\nwithdrawn: 2026-01-03\n"),
        ("articles/a.yaml:4:12: withdrawn: expected 'key: value' lines, found text; write {date: 2026-01-03}",),
    ),
)
