"""The counter during outages: an unavailable, slow, hanging or locked database."""

import contextlib
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc.audience.counter import ReadCounter
from feedsvc.audience.visitors import Visitors
from tests.audience.conftest import FakeClock, OpenStore, StartCounter
from tests.audience.postgres import Schema
from tests.audience.relay import Relay
from tests.audience.waiting import wait_until

ONE, TWO = "tag:news.example,2026:one", "tag:news.example,2026:two"
LONG_SECONDS = 3600.0


def test_reads_are_kept_in_memory_until_the_database_is_back(
    relay: Relay, postgres: Schema, start_counter: StartCounter, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    relay.disconnect()
    counter = start_counter(postgres.url(relay.port), batch_size=2)
    for _ in range(5):
        counter.add(ONE)
    assert counter.count(ONE) is None
    wait_until(lambda: caplog.messages)
    assert open_store(postgres.url()).total(ONE) == 0
    relay.reopen()
    counter.add(ONE)
    assert wait_until(lambda: counter.count(ONE)) == 6
    counter.close()
    assert open_store(postgres.url()).total(ONE) == 6
    away_message, back_message = caplog.messages
    assert away_message.startswith(
        "feedsvc: reads are kept in memory, pages and feeds are not affected: the database of reads cannot be used: "
    )
    assert f"postgresql://{postgres.host}:{relay.port}/" in away_message
    assert away_message.endswith("; check that the server runs and can be reached from this machine")
    assert back_message == "feedsvc: the database of reads is available again"


def test_every_read_counts_once_over_database_restarts(
    relay: Relay, postgres: Schema, start_counter: StartCounter, open_store: OpenStore
) -> None:
    counter = start_counter(postgres.url(relay.port), write_interval=0.001, batch_size=3)
    stop = threading.Event()

    def add_reads() -> int:
        read_count = 0
        while not stop.is_set() or read_count < 500:
            counter.add(ONE)
            read_count += 1
            stop.wait(0.0005)
        return read_count

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(add_reads) for _ in range(4)]
        for _ in range(10):
            total_before = open_store(postgres.url()).total(ONE)
            wait_until(lambda total_before=total_before: open_store(postgres.url()).total(ONE) > total_before)
            relay.disconnect_after(b"COMMIT")
            wait_until(lambda: not relay._disconnect_trigger)
            relay.disconnect()
            relay.reopen()
        stop.set()
        expected = sum(reader.result() for reader in readers)
    counter.close()
    assert open_store(postgres.url()).total(ONE) == expected


def test_slow_database_delays_no_count_and_is_not_reported_as_unavailable(
    relay: Relay, postgres: Schema, start_counter: StartCounter, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    relay.delay = 0.15
    counter = start_counter(postgres.url(relay.port), wait_timeout=0.01, max_age=0.0)
    counter.add(ONE)
    assert wait_until(lambda: counter.count(ONE)) == 1
    wait_until(lambda: open_store(postgres.url()).total(ONE) == 1)
    # A known total is returned immediately while it is reloaded.
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(counter.count, [ONE] * 200)) == [1] * 200
    assert caplog.messages == []


def test_at_most_two_requests_wait_for_a_total(relay: Relay, postgres: Schema, start_counter: StartCounter) -> None:
    relay.pause()
    counter = start_counter(postgres.url(relay.port), wait_timeout=LONG_SECONDS)
    with ThreadPoolExecutor(10) as pool:
        futures = [pool.submit(counter.count, str(number)) for number in range(10)]
        wait_until(lambda: sum(future.done() for future in futures) == 8)
        relay.resume()
        counts = [future.result() for future in futures]
    assert sorted(counts, key=str) == [0, 0, *[None] * 8]


def test_no_request_waits_right_after_a_timeout(relay: Relay, postgres: Schema, start_counter: StartCounter) -> None:
    relay.pause()
    counter = start_counter(postgres.url(relay.port), wait_timeout=0.01)
    assert counter.count(ONE) is None
    assert not counter._can_wait()
    relay.resume()
    assert wait_until(lambda: counter.count(ONE) == 0)  # loaded in the background


