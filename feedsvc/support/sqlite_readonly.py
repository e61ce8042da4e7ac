"""Reading a SQLite file in WAL mode without the permission to write, and without creating files beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

_T = TypeVar("_T")
_MAX_ATTEMPTS: Final = 5


def read_unchanged(file: Path, read_immutable: Callable[[], _T], read: Callable[[], _T], error_class: type[Exception]) -> _T:
    """Return the result of `read_immutable`, or that of `read` if a -wal or -journal file shows that other processes use `file`.

    That is checked before and after each attempt. `read_immutable` opens the database as "immutable", `read` does not. Even for
    a reader, SQLite creates two files unless the database is "immutable". Then SQLite detects no changes, so this function
    compares the file before and after: if it was written meanwhile, the result, or an error of `error_class`, is discarded, and
    `read_immutable` is called again. After five such attempts, `read` is called. See "Read-Only Databases" in
    https://sqlite.org/wal.html.

    Raises OSError, and the errors of both functions.
    """
    for _ in range(_MAX_ATTEMPTS):
        if _is_in_use(file):
            break
        version = _file_version(file)
        try:
            result = read_immutable()
        except error_class:
            if _is_unchanged(file, version):
                raise
            continue
        if _is_unchanged(file, version):
            return result
    return read()


def _is_unchanged(file: Path, version: tuple[int, int]) -> bool:
    return version == _file_version(file) and not _is_in_use(file)


def _file_version(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_mtime_ns, status.st_size


def _is_in_use(file: Path) -> bool:
    return any(file.with_name(f"{file.name}{end}").exists() for end in ("-wal", "-journal"))
