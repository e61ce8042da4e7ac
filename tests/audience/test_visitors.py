"""Repeats, limits, and what is forgotten at midnight."""

import gc
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.audience.visitors import REPEAT_INTERVAL, Admission, Visitors
from feedsvc.support.token_bucket import BucketLimit, TokenBuckets
from tests.audience.conftest import Clock

HOME, AGENT, ARTICLE = "203.0.113.7", "Firefox", "tag:news.example,2026:one"
YES, NO = Admission(is_counted=True), Admission(is_counted=False)
SLOW = BucketLimit(burst=2, refill_seconds=10.0)
FREE = BucketLimit(burst=10**9, refill_seconds=1.0)


def test_a_repeat_within_half_an_hour_does_not_count(clock: Clock) -> None:
    visitors = Visitors()
    assert visitors.admit(HOME, AGENT, ARTICLE, clock()) == YES
    assert visitors.admit(HOME, AGENT, ARTICLE, clock.tick(minutes=29, seconds=59)) == NO
    # From the read that was counted, not from the last one.
    assert visitors.admit(HOME, AGENT, ARTICLE, clock.tick(seconds=1)) == YES


@pytest.mark.parametrize(
    ("address", "agent", "article"), [("203.0.113.8", AGENT, ARTICLE), (HOME, "Safari", ARTICLE), (HOME, AGENT, "another")]
)
def test_another_visitor_or_article_is_no_repeat(address: str, agent: str, article: str, clock: Clock) -> None:
    visitors = Visitors()
    visitors.admit(HOME, AGENT, ARTICLE, clock())
    assert visitors.admit(address, agent, article, clock()) == YES


def test_the_parts_of_a_visitor_do_not_run_into_one_another(clock: Clock) -> None:
    visitors = Visitors()
    visitors.admit("ab", "c", "d", clock())
    assert visitors.admit("a", "bc", "d", clock()) == YES
    assert visitors.admit("a", "b", "cd", clock()) == YES


@pytest.mark.parametrize(
    ("one", "other", "second"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", NO),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", YES),
        ("fe80::1%eth0", "fe80::1%eth1", NO),
        ("203.0.113.7", "::ffff:203.0.113.7", NO),
        ("203.0.113.7", "203.0.113.8", YES),
        ("unix", "unix", NO),
        ("", "\ud800", YES),
    ],
)
def test_a_home_has_one_address_of_version_4_and_many_of_version_6(one: str, other: str, second: Admission, clock: Clock) -> None:
    visitors = Visitors()
    visitors.admit(one, AGENT, ARTICLE, clock())
    assert visitors.admit(other, AGENT, ARTICLE, clock()) == second


def test_at_midnight_everything_is_forgotten(clock: Clock) -> None:
    visitors = Visitors()
    clock.now = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    visitors.admit(HOME, AGENT, ARTICLE, clock())
    salt = visitors._salt
    assert visitors.admit(HOME, AGENT, ARTICLE, clock()) == NO
    assert visitors.admit(HOME, AGENT, ARTICLE, clock.tick(seconds=1)) == YES
    assert visitors._salt != salt
    del salt
    assert len(visitors._last_reads) == 1


def test_the_salt_goes_at_midnight_of_utc_on_a_night_without_readers_too() -> None:
    visitors = Visitors()
    east = timezone(timedelta(hours=9))
    visitors.rotate_day(datetime(2026, 3, 2, 8, 59, tzinfo=east))
    salt = visitors._salt
    visitors.rotate_day(datetime(2026, 3, 2, 8, 59, 59, tzinfo=east))
    assert visitors._salt == salt
    visitors.rotate_day(datetime(2026, 3, 2, 9, 0, tzinfo=east))
    assert visitors._salt != salt
    assert len(salt) == 32


def test_no_two_processes_hash_alike_and_no_address_is_kept(clock: Clock) -> None:
    one, other = Visitors(), Visitors()
    for visitors in (one, other):
        visitors.admit("198.51.100.23", "Very-Peculiar-Browser", ARTICLE, clock())
    assert not one._last_reads.keys() & other._last_reads.keys()
    gc.collect()
    kept = repr([vars(one), vars(one._visitor_buckets), vars(one._address_buckets)])
    assert "198.51.100" not in kept
    assert "Peculiar" not in kept


def test_memory_is_bounded(clock: Clock) -> None:
    visitors = Visitors(max_reads=3)
    for number in range(10):
        visitors.admit(f"203.0.113.{number}", AGENT, ARTICLE, clock.tick(seconds=1))
    assert [
        len(table) for table in (visitors._last_reads, visitors._visitor_buckets._buckets, visitors._address_buckets._buckets)
    ] == [
        3,
        3,
        3,
    ]
    # The last ones are the ones remembered.
    assert visitors.admit("203.0.113.9", AGENT, ARTICLE, clock()) == NO
    assert visitors.admit("203.0.113.0", AGENT, ARTICLE, clock()) == YES


def test_what_is_older_than_half_an_hour_is_not_kept(clock: Clock) -> None:
    visitors = Visitors()
    for number in range(10):
        visitors.admit(HOME, AGENT, str(number), clock())
    visitors.admit(HOME, AGENT, "last", clock.tick(minutes=30))
    assert len(visitors._last_reads) == 1


