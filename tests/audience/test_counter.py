"""Counting in memory, writing in batches, and the database going away meanwhile."""

import contextlib
import sqlite3
import threading
import time
from collections import Counter as Bag
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.audience.buffer import ReadBuffer, ReadKey
from feedsvc.audience.counter import ReadCounter
from feedsvc.audience.errors import UnavailableError
from feedsvc.audience.periodic_task import PeriodicTask
from feedsvc.audience.sqlite_store import SqliteReadStore
from feedsvc.audience.store import DatabaseReadStore
from feedsvc.audience.visitors import Visitors
from tests.audience.breakable_connection import Relay
from tests.audience.conftest import Clock, Count, Open
from tests.audience.postgres import Schema
from tests.audience.waiting import until

ONE, TWO = "tag:news.example,2026:one", "tag:news.example,2026:two"
NEVER = 3600.0


def test_reads_are_written_after_a_while(where: str, counting: Count, opened: Open) -> None:
    counter = counting(where)
    counter.add(ONE)
    until(lambda: opened(where).total(ONE) == 1)


def test_reads_are_written_when_enough_of_them_wait(where: str, counting: Count, opened: Open) -> None:
    counter, views = counting(where, write_interval=NEVER, batch_size=3), opened(where)
    counter.add(ONE)
    counter.add(TWO)
    assert views.totals_since(None) == {}
    counter.add(ONE)
    until(lambda: views.totals_since(None) == {ONE: 2, TWO: 1})


def test_a_read_belongs_to_its_utc_day(where: str, counting: Count, clock: Clock, opened: Open) -> None:
    counter = counting(where, write_interval=NEVER)
    clock.now = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC).astimezone(timezone(timedelta(hours=9)))
    counter.add(ONE)
    clock.tick(seconds=1)
    counter.add(ONE)
    counter.close()
    assert opened(where).totals_since(date(2026, 3, 2)) == {ONE: 1}
    assert opened(where).totals_since(None) == {ONE: 2}


class Slow(SqliteReadStore):
    """A file on a machine that reads the database's library slowly."""

    def add(self, reads: Mapping[ReadKey, int], batch: int | None = None, *, writer: str = "") -> Mapping[ReadKey, str]:
        time.sleep(0.5)
        return super().add(reads, batch, writer=writer)


def test_the_first_reader_after_a_start_sees_the_number(tmp_path: Path, clock: Clock) -> None:
    """A page was told to come again later, and showed no number, while the table of reads was being opened."""
    with contextlib.closing(Slow(tmp_path / "views.sqlite")) as store:
        counter = ReadCounter(store, clock, startup_delay=20.0)
        counter.add(ONE)
        assert counter.count(ONE) == 1
        counter.close()


def test_a_clean_stop_loses_none(where: str, counting: Count, opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    counter = counting(where, write_interval=NEVER)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(counter.add, [ONE, TWO] * 500))
    counter.close()
    assert opened(where).totals_since(None) == {ONE: 500, TWO: 500}
    assert caplog.messages == []


def test_the_number_holds_what_is_written_and_what_waits(where: str, counting: Count, opened: Open) -> None:
    opened(where).add({(ONE, date(2020, 1, 1)): 40})
    counter = counting(where, write_interval=NEVER)
    assert counter.count(TWO) == 0
    counter.add(ONE)
    assert counter.count(ONE) == 41
    counter.add(ONE)
    assert counter.count(ONE) == 42


def test_the_number_never_falls_or_doubles_while_it_is_written(where: str, counting: Count) -> None:
    counter = counting(where, write_interval=0.0, batch_size=1)
    for expected in range(1, 60):
        counter.add(ONE)
        assert counter.count(ONE) == expected


def test_the_number_is_remembered_for_a_moment(where: str, counting: Count, clock: Clock, opened: Open) -> None:
    counter = counting(where, max_age=5.0)
    assert counter.count(ONE) == 0
    opened(where).add({(ONE, date(2026, 3, 1)): 7})  # by another node
    clock.tick(seconds=4)
    assert counter.count(ONE) == 0
    clock.tick(seconds=1)
    assert counter.count(ONE) in (0, 7)  # at once, and read again behind it
    until(lambda: counter.count(ONE) == 7)
    clock.tick(days=-1)  # a clock that goes back does not keep it for ever
    opened(where).add({(ONE, date(2026, 3, 1)): 1})
    until(lambda: counter.count(ONE) == 8)


def test_a_number_that_took_longer_than_it_is_good_for_is_told(where: str, counting: Count) -> None:
    counter = counting(where, max_age=0.0, wait_timeout=NEVER)
    counter.add(ONE)
    assert [counter.count(ONE), counter.count(TWO), counter.count(ONE)] == [1, 0, 1]


