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
from typing import Any, Final
from zlib import crc32

from feedsvc.support.digest import blake2b

RowValues = tuple[Any, ...]
_SchemaObject = tuple[str, str, str, str]  # of sqlite_master: type, name, table, SQL

_MAX_DIRECT_SIZE: Final = 64  # bytes of a value that the checksum covers directly; of a longer one it covers length and CRC-32


class RowChecksummer:
    """Maker and verifier of the checksums of one table's rows. The checksum is the last value of a row.

    `identity` is the number of the state folder (`read_identity`), 0 for tables in memory; `file` and `table` are names. Rows
    that were written with another identity or name count as damaged.
    """

    def __init__(self, identity: int, file: str, table: str) -> None:
        self._key = blake2b(repr((identity, file, table)))

    def add_checksum(self, *values: Any) -> RowValues:
        """Return the values with their checksum. Numbers of a REAL column must be floats, because SQLite returns floats."""
        return (*values, self._checksum(values))

    def verify(self, row: RowValues) -> RowValues | None:
        """Return the values of a row without its checksum; None if the checksum is wrong."""
        values = row[:-1]
        return values if row[-1] == self._checksum(values) else None

    def _checksum(self, values: RowValues) -> int:
        items = [
            (len(item), crc32(item)) if isinstance(item, bytes) and len(item) > _MAX_DIRECT_SIZE else item for item in values
        ]
        data = repr(items).encode("utf-8", "backslashreplace")
        return int.from_bytes(blake2b(data, size=8, key=self._key), "big") >> 1


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

    `order_by` is the order in which its rows are read. `convert` turns one of its rows into rows of this version: pairs of a
    table's name and values without checksum. It raises TypeError, ValueError or OverflowError for a row that cannot be
    converted.

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

    def is_complete(self, connection: sqlite3.Connection) -> bool:
        """Return whether the connection's file has the tables of this version and nothing else."""
        return _schema_objects(connection) == _created_objects(tuple(table.sql for table in self.tables))


class DamageError(Exception):
    """Raised for a file with wrong or missing tables, indexes, views or triggers, damaged rows or another folder's identity."""


def create_missing_tables(connection: sqlite3.Connection, schema: Schema) -> bool:
    """Drop obsolete tables and create missing ones; return whether tables of the previous version exist, which `migrate` moves.

    Call it in a transaction. Raises DamageError if the file has a table or index of neither version, only some of this version's
    tables, not all tables that both versions share (those with `is_sound`), or pages but no tables.
    """
    for name in schema.obsolete_tables:
        connection.execute(f"DROP TABLE IF EXISTS {name}")
    expected = _created_objects(tuple(table.sql for table in schema.tables))
    shared = _created_objects(tuple(table.sql for table in schema.tables if table.is_sound))
    former = _created_objects(tuple(sql for table in schema.former_tables for sql in (table.sql, *table.index_statements)))
    existing = _schema_objects(connection)
    if not existing and connection.execute("PRAGMA page_count").fetchone()[0] > 1:
        raise DamageError("its tables are missing")
    is_partial = bool((existing & expected) - shared) and not expected <= existing
    if existing - expected - former or is_partial or (existing and not shared <= existing):
        raise DamageError("its tables are not those of this program")
    for table in schema.tables:
        if not any(name == table.name for _, name, _, _ in existing):
            connection.execute(table.sql)
    return bool(existing & former)


