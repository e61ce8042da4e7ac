"""Counter of views: it keeps them in memory, and a thread of its own writes them, so that no request waits for the database."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from feedsvc.errors import FeedsvcError
from feedsvc.support.alerts import Alerts
from feedsvc.support.bounded_cache import BoundedCache

if TYPE_CHECKING:
    from feedsvc.audience.most_read import MostReadArticles
    from feedsvc.audience.store import ViewKey, ViewStore

VIEWS_FILE: Final = "views.sqlite"  # in the state folder
_ALERT_NAME: Final = "reads"
_BATCH_SIZE: Final = 500  # rows of a transaction or query: what a slow database writes within its timeout
_RETRY_SECONDS: Final = 0.2  # between two attempts during the stop
_LOG: Final = logging.getLogger(__name__)


def report_totals_since(database: str | Path, day: date | None) -> Mapping[str, int]:
    """Return article id -> views on and after the UTC day `day`, or all if it is None, as `read_totals_since` does."""
    from feedsvc.audience.store import read_totals_since  # noqa: PLC0415 - imports SQLAlchemy

    return read_totals_since(database, day)


class ViewCounter:
    """Counter of views by article. Thread-safe; its methods raise no errors of the database.

    While the database is unavailable, at most `max_pending` pairs of article and day are kept in memory, and views of further
    pairs are lost.
    """

    def __init__(
        self,
        database: str | Path,
        clock: Callable[[], datetime],
        alerts: Alerts,
        *,
        chores: Callable[[datetime], None] = lambda _: None,
        most_read: MostReadArticles | None = None,
        write_interval: float = 1.0,
        max_pending: int = 100_000,
        max_age: float = 5.0,
    ) -> None:
        """Start the thread. Every `write_interval` seconds, it calls `chores` with the time, and writes what was counted.

        `database` is the Path of the file in the state folder, which is opened when a view is counted or requested for the
        first time, or a URL, which is used at once, so that a wrong password is reported. A requested total is loaded again if
        it is `max_age` seconds old. Raises FeedsvcError for an invalid or unsupported URL, or if the driver is missing.
        """
        self._database, self._clock, self._alerts, self._chores = database, clock, alerts, chores
        self._write_interval, self._max_pending, self._max_age = write_interval, max_pending, timedelta(seconds=max_age)
        self._most_read = most_read
        self._is_unavailable, self._is_stopping = isinstance(database, str), False
        self._store: ViewStore | None = self._open_store() if self._is_unavailable else None
        self._pending: Counter[ViewKey] = Counter()
        self._pending_by_article: Counter[str] = Counter()
        self._totals: BoundedCache[str, tuple[int, datetime]] = BoundedCache(max_pending)  # views in the database, when loaded
        self._requested: set[str] = set()
        self._condition = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="feedsvc-views", daemon=True)
        self._thread.start()

    def add(self, article_id: str) -> None:
        """Count one view of an article on the current UTC day. It is lost if memory is full."""
        key = (article_id, self._clock().astimezone(UTC).date())
        with self._condition:
            if key in self._pending or len(self._pending) < self._max_pending:
                self._pending[key] += 1
                self._pending_by_article[article_id] += 1

    def count(self, article_id: str) -> int | None:
        """Return the views of an article, unwritten ones included. None until its total was loaded for the first time.

        The call asks the thread for a total that is missing or old, and does not wait for it.
        """
        with self._condition:
            views, loaded_at = self._totals.get(article_id) or (None, None)
            if loaded_at is None or abs(self._clock() - loaded_at) >= self._max_age:
                self._requested.add(article_id)
                self._condition.notify_all()
            return None if views is None else views + self._pending_by_article[article_id]

    def close(self, timeout: float = 12.0) -> None:
        """Write all views and stop. Those that are not written after `timeout` seconds are lost, and their number is logged."""
        with self._condition:
            self._is_stopping = True
            self._condition.notify_all()
        self._thread.join(timeout)
        with self._condition:
            lost_count = self._pending.total()
            self._pending.clear()
        if lost_count:
            _LOG.warning("feedsvc: %d reads are lost, because the database did not store them before the stop", lost_count)

    def _open_store(self) -> ViewStore:
        from feedsvc.audience.store import ViewStore  # noqa: PLC0415 - imports SQLAlchemy

        return ViewStore(self._database)

    def _run(self) -> None:
        next_write = time.monotonic()
        while not self._is_stopping or self._pending:
            with self._condition:
                seconds = _RETRY_SECONDS if self._is_stopping else max(0.0, next_write - time.monotonic())
                self._condition.wait_for(lambda: not self._is_unavailable and (self._requested or self._is_stopping), seconds)
            writes = self._is_stopping or time.monotonic() >= next_write
            if writes:
                next_write = time.monotonic() + self._write_interval
            try:
                self._work(self._clock(), writes=writes)
            except Exception as error:  # noqa: BLE001 - any error may pass until the next attempt
                self._is_unavailable = True
                reason = str(error) if isinstance(error, FeedsvcError) else f"{type(error).__name__}: {error}"
                message = f"reads are kept in memory, pages and feeds are not affected: {reason}; feedsvc tries again"
                self._alerts.raise_alert(_ALERT_NAME, message, "the database of reads is available again")
        if self._store:
            self._store.close()

    def _work(self, now: datetime, *, writes: bool) -> None:
        """Do the chores, write pending views if `writes`, and load what was requested. Raises the errors of the store."""
        self._chores(now)
        is_list_due = self._most_read is not None and self._most_read.is_due(now)
        if not (self._is_unavailable or is_list_due or (self._pending and writes) or self._requested):
            return
        self._store = store = self._store or self._open_store()
        while self._is_unavailable or (self._pending and writes):
            # If the answer to a commit is lost, its views are written again, and counted twice.
            with self._condition:
                batch = dict(islice(self._pending.items(), _BATCH_SIZE))
            store.add(batch)
            self._confirm(batch)
        self._load_totals(store, now)
        if self._most_read and is_list_due:
            self._most_read.update(store.totals_since, now)
        self._alerts.clear(_ALERT_NAME)

    def _confirm(self, batch: Mapping[ViewKey, int]) -> None:
        """Move the views of a batch from the pending ones to the totals."""
        with self._condition:
            self._is_unavailable = False
            self._pending -= Counter(batch)  # without those that `close` removed
            for (article_id, _), count in batch.items():
                self._pending_by_article[article_id] -= count
                if total := self._totals.get(article_id):
                    self._totals.put(article_id, (total[0] + count, total[1]))
            self._pending_by_article = +self._pending_by_article

    def _load_totals(self, store: ViewStore, now: datetime) -> None:
        with self._condition:
            article_ids = tuple(islice(self._requested, _BATCH_SIZE))
        totals = store.totals(article_ids) if article_ids else {}
        with self._condition:
            self._requested.difference_update(totals)
            for article_id, views in totals.items():
                self._totals.put(article_id, (views, now))
