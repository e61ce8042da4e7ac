"""SQLite files of the state folder, shared by threads and processes: verified when read, replaced once damaged.

A damaged file is renamed to NAME.damaged. A new one takes its place, with the rows that are readable and whose checksums fit.
A line in the log says so, and the service continues.
"""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from feedsvc.errors import FeedsvcError
from feedsvc.support.checksummed_tables import DamageError, RowChecksummer, Schema, create_missing_tables, migrate, salvage
from feedsvc.support.state_folder import DAMAGED_SUFFIX, folder_lock, is_file, read_identity, resolve_identity, set_aside

_BUSY_TIMEOUT: Final = 10.0  # seconds to wait for another process that writes
# For many rows of a kilobyte or more. Pages larger than SQLite's 4 kB mean fewer pages per change. A checkpoint every 64 MB
# instead of every 4 MB means fewer waits for the disk.
_LARGE_PAGES: Final = "PRAGMA page_size=16384"
_LARGE_WAL: Final = "PRAGMA wal_autocheckpoint=4000"  # pages
_APPLICATION_ID: Final = 0x66656564  # PRAGMA application_id: in files with it, user_version is the identity of the state folder
_HEADER_SIZE: Final = 100  # bytes
_FORMAT_VERSIONS: Final = slice(18, 20)  # of the header: write and read version of the file format
_SUFFIXES: Final = ("", "-wal", "-shm", "-journal")
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
_DISK_ERRNOS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_FILE_ERRORS: Final = frozenset({sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS})

_LOG: Final = logging.getLogger(__name__)


class DamageAwareConnection(sqlite3.Connection):
    """Connection to a file that may be damaged. SQLite's messages then quote the schema, whose bytes may not be UTF-8."""

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


