"""The table of reads, on SQLite and PostgreSQL alike."""

import contextlib
import shutil
import sqlite3
import sys
import tempfile
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.audience.errors import unavailable_error
from feedsvc.audience.store import DatabaseReadStore, UnavailableError
from feedsvc.errors import FeedsvcError
from tests.audience.breakable_connection import Relay
from tests.audience.conftest import Open
from tests.audience.postgres import Schema
from tests.audience.read_only_files import read_only

ONE, TWO = "tag:news.example,2026:one", "tag:news.example,2026:둘"
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def test_reads_add_up(where: str, opened: Open) -> None:
    views = opened(where)
    assert (views.total(ONE), views.totals_since(None)) == (0, {})
    views.add({(ONE, MONDAY): 2, (TWO, MONDAY): 1})
    views.add({(ONE, TUESDAY): 3, (ONE, MONDAY): 1})
    assert views.total(ONE) == 6
    assert views.totals([ONE, TWO, "none"]) == {ONE: 6, TWO: 1, "none": 0}
    assert views.totals_since(None) == {ONE: 6, TWO: 1}
    assert views.totals_since(TUESDAY) == {ONE: 3}
    assert all(type(count) is int for count in views.totals_since(None).values())


def test_they_are_there_for_others_and_later(where: str, opened: Open) -> None:
    first, second = opened(where), opened(where)
    first.add({(ONE, MONDAY): 1})
    second.add({(ONE, MONDAY): 1})
    first.close()
    assert [first.total(ONE), opened(where).total(ONE)] == [2, 2]


def test_a_batch_is_added_once_however_often_it_is_sent(where: str, opened: Open) -> None:
    views, other = opened(where), opened(where)
    for number in (1, 1, 2, 2, 1):
        views.add({(ONE, MONDAY): 10}, number)
    other.add({(ONE, MONDAY): 1}, 1)
    assert views.total(ONE) == 21


def test_adding_nothing_only_asks_whether_the_database_answers(where: str, opened: Open) -> None:
    views = opened(where)
    views.add({}, 1)
    views.add({(ONE, MONDAY): 1}, 1)
    assert views.total(ONE) == 1


def test_writers_at_once_lose_nothing_and_never_wait_for_one_another_in_a_circle(where: str, opened: Open) -> None:
    writers = [opened(where) for _ in range(4)]
    start = threading.Barrier(len(writers))

    def write(views: DatabaseReadStore) -> None:
        start.wait()
        for number in range(1, 11):
            # Each in an order of its own.
            articles = [str(index) for index in range(20)][:: -1 if views is writers[0] else 1]
            views.add({(article, MONDAY): 1 for article in articles}, number)

    with ThreadPoolExecutor(len(writers)) as pool:
        list(pool.map(write, writers))
    assert writers[0].totals_since(None) == {str(index): 40 for index in range(20)}


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.tuples(st.text(st.characters(exclude_characters="\0", codec="utf-8")), st.dates()),
            st.integers(1, 10**9),
            max_size=5,
        ),
        max_size=5,
    )
)
def test_any_reads_add_up(batches: list[dict[tuple[str, date], int]]) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(DatabaseReadStore(Path(folder) / "views.sqlite")) as views:
        expected: Counter[str] = Counter()
        for batch in batches:
            views.add(batch)
            for (article, _), count in batch.items():
                expected[article] += count
        assert views.totals_since(None) == expected
        assert views.totals(list(expected)) == expected


def test_a_path_is_a_file_of_sqlite_whatever_its_name(tmp_path: Path, opened: Open) -> None:
    file = tmp_path / "new folder" / "50%?mode=ro&x#.sqlite"
    opened(file).add({(ONE, MONDAY): 1})
    assert opened(file).total(ONE) == 1
    with contextlib.closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_common_spelling_of_a_postgresql_url_works(scheme: str, postgres: Schema, opened: Open) -> None:
    assert opened(postgres.url().replace("postgresql", scheme, 1)).total(ONE) == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "mysql://u:secretword@h/d",
        "postgresql+asyncpg://u:secretword@h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://h",
        "postgresql://u:secretword@h:port/d",
        "mysql://u@h/d?password=secretword",
        "sqlite:///x.db?timeout=secretnumber",
        "sqlite:///a%00b",
    ],
)
def test_an_impossible_url_is_told_without_its_password(url: str) -> None:
    with pytest.raises(FeedsvcError, match=r"postgresql://|PostgreSQL|database URL") as told:
        DatabaseReadStore(url)
    assert "secretword" not in str(told.value)


