"""Read-only access to the reads in a database, for a report. Creates and writes nothing and needs no write permission."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy.engine import URL

from feedsvc.audience.database import database_url, location, read_only_engine, transaction
from feedsvc.audience.errors import UnavailableError, unavailable_error
from feedsvc.audience.sqlite_store import read_totals_since
from feedsvc.audience.store import has_reads_table, select_totals_since
from feedsvc.errors import FeedsvcError
from feedsvc.support.sqlite_connection import DamageAwareConnection, configure_connection

_MAX_ATTEMPTS: Final = 5
_BUSY_TIMEOUT: Final = 10.0  # seconds to wait for another process's transaction
_ReadTotals = Mapping[str, int]  # article id -> reads


def report_totals_since(database: str | Path, day: date | None) -> _ReadTotals:
    """Return article id -> reads since a UTC day, or all reads if `day` is None; only articles with reads.

    `database` is a URL, or the path of the reads file in the state folder. Raises UnavailableError, and FeedsvcError if there are
    no reads yet or `database` is not a possible database.
    """
    url = database_url(database)
    if url.get_backend_name() != "sqlite":
        return _read_database(url, day)
    read_only_engine(url, {})  # report an invalid option even if there is nothing to read
    file = Path(str(url.database))
    try:
        if not file.exists():
            raise _no_reads_error(url)
        return _read_sqlite_file(file, url, day, is_own=isinstance(database, Path))
    except OSError as error:
        raise unavailable_error(location(url), error) from None


def _read_sqlite_file(file: Path, url: URL, day: date | None, *, is_own: bool) -> _ReadTotals:
    """Read a SQLite file that may be in WAL mode without creating files beside it.

    Even for a reader, SQLite creates two files unless the database is opened as "immutable". Then SQLite detects no changes, so
    this function compares the file before and after: if it was written meanwhile, the result is discarded. See "Read-Only
    Databases" in https://sqlite.org/wal.html. If other processes have the file open, it is read as usual. `is_own` is True for
    the file of the state folder.
    """
    for _ in range(_MAX_ATTEMPTS):
        if _is_in_use(file):
            break
        version = _file_version(file)
        result: _ReadTotals | UnavailableError
        try:
            result = _read_state_file(file, url, day, "&immutable=1") if is_own else _read_database(url, day, immutable="1")
        except UnavailableError as error:
            result = error
        if version == _file_version(file) and not _is_in_use(file):
            if isinstance(result, UnavailableError):
                raise result
            return result
    return _read_state_file(file, url, day) if is_own else _read_database(url, day)


def _read_state_file(file: Path, url: URL, day: date | None, options: str = "") -> _ReadTotals:
    """Read like `_read_database`, but from the file of the state folder, and verify the checksum of each row.

    `options` are added to SQLite's URI of the file.
    """
    name = f"file:{quote(str(file.absolute()))}?mode=ro{options}"
    try:
        with closing(sqlite3.connect(name, uri=True, timeout=_BUSY_TIMEOUT, factory=DamageAwareConnection)) as connection:
            configure_connection(connection)
            result = read_totals_since(connection, file, day)
    except sqlite3.Error as error:
        raise unavailable_error(location(url), error) from None
    if result is None:
        raise _no_reads_error(url)
    return result


def _file_version(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_mtime_ns, status.st_size


def _is_in_use(file: Path) -> bool:
    return any(file.with_name(f"{file.name}{end}").exists() for end in ("-wal", "-journal"))


def _read_database(url: URL, day: date | None, **options: str) -> _ReadTotals:
    engine = read_only_engine(url, options)
    try:
        with transaction(engine) as connection:
            if has_reads_table(connection):
                return select_totals_since(connection, day)
    finally:
        engine.dispose()
    raise _no_reads_error(url)


def _no_reads_error(url: URL) -> FeedsvcError:
    return FeedsvcError(
        f"there are no reads in {location(url)} yet; feedsvc serve counts them; give another place with --state or --database"
    )
