"""Reads by article and UTC day in a file of the state folder, verified row by row. What `store.py` is for databases of others."""

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

from feedsvc.audience.buffer import Key
from feedsvc.audience.errors import UnavailableError, unavailable
from feedsvc.errors import FeedsvcError
from feedsvc.support.checksummed_tables import FormerTable, Row, Schema, Seal, Table, exists
from feedsvc.support.sqlite import Database
from feedsvc.support.state_folder import read_identity

_T = TypeVar("_T")
READS: Final = "article_reads"
_WRITERS: Final = "read_writers"
_FORMER: Final = "feedsvc_views"
_FORGOTTEN: Final = timedelta(days=30)  # no batch stays in doubt for so long
_MOST: Final = 2**62  # reads of one article on one day
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_TOGETHER: Final = 500  # articles that are asked for at once


def former_reads(row: Row) -> Iterable[tuple[str, Row]]:
    """A row of the version before, as a row of this one. Raises TypeError or ValueError if it is damaged."""
    article, day, reads = row
    if not isinstance(article, str) or type(reads) is not int or not 0 <= reads < _MOST:
        raise TypeError(row)
    yield READS, (article, _checked(day), reads)


def _former_writer(row: Row) -> Iterable[tuple[str, Row]]:
    writer, batch, day = row
    if not isinstance(writer, str) or type(batch) is not int:
        raise TypeError(row)
    yield _WRITERS, (writer, batch, _checked(day))


def _checked(day: object) -> str:
    if not isinstance(day, str) or not _DAY.fullmatch(day):
        raise TypeError(day)
    return date.fromisoformat(day).isoformat()


_SCHEMA: Final = Schema(
    tables=(
        Table(
            name=READS,
            sql=f"CREATE TABLE {READS} (article TEXT NOT NULL, day TEXT NOT NULL, reads INTEGER NOT NULL, "
            "checksum INTEGER NOT NULL, PRIMARY KEY (article, day)) WITHOUT ROWID",
            order="article, day",
        ),
        # Who wrote which batch last: a commit whose answer got lost must not be added a second time.
        Table(
            name=_WRITERS,
            sql=f"CREATE TABLE {_WRITERS} (writer TEXT PRIMARY KEY, batch INTEGER NOT NULL, day TEXT NOT NULL, "
            "checksum INTEGER NOT NULL) WITHOUT ROWID",
            order="writer",
        ),
    ),
    former=(
        FormerTable(
            name=_FORMER,
            sql=f"CREATE TABLE {_FORMER} ( article TEXT NOT NULL, day DATE NOT NULL, reads BIGINT NOT NULL, "
            "PRIMARY KEY (article, day) )",
            order="article, day",
            convert=former_reads,
            merge=lambda known, new: (*new[:2], min(known[2] + new[2], _MOST)),
        ),
        FormerTable(
            name=f"{_FORMER}_writers",
            sql=f"CREATE TABLE {_FORMER}_writers ( writer TEXT NOT NULL, batch BIGINT NOT NULL, day DATE NOT NULL, "
            "PRIMARY KEY (writer) )",
            order="writer",
            convert=_former_writer,
        ),
    ),
    holds="read counts",
    loss="and reads that were in others are lost",
)


