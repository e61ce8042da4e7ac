"""The counter during outages: an unavailable, slow, hanging or locked database."""

import time
from datetime import UTC, datetime

import pytest

from feedsvc.audience.visitors import Visitors
from tests.audience.conftest import FakeClock, OpenStore, StartCounter, total, wait_for_count
from tests.audience.postgres import Schema
from tests.audience.relay import Relay
from tests.audience.waiting import TIMEOUT, wait_until

ONE, TWO = "tag:news.example,2026:one", "tag:news.example,2026:two"
LONG_SECONDS = 3600.0


def test_reads_are_kept_in_memory_until_the_database_is_back(
    relay: Relay, postgres: Schema, start_counter: StartCounter, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    relay.disconnect()
    counter = start_counter(postgres.url(relay.port))
    for _ in range(5):
        counter.add(ONE)
    assert counter.count(ONE) is None
    wait_until(lambda: caplog.messages)
    assert total(open_store(postgres.url()), ONE) == 0
    relay.reopen()
    counter.add(ONE)
    wait_for_count(counter, ONE, 6)
    counter.close()
    assert total(open_store(postgres.url()), ONE) == 6
    away_message, back_message = caplog.messages
    assert away_message.startswith(
        "feedsvc: reads are kept in memory, pages and feeds are not affected: the database of reads cannot be used: "
    )
    assert f"postgresql://{postgres.host}:{relay.port}/" in away_message
    assert away_message.endswith("; check that the server runs and can be reached from this machine; feedsvc tries again")
    assert back_message == "feedsvc: the database of reads is available again"


def test_no_request_waits_for_a_slow_or_hanging_database(
    relay: Relay, postgres: Schema, start_counter: StartCounter, caplog: pytest.LogCaptureFixture
) -> None:
    relay.delay = 0.05
    counter = start_counter(postgres.url(relay.port), max_age=0.0)
    counter.add(ONE)
    wait_for_count(counter, ONE, 1)
    relay.pause()
    start = time.monotonic()
    for _ in range(200):  # each of which would wait for seconds
        counter.add(ONE)
        assert counter.count(TWO) is None
    assert counter.count(ONE) == 201
    assert time.monotonic() - start < TIMEOUT
    relay.delay = 0.0
    relay.resume()
    wait_for_count(counter, TWO, 0)
    assert caplog.messages == []


def test_silent_connection_is_replaced(
    relay: Relay, postgres: Schema, start_counter: StartCounter, open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    counter, store = start_counter(postgres.url(relay.port)), open_store(postgres.url())
    counter.add(ONE)
    wait_until(lambda: total(store, ONE) == 1)
    relay.lose_data_after(b"INSERT INTO feedsvc_views ")
    counter.add(ONE)
    wait_until(lambda: total(store, ONE) == 2)
    assert "no answer within 5 seconds; check that the server runs and can be reached from this machine" in caplog.text


def test_salt_is_replaced_after_midnight_while_the_database_hangs(
    relay: Relay, postgres: Schema, clock: FakeClock, start_counter: StartCounter
) -> None:
    visitors = Visitors()
    clock.now = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    visitors.rotate_day(clock.now)
    salt = visitors._salt
    relay.pause()
    start_counter(postgres.url(relay.port), chores=visitors.rotate_day)
    clock.advance(seconds=1)
    wait_until(lambda: visitors._salt != salt)
    relay.resume()


def test_close_with_a_hanging_database_ends_after_its_timeout(
    relay: Relay, postgres: Schema, start_counter: StartCounter, caplog: pytest.LogCaptureFixture
) -> None:
    counter = start_counter(postgres.url(relay.port), write_interval=LONG_SECONDS)
    relay.pause()
    for _ in range(3):
        counter.add(ONE)
    counter.close(timeout=0.05)
    assert caplog.messages == ["feedsvc: 3 reads are lost, because the database did not store them before the stop"]


def test_memory_for_reads_is_bounded(relay: Relay, postgres: Schema, start_counter: StartCounter, open_store: OpenStore) -> None:
    relay.disconnect()
    counter = start_counter(postgres.url(relay.port), max_pending=2)
    for article in (ONE, ONE, TWO, "third", "third"):
        counter.add(article)
    relay.reopen()
    counter.close()
    assert open_store(postgres.url()).totals_since(None) == {ONE: 2, TWO: 1}


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("postgresql://u:secretword@127.0.0.1:1/d?password=secretword", "postgresql://127.0.0.1:1/d"),
        ("postgresql://postgres@127.0.0.1:5432/no-such-database", "create that database"),
    ],
)
def test_unusable_database_is_reported_at_the_start_without_its_password(
    url: str, cause: str, start_counter: StartCounter, caplog: pytest.LogCaptureFixture
) -> None:
    counter = start_counter(url, write_interval=0.5)
    wait_until(lambda: caplog.messages)
    assert cause in caplog.text
    assert "secretword" not in caplog.text
    assert counter._thread.is_alive()
