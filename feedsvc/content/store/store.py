"""Content store: the records of article files, last valid settings and article texts of a content folder in one SQLite file.

The file in the state folder makes a restart cheap and preserves last valid versions; it can be deleted at that price. A file
with another signature than its record is read again. Of records that another version of the code wrote, only last valid
versions are used. Each write of records or settings gives the store a new state name.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final
from zlib import crc32

from feedsvc import __version__
from feedsvc.content.markdown.text_store import is_text_of_key
from feedsvc.content.store.record import Record, RecordDecoder
from feedsvc.content.store.settings import SETTING_TABLE, StoredSetting, replace_settings, select_settings
from feedsvc.errors import FeedsvcError
from feedsvc.support.alerts import Alerts, unwritable_message
from feedsvc.support.state_file import StateFile

# The key of a text has a digest of it, so its rows need no checksum.
_TABLES: Final = (
    "CREATE TABLE file (path BLOB PRIMARY KEY, version INTEGER, record BLOB, checksum INTEGER) WITHOUT ROWID",
    "CREATE TABLE text (digest BLOB UNIQUE, markdown TEXT)",
    "CREATE TABLE state (name TEXT)",
    SETTING_TABLE,
)
_LOSS: Final = "last valid versions of files that are broken now may be lost, and all files are read again"
_ALERT_NAME: Final = "records"
MAX_UNUSED_TEXTS: Final = 1000  # texts that no article uses, beside half as many as are used
_NO_TEXTS: Final[Mapping[bytes, str]] = {}


class ContentStore:
    """Store in one file, which threads and processes may share. If the disk fails, only the next start is affected."""

    def __init__(
        self,
        file: Path | None,
        version: int = 0,
        alerts: Alerts | None = None,
        *,
        max_unused_texts: int = MAX_UNUSED_TEXTS,
    ) -> None:
        """Open the file, or an in-memory database if `file` is None. Raises FeedsvcError if the file cannot be used.

        A file that cannot be used is made anew. Of records of another `version` of the code only last valid versions are used;
        0 stands for a digest of the code of content/. `prune` tolerates `max_unused_texts`. A failed write raises an alert in
        `alerts`.
        """
        self._lock, self._pid = threading.Lock(), os.getpid()
        self._file, self._version, self._max_unused_texts = file, version or _code_digest(), max_unused_texts
        self._alerts, self._creator_pid = alerts or Alerts(), os.getpid()
        self._database = StateFile(file, _TABLES, description=_LOSS)
        self._run_id, self.loaded_state = uuid.uuid4().hex, ""

    def repair(self) -> bool:
        """Make the file anew if it is damaged, or open that of another process, if it replaced the file; return True if so.

        The caller must then store all records and settings again. Return False after an alert if it fails. Thread-safe.
        """
        try:
            with self._lock:
                return self._database.recover()
        except FeedsvcError as error:
            self._raise_alert(error)
            return False

    def _own_connection(self) -> sqlite3.Connection:
        """Return the connection. A forked process first opens its own, because they must not share one. Raises FeedsvcError."""
        if self._pid != os.getpid():
            self._lock, self._pid = threading.Lock(), os.getpid()
            self._database.open_in_fork()
        return self._database.connection

    def load_records(self) -> dict[str, Record]:
        """Return the records of all undamaged rows by path, sorted by path, and set `loaded_state`; no records after an error.

        `loaded_state` is the name of the state that was loaded, "" if a row is damaged or of another version of the code.
        """
        decoder, records, is_whole = RecordDecoder(), dict[str, Record](), True
        try:
            with self._lock, self._database.connection as connection:
                connection.execute("BEGIN")  # no other process may write between reading the state and the records
                state = self._read_state(connection)
                for path_data, version, data, checksum in connection.execute("SELECT * FROM file ORDER BY path"):
                    path, record = _decode_row(decoder, path_data, data, checksum)
                    if version != self._version or record is None:
                        is_whole, record = False, record and record.as_former()
                    if record:
                        records[path] = record
        except sqlite3.Error as error:
            self._database.report_damage(error)
            return {}
        self.loaded_state = state if is_whole else ""
        return records

    def current_state(self) -> str:
        """Return the state's present name; "" after an error, or if another process, except a fork, wrote since the load."""
        try:
            with self._lock:
                name = self._read_state(self._database.connection)
        except sqlite3.Error:
            return ""
        return name if self._is_own_state(name) else ""

    @staticmethod
    def _read_state(connection: sqlite3.Connection) -> str:
        row = connection.execute("SELECT name FROM state").fetchone()
        return row[0] if row else ""

    def _is_own_state(self, name: str) -> bool:
        return name == self.loaded_state or name.startswith(self._run_id)

    def _replace_state(self, connection: sqlite3.Connection) -> None:
        """Give the state a new name. It begins with "mixed" if another process wrote since the load."""
        prefix = self._run_id if self._is_own_state(self._read_state(connection)) else "mixed"
        connection.execute("DELETE FROM state")
        connection.execute("INSERT INTO state VALUES (?)", (f"{prefix}-{uuid.uuid4().hex}",))

    def load_settings(self) -> list[StoredSetting]:
        """Return the stored last valid versions of settings and pages, former entries included; [] after an error.

        Damaged ones, and those of another version that cannot be decoded, are left out.
        """
        try:
            with self._lock:
                return select_settings(self._database.connection)
        except sqlite3.Error as error:
            self._database.report_damage(error)
            return []

    def text(self, key: bytes) -> str | None:
        """Return the Markdown of this key (`text_key`); None if it is not stored, damaged or cannot be read."""
        try:
            connection = self._own_connection()
            with self._lock:
                row = connection.execute("SELECT * FROM text WHERE digest = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            self._database.report_damage(error)
            return None
        except FeedsvcError:  # a forked process cannot open the file any more
            return None
        return row[1] if row and is_text_of_key(*row) else None

    def store_texts(self, texts: Mapping[bytes, str]) -> bool:
        """Store texts by their keys. Return False, after an alert (not in a fork), if that fails."""
        return self.store({}, texts=texts)

    def store(
        self,
        changed: Mapping[str, bytes | None],
        settings: Iterable[StoredSetting] | None = None,
        texts: Mapping[bytes, str] = _NO_TEXTS,
    ) -> bool:
        """Store changed records (`encode_record`) by path (None deletes) and texts by key in one transaction.

        `settings`, unless None, replace all stored ones. Return False, after an alert (not in a fork), if writing fails.
        """

        def write(connection: sqlite3.Connection) -> None:
            # A damaged text is replaced, so that it is not read from its article's file again and again.
            connection.executemany("INSERT OR REPLACE INTO text VALUES (?, ?)", texts.items())
            # In the order of the table, so that successive rows are on the same pages of the file.
            rows = [(path.encode(), self._version, data, crc32(data)) for path, data in sorted(changed.items()) if data]
            connection.executemany("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)", rows)
            deleted = [(path.encode(),) for path, data in changed.items() if not data]
            connection.executemany("DELETE FROM file WHERE path = ?", deleted)
            if settings is not None:
                replace_settings(connection, settings)
            if changed or settings is not None:
                self._replace_state(connection)

        return self._write(write)

    def prune(self, records: Mapping[str, Record]) -> None:
        """Delete the texts that no article in `records`, all current ones, uses, if they are many. No error is raised.

        They are many if there are more texts than one and a half times the used ones and `max_unused_texts`. If an older
        edition still needs a deleted text, the text is read from its article's file again.
        """

        def write(connection: sqlite3.Connection) -> None:
            ((count,),) = connection.execute("SELECT count(*) FROM text").fetchall()
            if count <= self._max_unused_texts + len(records):  # each record has a text, so few are unused
                return
            readings = ((record.reading.article, record.last_active) for record in records.values())
            used = {article.text for articles in readings for article in articles if article}
            if count > 1.5 * len(used) + self._max_unused_texts:
                keys = connection.execute("SELECT digest FROM text").fetchall()
                connection.executemany("DELETE FROM text WHERE digest = ?", [key for key in keys if key[0] not in used])

        self._write(write)

    def _write(self, write: Callable[[sqlite3.Connection], None]) -> bool:
        """Call `write` in a transaction. Return False, after an alert (not in a fork), if that fails.

        In a fork, writing to a database in memory always fails.
        """
        if self._file is None and self._pid != os.getpid():
            return False  # a forked process has only a copy of the in-memory database
        try:
            connection = self._own_connection()
            with self._lock, connection:
                connection.execute("BEGIN IMMEDIATE")
                write(connection)
        except (sqlite3.Error, FeedsvcError) as error:
            if isinstance(error, sqlite3.Error):
                self._database.report_damage(error)
            self._raise_alert(error)
            return False
        self._alerts.clear(_ALERT_NAME)
        return True

    def _raise_alert(self, error: Exception) -> None:
        """Raise an alert: the store cannot be written, which affects only the next start. In a forked process, do nothing."""
        if os.getpid() != self._creator_pid:
            return
        effect = "feeds and pages are still updated, but a restart would read all files again"
        message = unwritable_message("the content store", self._file, error, effect)
        self._alerts.raise_alert(_ALERT_NAME, message, f"the content store is written to {self._file} again")

    def close(self) -> None:
        with self._lock:
            self._database.close()


def _decode_row(decoder: RecordDecoder, path: bytes, data: bytes, checksum: int) -> tuple[str, Record | None]:
    """Return path and record of a row; None, or any path, if it is damaged, so that its values may have other types."""
    try:
        return path.decode(), decoder.decode(path.decode(), data) if checksum == crc32(data) else None
    except (AttributeError, TypeError, UnicodeDecodeError):
        return "", None


@cache  # it reads more than a hundred files, and a process opens a store for each of its newsrooms
def _code_digest() -> int:
    """Return a digest of the version and the code of content/, since a working copy changes without a new version."""
    files = sorted(Path(__file__).parent.parent.rglob("*.py"))
    return crc32(b"".join((__version__.encode(), *(file.read_bytes() for file in files))))
