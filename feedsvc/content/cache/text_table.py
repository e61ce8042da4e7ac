"""Text table in SQLite: the Markdown of articles by key.

Rows have no checksum, because a key contains a digest of its text. See `is_text_of_key`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from feedsvc.content.cache.record import Record
from feedsvc.content.markdown import is_text_of_key
from feedsvc.support.checksummed_tables import RowValues, Table

_NAME: Final = "text"
MAX_UNUSED_TEXTS: Final = 1000  # texts that no article uses, beside half as many as are used


def _is_intact(row: RowValues) -> bool:
    number, key, markdown = row
    return type(number) is int and is_text_of_key(key, markdown)


TEXT_TABLE: Final = Table(
    name=_NAME,
    sql=f"CREATE TABLE {_NAME} (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, markdown TEXT NOT NULL)",
    order_by="id",
    is_sound=_is_intact,
)


def insert_texts(connection: sqlite3.Connection, texts: Mapping[bytes, str]) -> None:
    """Insert Markdown by key (`text_key`), except texts whose keys are stored already. Raises sqlite3.Error."""
    connection.executemany(f"INSERT OR IGNORE INTO {_NAME} (digest, markdown) VALUES (?, ?)", texts.items())


def select_texts(connection: sqlite3.Connection, keys: Sequence[bytes]) -> list[tuple[Any, Any]]:
    """Return (key, text) for each of these keys that is stored. Rows may be damaged, so verify them. Raises sqlite3.Error."""
    marks = ", ".join("?" * len(keys))
    return connection.execute(f"SELECT digest, markdown FROM {_NAME} WHERE digest IN ({marks})", keys).fetchall()


def prune_texts(connection: sqlite3.Connection, records: Mapping[str, Record], max_unused: int) -> None:
    """Delete the texts that no article in `records` (all current ones, with last valid versions) uses. Raises sqlite3.Error.

    Do nothing unless there are more texts than one and a half times the used ones plus `max_unused`.
    """
    # The highest id is the most rows that there can be. Counting the rows takes longer, so it is done only if they may be many.
    ((highest_id,),) = connection.execute(f"SELECT coalesce(max(id), 0) FROM {_NAME}").fetchall()
    if highest_id <= 1.5 * len(records) + max_unused:
        return
    articles = (article for record in records.values() for article in (record.reading.article, record.good) if article)
    used_keys = {article.text for article in articles}
    ((count,),) = connection.execute(f"SELECT count(*) FROM {_NAME}").fetchall()
    if count > 1.5 * len(used_keys) + max_unused:
        rows = connection.execute(f"SELECT digest FROM {_NAME}").fetchall()
        connection.executemany(f"DELETE FROM {_NAME} WHERE digest = ?", [row for row in rows if row[0] not in used_keys])
