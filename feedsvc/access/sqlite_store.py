"""Tokens in a SQLite file. Each operation opens the file, so that it finds a file that was replaced or renamed meanwhile.

Unlike the other files of the state folder, a damaged one is not replaced: an empty file would end all subscriptions.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from feedsvc.access.damaged_file import DamagedFile, FileVersion, damaged_copies, file_version
from feedsvc.access.rows import COLUMN_COUNT, check_free_name, find_by_name, read_row, to_row
from feedsvc.access.sqlite_file import (
    CREATE_TABLE,
    check_visible_damage,
    connect,
    create_file,
    durable_transaction,
    is_file_damage,
)
from feedsvc.access.tokens import Token, TokenState
from feedsvc.database import TOKENS, UnavailableError, unavailable_error
from feedsvc.support.checksummed_tables import DamageError, RowChecksummer, RowValues, table_exists
from feedsvc.support.file_lock import folder_lock
from feedsvc.support.sqlite_connection import use_wal

_TABLE: Final = TOKENS.tables[0]
_REPLACE: Final = f"INSERT OR REPLACE INTO {_TABLE} VALUES ({', '.join('?' * (COLUMN_COUNT + 1))})"
_VERIFY_INTERVAL: Final = 5.0  # seconds between two verifications of the whole file
# A backup may be restored in another state folder, so checksums do not cover the identity of a state folder.
_CHECKSUMMER: Final = RowChecksummer(0, "tokens.sqlite", _TABLE)


class SqliteTokenStore:
    """Store in `file`, which `add` creates. With `is_shared`, the file may have other tables, too, and is never renamed.

    Thread-safe; several processes may share it. Without a file there are no tokens. But if this object has seen the table before,
    or a damaged file was set aside, methods raise UnavailableError.
    """

    def __init__(self, file: Path, *, is_shared: bool = False) -> None:
        """Prepare a store without opening it."""
        self._file, self._is_shared = file, is_shared
        self._damaged_file = DamagedFile(file)
        self._has_seen_tokens = self._has_failed = False
        self._lock = threading.Lock()
        self._verified: tuple[FileVersion | None, ...] = ()  # versions of the file and its journal that were verified
        self._verified_at = -_VERIFY_INTERVAL  # seconds of time.monotonic
        self._idle_connection: tuple[FileVersion | None, sqlite3.Connection] | None = None

    @property
    def location(self) -> str:
        return str(self._file)

    def fetch(self, digest: bytes, now: datetime) -> tuple[Token, int] | None:
        """Count a fetch with the token of this digest, if it is active and below its limit. None if there is no such token.

        Return its record, and 0 or, above the limit, the seconds to wait; 0 for a token that has ended. Raises
        UnavailableError, without such a token also for damage elsewhere in the file, which is then verified as by `check`.
        """
        with self._open() as connection:
            token = _find(connection, digest) if connection else None
            if connection is None or token is None:
                # The row may be missing because of damage.
                self._verify(connection)
                return None
            if token.state(now) is not TokenState.ACTIVE:
                return token, 0
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                token = _find(connection, digest) or token
                counted, wait = token.after_fetch(now) if token.state(now) is TokenState.ACTIVE else (token, 0)
                if counted is not token:
                    _write(connection, counted)
            return counted, wait

    def tokens(self) -> Sequence[Token]:
        """Return the records of all tokens, also of ended ones, in the order of their creation. Raises UnavailableError."""
        with self._open() as connection:
            self._verify(connection, is_forced=True)
            return sorted(_select_all(connection), key=lambda token: token.created_at) if connection else ()

    def add(self, token: Token) -> None:
        """Store a new token durably, and create the file or table if it is missing.

        Raises FeedsvcError if another token that is not revoked has the same name, UnavailableError if it cannot be stored.
        """
        self._create()
        with self._open(is_adding=True) as connection:
            if connection is None:
                raise UnavailableError(f"{self._file} was renamed or deleted at this moment; try again")
            with durable_transaction(connection):
                connection.execute(CREATE_TABLE)
                check_free_name(token, _select_all(connection))
                _write(connection, token)

    def revoke(self, name: str, now: datetime) -> Token | None:
        """Revoke the token with this name that is not revoked yet, durably, and return its record as it was before.

        None if there is no such token. Raises UnavailableError.
        """
        with self._open() as connection:
            if connection is None:
                return None
            with durable_transaction(connection):
                token = find_by_name(name, _select_all(connection))
                if token:
                    _write(connection, replace(token, revoked_at=now))
            return token

    def check(self) -> None:
        """Raise UnavailableError if the store cannot be used.

        The whole file is verified if it has changed since the last time, at most every 5 seconds. If an operation has failed
        since the last successful check, also write a row again: a full disk and a read-only file can be read.
        """
        with self._open() as connection:
            self._verify(connection)
            if connection is not None:
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    if self._has_failed:
                        _write_again(connection)
        self._has_failed = False

    def close(self) -> None:
        """Close the idle connection."""
        with self._lock:
            if self._idle_connection:
                self._idle_connection[1].close()
            self._idle_connection = None

    def _keep_open(self, version: FileVersion | None) -> None:
        """Keep an idle connection to the file open. Otherwise each operation would be the last to close the file.

        SQLite then writes the journal into the file and waits for the disk, which takes many times as long as a fetch. An idle
        connection to a file of another device or inode than in `version`, the present `file_version`, is replaced.
        """
        with self._lock:
            former, identity = self._idle_connection, version and version[:2]
            if former and (former[0] and former[0][:2]) == identity:
                return
            connection = connect(self._file)
            connection.execute(f"SELECT 1 FROM {_TABLE} LIMIT 1").fetchall()  # opens the journal
            self._idle_connection = version, connection
        if former:
            former[1].close()

    @contextmanager
    def _open(self, *, is_adding: bool = False) -> Iterator[sqlite3.Connection | None]:
        """Open the file for one operation; None if there are no tokens yet. Damage of the file may rename it (DamagedFile).

        With `is_adding`, a shared file need not have the table. Raises UnavailableError.
        """
        version = file_version(self._file)
        try:
            if not os.path.lexists(self._file):
                self._check_absence()
                yield None
                return
            if not self._is_shared:
                check_visible_damage(self._file)
            with closing(connect(self._file)) as connection:
                if table_exists(connection, _TABLE):
                    self._has_seen_tokens = True
                    self._keep_open(version)
                    yield connection
                else:
                    self._check_absence()
                    yield connection if is_adding else None
        except (DamageError, sqlite3.Error, OSError) as error:
            self._has_failed = True
            raise self._translate(error, version) from None

    def _translate(self, error: Exception, version: FileVersion | None) -> UnavailableError:
        if not is_file_damage(error, self._file):
            return unavailable_error(str(self._file), error, TOKENS)
        self._verified, self._verified_at = (), -_VERIFY_INTERVAL
        return self._damaged_file.error(str(error)) if self._is_shared else self._damaged_file.report(version, str(error))

    def _check_absence(self) -> None:
        """Raise DamageError or UnavailableError if the missing table means damage or loss. Return if no token was ever added."""
        if not self._is_shared and os.path.lexists(self._file):
            raise DamageError("it has no table of tokens")
        if damaged_copies(self._file):
            raise self._damaged_file.error()
        if self._has_seen_tokens:
            raise UnavailableError(
                f"the tokens of private feeds in {self._file} are gone; private feeds answer with status 503 until you put the "
                "file back, or restart feedsvc without it and make new tokens with feedsvc token add"
            )

    def _verify(self, connection: sqlite3.Connection | None, *, is_forced: bool = False) -> None:
        """Read the whole file if it changed since the last time, at most every 5 seconds; with `is_forced`, read it always.

        Do nothing if `connection` is None. Raises DamageError or sqlite3.Error for damage.
        """
        versions, now = (file_version(self._file), file_version(Path(f"{self._file}-wal"))), time.monotonic()
        with self._lock:
            is_recent = versions == self._verified or now - self._verified_at < _VERIFY_INTERVAL
            if connection is None or (is_recent and not is_forced):
                return
            self._verified_at = now
        results = connection.execute("PRAGMA quick_check(1)").fetchall()
        if results != [("ok",)]:
            raise DamageError(" ".join(str(results[0][0]).split()) if results else "it cannot be read")
        for _ in _select_all(connection):
            pass
        self._verified = versions

    def _create(self) -> None:
        """Create the file if there is none; one that is not shared gets the table, too. Raises UnavailableError.

        A file that is not shared gets its name only when it is complete, so such a file is damaged if it is empty.
        """
        if self._is_shared:
            try:
                with closing(connect(self._file, "rwc")) as connection:
                    use_wal(connection)
            except (sqlite3.Error, OSError) as error:
                raise self._translate(error, None) from None
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with folder_lock(self._file.parent):
                if not os.path.lexists(self._file):
                    self._check_absence()
                    create_file(self._file)
        except (sqlite3.Error, OSError) as error:
            raise unavailable_error(str(self._file), error, TOKENS) from None


def _find(connection: sqlite3.Connection, digest: bytes) -> Token | None:
    row = connection.execute(f"SELECT * FROM {_TABLE} WHERE digest = ?", (digest,)).fetchone()
    return _read(row) if row else None


def _select_all(connection: sqlite3.Connection) -> Iterator[Token]:
    return map(_read, connection.execute(f"SELECT * FROM {_TABLE}").fetchall())


def _read(row: RowValues) -> Token:
    values = _CHECKSUMMER.verify(row)
    if values is None:
        raise DamageError("a row fails its checksum")
    return read_row(values)


def _write(connection: sqlite3.Connection, token: Token) -> None:
    connection.execute(_REPLACE, _CHECKSUMMER.add_checksum(*to_row(token)))


def _write_again(connection: sqlite3.Connection) -> None:
    """Delete one row of the table, if there is one, and insert it again unchanged, so that SQLite has to write.

    An UPDATE that changes nothing would write nothing, and succeed on a full disk.
    """
    row = connection.execute(f"SELECT * FROM {_TABLE} LIMIT 1").fetchone()
    if row:
        connection.execute(f"DELETE FROM {_TABLE} WHERE digest = ?", row[:1])
        connection.execute(f"INSERT INTO {_TABLE} VALUES ({', '.join('?' * len(row))})", row)
