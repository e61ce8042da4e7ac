"""SQLite tables whose rows carry checksums, and the migration of tables of the previous version.

SQLite checks neither the types nor the bytes that it reads. So every row is verified when it is read. Its checksum covers all its
values with their types, the file's name, the table's name and the identity of the state folder.
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

RowValues = tuple[Any, ...]
_SchemaObject = tuple[str, str, str, str]  # of sqlite_master: type, name, table, SQL

_MAX_DIRECT_SIZE: Final = 64  # bytes of a value that the checksum covers directly; of a longer one it covers length and CRC-32


class RowChecksummer:
    """Add and verify the checksums of one table's rows. The checksum is the last value of a row.

    `identity` is that of the state folder (see `state_folder`), `file` and `table` are names.
    """

    def __init__(self, identity: int, file: str, table: str) -> None:
        self._key = blake2b(repr((identity, file, table)).encode(), digest_size=16).digest()

    def add_checksum(self, *values: Any) -> RowValues:
        """Return the values with their checksum. Numbers of a REAL column must be floats, because SQLite returns floats."""
        return (*values, self._checksum(values))

    def verify(self, row: RowValues) -> RowValues | None:
        """Return the values of a row without its checksum; None if the checksum is wrong."""
        values = row[:-1]
        return values if row[-1] == self._checksum(values) else None

    def _checksum(self, values: RowValues) -> int:
        short = [(len(one), crc32(one)) if isinstance(one, bytes) and len(one) > _MAX_DIRECT_SIZE else one for one in values]
        data = repr(short).encode("utf-8", "backslashreplace")
        return int.from_bytes(blake2b(data, digest_size=8, key=self._key).digest(), "big") >> 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Table of a schema. `sql` creates it. `order_by` names its key columns, which come first in a row.

    A table with `is_sound` has no checksums: `is_sound` returns True for a valid row. With `is_salvaged`, valid rows are copied
    from a damaged file to the new one, in the order of `order_by`.
    """

    name: str
    sql: str
    order_by: str
    is_sound: Callable[[RowValues], bool] | None = None
    is_salvaged: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class FormerTable:
    """Table of the previous version. `sql` and `index_statements` must be exactly the statements that created it.

    `convert` turns one of its rows into rows of this version: pairs of a table's name and values without checksum. It raises
    TypeError, ValueError or OverflowError for a row that cannot be converted.

    A file has tables of both versions if the previous version was used again after an update. Then the rows of the former table
    are newer: they replace rows with the same key in the present one, unless `merge` combines both (values of the present row,
    values of the converted row). The present tables in `tables_to_clear` are emptied first.
    """

    name: str
    sql: str
    order_by: str
    convert: Callable[[RowValues], Iterable[tuple[str, RowValues]]]
    index_statements: tuple[str, ...] = ()
    merge: Callable[[RowValues, RowValues], RowValues] | None = None
    tables_to_clear: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """Tables of one file. `description` and `loss_description` are parts of the log message about a damaged file.

    `obsolete_tables` are names of tables that are dropped with their content. `is_large` is for many rows of 1 kB or more.
    """

    tables: tuple[Table, ...]
    description: str
    loss_description: str
    former_tables: tuple[FormerTable, ...] = ()
    obsolete_tables: tuple[str, ...] = ()
    is_large: bool = False

    @property
    def self_verifying_tables(self) -> frozenset[str]:
        """Names of the tables whose rows are verified by `is_sound`; the previous version has them, too."""
        return frozenset(table.name for table in self.tables if table.is_sound)

    def only_self_verifying(self) -> Schema:
        """Return the schema with only the tables whose rows are verified by `is_sound`."""
        return replace(self, tables=tuple(table for table in self.tables if table.is_sound), former_tables=())

    def is_complete(self, rows: sqlite3.Connection) -> bool:
        """Return whether a file has the tables of this version and nothing else."""
        return _schema_objects(rows) == _created_objects(tuple(table.sql for table in self.tables))


class DamageError(Exception):
    """Raised for a file with wrong or missing tables, indexes, views or triggers, damaged rows or another folder's identity."""


def create_missing_tables(rows: sqlite3.Connection, schema: Schema) -> bool:
    """Create missing tables; return whether there are tables of the previous version, so that `migrate` is needed.

    Call it in a transaction. Raises DamageError if the file has a table or index of neither version, only some of this version's
    tables, not all tables that both versions share (those with `is_sound`), or pages but no tables.
    """
    for name in schema.obsolete_tables:
        rows.execute(f"DROP TABLE IF EXISTS {name}")
    own = _created_objects(tuple(table.sql for table in schema.tables))
    shared = _created_objects(tuple(table.sql for table in schema.tables if table.is_sound))
    former = _created_objects(tuple(sql for table in schema.former_tables for sql in (table.sql, *table.index_statements)))
    found = _schema_objects(rows)
    if not found and rows.execute("PRAGMA page_count").fetchone()[0] > 1:
        raise DamageError("its tables are gone")
    if found - own - former or ((found & own) - shared and not own <= found) or (found and not shared <= found):
        raise DamageError("its tables are not those that were made")
    for table in schema.tables:
        if not any(name == table.name for _, name, _, _ in found):
            rows.execute(table.sql)
    return bool(found & former)


