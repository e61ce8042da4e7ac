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
from typing import TYPE_CHECKING, Final, NamedTuple

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


def open_view_store(database: str | Path) -> ViewStore:
    """Return the store in a database: the Path of the file in the state folder, or a URL as text. Nothing is opened yet.

    Raises FeedsvcError if the URL is invalid or of an unsupported database, or if the driver is missing.
    """
    from feedsvc.audience.store import ViewStore  # noqa: PLC0415 - imports SQLAlchemy

    return ViewStore(database)


def report_totals_since(database: str | Path, day: date | None) -> Mapping[str, int]:
    """Return article id -> views on and after the UTC day `day`, or all if it is None, as `read_totals_since` does."""
    from feedsvc.audience.store import read_totals_since  # noqa: PLC0415 - imports SQLAlchemy

    return read_totals_since(database, day)


class _Total(NamedTuple):
    views: int  # in the database
    loaded_at: datetime


class ViewCounter:
    """Counter of views by article. Thread-safe; its methods raise no errors of the database.

    While the database is unavailable, at most `max_pending` pairs of article and day are kept in memory, and views of further
    pairs are lost.
    """

    def __init__(
        self,
        open_store: Callable[[], ViewStore],
        clock: Callable[[], datetime],
        alerts: Alerts,
        *,
        chores: Callable[[datetime], None] = lambda _: None,
        most_read: MostReadArticles | None = None,
        is_checked_at_start: bool = False,
        write_interval: float = 1.0,
        max_pending: int = 100_000,
        max_age: float = 5.0,
    ) -> None:
        """Start the thread. Every `write_interval` seconds, it calls `chores` with the time, and writes what was counted.

        It calls `open_store` before it first uses the database: at once with `is_checked_at_start`, so that a wrong password
        is reported, else when a view is counted or requested. A requested total is loaded again if it is `max_age` seconds old.
        """
        self._open_store, self._clock, self._alerts = open_store, clock, alerts
        self._chores, self._most_read = chores, most_read
        self._write_interval, self._max_pending, self._max_age = write_interval, max_pending, timedelta(seconds=max_age)
        self._store: ViewStore | None = None
        self._pending: Counter[ViewKey] = Counter()
        self._pending_by_article: Counter[str] = Counter()
        self._totals: BoundedCache[str, _Total] = BoundedCache(max_pending)
        self._requested: dict[str, None] = {}
        self._lost_count = 0
        self._needs_check, self._is_unavailable, self._is_stopping = is_checked_at_start, False, False
        self._condition = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="feedsvc-views", daemon=True)
        self._thread.start()

    def add(self, article_id: str) -> None:
        """Count one view of an article on the current UTC day. It is lost if memory is full; the first loss is logged."""
        key = (article_id, self._clock().astimezone(UTC).date())
        with self._condition:
            if key not in self._pending and len(self._pending) >= self._max_pending:
                self._count_lost_view()
                return
            self._pending[key] += 1
            self._pending_by_article[article_id] += 1

    def count(self, article_id: str) -> int | None:
        """Return the views of an article, unwritten ones included. None until its total was loaded for the first time.

        The call asks the thread for a total that is missing or old, and does not wait for it.
        """
        with self._condition:
            total = self._totals.get(article_id)
            if total is None or abs(self._clock() - total.loaded_at) >= self._max_age:
                self._request_total(article_id)
            return total.views + self._pending_by_article[article_id] if total else None

    def close(self, timeout: float = 12.0) -> None:
        """Write all views and stop. Those that are not written after `timeout` seconds are lost, and their number is logged."""
        with self._condition:
            self._is_stopping = True
            self._condition.notify_all()
        self._thread.join(timeout)
        with self._condition:
            lost_count = self._lost_count + self._pending.total()
            self._pending.clear()
        if lost_count:
            _LOG.warning("feedsvc: %d reads are lost, because the database did not store them before the stop", lost_count)

    def _request_total(self, article_id: str) -> None:
        self._requested[article_id] = None
        self._condition.notify_all()

    def _count_lost_view(self) -> None:
        if not self._lost_count:
            _LOG.warning(
                "feedsvc: the memory for reads is full; reads of further articles are lost until the database is available again"
            )
        self._lost_count += 1

    # --- the thread

    def _run(self) -> None:
        next_write = time.monotonic()
        while True:
            with self._condition:
                seconds = _RETRY_SECONDS if self._is_stopping else max(0.0, next_write - time.monotonic())
                self._condition.wait_for(lambda: self._has_request() or (self._is_stopping and not self._is_unavailable), seconds)
            is_due = self._is_stopping or time.monotonic() >= next_write
            if is_due:
                next_write = time.monotonic() + self._write_interval
            self._work(writes=is_due)
            if self._is_stopping and not self._pending:
                break
        if self._store:
            self._store.close()

    def _has_request(self) -> bool:
        return bool(self._requested) and not (self._is_unavailable or self._is_stopping)

    def _work(self, *, writes: bool) -> None:
        """Do the chores, write pending views if `writes`, load what was requested, and raise or end the alert."""
        try:
            now = self._clock()
            self._chores(now)
            is_list_due = self._most_read is not None and self._most_read.is_due(now)
            if not (self._needs_check or is_list_due or (self._pending and writes) or self._requested):
                return
            self._store = self._store or self._open_store()
            if writes:
                self._write(self._store)
            self._load(self._store, now)
            if self._most_read and is_list_due:
                self._most_read.update(self._store.totals_since, now)
            self._needs_check = False
        except Exception as error:  # noqa: BLE001 - any error may pass until the next attempt
            self._mark_unavailable(error)
        else:
            self._mark_available()

    def _write(self, store: ViewStore) -> None:
        """Write all pending views. If the answer to a commit is lost, its views are written again, and counted twice."""
        is_checked = not self._needs_check
        while self._pending or not is_checked:
            with self._condition:
                batch = dict(islice(self._pending.items(), _BATCH_SIZE))
            store.add(batch)
            is_checked = True
            with self._condition:
                for key, count in batch.items():
                    self._confirm(key, count)

    def _confirm(self, key: ViewKey, count: int) -> None:
        """Move views of an article from the pending ones to its total."""
        article_id = key[0]
        self._pending[key] -= count
        self._pending_by_article[article_id] -= count
        if self._pending[key] <= 0:  # less after `close`
            del self._pending[key]
        if self._pending_by_article[article_id] <= 0:
            del self._pending_by_article[article_id]
        if total := self._totals.get(article_id):
            self._totals.put(article_id, total._replace(views=total.views + count))

    def _load(self, store: ViewStore, now: datetime) -> None:
        with self._condition:
            article_ids = tuple(islice(self._requested, _BATCH_SIZE))
        totals = store.totals(article_ids) if article_ids else {}
        with self._condition:
            for article_id, views in totals.items():
                self._totals.put(article_id, _Total(views, now))
                del self._requested[article_id]

    def _mark_unavailable(self, error: Exception) -> None:
        reason = str(error) if isinstance(error, FeedsvcError) else f"{type(error).__name__}: {error}"
        self._needs_check = self._is_unavailable = True
        message = f"reads are kept in memory, pages and feeds are not affected: {reason}; feedsvc tries again"
        self._alerts.raise_alert(_ALERT_NAME, message, "the database of reads is available again")

    def _mark_available(self) -> None:
        with self._condition:
            lost_count, self._lost_count = self._lost_count, 0
            self._is_unavailable = False
        self._alerts.clear(_ALERT_NAME)
        if lost_count:
            _LOG.warning("feedsvc: %d reads did not fit in memory and are lost", lost_count)
