"""Report of this process, in case that it hangs or crashes: a file in the state folder, removed when the process ends normally.

The first 4,096 bytes are one line of JSON, written while the process works: which thread renders a page of which theme. Stacks
follow, which faulthandler writes without the interpreter's lock. A lock on the file (flock) shows that its process is still
running, even one in another container. hang_reports.py reads the reports of processes that have ended.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, Final, Protocol

from feedsvc.support.file_lock import lock
from feedsvc.support.state_folder import ensure_folder

FOLDER: Final = "watchdog"
SUFFIX: Final = ".txt"
HEADER_SIZE: Final = 4096  # bytes
MAX_NAME_LENGTH: Final = 80  # characters
_MAX_RENDERINGS: Final = 32  # pages in the first line

ThreadTheme = tuple[int, str]  # of a rendering: threading.get_ident(), name of the theme


class StackReport(Protocol):
    """Report of this process. faulthandler writes stacks to `file`."""

    file: IO[bytes]

    def write(self, renderings: Sequence[ThreadTheme], *, faulty_themes: Sequence[str] = (), is_stopping: bool = False) -> None:
        """Write the first line: the pages that threads render now, the themes whose page hangs, and if a stop was requested.

        Pages after the 32nd, themes after the second and errors of the disk are ignored. A report on stderr has no first line.
        """

    def discard_stacks(self) -> None:
        """Remove all stacks from the file, because the thread that was slow has made progress. Does nothing on stderr.

        Raises ValueError if the report is closed.
        """

    def close(self, *, remove: bool) -> None:
        """Close the file and, with `remove`, delete it. A fork of the process must not delete its parent's file."""


def open_report(state: Path | None) -> StackReport:
    """Open a report of this process in the state folder; on stderr if `state` is None or not writable."""
    if state:
        with suppress(OSError):
            return _FileReport(state / FOLDER)
    return _StderrReport()


class _StderrReport:
    def __init__(self) -> None:
        try:
            descriptor = os.dup(2)
        except OSError:
            descriptor = os.open(os.devnull, os.O_WRONLY)
        self.file: IO[bytes] = open(descriptor, "wb", buffering=0)  # noqa: SIM115 - open as long as the process runs

    def write(self, renderings: Sequence[ThreadTheme], *, faulty_themes: Sequence[str] = (), is_stopping: bool = False) -> None:
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

    def write(self, renderings: Sequence[ThreadTheme], *, faulty_themes: Sequence[str] = (), is_stopping: bool = False) -> None:
        with suppress(OSError):  # if the disk fails, only the report is lost, not the page
            os.pwrite(self._header, _header_line(renderings, faulty_themes=faulty_themes, is_stopping=is_stopping), 0)

    def discard_stacks(self) -> None:
        if os.lseek(self.file.fileno(), 0, os.SEEK_CUR):  # avoid calls to the disk if nothing was written
            with suppress(OSError):
                os.ftruncate(self._header, HEADER_SIZE)
            os.lseek(self.file.fileno(), 0, os.SEEK_SET)

    def close(self, *, remove: bool) -> None:
        if remove:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        self.file.close()
        os.close(self._header)


def _header_line(renderings: Sequence[ThreadTheme], *, faulty_themes: Sequence[str] = (), is_stopping: bool = False) -> bytes:
    """Return the first line of a report. It is written twice per page, so not by json, which takes three times as long."""
    pages = ",".join([f"[{thread},{_json_string(name)}]" for thread, name in renderings[:_MAX_RENDERINGS]])
    names = ",".join([_json_string(name) for name in faulty_themes[:2]])
    members = f'"process":{os.getpid()},"stopping":{int(is_stopping)},"blamed":[{names}],"renderings":[{pages}]'
    return f"{{{members}}}".encode().ljust(HEADER_SIZE - 1) + b"\n"


@lru_cache(maxsize=16)
def _json_string(name: str) -> str:
    return json.dumps(name[:MAX_NAME_LENGTH].encode("ascii", "replace").decode())


def _create_locked_file(folder: Path) -> tuple[Path, int]:
    """Create and lock a report file; return path and descriptor. If another process removes it before the lock, try again."""
    while True:
        path = folder / f"{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            lock(descriptor, is_optional=True)
            if os.fstat(descriptor).st_nlink:
                return path, descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
