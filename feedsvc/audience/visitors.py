"""Who reads again, told without knowing who: hashes under a salt that lives in memory and for one UTC day only."""

from __future__ import annotations

import math
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from feedsvc.support.client_address import home
from feedsvc.support.token_bucket import Buckets, Limit, nameless

REPEAT: Final = timedelta(minutes=30)
_JITTER: Final = timedelta(hours=1)
_MOST: Final = 100_000
# A person opens an article every other second for half a minute at the most; an office or a village shares an address.
_PER_VISITOR: Final = Limit(burst=20, seconds=3.0)
_PER_ADDRESS: Final = Limit(burst=300, seconds=0.2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Admission:
    """Whether a read counts; with `retry_after` above 0 (seconds) the visitor asked too often."""

    counts: bool
    retry_after: int = 0


class Visitors:
    """The readers of the day, at most `most` reads of theirs. Safe in threads. Nothing of it can be told after midnight."""

    def __init__(self, *, most: int = _MOST, per_visitor: Limit = _PER_VISITOR, per_address: Limit = _PER_ADDRESS) -> None:
        self._most = most
        self._limits = (per_visitor, per_address)
        self._lock = threading.Lock()
        self._start(date.min)

    def admit(self, address: str, agent: str, article_id: str, now: datetime) -> Admission:
        """A read of an article by whoever has this address and User-Agent, at a moment.

        Half an hour counts from the read that was counted. A User-Agent is easily changed, so that the address has a
        limit of its own.
        """
        with self._lock:
            self._turn(now)
            network = home(address)
            visitor, place = self._hash(network, agent), self._hash(network)
            # Who is refused takes nothing from the others at that address, and pushes nobody out of memory.
            if wait := self._per_address.due(place, now) or self._per_visitor.wait(visitor, now):
                return Admission(counts=False, retry_after=math.ceil(wait))
            self._per_address.wait(place, now)
            return Admission(counts=self._is_first(self._hash(network, agent, article_id), now))

    def turn(self, now: datetime) -> None:
        """Forget yesterday, salt and all; the chore that keeps the promise on a night without readers."""
        with self._lock:
            self._turn(now)

    def _turn(self, now: datetime) -> None:
        day = now.astimezone(UTC).date()
        # Two threads around midnight must not turn the day back and forth; a clock that is put right may.
        if day > self._day or (now.astimezone(UTC) + _JITTER).date() < self._day:
            self._start(day)

    def _start(self, day: date) -> None:
        self._day = day
        self._salt = secrets.token_bytes(32)
        self._reads: OrderedDict[bytes, datetime] = OrderedDict()
        self._per_visitor, self._per_address = (Buckets(limit, self._most) for limit in self._limits)

    def _is_first(self, read: bytes, now: datetime) -> bool:
        before = self._reads.get(read)
        if before and abs(now - before) < REPEAT:
            return False
        self._reads[read] = now
        self._reads.move_to_end(read)
        while len(self._reads) > self._most or now - next(iter(self._reads.values())) >= REPEAT:
            self._reads.popitem(last=False)
        return True

    def _hash(self, *parts: str) -> bytes:
        return nameless(self._salt, *parts)
