"""Rows of the state folder's SQLite files, changed with checksums that fit: what a fault of the program could write."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from feedsvc.support.checksummed_tables import RowChecksummer
from feedsvc.support.state_folder import read_identity

Row = tuple[Any, ...]


def rewrite_rows(file: Path, table: str, change: Callable[[Row], Row], *, sealed: bool = True) -> int:
    """Change every row of a table, whose values without the checksum `change` is given; return how many there are."""
    seal = RowChecksummer(read_identity(file.parent), file.name, table)
    with closing(sqlite3.connect(file)) as rows, rows:
        found = rows.execute(f"SELECT * FROM {table}").fetchall()
        rows.execute(f"DELETE FROM {table}")
        for row in found:
            values = change(row[:-1])
            marks = ", ".join("?" * len(row))
            rows.execute(f"INSERT INTO {table} VALUES ({marks})", seal.add_checksum(*values) if sealed else (*values, row[-1]))
    return len(found)
