"""State of a parse cache: the row with its name and generation, which both change with each write of records or settings.

The name tells whether this process wrote the state, and whether no articles in the records are in conflict. The generation tells
whether the file is older than the one written last.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Final

from feedsvc.content.cache.generation import Generation
from feedsvc.support.checksummed_tables import FormerTable, Table
from feedsvc.support.sqlite import Database

_STATE: Final = "record_state"
STATE_TABLE: Final = Table(
    name=_STATE,
    sql=f"CREATE TABLE {_STATE} (name TEXT NOT NULL, generation INTEGER NOT NULL, checksum INTEGER NOT NULL)",
    order_by="name",
    is_salvaged=False,
)
_UNDISPUTED: Final = "-undisputed"  # end of the name of a state whose articles are in no conflict
# A state of the previous version has no meaning in this one, so its rows are not converted.
FORMER_STATE_TABLE: Final = FormerTable(
    name="state", sql="CREATE TABLE state (name TEXT NOT NULL)", order_by="name", convert=lambda _: ()
)


class CacheState:
    """Access to the state of the cache in `file`, with the connection of `database`, which the caller locks.

    Its methods raise sqlite3.Error. `loaded_name` is the name that `load` read, "" before that.
    """

    def __init__(self, database: Database, file: Path | None) -> None:
        self._database, self._generation = database, Generation(file)
        self._run_id, self.loaded_name = uuid.uuid4().hex, ""

    def read(self) -> tuple[str, int]:
        """Return name and generation; "" and 0 if there is no row, or if it is damaged, which is reported to the database."""
        row = self._database.connection.execute(f"SELECT * FROM {_STATE}").fetchone()
        values = self._database.checksummers[_STATE].verify(row) if row else ("", 0)
        if values is None:
            self._database.report_damage("the name of the state fails its checksum")
            return "", 0
        return values[0], values[1]

    def load(self) -> int:
        """Set `loaded_name`, and return the generation."""
        self.loaded_name, generation = self.read()
        return generation

    def is_own(self, name: str) -> bool:
        """Return whether `name`, that of the present state, is the loaded one or written by this process or a fork of it."""
        return name == self.loaded_name or name.startswith(self._run_id)

    def replace(self, *, is_undisputed: bool) -> int:
        """Write a new state and return its generation. Its name begins with "mixed" if another process wrote since `load`.

        `is_undisputed` states that no articles are in conflict in the records of this process and its forks. It is recorded
        unless another process wrote, too.
        """
        name, generation = self.read()
        is_own, new_generation = self.is_own(name), max(generation, self.last_generation()) + 1
        new_name = f"{self._run_id if is_own else 'mixed'}-{uuid.uuid4().hex}{_UNDISPUTED if is_own and is_undisputed else ''}"
        row = self._database.checksummers[_STATE].add_checksum(new_name, new_generation)
        self._database.connection.execute(f"DELETE FROM {_STATE}")
        self._database.connection.execute(f"INSERT INTO {_STATE} VALUES (?, ?, ?)", row)
        return new_generation

    def last_generation(self) -> int:
        """Return the generation beside the file; 0 if it is missing or damaged."""
        return self._generation.read(self._database.checksummers[_STATE])

    def write_generation(self, generation: int) -> None:
        """Write the generation of a state beside the file, after the state was committed."""
        self._generation.write(generation, self._database.checksummers[_STATE])


def is_undisputed(name: str) -> bool:
    """Return whether a state with this name records that no articles are in conflict."""
    return name.endswith(_UNDISPUTED)
