"""Reads by article and UTC day in a checksummed SQLite file in the state folder. `store.py` is for other databases."""

from __future__ import annotations

import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

from feedsvc.audience.buffer import ReadKey
from feedsvc.database import UnavailableError, unavailable_error
from feedsvc.errors import FeedsvcError
from feedsvc.support.checksummed_tables import table_exists
from feedsvc.support.state_file import StateFile, add_checksum, verify

_T = TypeVar("_T")
READS_TABLE: Final = "article_reads"
_WRITERS_TABLE: Final = "read_writers"
_WRITER_RETENTION: Final = timedelta(days=30)  # after this time, no batch of a writer is written again
_MAX_READS: Final = 2**62  # reads of one article on one day
_QUERY_SIZE: Final = 500  # articles per query


_TABLES: Final = (
    (
        f"CREATE TABLE {READS_TABLE} (article TEXT NOT NULL, day TEXT NOT NULL, reads INTEGER NOT NULL, "
        "checksum INTEGER NOT NULL, PRIMARY KEY (article, day)) WITHOUT ROWID"
    ),
    # Last batch of each writer, so that a batch whose commit was not confirmed is not added twice.
    (
        f"CREATE TABLE {_WRITERS_TABLE} (writer TEXT PRIMARY KEY, batch INTEGER NOT NULL, day TEXT NOT NULL, "
        "checksum INTEGER NOT NULL) WITHOUT ROWID"
    ),
)


