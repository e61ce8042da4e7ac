"""Records in SQLite: in pages, as they were written together, and single ones beside them.

A later page counts before an earlier one, and a single record before all pages. Each is of a version of the program: of
another's, the articles alone count.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final
from zlib import crc32

from feedsvc.content.cache.codec import LARGEST, former, former_one, packed, packed_one, unpacked, unpacked_one
from feedsvc.content.cache.record import Record, Shared
from feedsvc.support.checksummed_tables import FormerTable, Row, Seal, Table

_PAGE: Final = "record_page"
_SINGLE: Final = "single_record"
# Damaged ones are not saved, nor those beside them: an article that was withdrawn since would come back with an older record.
TABLES: Final = (
    Table(
        name=_PAGE,
        sql=f"CREATE TABLE {_PAGE} (id INTEGER PRIMARY KEY, version TEXT NOT NULL, size INTEGER NOT NULL, records BLOB NOT NULL, "
        "checksum INTEGER NOT NULL)",
        order="id",
        saved=False,
    ),
    Table(
        name=_SINGLE,
        sql=f"CREATE TABLE {_SINGLE} (path TEXT PRIMARY KEY, version TEXT NOT NULL, record BLOB NOT NULL, "
        "checksum INTEGER NOT NULL) WITHOUT ROWID",
        order="path",
        saved=False,
    ),
)
_MANY: Final = 64  # records; fewer are written one by one
_ROOM: Final = 1000  # records that may be past before all are written anew
_PUT: Final = f"INSERT OR REPLACE INTO {_SINGLE} VALUES (?, ?, ?, ?)"
_GONE: Final = b""  # in place of a record
_SIZES: Final = f"SELECT total(size), coalesce(max(version != ?), 0), (SELECT count(*) FROM {_SINGLE}) FROM {_PAGE}"


def _former_page(row: Row) -> Iterable[tuple[str, Row]]:
    """Its four first bytes are the CRC-32 of the others."""
    number, version, size, records = row
    if not (type(number) is type(size) is int and isinstance(version, str) and isinstance(records, bytes)):
        raise TypeError(row)
    if int.from_bytes(records[:4], "little") != crc32(records[4:]):
        raise ValueError(number)
    yield _PAGE, (number, version, size, records[4:])


def _former_single(row: Row) -> Iterable[tuple[str, Row]]:
    path, version, record = row
    if not (isinstance(path, str) and isinstance(version, str) and isinstance(record, bytes)):
        raise TypeError(row)
    yield _SINGLE, (path, version, record)


FORMER: Final = (
    FormerTable(
        name="page",
        sql="CREATE TABLE page (id INTEGER PRIMARY KEY, version TEXT NOT NULL, size INTEGER NOT NULL, records BLOB NOT NULL)",
        order="id",
        convert=_former_page,
        cleared=(_PAGE, _SINGLE),
    ),
    FormerTable(
        name="record",
        sql="CREATE TABLE record (path TEXT PRIMARY KEY, version TEXT NOT NULL, record BLOB NOT NULL) WITHOUT ROWID",
        order="path",
        convert=_former_single,
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """`are_own`: all are of this version. `are_sound`: none was damaged."""

    records: dict[str, Record]
    are_own: bool
    are_sound: bool


class Pages:
    """Pages of records, by the connection and checksums that each method is given; all raise sqlite3.Error."""

    def __init__(self, version: str) -> None:
        """`version` names the reading whose records these are."""
        self._version = version

    def found(self, rows: sqlite3.Connection, seals: Mapping[str, Seal]) -> Found:
        """Every path's record."""
        share, found, versions, are_sound = Shared(), dict[str, Record](), set[str](), True
        # One by one: together they would take as much room again as what is made of them.
        for row in rows.execute(f"SELECT * FROM {_PAGE} ORDER BY id"):
            values = seals[_PAGE].open(row)
            if values is None:
                are_sound = False
                continue
            _, version, _, data = values
            versions.add(version)
            if version == self._version:
                found |= unpacked(data, share)
            else:
                _lay(found, former(data, share))
        for row in rows.execute(f"SELECT * FROM {_SINGLE}"):
            values = seals[_SINGLE].open(row)
            if values is None:
                are_sound = False
                continue
            path, version, data = values
            if data == _GONE:  # which every version says alike
                found.pop(path, None)
                continue
            versions.add(version)
            record = (unpacked_one if version == self._version else former_one)(data)
            _lay(found, {path: share.record(record) if record else None})
        return Found(records=found, are_own=versions <= {self._version}, are_sound=are_sound)

    def renew(self, rows: sqlite3.Connection, seals: Mapping[str, Seal], records: Mapping[str, Record]) -> None:
        """Nothing but these."""
        rows.execute(f"DELETE FROM {_PAGE}")
        rows.execute(f"DELETE FROM {_SINGLE}")
        self._put_all(rows, seals, records)

    def is_due(self, rows: sqlite3.Connection, count: int) -> bool:
        """Whether a third of all is past, or an eighth lies alone, where `count` are kept; or some are of another version."""
        kept, is_mixed, single = rows.execute(_SIZES, (self._version,)).fetchone()
        return bool(is_mixed) or kept + single > 1.5 * count + _ROOM or single > count / 8 + _ROOM

    def put(self, rows: sqlite3.Connection, seals: Mapping[str, Seal], changed: Mapping[str, Record | None]) -> None:
        """A path's None means gone."""
        # In the order of the table: what comes next lies beside what came last.
        come = {path: record for path in sorted(changed) if (record := changed[path])}
        seal = seals[_SINGLE].seal
        gone = [seal(path, self._version, _GONE) for path, record in changed.items() if not record]
        if len(come) < _MANY:
            rows.executemany(_PUT, [seal(path, self._version, packed_one(record)) for path, record in come.items()])
        else:
            self._put_all(rows, seals, come)
        rows.executemany(_PUT, gone)

    def _put_all(self, rows: sqlite3.Connection, seals: Mapping[str, Seal], records: Mapping[str, Record]) -> None:
        """Piece by piece: all bytes at once would be a third of what a large newsroom takes."""
        rest = iter(records.items())
        while some := dict(islice(rest, LARGEST)):
            self.put_page(rows, seals, some, packed(some))

    def put_page(self, rows: sqlite3.Connection, seals: Mapping[str, Seal], paths: Collection[str], as_bytes: bytes) -> None:
        """`as_bytes` are the records of these paths `packed`."""
        if rows.execute(f"SELECT 1 FROM {_SINGLE} LIMIT 1").fetchone():
            rows.executemany(f"DELETE FROM {_SINGLE} WHERE path = ?", [(path,) for path in paths])
        ((last,),) = rows.execute(f"SELECT coalesce(max(id), 0) FROM {_PAGE}").fetchall()
        row = seals[_PAGE].seal(last + 1, self._version, len(paths), as_bytes)
        rows.execute(f"INSERT INTO {_PAGE} VALUES (?, ?, ?, ?, ?)", row)


def _lay(found: dict[str, Record], upon: Mapping[str, Record | None]) -> None:
    """What is later counts before what was found, and be it that there is nothing."""
    for path, record in upon.items():
        if record:
            found[path] = record
        else:
            found.pop(path, None)
