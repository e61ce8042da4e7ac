"""Damage of the databases and files beside the content store: each test repeats a fault that users reported."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.audience.store import ViewStore
from feedsvc.publication.last_modified import LastModifiedStore
from tests.helpers.running_server import command, environment

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MONDAY = date(2026, 3, 2)
HUB_URL, BASE_URL = "https://hub.example/", "https://news.example"


@pytest.mark.parametrize("suffix", ["", "-wal", "-journal"])
def test_named_pipe_in_place_of_a_database_does_not_block_the_start(tmp_path: Path, suffix: str) -> None:
    LastModifiedStore(tmp_path / "views.sqlite").close()
    (tmp_path / f"views.sqlite{suffix}").unlink(missing_ok=True)
    os.mkfifo(tmp_path / f"views.sqlite{suffix}")
    LastModifiedStore(tmp_path / "modified.sqlite").close()


@pytest.mark.parametrize(
    "change", ["at = at - 5", "at = 'soon'", "at = 1e300", "digest = x'00'", "path = path || 'x'", "read = 'x'"]
)
def test_damaged_last_modified_date_is_not_sent(tmp_path: Path, change: str) -> None:
    database = tmp_path / "modified.sqlite"
    with closing(LastModifiedStore(database)) as store:
        for path in ("/feed.rss", "/"):
            assert store.last_modified(path, "one", NOON) == NOON
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(f"UPDATE document_date SET {change} WHERE path = '/feed.rss'")
    later = NOON + timedelta(days=3)
    with closing(LastModifiedStore(database)) as store:
        assert store.last_modified("/feed.rss", "one", later) == later
        assert store.last_modified("/", "one", later) == NOON
        store.recover()
        assert store.last_modified("/feed.rss", "one", later + timedelta(days=1)) == later
        assert store.last_modified("/", "one", later) == NOON


def test_database_of_read_counts_damaged_while_open_is_replaced_at_the_next_write(tmp_path: Path) -> None:
    database = tmp_path / "views.sqlite"
    with closing(ViewStore(database)) as store:
        store.add({("one", MONDAY): 3})
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("DROP TABLE feedsvc_views")
        store.add({("one", MONDAY): 1})
        assert store.totals_since(None) == {"one": 1}


def test_views_file_of_another_version_is_renamed_with_one_log_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    database = tmp_path / "views.sqlite"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE article_reads (article TEXT NOT NULL, day TEXT NOT NULL, reads INTEGER NOT NULL)")
    with closing(ViewStore(database)) as store:
        store.add({("one", MONDAY): 1})
        assert store.totals_since(None) == {"one": 1}
    assert (tmp_path / "views.sqlite.damaged").exists()
    (message,) = caplog.messages
    assert message.endswith("was renamed to views.sqlite.damaged; read counts begin anew; the service goes on")


def make_folder(path: Path) -> None:
    path.mkdir(parents=True)


@pytest.mark.parametrize("create", [make_folder, os.mkfifo])
@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
def test_folder_or_pipe_in_place_of_a_database_is_renamed(tmp_path: Path, create: Callable[[Path], None], suffix: str) -> None:
    database = tmp_path / "modified.sqlite"
    create(Path(f"{database}{suffix}"))
    with closing(LastModifiedStore(database)) as store:
        assert store.last_modified("/", "one", NOON) == NOON
    assert Path(f"{database}.damaged{suffix}").exists()


def test_six_processes_that_find_a_damaged_database_replace_it_once(tmp_path: Path) -> None:
    """No process must delete the new file of another."""
    state = tmp_path / "shared"
    state.mkdir()
    code = (
        "import sys; from pathlib import Path; from datetime import date;"
        "from feedsvc.audience.store import ViewStore;"
        "views = ViewStore(Path(sys.argv[1])); sys.stdin.read();"
        "[views.add({(sys.argv[2], date(2026, 3, 2)): 1}) for number in range(1, 21)]; views.close()"
    )
    database = state / "views.sqlite"
    with closing(ViewStore(database)) as store:
        store.add({("kept", MONDAY): 1})
    database.write_bytes(database.read_bytes()[:100] + b"no page" * 900)
    arguments = [command()[0], "-c", code, database]
    processes = [subprocess.Popen([*arguments, str(number)], stdin=subprocess.PIPE, env=environment()) for number in range(6)]
    for process in processes:
        assert process.stdin
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [0] * 6
    with closing(ViewStore(database)) as store:
        assert store.totals_since(None) == {str(number): 20 for number in range(6)}
    assert sorted(path.name for path in state.iterdir()) == ["views.sqlite", "views.sqlite.damaged"]
