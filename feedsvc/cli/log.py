"""Log of a command: one handler on stderr for the lines of all packages, with time and level, as text or JSON."""

from __future__ import annotations

import json
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import click

from feedsvc.cli.terminal import has_colors

PLAIN: Final = "plain"  # the message alone, for commands that end soon
TEXT: Final = "text"
JSON: Final = "json"
_JOURNAL: Final = "journal"  # chosen instead of text if stderr is systemd's journal
_PACKAGE: Final = "feedsvc"
_PREFIX: Final = f"{_PACKAGE}: "
_FIELDS: Final = "fields"  # attribute of a record: values of its own in JSON, a mapping
# Loggers whose lines no client can cause, so that they are not limited. The supervisor forks, so it must not start the timer.
_UNLIMITED: Final = ("feedsvc.cli", "feedsvc.web.workers")
# sd-daemon(3): level of a line for the journal, which adds the time itself.
_JOURNAL_PRIORITIES: Final[Mapping[int, int]] = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}
_COLORS: Final[Mapping[int, str]] = {logging.WARNING: "yellow", logging.ERROR: "red", logging.CRITICAL: "red"}
_JOURNAL_DEFAULT: Final = 2  # critical
_WINDOW_SECONDS: Final = 60.0  # seconds
_MAX_RECORDS: Final = 5  # records of one line of code per window
_LINE_END: Final = "\n"
_QUOTE_LENGTH: Final = 100  # characters of a message that its summary quotes

_CodeLocation = tuple[str, int]  # source file and line number


class LogLimit:
    """Limit of five records a minute for each source line that logs. Further records are counted, not written.

    Records are grouped by source line and not by text, because clients can vary the text. The minute begins with the line's first
    record.
    """

    def __init__(self) -> None:
        self._counts: dict[_CodeLocation, tuple[float, int, str]] = {}  # start of the minute, number of records, newest message

    def admit(self, record: logging.LogRecord, now: float) -> bool:
        """Count a record and return whether it may be written. `now` is in seconds of time.monotonic.

        Call `pop_summaries` before, because only that ends a minute. Records of the level DEBUG are all written.
        """
        if record.levelno <= logging.DEBUG:
            return True
        location = record.pathname, record.lineno
        start, count, _ = self._counts.get(location, (now, 0, ""))
        self._counts[location] = start, count + 1, record.getMessage()
        return count < _MAX_RECORDS

    def pop_summaries(self, now: float) -> list[str]:
        """End the minutes that began a minute ago or earlier; return a summary line for each with more than five records."""
        ended = [location for location, (start, _, _) in self._counts.items() if now - start >= _WINDOW_SECONDS]
        return [
            f"feedsvc: {count - _MAX_RECORDS:,} more log lines like this one within {_WINDOW_SECONDS:.0f} seconds: "
            f"{text.partition(_LINE_END)[0][:_QUOTE_LENGTH]}"
            for _, count, text in map(self._counts.pop, ended)
            if count > _MAX_RECORDS
        ]


def configure_log(form: str, level: int) -> None:
    """Send the log of this process and its forks to stderr, in the format `form`: PLAIN, TEXT or JSON.

    If stderr is systemd's journal, TEXT becomes the journal's own format. `level` is the lowest level of feedsvc's own lines
    that are written; of libraries, only warnings and errors are. Does nothing if the root logger already has handlers.
    """
    root = logging.getLogger()
    if root.handlers:
        return
    root.addHandler(_LogHandler(_FORMATTERS[_JOURNAL if form == TEXT and _is_journal(os.environ) else form]()))
    logging.getLogger(_PACKAGE).setLevel(level)


def begin_log(context: click.Context) -> None:
    """Begin the log as the options of the context's command say, and remove them from its parameters, if it has such options.

    Without --log-format, lines have time and level, except those of a build that ends by itself. Raises click.UsageError if both
    --verbose and --quiet are given.
    """
    if "log_format" not in context.params:
        return
    is_verbose, is_quiet, form = (context.params.pop(name) for name in ("verbose", "quiet", "log_format"))
    if is_verbose and is_quiet:
        raise click.UsageError("--verbose and --quiet contradict each other; give one of them", context)
    level = logging.DEBUG if is_verbose else logging.WARNING if is_quiet else logging.INFO
    configure_log(form or (TEXT if context.params.get("watch", True) else PLAIN), level)


def is_configured() -> bool:
    return any(isinstance(handler, _LogHandler) for handler in logging.getLogger().handlers)


