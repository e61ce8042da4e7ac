"""SQLAlchemy engines for a database given by its file or URL: SQLite in WAL mode, or PostgreSQL through psycopg 3."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from feedsvc.database.errors import READS, StoredData, unavailable_error
from feedsvc.errors import FeedsvcError
from feedsvc.support.sqlite_connection import use_wal

WRITE_OPTION: Final = "feedsvc_writes"  # execution option of a transaction that is going to write
_BUSY_TIMEOUT: Final = 10.0  # seconds; a slow disk delays several writers, and only the background thread waits
# Give up soon on a server that does not answer. Parameters in the URL take precedence.
_POSTGRESQL_PARAMETERS: Final = {
    "application_name": "feedsvc",
    "connect_timeout": "3",
    "tcp_user_timeout": "5000",
    "keepalives_idle": "10",
    "keepalives_interval": "3",
    "keepalives_count": "3",
}
# Set in every transaction, because a pooler such as pgbouncer passes on no settings of a connection. A server that loses its
# client releases the row locks by itself.
_SET_TIMEOUTS: Final = (
    "SELECT set_config('statement_timeout', '4s', true), set_config('lock_timeout', '3s', true), "
    "set_config('idle_in_transaction_session_timeout', '10s', true)"
)
# Warnings of psycopg come as exceptions, too, which are translated for the operator.
logging.getLogger("psycopg").setLevel(logging.CRITICAL)
_DRIVERS: Final = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def engine(database: str | Path) -> Engine:
    """Return an engine for reading and writing. Nothing is opened yet; a missing SQLite file is created on first use.

    Raises FeedsvcError if `database_url` does for `database`, if an option in the URL is invalid, or if the driver is missing.
    """
    url = database_url(database)
    return _sqlite_engine(url) if url.get_backend_name() == "sqlite" else _postgresql_engine(url)


def read_only_engine(url: URL, options: Mapping[str, str]) -> Engine:
    """Return an engine for transactions that only read, for a URL that `database_url` returned. PostgreSQL then refuses writes.

    `options` are added to the URI of a SQLite file (https://sqlite.org/uri.html), and ignored for PostgreSQL. SQLite refuses
    writes, and does not create a missing file, only if mode=ro or immutable=1 is among `options`. Raises FeedsvcError if an
    option in `url` is invalid or the driver is missing.
    """
    if url.get_backend_name() == "sqlite":
        file = f"file:{quote(str(url.database))}"
        return _create_engine(url.set(database=file, query={**url.query, **options, "uri": "true"}), poolclass=NullPool)
    return _postgresql_engine(url).execution_options(postgresql_readonly=True)


def database_url(database: str | Path) -> URL:
    """Return the URL of `database`: a Path is a SQLite file, a string a URL. The URL has the driver that feedsvc uses.

    Raises FeedsvcError for an invalid URL, a kind of database other than SQLite and PostgreSQL, a SQLite database in memory, or
    a URL whose name of the database is missing or has a NUL character.
    """
    try:
        url = URL.create("sqlite", database=str(database)) if isinstance(database, Path) else make_url(database)
    except (ArgumentError, ValueError):
        # The text is left out of the message, because it may contain a password.
        raise FeedsvcError("the database URL is invalid; give one such as postgresql://USER:PASSWORD@HOST/NAME") from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None or url.database in (None, "", ":memory:"):
        name = f"a database of the kind {url.drivername}" if driver is None else location(url)
        raise FeedsvcError(f"nothing can be stored in {name}; give the URL of a SQLite file or of a PostgreSQL database")
    if "\0" in str(url.database):
        raise FeedsvcError("the database URL has a NUL character (%00) in its name; correct it")
    return url.set(drivername=driver)


@contextmanager
def transaction(database_engine: Engine, data: StoredData = READS, **options: Any) -> Iterator[Connection]:
    """Run one transaction in the `with` block, which gets its connection. Commit at the end; after any error, roll back.

    `options` are execution options of SQLAlchemy. Give **{WRITE_OPTION: True} if the block writes: SQLite then waits for its
    write lock at the start, up to 10 seconds; otherwise it may refuse a write after a read. `data` are the data that error
    messages name.

    A FeedsvcError is raised as it is. Any other Exception of the block or the driver is replaced by an UnavailableError or
    RowRefusedError.
    """
    try:
        with database_engine.execution_options(**options).begin() as connection:
            yield connection
    except FeedsvcError:
        raise
    except Exception as error:  # noqa: BLE001 - drivers raise UnicodeError, OverflowError and TypeError, too
        raise unavailable_error(location(database_engine.url), error, data) from None


def _sqlite_engine(url: URL) -> Engine:
    # A new connection for every use, so that no read is written into a file that was deleted or replaced.
    sqlite_engine = _create_engine(url, poolclass=NullPool, connect_args={"timeout": _BUSY_TIMEOUT})
    event.listen(sqlite_engine, "connect", _use_wal)
    event.listen(sqlite_engine, "begin", _begin)
    return sqlite_engine


def _create_engine(url: URL, **options: Any) -> Engine:
    """Return an engine, without a connection. Raises FeedsvcError if an option in the URL is invalid.

    Raises ImportError if the driver in the URL is not installed.
    """
    try:
        return create_engine(url, **options)
    except (ArgumentError, ValueError, TypeError) as error:
        raise FeedsvcError(f"the database URL of {location(url)} has an invalid option: {error}") from None


def _begin(connection: Connection) -> None:
    """Begin a transaction on SQLite. With WRITE_OPTION, wait for SQLite's write lock now, before the transaction reads.

    Otherwise SQLite would refuse the transaction's first write, without waiting, if another connection had written since the
    transaction's first read.
    """
    writes = connection.get_execution_options().get(WRITE_OPTION)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _use_wal(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin as in _begin, not as in the driver
    use_wal(connection)


def _postgresql_engine(url: URL) -> Engine:
    url_with_timeouts = url.set(query={**_POSTGRESQL_PARAMETERS, **url.query})
    try:
        # A statement prepared on one connection is unknown to the next one behind a pooler such as pgbouncer.
        postgresql_engine = _create_engine(url_with_timeouts, pool_pre_ping=True, connect_args={"prepare_threshold": None})
    except ImportError:
        raise FeedsvcError("PostgreSQL needs the package psycopg; install it with: pip install 'feedsvc[postgres]'") from None
    event.listen(postgresql_engine, "do_connect", _connect)
    event.listen(postgresql_engine, "begin", lambda connection: connection.exec_driver_sql(_SET_TIMEOUTS).close())
    return postgresql_engine


def _connect(_dialect: object, _record: object, args: list[Any], options: dict[str, Any]) -> Any:
    from feedsvc.database.postgres_timeout import TimeoutConnection  # noqa: PLC0415 - not installed if SQLite is enough

    return TimeoutConnection.connect(*args, **options)


def location(url: URL) -> str:
    """Return the location of a database for a log, without user, password and options: the file, or kind, host, port and name.

    The name is left out if it has "@", because it may then have a part of the password.
    """
    if url.get_backend_name() == "sqlite":
        return unquote(str(url.database).removeprefix("file:")) if "uri" in url.query else str(url.database)
    host = url.host or url.query.get("host", "")
    port = url.port or url.query.get("port", "")
    server = f"{url.get_backend_name()}://{host if isinstance(host, str) else ','.join(host)}{f':{port}' if port else ''}"
    # A password with an unescaped @ or / reaches into the name.
    return server if not url.database or "@" in url.database else f"{server}/{url.database}"
