"""An SQLite file of the state folder, shared by threads and processes: verified where it is read, replaced once it is damaged.

A damaged file is renamed to NAME.damaged. A new one takes its place, with the rows that can be read and whose checksums fit.
A line in the log says so, and the service goes on.
"""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from feedsvc.errors import FeedsvcError
from feedsvc.support.checksummed_tables import DamageError, Schema, Seal, adopt, prepare, save
from feedsvc.support.state_folder import ASIDE, is_file, locked, read_identity, set_aside, settle_identity

_WAIT: Final = 10.0  # seconds for another process to finish its writing
# For many rows of a kilobyte and more: fewer pages are touched than with SQLite's own 4 kB, and the disk is waited for less often
# than each 4 MB.
_LARGE_PAGES: Final = "PRAGMA page_size=16384"
_LONG_LOG: Final = "PRAGMA wal_autocheckpoint=4000"  # pages
_APPLICATION: Final = 0x66656564  # PRAGMA application_id: only then is user_version the identity of the state folder
_HEADER: Final = 100  # bytes
_VERSIONS: Final = slice(18, 20)  # of the header: of the format, for who writes and for who reads
_ENDINGS: Final = ("", "-wal", "-shm", "-journal")
# These say something of the disk, of other processes or of the call; every other error, of the file.
_PLACE: Final = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_MISUSE,
    }
)
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_OF_THE_FILE: Final = frozenset({sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS})

_LOG: Final = logging.getLogger(__name__)


class Connection(sqlite3.Connection):
    """Connection to a file that may be damaged: SQLite quotes a damaged schema, whose bytes may be no text, in its messages."""

    def execute(self, *statement: Any) -> sqlite3.Cursor:
        with _as_damage():
            return super().execute(*statement)

    def executemany(self, *statement: Any) -> sqlite3.Cursor:
        with _as_damage():
            return super().executemany(*statement)


@contextmanager
def _as_damage() -> Iterator[None]:
    """Raise sqlite3.DatabaseError (SQLITE_CORRUPT) in place of an error whose message is no UTF-8."""
    try:
        yield
    except UnicodeDecodeError:
        error = sqlite3.DatabaseError("malformed database schema")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error from None


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether the file is at fault, not its place, another process or the caller."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and (code in _OF_THE_FILE or code & 0xFF not in _PLACE)


def use_wal(rows: sqlite3.Connection) -> None:
    """Readers wait for no writer then; the last second may be lost at a power cut, nothing at a kill.

    Who makes a new file so does not wait for another who does (SQLite's busy handler is not asked): it is tried again.
    """
    end = time.monotonic() + _WAIT
    while True:
        try:
            rows.execute("PRAGMA journal_mode=WAL").close()
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
    rows.execute("PRAGMA synchronous=NORMAL").close()