def test_many_requests_at_once_ask_once_and_all_are_answered(where: str, counting: Count) -> None:
    counter = counting(where, max_age=0.0, wait_timeout=NEVER)
    counter.add(ONE)
    assert (counter.count(ONE), counter.count(TWO)) == (1, 0)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(counter.count, [ONE, TWO] * 100)) == [1, 0] * 100


def test_chores_are_done_now_and_then(where: str, clock: Clock, opened: Open) -> None:
    told = threading.Event()

    def chore(now: datetime) -> None:
        assert now == clock.now
        told.set()

    with contextlib.closing(ReadCounter(opened(where), clock, write_interval=0.01, periodic_work=chore)):
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
    counter = counting(postgres.url(relay.port), batch_size=2)
    for _ in range(5):
        counter.add(ONE)
    assert counter.count(ONE) is None
    until(lambda: caplog.messages)
    assert opened(postgres.url()).total(ONE) == 0
    relay.reopen()
    counter.add(ONE)
    assert until(lambda: counter.count(ONE)) == 6
    counter.close()
    assert opened(postgres.url()).total(ONE) == 6
    away, back = caplog.messages
    assert away.startswith(
        "feedsvc: reads are kept in memory, pages and feeds are not affected: the database of reads cannot be used: "
    )
    assert f"postgresql://{postgres.host}:{relay.port}/" in away
    assert away.endswith("; check that the server runs and can be reached from this machine")
    assert back == "feedsvc: the database of reads is available again"


def test_the_database_comes_and_goes_and_every_read_counts_once(
    relay: Relay, postgres: Schema, counting: Count, opened: Open
) -> None:
    counter = counting(postgres.url(relay.port), write_interval=0.001, batch_size=3)
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


def test_a_slow_database_makes_no_page_slow_and_is_not_away(
    relay: Relay, postgres: Schema, counting: Count, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    relay.delay = 0.15
    counter = counting(postgres.url(relay.port), wait_timeout=0.01, max_age=0.0)
    counter.add(ONE)
    assert until(lambda: counter.count(ONE)) == 1
    until(lambda: opened(postgres.url()).total(ONE) == 1)
    # A known number is told while it is read again, even if nobody had a second to wait.
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(counter.count, [ONE] * 200)) == [1] * 200
    assert caplog.messages == []


def test_two_requests_at_most_wait_for_a_number(relay: Relay, postgres: Schema, counting: Count) -> None:
    relay.hold()
    counter = counting(postgres.url(relay.port), wait_timeout=NEVER)
    with ThreadPoolExecutor(10) as pool:
        asked = [pool.submit(counter.count, str(number)) for number in range(10)]
        until(lambda: sum(each.done() for each in asked) == 8)
        relay.flow()
        answers = [each.result() for each in asked]
    assert sorted(answers, key=str) == [0, 0, *[None] * 8]


def test_after_one_waited_in_vain_nobody_waits_for_a_while(relay: Relay, postgres: Schema, counting: Count) -> None:
    relay.hold()
    counter = counting(postgres.url(relay.port), wait_timeout=0.01)
    assert counter.count(ONE) is None
    assert not counter._can_wait()
    relay.flow()
    assert until(lambda: counter.count(ONE) == 0)  # read behind it all the same


def test_while_the_database_is_away_the_last_number_is_told(
    relay: Relay, postgres: Schema, counting: Count, clock: Clock
) -> None:
    counter = counting(postgres.url(relay.port))
    counter.add(ONE)
    assert counter.count(ONE) == 1
    relay.shut()
    clock.tick(hours=1)
    counter.add(ONE)
    until(lambda: counter._is_unavailable)
    assert (counter.count(ONE), counter.count(TWO)) == (2, None)