def test_a_visitor_who_asks_too_often_is_told_when_to_come_back(clock: Clock) -> None:
    visitors = Visitors(visitor_limit=SLOW)
    assert [visitors.admit(HOME, AGENT, str(number), clock()) for number in range(2)] == [YES, YES]
    assert visitors.admit(HOME, AGENT, "x", clock()) == Admission(is_counted=False, retry_after=10)
    assert visitors.admit(HOME, AGENT, "x", clock.tick(seconds=9.5)) == Admission(is_counted=False, retry_after=1)
    assert visitors.admit(HOME, "Safari", "x", clock()) == YES
    assert visitors.admit(HOME, AGENT, "x", clock.tick(seconds=0.5)) == YES


def test_an_address_that_changes_its_user_agent_has_a_limit_too(clock: Clock) -> None:
    visitors = Visitors(address_limit=SLOW)
    answers = [visitors.admit(HOME, f"Firefox/{number}", ARTICLE, clock()).retry_after for number in range(3)]
    assert answers == [0, 0, 10]
    assert visitors.admit("203.0.113.8", AGENT, ARTICLE, clock()) == YES


def test_who_is_refused_takes_nothing_from_the_others_at_that_address(clock: Clock) -> None:
    visitors = Visitors(
        visitor_limit=BucketLimit(burst=1, refill_seconds=60.0), address_limit=BucketLimit(burst=3, refill_seconds=60.0)
    )
    assert [visitors.admit(HOME, AGENT, str(number), clock()).is_counted for number in range(10)] == [True, *[False] * 9]
    assert visitors.admit(HOME, "Safari", ARTICLE, clock()) == YES
    assert visitors.admit(HOME, "Edge", ARTICLE, clock()) == YES
    assert visitors.admit(HOME, "Opera", ARTICLE, clock()).retry_after == 60  # now the address has none left


def test_one_address_with_very_many_names_pushes_nobody_out(clock: Clock) -> None:
    visitors = Visitors(
        max_reads=10,
        visitor_limit=BucketLimit(burst=1, refill_seconds=60.0),
        address_limit=BucketLimit(burst=5, refill_seconds=60.0),
    )
    visitors.admit("203.0.113.99", AGENT, ARTICLE, clock())
    for number in range(100):
        visitors.admit(HOME, f"Firefox/{number}", ARTICLE, clock())
    assert visitors.admit("203.0.113.99", AGENT, "another", clock()).retry_after == 60


def test_two_threads_around_midnight_do_not_count_a_reader_twice() -> None:
    visitors, midnight = Visitors(), datetime(2026, 3, 2, tzinfo=UTC)
    visitors.admit(HOME, AGENT, ARTICLE, midnight)
    salt = visitors._salt
    visitors.admit("203.0.113.8", AGENT, ARTICLE, midnight - timedelta(microseconds=1))
    assert visitors.admit(HOME, AGENT, ARTICLE, midnight) == NO
    assert visitors._salt == salt


def test_a_clock_that_is_put_right_turns_the_day_back() -> None:
    visitors = Visitors()
    visitors.rotate_day(datetime(2030, 1, 1, tzinfo=UTC))
    salt = visitors._salt
    visitors.rotate_day(datetime(2026, 3, 1, tzinfo=UTC))
    assert visitors._salt != salt
    salt = visitors._salt
    visitors.rotate_day(datetime(2026, 3, 2, tzinfo=UTC))
    assert visitors._salt != salt


MOMENTS = st.lists(st.floats(-4000, 4000), min_size=1, max_size=60)


@given(MOMENTS)
def test_counted_reads_lie_half_an_hour_apart_whatever_the_clock_does(steps: list[float]) -> None:
    visitors, now, counted = Visitors(visitor_limit=FREE, address_limit=FREE), datetime(2026, 3, 1, 12, tzinfo=UTC), []
    for step in steps:
        now = max(min(now + timedelta(seconds=step), datetime(2026, 3, 1, 23, 59, tzinfo=UTC)), datetime(2026, 3, 1, tzinfo=UTC))
        admission = visitors.admit(HOME, AGENT, ARTICLE, now)
        assert admission == (NO if counted and abs(now - counted[-1]) < REPEAT_INTERVAL else YES)
        counted += [now] if admission.is_counted else []


@given(st.integers(1, 5), st.floats(0.5, 60), st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_no_stretch_of_time_sees_more_than_the_burst_and_what_flows_in(burst: int, seconds: float, steps: list[float]) -> None:
    start = now = datetime(2026, 3, 1, tzinfo=UTC)
    buckets, granted = TokenBuckets(BucketLimit(burst=burst, refill_seconds=seconds), 10), 0
    for step in steps:
        now += timedelta(seconds=step)
        wait = buckets.take_token(b"key", now)
        granted += wait == 0
        assert 0 <= wait <= seconds
        assert granted <= burst + (now - start).total_seconds() / seconds + 1e-6


def test_a_wait_that_is_kept_is_enough() -> None:
    buckets, now = TokenBuckets(BucketLimit(burst=1, refill_seconds=7.0), 10), datetime(2026, 3, 1, tzinfo=UTC)
    assert buckets.take_token(b"key", now) == 0
    assert buckets.take_token(b"key", now - timedelta(hours=1)) == 7.0  # a clock that goes back gives nothing away
    assert buckets.take_token(b"key", now + timedelta(seconds=7)) == 0