def shows_level() -> bool:
    """Return whether the log is in the format TEXT, whose lines have the level as a word before the message.

    A message needs no "error:" or "warning:" then.
    """
    return any(isinstance(handler.formatter, _TextFormatter) for handler in logging.getLogger().handlers)


def write(text: str, level: int, fields: Mapping[str, object]) -> None:
    """Log a line of a command. In the format JSON, `fields` are added to it; their key `message`, if any, replaces the text."""
    logging.getLogger(__name__).log(level, "%s", text, extra={_FIELDS: fields})


class _LogHandler(logging.Handler):
    """Logging handler that writes messages and tracebacks to stderr within a LogLimit, and summaries of those left out.

    The limit does not apply to the loggers in _UNLIMITED.
    """

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.is_for_programs = isinstance(formatter, _JsonFormatter)  # `terminal` shows no progress then
        self._limit = LogLimit()
        self._timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        now = time.monotonic()
        self._write_summaries(now)
        if record.name.startswith(_UNLIMITED) or self._limit.admit(record, now):
            self._write(record)
        elif self._timer is None or not self._timer.is_alive():  # a fork does not inherit the thread
            # If no further record comes, the timer writes the summary.
            self._timer = threading.Timer(_WINDOW_SECONDS, self._on_timer)
            self._timer.name, self._timer.daemon = "feedsvc-log", True
            self._timer.start()

    def flush(self) -> None:
        """Write all summaries of omitted lines, also those not due yet. `logging.shutdown` calls this when the process ends."""
        with self.lock or threading.Lock():
            self._write_summaries(math.inf)

    def _on_timer(self) -> None:
        with self.lock or threading.Lock():
            self._timer = None
            self._write_summaries(time.monotonic())

    def _write_summaries(self, now: float) -> None:
        for line in self._limit.pop_summaries(now):
            facts = {"name": __name__, "msg": line, "levelno": logging.WARNING, "levelname": "WARNING"}
            self._write(logging.makeLogRecord(facts))

    def _write(self, record: logging.LogRecord) -> None:
        """Write a record to the descriptor of stderr at once, or to the stream if it has none.

        If that fails, the rest of the record is lost; never raises OSError.
        """
        text = self.format(record)
        data = memoryview(f"{text if has_colors(sys.stderr) else click.unstyle(text)}\n".encode(errors="backslashreplace"))
        descriptor = _stderr_descriptor()
        try:
            while data and descriptor is not None:
                data = data[os.write(descriptor, data) :]
            if data and sys.stderr:
                sys.stderr.write(bytes(data).decode(errors="replace"))
        except (OSError, ValueError):
            return  # the reader of the log has exited, or its disk is full; the site is served anyway


def _stderr_descriptor() -> int | None:
    """Return the file descriptor of stderr; None if it is closed, or has none because another server has replaced it."""
    try:
        return sys.stderr.fileno() if sys.stderr else None
    except (AttributeError, OSError, ValueError):
        return None


class _PlainFormatter(logging.Formatter):
    """Formatter for the message alone, and a traceback."""


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        level = click.style(record.levelname, fg=_COLORS.get(record.levelno))
        return f"{click.style(_time(record), dim=True)} {level} {super().format(record)}"


class _JournalFormatter(logging.Formatter):
    """Formatter for systemd's journal: each line begins with its priority, and has no time."""

    def format(self, record: logging.LogRecord) -> str:
        priority = _JOURNAL_PRIORITIES.get(record.levelno, _JOURNAL_DEFAULT)
        return "\n".join(f"<{priority}>{line}" for line in click.unstyle(super().format(record)).splitlines())


class _JsonFormatter(logging.Formatter):
    """Formatter for one JSON object per line. Its message has neither colors nor the prefix of the program."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "message": click.unstyle(record.getMessage()).removeprefix(_PREFIX),
            "process": record.process,
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


_FORMATTERS: Final[Mapping[str, type[logging.Formatter]]] = {
    PLAIN: _PlainFormatter,
    TEXT: _TextFormatter,
    JSON: _JsonFormatter,
    _JOURNAL: _JournalFormatter,
}


def _time(record: logging.LogRecord) -> str:
    """Return the time of a record in UTC and milliseconds, as RFC 3339 section 5.6 has it."""
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _is_journal(variables: Mapping[str, str]) -> bool:
    """Return whether stderr is a stream to systemd's journal, whose device and inode JOURNAL_STREAM names (systemd.exec(5))."""
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):
        return False
    return variables.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
