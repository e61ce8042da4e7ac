"""What is remembered of a content folder: how each file read, and the last valid version of it.

One SQLite file in the state folder makes starting again cheap and keeps last valid versions over restarts. It can be
deleted at any time; it is never trusted where a file's stamp differs, and what another version of the program read is read
again.
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
from feedsvc.content.cache.settings_codec import Entry
from feedsvc.content.cache.tables import FORMER, TABLES, Pages
from feedsvc.content.file_signature import NOTHING, size_of, stamp_at
from feedsvc.content.markdown.text_store import is_text
from feedsvc.errors import FeedsvcError
from feedsvc.support import gc_control
from feedsvc.support.alerts import Troubles, unwritable
from feedsvc.support.checksummed_tables import FormerTable, Row, Schema, Table
from feedsvc.support.sqlite import Database

_OLDER: Final = "last valid versions of files that changed since are not used"
_LOG: Final = logging.getLogger(__name__)
_NAME: Final = "records"
_TEXT: Final = "text"
_SETTING: Final = "setting_entry"
_STATE: Final = "record_state"


def _is_sound(row: Row) -> bool:
    number, name, markdown = row
    return type(number) is int and is_text(name, markdown)


def _former_setting(row: Row) -> Iterable[tuple[str, Row]]:
    kind, name, entry = row
    if not (isinstance(kind, str) and isinstance(name, str) and isinstance(entry, bytes)):
        raise TypeError(row)
    yield _SETTING, (kind, name, entry)


_SCHEMA: Final = Schema(
    tables=(
        Table(
            name=_TEXT,
            sql=f"CREATE TABLE {_TEXT} (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, markdown TEXT NOT NULL)",
            order="id",
            is_sound=_is_sound,
        ),
        Table(
            name=_STATE,
            sql=f"CREATE TABLE {_STATE} (name TEXT NOT NULL, generation INTEGER NOT NULL, checksum INTEGER NOT NULL)",
            order="name",
            saved=False,
        ),
        Table(
            name=_SETTING,
            sql=f"CREATE TABLE {_SETTING} (kind TEXT, name TEXT, entry BLOB NOT NULL, checksum INTEGER NOT NULL, "
            "PRIMARY KEY (kind, name)) WITHOUT ROWID",
            order="kind, name",
        ),
        *TABLES,
    ),
    former=(
        *FORMER,
        FormerTable(name="state", sql="CREATE TABLE state (name TEXT NOT NULL)", order="name", convert=lambda _: ()),
        FormerTable(
            name="setting",
            sql="CREATE TABLE setting (kind TEXT, name TEXT, entry BLOB NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID",
            order="kind, name",
            convert=_former_setting,
        ),
    ),
    obsolete=("article",),
    holds="what was read of articles and settings",
    loss="last valid versions of files that are broken now may be lost, and articles are read again",
    large=True,
)
_LARGE: Final = 16 * 1024 * 1024  # bytes of the file, of some 8,000 articles: a process is copied sooner than they are read
_ROOM: Final = 1000  # texts that may be past before they are dropped
_TOGETHER: Final = 100  # texts that are asked for at once
_TEXTS: Final = f"SELECT digest, markdown FROM {_TEXT}"
_NO_TEXTS: Final[Mapping[bytes, str]] = {}


class Records:
    """Safe in threads and between processes that share the file. A disk that refuses costs the memory, nothing else."""

    def __init__(self, file: Path | None, version: str = "", troubles: Troubles | None = None) -> None:
        """`version` names the reading, by default this program's: of another's records only the articles count.

        `file` None keeps all in memory. Raises FeedsvcError if the file cannot be used.
        """
        self._lock = threading.Lock()
        self._file = file
        self._pages = Pages(version or _code())
        self._troubles, self._born = troubles or Troubles(), os.getpid()
        self._run, self._read_as, self._are_own = uuid.uuid4().hex, "", True
        self._data, self._process = Database(file, _SCHEMA), os.getpid()
        self._generation, self._number, self.are_older = Generation(file), 0, False
        self._size = size_of(stamp_at(file) or NOTHING) if file else 0

    @property
    def _rows(self) -> sqlite3.Connection:
        return self._data.rows

    def renewed(self) -> bool:
        """Replace the file if it was damaged or is gone from under its name; return whether it is another one now.

        Of the records it knows nothing then. Other threads go on meanwhile.
        """
        try:
            return self._data.heal(self._lock)
        except FeedsvcError as error:
            self._fail(error)
            return False

    def _own(self) -> sqlite3.Connection:
        """The connection; a copy of a process opens one of its own, for none may be used in two."""
        if self._process != os.getpid():
            self._lock, self._process = threading.Lock(), os.getpid()
            self._data.open_in_copy()
        return self._rows

    @property
    def are_many(self) -> bool:
        """Whether it takes about as long to read them as to look at all the files that they speak of."""
        return self._size >= _LARGE

    @property
    def is_damaged(self) -> bool:
        """Return whether the file was found damaged, until `renewed` has replaced it."""
        return self._data.is_doubted

    def articles(self) -> dict[str, Record]:
        """Every path's record; of a damaged file, of which `is_damaged` tells, those that are sound."""
        # Before the rows: another process writes its number beside the file after it has committed the rows.
        last = self._generation.last(self._data.seals[_STATE])
        try:
            with gc_control.paused(), self._lock, self._rows:
                self._rows.execute("BEGIN")  # no other process writes between the name and what bears it
                self._read_as, number = self._state()
                found = self._pages.found(self._rows, self._data.seals)
        except sqlite3.Error as error:
            self._data.doubt(error)
            self._read_as = ""
            return {}
        if not found.are_sound:
            self._data.doubt("records fail their checksum")
        # A state whose number is not beside the file has lost it; that of the first state may have come just now.
        is_behind = number < last or (number > 0 and not last and not self._generation.last(self._data.seals[_STATE]))
        self.are_older = found.are_sound and bool(found.records) and is_behind
        if self.are_older:
            _LOG.warning("feedsvc: %s is older than it was: %s; the service goes on", self._file, _OLDER)
        self._are_own = found.are_own and found.are_sound and not self.are_older
        return found.records

    @property
    def read_as(self) -> str:
        """The name of the state in which `articles` found them; "" where it has none.

        Another version may name states otherwise, or not at all.
        """
        return self._read_as if self._are_own else ""

    def state(self) -> str:
        """The name of the state in which they are now; "" where others than this process have written meanwhile."""
        try:
            with self._lock:
                name, _ = self._state()
        except sqlite3.Error:
            return ""
        return name if self._is_ours(name) else ""

    def _state(self) -> tuple[str, int]:
        """The state's name and number. With the lock held. Raises sqlite3.Error."""
        row = self._rows.execute(f"SELECT * FROM {_STATE}").fetchone()
        values = self._data.seals[_STATE].open(row) if row else ("", 0)
        if values is None:
            self._data.doubt("the name of the state fails its checksum")
        return (values[0], values[1]) if values else ("", 0)

    def _is_ours(self, state: str) -> bool:
        return state == self._read_as or state.startswith(self._run)

    def tidy(self, records: Mapping[str, Record]) -> None:
        """Drop what is past, once it is a third of what is kept; to be said when all of the `records` is written down.

        A text that somebody still reads is in his file.
        """
        try:
            with self._lock, self._rows as rows:
                rows.execute("BEGIN IMMEDIATE")  # no other process writes between the looking and the dropping
                _prune(rows, records)
                if self._pages.is_due(rows, len(records)) and self._is_ours(self._state()[0]):
                    self._pages.renew(rows, self._data.seals, records)
        except sqlite3.Error as error:
            self._data.doubt(error)

    def settings(self) -> list[Entry]:
        """Every entry; of a damaged file, of which `is_damaged` tells, those that are sound."""
        try:
            with self._lock:
                rows = self._rows.execute(f"SELECT * FROM {_SETTING}").fetchall()
        except sqlite3.Error as error:
            self._data.doubt(error)
            return []
        sound = [values for row in rows if (values := self._data.seals[_SETTING].open(row))]
        if len(sound) < len(rows):
            self._data.doubt("settings fail their checksum")
        return [entry for values in sound if (entry := settings_codec.unpacked(*values))]

    def text(self, name: bytes) -> str | None:
        """A text that was kept; None if it is not here, or cannot be read."""
        return self.texts((name,)).get(name)

    def texts(self, names: Collection[bytes]) -> Mapping[bytes, str]:
        """Those of several texts that were kept and can be read."""
        found: dict[bytes, str] = {}
        wanted = sorted(names)
        for start in range(0, len(wanted), _TOGETHER):
            some = wanted[start : start + _TOGETHER]
            found |= self._texts(some)
        return found

    def _texts(self, names: Sequence[bytes]) -> dict[bytes, str]:
        """As `texts`. An error in one leaves the others to be asked for alone."""
        try:
            rows, marks = self._own(), ", ".join("?" * len(names))
            with self._lock:
                found = rows.execute(f"{_TEXTS} WHERE digest IN ({marks})", names).fetchall()
        except sqlite3.Error as error:
            self._data.doubt(error)
            if len(names) == 1 or not self._data.is_doubted:
                return {}
            return {name: text for one in names for name, text in self._texts([one]).items()}
        except FeedsvcError:  # of a copy of this process, where the file can no more be opened
            return {}
        sound = {name: text for name, text in found if is_text(name, text)}
        if len(sound) < len(found):
            self._data.doubt("texts are not those that were written")
        return sound

    def keep_texts(self, texts: Mapping[bytes, str]) -> bool:
        """Write texts down by their names; False if the disk does not take them."""
        return self.keep({}, texts=texts)

    def keep(
        self,
        changed: Mapping[str, Record | None],
        settings: Iterable[Entry] | None = None,
        texts: Mapping[bytes, str] = _NO_TEXTS,
    ) -> bool:
        """Write down what changed, all of it or nothing; a path's None means gone. False if the disk does not take it."""

        def write(rows: sqlite3.Connection) -> None:
            _put_texts(rows, texts)
            self._pages.put(rows, self._data.seals, changed)
            if changed or settings is not None:
                self._rename(rows)
            if settings is not None:
                seal = self._data.seals[_SETTING].seal
                rows.execute(f"DELETE FROM {_SETTING}")
                rows.executemany(
                    f"INSERT INTO {_SETTING} VALUES (?, ?, ?, ?)", [seal(*settings_codec.packed(entry)) for entry in settings]
                )

        return self._wrote(write)

    def keep_new(self, records: Mapping[str, Record], as_bytes: bytes, texts: Mapping[bytes, str]) -> bool:
        """Write down what was read together, with its texts; `as_bytes` are the records `packed`."""

        def write(rows: sqlite3.Connection) -> None:
            _put_texts(rows, texts)
            if records:
                self._pages.put_page(rows, self._data.seals, records, as_bytes)
                self._rename(rows)

        return self._wrote(write)

    def _wrote(self, write: Callable[[sqlite3.Connection], None]) -> bool:
        if self._file is None and self._process != os.getpid():
            return False  # a copy's memory is not that of the process
        try:
            rows = self._own()
            with self._lock:
                self._number = 0
                with rows:
                    rows.execute("BEGIN IMMEDIATE")
                    write(rows)
                if self._number:
                    self._generation.note(self._number, self._data.seals[_STATE])
        except (sqlite3.Error, FeedsvcError) as error:
            if isinstance(error, sqlite3.Error):
                self._data.doubt(error)
            self._fail(error)
            return False
        self._troubles.end(_NAME)
        return True

    def _rename(self, rows: sqlite3.Connection) -> None:
        """What is written makes another state; of what others wrote between, this process knows nothing."""
        name, number = self._state()
        whose, seal = self._run if self._is_ours(name) else "mixed", self._data.seals[_STATE]
        self._number = max(number, self._generation.last(seal)) + 1
        rows.execute(f"DELETE FROM {_STATE}")
        rows.execute(f"INSERT INTO {_STATE} VALUES (?, ?, ?)", seal.seal(f"{whose}-{uuid.uuid4().hex}", self._number))

    def _fail(self, error: Exception) -> None:
        """What is served is not concerned, only the next start. Of a copy, the process it is a copy of says so."""
        if os.getpid() != self._born:
            return
        meanwhile = "feeds and pages go on, and a restart would read everything again"
        sentence = unwritable("what is read", self._file, error, meanwhile)
        self._troubles.come(_NAME, sentence, f"what is read is written to {self._file} again")

    def close(self) -> None:
        with self._lock:
            self._data.close()


