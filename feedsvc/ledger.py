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

_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS modified (path TEXT PRIMARY KEY, digest TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID"
)
_FIND: Final = "SELECT at FROM modified WHERE path = ? AND digest = ? AND at <= ?"
# A date further ahead than this was written by a clock that was wrong, and counts for nothing.
_MOST_AHEAD: Final = 86_400
# A text that changed takes the next second that this path never had, even if the clock went back.
_RECORD: Final = """
INSERT INTO modified (path, digest, at) VALUES (?, ?, ?)
ON CONFLICT (path) DO UPDATE SET
  at = CASE
    WHEN at > excluded.at + 86400 THEN excluded.at
    WHEN digest = excluded.digest THEN at
    ELSE max(excluded.at, at + 1)
  END,
  digest = excluded.digest
RETURNING at
"""


class Ledger:
    """Safe in threads and between processes that share the file."""

    def __init__(self, file: Path | None) -> None:
        """`file` None keeps the ledger in memory, where it starts anew. Raises FeedsvcError if the file cannot be used."""
        self._lock = threading.Lock()
        self._rows = connect(file, _TABLE)
        weakref.finalize(self, self._rows.close)

    def modified(self, path: str, digest: str, now: datetime) -> datetime | None:
        """When the path's bytes became those of this digest; `now` if they just did. None if it cannot be written down."""
        try:
            with self._lock:
                second = int(now.timestamp())
                at = self._found(path, digest, second) or self._recorded(path, digest, second)
        except sqlite3.Error:
            # A full disk must not stop a feed: without a date, readers rely on the entity tag.
            return None
        return datetime.fromtimestamp(at, UTC)

    def _found(self, path: str, digest: str, now: int) -> int | None:
        # Most often nothing changed, and reading waits for no writer and needs no disk.
        row: tuple[int] | None = self._rows.execute(_FIND, (path, digest, now + _MOST_AHEAD)).fetchone()
        return row[0] if row else None

    def _recorded(self, path: str, digest: str, now: int) -> int:
        with self._rows:
            at: int
            [(at,)] = self._rows.execute(_RECORD, (path, digest, now)).fetchall()
            return at

    def close(self) -> None:
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._rows.close()
