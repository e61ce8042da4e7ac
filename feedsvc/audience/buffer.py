"""In-memory buffer of reads that are not in the database yet, and cache of totals from the database.

A total is the number of all reads of an article. This module starts no threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final

from feedsvc.support.bounded_cache import BoundedCache

ReadKey = tuple[str, date]  # article id and UTC day
_BATCH_SIZE: Final = 500  # pairs of article and day per batch: what a slow database writes within its timeout


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Reads that are written together. If the result is unknown, the batch is written again with the same number.

    Numbers count from 1; the number of an empty batch means nothing.
    """

    number: int
    reads: Mapping[ReadKey, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class _CachedTotal:
    total: int
    loaded_at: datetime


class ReadBuffer:
    """Queue of reads that have to be written, and cache of totals. The queue has at most `max_pending` pairs of article and day.

    At most `max_pending` totals are cached; each is fresh for `max_age` after it was loaded. Pending reads are those in the queue
    and in the current batch. Not thread-safe: ReadCounter calls this class with its own lock held.
    """

    def __init__(self, *, max_pending: int, max_age: timedelta) -> None:
        self._max_pending = max_pending
        self._max_age = max_age
        self._queue: Counter[ReadKey] = Counter()
        self._current_batch = Batch(number=0, reads={})
        self._pending_by_article: Counter[str] = Counter()  # by article; queue and current batch together
        self._totals: BoundedCache[str, _CachedTotal] = BoundedCache(max_pending)
        self.queue_size = 0

    @property
    def pending(self) -> int:
        """Number of reads in the queue and in the current batch. They may be missing in the database."""
        return self._pending_by_article.total()

    def add(self, article_id: str, day: date) -> bool:
        """Count one read and return True. If the queue is full and lacks this article and day, return False, uncounted."""
        key = (article_id, day)
        if key not in self._queue and len(self._queue) >= self._max_pending:
            return False
        self._queue[key] += 1
        self._pending_by_article[article_id] += 1
        self.queue_size += 1
        return True

    def next_batch(self) -> Batch:
        """Return the batch to write: the same one until `confirm_batch`, then a new one. Without pending reads, it is empty."""
        if not self._current_batch.reads and self._queue:
            keys = list(islice(self._queue, _BATCH_SIZE))
            reads = {key: self._queue.pop(key) for key in keys}
            self.queue_size -= sum(reads.values())
            self._current_batch = Batch(number=self._current_batch.number + 1, reads=reads)
        return self._current_batch

    def drain(self) -> tuple[Batch, ...]:
        """Return all pending reads as batches, the current one first; () if there are none. They are not pending any more.

        Cached totals count them as written.
        """
        batches = []
        while (batch := self.next_batch()).reads:
            batches.append(batch)
            self.confirm_batch()
        return tuple(batches)

    def confirm_batch(self) -> None:
        """Record that the current batch is in the database: its reads are no longer pending, and are added to cached totals."""
        for (article_id, _), reads in self._current_batch.reads.items():
            self._pending_by_article[article_id] -= reads
            if not self._pending_by_article[article_id]:
                del self._pending_by_article[article_id]
            if cached := self._totals.get(article_id):
                self._totals.put(article_id, _CachedTotal(total=cached.total + reads, loaded_at=cached.loaded_at))
        self._current_batch = Batch(number=self._current_batch.number, reads={})

    def store_totals(self, totals: Mapping[str, int], now: datetime) -> None:
        """Cache totals (article id -> reads) loaded at `now`. A full cache drops those loaded or changed longest ago."""
        for article_id, reads in totals.items():
            self._totals.put(article_id, _CachedTotal(total=reads, loaded_at=now))

    def fresh_count(self, article_id: str, now: datetime) -> int | None:
        """Return the reads of an article, pending ones included; None if no fresh total of it is cached.

        A total is fresh if less than `max_age` lies between the moment at which it was loaded and `now`.
        """
        cached = self._totals.get(article_id)
        return self.last_known_count(article_id) if cached and abs(now - cached.loaded_at) < self._max_age else None

    def last_known_count(self, article_id: str) -> int | None:
        """Return the reads of an article, pending ones included, fresh or not; None if no total of the article is cached."""
        cached = self._totals.get(article_id)
        return cached.total + self._pending_by_article[article_id] if cached else None
