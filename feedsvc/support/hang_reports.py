"""Reports of processes that hang or crash: a file for each process that is watched, in the state folder.

The first 4,096 bytes are one line of JSON, written while the process works: which thread renders a page of which theme. Behind
it stand stacks, written without the interpreter's lock. A process that ends properly removes its file; a lock on it (flock)
tells the file of one that works from that of one that has ended, in another container, too.
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

from feedsvc.support.state_folder import folder_at, try_lock

_FOLDER: Final = "watchdog"
_SUFFIX: Final = ".txt"
_HEADER: Final = 4096  # bytes
_MOST: Final = 32  # pages at once, in the first line
_LONGEST: Final = 80  # characters of a name
_KEPT: Final = 20  # newest reports
_RECENT: Final = timedelta(days=1)
_LARGEST: Final = 1024 * 1024  # bytes that are read of one
_CRASH: Final = (
    b"Fatal Python error: "  # before the stacks that faulthandler writes at SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT
)
_CURRENT: Final = re.compile(rb"^Current thread 0x([0-9a-f]+) ", re.MULTILINE)

Rendering = tuple[int, str]  # (thread, name of the theme)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hang:
    """A process that was ended since it hung, or that crashed.

    `names` are the themes at fault, `stacks` is text. `crash` is the error's name, "" for a hang. `stopping`: after SIGTERM.
    """

    process: int
    file: Path
    at: datetime
    names: frozenset[str]
    crash: str
    stopping: bool
    stacks: str


class Stacks(Protocol):
    """The place where stacks are written; `file` is for faulthandler."""

    file: IO[bytes]

    def write(self, renderings: Sequence[Rendering], *, blamed: Sequence[str] = (), stopping: bool = False) -> None:
        """Say which thread renders a page of which theme."""

    def forget(self) -> None:
        """Remove the stacks of a thread that was slow and has come to its end."""

    def close(self, *, remove: bool) -> None:
        """Let go of the file; a copy of the process does not remove it."""


def stacks(state: Path | None) -> Stacks:
    """Open a report of this process, or stderr if there is no state folder, or it cannot be written."""
    if state:
        with suppress(OSError):
            return _Report(state / _FOLDER)
    return _Stderr()


class _Stderr:
    def __init__(self) -> None:
        try:
            held = os.dup(2)
        except OSError:
            held = os.open(os.devnull, os.O_WRONLY)
        self.file: IO[bytes] = open(held, "wb", buffering=0)  # noqa: SIM115 - open as long as the process is

    def write(self, renderings: Sequence[Rendering], *, blamed: Sequence[str] = (), stopping: bool = False) -> None:
        pass

    def forget(self) -> None:
        pass

    def close(self, *, remove: bool) -> None:  # noqa: ARG002
        self.file.close()


class _Report:
    def __init__(self, folder: Path) -> None:
        folder_at(folder)
        self._path, self._header = _new(folder)
        try:
            os.write(self._header, _line(()))
            self.file: IO[bytes] = open(self._path, "ab", buffering=0)  # noqa: SIM115
        except OSError:
            self._path.unlink(missing_ok=True)
            os.close(self._header)
            raise

    def write(self, renderings: Sequence[Rendering], *, blamed: Sequence[str] = (), stopping: bool = False) -> None:
        with suppress(OSError):  # a disk that fails costs the report, not the page
            os.pwrite(self._header, _line(renderings, blamed=blamed, stopping=stopping), 0)

    def forget(self) -> None:
        if os.lseek(self.file.fileno(), 0, os.SEEK_CUR):  # as few calls to the disk as there can be
            with suppress(OSError):
                os.ftruncate(self._header, _HEADER)
            os.lseek(self.file.fileno(), 0, os.SEEK_SET)

    def close(self, *, remove: bool) -> None:
        if remove:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        self.file.close()
        os.close(self._header)


def _line(renderings: Sequence[Rendering], *, blamed: Sequence[str] = (), stopping: bool = False) -> bytes:
    """The first line, which is written twice for each page: by hand, since json takes three times as long."""
    pages = ",".join([f"[{thread},{_quoted(name)}]" for thread, name in renderings[:_MOST]])
    names = ",".join([_quoted(name) for name in blamed[:2]])
    facts = f'"process":{os.getpid()},"stopping":{int(stopping)},"blamed":[{names}],"renderings":[{pages}]'
    return f"{{{facts}}}".encode().ljust(_HEADER - 1) + b"\n"


@lru_cache(maxsize=16)
def _quoted(name: str) -> str:
    return json.dumps(name[:_LONGEST].encode("ascii", "replace").decode())


def hangs(state: Path) -> list[Hang]:
    """Return the reports of processes that have ended, newest first."""
    found = [hang for file in _files(state) if (hang := _read(file))]
    return sorted(found, key=lambda hang: (hang.at, hang.file), reverse=True)


def failures(state: Path) -> Mapping[str, str]:
    """Return the themes at a page of which an earlier process hung or crashed: name -> the stacks of its threads, as text."""
    return {name: hang.stacks for hang in reversed(hangs(state)) for name in hang.names}


class Failures:
    """`failures` of a state folder, read again when a process begins or ends: the one that replaces a worker makes a file."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._version: int | None = None
        self._names: Mapping[str, str] = {}

    def __call__(self) -> Mapping[str, str]:
        version = self._folder_version()
        if version != self._version:
            self._version, self._names = version, failures(self._state)
        return self._names

    def _folder_version(self) -> int:
        try:
            return (self._state / _FOLDER).stat().st_mtime_ns
        except OSError:
            return 0


