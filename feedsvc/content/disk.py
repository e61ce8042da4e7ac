"""Files of a content folder, read as somebody might have left them: links, pipes, odd names, no rights."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Final

from feedsvc.content.text import LARGEST_FILE, UNFIT
from feedsvc.errors import Problem

_BREAK: Final = re.compile(r"[\t\n\r\u2028\u2029]")
_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC  # not to block at a named pipe, of which nothing is read


def is_plain(name: str) -> bool:
    """Whether a name is legible beyond doubt: told sooner than of most."""
    return name.isascii() and name.isprintable()


def is_legible(path: str, problems: list[Problem]) -> bool:
    """Whether a path can be printed and stand in an address; a name that is not UTF-8 holds surrogates."""
    if is_plain(path):
        return True
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


def inside(root: Path, path: str, problems: list[Problem]) -> bool:
    """Whether a path, symbolic links followed, stays in the content folder."""
    real = os.path.realpath(root)
    if os.path.realpath(root / path).startswith(real + os.sep):
        return True
    problems.append(Problem(path=path, message="a symbolic link that leaves the content folder is not followed"))
    return False


def read(root: Path, path: str) -> bytes | Problem | None:
    """A file's bytes, no more than needed to see that it is too long; None if it is not there."""
    try:
        return _opened(f"{root}/{path}", path, _READ | os.O_NOFOLLOW)  # of thousands of files hardly one is a link
    except FileNotFoundError:
        return None
    except OSError:
        return _followed(root, path)


def _followed(root: Path, path: str) -> bytes | Problem | None:
    """`read` of a link, or of what cannot be read."""
    left: list[Problem] = []
    if os.path.islink(root / path) and not inside(root, path, left):
        return left[0]
    try:
        return _opened(f"{root}/{path}", path, _READ)
    except FileNotFoundError:
        return None if not os.path.islink(root / path) else Problem(path=path, message="a symbolic link to nothing")
    except OSError as error:
        return Problem(path=path, message=f"the file cannot be read ({error.strerror})")


def _opened(location: str, path: str, flags: int) -> bytes | Problem:
    descriptor = os.open(location, flags)
    try:
        return _content(path, descriptor)
    finally:
        os.close(descriptor)


def _content(path: str, descriptor: int) -> bytes | Problem:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return Problem(path=path, message="this is a folder, a pipe or a device, not a file")
    # The room for the largest is not made for each of thousands; a file that grew meanwhile, or came in parts, is read on.
    data = os.read(descriptor, min(status.st_size, LARGEST_FILE) + 1)
    if len(data) == status.st_size:
        return data
    with open(descriptor, "rb", closefd=False) as file:
        return data + file.read(LARGEST_FILE + 1 - len(data))
