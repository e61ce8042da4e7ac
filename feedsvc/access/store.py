"""Tokens in a database. Importing this module imports SQLAlchemy.

A damaged file is never replaced: an empty one would end all subscriptions, a row of an old page could revive a token.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from feedsvc.access.tokens import Token, TokenState, from_microseconds, to_microseconds
from feedsvc.database import TOKENS, Database
from feedsvc.errors import FeedsvcError, UnavailableError
from feedsvc.support.digest import blake2b
from feedsvc.support.file_lock import folder_lock

_BUSY_TIMEOUT: Final = 3.0  # seconds to wait for another process that writes; a request waits meanwhile
_VERIFY_INTERVAL: Final = 5.0  # seconds between two verifications of the whole file
_FIELDS: Final = tuple(field.name for field in fields(Token))  # in the order of the columns
_MOMENTS: Final = frozenset({"created_at", "expires_at", "revoked_at", "last_used_at"})  # stored in microseconds since 1970
# A backup may be restored in another state folder, so the key of the checksums is always the same.
_CHECKSUM_KEY: Final = blake2b(repr((0, "tokens.sqlite", TOKENS.table)))


_COLUMNS: Final = (
    *(("digest", sa.LargeBinary), ("name", sa.Text), ("feed", sa.Text), ("created", sa.BigInteger), ("expires", sa.BigInteger)),
    *(("revoked", sa.BigInteger), ("hourly_limit", sa.Integer), ("used", sa.BigInteger), ("fetches", sa.BigInteger)),
    ("full_at", sa.BigInteger),
)
_NULLABLE: Final = frozenset({"expires", "revoked", "used"})


def _table(*further: tuple[str, type[sa.BigInteger]]) -> sa.Table:
    columns: list[sa.Column[Any]] = [
        sa.Column(name, kind, primary_key=name == "digest", nullable=name in _NULLABLE) for name, kind in (*_COLUMNS, *further)
    ]
    return sa.Table(TOKENS.table, sa.MetaData(), *columns, sqlite_with_rowid=False)


_POSTGRESQL_TABLE: Final = _table()
# SQLite checks neither the types nor the bytes that it reads.
_SQLITE_TABLE: Final = _table(("checksum", sa.BigInteger))


class TokenStore:
    """Store of tokens, whose table `add` creates. Thread-safe; several processes may share it.

    Without a file or table there are no tokens; but if this object has seen the table before, that is an error. The methods
    raise UnavailableError if the tokens cannot be used, or are damaged.
    """

    def __init__(self, database: str | Path) -> None:
        """Prepare a store: a Path is the file in the state folder, a text a URL. Nothing is opened yet. Raises FeedsvcError."""
        self._is_state_file = isinstance(database, Path)
        mode = "rw" if self._is_state_file else "rwc"
        self._database = Database(database, TOKENS, mode=mode, timeout=_BUSY_TIMEOUT)
        self._file, self.location = self._database.file, self._database.location
        self._table = _SQLITE_TABLE if self._file else _POSTGRESQL_TABLE
        self._has_seen_table = self._has_failed = False
        self._verified_at = -_VERIFY_INTERVAL  # seconds of time.monotonic

    def fetch(self, digest: bytes, now: datetime) -> tuple[Token, int] | None:
        """Count a fetch with the token of this digest. Return its record, and 0 or, above the limit, the seconds to wait.

        None if there is no such token. A fetch with a token that has ended, or above the limit, is not counted. For a token
        that has ended, the seconds are 0, too, so the caller must check `Token.state` of the record.
        """
        with self._open() as connection:
            if connection is None:
                return None
            # The row is locked until the end of the transaction, so that two workers do not count the same fetch.
            row = connection.execute(sa.select(self._table).where(self._table.c.digest == digest).with_for_update()).first()
            if row is None:
                self._verify(connection)  # it may be missing because of damage
                return None
            token = self._read(row)
            counted, wait = token.after_fetch(now) if token.state(now) is TokenState.ACTIVE else (token, 0)
            if counted is not token:
                self._update(connection, counted)
            return counted, wait

    def tokens(self) -> Sequence[Token]:
        """Return the records of all tokens, also of ended ones, in the order of their creation."""
        with self._open() as connection:
            return self._select_all(connection) if connection else ()

    def add(self, token: Token) -> None:
        """Store a new token, durably. Raises FeedsvcError if a token that is not revoked, but perhaps expired, has its name."""
        if self._is_state_file and self._file and not os.path.lexists(self._file):
            self._create_file(self._file)
        with self._open(is_durable=True, creates=True) as connection:
            if connection is None:
                raise UnavailableError(f"{self.location} was renamed or deleted at this moment; try again")
            self._database.lock(connection)
            if other := _find(token.name, self._select_all(connection)):
                message = f"there is a token named '{token.name}' already, for the feed '{other.feed}'"
                raise FeedsvcError(f"{message}; choose another name, or end it first with feedsvc token revoke")
            connection.execute(self._table.insert(), self._row(token))

    def revoke(self, name: str, now: datetime) -> Token | None:
        """Revoke the token with this name that is not revoked yet, durably, and return its record as it was before.

        None if there is no such token. An expired token is revoked, too, after which another one can have its name.
        """
        with self._open(is_durable=True) as connection:
            if connection is None:
                return None
            self._database.lock(connection)
            token = _find(name, self._select_all(connection))
            if token:
                self._update(connection, replace(token, revoked_at=now))
            return token

    def check(self) -> None:
        """Raise UnavailableError if the store cannot be used. A store in which no token was ever added can be used.

        A file is verified, at most every 5 seconds. If an operation has failed since the last successful check, also write a
        row again: a full disk can be read.
        """
        with self._open() as connection:
            if connection:
                self._verify(connection)
                row = connection.execute(sa.select(self._table).limit(1).with_for_update(skip_locked=True)).first()
                if row and self._has_failed and self._file:  # an UPDATE without a change would write nothing
                    connection.execute(sa.delete(self._table).where(self._table.c.digest == row.digest))
                    connection.execute(self._table.insert(), row._asdict())
        self._has_failed = False

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def _open(self, *, is_durable: bool = False, creates: bool = False) -> Iterator[sa.Connection | None]:
        """Run one transaction that may write; None if there are no tokens yet. With `creates`, make a missing table."""
        try:
            if self._file and not creates and not os.path.lexists(self._file):
                if self._has_seen_table:
                    raise self._database.unavailable_error(ValueError(f"no such table: {TOKENS.table}, the file is gone"))
                yield None
                return
            # SQLite takes an empty file for a new one, and waits for a pipe.
            if self._is_state_file and self._file and not (self._file.is_file() and self._file.stat().st_size):
                raise self._database.unavailable_error(ValueError("it is damaged: it is empty or no file"))
            with self._database.transaction(writes=True, is_durable=is_durable) as connection:
                self._has_seen_table = self._has_seen_table or self._find_table(connection, creates=creates)
                yield connection if self._has_seen_table else None
        except UnavailableError:
            self._has_failed, self._verified_at = True, -_VERIFY_INTERVAL
            raise

    def _find_table(self, connection: sa.Connection, *, creates: bool) -> bool:
        """Return whether there is the table. The file in the state folder gets its name with its table, so it must have it."""
        if creates and not self._is_state_file:
            self._database.create_table(connection, self._table)
        has_table = sa.inspect(connection).has_table(TOKENS.table)
        if self._is_state_file and not has_table:
            raise ValueError("it is damaged: it has no table of tokens")
        return has_table

    def _create_file(self, file: Path) -> None:
        """Create the file with the empty table, readable only for its owner. It gets its name when it is complete.

        A file that root creates belongs to the owner of the folder, who runs the service.
        """
        temporary = file.with_name(f".new-{secrets.token_hex(8)}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            temporary.touch(0o600, exist_ok=False)
            if os.geteuid() == 0:
                with suppress(OSError):
                    os.chown(temporary, file.parent.stat().st_uid, file.parent.stat().st_gid)
            with closing(Database(temporary, TOKENS)) as new, new.transaction(writes=True, is_durable=True) as connection:
                self._table.create(connection)
            with folder_lock(file.parent):
                if not os.path.lexists(file):
                    os.rename(temporary, file)
        except OSError as error:
            raise self._database.unavailable_error(error) from None
        finally:
            with suppress(OSError):
                temporary.unlink()

    def _verify(self, connection: sa.Connection) -> None:
        """Read all of a SQLite file, at most every 5 seconds. Raises ValueError or an error of SQLite for damage."""
        if self._file and time.monotonic() - self._verified_at >= _VERIFY_INTERVAL:
            self._verified_at = time.monotonic()
            self._select_all(connection)

    def _select_all(self, connection: sa.Connection) -> list[Token]:
        if self._file:
            result = " ".join(str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()).split())
            if result != "ok":
                raise ValueError(f"it is damaged: {result}")
        rows = connection.execute(sa.select(self._table).order_by(self._table.c.created, self._table.c.name))
        return [self._read(row) for row in rows]

    def _read(self, row: Sequence[Any]) -> Token:
        """Return the token of a row. Raises ValueError if its checksum is wrong, OverflowError for an impossible moment."""
        stored = [*row]
        if self._file and stored.pop() != _checksum(stored):
            raise ValueError("it is damaged: a row fails its checksum")
        values = dict(zip(_FIELDS, stored, strict=True))
        moments = {name: from_microseconds(values[name]) for name in _MOMENTS if values[name] is not None}
        return Token(**values | moments)

    def _row(self, token: Token) -> dict[str, Any]:
        values = [getattr(token, name) for name in _FIELDS]
        stored = [to_microseconds(value) if isinstance(value, datetime) else value for value in values]
        if self._file:
            stored.append(_checksum(stored))
        return dict(zip(self._table.c.keys(), stored, strict=True))

    def _update(self, connection: sa.Connection, token: Token) -> None:
        connection.execute(sa.update(self._table).where(self._table.c.digest == token.digest).values(self._row(token)))


def _find(name: str, tokens: Sequence[Token]) -> Token | None:
    """Return the token with exactly this name that is not revoked, but perhaps expired; None if there is none."""
    return next((token for token in tokens if token.name == name and token.revoked_at is None), None)


def _checksum(values: list[Any]) -> int:
    """Return the checksum of a row's values with their types."""
    data = repr(values).encode("utf-8", "backslashreplace")
    return int.from_bytes(blake2b(data, size=8, key=_CHECKSUM_KEY), "big") >> 1
