"""Files of a content folder, read as somebody might have left them: links, pipes, odd names, no rights."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from feedsvc.content.text import LARGEST_FILE, UNFIT
from feedsvc.errors import Problem

_BREAK: Final = re.compile(r"[\t\n\r\u2028\u2029]")


def files(root: Path, top: str, problems: list[Problem]) -> Iterator[str]:
    """Paths of the files below a folder, relative to the root; hidden files and editors' copies (x~) are nobody's business.

    A `top` that is not there holds nothing. Every other path that cannot be read is a Problem.
    """
    seen: set[tuple[int, int]] = set()
    if not os.path.lexists(root / top):
        return
    folders = [top] if not os.path.islink(root / top) or _inside(root, top, problems) else []
    while folders:
        for path in _listed(root, folders.pop(), seen, problems):
            if os.path.isdir(root / path):
                folders += [path] if _inside(root, path, problems) else []
            else:
                yield path


def _listed(root: Path, folder: str, seen: set[tuple[int, int]], problems: list[Problem]) -> list[str]:
    """What a folder holds, in order; nothing if a symbolic link led to it a second time."""
    try:
        status = os.stat(root / folder)
        names = sorted(os.listdir(root / folder))
    except OSError as error:
        problems.append(Problem(path=folder, message=f"the folder cannot be read ({error.strerror})"))
        return []
    if (status.st_dev, status.st_ino) in seen:
        return []
    seen.add((status.st_dev, status.st_ino))
    paths = (f"{folder}/{name}" for name in names if not name.startswith((".", "#")) and not name.endswith("~"))
    return [path for path in paths if _is_legible(path, problems)]


def _is_legible(path: str, problems: list[Problem]) -> bool:
    """Whether a path can be printed and stand in an address; a name that is not UTF-8 holds surrogates."""
    unfit = UNFIT.search(path) or _BREAK.search(path)
    if unfit:
        what = (
            "is not UTF-8"
            if "\udc80" <= unfit[0] <= "\udcff"
            else f"holds a character that has no place there (U+{ord(unfit[0]):04X})"
        )
        shown = _BREAK.sub("?", UNFIT.sub("?", path))
        problems.append(Problem(path=shown, message=f"the name {what}", hint="rename it"))
    return not unfit


def _inside(root: Path, path: str, problems: list[Problem]) -> bool:
    real = os.path.realpath(root)
    if os.path.realpath(root / path).startswith(real + os.sep):
        return True
    problems.append(Problem(path=path, message="a symbolic link that leaves the content folder is not followed"))
    return False


def read(root: Path, path: str) -> bytes | Problem | None:
    """A file's bytes, no more than needed to see that it is too long; None if it is not there."""
    left: list[Problem] = []
    if os.path.islink(root / path) and not _inside(root, path, left):
        return left[0]
    try:
        # Not to block at a named pipe, of which nothing is read.
        descriptor = os.open(root / path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return _content(path, descriptor)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return None if not os.path.islink(root / path) else Problem(path=path, message="a symbolic link to nothing")
    except OSError as error:
        return Problem(path=path, message=f"the file cannot be read ({error.strerror})")


def _content(path: str, descriptor: int) -> bytes | Problem:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return Problem(path=path, message="this is a folder, a pipe or a device, not a file")
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(LARGEST_FILE + 1)
