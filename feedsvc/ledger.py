"""When each document's bytes last changed: a Last-Modified that moves exactly when they do, restarts included.

One small SQLite file in the state folder. Whoever deletes it loses nothing but a few 304 answers.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import weakref
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from feedsvc.sqlite import connect
from feedsvc.troubles import Troubles, unwritable

_NAME: Final = "dates"
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS dated (
  path TEXT PRIMARY KEY, digest TEXT NOT NULL, at INTEGER NOT NULL, read REAL NOT NULL, was TEXT, was_at INTEGER
) WITHOUT ROWID
"""
_FIND: Final = "SELECT at FROM dated WHERE path = ? AND digest = ? AND at <= ?"
# Of two processes the one that has not read the folder again yet must not take the newer text's date away.
_OVERTAKEN: Final = "SELECT was, was_at FROM dated WHERE path = ? AND digest != ? AND read > ? AND read <= ?"
# A date further ahead than this was written by a clock that was wrong, and counts for nothing.
_MOST_AHEAD: Final = 86_400
# A text that changed takes the next second that this path never had, even if the clock went back.
_RECORD: Final = """
INSERT INTO dated (path, digest, at, read) VALUES (?, ?, ?, ?)
ON CONFLICT (path) DO UPDATE SET
  at = CASE
    WHEN at > excluded.at + 86400 THEN excluded.at
    WHEN digest = excluded.digest THEN at
    ELSE max(excluded.at, at + 1)
  END,
  was = CASE WHEN digest = excluded.digest THEN was ELSE digest END,
  was_at = CASE WHEN digest = excluded.digest THEN was_at ELSE at END,
  digest = excluded.digest,
  read = excluded.read
RETURNING at
"""


class Ledger:
    """Safe in threads and between processes that share the file."""

    def __init__(self, file: Path | None, troubles: Troubles | None = None) -> None:
        """`file` None keeps the ledger in memory, where it starts anew. Raises FeedsvcError if the file cannot be used."""
        self._file, self._troubles = file, troubles or Troubles()
        self._failing = False
        self._lock = threading.Lock()
        self._rows = connect(file, _TABLE)
        weakref.finalize(self, self._rows.close)

    def modified(self, path: str, digest: str, now: datetime, read: datetime | None = None) -> datetime | None:
        """When the path's bytes became those of this digest; `now` if they just did. None if it cannot be told.

        `read` is the moment that they show: when the folder was read last, or time alone changed something; None for just now.
        A text of an earlier moment than the recorded one has the date that it had, and is not recorded.
        """
        try:
            with self._lock:
                second = int(now.timestamp())
                at = self._found(path, digest, second) or self._recorded(path, digest, now, read or now)
        except sqlite3.Error as error:
            # A full disk must not stop a feed: without a date, readers rely on the entity tag.
            self._fail(error)
            return None
        return datetime.fromtimestamp(at, UTC) if at else None

    def recover(self) -> None:
        """See whether dates can be written again, where they could not be."""
        if not self._failing:
            return
        try:
            with self._lock:
                self._rows.execute("PRAGMA user_version=1").close()  # writes, whatever the number was
        except sqlite3.Error:
            return
        self._failing = False
        self._troubles.end(_NAME)

    def _fail(self, error: sqlite3.Error) -> None:
        self._failing = True
        sentence = unwritable("Last-Modified dates", self._file, error, "what changes is sent without one")
        self._troubles.come(_NAME, sentence, f"Last-Modified dates are written to {self._file} again")

    def _found(self, path: str, digest: str, now: int) -> int | None:
        # Most often nothing changed, and reading waits for no writer and needs no disk.
        row: tuple[int] | None = self._rows.execute(_FIND, (path, digest, now + _MOST_AHEAD)).fetchone()
        return row[0] if row else None

    def _recorded(self, path: str, digest: str, now: datetime, read: datetime) -> int | None:
        with self._rows:
            self._rows.execute("BEGIN IMMEDIATE")
            overtaken = self._rows.execute(_OVERTAKEN, (path, digest, read.timestamp(), now.timestamp())).fetchone()
            if overtaken:
                was, was_at = overtaken
                return was_at if was == digest else None
            at: int
            [(at,)] = self._rows.execute(_RECORD, (path, digest, int(now.timestamp()), read.timestamp())).fetchall()
            return at

    def close(self) -> None:
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._rows.close()
