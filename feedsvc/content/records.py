"""What is remembered of a content folder: how each file read, and the last valid version of it.

One SQLite file in the state folder makes starting again cheap and keeps last valid versions over restarts. It can be
deleted at any time; it is never trusted where a file's stamp differs, and what another version of the program read is read
again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import threading
import uuid
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from feedsvc import __version__, collector
from feedsvc.content import entries
from feedsvc.content.entries import Entry
from feedsvc.content.paging import TABLES, Pages
from feedsvc.content.record import Record
from feedsvc.content.stamps import NOTHING, inode_of, size_of, stamp_at
from feedsvc.errors import FeedsvcError
from feedsvc.sqlite import connect
from feedsvc.troubles import Troubles, unwritable

_NAME: Final = "records"
_TABLES: Final = f"""
DROP TABLE IF EXISTS article;
CREATE TABLE IF NOT EXISTS text (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, markdown TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS state (name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS setting (kind TEXT, name TEXT, entry BLOB NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;
{TABLES}"""
_LEFT: Final[list[sqlite3.Connection]] = []  # of the process that this one is a copy of: closing them would end its locks
_LARGE: Final = 16 * 1024 * 1024  # bytes of the file, of some 8,000 articles: a process is copied sooner than they are read
_ROOM: Final = 1000  # texts that may be past before they are dropped
_TOGETHER: Final = 100  # texts that are asked for at once
_TEXTS: Final = "SELECT digest, markdown FROM text"
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
        self._open()

    def _open(self) -> None:
        self._rows = connect(self._file, _TABLES, large=True)
        self._process = os.getpid()
        self._stamp = stamp_at(self._file) if self._file else None
        weakref.finalize(self, self._rows.close)

    def renewed(self) -> bool:
        """Whether the file had gone from under its name and is another one now, which knows nothing yet."""
        now = stamp_at(self._file) if self._file else None
        if inode_of(now or NOTHING) == inode_of(self._stamp or NOTHING):
            return False
        try:
            with self._lock:
                before = self._rows
                self._open()
                _carry_over(before, self._rows)
        except FeedsvcError as error:
            self._fail(error)
            return False
        return True

    def _own(self) -> sqlite3.Connection:
        """The connection; a copy of a process opens one of its own, for none may be used in two."""
        if self._process != os.getpid():
            _LEFT.append(self._rows)
            self._lock = threading.Lock()
            self._open()
        return self._rows

    @property
    def are_many(self) -> bool:
        """Whether it takes about as long to read them as to look at all the files that they speak of."""
        return size_of(self._stamp or NOTHING) >= _LARGE

    def articles(self) -> dict[str, Record]:
        """Every path's record."""
        try:
            with collector.paused(), self._lock, self._rows:
                self._rows.execute("BEGIN")  # no other process writes between the name and what bears it
                self._read_as = _state(self._rows)
                found, self._are_own = self._pages.found(self._rows)
                return found
        except sqlite3.Error:
            self._read_as = ""
            return {}

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
                name = _state(self._rows)
        except sqlite3.Error:
            return ""
        return name if self._is_ours(name) else ""

    def _is_ours(self, state: str) -> bool:
        return state == self._read_as or state.startswith(self._run)

    def tidy(self, records: Mapping[str, Record]) -> None:
        """Drop what is past, once it is a third of what is kept; to be said when all of the `records` is written down.

        A text that somebody still reads is in his file.
        """
        with contextlib.suppress(sqlite3.Error), self._lock, self._rows as rows:
            rows.execute("BEGIN IMMEDIATE")  # no other process writes between the looking and the dropping
            _prune(rows, records)
            if self._pages.is_due(rows, len(records)) and self._is_ours(_state(rows)):
                self._pages.renew(rows, records)

    def settings(self) -> list[Entry]:
        try:
            with self._lock:
                rows = self._rows.execute("SELECT kind, name, entry FROM setting").fetchall()
        except sqlite3.Error:
            return []
        return [entry for kind, name, data in rows if (entry := entries.unpacked(kind, name, data))]

    def text(self, name: bytes) -> str | None:
        """A text that was kept; None if it is not here, or cannot be read."""
        try:
            rows = self._own()
            with self._lock:
                row = rows.execute("SELECT markdown FROM text WHERE digest = ?", (name,)).fetchone()
        except sqlite3.Error:
            return None
        return row[0] if row else None

    def texts(self, names: Collection[bytes]) -> Mapping[bytes, str]:
        """Those of several texts that were kept and can be read."""
        found: dict[bytes, str] = {}
        wanted = sorted(names)
        with contextlib.suppress(sqlite3.Error):
            rows = self._own()
            for start in range(0, len(wanted), _TOGETHER):
                some = wanted[start : start + _TOGETHER]
                marks = ", ".join("?" * len(some))
                with self._lock:
                    found |= rows.execute(f"{_TEXTS} WHERE digest IN ({marks})", some).fetchall()
        return found

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
            self._pages.put(rows, changed)
            if changed or settings is not None:
                self._rename(rows)
            if settings is not None:
                rows.execute("DELETE FROM setting")
                rows.executemany("INSERT INTO setting VALUES (?, ?, ?)", [entries.packed(entry) for entry in settings])

        return self._wrote(write)

    def keep_new(self, records: Mapping[str, Record], as_bytes: bytes, texts: Mapping[bytes, str]) -> bool:
        """Write down what was read together, with its texts; `as_bytes` are the records `packed`."""

        def write(rows: sqlite3.Connection) -> None:
            _put_texts(rows, texts)
            if records:
                self._pages.put_page(rows, records, as_bytes)
                self._rename(rows)

        return self._wrote(write)

    def _wrote(self, write: Callable[[sqlite3.Connection], None]) -> bool:
        if self._file is None and self._process != os.getpid():
            return False  # a copy's memory is not that of the process
        try:
            rows = self._own()
            with self._lock, rows:
                rows.execute("BEGIN IMMEDIATE")
                write(rows)
        except sqlite3.Error as error:
            self._fail(error)
            return False
        self._troubles.end(_NAME)
        return True

    def _rename(self, rows: sqlite3.Connection) -> None:
        """What is written makes another state; of what others wrote between, this process knows nothing."""
        whose = self._run if self._is_ours(_state(rows)) else "mixed"
        rows.execute("DELETE FROM state")
        rows.execute("INSERT INTO state VALUES (?)", (f"{whose}-{uuid.uuid4().hex}",))

    def _fail(self, error: Exception) -> None:
        """What is served is not concerned, only the next start. Of a copy, the process it is a copy of says so."""
        if os.getpid() != self._born:
            return
        meanwhile = "feeds and pages go on, and a restart would read everything again"
        sentence = unwritable("what is read", self._file, error, meanwhile)
        self._troubles.come(_NAME, sentence, f"what is read is written to {self._file} again")

    def close(self) -> None:
        with self._lock:
            self._rows.close()


def _state(rows: sqlite3.Connection) -> str:
    found = rows.execute("SELECT name FROM state").fetchone()
    return found[0] if found else ""


def _put_texts(rows: sqlite3.Connection, texts: Mapping[bytes, str]) -> None:
    rows.executemany("INSERT OR IGNORE INTO text (digest, markdown) VALUES (?, ?)", texts.items())


def _prune(rows: sqlite3.Connection, records: Mapping[str, Record]) -> None:
    """Drop the texts that nothing names. While no more were ever written than may be kept, nobody counts."""
    ((written,),) = rows.execute("SELECT coalesce(max(id), 0) FROM text").fetchall()
    if written <= 1.5 * len(records) + _ROOM:
        return
    articles = (article for record in records.values() for article in (record.reading.article, record.good) if article)
    wanted = {article.text for article in articles}
    ((count,),) = rows.execute("SELECT count(*) FROM text").fetchall()
    if count > 1.5 * len(wanted) + _ROOM:
        known = rows.execute("SELECT digest FROM text").fetchall()
        rows.executemany("DELETE FROM text WHERE digest = ?", [one for one in known if one[0] not in wanted])


def _carry_over(before: sqlite3.Connection, now: sqlite3.Connection) -> None:
    """The texts of a file without a name, which lives for as long as it is open: nothing else holds them all."""
    with contextlib.suppress(sqlite3.Error), now, contextlib.closing(before):
        now.executemany("INSERT OR IGNORE INTO text (digest, markdown) VALUES (?, ?)", before.execute(_TEXTS))


def _code() -> str:
    """Stands for the very code that reads: a working copy has one version and many states."""
    code = hashlib.blake2b(__version__.encode(), digest_size=8)
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        code.update(file.read_bytes())
    return code.hexdigest()
