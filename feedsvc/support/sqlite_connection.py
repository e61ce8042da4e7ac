"""Connections to SQLite files that may be damaged: their settings, and the errors that mean damage."""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from feedsvc.errors import FeedsvcError

BUSY_TIMEOUT: Final = 10.0  # seconds to wait for another process that writes
# Errors of the disk, of other processes or of the call. Every other error concerns the file.
_EXTERNAL_ERRORS: Final = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_MISUSE,
    }
)
_FILE_ERRORS: Final = frozenset({sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS})
_DISK_ERRNOS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


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


@contextmanager
def translate_errors(file: Path) -> Iterator[None]:
    """Create the folder of `file` if it is missing, then run the `with` block.

    Raise FeedsvcError instead of an OSError or sqlite3.Error in either.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FeedsvcError(f"{file.parent} cannot be used ({error.strerror}); give another folder with --state") from None
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the primary error code. A full disk is an I/O error if SQLite maps the file into memory.
        is_disk_error = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
        raise FeedsvcError(_unusable_message(file, str(error), is_disk_error=is_disk_error)) from None
    except OSError as error:
        message = _unusable_message(file, str(error.strerror), is_disk_error=error.errno in _DISK_ERRNOS)
        raise FeedsvcError(message) from None


def _unusable_message(file: Path, reason: str, *, is_disk_error: bool) -> str:
    advice = "; see that its disk has room, or" if is_disk_error else ";"
    return f"{file} cannot be used ({reason}){advice} give another folder with --state"


def is_damage(error: sqlite3.Error) -> bool:
    """Return True if an error means that the file is damaged; False if the disk, another process or the caller is the reason."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and (code in _FILE_ERRORS or code & 0xFF not in _EXTERNAL_ERRORS)


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
    end = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous=NORMAL").close()
