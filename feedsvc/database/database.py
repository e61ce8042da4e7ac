"""Database through SQLAlchemy Core: a SQLite file in WAL mode, or PostgreSQL through psycopg 3. Errors are for the operator."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from sqlalchemy import Connection, QueuePool, Table, create_engine, event, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError

from feedsvc.errors import FeedsvcError, UnavailableError
from feedsvc.support.state_file import configure_connection, use_wal


class StoredData(NamedTuple):
    """Data in a database: their `name` in messages, the name of their `table`, and the advice for a damaged SQLite file."""

    name: str
    table: str
    damage_advice: str


VIEWS: Final = StoredData(
    "reads", "feedsvc_views", "move that file away, and feedsvc creates a new one; or give another with --state or --database"
)
TOKENS: Final = StoredData(
    "tokens",
    "feedsvc_tokens",
    "private feeds answer with status 503 until you stop feedsvc, move that file, and those with -wal and -shm at the end of its "
    "name, out of its folder, and put a backup in its place, or make new tokens with feedsvc token add",
)
# The first pattern that matches is used. For PostgreSQL, SQLSTATE precedes the text.
_ADVICE: Final = {
    r"^53100|disk is full|no space left|disk quota": "free space on its disk",
    r"not a database|malformed|damaged|unsupported file format": "{damage_advice}",
    r"^42703|no such column|has no column": "another program or version created the table {table}; rename that table",
    r"^42P01|no such table": "put the table {table} back, or restart feedsvc to begin without it",
    r"^3F000|no schema has been selected": "create the schema that its search_path names, or correct the search_path",
    r"^42501|permission denied for": (
        "let an owner of the database run: GRANT USAGE ON SCHEMA public TO the_role; GRANT SELECT, INSERT, UPDATE ON {table} TO "
        "the_role (and, until the table exists, GRANT CREATE ON SCHEMA public TO the_role)"
    ),
    r"^25006|read-only transaction": "that server is read-only; give the address of the primary server",
    r"readonly|read-only|unable to open|permission denied|file exists|not a directory": (
        "give feedsvc the permission to write in that folder"
    ),
    r"locked": "another program has locked that file; end it or wait",
    r"password|pg_hba|authentication|role .* does not exist": "correct user and password in FEEDSVC_DATABASE",
    r"^3D000|database .* does not exist": "create that database, or correct its name in FEEDSVC_DATABASE",
    r"resolve|translate host|getaddrinfo|name or service|idna|label": "correct the host in FEEDSVC_DATABASE",
    r"refused|time(d )?out|unreachable|no answer|closed the connection": (
        "check that the server runs and can be reached from this machine"
    ),
}
# Parameters in the URL take precedence. After the connection, TimeoutConnection gives up soon on a server that does not answer.
_POSTGRESQL_PARAMETERS: Final = {"application_name": "feedsvc", "connect_timeout": "3"}
# Set in every transaction, because a pooler such as pgbouncer passes on no settings of a connection. A server that loses its
# client releases the row locks by itself.
_SET_TIMEOUTS: Final = (
    "SELECT set_config('statement_timeout', '4s', true), set_config('lock_timeout', '3s', true), "
    "set_config('idle_in_transaction_session_timeout', '10s', true)"
)
_DRIVERS: Final = {"sqlite": "pysqlite", "postgresql": "psycopg"}
_LOCK_KEY: Final = 0x66656564  # arbitrary number, the same in every process
# Warnings of psycopg come as exceptions, too, which are translated for the operator.
logging.getLogger("psycopg").setLevel(logging.CRITICAL)


class Database:
    """Database of one kind of data. Thread-safe; several processes may share it.

    `file` is that of SQLite, None for PostgreSQL. `location` is the location for messages, without user, password and options.
    """

    def __init__(self, database: str | Path, data: StoredData, *, mode: str = "rwc", timeout: float = 10.0) -> None:
        """Prepare a database: a Path is a SQLite file, a text a URL like postgresql://USER@HOST/NAME. Nothing is opened yet.

        For SQLite, `mode` is "rwc" (the file is created if it is missing), "rw" or "ro", and `timeout` the seconds to wait for
        other processes that write. Raises FeedsvcError for an invalid or unsupported URL, or if the driver is missing.
        """
        url, self.location = _parse_url(database)
        self._data, self._mode = data, mode
        self.file = Path(str(url.database)) if url.get_backend_name() == "sqlite" else None
        # A statement prepared on one connection is unknown to the next one behind a pooler such as pgbouncer.
        options: dict[str, Any] = {"pool_pre_ping": True, "connect_args": {"prepare_threshold": None}}
        if self.file:
            # Even for a reader, SQLite creates files beside one in WAL mode that no process uses, unless it is "immutable".
            access = {"immutable": "1"} if mode == "ro" and not os.path.exists(f"{self.file}-wal") else {"mode": mode}
            url = url.set(database=f"file:{quote(str(self.file))}", query={**url.query, **access, "uri": "true"})
            options = {"poolclass": QueuePool, "connect_args": {"timeout": timeout}}
        try:
            self._engine = create_engine(url, **options)
        except ImportError:
            raise FeedsvcError("PostgreSQL needs the package psycopg; install it with: pip install 'feedsvc[postgres]'") from None
        except (ArgumentError, ValueError, TypeError) as error:
            raise FeedsvcError(f"the database URL of {self.location} has an invalid option: {error}") from None
        listeners: dict[str, Callable[..., Any]] = (
            {"connect": self._configure, "checkout": self._check_file} if self.file else {"do_connect": _connect}
        )
        for name, listener in {**listeners, "begin": self._begin}.items():
            event.listen(self._engine, name, listener)

    @contextmanager
    def transaction(self, *, writes: bool = False, is_durable: bool = False) -> Iterator[Connection]:
        """Run one transaction in the `with` block, which gets its connection. Commit at the end; after any error, roll back.

        Give `writes` if the block writes: SQLite waits for its write lock at the start, since it may refuse a write after a
        read. With `is_durable`, too, the transaction survives a power cut. A FeedsvcError is raised as it is, any other
        Exception of the block or the driver as UnavailableError.
        """
        try:
            with self._engine.execution_options(feedsvc_writes=writes, feedsvc_durable=is_durable).begin() as connection:
                yield connection
            if is_durable and self.file:
                # SQLite ignores a damaged end of its journal, where a change would be lost. If another process reads the file,
                # SQLite writes the journal into it later.
                with closing(self._engine.raw_connection()) as connection_of_driver, suppress(sqlite3.OperationalError):
                    connection_of_driver.cursor().execute("PRAGMA wal_checkpoint(FULL)")
        except FeedsvcError:
            raise
        except Exception as error:  # noqa: BLE001 - drivers raise UnicodeError, OverflowError and TypeError, too
            raise self.unavailable_error(error) from None

    def unavailable_error(self, error: Exception) -> UnavailableError:
        """Return an error whose message has the name of the data, the location, the reason in `error`, and advice if known."""
        cause = getattr(error, "orig", None) or error
        reason = " ".join(str(cause).strip().partition("\n")[0].split()) or type(cause).__name__
        text = f"{getattr(cause, 'sqlstate', None) or ''} {reason}".strip()
        advice = next((advice for pattern, advice in _ADVICE.items() if re.search(pattern, text, re.IGNORECASE)), "")
        advice = f"; {advice.format_map(self._data._asdict())}" if advice else ""
        return UnavailableError(f"the database of {self._data.name} cannot be used: {self.location}: {reason}{advice}", cause)

    def lock(self, connection: Connection) -> None:
        """Wait, in a transaction that writes, until no other transaction has this lock. SQLite has locked its file already.

        Two processes must not create a table, or give a name to a token, at the same time.
        """
        if self.file is None:
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK_KEY))).close()

    def create_table(self, connection: Connection, table: Table) -> None:
        """Create a table if it is missing. A role without the right to create tables may use one."""
        self.lock(connection)
        table.create(connection, checkfirst=True)

    def close(self) -> None:
        self._engine.dispose()

    def _configure(self, connection: Any, record: Any) -> None:
        connection.isolation_level = None  # transactions begin as in `_begin`, not as in the driver
        configure_connection(connection)
        if self._mode == "rwc":
            use_wal(connection)
        connection.execute("PRAGMA synchronous=NORMAL").close()
        record.info["version"] = _file_version(self.file)

    def _check_file(self, _connection: object, record: Any, _proxy: object) -> None:
        """Open the file again if it was written by a checkpoint, replaced, renamed or damaged since its connection was opened."""
        if record.info["version"] != _file_version(self.file):
            raise DisconnectionError

    def _begin(self, connection: Connection) -> None:
        options = connection.get_execution_options()
        if self.file is None:
            connection.exec_driver_sql(_SET_TIMEOUTS).close()
            return
        if options.get("feedsvc_durable"):
            connection.exec_driver_sql("PRAGMA synchronous=FULL").close()
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("feedsvc_writes") else "BEGIN").close()


def _file_version(file: Path | None) -> tuple[int, ...] | None:
    """Return a value that changes when the file is written or replaced, or its mode changes; None if it cannot be read."""
    try:
        status = os.stat(file or "")
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns


def _parse_url(database: str | Path) -> tuple[URL, str]:
    """Return the URL of a database with its driver, and its location for messages. Raises FeedsvcError for an unsupported URL."""
    try:
        url = URL.create("sqlite", database=str(database)) if isinstance(database, Path) else make_url(database)
    except (ArgumentError, ValueError):
        # The text is left out of the message, because it may contain a password.
        raise FeedsvcError("the database URL is invalid; give one such as postgresql://USER:PASSWORD@HOST/NAME") from None
    kind, _, driver = url.drivername.partition("+")
    kind, name = "postgresql" if kind == "postgres" else kind, str(url.database or "")
    # A password with an unescaped @ or / reaches into the name.
    server = URL.create(kind, host=url.host, port=url.port, database=None if "@" in name else name)
    location = name if kind == "sqlite" else server.render_as_string()
    if driver not in {"", _DRIVERS.get(kind)} or kind not in _DRIVERS or name in {"", ":memory:"}:
        raise FeedsvcError(f"nothing can be stored in {location}; give the URL of a SQLite file or of a PostgreSQL database")
    if "\0" in name:
        raise FeedsvcError("the database URL has a NUL character (%00) in its name; correct it")
    query = {**_POSTGRESQL_PARAMETERS, **url.query} if kind == "postgresql" else url.query
    return url.set(drivername=f"{kind}+{_DRIVERS[kind]}", query=query), location


def _connect(_dialect: object, _record: object, args: list[Any], options: dict[str, Any]) -> Any:
    from feedsvc.database.postgres_timeout import TimeoutConnection  # noqa: PLC0415 - not installed if SQLite is enough

    return TimeoutConnection.connect(*args, **options)
