"""Tokens in a PostgreSQL database that the operator names. Statements are SQL text, run on an engine of SQLAlchemy.

Importing this module imports SQLAlchemy, through `feedsvc.database`; the extra "postgres" installs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from feedsvc.access.rows import COLUMN_COUNT, check_free_name, find_by_name, read_row, to_row
from feedsvc.access.tokens import Token, TokenState, to_microseconds
from feedsvc.database import TOKENS, UnavailableError, database_url, engine, location, transaction

if TYPE_CHECKING:
    from feedsvc.database import Connection

_TABLE: Final = TOKENS.tables[0]
_COLUMNS: Final = "digest, name, feed, created, expires, revoked, hourly_limit, used, fetches, full_at"
_CREATE: Final = (
    f"CREATE TABLE IF NOT EXISTS {_TABLE} (digest bytea PRIMARY KEY, name text NOT NULL, feed text NOT NULL, "
    "created bigint NOT NULL, expires bigint, revoked bigint, hourly_limit integer NOT NULL, used bigint, "
    "fetches bigint NOT NULL, full_at bigint NOT NULL)"
)
_SELECT: Final = f"SELECT {_COLUMNS} FROM {_TABLE}"
_INSERT: Final = f"INSERT INTO {_TABLE} ({_COLUMNS}) VALUES ({', '.join(['%s'] * COLUMN_COUNT)})"
# Rows are locked until the end of the transaction, so that two workers do not count the same fetch.
_FIND: Final = f"{_SELECT} WHERE digest = %s FOR UPDATE"
_CHECK: Final = f"SELECT 1 FROM {_TABLE} LIMIT 1 FOR UPDATE SKIP LOCKED"
_COUNT: Final = f"UPDATE {_TABLE} SET used = %s, fetches = %s, full_at = %s WHERE digest = %s"
_REVOKE: Final = f"UPDATE {_TABLE} SET revoked = %s WHERE digest = %s"
_TABLE_EXISTS: Final = f"SELECT to_regclass('{_TABLE}') IS NOT NULL"
# Two commands at once must not give one name to two tokens, nor create the table at the same time.
_LOCK: Final = "SELECT pg_advisory_xact_lock(%s)"
_LOCK_KEY: Final = 0x666B6579  # arbitrary number, the same in every process


def sqlite_file(database: str) -> Path | None:
    """Return the file of a SQLite URL, None for a PostgreSQL URL. Raises FeedsvcError for an invalid or unsupported URL."""
    url = database_url(database)
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


class PostgresTokenStore:
    """Store in a table that `add` creates. Thread-safe; several processes may share the database.

    Without the table there are no tokens; but if this object has seen the table before, methods raise UnavailableError.
    """

    def __init__(self, database: str) -> None:
        """Prepare a store for a URL; nothing is opened yet. Raises FeedsvcError for an invalid URL or a missing driver."""
        self._engine = engine(database)
        self._has_seen_table = False

    @property
    def location(self) -> str:
        return location(self._engine.url)

    def fetch(self, digest: bytes, now: datetime) -> tuple[Token, int] | None:
        """Count a fetch with the token of this digest, if it is active and below its limit. None if there is no such token.

        Return its record, and 0 or, above the limit, the seconds to wait; 0 for a token that has ended. Raises
        UnavailableError.
        """
        with self._open() as connection:
            row = connection.exec_driver_sql(_FIND, (digest,)).first() if connection else None
            if connection is None or row is None:
                return None
            token = read_row(row)
            counted, wait = token.after_fetch(now) if token.state(now) is TokenState.ACTIVE else (token, 0)
            if counted is not token:
                used, fetches, full_at = to_row(counted)[-3:]
                connection.exec_driver_sql(_COUNT, (used, fetches, full_at, digest))
            return counted, wait

    def tokens(self) -> Sequence[Token]:
        """Return the records of all tokens, also of ended ones, in the order of their creation. Raises UnavailableError."""
        with self._open() as connection:
            return [*_select_all(connection)] if connection else ()

    def add(self, token: Token) -> None:
        """Store a new token, and create the table if it is missing.

        Raises FeedsvcError if another token that is not revoked has the same name, UnavailableError if it cannot be stored.
        """
        with transaction(self._engine, TOKENS) as connection:
            connection.exec_driver_sql(_LOCK, (_LOCK_KEY,)).close()
            # A role without the right to create tables can be used if there is one.
            if not _table_exists(connection):
                connection.exec_driver_sql(_CREATE)
            check_free_name(token, _select_all(connection))
            connection.exec_driver_sql(_INSERT, to_row(token))

    def revoke(self, name: str, now: datetime) -> Token | None:
        """Revoke the token with this name that is not revoked yet, and return its record as it was before.

        None if there is no such token. Raises UnavailableError.
        """
        with self._open() as connection:
            if connection is None:
                return None
            connection.exec_driver_sql(_LOCK, (_LOCK_KEY,)).close()
            token = find_by_name(name, _select_all(connection))
            if token:
                connection.exec_driver_sql(_REVOKE, (to_microseconds(now), token.digest))
            return token

    def check(self) -> None:
        """Raise UnavailableError if the database cannot be used or is read-only. A table that was never there is no error."""
        with self._open() as connection:
            if connection is not None:
                connection.exec_driver_sql(_CHECK).close()

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _open(self) -> Iterator[Connection | None]:
        """Run one transaction; None in place of the connection if there is no table yet. Raises UnavailableError."""
        with transaction(self._engine, TOKENS) as connection:
            if _table_exists(connection):
                self._has_seen_table = True
                yield connection
            elif self._has_seen_table:
                raise UnavailableError(
                    f"the table {_TABLE} in {self.location} is gone; private feeds answer with status 503 until you restore it, "
                    "or restart feedsvc without it and make new tokens with feedsvc token add"
                )
            else:
                yield None


def _table_exists(connection: Connection) -> bool:
    return bool(connection.exec_driver_sql(_TABLE_EXISTS).scalar())


def _select_all(connection: Connection) -> Iterator[Token]:
    rows: Sequence[Any] = connection.exec_driver_sql(f"{_SELECT} ORDER BY created, name").fetchall()
    return map(read_row, rows)
