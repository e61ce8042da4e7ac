"""Token buckets: so many at once, then one every so often. Time is an argument."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

# Whole copies of one feed in an hour: thirty people behind one address, all with the same reader that asks every quarter of an
# hour and never conditionally.
USUAL: Final = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """`burst` at once, then one every `seconds`."""

    burst: int
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Bucket:
    tokens: float
    at: datetime


class Buckets:
    """One bucket for every key, full at first; of more than `most` keys the one used longest ago is forgotten."""

    def __init__(self, limit: Limit, most: int) -> None:
        self._limit = limit
        self._most = most
        self._buckets: OrderedDict[bytes, _Bucket] = OrderedDict()

    def wait(self, key: bytes, now: datetime) -> float:
        """Take a token: 0.0 if there was one, else the seconds until there is."""
        if wait := self.due(key, now):
            return wait
        self._buckets[key] = _Bucket(tokens=self._tokens(key, now) - 1, at=now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return 0.0

    def due(self, key: bytes, now: datetime) -> float:
        """The same without taking anything."""
        tokens = self._tokens(key, now)
        return 0.0 if tokens >= 1 else (1 - tokens) * self._limit.seconds

    def _tokens(self, key: bytes, now: datetime) -> float:
        before = self._buckets.get(key)
        if before is None:
            return float(self._limit.burst)
        if now < before.at:
            # A clock that was set back gives nothing away, and keeps nobody waiting until it has caught up.
            self._buckets[key] = before = _Bucket(tokens=before.tokens, at=now)
        passed = (now - before.at).total_seconds()
        return min(self._limit.burst, before.tokens + passed / self._limit.seconds)


def nameless(salt: bytes, *parts: str) -> bytes:
    """A key that tells nobody who it stands for, once the salt is thrown away."""
    texts = [part.encode(errors="surrogatepass") for part in parts]
    told = b"".join(len(text).to_bytes(4, "big") + text for text in texts)
    return hashlib.blake2b(told, key=salt, digest_size=16).digest()
