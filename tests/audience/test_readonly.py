"""The report of `feedsvc views` changes no file and needs only read access."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from feedsvc.audience import report_totals_since
from feedsvc.audience.store import ViewStore
from feedsvc.errors import FeedsvcError, UnavailableError
from tests.audience.conftest import OpenStore
from tests.audience.read_only_files import read_only
from tests.cli.command_line import run_feedsvc
from tests.helpers import newsrooms

ONE = "tag:news.example,2026:rich"
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def file_contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_report_returns_totals_and_creates_no_file(database_url: str, sqlite_file: Path, open_store: OpenStore) -> None:
    store = open_store(database_url)
    store.add({(ONE, MONDAY): 2, (ONE, TUESDAY): 3})
    store.close()
    contents_before = file_contents(sqlite_file.parent) if sqlite_file.exists() else {}
    assert report_totals_since(database_url, None) == {ONE: 5}
    assert report_totals_since(database_url, TUESDAY) == {ONE: 3}
    assert (file_contents(sqlite_file.parent) if sqlite_file.exists() else {}) == contents_before


def test_report_without_database_raises_an_error(database_url: str, sqlite_file: Path, open_store: OpenStore) -> None:
    with pytest.raises(FeedsvcError, match=r"there are no reads in (/|postgresql://).* yet; "):
        report_totals_since(database_url, None)
    assert not sqlite_file.exists()
    open_store(database_url).add({})
    assert report_totals_since(database_url, None) == {}  # the table exists and is empty


def test_report_of_a_file_without_table_or_of_another_file_raises_an_error(tmp_path: Path) -> None:
    (tmp_path / "50%?#.sqlite").touch()
    with pytest.raises(FeedsvcError, match="there are no reads in"):
        report_totals_since(tmp_path / "50%?#.sqlite", None)
    assert file_contents(tmp_path) == {"50%?#.sqlite": b""}
    (tmp_path / "notes").write_text("Somebody's notes, more than a header long. " * 50)
    with pytest.raises(UnavailableError, match=f"{tmp_path}/notes: file is not a database; move that file away"):
        report_totals_since(tmp_path / "notes", None)


@contextlib.contextmanager
def open_for_writing(sqlite_file: Path) -> Iterator[sqlite3.Connection]:
    """Keep a connection open with an update in the write-ahead log, as a running server does."""
    with contextlib.closing(sqlite3.connect(sqlite_file, isolation_level=None)) as connection:
        connection.execute("UPDATE feedsvc_views SET reads = 9")
        yield connection


@contextlib.contextmanager
def open_state_file(sqlite_file: Path, reads: int) -> Iterator[ViewStore]:
    """Add reads on Monday to the file of the state folder, and keep it open, so that they are in its write-ahead log."""
    with contextlib.closing(ViewStore(sqlite_file)) as store:
        store.add({(ONE, MONDAY): reads})
        yield store


def test_report_includes_the_write_ahead_log_of_a_running_server(sqlite_file: Path) -> None:
    with open_state_file(sqlite_file, 9) as store:
        store._state_file.connection.execute("BEGIN IMMEDIATE")
        assert report_totals_since(sqlite_file, None) == {ONE: 9}


def test_report_leaves_the_write_ahead_log_of_a_killed_server_as_it_is(
    sqlite_file: Path, open_store: OpenStore, tmp_path: Path
) -> None:
    open_store(sqlite_file).add({(ONE, MONDAY): 1})
    with open_for_writing(sqlite_file):
        copy = shutil.copytree(sqlite_file.parent, tmp_path / "killed") / sqlite_file.name
    (copy.parent / f"{copy.name}-shm").unlink()
    data = file_contents(copy.parent)
    assert [name for name in data if name.endswith("-wal")]
    assert report_totals_since(f"sqlite:///{copy}", None) == {ONE: 9}
    assert {name: text for name, text in file_contents(copy.parent).items() if not name.endswith("-shm")} == data


@pytest.mark.parametrize("is_in_use", [False, True])
def test_report_works_with_read_only_files(is_in_use: bool, sqlite_file: Path) -> None:
    with open_state_file(sqlite_file, 1):
        pass
    with open_state_file(sqlite_file, 8) if is_in_use else contextlib.nullcontext(), read_only(sqlite_file):
        assert report_totals_since(sqlite_file, None) == {ONE: 9 if is_in_use else 1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--database", "sqlite:///x.db?timeout=abc"), "has an invalid option"),
        (("--database", "sqlite:///a%00b"), "has a NUL character"),
        (("--database", "postgresql://u:secretword@a..b/d"), "correct the host"),
        (("--database", "postgresql://u:secretword@127.0.0.1:1/d"), "check that the server runs"),
        (("--state", "stat"), "there are no reads in stat/views.sqlite yet; "),
    ],
)
def test_views_command_reports_a_database_error_in_one_sentence(options: tuple[str, ...], message: str, tmp_path: Path) -> None:
    content = newsrooms.write_sample(tmp_path / "content")
    result = run_feedsvc("views", content, *options, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("feedsvc: error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert "secretword" not in result.stderr
    assert os.listdir(tmp_path) == ["content"]
