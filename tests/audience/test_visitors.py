"""Visitors: repeated reads, rate limits, and the deletion of all data at midnight."""

import gc
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.audience.visitors import REPEAT_INTERVAL, Admission, Visitors
from feedsvc.support.token_bucket import BucketLimit, TokenBuckets
from tests.audience.conftest import FakeClock

ADDRESS, AGENT, ARTICLE = "203.0.113.7", "Firefox", "tag:news.example,2026:one"
COUNTED, NOT_COUNTED = Admission(is_counted=True), Admission(is_counted=False)
SLOW_LIMIT = BucketLimit(burst=2, refill_seconds=10.0)
NO_LIMIT = BucketLimit(burst=10**9, refill_seconds=1.0)


def test_read_of_another_visitor_or_article_is_counted(clock: FakeClock) -> None:
    visitors = Visitors()
    visitors.admit(ADDRESS, AGENT, ARTICLE, clock())
    for read in (("203.0.113.8", AGENT, ARTICLE), (ADDRESS, "Safari", ARTICLE), (ADDRESS, AGENT, "another")):
        assert visitors.admit(*read, clock()) == COUNTED


@pytest.mark.parametrize(
    ("first_address", "second_address", "expected"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", NOT_COUNTED),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", COUNTED),
        ("fe80::1%eth0", "fe80::1%eth1", NOT_COUNTED),
        ("203.0.113.7", "::ffff:203.0.113.7", NOT_COUNTED),
        ("203.0.113.7", "203.0.113.8", COUNTED),
        ("unix", "unix", NOT_COUNTED),
        ("", "\ud800", COUNTED),
    ],
)
def test_addresses_of_one_ipv6_network_are_one_visitor(
    first_address: str, second_address: str, expected: Admission, clock: FakeClock
) -> None:
    visitors = Visitors()
    visitors.admit(first_address, AGENT, ARTICLE, clock())
    assert visitors.admit(second_address, AGENT, ARTICLE, clock()) == expected


def test_reads_and_salt_are_deleted_at_midnight(clock: FakeClock) -> None:
    visitors = Visitors()
    clock.now = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    visitors.admit(ADDRESS, AGENT, ARTICLE, clock())
    salt = visitors._salt
    assert visitors.admit(ADDRESS, AGENT, ARTICLE, clock()) == NOT_COUNTED
    assert visitors.admit(ADDRESS, AGENT, ARTICLE, clock.advance(seconds=1)) == COUNTED
    assert visitors._salt != salt
    del salt
    assert len(visitors._last_reads) == 1


def test_salt_is_replaced_at_midnight_utc_without_readers() -> None:
    visitors = Visitors()
    east = timezone(timedelta(hours=9))
    visitors.rotate_day(datetime(2026, 3, 2, 8, 59, tzinfo=east))
    salt = visitors._salt
    visitors.rotate_day(datetime(2026, 3, 2, 8, 59, 59, tzinfo=east))
    assert visitors._salt == salt
    visitors.rotate_day(datetime(2026, 3, 2, 9, 0, tzinfo=east))
    assert visitors._salt != salt
    assert len(salt) == 32


def test_processes_use_different_hashes_and_store_no_address(clock: FakeClock) -> None:
    first, second = Visitors(), Visitors()
    for visitors in (first, second):
        visitors.admit("198.51.100.23", "Very-Peculiar-Browser", ARTICLE, clock())
    assert not first._last_reads.keys() & second._last_reads.keys()
    gc.collect()
    stored = repr([vars(first), vars(first._visitor_buckets), vars(first._address_buckets)])
    assert "198.51.100" not in stored
    assert "Peculiar" not in stored


def test_number_of_stored_visitors_is_bounded(clock: FakeClock) -> None:
    visitors = Visitors(max_reads=3)
    for number in range(10):
        visitors.admit(f"203.0.113.{number}", AGENT, ARTICLE, clock.advance(seconds=1))
    tables = (visitors._last_reads, visitors._visitor_buckets._buckets, visitors._address_buckets._buckets)
    assert [len(table) for table in tables] == [3, 3, 3]
    # The most recent visitors are stored.
    assert visitors.admit("203.0.113.9", AGENT, ARTICLE, clock()) == NOT_COUNTED
    assert visitors.admit("203.0.113.0", AGENT, ARTICLE, clock()) == COUNTED