def test_a_missing_driver_is_told_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(FeedsvcError, match=r"pip install 'psycopg\[binary\]'"):
        DatabaseReadStore("postgresql://h/d")


# --- away -----------------------------------------------------------------------------------------------------------


def test_a_database_that_is_not_there_is_unavailable_and_its_password_stays_untold(relay: Relay, opened: Open) -> None:
    relay.shut()
    views = opened(f"postgresql://someone:secretword@127.0.0.1:{relay.port}/postgres")
    for ask in (lambda: views.add({(ONE, MONDAY): 1}), lambda: views.total(ONE), lambda: views.totals_since(None)):
        with pytest.raises(UnavailableError, match=r"cannot be used: postgresql.*refused") as told:
            ask()
        assert "secretword" not in str(told.value)
        assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://u:secretword@h:1/d?sslmode=disable", "postgresql://h:1/d"),
        ("postgresql://u@/d?host=/run/postgresql&port=5433&password=secretword", "postgresql:///run/postgresql:5433/d"),
        ("postgresql://u@/d?host=one&host=two&password=secretword", "postgresql://one,two/d"),
        ("postgresql://u:12/secretword@h/d", "postgresql://h/d"),
        ("sqlite:////srv/50%25/reads.sqlite?timeout=3", "/srv/50%/reads.sqlite"),
    ],
)
def test_a_database_is_named_by_host_port_and_name_alone(url: str, told: str, opened: Open) -> None:
    assert opened(url).location == told


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("database or disk is full", "free space on its disk"),
        ("file is not a database", "move that file away"),
        ("database disk image is malformed", "move that file away"),
        ("no such column: feedsvc_views.reads", "rename that table"),
        ("permission denied for table feedsvc_views", "GRANT SELECT, INSERT, UPDATE ON feedsvc_views, feedsvc_views_writers"),
        ("no schema has been selected to create in", "search_path"),
        ("attempt to write a readonly database", "give feedsvc the permission to write in that folder"),
        ("database is locked", "end it or wait"),
        ('password authentication failed for user "x"', "correct user and password"),
        ("failed to resolve host 'nowhere'", "correct the host"),
        ("connection timeout expired", "check that the server runs"),
        ("something unheard of", "something unheard of"),
    ],
)
def test_what_goes_wrong_comes_with_what_to_do(reason: str, advice: str) -> None:
    assert advice in str(unavailable_error("here", OSError(reason)))


