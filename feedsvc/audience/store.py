"""Reads by article and UTC day in a database. With database.py the room of SQLAlchemy: Core alone, no ORM."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Connection, Date, MetaData, Table, Text, delete, func, inspect, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateTable

from feedsvc.audience.database import WRITES, engine
from feedsvc.errors import FeedsvcError

Key = tuple[str, date]  # an article's id and the UTC day

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


class UnavailableError(FeedsvcError):
    """The database does not do what was asked now, and may later."""


class Views:
    """The table of reads, made on first use. Safe in threads and between processes that share the database."""

    def __init__(self, where: str | Path) -> None:
        """`where` is an SQLite file, or a URL: sqlite:///FILE, postgresql://USER@HOST/NAME. Nothing is opened yet.

        Raises FeedsvcError if it can be no such database, or its driver is missing.
        """
        self._engine = engine(where)
        self._insert = _INSERTS[self._engine.dialect.name]
        self._writer = uuid.uuid4().hex
        self._ready = False

    def add(self, reads: Mapping[Key, int], batch: int | None = None) -> None:
        """Add all of them or, raising UnavailableError, perhaps none; without any it only sees whether the database answers.

        A number from `batch` makes it safe to try again: this object's batches count upwards, and one that was
        written already is not added a second time.
        """
        with self._transaction(writes=bool(reads)) as rows:
            if reads and (batch is None or self._is_new(rows, batch, max(day for _, day in reads))):
                # In one order everywhere, or two processes would wait for one another's rows.
                ordered = [{"article": article, "day": day, "reads": count} for (article, day), count in sorted(reads.items())]
                insert = self._insert(_VIEWS)
                more = {"reads": _VIEWS.c.reads + insert.excluded.reads}
                rows.execute(insert.on_conflict_do_update(index_elements=["article", "day"], set_=more), ordered)

    def total(self, article_id: str) -> int:
        """All reads of an article. Raises UnavailableError."""
        return self.totals([article_id])[article_id]

    def totals(self, article_ids: Collection[str]) -> Mapping[str, int]:
        """All reads of each of the articles, 0 for those never read. Raises UnavailableError."""
        return {**dict.fromkeys(article_ids, 0), **self._sums(_VIEWS.c.article.in_(list(article_ids)))}

    def since(self, day: date | None) -> Mapping[str, int]:
        """Article id -> its reads from a UTC day on, or ever; only articles with any. Raises UnavailableError."""
        return self._sums(*([_VIEWS.c.day >= day] if day else []))

    def close(self) -> None:
        self._engine.dispose()

    def _sums(self, *conditions: Any) -> dict[str, int]:
        query = select(_VIEWS.c.article, func.sum(_VIEWS.c.reads)).where(*conditions).group_by(_VIEWS.c.article)
        with self._transaction() as rows:
            # A sum of PostgreSQL's bigint is a Decimal.
            return {article: int(count) for article, count in rows.execute(query)}

    def _is_new(self, rows: Connection, batch: int, day: date) -> bool:
        rows.execute(delete(_WRITERS).where(_WRITERS.c.day < day - _FORGOTTEN))
        insert = self._insert(_WRITERS).values(writer=self._writer, batch=batch, day=day)
        taken = insert.on_conflict_do_update(
            index_elements=["writer"],
            set_={"batch": insert.excluded.batch, "day": insert.excluded.day},
            where=_WRITERS.c.batch < insert.excluded.batch,
        )
        return rows.execute(taken.returning(literal_column("1"))).first() is not None

    @contextmanager
    def _transaction(self, *, writes: bool = False) -> Iterator[Connection]:
        """One transaction on the tables. Whatever fails in it fails as UnavailableError, with nothing done."""
        url = self._engine.url
        try:
            if not self._ready and url.get_backend_name() == "sqlite":
                Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
            with self._engine.execution_options(**{WRITES: writes or not self._ready}).begin() as rows:
                self._prepare(rows)
                yield rows
        except (SQLAlchemyError, OSError) as error:
            # The file may have been deleted, the database be a new one.
            self._ready = False
            raise UnavailableError(f"the database of reads cannot be used: {url.render_as_string()}: {_reason(error)}") from None

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


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
