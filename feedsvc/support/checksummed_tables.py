"""Tables of SQLite whose rows bear checksums, and what was in the tables of versions before.

SQLite checks neither the types nor the bytes of what it reads. So every row is verified where it is read. Its checksum covers all
its values with their types, the file's name, the table's name and the identity of the state folder.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final
from zlib import crc32

Row = tuple[Any, ...]
_Object = tuple[str, str, str, str]  # of a schema: type, name, table, SQL

_SHORT: Final = 64  # bytes of a value that the checksum covers as they are; of a longer one it covers the CRC-32


class Seal:
    """Makes and verifies the checksums of one table's rows. A sealed row ends in its checksum."""

    def __init__(self, identity: int, file: str, table: str) -> None:
        self._key = blake2b(repr((identity, file, table)).encode(), digest_size=16).digest()

    def seal(self, *values: Any) -> Row:
        """Return the values with their checksum. Numbers of a REAL column must be floats: SQLite gives them back as such."""
        return (*values, self._sum(values))

    def open(self, row: Row) -> Row | None:
        """Return the values of a sealed row; None if they are not those that were sealed."""
        values = row[:-1]
        return values if row[-1] == self._sum(values) else None

    def _sum(self, values: Row) -> int:
        short = [(len(one), crc32(one)) if isinstance(one, bytes) and len(one) > _SHORT else one for one in values]
        data = repr(short).encode("utf-8", "backslashreplace")
        return int.from_bytes(blake2b(data, digest_size=8, key=self._key).digest(), "big") >> 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """`order` are the columns that rows are read by, to save them from a damaged file.

    `is_sound` verifies rows that bear no checksum. Of a table that is not `saved`, nothing is.
    """

    name: str
    sql: str
    order: str
    is_sound: Callable[[Row], bool] | None = None
    saved: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class FormerTable:
    """A table of the version before. `sql` must be exactly what made it, `more` what made its indexes.

    `convert` gives the rows, without checksums, that each of its rows becomes, each with the table it goes to. It raises
    TypeError, ValueError or OverflowError for a row that cannot be.

        Such a table is found beside those of this version if the version before was used meanwhile. Then its rows are newer, and
    replace those with the same key, if `merge` does not make one row of both. The tables in `cleared` are emptied first.
    """

    name: str
    sql: str
    order: str
    convert: Callable[[Row], Iterable[tuple[str, Row]]]
    more: tuple[str, ...] = ()
    merge: Callable[[Row, Row], Row] | None = None
    cleared: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """The tables of one file. `holds` and `loss` complete the sentence that is logged when the file is damaged.

    `obsolete` are names of tables that are dropped whatever they hold.
    """

    tables: tuple[Table, ...]
    holds: str
    loss: str
    former: tuple[FormerTable, ...] = ()
    obsolete: tuple[str, ...] = ()
    large: bool = False

    @property
    def shared(self) -> frozenset[str]:
        """The names of tables whose rows verify by themselves, which the version before had, too."""
        return frozenset(table.name for table in self.tables if table.is_sound)

    def only_shared(self) -> Schema:
        return replace(self, tables=tuple(table for table in self.tables if table.is_sound), former=())

    def is_complete(self, rows: sqlite3.Connection) -> bool:
        """Return whether a file has these tables and nothing else."""
        return _objects(rows) == _made_by(tuple(table.sql for table in self.tables))


class DamageError(Exception):
    """A file has other tables, indexes, views or triggers than it should."""


def prepare(rows: sqlite3.Connection, schema: Schema) -> bool:
    """Make the tables that are missing; return whether there are tables of the version before. To be called in a transaction.

    Raises DamageError if what is there was made by neither version.
    """
    for name in schema.obsolete:
        rows.execute(f"DROP TABLE IF EXISTS {name}")
    own = _made_by(tuple(table.sql for table in schema.tables))
    shared = _made_by(tuple(table.sql for table in schema.tables if table.is_sound))
    former = _made_by(tuple(sql for table in schema.former for sql in (table.sql, *table.more)))
    found = _objects(rows)
    if not found and rows.execute("PRAGMA page_count").fetchone()[0] > 1:
        raise DamageError("its tables are gone")
    if found - own - former or ((found & own) - shared and not own <= found) or (found and not shared <= found):
        raise DamageError("its tables are not those that were made")
    for table in schema.tables:
        if not any(name == table.name for _, name, _, _ in found):
            rows.execute(table.sql)
    return bool(found & former)


