"""The counter keeps reads in memory, writes them in batches and returns totals."""

import contextlib
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from feedsvc.audience.buffer import Batch, ReadKey
from feedsvc.audience.counter import ReadCounter
from feedsvc.audience.periodic_task import PeriodicTask
from feedsvc.audience.spool import write_spool_file
from feedsvc.audience.sqlite_store import SqliteReadStore
from feedsvc.audience.store import DatabaseReadStore
from feedsvc.database import UnavailableError
from tests.audience.conftest import FakeClock, OpenStore, StartCounter
from tests.audience.postgres import Schema
from tests.audience.waiting import wait_until

ONE, TWO = "tag:news.example,2026:one", "tag:news.example,2026:two"
LONG_SECONDS = 3600.0


def test_reads_are_written_after_the_write_interval(
    database_url: str, start_counter: StartCounter, open_store: OpenStore
) -> None:
    counter = start_counter(database_url)
    counter.add(ONE)
    wait_until(lambda: open_store(database_url).total(ONE) == 1)


def test_full_batch_is_written_immediately(database_url: str, start_counter: StartCounter, open_store: OpenStore) -> None:
    counter, store = start_counter(database_url, write_interval=LONG_SECONDS, batch_size=3), open_store(database_url)
    counter.add(ONE)
    counter.add(TWO)
    assert store.totals_since(None) == {}
    counter.add(ONE)
    wait_until(lambda: store.totals_since(None) == {ONE: 2, TWO: 1})


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


class SlowStore(SqliteReadStore):
    """A SQLite store whose writes take half a second."""

    def add(self, reads: Mapping[ReadKey, int], batch: int | None = None, *, writer: str = "") -> Mapping[ReadKey, str]:
        time.sleep(0.5)
        return super().add(reads, batch, writer=writer)


def test_count_waits_for_a_slow_store_after_the_start(tmp_path: Path, clock: FakeClock) -> None:
    """The counter once returned no number while the store was being opened."""
    with contextlib.closing(SlowStore(tmp_path / "views.sqlite")) as store:
        counter = ReadCounter(store, clock, startup_delay=20.0)
        counter.add(ONE)
        assert counter.count(ONE) == 1
        counter.close()


def test_close_writes_all_reads(
    database_url: str, start_counter: StartCounter, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    counter = start_counter(database_url, write_interval=LONG_SECONDS)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(counter.add, [ONE, TWO] * 500))
    counter.close()
    assert open_store(database_url).totals_since(None) == {ONE: 500, TWO: 500}
    assert caplog.messages == []


def test_count_includes_written_and_pending_reads(database_url: str, start_counter: StartCounter, open_store: OpenStore) -> None:
    open_store(database_url).add({(ONE, date(2020, 1, 1)): 40})
    counter = start_counter(database_url, write_interval=LONG_SECONDS)
    assert counter.count(TWO) == 0
    counter.add(ONE)
    assert counter.count(ONE) == 41
    counter.add(ONE)
    assert counter.count(ONE) == 42


def test_count_stays_exact_while_batches_are_written(database_url: str, start_counter: StartCounter) -> None:
    counter = start_counter(database_url, write_interval=0.0, batch_size=1)
    for expected in range(1, 60):
        counter.add(ONE)
        assert counter.count(ONE) == expected


def test_total_is_reloaded_after_max_age(
    database_url: str, start_counter: StartCounter, clock: FakeClock, open_store: OpenStore
) -> None:
    counter = start_counter(database_url, max_age=5.0)
    assert counter.count(ONE) == 0
    open_store(database_url).add({(ONE, date(2026, 3, 1)): 7})  # from another server
    clock.advance(seconds=4)
    assert counter.count(ONE) == 0
    clock.advance(seconds=1)
    assert counter.count(ONE) in (0, 7)  # the old total is returned immediately and reloaded in the background
    wait_until(lambda: counter.count(ONE) == 7)
    clock.advance(days=-1)  # the total is also reloaded after the clock is set back
    open_store(database_url).add({(ONE, date(2026, 3, 1)): 1})
    wait_until(lambda: counter.count(ONE) == 8)


def test_count_with_max_age_zero_returns_the_loaded_total(database_url: str, start_counter: StartCounter) -> None:
    counter = start_counter(database_url, max_age=0.0, wait_timeout=LONG_SECONDS)
    counter.add(ONE)
    assert [counter.count(ONE), counter.count(TWO), counter.count(ONE)] == [1, 0, 1]


