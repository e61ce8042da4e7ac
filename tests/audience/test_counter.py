"""Counting in memory, writing in batches, and the database going away meanwhile."""

import contextlib
import sqlite3
import threading
from collections import Counter as Bag
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.audience.counter import Counter
from feedsvc.audience.store import Views
from feedsvc.audience.tally import Tally
from tests.audience.conftest import Clock, Count, Open
from tests.audience.patience import until
from tests.audience.postgres import Schema
from tests.audience.relay import Relay

ONE, TWO = "tag:news.example,2026:one", "tag:news.example,2026:two"
NEVER = 3600.0


def test_reads_are_written_after_a_while(where: str, counting: Count, opened: Open) -> None:
    counter = counting(where)
    counter.add(ONE)
    until(lambda: opened(where).total(ONE) == 1)


def test_reads_are_written_when_enough_of_them_wait(where: str, counting: Count, opened: Open) -> None:
    counter, views = counting(where, every=NEVER, batch=3), opened(where)
    counter.add(ONE)
    counter.add(TWO)
    assert views.since(None) == {}
    counter.add(ONE)
    until(lambda: views.since(None) == {ONE: 2, TWO: 1})


def test_a_read_belongs_to_its_utc_day(where: str, counting: Count, clock: Clock, opened: Open) -> None:
    counter = counting(where, every=NEVER)
    clock.now = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC).astimezone(timezone(timedelta(hours=9)))
    counter.add(ONE)
    clock.tick(seconds=1)
    counter.add(ONE)
    counter.close()
    assert opened(where).since(date(2026, 3, 2)) == {ONE: 1}
    assert opened(where).since(None) == {ONE: 2}


def test_a_clean_stop_loses_none(where: str, counting: Count, opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    counter = counting(where, every=NEVER)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(counter.add, [ONE, TWO] * 500))
    counter.close()
    assert opened(where).since(None) == {ONE: 500, TWO: 500}
    assert caplog.messages == []


def test_the_number_holds_what_is_written_and_what_waits(where: str, counting: Count, opened: Open) -> None:
    opened(where).add({(ONE, date(2020, 1, 1)): 40})
    counter = counting(where, every=NEVER)
    assert counter.count(TWO) == 0
    counter.add(ONE)
    assert counter.count(ONE) == 41
    counter.add(ONE)
    assert counter.count(ONE) == 42


def test_the_number_never_falls_or_doubles_while_it_is_written(where: str, counting: Count) -> None:
    counter = counting(where, every=0.0, batch=1)
    for expected in range(1, 60):
        counter.add(ONE)
        assert counter.count(ONE) == expected


def test_the_number_is_remembered_for_a_moment(where: str, counting: Count, clock: Clock, opened: Open) -> None:
    counter = counting(where, fresh=5.0)
    assert counter.count(ONE) == 0
    opened(where).add({(ONE, date(2026, 3, 1)): 7})  # by another node
    clock.tick(seconds=4)
    assert counter.count(ONE) == 0
    clock.tick(seconds=1)
    assert counter.count(ONE) == 7
    clock.tick(days=-1)  # a clock that goes back does not keep it for ever
    opened(where).add({(ONE, date(2026, 3, 1)): 1})
    assert counter.count(ONE) == 8


def test_a_number_that_took_longer_than_it_is_good_for_is_told(where: str, counting: Count) -> None:
    counter = counting(where, fresh=0.0, patience=NEVER)
    counter.add(ONE)
    assert [counter.count(ONE), counter.count(TWO), counter.count(ONE)] == [1, 0, 1]


def test_many_requests_at_once_ask_once_and_all_are_answered(where: str, counting: Count) -> None:
    counter = counting(where, fresh=0.0, patience=NEVER)
    counter.add(ONE)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(counter.count, [ONE, TWO] * 100)) == [1, 0] * 100


def test_chores_are_done_now_and_then(where: str, clock: Clock, opened: Open) -> None:
    told = threading.Event()

    def chore(now: datetime) -> None:
        assert now == clock.now
        told.set()

    with contextlib.closing(Counter(opened(where), clock, every=0.01, chore=chore)):
        until(told.is_set)


def test_after_the_end_there_is_no_number(where: str, counting: Count) -> None:
    counter = counting(where)
    counter.close()
    assert counter.count(ONE) is None


# --- away -----------------------------------------------------------------------------------------------------------


