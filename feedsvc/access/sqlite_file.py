"""SQLite file of tokens: its creation, connections to it, and signs of damage."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from feedsvc.database import TOKENS
from feedsvc.support.checksummed_tables import DamageError
from feedsvc.support.sqlite_connection import DamageAwareConnection, configure_connection, is_damage, use_wal

_TABLE: Final = TOKENS.tables[0]
CREATE_TABLE: Final = (
    f"CREATE TABLE IF NOT EXISTS {_TABLE} (digest BLOB PRIMARY KEY, name TEXT NOT NULL, feed TEXT NOT NULL, "
    "created INTEGER NOT NULL, expires INTEGER, revoked INTEGER, hourly_limit INTEGER NOT NULL, used INTEGER, "
    "fetches INTEGER NOT NULL, full_at INTEGER NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID"
)
_BUSY_TIMEOUT: Final = 3.0  # seconds to wait for another process that writes; a request waits meanwhile


def check_visible_damage(file: Path) -> None:
    """Raise DamageError for damage that is visible without opening the file: it is missing, no regular file, or empty.

    Opening and closing it other than through SQLite would end the locks of this process on it.
    """
    if not file.is_file():
        raise DamageError("it is no file")
    if not file.stat().st_size:
        raise DamageError("it is empty")


def is_file_damage(error: Exception, file: Path) -> bool:
    """Return whether an error means that the file is damaged.

    SQLite's error "read-only" means damage, too, if file and folder are writable: the header then names an unknown format.
    """
    if not isinstance(error, sqlite3.Error):
        return isinstance(error, DamageError)
    is_readonly = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY
    return is_damage(error) or (is_readonly and os.access(file, os.W_OK) and os.access(file.parent, os.W_OK))


def create_file(file: Path) -> None:
    """Create a file with the empty table, readable only for its owner, in place of a former one. Raises OSError or sqlite3.Error.

    A file that root creates belongs to the owner of the folder, who runs the service.
    """
    temporary = file.with_name(f".new-{os.urandom(8).hex()}")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        folder = file.parent.stat()
        if os.geteuid() == 0:
            with suppress(OSError):
                os.chown(temporary, folder.st_uid, folder.st_gid)
        with closing(connect(temporary)) as connection:
            use_wal(connection)
            with durable_transaction(connection):
                connection.execute(CREATE_TABLE)
        os.rename(temporary, file)
    except BaseException:
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                os.unlink(f"{temporary}{suffix}")
        raise


def connect(file: Path, mode: str = "rw") -> sqlite3.Connection:
    uri = f"file:{quote(str(file.absolute()))}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_TIMEOUT, factory=DamageAwareConnection, check_same_thread=False)
    try:
        configure_connection(connection)
        connection.execute("PRAGMA synchronous=NORMAL").close()
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def durable_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the `with` block in one transaction that survives a power cut, and then write it from the journal into the file.

    If the block raises, the transaction is rolled back. The journal is written because SQLite ignores a damaged end of the
    journal, where a revocation would be lost. If another process reads the file, SQLite writes the journal later.
    """
    connection.execute("PRAGMA synchronous=FULL").close()
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
    with suppress(sqlite3.OperationalError):  # another process reads: SQLite does it later
        connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