@lru_cache(maxsize=32)
def _created_objects(statements: tuple[str, ...]) -> frozenset[_SchemaObject]:
    """Return the objects that these SQL statements create in an empty file."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements:
            connection.execute(statement)
        return _schema_objects(connection)


def _schema_objects(connection: sqlite3.Connection) -> frozenset[_SchemaObject]:
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    return frozenset((str(kind), str(name), str(table), " ".join(str(sql or "").split())) for kind, name, table, sql in rows)


def migrate(connection: sqlite3.Connection, schema: Schema, checksummers: Mapping[str, RowChecksummer]) -> None:
    """Move the rows of the previous version's tables into this version's tables, and drop the previous version's tables.

    Tables that both versions share, whose rows `is_sound` verifies, stay. `checksummers` are by name of this version's tables.
    Call it in a transaction. Raises sqlite3.Error, and DamageError if a row cannot be converted.
    """
    names = {name for _, name, _, _ in _schema_objects(connection)}
    tables = {table.name: table for table in schema.tables}
    for former in (table for table in schema.former_tables if table.name in names):
        for name in former.tables_to_clear:
            connection.execute(f"DELETE FROM {name}")
        for row in connection.execute(f"SELECT * FROM {former.name} ORDER BY {former.order_by}"):
            converted_rows = _convert(former, row)
            if converted_rows is None:
                raise DamageError("rows of the previous version are damaged")
            for table, values in converted_rows:
                checksummer = checksummers[table]
                present = _existing_values(connection, tables[table], checksummer, values) if former.merge else None
                new_row = checksummer.add_checksum(*(former.merge(present, values) if former.merge and present else values))
                connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({_placeholders(len(new_row))})", new_row)
        if former.name not in schema.self_verifying_tables:
            connection.execute(f"DROP TABLE {former.name}")


def _existing_values(
    connection: sqlite3.Connection, table: Table, checksummer: RowChecksummer, values: RowValues
) -> RowValues | None:
    """Return the values of the table's row with the same key as `values`; None if there is none or its checksum is wrong."""
    key = table.order_by.split(", ")
    condition = " AND ".join(f"{column} = ?" for column in key)
    row = connection.execute(f"SELECT * FROM {table.name} WHERE {condition}", values[: len(key)]).fetchone()
    return checksummer.verify(row) if row else None


def _convert(former: FormerTable, row: RowValues) -> list[tuple[str, RowValues]] | None:
    """Return the result of `FormerTable.convert`; None if the row cannot be converted."""
    try:
        return [*former.convert(row)]
    except (TypeError, ValueError, OverflowError):
        return None


def salvage(
    source: sqlite3.Connection, target: sqlite3.Connection, schema: Schema, checksummers: Mapping[str, RowChecksummer]
) -> int:
    """Copy the readable and valid rows of a damaged file `source` to `target`; return the number of rows inserted.

    Rows of tables without `is_salvaged` are left out; rows of the previous version's tables are converted. `checksummers` are
    by name of this version's table. Of rows with the same key, the first is copied: one of this version's table, if any.
    Raises sqlite3.Error for errors of `target` only.
    """
    count = 0
    for table in schema.tables:
        checksummer = checksummers[table.name]
        for row in _scan(source, table.name, table.order_by) if table.is_salvaged else ():
            if table.is_sound(row) if table.is_sound else checksummer.verify(row) is not None:
                count += _insert_if_absent(target, table.name, row)
    for former in schema.former_tables if any(table.is_salvaged and not table.is_sound for table in schema.tables) else ():
        for row in _scan(source, former.name, former.order_by):
            for name, values in _convert(former, row) or ():
                count += _insert_if_absent(target, name, checksummers[name].add_checksum(*values))
    return count


def _insert_if_absent(connection: sqlite3.Connection, table: str, row: RowValues) -> int:
    """Insert a row unless the table has one with its key; return the number of inserted rows."""
    return connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({_placeholders(len(row))})", row).rowcount


def table_exists(connection: sqlite3.Connection, table: str) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone() is not None


def _scan(connection: sqlite3.Connection, table: str, order_by: str) -> Iterator[RowValues]:
    """Yield the rows of a table, in order.

    In a damaged table, yield rows from its beginning up to the damage, then from its end back to the damage: some may come
    twice. Rows between two damaged places are lost.
    """
    for direction in ("ASC", "DESC"):
        order = ", ".join(f"{column} {direction}" for column in order_by.split(", "))
        try:
            yield from connection.execute(f"SELECT * FROM {table} ORDER BY {order}")
        except sqlite3.DatabaseError:
            continue
        return


def _placeholders(count: int) -> str:
    return ", ".join("?" * count)
