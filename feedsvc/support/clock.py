"""Wall clock. No other module reads the time of day: functions take it as an argument."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache


def wall_clock() -> datetime:
    """Return the time in UTC, cut off to whole milliseconds.

    The last result is cached, because creating it takes longer than answering some requests.
    """
    return _moment(time.time_ns() // 1_000_000)


@lru_cache(1)
def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
