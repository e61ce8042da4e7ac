"""SQLite files of the state folder, shared by threads and processes: verified when read, replaced once damaged.

A damaged file is renamed to NAME.damaged. A new file replaces it, with the rows that are readable and whose checksums are right.
A line in the log says so, and the service continues.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import weakref
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path
from typing import Final

from feedsvc.support.checksummed_tables import DamageError, RowChecksummer, Schema, create_missing_tables, migrate, salvage
from feedsvc.support.file_lock import folder_lock
from feedsvc.support.sqlite_connection import (
    BUSY_TIMEOUT,
    DamageAwareConnection,
    configure_connection,
    is_damage,
    translate_errors,
    use_wal,
)
from feedsvc.support.state_folder import DAMAGED_SUFFIX, is_file, read_identity, resolve_identity, set_aside

# For many rows of a kilobyte or more. Pages larger than SQLite's 4 kB mean fewer pages per change. A checkpoint every 64 MB
# instead of every 4 MB means fewer waits for the disk.
_LARGE_PAGES: Final = "PRAGMA page_size=16384"
_LARGE_WAL: Final = "PRAGMA wal_autocheckpoint=4000"  # pages
_APPLICATION_ID: Final = 0x66656564  # PRAGMA application_id: in files with it, user_version is the identity of the state folder
_HEADER_SIZE: Final = 100  # bytes
_FORMAT_VERSIONS: Final = slice(18, 20)  # of the header: write and read version of the file format
_SUFFIXES: Final = ("", "-wal", "-shm", "-journal")

_LOG: Final = logging.getLogger(__name__)

_Checksummers = Mapping[str, RowChecksummer]  # by name of their table


class Database:
    """One file with the tables of a schema. `checksummers` maps names of tables to their checksummers.

    Not thread-safe: threads that share an object need a lock. After `report_damage`, the next `recover` replaces the file.
    """

    connection: sqlite3.Connection
    checksummers: Mapping[str, RowChecksummer]

    def __init__(self, file: Path | None, schema: Schema) -> None:
        """Open `file`, or create it; with None, the tables are in memory only.

        A damaged file is replaced (`open`). Raises FeedsvcError if the file or its folder cannot be used.
        """
        self._file, self._schema, self._damage = file, schema, ""
        self._inherited_connections: list[sqlite3.Connection] = []
        self.open()

    def open(self) -> None:
        """Open the file, which another process may have replaced. Create what is missing, also its folder.

        A file that is damaged or of another state folder is replaced at once, and the log says so. Tables of the previous version
        are migrated; a file with other tables counts as damaged. Raises FeedsvcError if the file or its folder cannot be used.
        """
        if self._file is None:
            self._set_connection(*self._connect(":memory:", None))
            return
        with translate_errors(self._file), folder_lock(self._file.parent):
            self._set_connection(*self._connect_or_replace(self._file))

    def open_in_copy(self) -> None:
        """Open the file again in a forked process. The inherited connection stays open: closing it would release file locks."""
        self._inherited_connections.append(self.connection)
        self.open()

    def _set_connection(self, connection: sqlite3.Connection, checksummers: _Checksummers) -> None:
        self.connection, self.checksummers = connection, checksummers
        self._inode, self._damage = _inode(self._file), ""
        weakref.finalize(self, connection.close)

    @property
    def has_reported_damage(self) -> bool:
        return bool(self._damage)

    def report_damage(self, reason: str | sqlite3.Error) -> None:
        """Record that the file is damaged. `reason` is a description, or an error, which is ignored unless `is_damage`."""
        if isinstance(reason, str) or is_damage(reason):
            self._damage = self._damage or str(reason)

    def recover(self, lock: AbstractContextManager[object]) -> bool:
        """Replace the file if damage was reported, or reopen it if another process replaced or deleted it.

        Return whether either was done; False for tables in memory. `lock` is the lock of the threads that share this object. It
        is held while the connection is exchanged and while rows are copied from it. Raises FeedsvcError if the file or its
        folder cannot be used.
        """
        if self._file is None or (not self._damage and _inode(self._file) == self._inode):
            return False
        before, file = self.connection, self._file
        with translate_errors(file), folder_lock(file.parent):
            if self._damage and _inode(file) == self._inode:
                connection, checksummers = self._replace_damaged(file, self._damage)
            else:
                connection, checksummers = self._connect_or_replace(file)
                self._copy_self_verifying_rows(before, connection, checksummers, lock)
        with lock:
            self._set_connection(connection, checksummers)
            before.close()
        return True

    def _copy_self_verifying_rows(
        self,
        before: sqlite3.Connection,
        connection: sqlite3.Connection,
        checksummers: _Checksummers,
        lock: AbstractContextManager[object],
    ) -> None:
        """Copy the rows that `is_sound` verifies from `before` to `connection`, as far as possible. Errors are ignored.

        The file of `before` was replaced, but is readable as long as it is open.
        """
        with lock, suppress(sqlite3.Error), connection:
            salvage(before, connection, self._schema.only_self_verifying(), checksummers)

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self.connection.close()

    def _connect_or_replace(self, file: Path) -> tuple[sqlite3.Connection, _Checksummers]:
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

    def _connect(self, name: str, file: Path | None) -> tuple[sqlite3.Connection, _Checksummers]:
        """Return a connection to `name`, which is the path `file`, or ":memory:" if `file` is None, and the checksummers.

        Missing tables are created. Raises sqlite3.Error, and DamageError if the file has other tables or is of another state
        folder.
        """
        connection = sqlite3.connect(name, check_same_thread=False, timeout=BUSY_TIMEOUT, factory=DamageAwareConnection)
        try:
            configure_connection(connection)
            if self._schema.is_large:
                connection.execute(_LARGE_PAGES).close()  # has no effect on an existing file
                connection.execute(_LARGE_WAL).close()
            use_wal(connection)
            checksummers = self._prepare_tables(connection, file)
        except BaseException:
            connection.close()
            raise
        return connection, checksummers

    def _prepare_tables(self, connection: sqlite3.Connection, file: Path | None) -> _Checksummers:
        file_identity = _file_identity(connection)
        identity = _folder_identity(file.parent, file_identity) if file else 0
        if file_identity not in (0, identity):
            raise DamageError("it belongs to another state folder")
        name = file.name if file else ""
        checksummers = {table.name: RowChecksummer(identity, name, table.name) for table in self._schema.tables}
        if file_identity and self._schema.is_complete(connection):
            return checksummers
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if create_missing_tables(connection, self._schema):
                migrate(connection, self._schema, checksummers)
            connection.execute(f"PRAGMA application_id={_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={identity}")
        return checksummers

    def _replace_damaged(self, file: Path, reason: str) -> tuple[sqlite3.Connection, _Checksummers]:
        """Rename a damaged file, create a new one, and copy the valid rows. Call it with the folder's lock held."""
        damaged = _set_all_aside(file)
        connection, checksummers = self._connect(str(file), file)
        try:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                count = _salvage(damaged, connection, self._schema, checksummers)
        except BaseException:
            connection.close()
            raise
        _LOG.warning(
            "feedsvc: %s (%s) was damaged: %s; a new file takes its place with the %d rows that could be saved, %s; "
            "the service goes on, and the damaged file is kept as %s",
            file,
            self._schema.description,
            reason,
            count,
            self._schema.loss_description,
            damaged.name,
        )
        return connection, checksummers


