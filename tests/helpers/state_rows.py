"""Rewritten rows of the SQLite files of a state folder, with valid checksums: what a bug in feedsvc could write."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from feedsvc.support.state_file import add_checksum

Row = tuple[Any, ...]


def rewrite_rows(file: Path, table: str, change: Callable[[Row], Row], *, update_checksums: bool = True) -> int:
    """Change every row of a table and return the number of rows.

    `change` takes and returns the values of a row without the checksum. Without `update_checksums` the former checksum stays.
    """
    with closing(sqlite3.connect(file)) as database, database:
        rows = database.execute(f"SELECT * FROM {table}").fetchall()
        database.execute(f"DELETE FROM {table}")
        for row in rows:
            values = change(row[:-1])
            placeholders = ", ".join("?" * len(row))
            database.execute(
                f"INSERT INTO {table} VALUES ({placeholders})",
                add_checksum(*values) if update_checksums else (*values, row[-1]),
            )
    return len(rows)