def explanation(state: Path, process: int) -> str:
    """Return why a process (its id) was ended, for an operator: continues "process 12"; "" if no report says so."""
    return next((_explanation(hang) for hang in hangs(state) if hang.process == process), "")


def notice(state: Path, now: datetime) -> str:
    """Return a sentence on the process that was ended last, within a day; "" if there is none."""
    recent = [hang for hang in hangs(state) if now - hang.at <= _RECENT]
    if not recent:
        return ""
    last, count = recent[0], len(recent) - 1
    others = f"; {count} more within a day lie beside it" if count else ""
    return f"process {last.process} {_explanation(last)} ({last.at:%Y-%m-%d %H:%M} UTC{others})"


def _explanation(hang: Hang) -> str:
    if hang.crash:
        what, end = "crashed", f" ({hang.crash})"
    elif hang.stopping and not hang.names:
        what, end = "did not end in time after SIGTERM", ", and was ended"
    else:
        what, end = "hung", ", and was ended"
    where = " while it rendered a page with the site's own theme" if hang.names else ""
    advice = "correct the templates that they name" if hang.names else "please report this with that file"
    return f"{what}{where}{end}; the stacks of its threads are in {hang.file}: {advice}"


def sweep(state: Path) -> None:
    """Remove the files of processes that ended otherwise (kill -9, a power cut), and all but the newest reports."""
    for file in _files(state):
        with suppress(OSError), _opened(file) as held:
            if try_lock(held) and not _stacks(os.pread(held, _LARGEST, 0)):
                file.unlink()
    for hang in hangs(state)[_KEPT:]:
        hang.file.unlink(missing_ok=True)


def _files(state: Path) -> list[Path]:
    return sorted((state / _FOLDER).glob(f"*{_SUFFIX}"))


def _new(folder: Path) -> tuple[Path, int]:
    """Make a file and lock it. It may be swept away before it is locked: then make another."""
    while True:
        file = folder / f"{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}"
        held = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with suppress(OSError):  # not every file system has locks
                fcntl.flock(held, fcntl.LOCK_EX)
            if os.fstat(held).st_nlink:
                return file, held
        except BaseException:
            os.close(held)
            raise
        os.close(held)


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    held = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    try:
        yield held
    finally:
        os.close(held)


def _read(file: Path) -> Hang | None:
    """Return what an ended process left; None for one that works, and where there are no stacks."""
    try:
        with _opened(file) as held:
            if not try_lock(held, fcntl.LOCK_SH):
                return None
            data, at = os.pread(held, _LARGEST, 0), os.fstat(held).st_mtime
    except OSError:
        return None
    if not (stacks := _stacks(data)):
        return None
    facts = _facts(data[:_HEADER])
    process, blamed = facts.get("process"), _rows(facts, "blamed")
    before, mark, after = stacks.partition(_CRASH)
    if mark:
        stacks, crash = mark + after, after.partition(b"\n")[0].decode("ascii", "replace")[:_LONGEST]
    else:
        stacks, crash = before, ""
    names = _current_renderings(stacks, _rows(facts, "renderings"), is_crash=bool(crash))
    return Hang(
        process=process if isinstance(process, int) else 0,
        file=file,
        at=datetime.fromtimestamp(at, UTC),
        names=names.union(name for name in blamed if isinstance(name, str)),
        crash=crash,
        stopping=bool(facts.get("stopping")),
        stacks=stacks.decode(errors="replace"),
    )


def _stacks(data: bytes) -> bytes:
    return data[_HEADER:].strip(b"\0 \n")


def _facts(line: bytes) -> Mapping[str, Any]:
    with suppress(ValueError):
        found = json.loads(line)
        if isinstance(found, dict):
            return found
    return {}


def _rows(facts: Mapping[str, Any], name: str) -> list[Any]:
    found = facts.get(name)
    return found if isinstance(found, list) else []


def _current_renderings(stacks: bytes, renderings: list[Any], *, is_crash: bool) -> frozenset[str]:
    """Return the theme whose page the first thread of the stacks rendered, if that page was the reason for the end.

    The thread of a crash was. The first stacks of a hang were written when the process had used much processor time without
    releasing the interpreter's lock, by the thread that used it; the last ones at its end. A process that hung for another
    reason, or was killed before, has only one of the two.
    """
    current = [int(thread, 16) for thread in _CURRENT.findall(stacks)]
    found = set()
    for rendering in renderings:
        match rendering:
            case [int(thread), str(name)] if len(current) > (not is_crash) and thread == current[0]:
                found.add(name)
    return frozenset(found)
