"""Rate limit for log lines, so that neither an attack nor a full disk fills the log with one repeated message."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

WINDOW_SECONDS: Final = 60.0  # seconds
_MAX_RECORDS: Final = 5  # records of one line of code per window
_QUOTE_LENGTH: Final = 100  # characters of a message that its summary quotes

_CodeLocation = tuple[str, int]  # source file and line number


@dataclass(kw_only=True, slots=True)
class _Window:
    """Number of records of one code location since `started_at` (seconds of time.monotonic). `text` is the newest message."""

    started_at: float
    records: int = 0
    text: str = ""


class LogLimit:
    """Limit of five records a minute for each source line that logs. Further records are counted, not written.

    Records are grouped by source line and not by text, because clients can vary the text. The minute (a window) begins with the
    line's first record.
    """

    def __init__(self) -> None:
        self._windows: dict[_CodeLocation, _Window] = {}

    def admit(self, record: logging.LogRecord, now: float) -> bool:
        """Count a record and return whether it may be written. `now` is in seconds of time.monotonic.

        Call `pop_summaries` before, because only that ends a window. Records of the level DEBUG are all written.
        """
        if record.levelno <= logging.DEBUG:
            return True
        window = self._windows.setdefault((record.pathname, record.lineno), _Window(started_at=now))
        window.records += 1
        window.text = record.getMessage()
        return window.records <= _MAX_RECORDS

    def pop_summaries(self, now: float) -> list[str]:
        """Remove the windows that began a minute ago or earlier; return a summary line for each with more than five records."""
        expired = [location for location, window in self._windows.items() if now - window.started_at >= WINDOW_SECONDS]
        return [_summary_line(window) for window in map(self._windows.pop, expired) if window.records > _MAX_RECORDS]


def _summary_line(window: _Window) -> str:
    text = window.text.partition("\n")[0][:_QUOTE_LENGTH]
    return f"feedsvc: {window.records - _MAX_RECORDS:,} more log lines like this one within {WINDOW_SECONDS:.0f} seconds: {text}"
