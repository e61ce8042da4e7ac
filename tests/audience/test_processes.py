"""Real servers in processes of their own: many at once, stopped, killed, and their database going away."""

import contextlib
import signal
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.audience.breakable_connection import Relay
from tests.audience.conftest import Open
from tests.audience.counting_server import ARTICLES, Serving, serving
from tests.audience.postgres import Schema
from tests.audience.waiting import until

BRIDGE = ARTICLES["bridge"]
NEVER = 3600.0


def beacons(server: Serving, number: int, start: int = 0) -> list[int]:
    """So many visitors at the same moment; the statuses they get."""
    gate = threading.Barrier(number)

    def send(index: int) -> int:
        gate.wait()
        return server.beacon(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(send, range(start, start + number)))


def test_two_hundred_beacons_at_once_are_two_hundred_reads(where: str, opened: Open) -> None:
    with serving(where) as server:
        assert beacons(server, 200) == [204] * 200
        assert server.views() == 200
        assert beacons(server, 200) == [204] * 200  # the same visitors again
        assert server.views() == 200
        assert server.end() == 0
        assert server.said == ""
    assert opened(where).totals_since(None) == {BRIDGE: 200}


def test_two_servers_on_one_database_add_up(where: str, opened: Open) -> None:
    with (
        serving(where, every=0.005, batch=3) as one,
        serving(where, every=0.005, batch=3) as other,
        ThreadPoolExecutor(2) as pool,
    ):
        sent = [pool.submit(beacons, one, 100), pool.submit(beacons, other, 100, 100)]
        assert [status for each in sent for status in each.result()] == [204] * 200
        for server in (one, other):
            until(lambda server=server: server.views() == 200)
            assert server.end() == 0
            assert server.said == ""
    assert opened(where).totals_since(None) == {BRIDGE: 200}


def test_sigterm_loses_none(where: str, opened: Open) -> None:
    with serving(where, every=NEVER) as server:
        beacons(server, 50)
        assert opened(where).total(BRIDGE) == 0
        assert server.end() == 0
    assert opened(where).total(BRIDGE) == 50


def test_kill_loses_the_last_batch_at_most(where: str, opened: Open) -> None:
    views = opened(where)
    with serving(where, every=NEVER, batch=20) as server:
        for index in range(50):
            assert server.beacon(index) == 204
        until(lambda: views.total(BRIDGE) > 30)
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
    assert views.total(BRIDGE) in range(31, 51)
    # What is left is whole: the next server goes on from there.
    with serving(where) as server:
        assert server.beacon(99) == 204
        before = views.total(BRIDGE)
        assert until(server.views) >= before
        assert server.end() == 0
    assert views.total(BRIDGE) in range(32, 52)


def test_a_database_that_stops_and_starts_costs_no_read(relay: Relay, postgres: Schema, opened: Open) -> None:
    with serving(postgres.url(relay.port), every=0.02, batch=10) as server:
        assert beacons(server, 50) == [204] * 50
        until(lambda: server.views() == 50)
        relay.shut()
        assert beacons(server, 50, 50) == [204] * 50
        assert server.views() == 100  # those that wait are known, and what the database said last
        relay.reopen()
        assert beacons(server, 50, 100) == [204] * 50
        until(lambda: server.views() == 150)
        assert server.end() == 0
        assert "reads are kept in memory" in server.said
        assert "is available again" in server.said
    assert opened(postgres.url()).total(BRIDGE) == 150


def test_a_server_starts_and_serves_while_its_database_is_away(relay: Relay, postgres: Schema, opened: Open) -> None:
    relay.shut()
    with serving(postgres.url(relay.port), every=0.02) as server:
        assert server.ask("GET")[0] == 503
        assert server.beacon(1) == 204
        relay.reopen()
        until(lambda: server.views() == 1)
        assert server.end() == 0
    assert opened(postgres.url()).total(BRIDGE) == 1


def test_a_server_whose_database_never_comes_back_ends_and_its_reads_count_once_after_the_next_start(
    relay: Relay, postgres: Schema, tmp_path: Path, opened: Open
) -> None:
    spill = tmp_path / "unwritten"
    with serving(postgres.url(relay.port), every=NEVER, spill=spill) as server:
        relay.shut()
        beacons(server, 3)
        assert server.end() == 0
        assert f"feedsvc: 3 reads are saved in {spill}/" in server.said
    (file,) = spill.iterdir()
    saved = file.read_bytes()
    for _ in range(2):
        with serving(postgres.url(), every=NEVER, spill=spill) as server:
            until(lambda: not file.exists())
            server.end(signal.SIGKILL)
        assert opened(postgres.url()).total(BRIDGE) == 3
        file.write_bytes(saved)  # as if the kill had come between the commit and the deletion


def test_a_stop_while_another_program_locks_the_file_loses_none(file: Path, opened: Open) -> None:
    views = opened(file)
    views.add({})
    with (
        serving(f"sqlite:///{file}", every=NEVER) as server,
        contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other,
    ):
        until(lambda: server.views() == 0)
        other.execute("BEGIN IMMEDIATE")
        beacons(server, 3)
        server.process.send_signal(signal.SIGTERM)
        threading.Event().wait(2.0)
        other.execute("ROLLBACK")
        assert (server.end(), server.said) == (0, "")
    assert views.total(BRIDGE) == 3


def test_a_server_whose_database_never_comes_back_and_that_keeps_no_file_says_what_is_lost(
    relay: Relay, postgres: Schema
) -> None:
    with serving(postgres.url(relay.port), every=NEVER) as server:
        relay.shut()
        beacons(server, 3)
        assert server.end() == 0
        assert "3 reads are lost" in server.said
