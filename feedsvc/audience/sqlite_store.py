"""Reads by article and UTC day in a checksummed SQLite file in the state folder. `store.py` is for other databases."""

from __future__ import annotations

import re
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import nullcontext
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

from feedsvc.audience.buffer import ReadKey
from feedsvc.database import UnavailableError, unavailable_error
from feedsvc.errors import FeedsvcError
from feedsvc.support.checksummed_tables import FormerTable, RowChecksummer, RowValues, Schema, Table, table_exists
from feedsvc.support.sqlite import Database
from feedsvc.support.state_folder import read_identity

_T = TypeVar("_T")
READS_TABLE: Final = "article_reads"
_WRITERS_TABLE: Final = "read_writers"
_FORMER_TABLE: Final = "feedsvc_views"
_WRITER_RETENTION: Final = timedelta(days=30)  # after this time, no batch of a writer is written again
_MAX_READS: Final = 2**62  # reads of one article on one day
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_QUERY_SIZE: Final = 500  # articles per query


def convert_former_reads(row: RowValues) -> Iterable[tuple[str, RowValues]]:
    """Yield one (table, row) of the present tables for a row of reads of an earlier version of feedsvc (FormerTable.convert).

    Raises TypeError or ValueError if the row is damaged.
    """
    article, day, reads = row
    if not isinstance(article, str) or type(reads) is not int or not 0 <= reads < _MAX_READS:
        raise TypeError(row)
    yield READS_TABLE, (article, _parse_day(day), reads)


def _convert_former_writer(row: RowValues) -> Iterable[tuple[str, RowValues]]:
    writer, batch, day = row
    if not isinstance(writer, str) or type(batch) is not int:
        raise TypeError(row)
    yield _WRITERS_TABLE, (writer, batch, _parse_day(day))


def _parse_day(day: object) -> str:
    if not isinstance(day, str) or not _DAY.fullmatch(day):
        raise TypeError(day)
    return date.fromisoformat(day).isoformat()


_SCHEMA: Final = Schema(
    tables=(
        Table(
            name=READS_TABLE,
            sql=f"CREATE TABLE {READS_TABLE} (article TEXT NOT NULL, day TEXT NOT NULL, reads INTEGER NOT NULL, "
            "checksum INTEGER NOT NULL, PRIMARY KEY (article, day)) WITHOUT ROWID",
            order_by="article, day",
        ),
        # Last batch of each writer, so that a batch whose commit was not confirmed is not added twice.
        Table(
            name=_WRITERS_TABLE,
            sql=f"CREATE TABLE {_WRITERS_TABLE} (writer TEXT PRIMARY KEY, batch INTEGER NOT NULL, day TEXT NOT NULL, "
            "checksum INTEGER NOT NULL) WITHOUT ROWID",
            order_by="writer",
        ),
    ),
    former_tables=(
        FormerTable(
            name=_FORMER_TABLE,
            sql=f"CREATE TABLE {_FORMER_TABLE} ( article TEXT NOT NULL, day DATE NOT NULL, reads BIGINT NOT NULL, "
            "PRIMARY KEY (article, day) )",
            order_by="article, day",
            convert=convert_former_reads,
            merge=lambda stored, new: (*new[:2], min(stored[2] + new[2], _MAX_READS)),
        ),
        FormerTable(
            name=f"{_FORMER_TABLE}_writers",
            sql=f"CREATE TABLE {_FORMER_TABLE}_writers ( writer TEXT NOT NULL, batch BIGINT NOT NULL, day DATE NOT NULL, "
            "PRIMARY KEY (writer) )",
            order_by="writer",
            convert=_convert_former_writer,
        ),
    ),
    description="read counts",
    loss_description="and the reads of the other rows are lost",
)