def test_who_may_read_and_write_and_no_more_counts_all_the_same(postgres: Schema, opened: Open) -> None:
    opened(postgres.url()).add({})
    role = postgres.name.replace("test", "role")
    grants = f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA {postgres.name} TO {role}"
    postgres.run(f"CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {postgres.name} TO {role}")
    try:
        url = postgres.url().replace("//postgres@", f"//{role}@")
        with pytest.raises(UnavailableError, match=r"permission denied .*; let an owner of the database run: GRANT USAGE"):
            opened(url).add({(ONE, MONDAY): 1}, 1)
        postgres.run(grants)
        views = opened(url)
        views.add({(ONE, MONDAY): 1}, 1)
        views.add({(ONE, TUESDAY): 1}, 2)
        assert views.total(ONE) == 2
    finally:
        postgres.run(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_what_nobody_will_ask_for_again_is_tidied_up(postgres: Schema, opened: Open) -> None:
    for day in (date(2026, 1, 1), MONDAY):
        opened(postgres.url()).add({(ONE, day): 1}, 1)
    with opened(postgres.url())._transaction() as rows:
        assert len(rows.exec_driver_sql("SELECT * FROM feedsvc_views_writers").all()) == 1


def test_a_row_that_a_table_refuses_is_told_and_the_others_are_added(file: Path, opened: Open) -> None:
    views = opened(file)
    views.add({})
    with contextlib.closing(sqlite3.connect(file)) as other:
        refuse = (
            "CREATE TRIGGER no BEFORE INSERT ON feedsvc_views WHEN new.article = 'poison' BEGIN SELECT RAISE(ABORT, 'never'); END"
        )
        other.execute(refuse)
    reads = {("poison", MONDAY): 1, (ONE, MONDAY): 2, (TWO, MONDAY): 3}
    for _ in range(2):
        refused = views.add(reads, 7)
    assert views.totals_since(None) == {ONE: 2, TWO: 3}
    assert refused == {}  # that batch was done the first time
    ((key, reason),) = views.add(reads, 8).items()
    assert key == ("poison", MONDAY)
    assert "never" in reason


def test_the_pool_outlives_a_restart(relay: Relay, postgres: Schema, opened: Open) -> None:
    views = opened(postgres.url(relay.port))
    views.add({(ONE, MONDAY): 1})
    relay.shut()
    relay.reopen()
    # Not one failure in between: a dead connection is noticed before it is used.
    views.add({(ONE, MONDAY): 1})
    assert views.total(ONE) == 2


def test_a_commit_whose_answer_got_lost_is_not_added_twice(relay: Relay, postgres: Schema, opened: Open) -> None:
    views = opened(postgres.url(relay.port))
    views.add({(ONE, MONDAY): 1}, 1)
    relay.die_after(b"COMMIT")
    with pytest.raises(UnavailableError):
        views.add({(ONE, MONDAY): 10}, 2)
    assert opened(postgres.url()).total(ONE) == 11
    views.add({(ONE, MONDAY): 10}, 2)
    assert views.total(ONE) == 11


def test_a_new_empty_database_gets_its_tables_at_the_second_try(postgres: Schema, opened: Open) -> None:
    views = opened(postgres.url())
    views.add({(ONE, MONDAY): 1})
    postgres.run(f"DROP SCHEMA {postgres.name} CASCADE; CREATE SCHEMA {postgres.name}")
    with pytest.raises(UnavailableError, match="feedsvc_views"):
        views.total(ONE)
    assert views.total(ONE) == 0


def test_a_deleted_file_is_made_anew_at_the_second_try(file: Path, opened: Open) -> None:
    views = opened(file)
    views.add({(ONE, MONDAY): 1})
    shutil.rmtree(file.parent)
    with pytest.raises(UnavailableError, match="unable to open"):
        views.add({(ONE, MONDAY): 1})
    views.add({(ONE, MONDAY): 1})
    assert opened(file).total(ONE) == 1


def test_a_locked_file_can_be_read_and_is_written_later(file: Path, opened: Open) -> None:
    views = opened(file)
    views.add({(ONE, MONDAY): 1})
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert views.total(ONE) == 1
        with pytest.raises(UnavailableError, match="locked"):
            views.add({(ONE, MONDAY): 1})
        other.execute("ROLLBACK")
    views.add({(ONE, MONDAY): 1})
    assert views.total(ONE) == 2


def test_a_file_that_must_not_be_written_is_unavailable_until_it_may(file: Path, opened: Open) -> None:
    views = opened(file)
    views.add({(ONE, MONDAY): 1})
    with read_only(file), pytest.raises(UnavailableError, match=r"readonly|unable to open"):
        views.add({(ONE, MONDAY): 1})
    views.add({(ONE, MONDAY): 1})
    assert views.total(ONE) == 2


def test_what_is_no_database_stays_as_it_is(file: Path, opened: Open) -> None:
    file.parent.mkdir()
    file.write_text("Somebody's notes, more than a header long. " * 50)
    with pytest.raises(UnavailableError, match="not a database"):
        opened(file).add({(ONE, MONDAY): 1})
    assert file.read_text().startswith("Somebody's notes")


def test_a_state_folder_that_cannot_be_is_unavailable(tmp_path: Path, opened: Open) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(UnavailableError, match="exists"):
        opened(tmp_path / "state" / "views.sqlite").total(ONE)
