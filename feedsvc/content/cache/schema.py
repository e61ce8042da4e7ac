"""Schema of the parse cache's SQLite file, and the table that describes the file as a whole: one row with its state.

The state has a name and a generation (see `Generation`), which both change with each write of records or settings.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from feedsvc.content.cache.record_tables import FORMER_RECORD_TABLES, RECORD_TABLES
from feedsvc.content.cache.settings_table import FORMER_SETTING_TABLE, SETTING_TABLE
from feedsvc.content.cache.text_table import TEXT_TABLE
from feedsvc.support.checksummed_tables import FormerTable, RowChecksummer, Schema, Table

_STATE: Final = "record_state"
STATE_TABLE: Final = Table(
    name=_STATE,
    sql=f"CREATE TABLE {_STATE} (name TEXT NOT NULL, generation INTEGER NOT NULL, checksum INTEGER NOT NULL)",
    order_by="name",
    is_salvaged=False,
)
# A state of the previous version has no meaning in this one, so its rows are not converted.
_FORMER_STATE_TABLE: Final = FormerTable(
    name="state", sql="CREATE TABLE state (name TEXT NOT NULL)", order_by="name", convert=lambda _: ()
)

SCHEMA: Final = Schema(
    tables=(TEXT_TABLE, STATE_TABLE, SETTING_TABLE, *RECORD_TABLES),
    former_tables=(*FORMER_RECORD_TABLES, _FORMER_STATE_TABLE, FORMER_SETTING_TABLE),
    obsolete_tables=("article",),
    description="parse cache of articles and settings",
    loss_description="last valid versions of files that are broken now may be lost, and articles are read again",
    is_large=True,
)


def select_state(connection: sqlite3.Connection, checksummer: RowChecksummer) -> tuple[str, int] | None:
    """Return name and generation of the state; "" and 0 without a row, None for a damaged one. Raises sqlite3.Error."""
    row = connection.execute(f"SELECT * FROM {_STATE}").fetchone()
    if row is None:
        return "", 0
    values = checksummer.verify(row)
    return (values[0], values[1]) if values else None


def replace_state(connection: sqlite3.Connection, checksummer: RowChecksummer, name: str, generation: int) -> None:
    """Replace the row of the state. Raises sqlite3.Error."""
    connection.execute(f"DELETE FROM {_STATE}")
    connection.execute(f"INSERT INTO {_STATE} VALUES (?, ?, ?)", checksummer.add_checksum(name, generation))
