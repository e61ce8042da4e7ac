"""Report on the reads in the SQLite file of the state folder: read-only access that needs no permission to write."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import quote

from feedsvc.audience.errors import no_reads_error
from feedsvc.audience.sqlite_store import read_totals_since
from feedsvc.database import UnavailableError, unavailable_error
from feedsvc.support.sqlite_connection import DamageAwareConnection, configure_connection
from feedsvc.support.sqlite_readonly import read_unchanged

_BUSY_TIMEOUT: Final = 10.0  # seconds to wait for another process's transaction


def read_state_file(file: Path, day: date | None) -> Mapping[str, int]:
    """Return article id -> reads on and after the UTC day `day`, or all reads if it is None, from `file` of the state folder.

    Articles without such reads are missing, damaged rows are left out. Nothing is written. Raises UnavailableError if the file
    cannot be read, and FeedsvcError if it is missing or has no table of reads.
    """
    try:
        if not file.exists():
            raise no_reads_error(str(file))
        return read_unchanged(
            file, lambda: _read_rows(file, day, "&immutable=1"), lambda: _read_rows(file, day), UnavailableError
        )
    except OSError as error:
        raise unavailable_error(str(file), error) from None


def _read_rows(file: Path, day: date | None, options: str = "") -> Mapping[str, int]:
    """Return article id -> reads on and after the UTC day `day` (None: all reads) in `file`, which must exist.

    `options` are added to the URI by which SQLite opens the file (https://sqlite.org/uri.html). Raises UnavailableError if the
    file cannot be read, FeedsvcError if it has no table of reads.
    """
    name = f"file:{quote(str(file.absolute()))}?mode=ro{options}"
    try:
        with closing(sqlite3.connect(name, uri=True, timeout=_BUSY_TIMEOUT, factory=DamageAwareConnection)) as connection:
            configure_connection(connection)
            totals = read_totals_since(connection, day)
    except sqlite3.Error as error:
        raise unavailable_error(str(file), error) from None
    if totals is None:
        raise no_reads_error(str(file))
    return totals