def test_count_returns_the_last_known_total_during_an_outage(
    relay: Relay, postgres: Schema, start_counter: StartCounter, clock: FakeClock
) -> None:
    counter = start_counter(postgres.url(relay.port))
    counter.add(ONE)
    assert counter.count(ONE) == 1
    relay.disconnect()
    clock.advance(hours=1)
    counter.add(ONE)
    wait_until(lambda: counter._is_unavailable)
    assert (counter.count(ONE), counter.count(TWO)) == (2, None)


def test_silent_connection_is_replaced(
    relay: Relay, postgres: Schema, start_counter: StartCounter, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    counter, store = start_counter(postgres.url(relay.port)), open_store(postgres.url())
    counter.add(ONE)
    wait_until(lambda: store.total(ONE) == 1)
    relay.lose_data()  # the connection stays open; new connections work
    counter.add(ONE)
    wait_until(lambda: store.total(ONE) == 2)


def test_connection_that_falls_silent_during_a_batch_is_replaced(
    relay: Relay, postgres: Schema, start_counter: StartCounter, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    counter, store = start_counter(postgres.url(relay.port)), open_store(postgres.url())
    counter.add(ONE)
    wait_until(lambda: store.total(ONE) == 1)
    relay.lose_data_after(b"INSERT INTO feedsvc_views ")
    counter.add(ONE)
    wait_until(lambda: store.total(ONE) == 2)
    assert "no answer within 5 seconds; check that the server runs and can be reached from this machine" in caplog.text


def test_salt_is_replaced_at_midnight_while_the_database_hangs(
    relay: Relay, postgres: Schema, clock: FakeClock, open_store: OpenStore
) -> None:
    visitors = Visitors()
    clock.now = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    visitors.rotate_day(clock.now)
    salt = visitors._salt
    relay.pause()
    counter = ReadCounter(open_store(postgres.url(relay.port)), clock, periodic_work=visitors.rotate_day)
    clock.advance(seconds=1)
    wait_until(lambda: visitors._salt != salt)
    relay.resume()
    counter.close()


def test_close_with_a_hanging_database_ends_after_its_timeout(
    relay: Relay, postgres: Schema, start_counter: StartCounter, caplog: pytest.LogCaptureFixture
) -> None:
    counter = start_counter(postgres.url(relay.port), write_interval=LONG_SECONDS)
    relay.pause()
    for _ in range(3):
        counter.add(ONE)
    counter.close(timeout=0.05)
    assert caplog.messages == ["feedsvc: 3 reads are lost, because the database did not store them before the stop"]


def test_reads_are_kept_in_memory_while_the_file_is_locked(
    sqlite_file: Path, start_counter: StartCounter, open_store: OpenStore
) -> None:
    counter, store = start_counter(sqlite_file), open_store(sqlite_file)
    store.add({})
    with contextlib.closing(sqlite3.connect(sqlite_file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        counter.add(ONE)
        wait_until(lambda: counter._is_unavailable)
        other.execute("ROLLBACK")
    wait_until(lambda: store.total(ONE) == 1)


def test_failed_load_returns_no_count_immediately(relay: Relay, postgres: Schema, start_counter: StartCounter) -> None:
    counter = start_counter(postgres.url(relay.port), write_interval=LONG_SECONDS, wait_timeout=LONG_SECONDS)
    assert counter.count(ONE) == 0
    relay.disconnect()
    assert counter.count(TWO) is None
    assert counter.count(ONE) == 0  # the total of ONE is still fresh


def test_reads_beyond_max_pending_are_lost_and_reported_once(
    relay: Relay, postgres: Schema, start_counter: StartCounter, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    relay.disconnect()
    counter = start_counter(postgres.url(relay.port), write_interval=LONG_SECONDS, max_pending=2)
    wait_until(lambda: counter._is_unavailable)
    for article in (ONE, TWO, "third", ONE, "third"):
        counter.add(article)
    full_message = (
        "feedsvc: the memory for reads is full; reads of further articles are lost until the database is available again"
    )
    assert caplog.messages[1:] == [full_message]  # immediately, and only once
    relay.reopen()
    counter.close()
    assert open_store(postgres.url()).totals_since(None) == {ONE: 2, TWO: 1}
    assert caplog.messages[2:] == [
        "feedsvc: the database of reads is available again; 2 reads did not fit in memory and are lost"
    ]


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("postgresql://u:secretword@a..b/d", "correct the host in FEEDSVC_DATABASE"),
        ("postgresql://u:secretword@127.0.0.1:99999999999/d", "postgresql://127.0.0.1:99999999999/d"),
        ("postgresql://u:secretword@127.0.0.1:1/d?password=secretword", "postgresql://127.0.0.1:1/d"),
        ("postgresql://postgres@127.0.0.1:5432/no-such-database", "create that database"),
    ],
)
def test_unusable_database_is_reported_at_the_start_without_its_password(
    url: str, cause: str, start_counter: StartCounter, caplog: pytest.LogCaptureFixture
) -> None:
    counter = start_counter(url, write_interval=LONG_SECONDS)
    wait_until(lambda: caplog.messages)
    assert cause in caplog.text
    assert "secretword" not in caplog.text
    assert counter._thread.is_alive()


def test_close_waits_for_a_database_that_comes_back(
    relay: Relay, postgres: Schema, start_counter: StartCounter, open_store: OpenStore
) -> None:
    relay.disconnect()
    counter = start_counter(postgres.url(relay.port), write_interval=LONG_SECONDS)
    wait_until(lambda: counter._is_unavailable)
    counter.add(ONE)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(counter.close)
        threading.Event().wait(0.5)  # several attempts
        relay.reopen()
        future.result()
    assert open_store(postgres.url()).total(ONE) == 1


def test_unwritten_reads_are_spooled_and_counted_once_at_the_next_start(  # noqa: PLR0917
    relay: Relay,
    postgres: Schema,
    tmp_path: Path,
    start_counter: StartCounter,
    open_store: OpenStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    spool_folder = tmp_path / "unwritten"
    relay.disconnect()
    counter = start_counter(postgres.url(relay.port), spool_folder=spool_folder)
    for number in range(1200):
        counter.add(str(number % 600))
    counter.close(timeout=0.05)
    (sqlite_file,) = spool_folder.iterdir()
    assert caplog.messages[-1] == f"feedsvc: 1200 reads are saved in {sqlite_file}; the next start stores them in the database"
    data = sqlite_file.read_bytes()
    for _ in range(2):
        # The second round imitates a kill between the commit and the deletion of the file.
        sqlite_file.write_bytes(data)
        second = start_counter(postgres.url(), spool_folder=spool_folder)
        wait_until(lambda: not sqlite_file.exists())
        second.close()
        assert open_store(postgres.url()).totals_since(None) == {str(number): 2 for number in range(600)}


def test_committed_batch_is_not_counted_again_from_the_spool_file(
    relay: Relay, postgres: Schema, tmp_path: Path, start_counter: StartCounter, open_store: OpenStore
) -> None:
    counter = start_counter(postgres.url(relay.port), write_interval=LONG_SECONDS, spool_folder=tmp_path)
    assert counter.count(ONE) == 0
    counter.add(ONE)
    relay.disconnect_after(b"COMMIT")
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(counter.close, 3.0)
        wait_until(lambda: counter._is_unavailable)
        relay.disconnect()
        future.result()
    assert open_store(postgres.url()).total(ONE) == 1
    (sqlite_file,) = tmp_path.iterdir()
    start_counter(postgres.url(), spool_folder=tmp_path)
    wait_until(lambda: not sqlite_file.exists())
    assert open_store(postgres.url()).total(ONE) == 1
