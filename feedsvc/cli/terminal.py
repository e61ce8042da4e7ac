"""Terminal: colors, and the progress of reading and writing."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Final, TextIO, TypeVar

import click

T = TypeVar("T")
_LINE_INTERVAL: Final = 0.1  # seconds between two updates of the line on a terminal
_LOG_INTERVAL: Final = 10.0  # seconds between two lines in a log
_LOG: Final = logging.getLogger(__name__)


def color_setting() -> bool | None:
    """Return False if NO_COLOR is set and not empty, else True if FORCE_COLOR is, else None: colors on a terminal only."""
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def has_colors(stream: TextIO | None) -> bool:
    """Return whether to write colors to a stream: as NO_COLOR or FORCE_COLOR says, else if it is a terminal.

    None, a closed stream, is no terminal.
    """
    setting = color_setting()
    return bool(stream and stream.isatty()) if setting is None else setting


class ReadingProgress:
    """Progress of the first reading of a content folder, on the terminal or in the log. A call updates it.

    If `_shows_line`, one line of the terminal is updated and removed at the end. Otherwise the log of the command, if it has
    one, gets a line each ten seconds.
    """

    def __init__(self) -> None:
        self._last_update, self._is_first = time.monotonic(), True

    def __call__(self, read: int, total: int) -> None:
        """Show that `read` of `total` files are read."""
        is_line, now = _shows_line(), time.monotonic()
        text = f"{read:,} of {total:,} articles are read"
        if is_line and read == total:
            click.echo(f"\r{' ' * len(text)}\r", nl=False, err=True)
        elif now - self._last_update >= (_LINE_INTERVAL if is_line else _LOG_INTERVAL) or (is_line and self._is_first):
            self._last_update, self._is_first = now, False
            if is_line:
                click.echo(f"\r{text}", nl=False, err=True)
            else:
                _LOG.info("feedsvc: %s", text)


def writing_progress(counts: Iterable[int], total: int) -> Iterator[int]:
    """Yield `counts`, and add each to a progress bar of `total` on stderr.

    Each count is the number of items that were finished since the previous count. There is no bar if stderr is no terminal, with
    --quiet, or if the log is in JSON.
    """
    if not _shows_line():
        yield from counts
        return
    with click.progressbar(length=total, label="Writing", file=sys.stderr) as bar:
        for count in counts:
            bar.update(count)
            yield count


def item_progress(label: str, items: Iterable[T], total: int = 0) -> Iterator[T]:
    """Yield items, and show their number so far, or with `total` (0: unknown) a bar, on stderr.

    Nothing is shown if stderr is no terminal, with --quiet, or if the log is in JSON.
    """
    if not _shows_line():
        yield from items
    elif total:
        with click.progressbar(items, length=total, label=label, file=sys.stderr) as bar:
            yield from bar
    else:
        yield from _counted(label, items)


def _counted(label: str, items: Iterable[T]) -> Iterator[T]:
    """Yield items, and show their number in a line of the terminal, which is removed at the end."""
    text, last_update = "", time.monotonic()
    for number, item in enumerate(items, 1):
        if time.monotonic() - last_update >= _LINE_INTERVAL:
            text, last_update = f"{label}: {number:,}", time.monotonic()
            click.echo(f"\r{text}", nl=False, err=True)
        yield item
    click.echo(f"\r{' ' * len(text)}\r", nl=False, err=True)


def _shows_line() -> bool:
    """Return whether progress is shown: stderr is a terminal, and the log is neither in JSON nor limited by --quiet."""
    is_for_programs = any(getattr(handler, "is_for_programs", False) for handler in logging.getLogger().handlers)
    is_quiet = bool(logging.getLogger().handlers) and not _LOG.isEnabledFor(logging.INFO)
    return bool(sys.stderr and sys.stderr.isatty()) and not is_for_programs and not is_quiet