@lru_cache(maxsize=32)
def _made_by(statements: tuple[str, ...]) -> frozenset[_Object]:
    with closing(sqlite3.connect(":memory:")) as rows:
        for statement in statements:
            rows.execute(statement)
        return _objects(rows)


def _objects(rows: sqlite3.Connection) -> frozenset[_Object]:
    found = rows.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    return frozenset((str(kind), str(name), str(table), " ".join(str(sql or "").split())) for kind, name, table, sql in found)


def adopt(rows: sqlite3.Connection, schema: Schema, seals: Mapping[str, Seal]) -> None:
    """Move what tables of the version before hold into those of this one.

    Raises sqlite3.Error, and DamageError if a row is damaged.
    """
    names = {name for _, name, _, _ in _objects(rows)}
    tables = {table.name: table for table in schema.tables}
    for former in (one for one in schema.former if one.name in names):
        for name in former.cleared:
            rows.execute(f"DELETE FROM {name}")
        for row in rows.execute(f"SELECT * FROM {former.name} ORDER BY {former.order}"):
            converted = _converted(former, row)
            if converted is None:
                raise DamageError("rows of the version before are damaged")
            for table, values in converted:
                known = _known(rows, tables[table], seals[table], values) if former.merge else None
                sealed = seals[table].seal(*(former.merge(known, values) if former.merge and known else values))
                rows.execute(f"INSERT OR REPLACE INTO {table} VALUES ({_marks(len(sealed))})", sealed)
        if former.name not in schema.shared:
            rows.execute(f"DROP TABLE {former.name}")


def _known(rows: sqlite3.Connection, table: Table, seal: Seal, values: Row) -> Row | None:
    """The values of the sound row that has the key of these; the columns of a key come first."""
    key = table.order.split(", ")
    where = " AND ".join(f"{column} = ?" for column in key)
    row = rows.execute(f"SELECT * FROM {table.name} WHERE {where}", values[: len(key)]).fetchone()
    return seal.open(row) if row else None


def _converted(former: FormerTable, row: Row) -> list[tuple[str, Row]] | None:
    try:
        return [*former.convert(row)]
    except (TypeError, ValueError, OverflowError):
        return None


def _put(into: sqlite3.Connection, seals: Mapping[str, Seal], converted: Iterable[tuple[str, Row]]) -> int:
    count = 0
    for table, values in converted:
        row = seals[table].seal(*values)
        count += into.execute(f"INSERT OR IGNORE INTO {table} VALUES ({_marks(len(row))})", row).rowcount
    return count


def save(source: sqlite3.Connection, into: sqlite3.Connection, schema: Schema, seals: Mapping[str, Seal]) -> int:
    """Copy the rows of a damaged file that can be read and are sound; return how many. Raises sqlite3.Error for `into` alone."""
    count = 0
    for table in schema.tables:
        seal = seals[table.name]
        for row in _scan(source, table.name, table.order) if table.saved else ():
            if table.is_sound(row) if table.is_sound else seal.open(row) is not None:
                count += into.execute(f"INSERT OR IGNORE INTO {table.name} VALUES ({_marks(len(row))})", row).rowcount
    for former in schema.former if any(table.saved and not table.is_sound for table in schema.tables) else ():
        for row in _scan(source, former.name, former.order):
            count += _put(into, seals, _converted(former, row) or ())
    return count


def exists(rows: sqlite3.Connection, table: str) -> bool:
    return rows.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone() is not None


def _scan(rows: sqlite3.Connection, table: str, order: str) -> Iterator[Row]:
    """Read a table from its beginning up to where it is damaged, then from its end: what lies between is lost."""
    for direction in ("ASC", "DESC"):
        by = ", ".join(f"{column} {direction}" for column in order.split(", "))
        try:
            yield from rows.execute(f"SELECT * FROM {table} ORDER BY {by}")
        except sqlite3.DatabaseError:
            continue
        return


def _marks(width: int) -> str:
    return ", ".join("?" * width)