def test_limited_visitor_gets_retry_after(clock: FakeClock) -> None:
    visitors = Visitors(visitor_limit=SLOW_LIMIT)
    assert [visitors.admit(ADDRESS, AGENT, str(number), clock()) for number in range(2)] == [COUNTED, COUNTED]
    assert visitors.admit(ADDRESS, AGENT, "x", clock()) == Admission(is_counted=False, retry_after=10)
    assert visitors.admit(ADDRESS, AGENT, "x", clock.advance(seconds=9.5)) == Admission(is_counted=False, retry_after=1)
    assert visitors.admit(ADDRESS, "Safari", "x", clock()) == COUNTED
    assert visitors.admit(ADDRESS, AGENT, "x", clock.advance(seconds=0.5)) == COUNTED


def test_address_with_changing_user_agents_is_limited(clock: FakeClock) -> None:
    visitors = Visitors(address_limit=SLOW_LIMIT)
    retry_after = [visitors.admit(ADDRESS, f"Firefox/{number}", ARTICLE, clock()).retry_after for number in range(3)]
    assert retry_after == [0, 0, 10]
    assert visitors.admit("203.0.113.8", AGENT, ARTICLE, clock()) == COUNTED


def test_refused_visitor_uses_no_token_of_the_address(clock: FakeClock) -> None:
    visitors = Visitors(
        visitor_limit=BucketLimit(burst=1, refill_seconds=60.0), address_limit=BucketLimit(burst=3, refill_seconds=60.0)
    )
    assert [visitors.admit(ADDRESS, AGENT, str(number), clock()).is_counted for number in range(10)] == [True, *[False] * 9]
    assert visitors.admit(ADDRESS, "Safari", ARTICLE, clock()) == COUNTED
    assert visitors.admit(ADDRESS, "Edge", ARTICLE, clock()) == COUNTED
    assert visitors.admit(ADDRESS, "Opera", ARTICLE, clock()).retry_after == 60  # the address has no token left


def test_address_with_many_user_agents_evicts_no_other_visitor(clock: FakeClock) -> None:
    visitors = Visitors(
        max_reads=10,
        visitor_limit=BucketLimit(burst=1, refill_seconds=60.0),
        address_limit=BucketLimit(burst=5, refill_seconds=60.0),
    )
    visitors.admit("203.0.113.99", AGENT, ARTICLE, clock())
    for number in range(100):
        visitors.admit(ADDRESS, f"Firefox/{number}", ARTICLE, clock())
    assert visitors.admit("203.0.113.99", AGENT, "another", clock()).retry_after == 60


def test_late_read_of_the_previous_day_keeps_the_salt() -> None:
    visitors, midnight = Visitors(), datetime(2026, 3, 2, tzinfo=UTC)
    visitors.admit(ADDRESS, AGENT, ARTICLE, midnight)
    salt = visitors._salt
    visitors.admit("203.0.113.8", AGENT, ARTICLE, midnight - timedelta(microseconds=1))
    assert visitors.admit(ADDRESS, AGENT, ARTICLE, midnight) == NOT_COUNTED
    assert visitors._salt == salt


def test_salt_is_replaced_when_the_clock_is_set_back() -> None:
    visitors = Visitors()
    visitors.rotate_day(datetime(2030, 1, 1, tzinfo=UTC))
    salt = visitors._salt
    visitors.rotate_day(datetime(2026, 3, 1, tzinfo=UTC))
    assert visitors._salt != salt
    salt = visitors._salt
    visitors.rotate_day(datetime(2026, 3, 2, tzinfo=UTC))
    assert visitors._salt != salt


TIME_STEPS = st.lists(st.floats(-4000, 4000), min_size=1, max_size=60)


@given(TIME_STEPS)
def test_counted_reads_are_half_an_hour_apart_for_any_clock(steps: list[float]) -> None:
    visitors, counted_times = Visitors(visitor_limit=NO_LIMIT, address_limit=NO_LIMIT), []
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for step in steps:
        now = max(min(now + timedelta(seconds=step), datetime(2026, 3, 1, 23, 59, tzinfo=UTC)), datetime(2026, 3, 1, tzinfo=UTC))
        admission = visitors.admit(ADDRESS, AGENT, ARTICLE, now)
        assert admission == (NOT_COUNTED if counted_times and abs(now - counted_times[-1]) < REPEAT_INTERVAL else COUNTED)
        counted_times += [now] if admission.is_counted else []


@given(st.integers(1, 5), st.floats(0.5, 60), st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_tokens_never_exceed_burst_and_refill(burst: int, seconds: float, steps: list[float]) -> None:
    start = now = datetime(2026, 3, 1, tzinfo=UTC)
    buckets, granted = TokenBuckets(BucketLimit(burst=burst, refill_seconds=seconds), 10), 0
    for step in steps:
        now += timedelta(seconds=step)
        wait = buckets.take_token(b"key", now)
        granted += wait == 0
        assert 0 <= wait <= seconds
        assert granted <= burst + (now - start).total_seconds() / seconds + 1e-6