class SqliteReadStore:
    """Store in a file that is created when it is first used. For one thread at a time; several processes may share the file."""

    def __init__(self, file: Path) -> None:
        """Prepare a store in `file`, without opening it."""
        self._file = file
        self._last_cleanup: date | None = None
        self.writer = uuid.uuid4().hex

    @cached_property
    def _data(self) -> StateFile:
        return StateFile(self._file, _TABLES, description="read counts begin anew")

    def add(self, reads: Mapping[ReadKey, int], batch: int | None = None, *, writer: str = "") -> Mapping[ReadKey, str]:
        """Add reads (article and day -> number) in one transaction. Return those that can never be stored, each with the reason.

        A `batch` whose number is not above the last one stored for the `writer` ("" is this object) is skipped: {} is returned.
        Reads with `batch` None are always added. Without reads, only check that the file can be used. Raises UnavailableError;
        then repeat the call with the same `batch`.
        """
        sorted_reads = sorted(reads.items())
        newest_day = max((day for _, day in reads), default=date.min)
        refused = {key: "its id is not valid UTF-8" for key, _ in sorted_reads if not _is_storable(key[0])}

        def write(connection: sqlite3.Connection) -> Mapping[ReadKey, str]:
            with connection:
                connection.execute("BEGIN IMMEDIATE" if reads else "BEGIN")
                if reads and batch is not None and not self._is_new_batch(connection, writer or self.writer, batch, newest_day):
                    return {}
                for key, count in sorted_reads:
                    if key not in refused:
                        self._add_reads(connection, key, count)
                self._delete_old_writers(connection, newest_day if reads and batch is not None else None)
            return refused

        return self._run_with_repair(write)

    def total(self, article_id: str) -> int:
        """Return the number of all reads of an article, 0 if there are none. Raises UnavailableError."""
        return self.totals([article_id])[article_id]

    def totals(self, article_ids: Collection[str]) -> Mapping[str, int]:
        """Return article id -> number of all its reads, 0 if there are none, for each given id. Raises UnavailableError."""
        storable_ids, totals = [article_id for article_id in article_ids if _is_storable(article_id)], Counter[str]()
        for start in range(0, len(storable_ids), _QUERY_SIZE):
            batch = storable_ids[start : start + _QUERY_SIZE]
            totals += self._select_totals(f"WHERE article IN ({', '.join('?' * len(batch))})", batch)
        return {**dict.fromkeys(article_ids, 0), **totals}

    def totals_since(self, day: date | None) -> Mapping[str, int]:
        """Return article id -> reads on and after the UTC day `day`, or all reads if it is None.

        Articles without such reads are missing. Raises UnavailableError.
        """
        return self._select_totals("WHERE day >= ?", [day.isoformat()]) if day else self._select_totals("", [])

    def close(self) -> None:
        if "_data" in self.__dict__:
            self._data.close()

    def _select_totals(self, where: str, values: Collection[str]) -> Counter[str]:
        rows = self._run_with_repair(
            lambda connection: connection.execute(f"SELECT * FROM {READS_TABLE} {where}", [*values]).fetchall()
        )
        return sum_reads(rows)

    @staticmethod
    def _select_row(connection: sqlite3.Connection, table: str, where: str, values: tuple[str, ...]) -> tuple[Any, ...] | None:
        row = connection.execute(f"SELECT * FROM {table} WHERE {where}", values).fetchone()
        return verify(row) if row else None

    def _add_reads(self, connection: sqlite3.Connection, key: ReadKey, count: int) -> None:
        article, day = key[0], key[1].isoformat()
        stored = self._select_row(connection, READS_TABLE, "article = ? AND day = ?", (article, day))
        total = min(count + (stored[2] if stored else 0), _MAX_READS)
        connection.execute(f"INSERT OR REPLACE INTO {READS_TABLE} VALUES (?, ?, ?, ?)", add_checksum(article, day, total))

    def _is_new_batch(self, connection: sqlite3.Connection, writer: str, batch: int, day: date) -> bool:
        stored = self._select_row(connection, _WRITERS_TABLE, "writer = ?", (writer,))
        if stored and stored[1] >= batch:
            return False
        row = add_checksum(writer, batch, day.isoformat())
        connection.execute(f"INSERT OR REPLACE INTO {_WRITERS_TABLE} VALUES (?, ?, ?, ?)", row)
        return True

    def _delete_old_writers(self, connection: sqlite3.Connection, day: date | None) -> None:
        """Delete writers whose last batch is older than 30 days at `day`, at most once a day. None: do nothing."""
        if day and day != self._last_cleanup:
            connection.execute(f"DELETE FROM {_WRITERS_TABLE} WHERE day < ?", ((day - _WRITER_RETENTION).isoformat(),))
            self._last_cleanup = day

    def _run_with_repair(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Return the result of `work` on the connection. A missing file, or one known to be damaged, is replaced before.

        If `work` finds damage, the file is replaced by an empty one and `work` is called again. Raises UnavailableError if the
        file cannot be used.
        """
        try:
            self._data.recover()
            try:
                return work(self._data.connection)
            except sqlite3.DatabaseError as error:
                self._data.report_damage(error)
                if not self._data.recover():
                    raise
                return work(self._data.connection)
        except (sqlite3.Error, OSError) as error:
            raise unavailable_error(str(self._file), error) from None
        except UnavailableError:
            raise
        except FeedsvcError as error:
            raise UnavailableError(str(error)) from None


def sum_reads(rows: Iterable[tuple[Any, ...]]) -> Counter[str]:
    """Return article id -> reads of all undamaged rows.

    Of several valid rows of one article and day, as a damaged file may have, only the last counts.
    """
    reads_by_key = {values[:2]: values[2] for row in rows if (values := verify(row))}
    sums = Counter[str]()
    for (article, _), count in reads_by_key.items():
        sums[article] += count
    return sums


def read_totals_since(connection: sqlite3.Connection, day: date | None) -> Mapping[str, int] | None:
    """Return article id -> reads on and after the UTC day `day`, or all reads if it is None. Damaged rows are left out.

    The result is None if the file of the connection has no table of reads. Raises sqlite3.Error if it cannot be read.
    """
    if not table_exists(connection, READS_TABLE):
        return None
    where, values = ("WHERE day >= ?", (day.isoformat(),)) if day else ("", ())
    return sum_reads(connection.execute(f"SELECT * FROM {READS_TABLE} {where}", values))


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
