"""The counter keeps views in memory, writes them in its thread and returns totals."""

import contextlib
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

from feedsvc.audience.counter import ViewCounter
from feedsvc.support.alerts import Alerts
from tests.audience.conftest import FakeClock, OpenStore, StartCounter, wait_for_count
from tests.audience.postgres import Schema
from tests.audience.waiting import wait_until

ONE, TWO = "tag:news.example,2026:one", "tag:news.example,2026:two"
LONG_SECONDS = 3600.0


def test_read_is_counted_for_its_utc_day(
    database_url: str, start_counter: StartCounter, clock: FakeClock, open_store: OpenStore
) -> None:
    counter = start_counter(database_url, write_interval=LONG_SECONDS)
    clock.now = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC).astimezone(timezone(timedelta(hours=9)))
    counter.add(ONE)
    clock.advance(seconds=1)
    counter.add(ONE)
    counter.close()
    assert open_store(database_url).totals_since(date(2026, 3, 2)) == {ONE: 1}
    assert open_store(database_url).totals_since(None) == {ONE: 2}


def test_count_includes_written_and_pending_reads(database_url: str, start_counter: StartCounter, open_store: OpenStore) -> None:
    open_store(database_url).add({(ONE, date(2020, 1, 1)): 40})
    counter = start_counter(database_url, write_interval=LONG_SECONDS)
    wait_for_count(counter, TWO, 0)
    counter.add(ONE)
    wait_for_count(counter, ONE, 41)
    counter.add(ONE)
    assert counter.count(ONE) == 42


def test_total_is_reloaded_after_max_age(
    database_url: str, start_counter: StartCounter, clock: FakeClock, open_store: OpenStore
) -> None:
    counter = start_counter(database_url, max_age=5.0)
    wait_for_count(counter, ONE, 0)
    open_store(database_url).add({(ONE, date(2026, 3, 1)): 7})  # from another server
    clock.advance(seconds=4)
    assert counter.count(ONE) == 0
    clock.advance(seconds=1)
    assert counter.count(ONE) in (0, 7)  # the old total is returned immediately and reloaded in the background
    wait_for_count(counter, ONE, 7)
    clock.advance(days=-1)  # the total is also reloaded after the clock is set back
    open_store(database_url).add({(ONE, date(2026, 3, 1)): 1})
    wait_for_count(counter, ONE, 8)


def test_null_in_the_table_counts_as_zero(postgres: Schema, start_counter: StartCounter) -> None:
    postgres.run(f"CREATE TABLE {postgres.name}.feedsvc_views (article text, day date, reads bigint, PRIMARY KEY (article, day))")
    postgres.run(f"INSERT INTO {postgres.name}.feedsvc_views VALUES ('{ONE}', '2020-01-01', NULL)")
    counter = start_counter(postgres.url())
    wait_for_count(counter, ONE, 0)
    counter.add(TWO)
    wait_for_count(counter, TWO, 1)


def test_store_is_opened_with_the_first_read(tmp_path: Path, clock: FakeClock) -> None:
    """Opening it imports SQLAlchemy."""
    file, moments = tmp_path / "state/views.sqlite", []
    with contextlib.closing(ViewCounter(file, clock, Alerts(), chores=moments.append, write_interval=0.01)) as counter:
        wait_until(lambda: len(moments) > 2)
        assert not file.exists()
        counter.add(ONE)
        wait_until(file.exists)
