"""Read counter with write-behind: only one thread uses the database, so requests wait for it briefly or not at all."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from feedsvc.audience.buffer import ReadBuffer, ReadKey
from feedsvc.audience.periodic_task import PeriodicTask
from feedsvc.audience.spool import SpoolFile, read_spool_files, write_spool_file
from feedsvc.errors import FeedsvcError
from feedsvc.support.alerts import Alerts

_ALERT_NAME: Final = "reads"
_LOG: Final = logging.getLogger(__name__)
_MAX_WAITERS: Final = 2  # requests that may wait at a time, so that the server's other threads stay free
_NO_WAIT_SECONDS: Final = 15.0  # seconds without waiting after a request waited in vain
_RETRY_SECONDS: Final = 0.2  # seconds between two attempts during the stop
_LOAD_BATCH_SIZE: Final = 500  # totals per query
_MAX_LOGGED_REASONS: Final = 5  # different reasons that are logged while the database is unavailable


class ReadStore(Protocol):
    """Store of reads as ReadCounter needs it. Both methods raise UnavailableError if the store cannot be used.

    `add` adds reads (article and day -> number) and returns those that can never be stored, each with the reason. A `batch`
    whose number it has already stored for the `writer` is skipped, reads with `batch` None never; `writer` "" is this object's
    own name, the property `writer`. `totals` returns given article id -> number of all its reads, 0 if there are none.
    """

    @property
    def writer(self) -> str: ...
    def add(self, reads: Mapping[ReadKey, int], batch: int | None = None, *, writer: str = "") -> Mapping[ReadKey, str]: ...
    def totals(self, article_ids: Collection[str]) -> Mapping[str, int]: ...


class ReadCounter:
    """Counter of reads by article. Thread-safe; its methods raise no errors of the database.

    A thread writes the queued reads every `write_interval` seconds, and earlier once `batch_size` reads are queued. While the
    database is unavailable, at most `max_pending` pairs of article and day are buffered; reads of further pairs are lost.
    """

    def __init__(
        self,
        store: ReadStore,
        clock: Callable[[], datetime],
        *,
        periodic_work: Callable[[datetime], None] = lambda _: None,
        spool_folder: Path | None = None,
        alerts: Alerts | None = None,
        write_interval: float = 2.0,
        batch_size: int = 500,
        max_pending: int = 100_000,
        max_age: float = 5.0,
        wait_timeout: float = 0.25,
        startup_delay: float = 0.0,
    ) -> None:
        """Start two threads. One uses the database; the other calls `periodic_work` with the time every two seconds.

        `spool_folder` is for reads that cannot be written at the stop; without it they are lost. `alerts` gets an alert while
        the database is unavailable. `write_interval`, `max_age`, `wait_timeout` and `startup_delay` are seconds. A requested
        total is loaded again if its age is `max_age` or more. A request waits up to `wait_timeout` for a total that is not
        cached. The database is first used after `startup_delay`, or earlier if a request needs a total; until that first use
        has ended, a request waits up to `startup_delay` longer.
        """
        self._store = store
        self._clock = clock
        self._spool_folder = spool_folder
        self._alerts = alerts or Alerts()
        self._write_interval = write_interval
        self._batch_size = batch_size
        self._wait_timeout, self._startup_delay = wait_timeout, startup_delay
        self._buffer = ReadBuffer(max_pending=max_pending, max_age=timedelta(seconds=max_age))
        self._lost_count = self._waiter_count = 0
        self._load_requests: dict[str, None] = {}
        self._spool_files: list[SpoolFile] = []
        self._logged_reasons: set[str] = set()
        self._has_tried_database = self._is_unavailable = self._is_stopping = self._is_closed = False
        self._no_wait_until = time.monotonic()
        self._condition = threading.Condition()
        self._periodic_task = PeriodicTask(periodic_work, clock)
        self._thread = threading.Thread(target=self._run, name="feedsvc-views", daemon=True)
        self._thread.start()

    def add(self, article_id: str) -> None:
        """Count one read of an article on the current UTC day. Does not wait.

        The read is lost if memory is full. The first loss is logged, and the number of all losses once they end.
        """
        with self._condition:
            if not self._buffer.add(article_id, self._clock().astimezone(UTC).date()):
                self._count_lost_read()
            if self._buffer.queue_size >= self._batch_size:
                self._condition.notify_all()

    def count(self, article_id: str) -> int | None:
        """Return the reads of an article, unwritten ones included; None if its total is neither cached nor loaded in time.

        A cached total is used at once, even if its age is `max_age` or more; the thread then loads it again. Without one, the
        call waits up to `wait_timeout` for the thread to load the total. It does not wait if two other calls do, if a call has
        waited in vain in the last 15 seconds, if the database is unavailable, or once `close` was called.
        """
        with self._condition:
            if self._buffer.fresh_count(article_id, self._clock()) is None:
                self._request_load(article_id)
            if self._buffer.last_known_count(article_id) is None and self._can_wait():
                self._wait_for_load(article_id)
            return self._buffer.last_known_count(article_id)

    def close(self, timeout: float = 12.0) -> None:
        """Write all reads and stop.

        Reads that are not in the database after `timeout` seconds are written to a file in the spool folder, which the next start
        reads. If that fails, or without a spool folder, they are lost, and their number is logged.
        """
        with self._condition:
            self._is_stopping = True
            self._condition.notify_all()
        self._thread.join(timeout)
        self._periodic_task.close()
        with self._condition:
            self._is_closed = True
            self._condition.notify_all()
            lost_count = self._lost_count + self._spool_pending()
        if lost_count:
            _LOG.warning("feedsvc: %d reads are lost, because the database did not store them before the stop", lost_count)

    # --- requests; call with the lock held

    def _request_load(self, article_id: str) -> None:
        self._load_requests[article_id] = None
        self._condition.notify_all()

    def _can_wait(self) -> bool:
        return (
            self._waiter_count < _MAX_WAITERS
            and not self._is_unavailable
            and not self._is_stopping
            and time.monotonic() >= self._no_wait_until
        )

    def _wait_for_load(self, article_id: str) -> None:
        self._waiter_count += 1
        timeout = self._wait_timeout if self._has_tried_database else self._wait_timeout + self._startup_delay
        if not self._condition.wait_for(
            lambda: self._is_unavailable or self._is_stopping or article_id not in self._load_requests, timeout
        ):
            self._no_wait_until = time.monotonic() + _NO_WAIT_SECONDS
        self._waiter_count -= 1

    def _count_lost_read(self) -> None:
        if not self._lost_count:
            _LOG.warning(
                "feedsvc: the memory for reads is full; reads of further articles are lost until the database is available again"
            )
        self._lost_count += 1

    # --- the thread

    def _run(self) -> None:
        self._spool_files = list(read_spool_files(self._spool_folder)) if self._spool_folder else []
        with self._condition:
            self._condition.wait_for(self._has_work, self._startup_delay)
        self._write_batch(is_probe=not self._is_stopping)  # report a wrong password now, not with the first read
        self._has_tried_database = True
        next_write = time.monotonic() + self._write_interval
        while not self._is_stopping:
            with self._condition:
                self._condition.wait_for(self._has_work, max(0.0, next_write - time.monotonic()))
                is_full = self._is_full()
            if is_full or time.monotonic() >= next_write:
                self._write_full_batches()
                next_write = time.monotonic() + self._write_interval
            self._load_totals()
        while self._buffer.pending and not self._is_closed:
            if not self._write_batch():
                with self._condition:
                    self._condition.wait_for(lambda: self._is_closed, _RETRY_SECONDS)

    def _has_work(self) -> bool:
        return self._is_stopping or self._is_full() or (bool(self._load_requests) and not self._is_unavailable)

    def _is_full(self) -> bool:
        # While the database is unavailable, only the write interval triggers attempts.
        return self._buffer.queue_size >= self._batch_size and not self._is_unavailable

    def _write_full_batches(self) -> None:
        while self._write_batch() and self._buffer.queue_size >= self._batch_size:
            pass

    def _write_batch(self, *, is_probe: bool = False) -> bool:
        """Write the reads of the spool files and one batch. Return False if the database is unavailable, else True.

        If there is nothing to write, the database is used only with `is_probe`, or if it was unavailable, to check it.
        """
        with self._condition:
            batch = self._buffer.next_batch()
        if not (is_probe or batch.reads or self._is_unavailable or self._spool_files):
            return True
        try:
            self._replay_spool()
            self._log_refused(self._store.add(batch.reads, batch.number))
        except Exception as error:  # noqa: BLE001 - any error may pass until the next attempt
            self._mark_unavailable(error)
            return False
        with self._condition:
            if not self._is_closed:  # after `close`, these reads have been spooled or logged
                self._buffer.confirm_batch()
                self._mark_available()
        return True

    @staticmethod
    def _log_refused(refused: Mapping[ReadKey, str]) -> None:
        for (article_id, _), reason in refused.items():
            _LOG.warning("feedsvc: reads of %s cannot be stored and are lost: %s", ascii(article_id), reason)

    def _replay_spool(self) -> None:
        """Write the reads of the spool files, which earlier processes left at their stop, and delete the files.

        The store skips batches that it already has; reads that it refuses are lost and logged. Raises the store's errors.
        """
        while self._spool_files:
            spool_file = self._spool_files[-1]
            for batch in spool_file.batches:
                self._log_refused(self._store.add(batch.reads, batch.number, writer=spool_file.writer))
            self._spool_files.pop()
            try:
                spool_file.file.unlink(missing_ok=True)
            except OSError as error:
                _LOG.warning(
                    "feedsvc: the reads in %s are stored, but the file cannot be deleted (%s); delete it", spool_file.file, error
                )

    def _load_totals(self) -> None:
        """Load totals that requests need into the buffer, at most 500; none while the database is unavailable."""
        with self._condition:
            article_ids = () if self._is_unavailable else tuple(islice(self._load_requests, _LOAD_BATCH_SIZE))
        if not article_ids:
            return
        try:
            totals = self._store.totals(article_ids)
        except Exception as error:  # noqa: BLE001 - any error may pass until the next attempt
            self._mark_unavailable(error)
            return
        with self._condition:
            self._buffer.store_totals(totals, self._clock())
            for article_id in article_ids:
                del self._load_requests[article_id]
            self._mark_available()

    def _mark_unavailable(self, error: Exception) -> None:
        reason = str(error) if isinstance(error, FeedsvcError) else f"{type(error).__name__}: {error}"
        with self._condition:
            if reason not in self._logged_reasons and len(self._logged_reasons) < _MAX_LOGGED_REASONS:
                self._logged_reasons.add(reason)
                _LOG.warning("feedsvc: reads are kept in memory, pages and feeds are not affected: %s", reason)
            self._is_unavailable = True
            self._alerts.raise_alert(
                _ALERT_NAME,
                f"reads are kept in memory, pages and feeds are not affected: {reason}; feedsvc tries again",
            )
            self._condition.notify_all()

    def _mark_available(self) -> None:
        if self._is_unavailable:
            loss = f"; {self._lost_count} reads did not fit in memory and are lost" if self._lost_count else ""
            _LOG.warning("feedsvc: the database of reads is available again%s", loss)
            self._lost_count = 0
            self._logged_reasons.clear()
            self._alerts.clear(_ALERT_NAME)
        self._is_unavailable = False
        self._condition.notify_all()

    def _spool_pending(self) -> int:
        """Write pending reads to a spool file for the next start. Return the number of reads that are lost, 0 after success."""
        pending_count, batches = self._buffer.pending, self._buffer.drain()
        if not batches or not self._spool_folder:
            return pending_count
        try:
            file = write_spool_file(self._spool_folder, self._store.writer, batches)
        except OSError as error:
            _LOG.warning("feedsvc: reads cannot be saved in %s: %s", self._spool_folder, error)
            return pending_count
        _LOG.warning("feedsvc: %d reads are saved in %s; the next start stores them in the database", pending_count, file)
        return 0
