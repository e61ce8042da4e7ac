"""Detection of clock jumps: the wall clock was set while the service runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from feedsvc.support.alerts import Alerts
from feedsvc.support.date_formats import rfc3339

_MIN_JUMP: Final = 10.0  # seconds; routine corrections (NTP) move a clock by less at once
_ACCEPTANCE_TIME: Final = 3600.0  # seconds without another jump until the new time is trusted
_ALERT_NAME: Final = "clock"


def time_since_boot() -> float:
    """Return the seconds of a clock that cannot be set; with the time that the machine slept, if the system has such a clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class ClockJumpDetector:
    """Detector of jumps of the wall clock against the time since boot. `check` detects a jump and raises an alert of it.

    The alert is cleared by a later jump that corrects the clock, or by a call at least an hour after the last jump. Calls of
    `check` must not overlap. Call it often: slow corrections between two calls add up and may count as a jump.
    """

    def __init__(self, alerts: Alerts, monotonic_clock: Callable[[], float] = time_since_boot) -> None:
        self._alerts, self._monotonic_clock = alerts, monotonic_clock
        self._trusted_offset: float | None = None
        self._last_offset = self._last_jump = 0.0

    def check(self, now: datetime) -> float:
        """Return the seconds by which the clock jumped since the last call, negative if it was set back; update the alert.

        0.0 for less than _MIN_JUMP, and in the first call. `now` is the wall clock's time.
        """
        offset = now.timestamp() - self._monotonic_clock()
        if self._trusted_offset is None:
            self._trusted_offset = self._last_offset = offset
        jump, self._last_offset = offset - self._last_offset, offset
        if abs(jump) >= _MIN_JUMP:
            self._last_jump = self._monotonic_clock()
            self._report(jump, now, is_correct=abs(offset - self._trusted_offset) < _MIN_JUMP)
            return jump
        if self._monotonic_clock() - self._last_jump >= _ACCEPTANCE_TIME:
            self._trusted_offset = offset
            self._alerts.clear(_ALERT_NAME)
        return 0.0

    def _report(self, jump: float, now: datetime, *, is_correct: bool) -> None:
        """Raise the alert, or clear it if the jump corrected the clock (`is_correct`). `jump` is in seconds."""
        if is_correct:
            self._alerts.clear(_ALERT_NAME)
            return
        message = (
            f"the clock of this machine was set {'forward' if jump > 0 else 'back'} by {timedelta(seconds=round(abs(jump)))}, "
            f"to {rfc3339(now)}, and decides when articles appear and expire: if it is wrong, correct it; no restart is needed"
        )
        self._alerts.raise_alert(_ALERT_NAME, message, "the clock of this machine is trusted again", log_again=True)