def test_concurrent_counts_all_return_the_total(database_url: str, start_counter: StartCounter) -> None:
    counter = start_counter(database_url, max_age=0.0, wait_timeout=LONG_SECONDS)
    counter.add(ONE)
    assert (counter.count(ONE), counter.count(TWO)) == (1, 0)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(counter.count, [ONE, TWO] * 100)) == [1, 0] * 100


def test_periodic_work_is_called(database_url: str, clock: FakeClock, open_store: OpenStore) -> None:
    is_called = threading.Event()

    def work(now: datetime) -> None:
        assert now == clock.now
        is_called.set()

    with contextlib.closing(ReadCounter(open_store(database_url), clock, write_interval=0.01, periodic_work=work)):
        wait_until(is_called.is_set)


def test_count_after_close_is_none(database_url: str, start_counter: StartCounter) -> None:
    counter = start_counter(database_url)
    counter.close()
    assert counter.count(ONE) is None


def test_failed_periodic_work_is_repeated(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    calls: list[datetime] = []

    def work(now: datetime) -> None:
        calls.append(now)
        raise ValueError

    with contextlib.closing(PeriodicTask(work, clock, 0.001)):
        wait_until(lambda: len(calls) > 1)
    assert caplog.messages[0] == "feedsvc: a periodic task failed; it is run again in 0.001 seconds"


def test_null_in_the_table_counts_as_zero(postgres: Schema, start_counter: StartCounter) -> None:
    postgres.run(f"CREATE TABLE {postgres.name}.feedsvc_views (article text, day date, reads bigint, PRIMARY KEY (article, day))")
    postgres.run(f"INSERT INTO {postgres.name}.feedsvc_views VALUES ('{ONE}', '2020-01-01', NULL)")
    counter = start_counter(postgres.url())
    assert counter.count(ONE) == 0
    counter.add(TWO)
    assert wait_until(lambda: counter.count(TWO)) == 1


def test_overflow_of_one_total_loses_only_reads_of_its_article(
    postgres: Schema, start_counter: StartCounter, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    day = date(2026, 3, 1)
    open_store(postgres.url()).add({(ONE, day): 2**63 - 1})
    counter = start_counter(postgres.url(), write_interval=LONG_SECONDS)
    counter.add(ONE)
    counter.add(TWO)
    counter.close()
    assert open_store(postgres.url()).totals([ONE, TWO]) == {ONE: 2**63 - 1, TWO: 1}
    assert caplog.messages[0].startswith(f"feedsvc: reads of '{ONE}' cannot be stored and are lost: ")
    assert "out of range" in caplog.messages[0]
    assert len(caplog.messages) == 1


def _total_or_zero(counter: ReadCounter) -> int:
    """Return the reads of an article, 0 until the first batch has created the tables."""
    with contextlib.suppress(UnavailableError):
        return counter._store.total(ONE)
    return 0


def test_reads_of_a_spool_file_that_the_database_refuses_are_logged(
    postgres: Schema, tmp_path: Path, start_counter: StartCounter, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    day = date(2026, 3, 1)
    open_store(postgres.url()).add({(ONE, day): 2**63 - 1})
    file = write_spool_file(tmp_path / "unwritten", "earlier", [Batch(number=1, reads={(ONE, day): 1, (TWO, day): 1})])
    start_counter(postgres.url(), spool_folder=file.parent)
    wait_until(lambda: not file.exists())
    assert open_store(postgres.url()).totals([ONE, TWO]) == {ONE: 2**63 - 1, TWO: 1}
    assert caplog.messages[0].startswith(f"feedsvc: reads of '{ONE}' cannot be stored and are lost: ")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"writer": "x", "batches": [{"number": 1, "reads": [["a", "no", 1]]}]}'])
def test_invalid_spool_file_is_renamed_and_reported(
    text: str, sqlite_file: Path, tmp_path: Path, start_counter: StartCounter, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "notes.json").write_text(text)
    counter = start_counter(sqlite_file, spool_folder=tmp_path)
    counter.add(ONE)
    wait_until(lambda: _total_or_zero(counter) == 1)
    assert (tmp_path / "notes.json.damaged").read_text() == text
    assert f"{tmp_path / 'notes.json'} cannot be read (" in caplog.text


def test_counter_starts_and_closes_without_a_database(clock: FakeClock) -> None:
    store = DatabaseReadStore("postgresql://nobody@127.0.0.1:1/nothing")
    counter = ReadCounter(store, clock)
    counter.close()
    store.close()
