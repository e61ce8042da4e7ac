"""`feedsvc views`: a report changes nothing and needs no right to."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from feedsvc.audience.errors import UnavailableError
from feedsvc.audience.readonly import report_totals_since
from feedsvc.errors import FeedsvcError
from tests.audience.conftest import Open
from tests.audience.postgres import Schema
from tests.audience.read_only_files import read_only
from tests.cli.test_cli import run
from tests.helpers import newsrooms

ONE = "tag:news.example,2026:rich"
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def listed(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_reads_are_told_and_nothing_is_made(where: str, file: Path, opened: Open) -> None:
    opened(where).add({(ONE, MONDAY): 2, (ONE, TUESDAY): 3})
    before = listed(file.parent) if file.exists() else {}
    assert report_totals_since(where, None) == {ONE: 5}
    assert report_totals_since(where, TUESDAY) == {ONE: 3}
    assert (listed(file.parent) if file.exists() else {}) == before


def test_where_no_reads_are_kept_that_is_said(where: str, file: Path, opened: Open) -> None:
    with pytest.raises(FeedsvcError, match=r"there are no reads in (/|postgresql://).* yet; "):
        report_totals_since(where, None)
    assert not file.parent.exists()
    opened(where).add({})
    assert report_totals_since(where, None) == {}  # kept, and none yet


def test_a_file_without_a_table_keeps_no_reads(tmp_path: Path) -> None:
    (tmp_path / "50%?#.sqlite").touch()
    with pytest.raises(FeedsvcError, match="there are no reads in"):
        report_totals_since(tmp_path / "50%?#.sqlite", None)
    assert listed(tmp_path) == {"50%?#.sqlite": b""}


@contextlib.contextmanager
def in_use(file: Path) -> Iterator[sqlite3.Connection]:
    """As while a server writes: what it wrote last lies in a second file."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("UPDATE feedsvc_views SET reads = 9")
        yield other


def test_what_a_server_wrote_last_is_told_while_it_writes(file: Path, opened: Open) -> None:
    opened(file).add({(ONE, MONDAY): 1})
    with in_use(file) as other:
        other.execute("BEGIN IMMEDIATE")
        assert report_totals_since(file, None) == {ONE: 9}


@pytest.mark.parametrize("busy", [False, True])
def test_who_may_not_write_reads_all_the_same(busy: bool, file: Path, opened: Open) -> None:
    opened(file).add({(ONE, MONDAY): 1})
    with in_use(file) if busy else contextlib.nullcontext(), read_only(file):
        assert report_totals_since(file, None) == {ONE: 9 if busy else 1}


def test_a_role_that_may_only_read_is_enough(postgres: Schema, opened: Open) -> None:
    opened(postgres.url()).add({(ONE, MONDAY): 1})
    role = postgres.name.replace("test", "role")
    may = f"GRANT USAGE ON SCHEMA {postgres.name} TO {role}; GRANT SELECT ON {postgres.name}.feedsvc_views TO {role}"
    postgres.run(f"CREATE ROLE {role} LOGIN; {may}")
    try:
        assert report_totals_since(postgres.url().replace("//postgres@", f"//{role}@"), None) == {ONE: 1}
    finally:
        postgres.run(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_a_report_while_reads_are_written_is_of_one_moment(file: Path, opened: Open) -> None:
    views, batches = opened(file), 40
    views.add({(str(article), MONDAY): 1 for article in range(50)})
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(lambda: [views.add({(str(article), MONDAY): 1 for article in range(50)}) for _ in range(batches)])
        while not written.done():
            assert len(set(report_totals_since(file, None).values())) == 1
        written.result()
    assert set(report_totals_since(file, None).values()) == {batches + 1}


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("Somebody's notes, more than a header long. " * 50)
    with pytest.raises(UnavailableError, match=f"{tmp_path}/notes: file is not a database; move that file away"):
        report_totals_since(tmp_path / "notes", None)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite:///x.db?timeout=abc", "has an invalid option"),
        ("sqlite:///a%00b", "has a NUL character"),
        ("postgresql://u:secretword@a..b/d", "correct the host"),
        ("postgresql://u:secretword@127.0.0.1:1/d", "check that the server runs"),
    ],
)
def test_the_command_says_one_sentence(url: str, told: str, tmp_path: Path) -> None:
    content = newsrooms.write_sample(tmp_path / "content")
    done = run("views", content, "--database", url, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("feedsvc: error: ")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert "secretword" not in done.stderr
    assert os.listdir(tmp_path) == ["content"]


def test_a_mistyped_state_folder_is_not_made(tmp_path: Path) -> None:
    content = newsrooms.write_sample(tmp_path / "content")
    done = run("views", content, "--state", tmp_path / "stat", cwd=tmp_path)
    file = tmp_path / "stat" / "views.sqlite"
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"feedsvc: error: there are no reads in {file} yet; ")
    assert os.listdir(tmp_path) == ["content"]
