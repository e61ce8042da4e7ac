"""Reports of processes that hang or crash: one file in the state folder for each watched process.

The first 4,096 bytes are one line of JSON, written while the process works: which thread renders a page of which theme. Stacks
follow, written without the interpreter's lock. A process that ends normally removes its file. A lock on the file (flock) shows
that its process is still running, even one in another container.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Final, Protocol

from feedsvc.support.state_folder import ensure_folder, try_lock

_FOLDER: Final = "watchdog"
_SUFFIX: Final = ".txt"
_HEADER_SIZE: Final = 4096  # bytes
_MAX_RENDERINGS: Final = 32  # pages in the first line
_MAX_NAME_LENGTH: Final = 80  # characters
_MAX_REPORTS: Final = 20  # reports; older ones are removed
_RECENT: Final = timedelta(days=1)
_MAX_READ_SIZE: Final = 1024 * 1024  # bytes of a report
_CRASH_MARKER: Final = (
    b"Fatal Python error: "  # before the stacks that faulthandler writes at SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT
)
_CURRENT_THREAD: Final = re.compile(rb"^Current thread 0x([0-9a-f]+) ", re.MULTILINE)

Rendering = tuple[int, str]  # (thread, name of the theme)


@dataclass(frozen=True, kw_only=True, slots=True)
class HangReport:
    """Report of a process that was ended because it hung, or that crashed.

    `theme_names` are the themes whose page was the cause, if any. `crash` is the error's name, "" for a hang. `is_stopping`
    is True if SIGTERM or SIGINT had come before. `stacks` are the stacks of its threads, as text.
    """

    process_id: int
    file: Path
    ended_at: datetime
    theme_names: frozenset[str]
    crash: str
    is_stopping: bool
    stacks: str


class StackReport(Protocol):
    """Report of this process. faulthandler writes stacks to `file`."""

    file: IO[bytes]

    def write(self, renderings: Sequence[Rendering], *, faulty_themes: Sequence[str] = (), is_stopping: bool = False) -> None:
        """Write the first line: the pages that threads render now, the themes whose page hangs, and if a stop was requested."""

    def discard_stacks(self) -> None:
        """Remove all stacks from the file, because the thread that was slow has made progress."""

    def close(self, *, remove: bool) -> None:
        """Close the file and, with `remove`, delete it. A fork of the process must not delete it."""


def open_report(state: Path | None) -> StackReport:
    """Open a report of this process in the state folder; on stderr if `state` is None or not writable."""
    if state:
        with suppress(OSError):
            return _FileReport(state / _FOLDER)
    return _StderrReport()


class _StderrReport:
    def __init__(self) -> None:
        try:
            held = os.dup(2)
        except OSError:
            held = os.open(os.devnull, os.O_WRONLY)
        self.file: IO[bytes] = open(held, "wb", buffering=0)  # noqa: SIM115 - open as long as the process runs

    def write(self, renderings: Sequence[Rendering], *, faulty_themes: Sequence[str] = (), is_stopping: bool = False) -> None:
        pass

    def discard_stacks(self) -> None:
        pass

    def close(self, *, remove: bool) -> None:  # noqa: ARG002
        self.file.close()


class _FileReport:
    def __init__(self, folder: Path) -> None:
        ensure_folder(folder)
        self._path, self._header = _create_locked_file(folder)
        try:
            os.write(self._header, _header_line(()))
            self.file: IO[bytes] = open(self._path, "ab", buffering=0)  # noqa: SIM115
        except OSError:
            self._path.unlink(missing_ok=True)
            os.close(self._header)
            raise

    def write(self, renderings: Sequence[Rendering], *, faulty_themes: Sequence[str] = (), is_stopping: bool = False) -> None:
        with suppress(OSError):  # if the disk fails, only the report is lost, not the page
            os.pwrite(self._header, _header_line(renderings, faulty_themes=faulty_themes, is_stopping=is_stopping), 0)

    def discard_stacks(self) -> None:
        if os.lseek(self.file.fileno(), 0, os.SEEK_CUR):  # avoid calls to the disk if nothing was written
            with suppress(OSError):
                os.ftruncate(self._header, _HEADER_SIZE)
            os.lseek(self.file.fileno(), 0, os.SEEK_SET)

    def close(self, *, remove: bool) -> None:
        if remove:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        self.file.close()
        os.close(self._header)


def _header_line(renderings: Sequence[Rendering], *, faulty_themes: Sequence[str] = (), is_stopping: bool = False) -> bytes:
    """Return the first line of a report. It is written twice per page, so not by json, which takes three times as long."""
    pages = ",".join([f"[{thread},{_json_string(name)}]" for thread, name in renderings[:_MAX_RENDERINGS]])
    names = ",".join([_json_string(name) for name in faulty_themes[:2]])
    facts = f'"process":{os.getpid()},"stopping":{int(is_stopping)},"blamed":[{names}],"renderings":[{pages}]'
    return f"{{{facts}}}".encode().ljust(_HEADER_SIZE - 1) + b"\n"


@lru_cache(maxsize=16)
def _json_string(name: str) -> str:
    return json.dumps(name[:_MAX_NAME_LENGTH].encode("ascii", "replace").decode())


def read_reports(state: Path) -> list[HangReport]:
    """Return the reports of processes that have ended, newest first."""
    found = [hang for file in _report_files(state) if (hang := _read_report(file))]
    return sorted(found, key=lambda hang: (hang.ended_at, hang.file), reverse=True)


def faulty_themes(state: Path) -> Mapping[str, str]:
    """Return the themes that made an earlier process hang or crash: name -> stacks of its threads, as text."""
    return {name: hang.stacks for hang in reversed(read_reports(state)) for name in hang.theme_names}


class FaultyThemes:
    """Cached `faulty_themes` of a state folder, read again after a process started or ended, since that changes the folder."""

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
            return (self._state / _FOLDER).stat().st_mtime_ns
        except OSError:
            return 0


def explanation(state: Path, process: int) -> str:
    """Return why the process with the id `process` was ended, as a continuation of "process 12"; "" without a report."""
    return next((_explanation(hang) for hang in read_reports(state) if hang.process_id == process), "")


def notice(state: Path, now: datetime) -> str:
    """Return a sentence on the last process that hung or crashed within a day; "" if there is none."""
    recent = [hang for hang in read_reports(state) if now - hang.ended_at <= _RECENT]
    if not recent:
        return ""
    last, count = recent[0], len(recent) - 1
    others = f"; {count} more within a day lie beside it" if count else ""
    return f"process {last.process_id} {_explanation(last)} ({last.ended_at:%Y-%m-%d %H:%M} UTC{others})"


def _explanation(hang: HangReport) -> str:
    if hang.crash:
        what, end = "crashed", f" ({hang.crash})"
    elif hang.is_stopping and not hang.theme_names:
        what, end = "did not end in time after SIGTERM", ", and was ended"
    else:
        what, end = "hung", ", and was ended"
    where = " while it rendered a page with the site's own theme" if hang.theme_names else ""
    advice = "correct the templates that they name" if hang.theme_names else "please report this with that file"
    return f"{what}{where}{end}; the stacks of its threads are in {hang.file}: {advice}"


def remove_stale_files(state: Path) -> None:
    """Remove the files without stacks that ended processes left (kill -9, a power cut), and all but the 20 newest reports."""
    for file in _report_files(state):
        with suppress(OSError), _open_descriptor(file) as held:
            if try_lock(held) and not _stack_bytes(os.pread(held, _MAX_READ_SIZE, 0)):
                file.unlink()
    for hang in read_reports(state)[_MAX_REPORTS:]:
        hang.file.unlink(missing_ok=True)


def _report_files(state: Path) -> list[Path]:
    return sorted((state / _FOLDER).glob(f"*{_SUFFIX}"))


def _create_locked_file(folder: Path) -> tuple[Path, int]:
    """Create and lock a report file; return path and descriptor. If another process removes it before the lock, try again."""
    while True:
        file = folder / f"{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}"
        held = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with suppress(OSError):  # some file systems have no locks
                fcntl.flock(held, fcntl.LOCK_EX)
            if os.fstat(held).st_nlink:
                return file, held
        except BaseException:
            os.close(held)
            raise
        os.close(held)


@contextmanager
def _open_descriptor(file: Path) -> Iterator[int]:
    held = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    try:
        yield held
    finally:
        os.close(held)


def _read_report(file: Path) -> HangReport | None:
    """Return the report of an ended process; None if the process is running, or the file has no stacks or is unreadable."""
    try:
        with _open_descriptor(file) as held:
            if not try_lock(held, fcntl.LOCK_SH):
                return None
            data, at = os.pread(held, _MAX_READ_SIZE, 0), os.fstat(held).st_mtime
    except OSError:
        return None
    if not (stacks := _stack_bytes(data)):
        return None
    facts = _header_fields(data[:_HEADER_SIZE])
    process, blamed = facts.get("process"), _header_list(facts, "blamed")
    before, mark, after = stacks.partition(_CRASH_MARKER)
    if mark:
        stacks, crash = mark + after, after.partition(b"\n")[0].decode("ascii", "replace")[:_MAX_NAME_LENGTH]
    else:
        stacks, crash = before, ""
    names = _current_themes(stacks, _header_list(facts, "renderings"), is_crash=bool(crash))
    return HangReport(
        process_id=process if isinstance(process, int) else 0,
        file=file,
        ended_at=datetime.fromtimestamp(at, UTC),
        theme_names=names.union(name for name in blamed if isinstance(name, str)),
        crash=crash,
        is_stopping=bool(facts.get("stopping")),
        stacks=stacks.decode(errors="replace"),
    )


def _stack_bytes(data: bytes) -> bytes:
    return data[_HEADER_SIZE:].strip(b"\0 \n")


def _header_fields(line: bytes) -> Mapping[str, Any]:
    with suppress(ValueError):
        found = json.loads(line)
        if isinstance(found, dict):
            return found
    return {}


def _header_list(facts: Mapping[str, Any], name: str) -> list[Any]:
    found = facts.get(name)
    return found if isinstance(found, list) else []


def _current_themes(stacks: bytes, renderings: list[Any], *, is_crash: bool) -> frozenset[str]:
    """Return the theme whose page the first thread in the stacks rendered, if that page ended the process; else an empty set.

    In a crash, it always did. In a hang, it did only if there are stacks twice: first of the thread that used much processor time
    without releasing the interpreter's lock, then of the end of the process. A process that hung for another reason, or was
    killed before the watchdog ended it, has only one of the two.
    """
    current = [int(thread, 16) for thread in _CURRENT_THREAD.findall(stacks)]
    found = set()
    for rendering in renderings:
        match rendering:
            case [int(thread), str(name)] if len(current) > (not is_crash) and thread == current[0]:
                found.add(name)
    return frozenset(found)
