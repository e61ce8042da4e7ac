"""Database of reads: the SQLite file in the state folder, or a database that the operator names by a URL.

SQLAlchemy is imported only for a URL: it takes a quarter of a second and 28 MB, and belongs to the extra "postgres".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from feedsvc.audience.readonly import read_state_file
from feedsvc.audience.sqlite_store import SqliteReadStore
from feedsvc.errors import FeedsvcError

if TYPE_CHECKING:
    from feedsvc.audience.store import DatabaseReadStore

READS_FILE: Final = "views.sqlite"  # in the state folder


def open_store(database: str | Path) -> SqliteReadStore | DatabaseReadStore:
    """Return the store for `database`: the Path of the file in the state folder, or a URL as text. Nothing is opened yet.

    A missing file or table is created at the first use. Raises FeedsvcError if the URL is invalid or of an unsupported database,
    or if a package for it is missing.
    """
    if isinstance(database, Path):
        return SqliteReadStore(database)
    try:
        from feedsvc.audience.store import DatabaseReadStore  # noqa: PLC0415
    except ImportError as error:
        raise _missing_package_error(error) from None
    return DatabaseReadStore(database)


def report_totals_since(database: str | Path, day: date | None) -> Mapping[str, int]:
    """Return article id -> reads on and after the UTC day `day`, or all reads if it is None.

    Articles without such reads are missing. `database` is the Path of the file in the state folder, or a URL as text; nothing is
    created or written there. Raises UnavailableError if it cannot be read, FeedsvcError if it has no table of reads yet, if the
    URL is invalid or of an unsupported database, or if a package for it is missing.
    """
    if isinstance(database, Path):
        return read_state_file(database, day)
    try:
        from feedsvc.audience.database_report import read_database  # noqa: PLC0415
    except ImportError as error:
        raise _missing_package_error(error) from None
    return read_database(database, day)


def _missing_package_error(error: ImportError) -> FeedsvcError:
    return FeedsvcError(f"--database needs the package {error.name}; install it with: pip install 'feedsvc[postgres]'")
