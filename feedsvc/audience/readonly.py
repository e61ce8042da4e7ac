"""The reads that a database has, for a report: nothing is made, nothing written, and no right to write needed."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy.engine import URL

from feedsvc.audience.database import address, place, reading, transaction
from feedsvc.audience.errors import UnavailableError, unavailable
from feedsvc.audience.sqlite_store import reads_in
from feedsvc.audience.store import is_kept, sums_since
from feedsvc.errors import FeedsvcError
from feedsvc.support.sqlite import Connection, set_up

_TRIES: Final = 5
_PATIENCE: Final = 10.0  # seconds for another process to finish its writing
_Reads = Mapping[str, int]  # article id -> its reads


def kept_since(where: str | Path, day: date | None) -> _Reads:
    """Article id -> its reads from a UTC day on, or ever; only articles with any.

    Raises UnavailableError, and FeedsvcError where no reads are kept yet or `where` can be no database.
    """
    url = address(where)
    if url.get_backend_name() != "sqlite":
        return _read(url, day)
    reading(url, {})  # an option that cannot be is told even where there is nothing to read
    file = Path(str(url.database))
    try:
        if not file.exists():
            raise _nothing(url)
        return _read_file(file, url, day, is_own=isinstance(where, Path))
    except OSError as error:
        raise unavailable(place(url), error) from None


def _read_file(file: Path, url: URL, day: date | None, *, is_own: bool) -> _Reads:
    """In WAL mode SQLite makes two files even for a reader, unless it is told that nobody writes ("immutable").

    Then it looks after nothing, and we do: if somebody wrote meanwhile, what was read is worth nothing. See "Read-Only
    Databases" in https://sqlite.org/wal.html.
    """
    for _ in range(_TRIES):
        if _is_in_use(file):
            break
        before = file.stat()
        found: _Reads | UnavailableError
        try:
            found = _own(file, url, day, "&immutable=1") if is_own else _read(url, day, immutable="1")
        except UnavailableError as error:
            found = error
        after = file.stat()
        if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size) and not _is_in_use(file):
            if isinstance(found, UnavailableError):
                raise found
            return found
    return _own(file, url, day) if is_own else _read(url, day)


def _own(file: Path, url: URL, day: date | None, options: str = "") -> _Reads:
    """As `_read`, of a file of the state folder, whose rows are verified."""
    name = f"file:{quote(str(file.absolute()))}?mode=ro{options}"
    try:
        with closing(sqlite3.connect(name, uri=True, timeout=_PATIENCE, factory=Connection)) as rows:
            set_up(rows)
            found = reads_in(rows, file, day)
    except sqlite3.Error as error:
        raise unavailable(place(url), error) from None
    if found is None:
        raise _nothing(url)
    return found


def _is_in_use(file: Path) -> bool:
    return any(file.with_name(f"{file.name}{end}").exists() for end in ("-wal", "-journal"))


def _read(url: URL, day: date | None, **options: str) -> _Reads:
    made = reading(url, options)
    try:
        with transaction(made) as rows:
            if is_kept(rows):
                return sums_since(rows, day)
    finally:
        made.dispose()
    raise _nothing(url)


def _nothing(url: URL) -> FeedsvcError:
    return FeedsvcError(f"no reads are kept in {place(url)} yet; feedsvc serve makes it, --state or --database names another")
