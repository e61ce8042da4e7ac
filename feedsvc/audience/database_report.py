"""Report on the reads in a database that the operator names by a URL: read-only access through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from sqlalchemy.engine import URL

from feedsvc.audience.errors import no_reads_error
from feedsvc.audience.store import has_reads_table, select_totals_since
from feedsvc.database import UnavailableError, database_url, location, read_only_engine, transaction, unavailable_error
from feedsvc.support.sqlite_readonly import read_unchanged


def read_database(database: str, day: date | None) -> Mapping[str, int]:
    """Return article id -> reads on and after the UTC day `day`, or all reads if it is None, in the database of a URL.

    Articles without such reads are missing. Nothing is written. Raises UnavailableError if the database cannot be read,
    FeedsvcError if it has no table of reads, if a SQLite file does not exist, if the URL is invalid or the driver is missing.
    """
    url = database_url(database)
    if url.get_backend_name() != "sqlite":
        return _read_totals(url, day)
    read_only_engine(url, {})  # report an invalid option even if there is nothing to read
    file = Path(str(url.database))
    try:
        if not file.exists():
            raise no_reads_error(location(url))
        return read_unchanged(
            file, lambda: _read_totals(url, day, immutable="1"), lambda: _read_totals(url, day, mode="ro"), UnavailableError
        )
    except OSError as error:
        raise unavailable_error(location(url), error) from None


def _read_totals(url: URL, day: date | None, **options: str) -> Mapping[str, int]:
    engine = read_only_engine(url, options)
    try:
        with transaction(engine) as connection:
            if has_reads_table(connection):
                return select_totals_since(connection, day)
    finally:
        engine.dispose()
    raise no_reads_error(location(url))