def is_damage(error: sqlite3.Error) -> bool:
    """Return True if an error means that the file is damaged; False if the disk, another process or the caller is the reason."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and (code in _FILE_ERRORS or code & 0xFF not in _EXTERNAL_ERRORS)


def use_wal(rows: sqlite3.Connection) -> None:
    """Switch to WAL mode: readers do not wait for writers. A power cut may lose the last second, SIGKILL loses nothing.

    SQLite does not call its busy handler if two processes switch a new file at once, so the switch is retried for 10 seconds.
    """
    end = time.monotonic() + _BUSY_TIMEOUT
    while True:
        try:
            rows.execute("PRAGMA journal_mode=WAL").close()
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
    rows.execute("PRAGMA synchronous=NORMAL").close()


class Database:
    """One file with the tables of a schema. `checksummers` maps names of tables to their checksummers.

    Not thread-safe: threads that share an object need a lock. After `report_damage`, the next `recover` replaces the file.
    """

    connection: sqlite3.Connection
    checksummers: Mapping[str, RowChecksummer]

    def __init__(self, file: Path | None, schema: Schema) -> None:
        """Open `file`; None keeps the tables in memory. Raises FeedsvcError if the file or its folder cannot be used."""
        self._file, self._schema, self._damage = file, schema, ""
        self._inherited_connections: list[sqlite3.Connection] = []
        self.open()

    def open(self) -> None:
        """Open the file, which another process may have replaced. Raises FeedsvcError if it or its folder cannot be used."""
        if self._file is None:
            self._set_connection(*self._connect(":memory:", None))
            return
        with _translate_errors(self._file), folder_lock(self._file.parent):
            self._set_connection(*self._connect_or_replace(self._file))

    def open_in_copy(self) -> None:
        """Open the file again in a forked process. The inherited connection stays open: closing it would release file locks."""
        self._inherited_connections.append(self.connection)
        self.open()

    def _set_connection(self, rows: sqlite3.Connection, seals: Mapping[str, RowChecksummer]) -> None:
        self.connection, self.checksummers = rows, seals
        self._inode, self._damage = _inode(self._file), ""
        weakref.finalize(self, rows.close)

    @property
    def has_reported_damage(self) -> bool:
        return bool(self._damage)

    def report_damage(self, reason: str | sqlite3.Error) -> None:
        """Record that the file is damaged. `reason` is a description, or an error, which is ignored unless `is_damage`."""
        if isinstance(reason, str) or is_damage(reason):
            self._damage = self._damage or str(reason)

    def recover(self, lock: AbstractContextManager[object]) -> bool:
        """Replace the file if damage was reported, or reopen it if another process replaced it; return whether either was done.

        `lock` is the lock of the threads that share this object. It is held while the connection is exchanged and while rows are
        copied from it. Raises FeedsvcError if the file or its folder cannot be used.
        """
        if self._file is None or (not self._damage and _inode(self._file) == self._inode):
            return False
        before, file = self.connection, self._file
        with _translate_errors(file), folder_lock(file.parent):
            if self._damage and _inode(file) == self._inode:
                made = self._replace_damaged(file, self._damage)
            else:
                made = self._connect_or_replace(file)
                self._copy_self_verifying_rows(before, *made, lock)
        with lock:
            self._set_connection(*made)
            before.close()
        return True

    def _copy_self_verifying_rows(
        self,
        before: sqlite3.Connection,
        rows: sqlite3.Connection,
        seals: Mapping[str, RowChecksummer],
        lock: AbstractContextManager[object],
    ) -> None:
        """Copy the rows that `is_sound` verifies from `before`. Its file was replaced, but is readable as long as it is open."""
        with lock, suppress(sqlite3.Error), rows:
            salvage(before, rows, self._schema.only_self_verifying(), seals)

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self.connection.close()

    def _connect_or_replace(self, file: Path) -> tuple[sqlite3.Connection, Mapping[str, RowChecksummer]]:
        reason = _damage_before_open(file)
        if not reason:
            try:
                return self._connect(str(file), file)
            except DamageError as error:
                reason = str(error)
            except sqlite3.Error as error:
                if not is_damage(error):
                    raise
                reason = str(error)
        return self._replace_damaged(file, reason)

    def _connect(self, name: str, file: Path | None) -> tuple[sqlite3.Connection, Mapping[str, RowChecksummer]]:
        """Open a connection. Raises sqlite3.Error, and DamageError if the file has other tables or is of another state folder."""
        rows = sqlite3.connect(name, check_same_thread=False, timeout=_BUSY_TIMEOUT, factory=DamageAwareConnection)
        try:
            configure_connection(rows)
            if self._schema.is_large:
                rows.execute(_LARGE_PAGES).close()  # of a new file; existing ones keep theirs
                rows.execute(_LARGE_WAL).close()
            use_wal(rows)
            seals = self._prepare_tables(rows, file)
        except BaseException:
            rows.close()
            raise
        return rows, seals

    def _prepare_tables(self, rows: sqlite3.Connection, file: Path | None) -> Mapping[str, RowChecksummer]:
        label = _read_label(rows)
        identity = _folder_identity(file.parent, label) if file else 0
        if label not in (0, identity):
            raise DamageError("it is of another state folder")
        seals = {table.name: RowChecksummer(identity, file.name if file else "", table.name) for table in self._schema.tables}
        if label and self._schema.is_complete(rows):
            return seals
        with rows:
            rows.execute("BEGIN IMMEDIATE")
            if create_missing_tables(rows, self._schema):
                migrate(rows, self._schema, seals)
            rows.execute(f"PRAGMA application_id={_APPLICATION_ID}")
            rows.execute(f"PRAGMA user_version={identity}")
        return seals

    def _replace_damaged(self, file: Path, reason: str) -> tuple[sqlite3.Connection, Mapping[str, RowChecksummer]]:
        """Rename a damaged file, create a new one, and copy the valid rows. Call it with the folder's lock held."""
        aside = _set_all_aside(file)
        rows, seals = self._connect(str(file), file)
        try:
            with rows:
                rows.execute("BEGIN IMMEDIATE")
                count = _salvage(aside, rows, self._schema, seals)
        except BaseException:
            rows.close()
            raise
        _LOG.warning(
            "feedsvc: %s (%s) was damaged: %s; a new file takes its place with the %d rows that could be saved, %s; "
            "the service goes on, and the damaged file is kept as %s",
            file,
            self._schema.description,
            reason,
            count,
            self._schema.loss_description,
            aside.name,
        )
        return rows, seals


