"""SQLite files of the state folder. A file that cannot be used is renamed to NAME.damaged, and a new one takes its place.

Its rows can be made again from what is read and counted, so nothing is copied from a damaged file. A line in the log says what
happened, and the service goes on.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from feedsvc.support.file_lock import folder_lock
from feedsvc.support.sqlite_connection import (
    BUSY_TIMEOUT,
    DamageAwareConnection,
    configure_connection,
    is_damage,
    translate_errors,
    use_wal,
)
from feedsvc.support.state_folder import DAMAGED_SUFFIX, is_file, set_aside

# For rows of about a kilobyte: larger pages mean fewer pages a change, and a checkpoint every 64 MB fewer waits for the disk.
_SETTINGS: Final = ("PRAGMA page_size=16384", "PRAGMA wal_autocheckpoint=4000")
_SUFFIXES: Final = ("", "-wal", "-shm", "-journal")
_LOG: Final = logging.getLogger(__name__)


def row_checksum(*values: Any) -> int:
    """Return a checksum of a row's values with their types. Numbers of a REAL column must be floats, as SQLite returns them."""
    return crc32(repr(values).encode("utf-8", "backslashreplace"))


def add_checksum(*values: Any) -> tuple[Any, ...]:
    return (*values, row_checksum(*values))


def verify(row: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Return the values of a row without its checksum, the last value; None if the checksum is wrong."""
    return row[:-1] if row[-1] == row_checksum(*row[:-1]) else None


class StateFile:
    """SQLite file with the tables of `statements`. Not thread-safe: threads that share an object need a lock.

    `connection` is the open connection. After `report_damage`, the next `recover` replaces the file.
    """

    connection: sqlite3.Connection

    def __init__(self, file: Path | None, statements: Sequence[str], *, description: str) -> None:
        """Open the file, or create it and its folder; with None, the tables are in memory only.

        A file with other tables is renamed like a damaged one. `description` says in log messages what the file has. Raises
        FeedsvcError if the file or its folder cannot be used.
        """
        self._file, self._statements, self._description, self._damage = file, [*statements], description, ""
        self._inherited: list[sqlite3.Connection] = []
        self.open()

    def open(self) -> None:
        """Open the file again, or make it anew if it is missing or cannot be used. Raises FeedsvcError."""
        if self._file is None:
            self.connection = self._connect(":memory:")
            return
        with translate_errors(self._file), folder_lock(self._file.parent):
            self._open_or_replace(self._file)

    def open_in_fork(self) -> None:
        """Open the file again in a forked process. The inherited connection stays open: closing it would release file locks."""
        self._inherited.append(self.connection)
        self.open()

    @property
    def is_damaged(self) -> bool:
        """True from `report_damage` to the next successful `recover`."""
        return bool(self._damage)

    def report_damage(self, error: sqlite3.Error) -> None:
        """Record that the file is damaged, unless the disk, another process or the caller is the reason of the error."""
        if is_damage(error):
            self._damage = self._damage or str(error)

    def recover(self) -> bool:
        """Open a new file if damage was reported or if the file was renamed or deleted; return whether that was so.

        False for tables in memory. Raises FeedsvcError if the file or its folder cannot be used.
        """
        if self._file is None or (not self._damage and _inode(self._file) == self._inode):
            return False
        former = self.connection
        with translate_errors(self._file), folder_lock(self._file.parent):
            if self._damage and _inode(self._file) == self._inode:
                self._rename(self._file, f"is damaged ({self._damage})")
            self._open_or_replace(self._file)
        former.close()
        return True

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self.connection.close()

    def _open_or_replace(self, file: Path) -> None:
        """Open the file; rename it and create a new one if it cannot be used. Raises sqlite3.Error for all other reasons."""
        added = [Path(f"{file}{suffix}") for suffix in _SUFFIXES[1:]]  # SQLite opens no links in their place
        if is_file(file) is False or any(is_file(path) is False or path.is_symlink() for path in added):
            self._rename(file, "is no regular file")
        try:
            self.connection = self._connect(str(file))
        except sqlite3.DatabaseError as error:
            if hasattr(error, "sqlite_errorcode") and not is_damage(error):
                raise
            self._rename(file, f"cannot be used ({error})")
            self.connection = self._connect(str(file))
        self._inode, self._damage = _inode(file), ""

    def _connect(self, name: str) -> sqlite3.Connection:
        """Return a connection to a file with the tables, which are created in an empty one. Raises sqlite3.Error."""
        connection = sqlite3.connect(name, check_same_thread=False, timeout=BUSY_TIMEOUT, factory=DamageAwareConnection)
        try:
            configure_connection(connection)
            for statement in _SETTINGS:
                connection.execute(statement).close()
            use_wal(connection)
            if not self._has_tables(connection):
                with connection:  # waits for another process that writes
                    connection.execute("BEGIN IMMEDIATE")
                    for statement in () if self._has_tables(connection) else self._statements:
                        connection.execute(statement)
        except BaseException:
            connection.close()
            raise
        return connection

    def _has_tables(self, connection: sqlite3.Connection) -> bool:
        """Return True if the file has the tables, False if it is empty. Raises sqlite3.Error, also if it has any others."""
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
        if rows and [statement for (statement,) in rows] != self._statements:
            raise sqlite3.DatabaseError("its tables are damaged, or those of another version")
        return bool(rows)

    def _rename(self, file: Path, reason: str) -> None:
        """Rename the file and those that SQLite adds to it, in place of earlier renamed ones. Raises OSError."""
        damaged = Path(f"{file}{DAMAGED_SUFFIX}")
        for suffix in _SUFFIXES:
            set_aside(Path(f"{file}{suffix}"), Path(f"{damaged}{suffix}"))
        _LOG.warning(
            "feedsvc: %s %s and was renamed to %s; %s; the service goes on", file, reason, damaged.name, self._description
        )


def _inode(file: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_dev, status.st_ino
