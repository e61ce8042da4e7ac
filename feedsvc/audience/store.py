"""Views by article and UTC day in a database. Importing this module imports SQLAlchemy."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import BigInteger, Column, Connection, Date, MetaData, Table, Text, func, inspect, select
from sqlalchemy.dialects import postgresql, sqlite

from feedsvc.database import VIEWS, Database
from feedsvc.errors import FeedsvcError, UnavailableError
from feedsvc.support.state_file import StateFile

ViewKey = tuple[str, date]  # article id and UTC day

_T = TypeVar("_T")
_VIEWS: Final = Table(
    VIEWS.table,
    MetaData(),
    Column("article", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("reads", BigInteger, nullable=False),
)
# In the state folder, a file with any other table is renamed, so the text does not depend on the version of SQLAlchemy.
_CREATE: Final = (
    f"CREATE TABLE {VIEWS.table} (article TEXT NOT NULL, day DATE NOT NULL, reads BIGINT NOT NULL, PRIMARY KEY (article, day))"
)


class ViewStore:
    """Store in a table that is created when it is first used. For one thread; several processes may share the database.

    A damaged file of the state folder is renamed, and an empty one takes its place. A database that a URL names is never
    replaced. All methods raise UnavailableError if the database cannot be used.
    """

    def __init__(self, database: str | Path) -> None:
        """Prepare a store: a Path is the file in the state folder, a text a URL. Nothing is opened yet. Raises FeedsvcError."""
        self._database = Database(database, VIEWS)
        self._path = database if isinstance(database, Path) else None
        self._state_file: StateFile | None = None
        self._has_table = False

    def add(self, views: Mapping[ViewKey, int]) -> None:
        """Add views (article and day -> number) in one transaction. Without views, only check that the database can be used."""
        # In one order, because two processes could deadlock with different ones.
        rows = [{"article": article, "day": day, "reads": count} for (article, day), count in sorted(views.items())]
        insert = (postgresql if self._database.file is None else sqlite).insert(_VIEWS)
        upsert = insert.on_conflict_do_update(
            index_elements=["article", "day"], set_={"reads": _VIEWS.c.reads + insert.excluded.reads}
        )
        self._run(lambda connection: connection.execute(upsert, rows) if rows else None, writes=bool(rows))

    def totals(self, article_ids: Collection[str]) -> Mapping[str, int]:
        """Return article id -> number of all its views, 0 if there are none, for each given id."""
        found = self._run(lambda connection: _select_totals(connection, _VIEWS.c.article.in_(list(article_ids))))
        return {**dict.fromkeys(article_ids, 0), **found}

    def totals_since(self, day: date | None) -> Mapping[str, int]:
        """Return article id -> views on and after the UTC day `day`, or all if it is None; articles without any are missing."""
        return self._run(lambda connection: _select_totals_since(connection, day))

    def close(self) -> None:
        self._database.close()
        if self._state_file:
            self._state_file.close()

    def _run(self, work: Callable[[Connection], _T], *, writes: bool = False) -> _T:
        """Return the result of `work` in one transaction. If that finds the file of the state folder damaged, use a new one."""
        try:
            return self._run_once(work, writes=writes)
        except UnavailableError as error:
            self._has_table = False
            if self._state_file is None or not isinstance(error.cause, sqlite3.Error):
                raise
            self._state_file.report_damage(error.cause)
            if not self._state_file.is_damaged:
                raise
        return self._run_once(work, writes=writes)

    def _run_once(self, work: Callable[[Connection], _T], *, writes: bool) -> _T:
        if self._path:
            self._open_file(self._path)
        with self._database.transaction(writes=writes or not self._has_table) as connection:
            if not self._has_table and self._path is None:
                self._database.create_table(connection, _VIEWS)
            self._has_table = True
            return work(connection)

    def _open_file(self, file: Path) -> None:
        """Create the file in the state folder if it is missing, and replace one that is damaged."""
        try:
            if self._state_file:
                self._state_file.recover()
            else:
                self._state_file = StateFile(file, [_CREATE], description="read counts begin anew")
        except FeedsvcError as error:
            raise UnavailableError(str(error)) from None


def read_totals_since(database: str | Path, day: date | None) -> Mapping[str, int]:
    """Return article id -> views on and after the UTC day `day`, or all if it is None; articles without any are missing.

    `database` is that of a ViewStore; nothing is created or written there. Raises UnavailableError if it cannot be read,
    FeedsvcError if it has no table of views yet, and for an invalid URL or a missing driver.
    """
    with closing(Database(database, VIEWS, mode="ro")) as source:
        no_views = FeedsvcError(
            f"there are no reads in {source.location} yet; feedsvc serve counts them; "
            "give another place with --state or --database"
        )
        if source.file and not os.path.lexists(source.file):
            raise no_views
        with source.transaction() as connection:
            if not inspect(connection).has_table(VIEWS.table):
                raise no_views
            return _select_totals_since(connection, day)


def _select_totals_since(connection: Connection, day: date | None) -> Mapping[str, int]:
    return _select_totals(connection, *([_VIEWS.c.day >= day] if day else []))


def _select_totals(connection: Connection, *conditions: Any) -> Mapping[str, int]:
    query = select(_VIEWS.c.article, func.sum(_VIEWS.c.reads)).where(*conditions).group_by(_VIEWS.c.article)
    # PostgreSQL's sum of bigint is a Decimal; a table that another program created may hold NULL.
    return {article: int(count or 0) for article, count in connection.execute(query)}
