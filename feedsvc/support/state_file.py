"""SQLite files of the state folder. A file that cannot be used is renamed to NAME.damaged, and a new one takes its place.

Its rows can be made again from what is read and counted, so nothing is copied from a damaged file. A line in the log says what
happened, and the service goes on.
"""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from feedsvc.errors import FeedsvcError
from feedsvc.support.file_lock import folder_lock
from feedsvc.support.state_folder import DAMAGED_SUFFIX, is_file, set_aside

_BUSY_TIMEOUT: Final = 10.0  # seconds to wait for another process that writes
# Errors of the disk or of another process are an OperationalError, those of a wrong call an InterfaceError; except these.
_FILE_ERRORS: Final = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS})
_DISK_ERRORS: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_DISK_ERRNOS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
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


class DamageAwareConnection(sqlite3.Connection):
    """Connection to a file that may be damaged.

    SQLite's messages may then quote the schema, whose bytes may not be UTF-8. `execute` and `executemany` raise
    sqlite3.DatabaseError for such an error.
    """

    def execute(self, *statement: Any) -> sqlite3.Cursor:
        with _translate_decode_errors():
            return super().execute(*statement)

    def executemany(self, *statement: Any) -> sqlite3.Cursor:
        with _translate_decode_errors():
            return super().executemany(*statement)


@contextmanager
def _translate_decode_errors() -> Iterator[None]:
    """Raise sqlite3.DatabaseError (SQLITE_CORRUPT) instead of an error whose message is not UTF-8."""
    try:
        yield
    except UnicodeDecodeError:
        error = sqlite3.DatabaseError("malformed database schema")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error from None


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
        with _translate_errors(self._file), folder_lock(self._file.parent):
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
        if _is_damage(error):
            self._damage = self._damage or str(error)

    def recover(self) -> bool:
        """Open a new file if damage was reported or if the file was renamed or deleted; return whether that was so.

        False for tables in memory. Raises FeedsvcError if the file or its folder cannot be used.
        """
        if self._file is None or (not self._damage and _inode(self._file) == self._inode):
            return False
        former = self.connection
        with _translate_errors(self._file), folder_lock(self._file.parent):
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
            if hasattr(error, "sqlite_errorcode") and not _is_damage(error):
                raise
            self._rename(file, f"cannot be used ({error})")
            self.connection = self._connect(str(file))
        self._inode, self._damage = _inode(file), ""

    def _connect(self, name: str) -> sqlite3.Connection:
        """Return a connection to a file with the tables, which are created in an empty one. Raises sqlite3.Error."""
        connection = sqlite3.connect(name, check_same_thread=False, timeout=_BUSY_TIMEOUT, factory=DamageAwareConnection)
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


def _is_damage(error: sqlite3.Error) -> bool:
    """Return True if an error means that the file is damaged; False if the disk, another process or the caller is the reason."""
    code = getattr(error, "sqlite_errorcode", None)
    is_external = isinstance(error, (sqlite3.OperationalError, sqlite3.InterfaceError))
    return code is not None and (not is_external or code in _FILE_ERRORS)


@contextmanager
def _translate_errors(file: Path) -> Iterator[None]:
    """Create the folder of `file` if it is missing, then run the `with` block.

    Raise FeedsvcError instead of an OSError or sqlite3.Error in either.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FeedsvcError(f"{file.parent} cannot be used ({error.strerror}); give another folder with --state") from None
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        # The low byte is the primary error code. A full disk is an I/O error if SQLite maps the file into memory.
        is_disk_error = getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK_ERRORS or getattr(error, "errno", 0) in _DISK_ERRNOS
        advice = "; see that its disk has room, or" if is_disk_error else ";"
        reason = getattr(error, "strerror", error)
        raise FeedsvcError(f"{file} cannot be used ({reason}){advice} give another folder with --state") from None


def configure_connection(connection: sqlite3.Connection) -> None:
    """Prepare a new connection for a file that may be damaged.

    Text that is not UTF-8 is decoded without an error; the checksum of its row is wrong then. Unsafe functions in the schema
    are forbidden, and sizes of cells are checked. Raises sqlite3.Error.
    """
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    connection.execute("PRAGMA trusted_schema=OFF").close()
    connection.execute("PRAGMA cell_size_check=ON").close()


def use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL mode: readers do not wait for writers. A power cut may lose the last second, SIGKILL loses nothing.

    SQLite does not call its busy handler if two processes switch a new file at once, so the switch is retried for 10 seconds.
    Raises sqlite3.Error.
    """
    end = time.monotonic() + _BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous=NORMAL").close()
