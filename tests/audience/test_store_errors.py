"""Errors of the store of reads: messages, recovery and missing rights."""

import contextlib
import shutil
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from feedsvc.audience import report_totals_since
from feedsvc.database import VIEWS, Database
from feedsvc.errors import UnavailableError
from tests.audience.conftest import OpenStore, total
from tests.audience.postgres import Schema
from tests.audience.read_only_files import read_only
from tests.audience.relay import Relay

ONE, TWO = "tag:news.example,2026:one", "tag:news.example,2026:둘"
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def test_unavailable_database_error_does_not_contain_the_password(relay: Relay, open_store: OpenStore) -> None:
    relay.disconnect()
    store = open_store(f"postgresql://someone:secretword@127.0.0.1:{relay.port}/postgres")
    for operation in (lambda: store.add({(ONE, MONDAY): 1}), lambda: total(store, ONE), lambda: store.totals_since(None)):
        with pytest.raises(UnavailableError, match=r"cannot be used: postgresql.*refused") as raised:
            operation()
        assert "secretword" not in str(raised.value)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("database or disk is full", "free space on its disk"),
        ("file is not a database", "move that file away"),
        ("database disk image is malformed", "move that file away"),
        ("no such column: feedsvc_views.reads", "rename that table"),
        ("permission denied for table feedsvc_views", "GRANT SELECT, INSERT, UPDATE ON feedsvc_views"),
        ("no schema has been selected to create in", "search_path"),
        ("attempt to write a readonly database", "give feedsvc the permission to write in that folder"),
        ("database is locked", "end it or wait"),
        ('password authentication failed for user "x"', "correct user and password"),
        ("failed to resolve host 'nowhere'", "correct the host"),
        ("connection timeout expired", "check that the server runs"),
        ("something unheard of", "something unheard of"),
    ],
)
def test_database_error_has_advice(reason: str, advice: str) -> None:
    assert advice in str(Database("sqlite:///x", VIEWS).unavailable_error(OSError(reason)))


def test_role_with_read_and_write_access_can_count(postgres: Schema, open_store: OpenStore) -> None:
    open_store(postgres.url()).add({})
    role = postgres.name.replace("test", "role")
    grants = f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA {postgres.name} TO {role}"
    grant = f"GRANT USAGE ON SCHEMA {postgres.name} TO {role}; GRANT SELECT ON {postgres.name}.feedsvc_views TO {role}"
    postgres.run(f"CREATE ROLE {role} LOGIN; {grant}")
    try:
        url = postgres.url().replace("//postgres@", f"//{role}@")
        with pytest.raises(UnavailableError, match=r"permission denied .*; let an owner of the database run: GRANT USAGE"):
            open_store(url).add({(ONE, MONDAY): 1})
        assert report_totals_since(url, None) == {}  # the report only reads
        postgres.run(grants)
        store = open_store(url)
        store.add({(ONE, MONDAY): 1})
        store.add({(ONE, TUESDAY): 1})
        assert total(store, ONE) == 2
    finally:
        postgres.run(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_dropped_tables_are_recreated_on_the_second_attempt(postgres: Schema, open_store: OpenStore) -> None:
    store = open_store(postgres.url())
    store.add({(ONE, MONDAY): 1})
    postgres.run(f"DROP SCHEMA {postgres.name} CASCADE; CREATE SCHEMA {postgres.name}")
    with pytest.raises(UnavailableError, match="feedsvc_views"):
        total(store, ONE)
    assert total(store, ONE) == 0


def test_deleted_file_is_recreated(sqlite_file: Path, open_store: OpenStore) -> None:
    store = open_store(sqlite_file)
    store.add({(ONE, MONDAY): 1})
    shutil.rmtree(sqlite_file.parent)
    store.add({(ONE, MONDAY): 1})
    assert total(open_store(sqlite_file), ONE) == 1


def test_locked_file_can_be_read_and_is_written_after_its_release(sqlite_file: Path, open_store: OpenStore) -> None:
    store = open_store(sqlite_file)
    store.add({(ONE, MONDAY): 1})
    store._database = Database(sqlite_file, VIEWS, timeout=0.05)  # instead of ten seconds
    with contextlib.closing(sqlite3.connect(sqlite_file, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        assert total(store, ONE) == 1
        with pytest.raises(UnavailableError, match="locked"):
            store.add({(ONE, MONDAY): 1})
        connection.execute("ROLLBACK")
    store.add({(ONE, MONDAY): 1})
    assert total(store, ONE) == 2


def test_read_only_file_is_unavailable_until_it_is_writable(sqlite_file: Path, open_store: OpenStore) -> None:
    store = open_store(sqlite_file)
    store.add({(ONE, MONDAY): 1})
    with read_only(sqlite_file), pytest.raises(UnavailableError, match=r"readonly|unable to open"):
        store.add({(ONE, MONDAY): 1})
    store.add({(ONE, MONDAY): 1})
    assert total(store, ONE) == 2


def test_other_file_is_left_unchanged_and_one_in_place_of_the_state_folder_is_an_error(
    sqlite_file: Path, open_store: OpenStore, tmp_path: Path
) -> None:
    sqlite_file.parent.mkdir()
    sqlite_file.write_text("Somebody's notes, more than a header long. " * 50)
    with pytest.raises(UnavailableError, match="not a database"):
        open_store(f"sqlite:///{sqlite_file}").add({(ONE, MONDAY): 1})
    assert sqlite_file.read_text().startswith("Somebody's notes")
    (tmp_path / "other").write_text("a file")
    with pytest.raises(UnavailableError, match="exists"):
        total(open_store(tmp_path / "other" / "views.sqlite"), ONE)