class Database:
    """One file with the tables of a schema. `rows` is the connection, `seals` make and verify checksums, by table.

    Threads that share it hold a lock of their own. After `doubt`, the next `heal` replaces the file.
    """

    rows: sqlite3.Connection
    seals: Mapping[str, Seal]

    def __init__(self, file: Path | None, schema: Schema) -> None:
        """`file` None keeps the tables in memory. Raises FeedsvcError if the place cannot be used."""
        self._file, self._schema, self._doubt = file, schema, ""
        self._left: list[sqlite3.Connection] = []
        self.open()

    def open(self) -> None:
        """Open the file, which another process may have replaced. Raises FeedsvcError if the place cannot be used."""
        if self._file is None:
            self._take(*self._opened(":memory:", None))
            return
        with _usable(self._file), locked(self._file.parent):
            self._take(*self._opened_or_replaced(self._file))

    def open_in_copy(self) -> None:
        """Open the file anew in a process that is a copy of another: closing that one's connection would end its locks."""
        self._left.append(self.rows)
        self.open()

    def _take(self, rows: sqlite3.Connection, seals: Mapping[str, Seal]) -> None:
        self.rows, self.seals = rows, seals
        self._inode, self._doubt = _inode(self._file), ""
        weakref.finalize(self, rows.close)

    @property
    def is_doubted(self) -> bool:
        return bool(self._doubt)

    def doubt(self, reason: str | sqlite3.Error) -> None:
        """Take note of a damaged row, or of an error if it says that the file is damaged."""
        if isinstance(reason, str) or is_damage(reason):
            self._doubt = self._doubt or str(reason)

    def heal(self, lock: AbstractContextManager[object]) -> bool:
        """Replace the file if it was found damaged, open it anew if it is another one by now; return whether it was either.

        `lock` is held while the connection is exchanged. Raises FeedsvcError if the place cannot be used.
        """
        if self._file is None or (not self._doubt and _inode(self._file) == self._inode):
            return False
        before, file = self.rows, self._file
        with _usable(file), locked(file.parent):
            if self._doubt and _inode(file) == self._inode:
                made = self._replaced(file, self._doubt)
            else:
                made = self._opened_or_replaced(file)
                self._carry_over(before, *made, lock)
        with lock:
            self._take(*made)
            before.close()
        return True

    def _carry_over(
        self,
        before: sqlite3.Connection,
        rows: sqlite3.Connection,
        seals: Mapping[str, Seal],
        lock: AbstractContextManager[object],
    ) -> None:
        """Copy rows that verify by themselves from a file that lost its name, which lives for as long as it is open."""
        with lock, suppress(sqlite3.Error), rows:
            save(before, rows, self._schema.only_shared(), seals)

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self.rows.close()

    def _opened_or_replaced(self, file: Path) -> tuple[sqlite3.Connection, Mapping[str, Seal]]:
        reason = _obstacle(file)
        if not reason:
            try:
                return self._opened(str(file), file)
            except DamageError as error:
                reason = str(error)
            except sqlite3.Error as error:
                if not is_damage(error):
                    raise
                reason = str(error)
        return self._replaced(file, reason)

    def _opened(self, name: str, file: Path | None) -> tuple[sqlite3.Connection, Mapping[str, Seal]]:
        """Raises sqlite3.Error, and DamageError for a file that holds something else."""
        rows = sqlite3.connect(name, check_same_thread=False, timeout=_WAIT, factory=Connection)
        try:
            set_up(rows)
            if self._schema.large:
                rows.execute(_LARGE_PAGES).close()  # of a file that is new; others keep theirs
                rows.execute(_LONG_LOG).close()
            use_wal(rows)
            seals = self._prepared(rows, file)
        except BaseException:
            rows.close()
            raise
        return rows, seals

    def _prepared(self, rows: sqlite3.Connection, file: Path | None) -> Mapping[str, Seal]:
        label = _label(rows)
        identity = _identity(file.parent, label) if file else 0
        if label not in (0, identity):
            raise DamageError("it is of another state folder")
        seals = {table.name: Seal(identity, file.name if file else "", table.name) for table in self._schema.tables}
        if label and self._schema.is_complete(rows):
            return seals
        with rows:
            rows.execute("BEGIN IMMEDIATE")
            if prepare(rows, self._schema):
                adopt(rows, self._schema, seals)
            rows.execute(f"PRAGMA application_id={_APPLICATION}")
            rows.execute(f"PRAGMA user_version={identity}")
        return seals

    def _replaced(self, file: Path, reason: str) -> tuple[sqlite3.Connection, Mapping[str, Seal]]:
        """With the folder's lock held."""
        aside = _set_all_aside(file)
        rows, seals = self._opened(str(file), file)
        try:
            with rows:
                rows.execute("BEGIN IMMEDIATE")
                count = _saved(aside, rows, self._schema, seals)
        except BaseException:
            rows.close()
            raise
        _LOG.warning(
            "feedsvc: %s (%s) was damaged: %s; a new file takes its place with the %d rows that could be saved, %s; "
            "the service goes on, and the damaged file is kept as %s",
            file,
            self._schema.holds,
            reason,
            count,
            self._schema.loss,
            aside.name,
        )
        return rows, seals


