"""Counting servers in other processes: concurrent reads, stops, kills and database outages."""

import contextlib
import http.client
import inspect
import signal
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from feedsvc.audience.counter import ViewCounter
from tests.audience.conftest import OpenStore, total
from tests.audience.counting_server import ARTICLES, CountingServer, run_counting_server
from tests.audience.waiting import wait_until

ARTICLE_ID = ARTICLES["bridge"]
LONG_SECONDS = 3600.0


def send_reads(server: CountingServer, number: int, start: int = 0) -> list[int]:
    """Send a read for each of `number` visitors at the same time, and return the statuses of the responses."""
    barrier = threading.Barrier(number)

    def send(index: int) -> int:
        barrier.wait()
        return server.send_read(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(send, range(start, start + number)))


def test_two_hundred_concurrent_reads_are_counted_once_each(database_url: str, open_store: OpenStore) -> None:
    with run_counting_server(database_url) as server:
        assert send_reads(server, 200) == [204] * 200
        wait_until(lambda: server.read_count() == 200)
        assert send_reads(server, 200) == [204] * 200  # repeated reads of the same visitors
        assert server.read_count() == 200
        assert server.stop() == 0
        assert server.stderr == ""
    assert open_store(database_url).totals_since(None) == {ARTICLE_ID: 200}


def test_sigterm_loses_no_read(database_url: str, open_store: OpenStore) -> None:
    with run_counting_server(database_url, interval=LONG_SECONDS) as server:
        send_reads(server, 50)
        assert server.stop() == 0
    assert total(open_store(database_url), ARTICLE_ID) == 50


def test_kill_loses_no_read_that_was_written_and_those_of_a_second_at_most_are_not(
    database_url: str, open_store: OpenStore
) -> None:
    assert inspect.signature(ViewCounter).parameters["write_interval"].default == 1.0
    store = open_store(database_url)
    with run_counting_server(database_url, interval=0.02) as server:
        assert send_reads(server, 50) == [204] * 50
        wait_until(lambda: total(store, ARTICLE_ID) == 50)
        assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    # The database is intact: the next server continues with it.
    with run_counting_server(database_url) as server:
        assert server.send_read(99) == 204
        wait_until(lambda: server.read_count() == 51)
        assert server.stop() == 0
    assert total(store, ARTICLE_ID) == 51


def test_stop_while_the_file_is_locked_loses_no_read(sqlite_file: Path, open_store: OpenStore) -> None:
    store = open_store(sqlite_file)
    store.add({})
    with (
        run_counting_server(f"sqlite:///{sqlite_file}", interval=LONG_SECONDS) as server,
        contextlib.closing(sqlite3.connect(sqlite_file, isolation_level=None)) as other_connection,
    ):
        wait_until(lambda: server.read_count() == 0)
        other_connection.execute("BEGIN IMMEDIATE")
        send_reads(server, 3)
        server.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(ConnectionError, http.client.HTTPException):
            while True:  # until the listening socket is closed, and the counter writes
                server.read_count()
        other_connection.execute("ROLLBACK")
        assert (server.stop(), server.stderr) == (0, "")
    assert total(store, ARTICLE_ID) == 3