def test_reads_are_written_again_seconds_after_a_connection_fell_silent(
    relay: Relay, postgres: Schema, counting: Count, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    counter, views = counting(postgres.url(relay.port)), opened(postgres.url())
    counter.add(ONE)
    until(lambda: views.total(ONE) == 1)
    relay.swallow()  # open for ever, and new connections work
    counter.add(ONE)
    until(lambda: views.total(ONE) == 2)


def test_reads_are_written_again_after_a_connection_fell_silent_in_the_middle_of_a_batch(
    relay: Relay, postgres: Schema, counting: Count, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    counter, views = counting(postgres.url(relay.port)), opened(postgres.url())
    counter.add(ONE)
    until(lambda: views.total(ONE) == 1)
    relay.swallow_after(b"INSERT INTO feedsvc_views ")
    counter.add(ONE)
    until(lambda: views.total(ONE) == 2)
    assert "no answer within 5 seconds; check that the server runs and can be reached from this machine" in caplog.text


def test_the_salt_is_thrown_away_while_the_database_hangs(relay: Relay, postgres: Schema, clock: Clock, opened: Open) -> None:
    visitors = Visitors()
    clock.now = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    visitors.rotate_day(clock.now)
    salt = visitors._salt
    relay.hold()
    counter = ReadCounter(opened(postgres.url(relay.port)), clock, periodic_work=visitors.rotate_day)
    clock.tick(seconds=1)
    until(lambda: visitors._salt != salt)
    relay.flow()
    counter.close()


def test_a_chore_that_fails_is_done_again(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    done: list[datetime] = []

    def work(now: datetime) -> None:
        done.append(now)
        raise ValueError

    with contextlib.closing(PeriodicTask(work, clock, 0.001)):
        until(lambda: len(done) > 1)
    assert caplog.messages[0] == "feedsvc: a periodic task failed; it is run again in 0.001 seconds"


def test_a_database_that_hangs_does_not_hold_up_the_end(
    relay: Relay, postgres: Schema, counting: Count, caplog: pytest.LogCaptureFixture
) -> None:
    counter = counting(postgres.url(relay.port), write_interval=NEVER)
    relay.hold()
    for _ in range(3):
        counter.add(ONE)
    counter.close(timeout=0.05)
    assert caplog.messages == ["feedsvc: 3 reads are lost, because the database did not store them before the stop"]


def test_reads_wait_for_a_file_that_another_program_locks(file: Path, counting: Count, opened: Open) -> None:
    counter, views = counting(file), opened(file)
    views.add({})
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        counter.add(ONE)
        until(lambda: counter._is_unavailable)
        other.execute("ROLLBACK")
    until(lambda: views.total(ONE) == 1)


def test_a_database_that_fails_while_a_number_is_asked_for_is_known_at_once(
    relay: Relay, postgres: Schema, counting: Count
) -> None:
    counter = counting(postgres.url(relay.port), write_interval=NEVER, wait_timeout=NEVER)
    assert counter.count(ONE) == 0
    relay.shut()
    assert counter.count(TWO) is None
    assert counter.count(ONE) == 0  # that one is fresh


def test_memory_is_bounded_and_what_has_no_room_is_not_counted(
    relay: Relay, postgres: Schema, counting: Count, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    relay.shut()
    counter = counting(postgres.url(relay.port), write_interval=NEVER, max_pending=2)
    until(lambda: counter._is_unavailable)
    for article in (ONE, TWO, "third", ONE, "third"):
        counter.add(article)
    full = "feedsvc: the memory for reads is full; reads of further articles are lost until the database is available again"
    assert caplog.messages[1:] == [full]  # at once, and once
    relay.reopen()
    counter.close()
    assert opened(postgres.url()).totals_since(None) == {ONE: 2, TWO: 1}
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
def test_what_is_wrong_with_a_database_is_told_at_the_start_and_reads_are_taken_on(
    url: str, cause: str, counting: Count, caplog: pytest.LogCaptureFixture
) -> None:
    counter = counting(url, write_interval=NEVER)
    until(lambda: caplog.messages)
    assert cause in caplog.text
    assert "secretword" not in caplog.text
    assert counter._thread.is_alive()


def test_a_table_with_a_null_in_it_stops_nothing(postgres: Schema, counting: Count) -> None:
    postgres.run(f"CREATE TABLE {postgres.name}.feedsvc_views (article text, day date, reads bigint, PRIMARY KEY (article, day))")
    postgres.run(f"INSERT INTO {postgres.name}.feedsvc_views VALUES ('{ONE}', '2020-01-01', NULL)")
    counter = counting(postgres.url())
    assert counter.count(ONE) == 0
    counter.add(TWO)
    assert until(lambda: counter.count(TWO)) == 1


def test_a_row_that_is_full_holds_up_no_other_article(
    postgres: Schema, counting: Count, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    day = date(2026, 3, 1)
    opened(postgres.url()).add({(ONE, day): 2**63 - 1})
    counter = counting(postgres.url(), write_interval=NEVER)
    counter.add(ONE)
    counter.add(TWO)
    counter.close()
    assert opened(postgres.url()).totals([ONE, TWO]) == {ONE: 2**63 - 1, TWO: 1}
    assert caplog.messages[0].startswith(f"feedsvc: reads of '{ONE}' cannot be stored and are lost: ")
    assert "out of range" in caplog.messages[0]
    assert len(caplog.messages) == 1


# --- the stop -------------------------------------------------------------------------------------------------------


def test_a_stop_waits_for_a_database_that_is_away_for_a_moment(
    relay: Relay, postgres: Schema, counting: Count, opened: Open
) -> None:
    relay.shut()
    counter = counting(postgres.url(relay.port), write_interval=NEVER)
    until(lambda: counter._is_unavailable)
    counter.add(ONE)
    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(counter.close)
        threading.Event().wait(0.5)  # several tries
        relay.reopen()
        stopped.result()
    assert opened(postgres.url()).total(ONE) == 1


def test_what_cannot_be_written_at_the_stop_is_counted_once_at_the_next_start(  # noqa: PLR0917
    relay: Relay, postgres: Schema, tmp_path: Path, counting: Count, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    spill = tmp_path / "unwritten"
    relay.shut()
    counter = counting(postgres.url(relay.port), spool_folder=spill)
    for number in range(1200):
        counter.add(str(number % 600))
    counter.close(timeout=0.05)
    (file,) = spill.iterdir()
    assert caplog.messages[-1] == f"feedsvc: 1200 reads are saved in {file}; the next start stores them in the database"
    saved = file.read_bytes()
    for _ in range(2):
        # The second time as after a kill between the commit and the deletion.
        file.write_bytes(saved)
        second = counting(postgres.url(), spool_folder=spill)
        until(lambda: not file.exists())
        second.close()
        assert opened(postgres.url()).totals_since(None) == {str(number): 2 for number in range(600)}


def test_a_batch_that_was_written_after_all_is_not_counted_again_from_the_file(
    relay: Relay, postgres: Schema, tmp_path: Path, counting: Count, opened: Open
) -> None:
    counter = counting(postgres.url(relay.port), write_interval=NEVER, spool_folder=tmp_path)
    assert counter.count(ONE) == 0
    counter.add(ONE)
    relay.die_after(b"COMMIT")
    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(counter.close, 3.0)
        until(lambda: counter._is_unavailable)
        relay.shut()
        stopped.result()
    assert opened(postgres.url()).total(ONE) == 1
    (file,) = tmp_path.iterdir()
    counting(postgres.url(), spool_folder=tmp_path)
    until(lambda: not file.exists())
    assert opened(postgres.url()).total(ONE) == 1


def _total_once_there(counter: ReadCounter) -> int:
    """The reads of an article; 0 until the first batch has made the tables."""
    with contextlib.suppress(UnavailableError):
        return counter._store.total(ONE)
    return 0


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"writer": "x", "batches": [{"number": 1, "reads": [["a", "no", 1]]}]}'])
def test_a_file_that_is_none_of_ours_is_set_aside(
    text: str, file: Path, tmp_path: Path, counting: Count, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "notes.json").write_text(text)
    counter = counting(file, spool_folder=tmp_path)
    counter.add(ONE)
    until(lambda: _total_once_there(counter) == 1)
    assert (tmp_path / "notes.json.damaged").read_text() == text
    assert f"{tmp_path / 'notes.json'} cannot be read (" in caplog.text


# --- the tally alone ------------------------------------------------------------------------------------------------

DAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEPS = st.lists(st.one_of(st.sampled_from(["write", "fail", "load"]), st.integers(0, 4)), max_size=40)


@given(STEPS)
def test_whatever_happens_every_read_is_pending_or_written_once(steps: list[str | int]) -> None:
    tally, stored, counted, last = ReadBuffer(max_pending=100, max_age=timedelta(hours=1)), Bag[str](), Bag[str](), 0
    for step in steps:
        if isinstance(step, int):
            assert tally.add(str(step), DAY)
            counted[str(step)] += 1
        elif step == "load":
            tally.store_totals({str(article): stored[str(article)] for article in range(5)}, NOW)
        else:
            batch = tally.next_batch()
            assert batch.number >= last
            if step == "write" and batch.reads:
                assert batch.number > last
                last = batch.number
                stored.update({article: reads for (article, _), reads in batch.reads.items()})
                tally.confirm_batch()
        assert tally.pending == counted.total() - stored.total()
        for article in range(5):
            assert tally.fresh_count(str(article), NOW) in (None, counted[str(article)])


def test_numbers_of_the_database_are_bounded_too() -> None:
    tally = ReadBuffer(max_pending=2, max_age=timedelta(hours=1))
    tally.store_totals({"a": 1, "b": 2}, NOW)
    tally.store_totals({"a": 1, "c": 3}, NOW)
    assert [tally.fresh_count(article, NOW) for article in "abc"] == [1, None, 3]


def test_a_counter_needs_no_database_to_start(clock: Clock) -> None:
    views = DatabaseReadStore("postgresql://nobody@127.0.0.1:1/nothing")
    counter = ReadCounter(views, clock)
    counter.close()
    views.close()
