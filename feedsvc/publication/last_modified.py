"""Last-Modified store: when each document's bytes last changed, also across restarts.

One small SQLite file in the state folder. If it is deleted, some clients get a document once more instead of a 304 response.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from feedsvc.errors import FeedsvcError
from feedsvc.support.alerts import Alerts, unwritable_message
from feedsvc.support.state_file import StateFile, add_checksum, verify

_ALERT_NAME: Final = "dates"
_TABLE: Final = (
    "CREATE TABLE document_date (path TEXT PRIMARY KEY, digest TEXT NOT NULL, at INTEGER NOT NULL, read REAL NOT NULL, "
    "was TEXT, was_at INTEGER, checksum INTEGER NOT NULL) WITHOUT ROWID"
)
_INSERT: Final = "INSERT OR REPLACE INTO document_date VALUES (?, ?, ?, ?, ?, ?, ?)"
# Seconds. A date further in the future was written with a wrong clock and is ignored.
_MAX_CLOCK_ERROR: Final = 86_400


@dataclass(frozen=True, slots=True)
class _DateRecord:
    """Record of a path. `digest` is that of its current bytes, `modified_at` the date since when the path has these bytes, and
    `content_read_at` the moment of the content that they show; both dates are in seconds since 1970. `previous_digest` and
    `previous_modified_at` are those of the bytes before the current ones; None if there were none.
    """

    path: str
    digest: str
    modified_at: int
    content_read_at: float
    previous_digest: str | None = None
    previous_modified_at: int | None = None

    def next_record(self, digest: str, now: int, content_read_at: float) -> _DateRecord:
        """Return the record after a rendering with this digest at `now`, in seconds since 1970.

        Changed bytes get the date `now`, but at least a second after the recorded one, even if the clock went back. A recorded
        date more than a day ahead of `now` is replaced by `now`, also for unchanged bytes.
        """
        is_same, is_far_ahead = digest == self.digest, self.modified_at > now + _MAX_CLOCK_ERROR
        modified_at = now if is_far_ahead else self.modified_at if is_same else max(now, self.modified_at + 1)
        previous = (self.previous_digest, self.previous_modified_at) if is_same else (self.digest, self.modified_at)
        return _DateRecord(self.path, digest, modified_at, content_read_at, *previous)


class LastModifiedStore:
    """Store of Last-Modified dates. Safe to use from several threads, and from several processes that share the file."""

    def __init__(self, file: Path | None, alerts: Alerts | None = None) -> None:
        """Open or create the store; without a `file` it is in memory and starts empty. Raises FeedsvcError if it is unusable."""
        self._file, self._alerts = file, alerts or Alerts()
        self._is_failing = False
        self._lock = threading.Lock()
        self._database = StateFile(file, (_TABLE,), description="all documents get new dates")

    def last_modified(self, path: str, digest: str, now: datetime, content_read_at: datetime | None = None) -> datetime | None:
        """Return the date since when the path's bytes have this digest, and record it if they are new: about `now`.

        `content_read_at` is the moment of the content that the bytes show: when the folder was last read or time alone changed
        the catalog; None means now. If another process recorded other bytes of later content, record nothing; return the date
        of the bytes before those if they have this digest, else None. Also None if the file cannot be read or written.
        """
        try:
            with self._lock:
                modified_at = self._find_date(path, digest, int(now.timestamp()))
                modified_at = modified_at or self._record_date(path, digest, now, content_read_at or now)
        except sqlite3.Error as error:
            # A full disk must not stop feeds: without a date, readers rely on the entity tag.
            self._database.report_damage(error)
            self._report_failure(error)
            return None
        return datetime.fromtimestamp(modified_at, UTC) if modified_at else None

    def recover(self) -> None:
        """Replace the file if it was damaged or deleted. After a failed `last_modified`, test whether it can be written now.

        If so, clear the alert.
        """
        try:
            with self._lock:
                self._database.recover()
            if not self._is_failing:
                return
            with self._lock, self._database.connection as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("DELETE FROM document_date WHERE path = ''")
                connection.execute(_INSERT, add_checksum("", "", 0, 0.0, None, None))
        except sqlite3.Error as error:
            self._database.report_damage(error)
            return
        except FeedsvcError as error:
            self._report_failure(error)
            return
        self._is_failing = False
        self._alerts.clear(_ALERT_NAME)

    def _report_failure(self, error: Exception) -> None:
        self._is_failing = True
        message = unwritable_message("Last-Modified dates", self._file, error, "documents that change are sent without a date")
        self._alerts.raise_alert(_ALERT_NAME, message, f"Last-Modified dates are written to {self._file} again")

    def _find_record(self, path: str) -> _DateRecord | None:
        row = self._database.connection.execute("SELECT * FROM document_date WHERE path = ?", (path,)).fetchone()
        values = verify(row) if row else None
        return _DateRecord(*values) if values else None

    def _find_date(self, path: str, digest: str, now: int) -> int | None:
        """Return the recorded date of the path, in seconds, if its bytes have this digest; None if it must be recorded anew."""
        # Read first: most bytes are unchanged, and a reader waits neither for a writer nor for the disk.
        record = self._find_record(path)
        if record and record.digest == digest and record.modified_at <= now + _MAX_CLOCK_ERROR:
            return record.modified_at
        return None

    def _record_date(self, path: str, digest: str, now: datetime, content_read_at: datetime) -> int | None:
        """Record and return the date of the path, in seconds; see `last_modified` for the case that nothing is recorded."""
        second, read_at = int(now.timestamp()), content_read_at.timestamp()
        with self._database.connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            record = self._find_record(path)
            # A process that has not read the change yet must not overwrite the date of another process's newer bytes.
            if record and record.digest != digest and read_at < record.content_read_at <= now.timestamp():
                return record.previous_modified_at if record.previous_digest == digest else None
            new = record.next_record(digest, second, read_at) if record else _DateRecord(path, digest, second, read_at)
            connection.execute(_INSERT, add_checksum(*astuple(new)))
            return new.modified_at

    def close(self) -> None:
        with self._lock:
            self._database.close()
