"""Reports of processes that hung or crashed, read from the state folder. stack_report.py wrote them and defines their format."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from feedsvc.support.file_lock import try_lock
from feedsvc.support.stack_report import FOLDER, HEADER_SIZE, MAX_NAME_LENGTH, SUFFIX

_MAX_REPORTS: Final = 20  # reports; older ones are removed
_RECENT: Final = timedelta(days=1)
_MAX_READ_SIZE: Final = 1024 * 1024  # bytes of a report
# Precedes the stacks that faulthandler writes at SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT.
_CRASH_MARKER: Final = b"Fatal Python error: "
_CURRENT_THREAD: Final = re.compile(rb"^Current thread 0x([0-9a-f]+) ", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class HangReport:
    """Report of a process that was ended because it hung, or that crashed.

    `process_id` is 0 if unknown. `ended_at` is the time at which `file` was written last. `theme_names` are the themes whose page
    was the cause, if any. `crash` is the error's name, "" for a hang. `is_stopping` is True if SIGTERM or SIGINT had come before.
    `stacks` are the stacks of its threads, as text.
    """

    process_id: int
    file: Path
    ended_at: datetime
    theme_names: frozenset[str]
    crash: str
    is_stopping: bool
    stacks: str


def read_reports(state: Path) -> list[HangReport]:
    """Return the reports of hung or crashed processes in the state folder `state`, newest first; none of running processes."""
    reports = [report for file in _report_files(state) if (report := _read_report(file))]
    return sorted(reports, key=lambda report: (report.ended_at, report.file), reverse=True)


def faulty_themes(state: Path) -> Mapping[str, str]:
    """Return the themes whose page made a process hang or crash: name -> stacks of the last such process's threads, as text."""
    return {name: report.stacks for report in reversed(read_reports(state)) for name in report.theme_names}


class FaultyThemes:
    """Callable that returns the `faulty_themes` of a state folder, cached.

    They are read again once a file was created in or removed from the folder of the reports, as when a process with a watchdog
    starts or ends normally. The end of a process that hung changes nothing there; the start of the next process does.
    """

    def __init__(self, state: Path) -> None:
        self._state = state
        self._version: int | None = None
        self._themes: Mapping[str, str] = {}

    def __call__(self) -> Mapping[str, str]:
        version = self._folder_version()
        if version != self._version:
            self._version, self._themes = version, faulty_themes(self._state)
        return self._themes

    def _folder_version(self) -> int:
        try:
            return (self._state / FOLDER).stat().st_mtime_ns
        except OSError:
            return 0


def explanation(state: Path, process: int) -> str:
    """Return why the last process with the id `process` was ended or crashed, as a text to follow "process 12".

    Return "" if there is no report of it.
    """
    return next((_explanation(report) for report in read_reports(state) if report.process_id == process), "")


def notice(state: Path, now: datetime) -> str:
    """Return a sentence on the last process that hung or crashed in the day before `now`; "" without a readable report."""
    recent = [report for report in read_reports(state) if now - report.ended_at <= _RECENT]
    if not recent:
        return ""
    last, count = recent[0], len(recent) - 1
    others = f"; {count} more of the last day are in the same folder" if count else ""
    return f"process {last.process_id} {_explanation(last)} ({last.ended_at:%Y-%m-%d %H:%M} UTC{others})"


def _explanation(report: HangReport) -> str:
    if report.crash:
        event, end = "crashed", f" ({report.crash})"
    elif report.is_stopping and not report.theme_names:
        event, end = "did not end in time after SIGTERM", ", and was ended"
    else:
        event, end = "hung", ", and was ended"
    activity = " while it rendered a page with the site's own theme" if report.theme_names else ""
    advice = "correct the templates that they name" if report.theme_names else "please report this with that file"
    return f"{event}{activity}{end}; the stacks of its threads are in {report.file}: {advice}"


def remove_stale_files(state: Path) -> None:
    """Remove from the state folder ended processes' files without stacks (kill -9), and all but the 20 newest reports."""
    for file in _report_files(state):
        with suppress(OSError), _open_descriptor(file) as descriptor:
            if try_lock(descriptor, is_optional=True) and not _stack_bytes(os.pread(descriptor, _MAX_READ_SIZE, 0)):
                file.unlink()
    for report in read_reports(state)[_MAX_REPORTS:]:
        report.file.unlink(missing_ok=True)


def _report_files(state: Path) -> list[Path]:
    return sorted((state / FOLDER).glob(f"*{SUFFIX}"))


@contextmanager
def _open_descriptor(file: Path) -> Iterator[int]:
    descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read_report(file: Path) -> HangReport | None:
    """Return the report of an ended process; None if the process is running, or the file has no stacks or is unreadable."""
    try:
        with _open_descriptor(file) as descriptor:
            if not try_lock(descriptor, is_shared=True, is_optional=True):
                return None
            data, modified_at = os.pread(descriptor, _MAX_READ_SIZE, 0), os.fstat(descriptor).st_mtime
    except OSError:
        return None
    if not (stacks := _stack_bytes(data)):
        return None
    header = _parse_header(data[:HEADER_SIZE])
    process_id, blamed = header.get("process"), _header_list(header, "blamed")
    stacks_before_crash, marker, crash_text = stacks.partition(_CRASH_MARKER)
    if marker:
        stacks, crash = marker + crash_text, crash_text.partition(b"\n")[0].decode("ascii", "replace")[:MAX_NAME_LENGTH]
    else:
        stacks, crash = stacks_before_crash, ""
    names = _current_themes(stacks, _header_list(header, "renderings"), is_crash=bool(crash))
    return HangReport(
        process_id=process_id if isinstance(process_id, int) else 0,
        file=file,
        ended_at=datetime.fromtimestamp(modified_at, UTC),
        theme_names=names.union(name for name in blamed if isinstance(name, str)),
        crash=crash,
        is_stopping=bool(header.get("stopping")),
        stacks=stacks.decode(errors="replace"),
    )


def _stack_bytes(data: bytes) -> bytes:
    return data[HEADER_SIZE:].strip(b"\0 \n")


def _parse_header(line: bytes) -> Mapping[str, Any]:
    """Return the members of the first line; {} if it is damaged."""
    with suppress(ValueError):
        header = json.loads(line)
        if isinstance(header, dict):
            return header
    return {}


def _header_list(header: Mapping[str, Any], name: str) -> list[Any]:
    value = header.get(name)
    return value if isinstance(value, list) else []


def _current_themes(stacks: bytes, renderings: list[Any], *, is_crash: bool) -> frozenset[str]:
    """Return the theme whose page the first thread in the stacks rendered, if that page ended the process; else an empty set.

    In a crash, it always did. In a hang, it did only if there are stacks twice: first of the thread that used much processor time
    without releasing the interpreter's lock, then of the end of the process. A process that hung for another reason, or was
    killed before the watchdog ended it, has only one of the two.
    """
    current_threads = [int(thread, 16) for thread in _CURRENT_THREAD.findall(stacks)]
    names = set()
    for rendering in renderings:
        match rendering:
            case [int(thread), str(name)] if len(current_threads) > (not is_crash) and thread == current_threads[0]:
                names.add(name)
    return frozenset(names)