def _put_texts(rows: sqlite3.Connection, texts: Mapping[bytes, str]) -> None:
    rows.executemany("INSERT OR IGNORE INTO text (digest, markdown) VALUES (?, ?)", texts.items())


def _prune(rows: sqlite3.Connection, records: Mapping[str, Record]) -> None:
    """Drop the texts that nothing names. While no more were ever written than may be kept, nobody counts."""
    ((written,),) = rows.execute(f"SELECT coalesce(max(id), 0) FROM {_TEXT}").fetchall()
    if written <= 1.5 * len(records) + _ROOM:
        return
    articles = (article for record in records.values() for article in (record.reading.article, record.good) if article)
    wanted = {article.text for article in articles}
    ((count,),) = rows.execute("SELECT count(*) FROM text").fetchall()
    if count > 1.5 * len(wanted) + _ROOM:
        known = rows.execute("SELECT digest FROM text").fetchall()
        rows.executemany("DELETE FROM text WHERE digest = ?", [one for one in known if one[0] not in wanted])


def _code() -> str:
    """Stands for the very code that reads: a working copy has one version and many states."""
    code = hashlib.blake2b(__version__.encode(), digest_size=8)
    for file in sorted(Path(__file__).parent.parent.rglob("*.py")):
        code.update(file.read_bytes())
    return code.hexdigest()
