"""One small SQLite file in the state folder, opened for several threads and processes, made anew if it is damaged."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Final

from feedsvc.errors import FeedsvcError

_WAIT: Final = 10.0  # seconds for another process to finish its writing
# For many rows of a kilobyte and more: fewer pages are touched than with SQLite's own 4 kB, and the disk is waited for less often
# than each 4 MB.
_LARGE_PAGES: Final = "PRAGMA page_size=16384"
_LONG_LOG: Final = "PRAGMA wal_autocheckpoint=4000"  # pages


def connect(file: Path | None, tables: str, *, large: bool = False) -> sqlite3.Connection:
    """A connection to a file that has these tables (SQL); `file` None keeps them in memory. `large` rows may come by thousands.

    Raises FeedsvcError if the place cannot be used. A file that is no database is thrown away: nothing in the state folder
    that is kept this way cannot be made again.
    """
    if file is None:
        return _opened(":memory:", tables, large=large)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return _opened_anew_if_damaged(file, tables, large=large)
    except sqlite3.Error as error:
        # The low byte says what kind it is; a full disk is an error of input and output where SQLite maps a file.
        is_room = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
        room = "; see that its disk has room, or" if is_room else ";"
        raise FeedsvcError(f"{file} cannot be used ({error}){room} give another folder with --state") from None
    except OSError as error:
        raise FeedsvcError(f"{file.parent} cannot be used ({error.strerror}); give another folder with --state") from None


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


def _opened_anew_if_damaged(file: Path, tables: str, *, large: bool) -> sqlite3.Connection:
    try:
        return _opened(str(file), tables, large=large)
    except sqlite3.OperationalError:
        raise  # the place is at fault, not the file
    except sqlite3.DatabaseError:
        for name in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
            name.unlink(missing_ok=True)
        return _opened(str(file), tables, large=large)


def _opened(name: str, tables: str, *, large: bool) -> sqlite3.Connection:
    rows = sqlite3.connect(name, check_same_thread=False, timeout=_WAIT)
    try:
        if large:
            rows.execute(_LARGE_PAGES).close()  # of a file that is new; others keep theirs
            rows.execute(_LONG_LOG).close()
        use_wal(rows)
        rows.executescript(tables)
        rows.commit()
    except sqlite3.Error:
        rows.close()
        raise
    return rows
