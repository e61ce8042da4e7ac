"""Watchdog: ends a process that hangs for 30 seconds, after the stacks of its threads were written to stderr.

A process hangs if a thread holds the interpreter's lock (an endless comparison in C) or renders one page for that long (an
endless loop in Python). The timer is faulthandler's, which needs no lock. A process that does not call `start` is not watched.
"""

from __future__ import annotations

import faulthandler
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from feedsvc.errors import FeedsvcError

LIMIT_VARIABLE: Final = "FEEDSVC_WATCHDOG"  # seconds of another limit, 0 for no watchdog
_DEFAULT_LIMIT, _MIN_LIMIT, _MAX_LIMIT = 30.0, 2.0, 3600.0  # seconds
_INTERVAL: Final = 0.5  # seconds between two starts of the timer
_LOG: Final = logging.getLogger(__name__)

_renderings: Final[dict[object, tuple[float, str]]] = {}  # of pages: monotonic seconds at the start, template
_is_stopping = False


@contextmanager
def rendering(template: str) -> Iterator[None]:
    """Mark that this thread renders a page with this template of the site's own theme within the `with` block."""
    key = object()
    _renderings[key] = time.monotonic(), template
    try:
        yield
    finally:
        del _renderings[key]


def start() -> None:
    """Watch this process until it ends. Call it after the last fork, because it starts a thread.

    A crash in C (SIGSEGV, SIGABRT) writes the stacks, too. Without stderr nothing is watched. Raises FeedsvcError if the
    variable LIMIT_VARIABLE is no number from 0 to 3600; a limit below 2 seconds counts as 2.
    """
    if (limit := _limit()) and sys.stderr:
        faulthandler.enable()
        threading.Thread(target=_watch, args=(max(_MIN_LIMIT, limit),), name="feedsvc-watchdog", daemon=True).start()


def limit_stop() -> None:
    """End this process if it still runs about 30 seconds later. For the handler of SIGTERM and SIGINT."""
    global _is_stopping  # noqa: PLW0603
    _is_stopping = True


def _watch(limit: float) -> None:
    """Start the timer anew each half second, until the stop, for the time that the oldest rendering has left."""
    logged = 0.0
    while not _is_stopping:
        now = time.monotonic()
        started_at, template = min(list(_renderings.values()), default=(now, ""))
        if (seconds_left := started_at + limit - now) > 0:
            faulthandler.dump_traceback_later(seconds_left + 2 * _INTERVAL, exit=True)
        elif started_at != logged:
            logged = started_at
            _LOG.error(
                "feedsvc: a page with the site's own theme (theme/templates/%s) takes more than %.0f seconds; this process is "
                "ended: correct the template that the stacks of its threads name",
                template,
                limit,
            )
        time.sleep(_INTERVAL)


def _limit() -> float:
    text = os.environ.get(LIMIT_VARIABLE, "")
    try:
        limit = float(text or _DEFAULT_LIMIT)
    except ValueError:
        limit = math.nan
    if not 0 <= limit <= _MAX_LIMIT:
        raise FeedsvcError(
            f"{LIMIT_VARIABLE} is '{text}'; give seconds from {_MIN_LIMIT:.0f} to {_MAX_LIMIT:.0f}, or 0 for no watchdog"
        )
    return limit