class SqliteReadStore:
    """Store in a file that is created when it is first used. For one thread at a time; several processes may share the file."""

    def __init__(self, file: Path) -> None:
        """Prepare a store in `file`, without opening it."""
        self._file = file
        self._last_cleanup: date | None = None
        self.writer = uuid.uuid4().hex

    @cached_property
    def _data(self) -> Database:
        return Database(self._file, _SCHEMA)

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
        sums, is_sound = sum_reads(rows, self._data.checksummers[READS_TABLE])
        if not is_sound:
            self._data.report_damage("counts fail their checksum")
        return sums

    def _select_row(self, connection: sqlite3.Connection, table: str, where: str, values: RowValues) -> RowValues | None:
        row = connection.execute(f"SELECT * FROM {table} WHERE {where}", values).fetchone()
        verified = self._data.checksummers[table].verify(row) if row else None
        if row and not verified:
            self._data.report_damage("counts fail their checksum")
        return verified

    def _add_reads(self, connection: sqlite3.Connection, key: ReadKey, count: int) -> None:
        article, day = key[0], key[1].isoformat()
        stored = self._select_row(connection, READS_TABLE, "article = ? AND day = ?", (article, day))
        total = min(count + (stored[2] if stored else 0), _MAX_READS)
        connection.execute(
            f"INSERT OR REPLACE INTO {READS_TABLE} VALUES (?, ?, ?, ?)",
            self._data.checksummers[READS_TABLE].add_checksum(article, day, total),
        )

    def _is_new_batch(self, connection: sqlite3.Connection, writer: str, batch: int, day: date) -> bool:
        stored = self._select_row(connection, _WRITERS_TABLE, "writer = ?", (writer,))
        if stored and stored[1] >= batch:
            return False
        row = self._data.checksummers[_WRITERS_TABLE].add_checksum(writer, batch, day.isoformat())
        connection.execute(f"INSERT OR REPLACE INTO {_WRITERS_TABLE} VALUES (?, ?, ?, ?)", row)
        return True

    def _delete_old_writers(self, connection: sqlite3.Connection, day: date | None) -> None:
        """Delete writers whose last batch is older than 30 days at `day`, at most once a day. None: do nothing."""
        if day and day != self._last_cleanup:
            connection.execute(f"DELETE FROM {_WRITERS_TABLE} WHERE day < ?", ((day - _WRITER_RETENTION).isoformat(),))
            self._last_cleanup = day

    def _run_with_repair(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Return the result of `work` on the connection. A missing file, or one known to be damaged, is replaced before.

        If `work` finds damage, the file is replaced and `work` is called again. The new file gets the valid rows that can be
        read from the old one. Raises UnavailableError if the file cannot be used.
        """
        try:
            self._data.recover(nullcontext())
            try:
                return work(self._data.connection)
            except sqlite3.DatabaseError as error:
                self._data.report_damage(error)
                if not self._data.recover(nullcontext()):
                    raise
                return work(self._data.connection)
        except (sqlite3.Error, OSError) as error:
            raise unavailable_error(str(self._file), error) from None
        except UnavailableError:
            raise
        except FeedsvcError as error:
            raise UnavailableError(str(error)) from None


def sum_reads(rows: Iterable[RowValues], checksummer: RowChecksummer) -> tuple[Counter[str], bool]:
    """Return article id -> reads of all valid rows, and whether all rows are valid. `checksummer` verifies their checksums.

    Of several valid rows of one article and day, as a damaged file may have, only the last counts.
    """
    reads_by_key, is_sound = dict[tuple[str, str], int](), True
    for row in rows:
        if values := checksummer.verify(row):
            reads_by_key[values[0], values[1]] = values[2]
        else:
            is_sound = False
    sums = Counter[str]()
    for (article, _), count in reads_by_key.items():
        sums[article] += count
    return sums, is_sound


def read_totals_since(connection: sqlite3.Connection, file: Path, day: date | None) -> Mapping[str, int] | None:
    """Return article id -> reads on and after the UTC day `day`, or all reads if it is None.

    `connection` is to `file`, which may have the tables of an earlier version of feedsvc. Damaged rows are left out. The result
    is None if the file has no table of reads. Raises sqlite3.Error if it cannot be read.
    """
    sums, checksummer = Counter[str](), RowChecksummer(read_identity(file.parent), file.name, READS_TABLE)
    tables = [table for table in (READS_TABLE, _FORMER_TABLE) if table_exists(connection, table)]
    where, values = ("WHERE day >= ?", (day.isoformat(),)) if day else ("", ())
    for table in tables:
        rows = connection.execute(f"SELECT * FROM {table} {where}", values)
        sums += sum_reads(rows if table == READS_TABLE else _convert_former_rows(rows, checksummer), checksummer)[0]
    return sums if tables else None


def _convert_former_rows(rows: Iterable[RowValues], checksummer: RowChecksummer) -> Iterator[RowValues]:
    for row in rows:
        try:
            yield from (checksummer.add_checksum(*values) for _, values in convert_former_reads(row))
        except (TypeError, ValueError):
            continue


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
