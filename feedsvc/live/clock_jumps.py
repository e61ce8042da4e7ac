"""Whether the clock on the wall goes as time does, or was set while the service runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from feedsvc.support.alerts import Troubles
from feedsvc.support.date_formats import rfc3339

_LEAST: Final = 10.0  # seconds; what sets clocks right all day moves them by less at once
_SETTLED: Final = 3600.0  # seconds without another jump: whoever set the clock meant it
_NAME: Final = "clock"


def steady() -> float:
    """Seconds that nobody sets, those of a machine's sleep among them where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Jumps:
    """To be asked often, by one thread."""

    def __init__(self, troubles: Troubles, time_passed: Callable[[], float] = steady) -> None:
        self._troubles, self._time_passed = troubles, time_passed
        self._right: float | None = None
        self._last = self._since = 0.0

    def look(self, now: datetime) -> float:
        """How many seconds the clock jumped since the last look, 0.0 if it went as it should."""
        offset = now.timestamp() - self._time_passed()
        if self._right is None:
            self._right = self._last = offset
        jump, self._last = offset - self._last, offset
        if abs(jump) >= _LEAST:
            self._since = self._time_passed()
            self._tell(jump, now, is_right=abs(offset - self._right) < _LEAST)
            return jump
        if self._time_passed() - self._since >= _SETTLED:
            self._right = offset
            self._troubles.end(_NAME)
        return 0.0

    def _tell(self, jump: float, now: datetime, *, is_right: bool) -> None:
        if is_right:
            self._troubles.end(_NAME)
            return
        sentence = (
            f"the clock of this machine was set {'forward' if jump > 0 else 'back'} by {timedelta(seconds=round(abs(jump)))}, "
            f"to {rfc3339(now)}, and articles come and go by it: if that is not the time, set it right; no restart is needed"
        )
        self._troubles.come(_NAME, sentence, "the clock of this machine is taken to be right again", again=True)
