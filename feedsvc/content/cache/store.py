"""Parse cache of a content folder: the records of article files, last valid settings and article texts.

One SQLite file in the state folder makes a restart cheap and preserves last valid versions; it can be deleted at that price.
A file with another signature than its record is read again. Of records that another version of feedsvc wrote, only last valid
versions are used, and their files are read again. Each write of records or settings gives the cache a new state name.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from feedsvc.content.cache.record import Record
from feedsvc.content.cache.record_map import RecordMap
from feedsvc.content.cache.record_tables import FORMER_RECORD_TABLES, MAX_UNUSED_RECORDS, RECORD_TABLES, RecordTables
from feedsvc.content.cache.settings_table import (
    FORMER_SETTING_TABLE,
    SETTING_TABLE,
    StoredSetting,
    replace_settings,
    select_settings,
)
from feedsvc.content.cache.state import FORMER_STATE_TABLE, STATE_TABLE, CacheState, is_undisputed
from feedsvc.content.cache.text_table import MAX_UNUSED_TEXTS, TEXT_TABLE, insert_texts, prune_texts, select_texts
from feedsvc.content.file_signature import MISSING, signature_at, size_of
from feedsvc.content.markdown import is_text_of_key
from feedsvc.errors import FeedsvcError
from feedsvc.support.alerts import Alerts, unwritable_message
from feedsvc.support.checksummed_tables import Schema
from feedsvc.support.sqlite import Database

_SCHEMA: Final = Schema(
    tables=(TEXT_TABLE, STATE_TABLE, SETTING_TABLE, *RECORD_TABLES),
    former_tables=(*FORMER_RECORD_TABLES, FORMER_STATE_TABLE, FORMER_SETTING_TABLE),
    obsolete_tables=("article",),
    description="parse cache of articles and settings",
    loss_description="last valid versions of files that are broken now may be lost, and articles are read again",
    is_large=True,
)
_LOG: Final = logging.getLogger(__name__)
_ROLLBACK_MESSAGE: Final = (
    "feedsvc: %s is older than the one that was written last: last valid versions of files that changed since are not used; "
    "the service goes on"
)
_ALERT_NAME: Final = "records"
# Bytes of the file, about 8,000 articles. From here on, forking a process takes less time than loading the records.
_LARGE_FILE_SIZE: Final = 16 * 1024 * 1024
_TEXTS_PER_QUERY: Final = 100
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
        max_unused_texts: int = MAX_UNUSED_TEXTS,
        max_unused_records: int = MAX_UNUSED_RECORDS,
    ) -> None:
        """Open the file, or an in-memory database if `file` is None. Raises FeedsvcError if the file cannot be used.

        A damaged file is replaced. Of records of another `version` of the parser only last valid versions are used; "" stands
        for a digest of its code. `large_file_size`, in bytes, decides `is_large`. The other two numbers are those that `prune`
        tolerates. A failed write raises an alert in `alerts`.
        """
        self._lock = threading.Lock()
        self._file, self._large_file_size, self._max_unused_texts = file, large_file_size, max_unused_texts
        self._record_tables = RecordTables(version, max_unused=max_unused_records)
        self._alerts, self._creator_pid = alerts or Alerts(), os.getpid()
        self._database, self._pid = Database(file, _SCHEMA), os.getpid()
        self._state, self._is_own_version, self.is_rolled_back = CacheState(self._database, file), True, False
        self._file_size = size_of(signature_at(file) or MISSING) if file else 0

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._database.connection

    def repair(self) -> bool:
        """Replace the file if `is_damaged`, or open the new one if another process replaced it; return True if so.

        The caller must then store all records and settings again. Return False after an alert if it fails. Thread-safe.
        """
        try:
            return self._database.recover(self._lock)
        except FeedsvcError as error:
            self._raise_alert(error)
            return False

    def _own_connection(self) -> sqlite3.Connection:
        """Return the connection. A forked process first opens its own, because they must not share one. Raises FeedsvcError."""
        if self._pid != os.getpid():
            self._lock, self._pid = threading.Lock(), os.getpid()
            self._database.open_in_copy()
        return self._connection

    @property
    def is_large(self) -> bool:
        """True if the opened file had `large_file_size` bytes or more. Loading it takes as long as a scan, or longer."""
        return self._file_size >= self._large_file_size

    @property
    def is_damaged(self) -> bool:
        """True if another method found damage in the file and `repair` has not replaced it yet."""
        return self._database.has_reported_damage

    def load_records(self) -> RecordMap:
        """Return valid records by path, none after an error. Set `is_damaged`, and `is_rolled_back` if the file is outdated."""
        # Read before the rows: another process writes its generation beside the file after it has committed its rows.
        last_generation = self._state.last_generation()
        try:
            with self._lock, self._connection:
                self._connection.execute("BEGIN")  # no other process may write between reading the state and the records
                generation = self._state.load()
                loaded = self._record_tables.load(self._connection, self._database.checksummers)
        except sqlite3.Error as error:
            self._database.report_damage(error)
            self._state.loaded_name = ""
            return RecordMap()
        if not loaded.is_intact:
            self._database.report_damage("records fail their checksum")
        # If rows have a generation but there is none beside the file, it was lost, unless the first one was written just now.
        is_older = generation < last_generation or (generation > 0 and not last_generation and not self._state.last_generation())
        self.is_rolled_back = loaded.is_intact and bool(loaded.records) and is_older
        if self.is_rolled_back:
            _LOG.warning(_ROLLBACK_MESSAGE, self._file)
        self._is_own_version = loaded.is_own_version and loaded.is_intact and not self.is_rolled_back
        return loaded.records

    @property
    def loaded_state(self) -> str:
        """Name of the cache's state when `load_records` read it; "" before that, or if it had no name.

        Also "" if another version wrote some records (its names may mean something else), or if they are damaged or outdated.
        """
        return self._state.loaded_name if self._is_own_version else ""

    @property
    def is_undisputed(self) -> bool:
        """True if the `loaded_state` records that no articles are in conflict."""
        return is_undisputed(self.loaded_state)

    def current_state(self) -> str:
        """Return the state's present name; "" after an error, or if another process, except a fork, wrote since the load."""
        try:
            with self._lock:
                name, _ = self._state.read()
        except sqlite3.Error:
            return ""
        return name if self._state.is_own(name) else ""

    def prune(self, records: Mapping[str, Record]) -> None:
        """Delete texts that no article in `records` uses if they are many, and rewrite the records if many are obsolete.

        `text_table.prune_texts` and `RecordTables.needs_rewrite` say how many. Records are not rewritten if another process
        wrote since the load. Call it after all current `records` were stored. If an older edition still needs a deleted
        text, the text is read from its article file again. No error is raised.
        """
        try:
            with self._lock, self._connection as connection:
                connection.execute("BEGIN IMMEDIATE")  # no other process may write between the queries and the deletion
                prune_texts(connection, records, self._max_unused_texts)
                needs_rewrite = self._record_tables.needs_rewrite(connection, len(records))
                if needs_rewrite and self._state.is_own(self._state.read()[0]):
                    self._record_tables.rewrite(connection, self._database.checksummers, records)
        except sqlite3.Error as error:
            self._database.report_damage(error)

    def load_settings(self) -> list[StoredSetting]:
        """Return the stored last valid versions of settings and pages, former entries included; [] after an error.

        Damaged ones, and those of another version that cannot be decoded, are left out; damage sets the cache's `is_damaged`.
        """
        try:
            with self._lock:
                settings, is_intact = select_settings(self._connection, self._database.checksummers[SETTING_TABLE.name])
        except sqlite3.Error as error:
            self._database.report_damage(error)
            return []
        if not is_intact:
            self._database.report_damage("settings fail their checksum")
        return settings

    def text(self, key: bytes) -> str | None:
        """Return the text of this key; None if it is not stored, damaged or cannot be read."""
        return self.texts((key,)).get(key)

    def texts(self, keys: Collection[bytes]) -> Mapping[bytes, str]:
        """Return Markdown by key (`text_key`), without missing, unreadable and damaged texts. Damage sets `is_damaged`."""
        sorted_keys, texts = sorted(keys), dict[bytes, str]()
        for start in range(0, len(sorted_keys), _TEXTS_PER_QUERY):
            texts |= self._load_texts(sorted_keys[start : start + _TEXTS_PER_QUERY])
        return texts

    def _load_texts(self, keys: Sequence[bytes]) -> dict[bytes, str]:
        """Return undamaged texts by key, in one query. If that finds damage, query each alone, to lack only damaged ones."""
        try:
            connection = self._own_connection()
            with self._lock:
                rows = select_texts(connection, keys)
        except sqlite3.Error as error:
            self._database.report_damage(error)
            if len(keys) == 1 or not self._database.has_reported_damage:
                return {}
            return {key: text for one_key in keys for key, text in self._load_texts([one_key]).items()}
        except FeedsvcError:  # a forked process cannot open the file any more
            return {}
        texts = {key: text for key, text in rows if is_text_of_key(key, text)}
        if len(texts) < len(rows):
            self._database.report_damage("texts do not match their keys")
        return texts

    def store_texts(self, texts: Mapping[bytes, str]) -> bool:
        """Store texts by their keys; those stored already stay. Return False, after an alert (not in a fork), if that fails."""
        return self.store({}, texts=texts)

    def store(
        self,
        changed: Mapping[str, Record | None],
        settings: Iterable[StoredSetting] | None = None,
        texts: Mapping[bytes, str] = _NO_TEXTS,
        *,
        is_undisputed: bool = False,
    ) -> bool:
        """Store changed records by path (None deletes) and texts by key in one transaction.

        `settings`, unless None, replace all stored ones. With `is_undisputed`, the new state records that no articles in all its
        records are in conflict. Return False, after an alert (not in a fork), if writing fails.
        """

        def write(connection: sqlite3.Connection) -> int:
            insert_texts(connection, texts)
            self._record_tables.put(connection, self._database.checksummers, changed)
            if settings is not None:
                replace_settings(connection, self._database.checksummers[SETTING_TABLE.name], settings)
            return self._state.replace(is_undisputed=is_undisputed) if changed or settings is not None else 0

        return self._write(write)

    def store_new(self, records: Mapping[str, Record], page: bytes, texts: Mapping[bytes, str]) -> bool:
        """Store records of new files with their texts in one transaction. Return False if that fails, without alert in a fork.

        `page` are the records as encoded by `codec.encode_page`.
        """

        def write(connection: sqlite3.Connection) -> int:
            insert_texts(connection, texts)
            if not records:
                return 0
            self._record_tables.put_page(connection, self._database.checksummers, records, page)
            return self._state.replace(is_undisputed=False)

        return self._write(write)

    def _write(self, write: Callable[[sqlite3.Connection], int]) -> bool:
        """Call `write`, which returns the generation of the state that it wrote, or 0, in a transaction.

        Return False, after an alert (not in a fork), if that fails. In a fork, writing to a database in memory always fails.
        """
        if self._file is None and self._pid != os.getpid():
            return False  # a forked process has only a copy of the in-memory database
        try:
            connection = self._own_connection()
            with self._lock:
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    generation = write(connection)
                if generation:
                    self._state.write_generation(generation)
        except (sqlite3.Error, FeedsvcError) as error:
            if isinstance(error, sqlite3.Error):
                self._database.report_damage(error)
            self._raise_alert(error)
            return False
        self._alerts.clear(_ALERT_NAME)
        return True

    def _raise_alert(self, error: Exception) -> None:
        """Raise an alert: the cache cannot be written, which affects only the next start. In a forked process, do nothing."""
        if os.getpid() != self._creator_pid:
            return
        effect = "feeds and pages are still updated, but a restart would read all files again"
        message = unwritable_message("the parse cache", self._file, error, effect)
        self._alerts.raise_alert(_ALERT_NAME, message, f"the parse cache is written to {self._file} again")

    def close(self) -> None:
        with self._lock:
            self._database.close()
