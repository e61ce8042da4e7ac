"""Exponential backoff with deterministic jitter: the same attempt of the same name gets the same delay."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """Delays in seconds, from `min_delay` to `max_delay`; each is twice the previous one."""

    min_delay: float
    max_delay: float

    def delay(self, tries: int, name: str) -> float:
        """Return the delay after `tries` failures (at least 1). `name` and `tries` shorten it by up to a quarter.

        So attempts of many names are spread.
        """
        full = min(self.min_delay * 2.0 ** min(tries - 1, 40), self.max_delay)
        share = int.from_bytes(sha256(f"{tries} {name}".encode()).digest()[:4]) / 2**32
        return full * (1 - share / 4)


DEFERRAL_BACKOFF: Final = Backoff(min_delay=1, max_delay=3600)  # for a hub that may recover soon
REJECTION_BACKOFF: Final = Backoff(min_delay=3600, max_delay=86_400)  # for a hub that rejects this feed