@contextmanager
def _translate_errors(file: Path) -> Iterator[None]:
    """Create the file's folder. Raise FeedsvcError instead of OSError or sqlite3.Error, there and in the block."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FeedsvcError(f"{file.parent} cannot be used ({error.strerror}); give another folder with --state") from None
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the primary error code. A full disk is an I/O error if SQLite maps the file into memory.
        is_room = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
        room = "; see that its disk has room, or" if is_room else ";"
        raise FeedsvcError(f"{file} cannot be used ({error}){room} give another folder with --state") from None
    except OSError as error:
        room = "; see that its disk has room, or" if error.errno in _DISK_ERRNOS else ";"
        raise FeedsvcError(f"{file} cannot be used ({error.strerror}){room} give another folder with --state") from None


def configure_connection(rows: sqlite3.Connection) -> None:
    """Let text that is not UTF-8 fail its checksum instead of raising an error, and forbid functions in the schema."""
    rows.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    rows.execute("PRAGMA trusted_schema=OFF").close()
    rows.execute("PRAGMA cell_size_check=ON").close()


def _read_label(rows: sqlite3.Connection) -> int:
    """Return the identity of the state folder in which the file was created; 0 if the file has none."""
    ((application,),) = rows.execute("PRAGMA application_id").fetchall()
    ((label,),) = rows.execute("PRAGMA user_version").fetchall()
    return int(label) & 0xFFFFFFFF if application == _APPLICATION_ID else 0


def _folder_identity(folder: Path, label: int) -> int:
    """Return the identity of a state folder: the one in its file `state-id` if that equals `label`, that of the file to open.

    Otherwise return the identity that most of the folder's SQLite files have, and restore `state-id`.
    """
    known = read_identity(folder)
    return known if known and label == known else resolve_identity(folder, _labels(folder))


def _labels(folder: Path) -> Iterator[int]:
    """Yield the labels of the folder's SQLite files. Skip a name if it, or one that SQLite adds to it, is no regular file.

    Opening a pipe, for example, would block until another process writes to it.
    """
    for file in sorted(folder.glob("*.sqlite")):
        if _non_file_name(file):
            continue
        # Through SQLite: opening and closing the file otherwise would end this process's locks on it.
        name = f"{file.absolute().as_uri()}?mode=ro"
        with suppress(sqlite3.Error), closing(sqlite3.connect(name, uri=True, factory=DamageAwareConnection)) as rows:
            yield _read_label(rows)


def _non_file_name(file: Path) -> str:
    """Return the name of this file, or of one that SQLite keeps beside it, if it exists and is no regular file; else ""."""
    for ending in _SUFFIXES:
        path = Path(f"{file}{ending}")
        if is_file(path) is False or (ending and path.is_symlink()):
            return path.name
    return ""


def _inode(file: Path | None) -> tuple[int, int] | None:
    try:
        status = os.stat(file) if file else None
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status else None


def _damage_before_open(file: Path) -> str:
    """Return the damage of a file that is visible without SQLite, else "". Call it before this process opens the file."""
    if name := _non_file_name(file):
        return f"{name} is no file"
    if not is_file(file):
        return ""
    with open(file, "rb") as opened:
        header = opened.read(_HEADER_SIZE)
    if not header:
        return "it is empty"
    # SQLite treats a file as read-only if its header names an unknown version of the format.
    return "" if {*header[_FORMAT_VERSIONS]} <= {1, 2} else "its header is damaged"


def _set_all_aside(file: Path) -> Path:
    """Rename a file and those that SQLite keeps beside it, replacing earlier damaged ones; return the new path."""
    aside = Path(f"{file}{DAMAGED_SUFFIX}")
    for ending in _SUFFIXES:
        set_aside(Path(f"{file}{ending}"), Path(f"{aside}{ending}"))
    return aside


def _salvage(aside: Path, rows: sqlite3.Connection, schema: Schema, seals: Mapping[str, RowChecksummer]) -> int:
    """Copy the valid rows of a damaged file; return their number. Raises sqlite3.Error for errors of `rows` only."""
    if not is_file(aside):
        return 0
    with closing(sqlite3.connect(aside, factory=DamageAwareConnection)) as source:
        try:
            configure_connection(source)
            source.execute("PRAGMA writable_schema=ON").close()  # reads truncated files, too
        except sqlite3.DatabaseError:
            return 0
        return salvage(source, rows, schema, seals)
