"""When each document's bytes last changed: a Last-Modified that moves exactly when they do, restarts included.

One small SQLite file in the state folder. Whoever deletes it loses nothing but a few 304 answers.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from feedsvc.errors import FeedsvcError
from feedsvc.support.alerts import Troubles, unwritable
from feedsvc.support.checksummed_tables import FormerTable, Row, Schema, Seal, Table
from feedsvc.support.sqlite import Database

_NAME: Final = "dates"
_TABLE: Final = "document_date"


def _former_date(row: Row) -> Iterable[tuple[str, Row]]:
    path, digest, at, read, was, was_at = row
    if not (isinstance(path, str) and isinstance(digest, str) and type(at) is int and isinstance(read, float)):
        raise TypeError(row)
    if not (isinstance(was, str | None) and type(was_at) in (int, type(None))):
        raise TypeError(row)
    datetime.fromtimestamp(at, UTC)  # raises ValueError or OverflowError for what is no moment
    yield _TABLE, (path, digest, at, read, was, was_at)


_SCHEMA: Final = Schema(
    tables=(
        Table(
            name=_TABLE,
            sql=f"CREATE TABLE {_TABLE} (path TEXT PRIMARY KEY, digest TEXT NOT NULL, at INTEGER NOT NULL, read REAL NOT NULL, "
            "was TEXT, was_at INTEGER, checksum INTEGER NOT NULL) WITHOUT ROWID",
            order="path",
        ),
    ),
    former=(
        FormerTable(
            name="dated",
            sql="CREATE TABLE dated ( path TEXT PRIMARY KEY, digest TEXT NOT NULL, at INTEGER NOT NULL, read REAL NOT NULL, "
            "was TEXT, was_at INTEGER ) WITHOUT ROWID",
            order="path",
            convert=_former_date,
        ),
    ),
    holds="Last-Modified dates",
    loss="and documents whose date is lost are dated anew",
)
# A date further ahead than this was written by a clock that was wrong, and counts for nothing.
_MOST_AHEAD: Final = 86_400


@dataclass(frozen=True, slots=True)
class _Dated:
    """A path's bytes by their digest; since when they are these (`at`) and what moment they show (`read`), in seconds since 1970.

    `was` and `was_at` are of the bytes before.
    """

    path: str
    digest: str
    at: int
    read: float
    was: str | None = None
    was_at: int | None = None

    def followed(self, digest: str, now: int, read: float) -> _Dated:
        """A text that changed takes the next second that this path never had, even if the clock went back."""
        is_same, is_far_ahead = digest == self.digest, self.at > now + _MOST_AHEAD
        at = now if is_far_ahead else self.at if is_same else max(now, self.at + 1)
        was, was_at = (self.was, self.was_at) if is_same else (self.digest, self.at)
        return _Dated(self.path, digest, at, read, was, was_at)


class Ledger:
    """Safe in threads and between processes that share the file."""

    def __init__(self, file: Path | None, troubles: Troubles | None = None) -> None:
        """`file` None keeps the ledger in memory, where it starts anew. Raises FeedsvcError if the file cannot be used."""
        self._file, self._troubles = file, troubles or Troubles()
        self._failing = False
        self._lock = threading.Lock()
        self._data = Database(file, _SCHEMA)

    def modified(self, path: str, digest: str, now: datetime, read: datetime | None = None) -> datetime | None:
        """When the path's bytes became those of this digest; `now` if they just did. None if it cannot be told.

        `read` is the moment that they show: when the folder was read last, or time alone changed something; None for just now.
        A text of an earlier moment than the recorded one has the date that it had, and is not recorded.
        """
        try:
            with self._lock:
                at = self._found(path, digest, int(now.timestamp())) or self._recorded(path, digest, now, read or now)
        except sqlite3.Error as error:
            # A full disk must not stop a feed: without a date, readers rely on the entity tag.
            self._data.doubt(error)
            self._fail(error)
            return None
        return datetime.fromtimestamp(at, UTC) if at else None

    def recover(self) -> None:
        """See whether dates can be written again, where they could not be; replace the file if it was damaged or deleted."""
        try:
            self._data.heal(self._lock)
            if not self._failing:
                return
            with self._lock, self._data.rows as rows:
                rows.execute("BEGIN IMMEDIATE")
                rows.execute(f"DELETE FROM {_TABLE} WHERE path = ''")
                rows.execute(f"INSERT INTO {_TABLE} VALUES (?, ?, ?, ?, ?, ?, ?)", self._seal.seal("", "", 0, 0.0, None, None))
        except sqlite3.Error as error:
            self._data.doubt(error)
            return
        except FeedsvcError as error:
            self._fail(error)
            return
        self._failing = False
        self._troubles.end(_NAME)

    @property
    def _seal(self) -> Seal:
        return self._data.seals[_TABLE]

    def _fail(self, error: Exception) -> None:
        self._failing = True
        sentence = unwritable("Last-Modified dates", self._file, error, "what changes is sent without one")
        self._troubles.come(_NAME, sentence, f"Last-Modified dates are written to {self._file} again")

    def _row(self, path: str) -> _Dated | None:
        row = self._data.rows.execute(f"SELECT * FROM {_TABLE} WHERE path = ?", (path,)).fetchone()
        values = self._seal.open(row) if row else None
        if row and not values:
            self._data.doubt("dates fail their checksum")
        return _Dated(*values) if values else None

    def _found(self, path: str, digest: str, now: int) -> int | None:
        # Most often nothing changed, and reading waits for no writer and needs no disk.
        row = self._row(path)
        return row.at if row and row.digest == digest and row.at <= now + _MOST_AHEAD else None

    def _recorded(self, path: str, digest: str, now: datetime, read: datetime) -> int | None:
        second = int(now.timestamp())
        with self._data.rows as rows:
            rows.execute("BEGIN IMMEDIATE")
            row = self._row(path)
            # Of two processes the one that has not read the folder again yet must not take the newer text's date away.
            if row and row.digest != digest and read.timestamp() < row.read <= now.timestamp():
                return row.was_at if row.was == digest else None
            new = row.followed(digest, second, read.timestamp()) if row else _Dated(path, digest, second, read.timestamp())
            rows.execute(f"INSERT OR REPLACE INTO {_TABLE} VALUES (?, ?, ?, ?, ?, ?, ?)", self._seal.seal(*astuple(new)))
            return new.at

    def close(self) -> None:
        with self._lock:
            self._data.close()
