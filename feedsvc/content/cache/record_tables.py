"""Record tables in SQLite: pages (many records encoded in one row) and single records (one in a row).

A later page takes precedence over an earlier one, and a single record over all pages. Each row names the version of
feedsvc that wrote it. Of other versions' rows only last valid versions are used.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final
from zlib import crc32

from feedsvc import __version__
from feedsvc.content.cache.codec import (
    MAX_PAGE_SIZE,
    decode_former_page,
    decode_former_record,
    decode_page,
    decode_record,
    encode_page,
    encode_record,
)
from feedsvc.content.cache.record import Interner, Record
from feedsvc.content.cache.record_map import RecordMap
from feedsvc.support.checksummed_tables import FormerTable, RowChecksummer, RowValues, Table
from feedsvc.support.digest import blake2b

_PAGE_TABLE: Final = "record_page"
_SINGLE_TABLE: Final = "single_record"
# Not salvaged from a damaged file: an article that was withdrawn since would come back with an older record.
RECORD_TABLES: Final = (
    Table(
        name=_PAGE_TABLE,
        sql=f"CREATE TABLE {_PAGE_TABLE} (id INTEGER PRIMARY KEY, version TEXT NOT NULL, size INTEGER NOT NULL, "
        "records BLOB NOT NULL, checksum INTEGER NOT NULL)",
        order_by="id",
        is_salvaged=False,
    ),
    Table(
        name=_SINGLE_TABLE,
        sql=f"CREATE TABLE {_SINGLE_TABLE} (path TEXT PRIMARY KEY, version TEXT NOT NULL, record BLOB NOT NULL, "
        "checksum INTEGER NOT NULL) WITHOUT ROWID",
        order_by="path",
        is_salvaged=False,
    ),
)
_MIN_PAGE_SIZE: Final = 64  # records; fewer are written as single records
MAX_UNUSED_RECORDS: Final = 1000  # obsolete records, beside half as many as there are current ones
_INSERT_SINGLE: Final = f"INSERT OR REPLACE INTO {_SINGLE_TABLE} VALUES (?, ?, ?, ?)"
_DELETED_RECORD: Final = b""  # marks the record of a path as deleted
_SELECT_SIZES: Final = (
    f"SELECT total(size), coalesce(max(version != ?), 0), (SELECT count(*) FROM {_SINGLE_TABLE}) FROM {_PAGE_TABLE}"
)


def _convert_former_page(row: RowValues) -> Iterable[tuple[str, RowValues]]:
    """Yield the name of the present table and, in its form, the values of a row of the former table `page`, as one pair.

    Raises TypeError or ValueError if the row is damaged.
    Its `records` begin with the CRC-32 of the other bytes, little-endian, which is left out.
    """
    number, version, size, records = row
    if not (type(number) is type(size) is int and isinstance(version, str) and isinstance(records, bytes)):
        raise TypeError(row)
    if int.from_bytes(records[:4], "little") != crc32(records[4:]):
        raise ValueError(number)
    yield _PAGE_TABLE, (number, version, size, records[4:])


def _convert_former_single(row: RowValues) -> Iterable[tuple[str, RowValues]]:
    path, version, record = row
    if not (isinstance(path, str) and isinstance(version, str) and isinstance(record, bytes)):
        raise TypeError(row)
    yield _SINGLE_TABLE, (path, version, record)


FORMER_RECORD_TABLES: Final = (
    FormerTable(
        name="page",
        sql="CREATE TABLE page (id INTEGER PRIMARY KEY, version TEXT NOT NULL, size INTEGER NOT NULL, records BLOB NOT NULL)",
        order_by="id",
        convert=_convert_former_page,
        tables_to_clear=(_PAGE_TABLE, _SINGLE_TABLE),
    ),
    FormerTable(
        name="record",
        sql="CREATE TABLE record (path TEXT PRIMARY KEY, version TEXT NOT NULL, record BLOB NOT NULL) WITHOUT ROWID",
        order_by="path",
        convert=_convert_former_single,
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedRecords:
    """Records by path. `is_own_version` is true if this version wrote all of them, `is_intact` if all checksums were right."""

    records: RecordMap
    is_own_version: bool
    is_intact: bool


class RecordTables:
    """Access to the record tables with the connection and checksummers of the caller. All methods raise sqlite3.Error."""

    def __init__(self, version: str, *, max_unused: int = MAX_UNUSED_RECORDS) -> None:
        """Set the version of the parser for rows: `version`, or if that is "", a digest of the code of content/.

        Rows with another version count as another version's. `max_unused` is a number of records for `needs_rewrite`.
        """
        self._version, self._max_unused = version or _code_digest(), max_unused

    def load(self, connection: sqlite3.Connection, checksummers: Mapping[str, RowChecksummer]) -> LoadedRecords:
        """Return the records of all undamaged rows by path, without deleted ones.

        Of those of another version, only last valid versions remain.
        """
        interner, records, versions, is_intact = Interner(), RecordMap(), set[str](), True
        # One by one: all rows together would take as much memory again as the records.
        for row in connection.execute(f"SELECT * FROM {_PAGE_TABLE} ORDER BY id"):
            values = checksummers[_PAGE_TABLE].verify(row)
            if values is None:
                is_intact = False
                continue
            _, version, _, data = values
            versions.add(version)
            if version != self._version:
                _overlay(records, decode_former_page(data, interner))
            elif page := decode_page(data, interner):
                records.add_page(page)
        for row in connection.execute(f"SELECT * FROM {_SINGLE_TABLE}"):
            values = checksummers[_SINGLE_TABLE].verify(row)
            if values is None:
                is_intact = False
                continue
            path, version, data = values
            if data == _DELETED_RECORD:  # the same in every version
                _overlay(records, {path: None})
                continue
            versions.add(version)
            record = (decode_record if version == self._version else decode_former_record)(data)
            _overlay(records, {path: interner.intern_record(record) if record else None})
        return LoadedRecords(records=records, is_own_version=versions <= {self._version}, is_intact=is_intact)

    def rewrite(
        self, connection: sqlite3.Connection, checksummers: Mapping[str, RowChecksummer], records: Mapping[str, Record]
    ) -> None:
        """Replace the contents of both tables by these records."""
        connection.execute(f"DELETE FROM {_PAGE_TABLE}")
        connection.execute(f"DELETE FROM {_SINGLE_TABLE}")
        self._put_all(connection, checksummers, records)

    def needs_rewrite(self, connection: sqlite3.Connection, count: int) -> bool:
        """Return whether `rewrite` pays: a page is of another version, or too many stored records are obsolete or single.

        `count` is the number of current records. Too many are more than 1.5 * `count` + `max_unused` in both tables together,
        or more than `count` / 8 + `max_unused` single ones.
        """
        paged, is_mixed, single = connection.execute(_SELECT_SIZES, (self._version,)).fetchone()
        return bool(is_mixed) or paged + single > 1.5 * count + self._max_unused or single > count / 8 + self._max_unused

    def put(
        self,
        connection: sqlite3.Connection,
        checksummers: Mapping[str, RowChecksummer],
        changed: Mapping[str, Record | None],
    ) -> None:
        """Write changed records by path: fewer than 64 singly, else in pages. None marks the record of a path as deleted."""
        # In the order of the table, so that successive rows are on the same database pages.
        records = {path: record for path in sorted(changed) if (record := changed[path])}
        add_checksum = checksummers[_SINGLE_TABLE].add_checksum
        deletions = [add_checksum(path, self._version, _DELETED_RECORD) for path, record in changed.items() if not record]
        if len(records) < _MIN_PAGE_SIZE:
            rows = [add_checksum(path, self._version, encode_record(record)) for path, record in records.items()]
            connection.executemany(_INSERT_SINGLE, rows)
        else:
            self._put_all(connection, checksummers, records)
        connection.executemany(_INSERT_SINGLE, deletions)

    def _put_all(
        self, connection: sqlite3.Connection, checksummers: Mapping[str, RowChecksummer], records: Mapping[str, Record]
    ) -> None:
        """Write all records in pages of at most MAX_PAGE_SIZE, one after another.

        Encoding all of them at once would take a third of the memory of a large folder.
        """
        items = iter(records.items())
        while chunk := dict(islice(items, MAX_PAGE_SIZE)):
            self.put_page(connection, checksummers, chunk, encode_page(chunk))

    def put_page(
        self,
        connection: sqlite3.Connection,
        checksummers: Mapping[str, RowChecksummer],
        paths: Collection[str],
        page: bytes,
    ) -> None:
        """Write `page`, the result of `encode_page` for the records of these paths. It replaces earlier records of the paths.

        Single records of the paths are deleted. Records of the paths in earlier pages stay, without effect.
        """
        if connection.execute(f"SELECT 1 FROM {_SINGLE_TABLE} LIMIT 1").fetchone():
            connection.executemany(f"DELETE FROM {_SINGLE_TABLE} WHERE path = ?", [(path,) for path in paths])
        ((last_id,),) = connection.execute(f"SELECT coalesce(max(id), 0) FROM {_PAGE_TABLE}").fetchall()
        row = checksummers[_PAGE_TABLE].add_checksum(last_id + 1, self._version, len(paths), page)
        connection.execute(f"INSERT INTO {_PAGE_TABLE} VALUES (?, ?, ?, ?, ?)", row)


@cache  # it reads more than a hundred files, and a process opens a cache for each of its newsrooms
def _code_digest() -> str:
    """Return a hex digest of the version and the code of content/, since a working copy changes without a new version."""
    files = sorted(Path(__file__).parent.parent.rglob("*.py"))
    return blake2b(b"".join((__version__.encode(), *(file.read_bytes() for file in files))), size=8).hex()


def _overlay(records: RecordMap, later: Mapping[str, Record | None]) -> None:
    """Put the records of a later row into `records`, in place. None removes the record of the path."""
    for path, record in later.items():
        if record:
            records[path] = record
        elif path in records:
            del records[path]
