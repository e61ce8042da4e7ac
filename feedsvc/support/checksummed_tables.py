"""Checksums of the rows of tokens.

SQLite checks neither the types nor the bytes that it reads. So every row is verified when it is read. Its checksum covers all its
values with their types.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final
from zlib import crc32

from feedsvc.support.digest import blake2b

RowValues = tuple[Any, ...]

_MAX_DIRECT_SIZE: Final = 64  # bytes of a value that the checksum covers directly; of a longer one it covers length and CRC-32


class RowChecksummer:
    """Maker and verifier of the checksums of one table's rows. The checksum is the last value of a row.

    `identity` is a number, `file` and `table` are names. Rows that were written with others count as damaged.
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


class DamageError(Exception):
    """Raised for a file with wrong or missing tables, indexes, views or triggers, damaged rows or another folder's identity."""


def table_exists(connection: sqlite3.Connection, table: str) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone() is not None
