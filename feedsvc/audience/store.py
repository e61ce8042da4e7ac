"""Reads by article and UTC day in a database. With database.py the room of SQLAlchemy: Core alone, no ORM."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Connection, Date, MetaData, Table, Text, delete, func, inspect, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from feedsvc.audience.buffer import Key
from feedsvc.audience.database import WRITES, engine, place, transaction
from feedsvc.audience.errors import RefusedError, UnavailableError, unavailable

_Row = dict[str, Any]

_TABLES: Final = MetaData()
_VIEWS: Final = Table(
    "feedsvc_views",
    _TABLES,
    Column("article", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("reads", BigInteger, nullable=False),
)
# Who wrote which batch last: a commit whose answer got lost must not be added a second time.
_WRITERS: Final = Table(
    "feedsvc_views_writers",
    _TABLES,
    Column("writer", Text, primary_key=True),
    Column("batch", BigInteger, nullable=False),
    Column("day", Date, nullable=False),
)
_FORGOTTEN: Final = timedelta(days=30)  # no batch stays in doubt for so long
_LOCK: Final = 0x66656564  # any number, the same in every process
_INSERTS: Final[Mapping[str, Callable[[Table], sqlite.Insert | postgresql.Insert]]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def sums(rows: Connection, *conditions: Any) -> dict[str, int]:
    """Article id -> its reads, of the rows that fit."""
    query = select(_VIEWS.c.article, func.sum(_VIEWS.c.reads)).where(*conditions).group_by(_VIEWS.c.article)
    # A sum of PostgreSQL's bigint is a Decimal; a table that others made may hold NULL.
    return {article: int(count or 0) for article, count in rows.execute(query)}


def sums_since(rows: Connection, day: date | None) -> dict[str, int]:
    """Article id -> its reads from a UTC day on, or ever; only articles with any."""
    return sums(rows, *([_VIEWS.c.day >= day] if day else []))


def is_kept(rows: Connection) -> bool:
    """Whether there is a table of reads."""
    return inspect(rows).has_table(_VIEWS.name)


class Views:
    """The table of reads, made on first use. Safe in threads and between processes that share the database."""

    def __init__(self, where: str | Path) -> None:
        """`where` is an SQLite file, or a URL: sqlite:///FILE, postgresql://USER@HOST/NAME. Nothing is opened yet.

        Raises FeedsvcError if it can be no such database, or its driver is missing.
        """
        self._engine = engine(where)
        self._insert = _INSERTS[self._engine.dialect.name]
        self._ready = False
        self._tidied: date | None = None
        self.writer = uuid.uuid4().hex

    @property
    def place(self) -> str:
        """Where it is, fit for a log."""
        return place(self._engine.url)

    def add(self, reads: Mapping[Key, int], batch: int | None = None, *, writer: str = "") -> Mapping[Key, str]:
        """Add all of them or, raising UnavailableError, perhaps none; without any it only sees whether the database answers.

        Returns what the database refuses for what it holds, with the reason: those never get in, the others are.
        A number from `batch` makes it safe to try again: a writer's batches (this object's, if none is named) count
        upwards, and one that was written already is not added a second time.
        """
        ordered = [{"article": article, "day": day, "reads": count} for (article, day), count in sorted(reads.items())]
        newest = max((day for _, day in reads), default=date.min)
        guard = {"writer": writer or self.writer, "batch": batch, "day": newest} if reads and batch is not None else {}
        try:
            self._add(guard, ordered, self._together)
        except RefusedError:
            return self._add(guard, ordered, self._one_by_one)
        if guard:
            self._tidy(newest)
        return {}

    def total(self, article_id: str) -> int:
        """All reads of an article. Raises UnavailableError."""
        return self.totals([article_id])[article_id]

    def totals(self, article_ids: Collection[str]) -> Mapping[str, int]:
        """All reads of each of the articles, 0 for those never read. Raises UnavailableError."""
        with self._transaction() as rows:
            return {**dict.fromkeys(article_ids, 0), **sums(rows, _VIEWS.c.article.in_(list(article_ids)))}

    def since(self, day: date | None) -> Mapping[str, int]:
        """Article id -> its reads from a UTC day on, or ever; only articles with any. Raises UnavailableError."""
        with self._transaction() as rows:
            return sums_since(rows, day)

    def close(self) -> None:
        self._engine.dispose()

    def _add(self, guard: _Row, ordered: list[_Row], how: Callable[[Connection, list[_Row]], dict[Key, str]]) -> dict[Key, str]:
        with self._transaction(writes=bool(ordered)) as rows:
            if not ordered or (guard and not self._is_new(rows, guard)):
                return {}
            return how(rows, ordered)

    def _together(self, rows: Connection, ordered: list[_Row]) -> dict[Key, str]:
        # In one order everywhere, or two processes would wait for one another's rows.
        insert = self._insert(_VIEWS)
        more = {"reads": _VIEWS.c.reads + insert.excluded.reads}
        rows.execute(insert.on_conflict_do_update(index_elements=["article", "day"], set_=more), ordered)
        return {}

    def _one_by_one(self, rows: Connection, ordered: list[_Row]) -> dict[Key, str]:
        """One row that cannot be stored must not keep all others waiting for ever."""
        refused: dict[Key, str] = {}
        for row in ordered:
            try:
                with rows.begin_nested():
                    self._together(rows, [row])
            except Exception as error:
                if not isinstance(fault := unavailable(self.place, error), RefusedError):
                    raise
                refused[row["article"], row["day"]] = str(fault)
        return refused

    def _is_new(self, rows: Connection, guard: _Row) -> bool:
        insert = self._insert(_WRITERS).values(guard)
        taken = insert.on_conflict_do_update(
            index_elements=["writer"],
            set_={"batch": insert.excluded.batch, "day": insert.excluded.day},
            where=_WRITERS.c.batch < insert.excluded.batch,
        )
        return rows.execute(taken.returning(literal_column("1"))).first() is not None

    def _tidy(self, day: date) -> None:
        """Once a day; who may not delete keeps a few short rows more."""
        if day == self._tidied:
            return
        self._tidied = day
        with suppress(UnavailableError), transaction(self._engine, **{WRITES: True}) as rows:
            rows.execute(delete(_WRITERS).where(_WRITERS.c.day < day - _FORGOTTEN))

    @contextmanager
    def _transaction(self, *, writes: bool = False) -> Iterator[Connection]:
        """One transaction on the tables. Whatever fails in it fails as UnavailableError, with nothing done."""
        try:
            self._make_room()
            with transaction(self._engine, **{WRITES: writes or not self._ready}) as rows:
                self._prepare(rows)
                yield rows
        except UnavailableError:
            # The file may have been deleted, the database be a new one.
            self._ready = False
            raise

    def _make_room(self) -> None:
        url = self._engine.url
        if self._ready or url.get_backend_name() != "sqlite":
            return
        try:
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unavailable(self.place, error) from None

    def _prepare(self, rows: Connection) -> None:
        if self._ready:
            return
        if rows.dialect.name == "postgresql":
            # IF NOT EXISTS alone fails where two processes begin together.
            rows.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        known = inspect(rows)
        for table in _TABLES.sorted_tables:
            if not known.has_table(table.name):  # whoever may only write needs no right to create
                rows.execute(CreateTable(table, if_not_exists=True))
        self._ready = True