class FileViews:
    """Made on first use. For one thread at a time; safe between processes that share the file."""

    def __init__(self, file: Path) -> None:
        """Nothing is opened yet."""
        self._file = file
        self._tidied: date | None = None
        self.writer = uuid.uuid4().hex

    @cached_property
    def _data(self) -> Database:
        return Database(self._file, _SCHEMA)

    def add(self, reads: Mapping[Key, int], batch: int | None = None, *, writer: str = "") -> Mapping[Key, str]:
        """Add reads, as `Views.add` does."""
        ordered = sorted(reads.items())
        newest = max((day for _, day in reads), default=date.min)
        refused = {key: "its id is no UTF-8" for key, _ in ordered if not _is_storable(key[0])}

        def write(rows: sqlite3.Connection) -> Mapping[Key, str]:
            with rows:
                rows.execute("BEGIN IMMEDIATE" if reads else "BEGIN")
                if reads and batch is not None and not self._is_new(rows, writer or self.writer, batch, newest):
                    return {}
                for key, count in ordered:
                    if key not in refused:
                        self._add(rows, key, count)
                self._tidy(rows, newest if reads and batch is not None else None)
            return refused

        return self._done(write)

    def total(self, article_id: str) -> int:
        """All reads of an article. Raises UnavailableError."""
        return self.totals([article_id])[article_id]

    def totals(self, article_ids: Collection[str]) -> Mapping[str, int]:
        """All reads of each of the articles, 0 for those never read. Raises UnavailableError."""
        wanted, found = [one for one in article_ids if _is_storable(one)], Counter[str]()
        for start in range(0, len(wanted), _TOGETHER):
            some = wanted[start : start + _TOGETHER]
            found += self._sums(f"WHERE article IN ({', '.join('?' * len(some))})", some)
        return {**dict.fromkeys(article_ids, 0), **found}

    def since(self, day: date | None) -> Mapping[str, int]:
        """Article id -> its reads from a UTC day on, or ever; only articles with any. Raises UnavailableError."""
        return self._sums("WHERE day >= ?", [day.isoformat()]) if day else self._sums("", [])

    def close(self) -> None:
        if "_data" in self.__dict__:
            self._data.close()

    def _sums(self, where: str, values: Collection[str]) -> Counter[str]:
        found = self._done(lambda rows: rows.execute(f"SELECT * FROM {READS} {where}", [*values]).fetchall())
        sums, is_sound = sums_of(found, self._data.seals[READS])
        if not is_sound:
            self._data.doubt("counts fail their checksum")
        return sums

    def _row(self, rows: sqlite3.Connection, table: str, where: str, values: Row) -> Row | None:
        row = rows.execute(f"SELECT * FROM {table} WHERE {where}", values).fetchone()
        sound = self._data.seals[table].open(row) if row else None
        if row and not sound:
            self._data.doubt("counts fail their checksum")
        return sound

    def _add(self, rows: sqlite3.Connection, key: Key, count: int) -> None:
        article, day = key[0], key[1].isoformat()
        known = self._row(rows, READS, "article = ? AND day = ?", (article, day))
        total = min(count + (known[2] if known else 0), _MOST)
        rows.execute(f"INSERT OR REPLACE INTO {READS} VALUES (?, ?, ?, ?)", self._data.seals[READS].seal(article, day, total))

    def _is_new(self, rows: sqlite3.Connection, writer: str, batch: int, day: date) -> bool:
        known = self._row(rows, _WRITERS, "writer = ?", (writer,))
        if known and known[1] >= batch:
            return False
        row = self._data.seals[_WRITERS].seal(writer, batch, day.isoformat())
        rows.execute(f"INSERT OR REPLACE INTO {_WRITERS} VALUES (?, ?, ?, ?)", row)
        return True

    def _tidy(self, rows: sqlite3.Connection, day: date | None) -> None:
        """Once a day."""
        if day and day != self._tidied:
            rows.execute(f"DELETE FROM {_WRITERS} WHERE day < ?", ((day - _FORGOTTEN).isoformat(),))
            self._tidied = day

    def _done(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Do some work on the tables; a damaged file, and one that is gone, is replaced first, or when it shows then.

        Raises UnavailableError, with nothing done.
        """
        try:
            self._data.heal(nullcontext())
            try:
                return work(self._data.rows)
            except sqlite3.DatabaseError as error:
                self._data.doubt(error)
                if not self._data.heal(nullcontext()):
                    raise
                return work(self._data.rows)
        except (sqlite3.Error, OSError) as error:
            raise unavailable(str(self._file), error) from None
        except UnavailableError:
            raise
        except FeedsvcError as error:
            raise UnavailableError(str(error)) from None


def sums_of(rows: Iterable[Row], seal: Seal) -> tuple[Counter[str], bool]:
    """Article id -> reads, and whether all rows are sound. A row counts once, even where a damaged file shows it twice."""
    each, is_sound = dict[tuple[str, str], int](), True
    for row in rows:
        if values := seal.open(row):
            each[values[0], values[1]] = values[2]
        else:
            is_sound = False
    sums = Counter[str]()
    for (article, _), count in each.items():
        sums[article] += count
    return sums, is_sound


def reads_in(rows: sqlite3.Connection, file: Path, day: date | None) -> Mapping[str, int] | None:
    """Article id -> its reads, in a file that this or the version before made; None if it has neither's table."""
    sums, seal = Counter[str](), Seal(read_identity(file.parent), file.name, READS)
    tables = [table for table in (READS, _FORMER) if exists(rows, table)]
    where, values = ("WHERE day >= ?", (day.isoformat(),)) if day else ("", ())
    for table in tables:
        found = rows.execute(f"SELECT * FROM {table} {where}", values)
        sums += sums_of(found if table == READS else _sealed(found, seal), seal)[0]
    return sums if tables else None


def _sealed(rows: Iterable[Row], seal: Seal) -> Iterator[Row]:
    for row in rows:
        try:
            yield from (seal.seal(*values) for _, values in former_reads(row))
        except (TypeError, ValueError):
            continue


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
