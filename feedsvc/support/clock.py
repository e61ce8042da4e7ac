"""The time of day. Everybody else is told it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache


def wall_clock() -> datetime:
    """Now, in whole milliseconds: a datetime takes longer to make than many a request to answer, so one is made for each."""
    return _moment(time.time_ns() // 1_000_000)


@lru_cache(1)
def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
