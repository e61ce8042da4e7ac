"""Counts in memory and writes in batches: one thread talks to the database, and no request ever waits for it in vain."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from feedsvc.audience.store import UnavailableError, Views
from feedsvc.audience.tally import Tally

_log: Final = logging.getLogger(__name__)


class Counter:
    """Reads by article. Safe in threads; its methods never raise for the database's sake.

    What is counted is written after `every` seconds or with `batch` reads waiting, whichever comes first. While the
    database is away it waits here, at most `most` pairs of article and day.
    """

    def __init__(
        self,
        store: Views,
        clock: Callable[[], datetime],
        *,
        chore: Callable[[datetime], None] = lambda _: None,
        every: float = 2.0,
        batch: int = 500,
        most: int = 100_000,
        fresh: float = 5.0,
        patience: float = 1.0,
    ) -> None:
        """`chore` is told the time every `every` seconds. `fresh` and `patience` are seconds: how long a number of the
        database is good, and how long a request waits for one before the database counts as away.
        """
        self._store = store
        self._clock = clock
        self._chore = chore
        self._every = every
        self._batch = batch
        self._patience = patience
        self._tally = Tally(most=most, fresh=timedelta(seconds=fresh))
        self._lost = 0
        self._wanted: set[str] = set()
        self._away = self._stopping = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="feedsvc-views", daemon=True)
        self._thread.start()

    def add(self, article_id: str) -> None:
        """Count one read of an article, today in UTC."""
        with self._news:
            self._lost += not self._tally.add(article_id, self._clock().astimezone(UTC).date())
            if self._tally.waiting >= self._batch:
                self._news.notify_all()

    def count(self, article_id: str) -> int | None:
        """An article's reads, those not yet written included; None while the database is away."""
        with self._news:
            known = self._tally.count(article_id, self._clock())
            return self._ask(article_id) if known is None and not self._away else known

    def close(self, patience: float = 5.0) -> None:
        """Write everything and end. What is not written after `patience` seconds or had no room is lost; its number is logged."""
        with self._news:
            self._stopping = True
            self._news.notify_all()
        self._thread.join(patience)
        with self._news:
            if lost := self._tally.pending + self._lost:
                _log.warning("reads lost: %d; the database did not take them in time", lost)

    def _ask(self, article_id: str) -> int | None:
        self._wanted.add(article_id)
        self._news.notify_all()
        answered = self._news.wait_for(lambda: self._away or self._stopping or article_id not in self._wanted, self._patience)
        if not answered:
            self._leave("it is silent")
        return None if article_id in self._wanted else self._tally.last(article_id)

    def _run(self) -> None:
        due = time.monotonic() + self._every
        while not self._stopping:
            with self._news:
                self._news.wait_for(self._is_called, max(0.0, due - time.monotonic()))
                full = self._is_full()
            if full or time.monotonic() >= due:
                self._write()
                self._chore(self._clock())
                due = time.monotonic() + self._every
            self._load()
        while self._tally.pending and self._write():
            pass

    def _is_called(self) -> bool:
        return self._stopping or self._is_full() or (bool(self._wanted) and not self._away)

    def _is_full(self) -> bool:
        # While the database is away only the clock makes another try.
        return self._tally.waiting >= self._batch and not self._away

    def _write(self) -> bool:
        """Write one batch; with none, see whether a database that was away is back. False if it is not."""
        with self._news:
            batch = self._tally.batch()
        if not batch.reads and not self._away:
            return True
        try:
            self._store.add(batch.reads, batch.number)
        except UnavailableError as error:
            with self._news:
                self._leave(str(error))
            return False
        with self._news:
            self._tally.written()
            self._return()
        return True

    def _load(self) -> None:
        """Read what requests wait for, all at once."""
        with self._news:
            wanted = () if self._away else tuple(self._wanted)
        if not wanted:
            return
        try:
            totals = self._store.totals(wanted)
        except UnavailableError as error:
            with self._news:
                self._leave(str(error))
            return
        with self._news:
            self._tally.loaded(totals, self._clock())
            self._wanted.difference_update(wanted)
            self._return()

    def _leave(self, reason: str) -> None:
        if not self._away:
            _log.warning("reads wait in memory for their database: %s", reason)
        self._away = True
        self._news.notify_all()

    def _return(self) -> None:
        if self._away:
            _log.warning("the database of reads is back")
        self._away = False
        self._news.notify_all()
