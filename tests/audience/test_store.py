"""The store of reads on SQLite and on PostgreSQL."""

import contextlib
import sqlite3
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from feedsvc.audience.store import ViewStore
from feedsvc.errors import FeedsvcError
from tests.audience.conftest import OpenStore, total
from tests.audience.postgres import Schema

ONE, TWO = "tag:news.example,2026:one", "tag:news.example,2026:둘"
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def test_added_reads_are_summed_by_article_and_day(database_url: str, open_store: OpenStore) -> None:
    store = open_store(database_url)
    assert (total(store, ONE), store.totals_since(None)) == (0, {})
    store.add({(ONE, MONDAY): 2, (TWO, MONDAY): 1})
    store.add({(ONE, TUESDAY): 3, (ONE, MONDAY): 1})
    assert total(store, ONE) == 6
    assert store.totals([ONE, TWO, "none"]) == {ONE: 6, TWO: 1, "none": 0}
    assert store.totals_since(None) == {ONE: 6, TWO: 1}
    assert store.totals_since(TUESDAY) == {ONE: 3}
    assert all(type(count) is int for count in store.totals_since(None).values())


def test_concurrent_writers_lose_no_read_and_do_not_deadlock(database_url: str, open_store: OpenStore) -> None:
    writers = [open_store(database_url) for _ in range(4)]
    start = threading.Barrier(len(writers))

    def write(store: ViewStore) -> None:
        start.wait()
        for _ in range(10):
            # The first writer adds the articles in reverse order.
            articles = [str(index) for index in range(20)][:: -1 if store is writers[0] else 1]
            store.add({(article, MONDAY): 1 for article in articles})

    with ThreadPoolExecutor(len(writers)) as pool:
        list(pool.map(write, writers))
    assert writers[0].totals_since(None) == {str(index): 40 for index in range(20)}


def test_path_with_special_characters_is_a_sqlite_file(tmp_path: Path, open_store: OpenStore) -> None:
    sqlite_file = tmp_path / "new folder" / "50%?mode=ro&x#.sqlite"
    open_store(sqlite_file).add({(ONE, MONDAY): 1})
    assert total(open_store(sqlite_file), ONE) == 1
    with contextlib.closing(sqlite3.connect(sqlite_file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_common_schemes_of_postgresql_urls_work(postgres: Schema, open_store: OpenStore) -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        assert total(open_store(postgres.url().replace("postgresql", scheme, 1)), ONE) == 0


INVALID_URLS = (
    *("", "nonsense", "sqlite://", "sqlite:///:memory:", "sqlite:///x.db?timeout=secretnumber", "sqlite:///a%00b"),
    *("mysql://u:secretword@h/d", "mysql://u@h/d?password=secretword", "postgresql+asyncpg://u:secretword@h/d"),
    *("postgresql://h", "postgresql://u:secretword@h:port/d"),
)


@pytest.mark.parametrize("url", INVALID_URLS)
def test_invalid_url_error_does_not_contain_the_password(url: str) -> None:
    with pytest.raises(FeedsvcError, match=r"postgresql://|PostgreSQL|database URL") as raised:
        ViewStore(url)
    assert "secretword" not in str(raised.value)


def test_missing_driver_error_has_the_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(FeedsvcError, match=r"pip install 'feedsvc\[postgres\]'"):
        ViewStore("postgresql://h/d")
