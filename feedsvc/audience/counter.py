"""Counts in memory and writes in batches: one thread talks to the database, and no request waits for it in vain."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from feedsvc.audience.buffer import Key, Tally
from feedsvc.audience.periodic_task import Chore
from feedsvc.audience.spool import Spilled, spill, spilled
from feedsvc.errors import FeedsvcError
from feedsvc.support.alerts import Troubles

_NAME: Final = "reads"
_LOG: Final = logging.getLogger(__name__)
_WAITERS: Final = 2  # requests that wait at once; all others have better things to do
_QUIET: Final = 15.0  # seconds in which nobody waits, once somebody waited in vain
_AGAIN: Final = 0.2  # seconds between two tries at the stop
_ASKED: Final = 500  # numbers read at once
_TOLD: Final = 5  # different reasons told while the database is away


class Store(Protocol):
    """The methods of `store.Views` and `file_store.FileViews` that a counter uses."""

    @property
    def writer(self) -> str: ...
    def add(self, reads: Mapping[Key, int], batch: int | None = None, *, writer: str = "") -> Mapping[Key, str]: ...
    def totals(self, article_ids: Collection[str]) -> Mapping[str, int]: ...


class Counter:
    """Reads by article. Safe in threads; its methods never raise for the database's sake.

    What is counted is written after `every` seconds or with `batch` reads waiting, whichever comes first. While the
    database is away it waits here, at most `most` pairs of article and day.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        *,
        chore: Callable[[datetime], None] = lambda _: None,
        spill: Path | None = None,
        troubles: Troubles | None = None,
        every: float = 2.0,
        batch: int = 500,
        most: int = 100_000,
        fresh: float = 5.0,
        patience: float = 0.25,
        calm: float = 0.0,
    ) -> None:
        """`chore` is told the time every other second. `spill` is the folder for what cannot be written at the stop.

        `fresh`, `patience` and `calm` are seconds: after how long a number of the database is read again, how long a
        request waits for one that was never read, and how long the database is left alone at first, unless it is asked;
        for so much longer a request waits until it is open.
        """
        self._store = store
        self._clock = clock
        self._spill = spill
        self._troubles = troubles or Troubles()
        self._every = every
        self._batch = batch
        self._patience, self._calm = patience, calm
        self._tally = Tally(most=most, fresh=timedelta(seconds=fresh))
        self._lost = self._waiters = 0
        self._wanted: dict[str, None] = {}
        self._spilled: list[Spilled] = []
        self._told: set[str] = set()
        self._tried = self._away = self._stopping = self._over = False
        self._quiet_until = time.monotonic()
        self._news = threading.Condition()
        self._chore = Chore(chore, clock)
        self._thread = threading.Thread(target=self._run, name="feedsvc-views", daemon=True)
        self._thread.start()

    def add(self, article_id: str) -> None:
        """Count one read of an article, today in UTC."""
        with self._news:
            if not self._tally.add(article_id, self._clock().astimezone(UTC).date()):
                self._lose()
            if self._tally.waiting >= self._batch:
                self._news.notify_all()

    def count(self, article_id: str) -> int | None:
        """An article's reads, those not yet written included; None if the database has not told them yet.

        A number that is known is told at once, even an old one: it is read again behind it.
        """
        with self._news:
            if self._tally.count(article_id, self._clock()) is None:
                self._want(article_id)
            if self._tally.last(article_id) is None and self._may_wait():
                self._wait(article_id)
            return self._tally.last(article_id)

    def close(self, patience: float = 12.0) -> None:
        """Write everything and end. What is not written after `patience` seconds is kept for the next start, or told."""
        with self._news:
            self._stopping = True
            self._news.notify_all()
        self._thread.join(patience)
        self._chore.close()
        with self._news:
            self._over = True
            self._news.notify_all()
            lost = self._lost + self._keep()
        if lost:
            _LOG.warning("feedsvc: reads lost: %d; the database did not take them in time", lost)

    # --- requests, all under the lock

    def _want(self, article_id: str) -> None:
        self._wanted[article_id] = None
        self._news.notify_all()

    def _may_wait(self) -> bool:
        return self._waiters < _WAITERS and not self._away and not self._stopping and time.monotonic() >= self._quiet_until

    def _wait(self, article_id: str) -> None:
        self._waiters += 1
        patience = self._patience if self._tried else self._patience + self._calm
        if not self._news.wait_for(lambda: self._away or self._stopping or article_id not in self._wanted, patience):
            self._quiet_until = time.monotonic() + _QUIET
        self._waiters -= 1

    def _lose(self) -> None:
        if not self._lost:
            _LOG.warning(
                "feedsvc: no more reads fit in memory; those of further articles are lost until their database takes some"
            )
        self._lost += 1

    # --- the thread

    def _run(self) -> None:
        self._spilled = list(spilled(self._spill)) if self._spill else []
        with self._news:
            self._news.wait_for(self._is_called, self._calm)
        self._write(always=not self._stopping)  # a wrong password is better told now than with the first read
        self._tried = True
        due = time.monotonic() + self._every
        while not self._stopping:
            with self._news:
                self._news.wait_for(self._is_called, max(0.0, due - time.monotonic()))
                full = self._is_full()
            if full or time.monotonic() >= due:
                self._write_all()
                due = time.monotonic() + self._every
            self._load()
        while self._tally.pending and not self._over:
            if not self._write():
                with self._news:
                    self._news.wait_for(lambda: self._over, _AGAIN)

    def _is_called(self) -> bool:
        return self._stopping or self._is_full() or (bool(self._wanted) and not self._away)

    def _is_full(self) -> bool:
        # While the database is away only the clock makes another try.
        return self._tally.waiting >= self._batch and not self._away

    def _write_all(self) -> None:
        while self._write() and self._tally.waiting >= self._batch:
            pass

    def _write(self, *, always: bool = False) -> bool:
        """Write one batch; with none, see whether a database that was away is back. False if it is not."""
        with self._news:
            batch = self._tally.batch()
        if not (always or batch.reads or self._away or self._spilled):
            return True
        try:
            self._replay()
            refused = self._store.add(batch.reads, batch.number)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next try may work
            self._leave(error)
            return False
        for (article_id, _), reason in refused.items():
            _LOG.warning("feedsvc: reads of %s cannot be stored and are lost: %s", ascii(article_id), reason)
        with self._news:
            if not self._over:  # else they are counted as kept
                self._tally.written()
                self._return()
        return True

    def _replay(self) -> None:
        """What an earlier stop left; the store knows what of it was written after all."""
        while self._spilled:
            last = self._spilled[-1]
            for batch in last.batches:
                self._store.add(batch.reads, batch.number, writer=last.writer)
            self._spilled.pop()
            try:
                last.file.unlink(missing_ok=True)
            except OSError as error:
                _LOG.warning(
                    "feedsvc: the reads in %s are written, and the file cannot be deleted (%s); delete it", last.file, error
                )

    def _load(self) -> None:
        """Read what requests ask for, many at once."""
        with self._news:
            wanted = () if self._away else tuple(islice(self._wanted, _ASKED))
        if not wanted:
            return
        try:
            totals = self._store.totals(wanted)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next try may work
            self._leave(error)
            return
        with self._news:
            self._tally.loaded(totals, self._clock())
            for article_id in wanted:
                del self._wanted[article_id]
            self._return()

    def _leave(self, error: Exception) -> None:
        reason = str(error) if isinstance(error, FeedsvcError) else f"{type(error).__name__}: {error}"
        with self._news:
            if reason not in self._told and len(self._told) < _TOLD:
                self._told.add(reason)
                _LOG.warning("feedsvc: reads wait in memory, pages and feeds are not affected: %s", reason)
            self._away = True
            self._troubles.come(
                _NAME, f"reads wait in memory, pages and feeds are not affected: {reason}; it is tried again by itself"
            )
            self._news.notify_all()

    def _return(self) -> None:
        if self._away:
            lost = f"; {self._lost} reads had no room and are lost" if self._lost else ""
            _LOG.warning("feedsvc: the database of reads is back%s", lost)
            self._lost = 0
            self._told.clear()
            self._troubles.end(_NAME)
        self._away = False
        self._news.notify_all()

    def _keep(self) -> int:
        """Put what is not written into a file for the next start; the number of reads that are lost all the same."""
        pending, rest = self._tally.pending, self._tally.rest()
        if not rest or not self._spill:
            return pending
        try:
            file = spill(self._spill, self._store.writer, rest)
        except OSError as error:
            _LOG.warning("feedsvc: nothing can be kept in %s: %s", self._spill, error)
            return pending
        _LOG.warning("feedsvc: %d reads wait in %s for the next start", pending, file)
        return 0
