"""A real server over a damaged state folder: at its start, and while it runs."""

from __future__ import annotations

import secrets
import shutil
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest

from tests.audience.waiting import until
from tests.damage.damages import DAMAGES, Target
from tests.damage.newsroom import BROKEN, RECORDS, House
from tests.damage.test_damage import SEED
from tests.helpers.http_client import ask
from tests.kills import invariants
from tests.kills.newsroom import Edition, article
from tests.live.served_content import Followed, followed

LOST = "was damaged"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("house"), "own")


@pytest.fixture
def state(house: House, tmp_path: Path) -> Path:
    return Path(shutil.copytree(house.states[0], tmp_path / "state"))


def wrong(server: Followed, edition: Edition) -> list[str]:
    got = {address: ask(server.url, quote(address)) for address in edition}
    return [*invariants.served({address: (one.status, one.body) for address, one in got.items()}, edition)]


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("part", range(2))
def test_a_server_starts_with_a_damaged_state_folder_and_says_so(house: House, tmp_path: Path, part: int, workers: str) -> None:
    seed = f"{SEED or secrets.token_hex(4)}-served-{part}-{workers}"
    sys.stdout.write(f"seed {seed}\n")
    random, state = Random(seed), tmp_path / "state"
    shutil.copytree(house.states[part], state)
    for _ in range(3):
        random.choice(DAMAGES)(Target(state=state, random=random, others=(house.older,), is_running=False))
    for _ in range(2):
        with followed(house.desk.root, state, "--workers", workers) as server:
            assert wrong(server, house.standing) == [], seed


def test_a_file_that_is_no_database_is_replaced_and_one_line_says_so(house: House, state: Path) -> None:
    (state / RECORDS).write_bytes(b"Somebody's notes. " * 5000)
    with followed(house.desk.root, state) as server:
        assert wrong(server, house.standing) == []
    said = [line for line in "".join(server.lines).splitlines() if LOST in line]
    assert len(said) == 1
    assert said[0].startswith(f"feedsvc: {state / RECORDS} (parse cache of articles and settings) was damaged: ")
    assert said[0].endswith("; the service goes on, and the damaged file is kept as articles.sqlite.damaged")


def test_a_text_that_is_damaged_while_the_server_runs_is_read_from_its_file(house: House, state: Path) -> None:
    """It was published as the disk gave it."""
    with followed(house.desk.root, state) as server:
        with closing(sqlite3.connect(state / RECORDS)) as rows, rows:
            rows.execute("UPDATE text SET markdown = replace(markdown, 'boats', 'goats')")
        assert wrong(server, house.standing) == []
        until(lambda: LOST in _looked(server))
        assert wrong(server, house.standing) == []


@pytest.fixture
def broken(house: House) -> Iterator[Edition]:
    """What a fresh state publishes once an article's file is broken."""
    before = house.desk.files[BROKEN]
    yield house.broken()
    house.desk.save(BROKEN, before)


def test_a_last_valid_text_that_is_damaged_while_the_server_runs_is_no_error_for_ever(
    house: House, state: Path, broken: Edition
) -> None:
    """Its page and every listing that showed it answered 500 until the file was mended."""
    with followed(house.desk.root, state) as server:
        assert wrong(server, house.standing) == []
        with closing(sqlite3.connect(state / RECORDS)) as rows, rows:
            rows.execute("UPDATE text SET markdown = 'x'")
        house.desk.save("articles/late.yaml", article("late", "late"))  # so that pages are made again
        house.desk.delete("articles/late.yaml")
        until(lambda: wrong(server, broken) == [] or wrong(server, house.standing) == [])
    with followed(house.desk.root, state) as server:
        assert wrong(server, broken) == []


def test_a_page_that_needs_a_lost_text_is_asked_for_again_and_then_as_in_a_fresh_state(
    house: House, state: Path, broken: Edition
) -> None:
    with followed(house.desk.root, state) as server:
        with closing(sqlite3.connect(state / RECORDS)) as rows, rows:
            rows.execute("UPDATE text SET markdown = 'x'")
        first = ask(server.url, "/articles/first-03/")
        assert (first.status, first["retry-after"], first["cache-control"]) == (503, "1", "no-store")
        until(lambda: ask(server.url, "/articles/first-03/").status == 404)
        until(lambda: wrong(server, broken) == [])


def _looked(server: Followed) -> str:
    """What it said, after a look at everything."""
    server.process.send_signal(signal.SIGHUP)
    return "".join(server.lines)