@contextmanager
def _usable(file: Path) -> Iterator[None]:
    """Says in a FeedsvcError what keeps the file from being used."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FeedsvcError(f"{file.parent} cannot be used ({error.strerror}); give another folder with --state") from None
    try:
        yield
    except sqlite3.Error as error:
        # The low byte says what kind it is; a full disk is an error of input and output where SQLite maps a file.
        is_room = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
        room = "; see that its disk has room, or" if is_room else ";"
        raise FeedsvcError(f"{file} cannot be used ({error}){room} give another folder with --state") from None
    except OSError as error:
        room = "; see that its disk has room, or" if error.errno in _NO_ROOM else ";"
        raise FeedsvcError(f"{file} cannot be used ({error.strerror}){room} give another folder with --state") from None


def set_up(rows: sqlite3.Connection) -> None:
    """Letters that are no UTF-8 raise no error, but fail the checksum; nothing in a schema may run functions."""
    rows.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    rows.execute("PRAGMA trusted_schema=OFF").close()
    rows.execute("PRAGMA cell_size_check=ON").close()


def _label(rows: sqlite3.Connection) -> int:
    """Return the identity of the state folder that the file was made in; 0 if the file names none."""
    ((application,),) = rows.execute("PRAGMA application_id").fetchall()
    ((label,),) = rows.execute("PRAGMA user_version").fetchall()
    return int(label) & 0xFFFFFFFF if application == _APPLICATION else 0


def _identity(folder: Path, label: int) -> int:
    """Return the identity of the folder.

    Where its file `state-id` and this label do not agree, it is the identity that most of the folder's SQLite files have.
    """
    known = read_identity(folder)
    return known if known and label == known else settle_identity(folder, _labels(folder))


def _labels(folder: Path) -> Iterator[int]:
    """Yield the labels of the folder's SQLite files; of none in whose place, or beside which, something else lies.

    A pipe would be waited for until somebody writes into it.
    """
    for file in sorted(folder.glob("*.sqlite")):
        if _no_file(file):
            continue
        # By a connection: to open and close the file otherwise would end this process's locks on it.
        name = f"{file.absolute().as_uri()}?mode=ro"
        with suppress(sqlite3.Error), closing(sqlite3.connect(name, uri=True, factory=Connection)) as rows:
            yield _label(rows)


def _no_file(file: Path) -> str:
    """Return the name of what is no file in the place of this one or of those that SQLite has beside it; "" if all are."""
    for ending in _ENDINGS:
        path = Path(f"{file}{ending}")
        if is_file(path) is False or (ending and path.is_symlink()):
            return path.name
    return ""


def _inode(file: Path | None) -> tuple[int, int] | None:
    try:
        status = os.stat(file) if file else None
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status else None


def _obstacle(file: Path) -> str:
    """Return what is wrong at a file's place, before SQLite looks into it. Call it before this process opens the file."""
    if name := _no_file(file):
        return f"{name} is no file"
    if not is_file(file):
        return ""
    with open(file, "rb") as opened:
        header = opened.read(_HEADER)
    if not header:
        return "it is empty"
    # SQLite takes a file for read-only if its header names a version of the format that does not exist.
    return "" if {*header[_VERSIONS]} <= {1, 2} else "its header is damaged"


def _set_all_aside(file: Path) -> Path:
    """With what SQLite has beside it, in place of what was set aside before."""
    aside = Path(f"{file}{ASIDE}")
    for ending in _ENDINGS:
        set_aside(Path(f"{file}{ending}"), Path(f"{aside}{ending}"))
    return aside


def _saved(aside: Path, rows: sqlite3.Connection, schema: Schema, seals: Mapping[str, Seal]) -> int:
    """Copy the sound rows of a damaged file; return how many. Raises sqlite3.Error for `rows` alone."""
    if not is_file(aside):
        return 0
    with closing(sqlite3.connect(aside, factory=Connection)) as source:
        try:
            set_up(source)
            source.execute("PRAGMA writable_schema=ON").close()  # a file that was cut short is read all the same
        except sqlite3.DatabaseError:
            return 0
        return save(source, rows, schema, seals)