def _file_identity(connection: sqlite3.Connection) -> int:
    """Return the identity of the state folder in which the file was created; 0 if the file has none."""
    ((application_id,),) = connection.execute("PRAGMA application_id").fetchall()
    ((user_version,),) = connection.execute("PRAGMA user_version").fetchall()
    return int(user_version) & 0xFFFFFFFF if application_id == _APPLICATION_ID else 0


def _folder_identity(folder: Path, file_identity: int) -> int:
    """Return the identity of a state folder: the one in `state-id` if it equals that of the file to open, `file_identity`.

    Otherwise return the identity that most of the folder's SQLite files have, else that in `state-id`, else a new one, and
    write it into `state-id`.
    """
    identity = read_identity(folder)
    return identity if identity and file_identity == identity else resolve_identity(folder, _file_identities(folder))


def _file_identities(folder: Path) -> Iterator[int]:
    """Yield `_file_identity` of the folder's SQLite files (*.sqlite). Skip those that SQLite cannot read.

    Also skip a file if it, or one that SQLite adds to it, is not regular: opening a pipe, for example, would block until another
    process writes to it.
    """
    for file in sorted(folder.glob("*.sqlite")):
        if _non_file_name(file):
            continue
        # Through SQLite: opening and closing the file otherwise would end this process's locks on it.
        uri = f"{file.absolute().as_uri()}?mode=ro"
        with suppress(sqlite3.Error), closing(sqlite3.connect(uri, uri=True, factory=DamageAwareConnection)) as connection:
            yield _file_identity(connection)


def _non_file_name(file: Path) -> str:
    """Return the name of this file, or of one that SQLite adds to it, if it exists and is no regular file; else "".

    A file that SQLite adds must be no link, either.
    """
    for suffix in _SUFFIXES:
        path = Path(f"{file}{suffix}")
        if is_file(path) is False or (suffix and path.is_symlink()):
            return path.name
    return ""


def _inode(file: Path | None) -> tuple[int, int] | None:
    try:
        status = os.stat(file) if file else None
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status else None


def _damage_before_open(file: Path) -> str:
    """Return the damage of a file that is visible without SQLite, else "", as for a missing file. Raises OSError.

    Call it before this process opens the file.
    """
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
    """Rename a file and those that SQLite adds to it, replacing earlier damaged ones; return the new path. Raises OSError."""
    damaged = Path(f"{file}{DAMAGED_SUFFIX}")
    for suffix in _SUFFIXES:
        set_aside(Path(f"{file}{suffix}"), Path(f"{damaged}{suffix}"))
    return damaged


def _salvage(damaged: Path, connection: sqlite3.Connection, schema: Schema, checksummers: _Checksummers) -> int:
    """Copy the valid rows of a damaged file; return their number. Raises sqlite3.Error for errors of `connection` only."""
    if not is_file(damaged):
        return 0
    with closing(sqlite3.connect(damaged, factory=DamageAwareConnection)) as source:
        try:
            configure_connection(source)
            source.execute("PRAGMA writable_schema=ON").close()  # reads truncated files, too
        except sqlite3.DatabaseError:
            return 0
        return salvage(source, connection, schema, checksummers)
