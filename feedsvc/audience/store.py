"""Reads by article and UTC day in a database of any supported kind, through SQLAlchemy Core without ORM."""

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

from feedsvc.audience.buffer import ReadKey
from feedsvc.database import (
    READS,
    WRITE_OPTION,
    RowRefusedError,
    UnavailableError,
    engine,
    location,
    transaction,
    unavailable_error,
)

_RowValues = dict[str, Any]

_METADATA: Final = MetaData()
_READS: Final = Table(
    "feedsvc_views",
    _METADATA,
    Column("article", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("reads", BigInteger, nullable=False),
)
# Last batch of each writer, so that a batch whose commit was not confirmed is not added twice.
_WRITERS: Final = Table(
    "feedsvc_views_writers",
    _METADATA,
    Column("writer", Text, primary_key=True),
    Column("batch", BigInteger, nullable=False),
    Column("day", Date, nullable=False),
)
_WRITER_RETENTION: Final = timedelta(days=30)  # after this time, no batch of a writer is written again
_SCHEMA_LOCK_KEY: Final = 0x66656564  # arbitrary number, the same in every process
_INSERTS: Final[Mapping[str, Callable[[Table], sqlite.Insert | postgresql.Insert]]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def select_totals(connection: Connection, *conditions: Any) -> dict[str, int]:
    """Return article id -> reads, summed over the rows that match all conditions. Articles without such rows are missing."""
    query = select(_READS.c.article, func.sum(_READS.c.reads)).where(*conditions).group_by(_READS.c.article)
    # PostgreSQL's sum of bigint is a Decimal; a table that another program created may hold NULL.
    return {article: int(count or 0) for article, count in connection.execute(query)}


def select_totals_since(connection: Connection, day: date | None) -> dict[str, int]:
    """Return article id -> reads on and after the UTC day `day`, or all reads if it is None.

    Articles without such reads are missing.
    """
    return select_totals(connection, *([_READS.c.day >= day] if day else []))


def has_reads_table(connection: Connection) -> bool:
    """Return whether the database has the table of reads."""
    return inspect(connection).has_table(_READS.name)


class DatabaseReadStore:
    """Store in tables that are created when they are first used. Thread-safe; several processes may share the database."""

    def __init__(self, database: str | Path) -> None:
        """Prepare a store: `database` is a SQLite file, or a URL like sqlite:///FILE or postgresql://USER@HOST/NAME.

        Nothing is opened yet. Raises FeedsvcError for an invalid or unsupported URL, or if the driver is missing.
        """
        self._engine = engine(database)
        self._insert = _INSERTS[self._engine.dialect.name]
        self._is_prepared = False
        self._last_cleanup: date | None = None
        self.writer = uuid.uuid4().hex

    @property
    def location(self) -> str:
        """Location of the database for a log, without password."""
        return location(self._engine.url)

    def add(self, reads: Mapping[ReadKey, int], batch: int | None = None, *, writer: str = "") -> Mapping[ReadKey, str]:
        """Add reads (article and day -> number) in one transaction. Without reads, only check that the database can be used.

        Return the reads that the database refuses because of their values, each with the reason, {} if none. They can never be
        stored; all others are. Raises UnavailableError if the transaction failed. It is then unknown whether the reads were
        stored, so repeat the call with the same `batch`. The caller numbers the batches of a `writer` ("" is this object) in
        increasing order. A batch is skipped if its number is not above the highest one stored for that writer; writers are
        remembered for 30 days. Reads without `batch` are always added.
        """
        rows = [{"article": article, "day": day, "reads": count} for (article, day), count in sorted(reads.items())]
        newest_day = max((day for _, day in reads), default=date.min)
        batch_row = {"writer": writer or self.writer, "batch": batch, "day": newest_day} if reads and batch is not None else {}
        try:
            self._add_reads(batch_row, rows, self._insert_all)
        except RowRefusedError:
            return self._add_reads(batch_row, rows, self._insert_individually)
        if batch_row:
            self._delete_old_writers(newest_day)
        return {}

    def total(self, article_id: str) -> int:
        """Return the number of all reads of an article, 0 if there are none. Raises UnavailableError."""
        return self.totals([article_id])[article_id]

    def totals(self, article_ids: Collection[str]) -> Mapping[str, int]:
        """Return article id -> number of all its reads, 0 if there are none, for each given id. Raises UnavailableError."""
        with self._transaction() as connection:
            return {**dict.fromkeys(article_ids, 0), **select_totals(connection, _READS.c.article.in_(list(article_ids)))}

    def totals_since(self, day: date | None) -> Mapping[str, int]:
        """Return article id -> reads on and after the UTC day `day`, or all reads if it is None.

        Articles without such reads are missing. Raises UnavailableError.
        """
        with self._transaction() as connection:
            return select_totals_since(connection, day)

    def close(self) -> None:
        self._engine.dispose()

    def _add_reads(
        self, batch_row: _RowValues, rows: list[_RowValues], insert: Callable[[Connection, list[_RowValues]], dict[ReadKey, str]]
    ) -> dict[ReadKey, str]:
        with self._transaction(writes=bool(rows)) as connection:
            if not rows or (batch_row and not self._is_new_batch(connection, batch_row)):
                return {}
            return insert(connection, rows)

    def _insert_all(self, connection: Connection, rows: list[_RowValues]) -> dict[ReadKey, str]:
        # `rows` are sorted. With different orders, two processes could deadlock.
        insert = self._insert(_READS)
        updates = {"reads": _READS.c.reads + insert.excluded.reads}
        connection.execute(insert.on_conflict_do_update(index_elements=["article", "day"], set_=updates), rows)
        return {}

    def _insert_individually(self, connection: Connection, rows: list[_RowValues]) -> dict[ReadKey, str]:
        """Add rows one by one and return those that are refused, with reasons, so that these do not block the others."""
        refused: dict[ReadKey, str] = {}
        for row in rows:
            try:
                with connection.begin_nested():
                    self._insert_all(connection, [row])
            except Exception as error:
                if not isinstance(row_error := unavailable_error(self.location, error), RowRefusedError):
                    raise
                refused[row["article"], row["day"]] = str(row_error)
        return refused

    def _is_new_batch(self, connection: Connection, batch_row: _RowValues) -> bool:
        insert = self._insert(_WRITERS).values(batch_row)
        upsert = insert.on_conflict_do_update(
            index_elements=["writer"],
            set_={"batch": insert.excluded.batch, "day": insert.excluded.day},
            where=_WRITERS.c.batch < insert.excluded.batch,
        )
        return connection.execute(upsert.returning(literal_column("1"))).first() is not None

    def _delete_old_writers(self, day: date) -> None:
        """Delete writers whose last batch is older than 30 days at `day`, at most once a day.

        Errors are ignored: without the permission to delete, these short rows remain.
        """
        if day == self._last_cleanup:
            return
        self._last_cleanup = day
        with suppress(UnavailableError), transaction(self._engine, READS, **{WRITE_OPTION: True}) as connection:
            connection.execute(delete(_WRITERS).where(_WRITERS.c.day < day - _WRITER_RETENTION))

    @contextmanager
    def _transaction(self, *, writes: bool = False) -> Iterator[Connection]:
        """Run the `with` block in one transaction; create missing tables first. `writes` is True if the block writes.

        After an error, roll back and raise UnavailableError (RowRefusedError if the database refused a row's values).
        """
        try:
            self._create_folder()
            with transaction(self._engine, READS, **{WRITE_OPTION: writes or not self._is_prepared}) as connection:
                self._create_tables(connection)
                yield connection
        except UnavailableError:
            # The file may have been deleted, or the database may be a new one.
            self._is_prepared = False
            raise

    def _create_folder(self) -> None:
        url = self._engine.url
        if self._is_prepared or url.get_backend_name() != "sqlite":
            return
        try:
            Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unavailable_error(self.location, error) from None

    def _create_tables(self, connection: Connection) -> None:
        if self._is_prepared:
            return
        if connection.dialect.name == "postgresql":
            # IF NOT EXISTS alone fails if two processes create the table at the same time.
            connection.execute(select(func.pg_advisory_xact_lock(_SCHEMA_LOCK_KEY)))
        inspector = inspect(connection)
        for table in _METADATA.sorted_tables:
            if not inspector.has_table(table.name):  # so a role without the right to create tables can be used
                connection.execute(CreateTable(table, if_not_exists=True))
        self._is_prepared = True