def test_reads_wait_for_a_database_that_is_away(
    relay: Relay, postgres: Schema, counting: Count, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    relay.shut()
    counter = counting(postgres.url(relay.port), batch=2)
    for _ in range(5):
        counter.add(ONE)
    until(lambda: counter.count(ONE) is None)
    until(lambda: caplog.messages)
    assert opened(postgres.url()).total(ONE) == 0
    relay.reopen()
    counter.add(ONE)
    assert until(lambda: counter.count(ONE)) == 6
    counter.close()
    assert opened(postgres.url()).total(ONE) == 6
    assert [message.partition(":")[0] for message in caplog.messages] == [
        "reads wait in memory for their database",
        "the database of reads is back",
    ]


def test_the_database_comes_and_goes_and_every_read_counts_once(
    relay: Relay, postgres: Schema, counting: Count, opened: Open
) -> None:
    counter = counting(postgres.url(relay.port), every=0.001, batch=3)
    stop = threading.Event()

    def read() -> int:
        done = 0
        while not stop.is_set() or done < 500:
            counter.add(ONE)
            done += 1
            stop.wait(0.0005)
        return done

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        for _ in range(10):
            before = opened(postgres.url()).total(ONE)
            until(lambda before=before: opened(postgres.url()).total(ONE) > before)
            relay.die_after(b"COMMIT")
            until(lambda: not relay._fatal)
            relay.shut()
            relay.reopen()
        stop.set()
        expected = sum(reader.result() for reader in readers)
    counter.close()
    assert opened(postgres.url()).total(ONE) == expected


def test_a_database_that_hangs_costs_a_request_no_more_than_its_patience(
    relay: Relay, postgres: Schema, counting: Count, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    counter = counting(postgres.url(relay.port), patience=0.05, fresh=0.0)
    counter.add(ONE)
    until(lambda: opened(postgres.url()).total(ONE) == 1)
    relay.hold()
    assert counter.count(ONE) is None
    assert counter.count(ONE) is None  # at once, since the first one knows
    counter.add(ONE)
    assert "silent" in caplog.text
    relay.flow()
    until(lambda: opened(postgres.url()).total(ONE) == 2)


def test_a_database_that_hangs_does_not_hold_up_the_end(
    relay: Relay, postgres: Schema, counting: Count, caplog: pytest.LogCaptureFixture
) -> None:
    counter = counting(postgres.url(relay.port), every=NEVER)
    relay.hold()
    for _ in range(3):
        counter.add(ONE)
    counter.close(patience=0.05)
    assert caplog.messages == ["reads lost: 3; the database did not take them in time"]


def test_reads_wait_for_a_file_that_another_program_locks(file: Path, counting: Count, opened: Open) -> None:
    counter, views = counting(file), opened(file)
    views.add({})
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        counter.add(ONE)
        until(lambda: counter._away)
        other.execute("ROLLBACK")
    until(lambda: views.total(ONE) == 1)


def test_a_database_that_fails_while_a_number_is_asked_for_is_known_at_once(
    relay: Relay, postgres: Schema, counting: Count
) -> None:
    counter = counting(postgres.url(relay.port), every=NEVER, patience=NEVER)
    assert counter.count(ONE) == 0
    relay.shut()
    assert counter.count(TWO) is None
    assert counter.count(ONE) == 0  # that one is fresh


def test_memory_is_bounded_and_what_has_no_room_is_not_counted(
    relay: Relay, postgres: Schema, counting: Count, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    relay.shut()
    counter = counting(postgres.url(relay.port), every=NEVER, most=2)
    for article in (ONE, TWO, "third", ONE):
        counter.add(article)
    relay.reopen()
    counter.close()
    assert opened(postgres.url()).since(None) == {ONE: 2, TWO: 1}
    assert caplog.messages == ["reads lost: 1; the database did not take them in time"]


# --- the tally alone ------------------------------------------------------------------------------------------------

DAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEPS = st.lists(st.one_of(st.sampled_from(["write", "fail", "load"]), st.integers(0, 4)), max_size=40)


@given(STEPS)
def test_whatever_happens_every_read_is_pending_or_written_once(steps: list[str | int]) -> None:
    tally, stored, counted, last = Tally(most=100, fresh=timedelta(hours=1)), Bag[str](), Bag[str](), 0
    for step in steps:
        if isinstance(step, int):
            assert tally.add(str(step), DAY)
            counted[str(step)] += 1
        elif step == "load":
            tally.loaded({str(article): stored[str(article)] for article in range(5)}, NOW)
        else:
            batch = tally.batch()
            assert batch.number >= last
            if step == "write" and batch.reads:
                assert batch.number > last
                last = batch.number
                stored.update({article: reads for (article, _), reads in batch.reads.items()})
                tally.written()
        assert tally.pending == counted.total() - stored.total()
        for article in range(5):
            assert tally.count(str(article), NOW) in (None, counted[str(article)])


def test_numbers_of_the_database_are_bounded_too() -> None:
    tally = Tally(most=2, fresh=timedelta(hours=1))
    tally.loaded({"a": 1, "b": 2}, NOW)
    tally.loaded({"a": 1, "c": 3}, NOW)
    assert [tally.count(article, NOW) for article in "abc"] == [1, None, 3]


def test_a_counter_needs_no_database_to_start(clock: Clock) -> None:
    views = Views("postgresql://nobody@127.0.0.1:1/nothing")
    counter = Counter(views, clock)
    counter.close()
    views.close()
