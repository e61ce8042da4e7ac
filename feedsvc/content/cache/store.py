"""Parse cache of a content folder: the records of article files, stored settings and article texts.

One SQLite file in the state folder makes a restart cheap and preserves last valid versions. It can be deleted at any time.
If a file has another signature than its record, or another version of feedsvc wrote the record, the file is read again, and
only the last valid version of the record is used. Each write of records or settings gives the cache a new state name.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import threading
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from feedsvc import __version__
from feedsvc.content.cache import settings_codec
from feedsvc.content.cache.generation import Generation
from feedsvc.content.cache.record import Record
from feedsvc.content.cache.settings_codec import StoredSetting
from feedsvc.content.cache.tables import FORMER_TABLES, MAX_UNUSED_RECORDS, TABLES, RecordTables
from feedsvc.content.file_signature import MISSING, signature_at, size_of
from feedsvc.content.markdown import is_text_of_key
from feedsvc.errors import FeedsvcError
from feedsvc.support import gc_control
from feedsvc.support.alerts import Alerts, unwritable_message
from feedsvc.support.checksummed_tables import FormerTable, RowValues, Schema, Table
from feedsvc.support.sqlite import Database

_ROLLBACK_MESSAGE: Final = "last valid versions of files that changed since are not used"
_LOG: Final = logging.getLogger(__name__)
_ALERT_NAME: Final = "records"
_TEXT_TABLE: Final = "text"
_SETTING_TABLE: Final = "setting_entry"
_STATE_TABLE: Final = "record_state"


def _is_intact_text(row: RowValues) -> bool:
    number, name, markdown = row
    return type(number) is int and is_text_of_key(name, markdown)


def _convert_former_setting(row: RowValues) -> Iterable[tuple[str, RowValues]]:
    kind, name, entry = row
    if not (isinstance(kind, str) and isinstance(name, str) and isinstance(entry, bytes)):
        raise TypeError(row)
    yield _SETTING_TABLE, (kind, name, entry)


_SCHEMA: Final = Schema(
    tables=(
        Table(
            name=_TEXT_TABLE,
            sql=f"CREATE TABLE {_TEXT_TABLE} (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, markdown TEXT NOT NULL)",
            order_by="id",
            is_sound=_is_intact_text,
        ),
        Table(
            name=_STATE_TABLE,
            sql=f"CREATE TABLE {_STATE_TABLE} (name TEXT NOT NULL, generation INTEGER NOT NULL, checksum INTEGER NOT NULL)",
            order_by="name",
            is_salvaged=False,
        ),
        Table(
            name=_SETTING_TABLE,
            sql=f"CREATE TABLE {_SETTING_TABLE} (kind TEXT, name TEXT, entry BLOB NOT NULL, checksum INTEGER NOT NULL, "
            "PRIMARY KEY (kind, name)) WITHOUT ROWID",
            order_by="kind, name",
        ),
        *TABLES,
    ),
    former_tables=(
        *FORMER_TABLES,
        FormerTable(name="state", sql="CREATE TABLE state (name TEXT NOT NULL)", order_by="name", convert=lambda _: ()),
        FormerTable(
            name="setting",
            sql="CREATE TABLE setting (kind TEXT, name TEXT, entry BLOB NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID",
            order_by="kind, name",
            convert=_convert_former_setting,
        ),
    ),
    obsolete_tables=("article",),
    description="what was read of articles and settings",
    loss_description="last valid versions of files that are broken now may be lost, and articles are read again",
    is_large=True,
)
# Bytes of the file, about 8,000 articles. From here on, forking a process takes less time than loading the records.
_LARGE_FILE_SIZE: Final = 16 * 1024 * 1024
_MAX_UNUSED_TEXTS: Final = 1000  # texts that no article uses; more are deleted
_TEXTS_PER_QUERY: Final = 100
_SELECT_TEXTS: Final = f"SELECT digest, markdown FROM {_TEXT_TABLE}"
_NO_TEXTS: Final[Mapping[bytes, str]] = {}


class ParseCache:
    """Parse cache in one file, which threads and processes may share. If the disk fails, only the next start is affected."""

    def __init__(
        self,
        file: Path | None,
        version: str = "",
        alerts: Alerts | None = None,
        *,
        large_file_size: int = _LARGE_FILE_SIZE,
        max_unused_texts: int = _MAX_UNUSED_TEXTS,
        max_unused_records: int = MAX_UNUSED_RECORDS,
    ) -> None:
        """Open the file, or an in-memory database if `file` is None. Raises FeedsvcError if the file cannot be used.

        `version` is that of the parser, by default a digest of its code. Of other versions' records only last valid versions are
        used. `large_file_size`, in bytes, decides `is_large`. `prune` tolerates as many unused texts and records as the other
        arguments say.
        """
        self._lock = threading.Lock()
        self._file, self._large_file_size, self._max_unused_texts = file, large_file_size, max_unused_texts
        self._record_tables = RecordTables(version or _code_digest(), max_unused=max_unused_records)
        self._alerts, self._creator_pid = alerts or Alerts(), os.getpid()
        self._run_id, self._loaded_state, self._is_own_version = uuid.uuid4().hex, "", True
        self._database, self._pid = Database(file, _SCHEMA), os.getpid()
        self._generation, self._state_number, self.is_rolled_back = Generation(file), 0, False
        self._file_size = size_of(signature_at(file) or MISSING) if file else 0

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._database.connection

    def repair(self) -> bool:
        """Replace the file if it is damaged, or open the new one if another file has its name. Return True if so.

        The new file has no records. Other threads may use the cache meanwhile.
        """
        try:
            return self._database.recover(self._lock)
        except FeedsvcError as error:
            self._raise_alert(error)
            return False

    def _own_connection(self) -> sqlite3.Connection:
        """Return the connection. A forked process opens its own, because processes must not share one."""
        if self._pid != os.getpid():
            self._lock, self._pid = threading.Lock(), os.getpid()
            self._database.open_in_copy()
        return self._connection

    @property
    def is_large(self) -> bool:
        """True if loading the records takes about as long as scanning all files of the content folder."""
        return self._file_size >= self._large_file_size

    @property
    def is_damaged(self) -> bool:
        """True if the file was found to be damaged and `repair` has not replaced it yet."""
        return self._database.has_reported_damage

    def load_records(self) -> dict[str, Record]:
        """Return all records by path. If the file is damaged, return the valid ones and set `is_damaged`."""
        # Read before the rows: another process writes its number beside the file after it has committed its rows.
        last = self._generation.read(self._database.checksummers[_STATE_TABLE])
        try:
            with gc_control.paused(), self._lock, self._connection:
                self._connection.execute("BEGIN")  # no other process may write between reading the state and the records
                self._loaded_state, number = self._read_state()
                found = self._record_tables.load(self._connection, self._database.checksummers)
        except sqlite3.Error as error:
            self._database.report_damage(error)
            self._loaded_state = ""
            return {}
        if not found.is_intact:
            self._database.report_damage("records fail their checksum")
        # A state with a number but none beside the file: that file was lost, unless the first one was written just now.
        is_behind = number < last or (
            number > 0 and not last and not self._generation.read(self._database.checksummers[_STATE_TABLE])
        )
        self.is_rolled_back = found.is_intact and bool(found.records) and is_behind
        if self.is_rolled_back:
            _LOG.warning("feedsvc: %s is older than it was: %s; the service goes on", self._file, _ROLLBACK_MESSAGE)
        self._is_own_version = found.is_own_version and found.is_intact and not self.is_rolled_back
        return found.records

    @property
    def loaded_state(self) -> str:
        """Name of the cache's state when `load_records` read it; "" if it had no name.

        Also "" if another version wrote some records, because its state names may have another meaning, or if some are damaged.
        """
        return self._loaded_state if self._is_own_version else ""

    def current_state(self) -> str:
        """Return the name of the current state; "" if another process has written since `load_records`, or on an error."""
        try:
            with self._lock:
                name, _ = self._read_state()
        except sqlite3.Error:
            return ""
        return name if self._is_own_state(name) else ""

    def _read_state(self) -> tuple[str, int]:
        """Return the state's name and number. The caller holds the lock. Raises sqlite3.Error."""
        row = self._connection.execute(f"SELECT * FROM {_STATE_TABLE}").fetchone()
        values = self._database.checksummers[_STATE_TABLE].verify(row) if row else ("", 0)
        if values is None:
            self._database.report_damage("the name of the state fails its checksum")
        return (values[0], values[1]) if values else ("", 0)

    def _is_own_state(self, state: str) -> bool:
        return state == self._loaded_state or state.startswith(self._run_id)

    def prune(self, records: Mapping[str, Record]) -> None:
        """Delete texts that `records` do not use if they are over a third of all; likewise obsolete records.

        Some of each are tolerated in addition (see the constructor). Records are also rewritten if too many are stored singly or
        if another version wrote some. Call it after all current `records` were stored. If an older edition still needs a deleted
        text, the text is read from its article file again.
        """
        try:
            with self._lock, self._connection as rows:
                rows.execute("BEGIN IMMEDIATE")  # no other process may write between the queries and the deletion
                _prune_texts(rows, records, self._max_unused_texts)
                if self._record_tables.needs_rewrite(rows, len(records)) and self._is_own_state(self._read_state()[0]):
                    self._record_tables.rewrite(rows, self._database.checksummers, records)
        except sqlite3.Error as error:
            self._database.report_damage(error)

    def load_settings(self) -> list[StoredSetting]:
        """Return all stored settings. If the file is damaged, return the valid ones and set `is_damaged`."""
        try:
            with self._lock:
                rows = self._connection.execute(f"SELECT * FROM {_SETTING_TABLE}").fetchall()
        except sqlite3.Error as error:
            self._database.report_damage(error)
            return []
        sound = [values for row in rows if (values := self._database.checksummers[_SETTING_TABLE].verify(row))]
        if len(sound) < len(rows):
            self._database.report_damage("settings fail their checksum")
        return [entry for values in sound if (entry := settings_codec.decode_setting(*values))]

    def text(self, name: bytes) -> str | None:
        """Return the text of this key; None if it is not stored or cannot be read."""
        return self.texts((name,)).get(name)

    def texts(self, names: Collection[bytes]) -> Mapping[bytes, str]:
        """Return the texts of these keys that are stored and can be read."""
        found: dict[bytes, str] = {}
        wanted = sorted(names)
        for start in range(0, len(wanted), _TEXTS_PER_QUERY):
            some = wanted[start : start + _TEXTS_PER_QUERY]
            found |= self._load_texts(some)
        return found

    def _load_texts(self, names: Sequence[bytes]) -> dict[bytes, str]:
        """Load texts as `texts` does, in one query. After an error, query each text alone: only damaged ones are missing."""
        try:
            rows, marks = self._own_connection(), ", ".join("?" * len(names))
            with self._lock:
                found = rows.execute(f"{_SELECT_TEXTS} WHERE digest IN ({marks})", names).fetchall()
        except sqlite3.Error as error:
            self._database.report_damage(error)
            if len(names) == 1 or not self._database.has_reported_damage:
                return {}
            return {name: text for one in names for name, text in self._load_texts([one]).items()}
        except FeedsvcError:  # a forked process cannot open the file any more
            return {}
        sound = {name: text for name, text in found if is_text_of_key(name, text)}
        if len(sound) < len(found):
            self._database.report_damage("texts are not those that were written")
        return sound

    def store_texts(self, texts: Mapping[bytes, str]) -> bool:
        """Store texts by their keys. Return False if they cannot be written."""
        return self.store({}, texts=texts)

    def store(
        self,
        changed: Mapping[str, Record | None],
        settings: Iterable[StoredSetting] | None = None,
        texts: Mapping[bytes, str] = _NO_TEXTS,
    ) -> bool:
        """Store changed records by path (None deletes), texts by key, and all `settings` (None: unchanged) in one transaction.

        Return False, after an alert, if they cannot be written.
        """

        def write(rows: sqlite3.Connection) -> None:
            _insert_texts(rows, texts)
            self._record_tables.put(rows, self._database.checksummers, changed)
            if changed or settings is not None:
                self._write_new_state(rows)
            if settings is not None:
                seal = self._database.checksummers[_SETTING_TABLE].add_checksum
                rows.execute(f"DELETE FROM {_SETTING_TABLE}")
                rows.executemany(
                    f"INSERT INTO {_SETTING_TABLE} VALUES (?, ?, ?, ?)",
                    [seal(*settings_codec.encode_setting(entry)) for entry in settings],
                )

        return self._write(write)

    def store_new(self, records: Mapping[str, Record], as_bytes: bytes, texts: Mapping[bytes, str]) -> bool:
        """Store records of new files with their texts in one transaction. Return False, after an alert, if that fails.

        `as_bytes` are the records as encoded by `codec.encode_page`.
        """

        def write(rows: sqlite3.Connection) -> None:
            _insert_texts(rows, texts)
            if records:
                self._record_tables.put_page(rows, self._database.checksummers, records, as_bytes)
                self._write_new_state(rows)

        return self._write(write)

    def _write(self, write: Callable[[sqlite3.Connection], None]) -> bool:
        if self._file is None and self._pid != os.getpid():
            return False  # a forked process has only a copy of the in-memory database
        try:
            rows = self._own_connection()
            with self._lock:
                self._state_number = 0
                with rows:
                    rows.execute("BEGIN IMMEDIATE")
                    write(rows)
                if self._state_number:
                    self._generation.write(self._state_number, self._database.checksummers[_STATE_TABLE])
        except (sqlite3.Error, FeedsvcError) as error:
            if isinstance(error, sqlite3.Error):
                self._database.report_damage(error)
            self._raise_alert(error)
            return False
        self._alerts.clear(_ALERT_NAME)
        return True

    def _write_new_state(self, rows: sqlite3.Connection) -> None:
        """Write a new state name and number. The name begins with "mixed" if another process wrote since `load_records`."""
        name, number = self._read_state()
        whose, seal = self._run_id if self._is_own_state(name) else "mixed", self._database.checksummers[_STATE_TABLE]
        self._state_number = max(number, self._generation.read(seal)) + 1
        rows.execute(f"DELETE FROM {_STATE_TABLE}")
        rows.execute(
            f"INSERT INTO {_STATE_TABLE} VALUES (?, ?, ?)", seal.add_checksum(f"{whose}-{uuid.uuid4().hex}", self._state_number)
        )

    def _raise_alert(self, error: Exception) -> None:
        """Raise an alert that only the next start is affected. Forked processes leave this to their parent."""
        if os.getpid() != self._creator_pid:
            return
        meanwhile = "feeds and pages go on, and a restart would read everything again"
        sentence = unwritable_message("what is read", self._file, error, meanwhile)
        self._alerts.raise_alert(_ALERT_NAME, sentence, f"what is read is written to {self._file} again")

    def close(self) -> None:
        with self._lock:
            self._database.close()


