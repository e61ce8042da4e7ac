"""A database by its file or URL: SQLite in WAL mode, or PostgreSQL by psycopg 3. With store.py the room of SQLAlchemy."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from feedsvc.errors import FeedsvcError

WRITES: Final = "feedsvc_writes"  # the execution option of a transaction that is going to write
_BUSY_SECONDS: Final = 10.0  # a slow disk takes its time for each of several writers; only the background thread waits
# A server that fell silent is given up before anybody gives up this one; what the URL says goes first.
_POSTGRESQL: Final = {"application_name": "feedsvc", "connect_timeout": "3", "tcp_user_timeout": "5000"}
_DRIVERS: Final = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def engine(where: str | Path) -> Engine:
    """An engine that opens nothing yet.

    Raises FeedsvcError if `where` can be no SQLite file and no PostgreSQL database, or the driver is missing.
    """
    url = _url(where)
    return _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)


def _url(where: str | Path) -> URL:
    try:
        url = URL.create("sqlite", database=str(where)) if isinstance(where, Path) else make_url(where)
    except (ArgumentError, ValueError):
        # The text stays untold: it may hold a password.
        raise FeedsvcError("that is no database URL; write it like postgresql://USER:PASSWORD@HOST/NAME") from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None or url.database in (None, "", ":memory:"):
        raise FeedsvcError(f"reads cannot be kept in {url.render_as_string()}; name a file of SQLite or a PostgreSQL database")
    return url.set(drivername=driver)


def _sqlite(url: URL) -> Engine:
    # Opened for every use, so that no read is written into a file that was deleted or replaced.
    made = create_engine(url, poolclass=NullPool, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(made, "connect", _use_wal)
    event.listen(made, "begin", _begin)
    return made


def _begin(connection: Connection) -> None:
    """A transaction that reads first and writes then is refused at once if another wrote between: it queues up before."""
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _use_wal(connection: Any, _: object) -> None:
    """Then no reader waits for a writer; the last second may be lost at a power cut, nothing at a kill."""
    connection.isolation_level = None  # transactions begin as _begin says, not as the driver thinks
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL"):
        connection.execute(statement).close()


def _postgresql(url: URL) -> Engine:
    patient = url.set(query={**_POSTGRESQL, **url.query})
    try:
        # A statement prepared on one connection is unknown to the next one behind a pooler such as pgbouncer.
        return create_engine(patient, pool_pre_ping=True, connect_args={"prepare_threshold": None})
    except ImportError:
        raise FeedsvcError("PostgreSQL needs psycopg; install it with: pip install 'psycopg[binary]'") from None
