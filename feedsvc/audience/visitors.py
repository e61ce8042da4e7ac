"""Detection of repeated reads and rate limits for visitors. Identities are stored only as salted hashes.

The salt is kept in memory only, for one UTC day.
"""

from __future__ import annotations

import math
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from feedsvc.support.client_address import client_prefix
from feedsvc.support.token_bucket import BucketLimit, TokenBuckets, anonymous_key

REPEAT_INTERVAL: Final = timedelta(minutes=30)
_CLOCK_TOLERANCE: Final = timedelta(hours=1)
_MAX_READS: Final = 100_000
# Assumption: a person opens an article every other second for at most half a minute. An office or a village shares an address.
_VISITOR_LIMIT: Final = BucketLimit(burst=20, refill_seconds=3.0)
_ADDRESS_LIMIT: Final = BucketLimit(burst=300, refill_seconds=0.2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Admission:
    """Decision whether a read counts. `retry_after` is the seconds to wait if visitor or address sent too many reads, else 0."""

    is_counted: bool
    retry_after: int = 0


class Visitors:
    """Detection of repeated reads, and rate limits, within the current UTC day. Thread-safe.

    A visitor is an address (for IPv6, a /64 network) with a User-Agent. At most `max_reads` each of reads, visitors and addresses
    are remembered, as salted hashes; above that, the oldest are forgotten. The first call on a new day discards the hashes and
    the salt; after that, a copy of a hash can no longer be traced to a visitor.
    """

    def __init__(
        self,
        *,
        max_reads: int = _MAX_READS,
        visitor_limit: BucketLimit = _VISITOR_LIMIT,
        address_limit: BucketLimit = _ADDRESS_LIMIT,
    ) -> None:
        self._max_reads = max_reads
        self._limits = (visitor_limit, address_limit)
        self._lock = threading.RLock()
        self._start_day(date.min)

    def admit(self, address: str, agent: str, article_id: str, now: datetime) -> Admission:
        """Decide whether a read of an article counts, and remember it. The visitor is `address` and `agent` (User-Agent).

        A read counts unless the visitor's last counted read of the article, on this UTC day, was less than 30 minutes ago.
        Visitor and address each have a rate limit; that of the address exists because a User-Agent is easily changed. A read
        above a limit does not count. All clients of a unix socket ("unix") are one address.
        """
        with self._lock:
            self.rotate_day(now)
            network = client_prefix(address)
            visitor_hash, address_hash = self._hash(network, agent), self._hash(network)
            # A refused visitor uses no token of the others at that address and displaces no other entry.
            wait = self._address_buckets.seconds_until_token(address_hash, now)
            wait = wait or self._visitor_buckets.take_token(visitor_hash, now)
            if wait:
                return Admission(is_counted=False, retry_after=math.ceil(wait))
            self._address_buckets.take_token(address_hash, now)
            return Admission(is_counted=self._is_first_read(self._hash(network, agent, article_id), now))

    def rotate_day(self, now: datetime) -> None:
        """Discard the hashes and the salt if they are of another UTC day. Call periodically, even without reads.

        They are kept if their day is a later one that begins within an hour: the clock was then set back only a little.
        """
        day = now.astimezone(UTC).date()
        with self._lock:
            # Two threads around midnight must not switch the day back and forth; a corrected clock may.
            if day > self._day or (now.astimezone(UTC) + _CLOCK_TOLERANCE).date() < self._day:
                self._start_day(day)

    def _start_day(self, day: date) -> None:
        self._day = day
        self._salt = secrets.token_bytes(32)
        self._last_reads: OrderedDict[bytes, datetime] = OrderedDict()
        self._visitor_buckets, self._address_buckets = (TokenBuckets(limit, self._max_reads) for limit in self._limits)

    def _is_first_read(self, read_hash: bytes, now: datetime) -> bool:
        last_read = self._last_reads.get(read_hash)
        if last_read and abs(now - last_read) < REPEAT_INTERVAL:
            return False
        self._last_reads[read_hash] = now
        self._last_reads.move_to_end(read_hash)
        while len(self._last_reads) > self._max_reads or now - next(iter(self._last_reads.values())) >= REPEAT_INTERVAL:
            self._last_reads.popitem(last=False)
        return True

    def _hash(self, *parts: str) -> bytes:
        return anonymous_key(self._salt, *parts)