def _insert_texts(rows: sqlite3.Connection, texts: Mapping[bytes, str]) -> None:
    rows.executemany("INSERT OR IGNORE INTO text (digest, markdown) VALUES (?, ?)", texts.items())


def _prune_texts(rows: sqlite3.Connection, records: Mapping[str, Record], max_unused: int) -> None:
    """Delete unused texts if they are many. First compare the highest id, the most rows there can be: counting rows is slow."""
    ((written,),) = rows.execute(f"SELECT coalesce(max(id), 0) FROM {_TEXT_TABLE}").fetchall()
    if written <= 1.5 * len(records) + max_unused:
        return
    articles = (article for record in records.values() for article in (record.reading.article, record.good) if article)
    wanted = {article.text for article in articles}
    ((count,),) = rows.execute("SELECT count(*) FROM text").fetchall()
    if count > 1.5 * len(wanted) + max_unused:
        known = rows.execute("SELECT digest FROM text").fetchall()
        rows.executemany("DELETE FROM text WHERE digest = ?", [one for one in known if one[0] not in wanted])


def _code_digest() -> str:
    """Return a digest of the version and the code of content/, since a working copy changes without a new version."""
    code = hashlib.blake2b(__version__.encode(), digest_size=8)
    for file in sorted(Path(__file__).parent.parent.rglob("*.py")):
        code.update(file.read_bytes())
    return code.hexdigest()
