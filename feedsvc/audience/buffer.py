"""What is counted and not yet written, and what was read of the database lately. In memory, without threads."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final

Key = tuple[str, date]  # an article's id and the UTC day
_LARGEST: Final = 500  # pairs of article and day in a batch: what a slow database takes within its patience


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Reads that are written together; the number tells one batch from the next, also when it is tried again."""

    number: int
    reads: Mapping[Key, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stored:
    reads: int
    at: datetime


class Tally:
    """Reads on their way. At most `most` pairs of article and day wait; a number from the database is good for `fresh`."""

    def __init__(self, *, most: int, fresh: timedelta) -> None:
        self._most = most
        self._fresh = fresh
        self._waiting: Counter[Key] = Counter()
        self._writing = Batch(number=0, reads={})
        self._pending: Counter[str] = Counter()  # by article, the waiting and the writing
        self._stored: OrderedDict[str, _Stored] = OrderedDict()
        self.waiting = 0

    @property
    def pending(self) -> int:
        """Reads that are not known to be written."""
        return self._pending.total()

    def add(self, article_id: str, day: date) -> bool:
        """Count one read; False if there is no room for it."""
        key = (article_id, day)
        if key not in self._waiting and len(self._waiting) >= self._most:
            return False
        self._waiting[key] += 1
        self._pending[article_id] += 1
        self.waiting += 1
        return True

    def batch(self) -> Batch:
        """What to write now: the last batch again until `written` says that it arrived, then the next of what waits."""
        if not self._writing.reads and self._waiting:
            keys = list(islice(self._waiting, _LARGEST))
            reads = {key: self._waiting.pop(key) for key in keys}
            self.waiting -= sum(reads.values())
            self._writing = Batch(number=self._writing.number + 1, reads=reads)
        return self._writing

    def rest(self) -> tuple[Batch, ...]:
        """All that is not known to be written, as batches. Nothing of it is pending here any more."""
        batches = []
        while (batch := self.batch()).reads:
            batches.append(batch)
            self.written()
        return tuple(batches)

    def written(self) -> None:
        """The last batch is in the database."""
        for (article_id, _), reads in self._writing.reads.items():
            self._pending[article_id] -= reads
            if not self._pending[article_id]:
                del self._pending[article_id]
            if before := self._stored.get(article_id):
                self._stored[article_id] = _Stored(reads=before.reads + reads, at=before.at)
        self._writing = Batch(number=self._writing.number, reads={})

    def loaded(self, totals: Mapping[str, int], now: datetime) -> None:
        """What the database says of some articles; what was heard longest ago is forgotten."""
        for article_id, reads in totals.items():
            self._stored[article_id] = _Stored(reads=reads, at=now)
            self._stored.move_to_end(article_id)
        while len(self._stored) > self._most:
            self._stored.popitem(last=False)

    def count(self, article_id: str, now: datetime) -> int | None:
        """An article's reads, those on their way included; None if the database was not asked lately."""
        stored = self._stored.get(article_id)
        return self.last(article_id) if stored and abs(now - stored.at) < self._fresh else None

    def last(self, article_id: str) -> int | None:
        """The same, however long ago the database was asked; None if that is forgotten."""
        stored = self._stored.get(article_id)
        return stored.reads + self._pending[article_id] if stored else None
