"""Token buckets for rate limits: a burst of tokens at once, then one at regular intervals. Time is an argument.

These tokens are not those of private feeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from feedsvc.support.bounded_cache import BoundedCache
from feedsvc.support.digest import blake2b

# Complete copies of one feed in an hour: enough for 30 people behind one address whose feed reader polls every 15 minutes
# without conditional requests.
DEFAULT_HOURLY_LIMIT: Final = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketLimit:
    """Limit of a bucket: `burst` tokens at once, then one every `refill_seconds`."""

    burst: int
    refill_seconds: float


class _Bucket(NamedTuple):
    tokens: float
    updated_at: datetime


class TokenBuckets:
    """Buckets by key, full at first. Not thread-safe.

    Above `max_keys`, the bucket from which no token was taken for the longest time is dropped: its key has a full one again.
    """

    def __init__(self, limit: BucketLimit, max_keys: int) -> None:
        self._limit = limit
        self._buckets: BoundedCache[bytes, _Bucket] = BoundedCache(max_keys)

    def take_token(self, key: bytes, now: datetime) -> float:
        """Take a token from the bucket of `key` and return 0.0.

        If it is empty, return the seconds until it has a whole token.
        """
        if wait := self.seconds_until_token(key, now):
            return wait
        self._buckets.put(key, _Bucket(tokens=self._tokens(key, now) - 1, updated_at=now))
        return 0.0

    def seconds_until_token(self, key: bytes, now: datetime) -> float:
        """Return the seconds until the bucket of `key` has a token, 0.0 if it has one. Takes no token."""
        tokens = self._tokens(key, now)
        return 0.0 if tokens >= 1 else (1 - tokens) * self._limit.refill_seconds

    def _tokens(self, key: bytes, now: datetime) -> float:
        bucket = self._buckets.get(key)
        if bucket is None:
            return float(self._limit.burst)
        if now < bucket.updated_at:
            # The clock was set back: add no tokens, but count the time from now on.
            bucket = _Bucket(tokens=bucket.tokens, updated_at=now)
            self._buckets.put(key, bucket)
        elapsed = (now - bucket.updated_at).total_seconds()
        return min(self._limit.burst, bucket.tokens + elapsed / self._limit.refill_seconds)


def anonymous_key(salt: bytes, *parts: str) -> bytes:
    """Return a salted hash of `parts`, 16 bytes. Once the salt is discarded, the parts cannot be found from the hash."""
    texts = [part.encode(errors="surrogatepass") for part in parts]
    data = b"".join(len(text).to_bytes(4, "big") + text for text in texts)
    return blake2b(data, key=salt)
