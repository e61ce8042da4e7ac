"""Safe reading of a content folder.

Links that lead out of it, pipes, devices, unreadable files and names that feeds cannot carry become problems.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from feedsvc.content.safe_open import OpenFolder, is_link_error, open_file_below, open_folder_below
from feedsvc.content.text import FORBIDDEN_CHARACTER, MAX_FILE_SIZE
from feedsvc.errors import Problem

_LINE_BREAK: Final = re.compile(r"[\t\n\r\u2028\u2029]")
_LINK_HINT: Final = "put the file itself there, or take the link away"
_T = TypeVar("_T")


def is_printable_ascii(name: str) -> bool:
    """Return True if a name has only printable ASCII, like most names: a fast check that implies `is_valid_path`."""
    return name.isascii() and name.isprintable()


def is_valid_path(path: str, problems: list[Problem]) -> bool:
    """Return True if a path has no tab, line break or character that feeds cannot carry (`text.FORBIDDEN_CHARACTER`).

    Otherwise add a Problem to `problems` and return False. A name that is not UTF-8 is invalid, too: Python decodes it to lone
    surrogates.
    """
    if is_printable_ascii(path):
        return True
    match = FORBIDDEN_CHARACTER.search(path) or _LINE_BREAK.search(path)
    if match:
        fault = (
            "is not UTF-8"
            if "\udc80" <= match[0] <= "\udcff"
            else f"has a character that is not allowed there (U+{ord(match[0]):04X})"
        )
        printable_path = _LINE_BREAK.sub("?", FORBIDDEN_CHARACTER.sub("?", path))
        problems.append(Problem(path=printable_path, message=f"the name {fault}", hint="rename it"))
    return not match


class _OutsideFolderError(OSError):
    """Raised for a symbolic link that leads out of the folder in which it must stay."""


def outside_link_problem(path: str, within: str = "") -> Problem:
    """Return the Problem for a symbolic link at `path` that leads out of the folder `within`, "" for the content folder."""
    folder = f"{within}/" if within else "the content folder"
    return Problem(path=path, message=f"a symbolic link that leaves {folder} is not followed", hint=_LINK_HINT)


def open_folder(root: Path, path: str, within: str = "") -> OpenFolder | Problem:
    """Open the folder at `path` below the content folder `root`. Raises OSError if it is missing, no folder or cannot be opened.

    Symbolic links are followed if they lead to the folder `within` of `root` or below it, or if that is "", to a folder below
    `root`. For a link that leads elsewhere, a Problem is returned.
    """
    try:
        return _open(root, path, within, open_folder_below)
    except _OutsideFolderError:
        return outside_link_problem(path, within)


def read_file(root: Path, path: str, within: str = "", max_size: int = MAX_FILE_SIZE) -> bytes | Problem | None:
    """Return a file's bytes; None if it does not exist; a Problem if it is a dangling link, no regular file or unreadable.

    Of a file larger than `max_size` bytes, the first `max_size` + 1 bytes are returned, so that the caller can reject it.
    Symbolic links are followed if they lead into `within`, a folder of the content folder `root`; "" stands for `root` itself.
    For a link that leads elsewhere, a Problem is returned.
    """
    try:
        descriptor = _open(root, path, within, open_file_below)
    except FileNotFoundError:
        return None if not os.path.islink(root / path) else Problem(path=path, message="a symbolic link to nothing")
    except _OutsideFolderError:
        return outside_link_problem(path, within)
    except OSError as error:
        return _unreadable(path, error)
    try:
        return _read_descriptor(path, descriptor, max_size)
    finally:
        os.close(descriptor)


def _open(root: Path, path: str, within: str, open_below: Callable[[str, str], _T]) -> _T:
    """Return the result of `open_below`. Raises _OutsideFolderError if a link leads out of `within`, or another OSError.

    `within` is the folder of `root` that links must not leave, "" for `root` itself. `open_below` is called with the folder and
    the path below it. A link that appears between check and opening is not followed.
    """
    try:
        return open_below(str(root), path)  # links are rare, so try without resolving first
    except OSError as error:
        if not is_link_error(error):
            raise
    real_root = os.path.realpath(root)
    target, allowed_root = os.path.realpath(root / path), os.path.join(real_root, within) if within else real_root
    if not target.startswith(allowed_root + os.sep) and not (within and target == allowed_root):
        raise _OutsideFolderError
    return open_below(real_root, target[len(real_root) + 1 :].replace(os.sep, "/"))


def _read_descriptor(path: str, descriptor: int, max_size: int = MAX_FILE_SIZE) -> bytes | Problem:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return Problem(path=path, message="this is a folder, a pipe or a device, not a file")
    # fstat gives the size, so that no buffer of `max_size` is allocated for each small file. If the file has grown since, or
    # the read was short, the rest is read below.
    try:
        data = os.read(descriptor, min(status.st_size, max_size) + 1)
        if len(data) == status.st_size:
            return data
        with open(descriptor, "rb", closefd=False) as file:
            return data + file.read(max_size + 1 - len(data))
    except OSError as error:  # a damaged disk, or a network file system that has gone
        return _unreadable(path, error)


def _unreadable(path: str, error: OSError) -> Problem:
    return Problem(path=path, message=f"the file cannot be read ({error.strerror})")
