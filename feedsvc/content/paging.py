"""Records in SQLite: in pages, as they were written together, and single ones beside them.

A later page counts before an earlier one, and a single record before all pages. Each is of a version of the program: of
another's, the articles alone count.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from itertools import islice
from typing import Final

from feedsvc.content.packing import LARGEST, former, former_one, packed, packed_one, unpacked, unpacked_one
from feedsvc.content.record import Record, Shared

TABLES: Final = """
CREATE TABLE IF NOT EXISTS page (id INTEGER PRIMARY KEY, version TEXT NOT NULL, size INTEGER NOT NULL, records BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS record (path TEXT PRIMARY KEY, version TEXT NOT NULL, record BLOB NOT NULL) WITHOUT ROWID;
"""
_MANY: Final = 64  # records; fewer are written one by one
_ROOM: Final = 1000  # records that may be past before all are written anew
_PUT: Final = "INSERT OR REPLACE INTO record VALUES (?, ?, ?)"
_GONE: Final = b""  # in place of a record
_SIZES: Final = "SELECT coalesce(sum(size), 0), coalesce(max(version != ?), 0), (SELECT count(*) FROM record) FROM page"


class Pages:
    """Of whatever connection each method is given; all raise sqlite3.Error."""

    def __init__(self, version: str) -> None:
        """`version` names the reading whose records these are."""
        self._version = version

    def found(self, rows: sqlite3.Connection) -> tuple[dict[str, Record], bool]:
        """Every path's record, and whether all are of this version."""
        share, found, versions = Shared(), dict[str, Record](), set[str]()
        # One by one: together they would take as much room again as what is made of them.
        for version, data in rows.execute("SELECT version, records FROM page ORDER BY id"):
            versions.add(version)
            if version == self._version:
                found |= unpacked(data, share)
            else:
                _lay(found, former(data, share))
        for path, version, data in rows.execute("SELECT path, version, record FROM record"):
            if data == _GONE:  # which every version says alike
                found.pop(path, None)
                continue
            versions.add(version)
            record = (unpacked_one if version == self._version else former_one)(data)
            _lay(found, {path: share.record(record) if record else None})
        return found, versions <= {self._version}

    def renew(self, rows: sqlite3.Connection, records: Mapping[str, Record]) -> None:
        """Nothing but these."""
        rows.execute("DELETE FROM page")
        rows.execute("DELETE FROM record")
        self._put_all(rows, records)

    def is_due(self, rows: sqlite3.Connection, count: int) -> bool:
        """Whether a third of all is past, or an eighth lies alone, where `count` are kept; or some are of another version."""
        kept, is_mixed, single = rows.execute(_SIZES, (self._version,)).fetchone()
        return bool(is_mixed) or kept + single > 1.5 * count + _ROOM or single > count / 8 + _ROOM

    def put(self, rows: sqlite3.Connection, changed: Mapping[str, Record | None]) -> None:
        """A path's None means gone."""
        # In the order of the table: what comes next lies beside what came last.
        come = {path: record for path in sorted(changed) if (record := changed[path])}
        gone = [(path, self._version, _GONE) for path, record in changed.items() if not record]
        if len(come) < _MANY:
            rows.executemany(_PUT, [(path, self._version, packed_one(record)) for path, record in come.items()])
        else:
            self._put_all(rows, come)
        rows.executemany(_PUT, gone)

    def _put_all(self, rows: sqlite3.Connection, records: Mapping[str, Record]) -> None:
        """Piece by piece: all bytes at once would be a third of what a large newsroom takes."""
        rest = iter(records.items())
        while some := dict(islice(rest, LARGEST)):
            self.put_page(rows, some, packed(some))

    def put_page(self, rows: sqlite3.Connection, paths: Collection[str], as_bytes: bytes) -> None:
        """`as_bytes` are the records of these paths `packed`."""
        if rows.execute("SELECT 1 FROM record LIMIT 1").fetchone():
            rows.executemany("DELETE FROM record WHERE path = ?", [(path,) for path in paths])
        rows.execute("INSERT INTO page (version, size, records) VALUES (?, ?, ?)", (self._version, len(paths), as_bytes))


def _lay(found: dict[str, Record], upon: Mapping[str, Record | None]) -> None:
    """What is later counts before what was found, and be it that there is nothing."""
    for path, record in upon.items():
        if record:
            found[path] = record
        else:
            found.pop(path, None)
