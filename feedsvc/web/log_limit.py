"""A limit on log lines that repeat: neither an attack nor a full machine may fill the disk with one sentence."""

from __future__ import annotations

import logging
import sys
import threading
import time
from dataclasses import dataclass
from typing import Final

_MOST: Final = 5  # records of one line of code in each window
_WINDOW: Final = 60.0  # seconds
_SHOWN: Final = 100  # characters of a record's text that its count quotes

_Place = tuple[str, int]  # a file of source code, and a line in it


@dataclass(kw_only=True, slots=True)
class _Window:
    """The records of one place since `began`, in seconds of time.monotonic; `text` is the newest one's."""

    began: float
    records: int = 0
    text: str = ""


class LogLimit:
    """Admits five records a minute from each line of code that logs, and counts the rest.

    Places are told apart by source line, not by text: a client can vary what it makes the server say.
    """

    def __init__(self) -> None:
        self._windows: dict[_Place, _Window] = {}

    def admit(self, record: logging.LogRecord, now: float) -> bool:
        """Count a record, and return True if it may be written."""
        window = self._windows.setdefault((record.pathname, record.lineno), _Window(began=now))
        window.records += 1
        window.text = record.getMessage()
        return window.records <= _MOST

    def ended(self, now: float) -> list[str]:
        """Forget the windows that are over, and return a line for each that left records out."""
        over = [place for place, window in self._windows.items() if now - window.began >= _WINDOW]
        return [_counted(window) for window in map(self._windows.pop, over) if window.records > _MOST]


def _counted(window: _Window) -> str:
    text = window.text.partition("\n")[0][:_SHOWN]
    return f"feedsvc: {window.records - _MOST:,} more lines within {_WINDOW:.0f} seconds like this one: {text}"


class LimitedHandler(logging.Handler):
    """Writes the text of records, and their tracebacks, to stderr within a LogLimit."""

    def __init__(self) -> None:
        super().__init__()
        self._limit = LogLimit()
        self._timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        self._write_counts()
        if self._limit.admit(record, time.monotonic()):
            self._write(self.format(record))
        elif self._timer is None:
            # If the records end as suddenly as they began, none will come that brings the count.
            self._timer = threading.Timer(_WINDOW, self._on_timer)
            self._timer.daemon = True
            self._timer.start()

    def _on_timer(self) -> None:
        with self.lock or threading.Lock():
            self._timer = None
            self._write_counts()

    def _write_counts(self) -> None:
        for line in self._limit.ended(time.monotonic()):
            self._write(line)

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
        except OSError:
            return  # the reader of the log has gone, or its disk is full; the site is served all the same


def limit_log() -> None:
    """Send this process's log to stderr within a limit, if nothing else handles it."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(LimitedHandler())