@lru_cache(maxsize=32)
def _created_objects(statements: tuple[str, ...]) -> frozenset[_SchemaObject]:
    with closing(sqlite3.connect(":memory:")) as rows:
        for statement in statements:
            rows.execute(statement)
        return _schema_objects(rows)


def _schema_objects(rows: sqlite3.Connection) -> frozenset[_SchemaObject]:
    found = rows.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    return frozenset((str(kind), str(name), str(table), " ".join(str(sql or "").split())) for kind, name, table, sql in found)


def migrate(rows: sqlite3.Connection, schema: Schema, seals: Mapping[str, RowChecksummer]) -> None:
    """Move the rows of the previous version's tables into this version's tables, whose checksummers are in `seals` by table name.

    Call it in a transaction. Raises sqlite3.Error, and DamageError if a row cannot be converted.
    """
    names = {name for _, name, _, _ in _schema_objects(rows)}
    tables = {table.name: table for table in schema.tables}
    for former in (one for one in schema.former_tables if one.name in names):
        for name in former.tables_to_clear:
            rows.execute(f"DELETE FROM {name}")
        for row in rows.execute(f"SELECT * FROM {former.name} ORDER BY {former.order_by}"):
            converted = _convert(former, row)
            if converted is None:
                raise DamageError("rows of the version before are damaged")
            for table, values in converted:
                known = _existing_values(rows, tables[table], seals[table], values) if former.merge else None
                sealed = seals[table].add_checksum(*(former.merge(known, values) if former.merge and known else values))
                rows.execute(f"INSERT OR REPLACE INTO {table} VALUES ({_placeholders(len(sealed))})", sealed)
        if former.name not in schema.self_verifying_tables:
            rows.execute(f"DROP TABLE {former.name}")


def _existing_values(rows: sqlite3.Connection, table: Table, seal: RowChecksummer, values: RowValues) -> RowValues | None:
    """Return the values of the table's row with the same key as `values`; None if there is none or its checksum is wrong."""
    key = table.order_by.split(", ")
    where = " AND ".join(f"{column} = ?" for column in key)
    row = rows.execute(f"SELECT * FROM {table.name} WHERE {where}", values[: len(key)]).fetchone()
    return seal.verify(row) if row else None


def _convert(former: FormerTable, row: RowValues) -> list[tuple[str, RowValues]] | None:
    try:
        return [*former.convert(row)]
    except (TypeError, ValueError, OverflowError):
        return None


def _insert_rows(
    into: sqlite3.Connection, seals: Mapping[str, RowChecksummer], converted: Iterable[tuple[str, RowValues]]
) -> int:
    count = 0
    for table, values in converted:
        row = seals[table].add_checksum(*values)
        count += into.execute(f"INSERT OR IGNORE INTO {table} VALUES ({_placeholders(len(row))})", row).rowcount
    return count


def salvage(source: sqlite3.Connection, into: sqlite3.Connection, schema: Schema, seals: Mapping[str, RowChecksummer]) -> int:
    """Copy the readable and valid rows of a damaged file `source` to `into`; return their number.

    `seals` has the checksummers by table name. Of rows with the same key, the first is copied. Raises sqlite3.Error for errors of
    `into` only.
    """
    count = 0
    for table in schema.tables:
        seal = seals[table.name]
        for row in _scan(source, table.name, table.order_by) if table.is_salvaged else ():
            if table.is_sound(row) if table.is_sound else seal.verify(row) is not None:
                count += into.execute(f"INSERT OR IGNORE INTO {table.name} VALUES ({_placeholders(len(row))})", row).rowcount
    for former in schema.former_tables if any(table.is_salvaged and not table.is_sound for table in schema.tables) else ():
        for row in _scan(source, former.name, former.order_by):
            count += _insert_rows(into, seals, _convert(former, row) or ())
    return count


def table_exists(rows: sqlite3.Connection, table: str) -> bool:
    return rows.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone() is not None


def _scan(rows: sqlite3.Connection, table: str, order: str) -> Iterator[RowValues]:
    """Yield rows from the beginning of a table up to the damage, then from its end. Rows between damaged places are lost."""
    for direction in ("ASC", "DESC"):
        by = ", ".join(f"{column} {direction}" for column in order.split(", "))
        try:
            yield from rows.execute(f"SELECT * FROM {table} ORDER BY {by}")
        except sqlite3.DatabaseError:
            continue
        return


def _placeholders(width: int) -> str:
    return ", ".join("?" * width)
