"""Files of a content folder, read as somebody might have left them: links, pipes, odd names, no rights."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from feedsvc.content.safe_open import LIST, READ, is_link_error, open_below
from feedsvc.content.text import LARGEST_FILE, UNFIT
from feedsvc.errors import Problem

_BREAK: Final = re.compile(r"[\t\n\r\u2028\u2029]")
_HINT: Final = "put the file itself there, or take the link away"


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


class _LeavesError(OSError):
    """A symbolic link leads out of the folder that it must stay in."""


def leaving(path: str, within: str = "") -> Problem:
    """Return the Problem of a symbolic link that leads out of a folder of the content folder, "" is the content folder itself."""
    what = f"{within}/" if within else "the content folder"
    return Problem(path=path, message=f"a symbolic link that leaves {what} is not followed", hint=_HINT)


def open_folder(root: Path, path: str, within: str = "") -> int | Problem:
    """Return a descriptor of a folder, to be listed, or a Problem if it leads out of `within`. Raises OSError."""
    try:
        return _open(root, path, within, LIST)
    except _LeavesError:
        return leaving(path, within)


def read(root: Path, path: str, within: str = "") -> bytes | Problem | None:
    """Return a file's bytes, no more than needed to see that it is too long; None if it is not there.

    Symbolic links are followed as far as they stay in `within`, a folder of the content folder, "" for all of it.
    """
    try:
        descriptor = _open(root, path, within, READ)
    except FileNotFoundError:
        return None if not os.path.islink(root / path) else Problem(path=path, message="a symbolic link to nothing")
    except _LeavesError:
        return leaving(path, within)
    except OSError as error:
        return Problem(path=path, message=f"the file cannot be read ({error.strerror})")
    try:
        return _content(path, descriptor)
    finally:
        os.close(descriptor)


def read_several(root: Path, paths: Sequence[str]) -> Iterator[tuple[str, bytes | Problem | None]]:
    """Yield each path with what `read` returns of it. A folder is opened once for the files in it that follow one another."""
    for folder, several in groupby(paths, lambda path: path.rpartition("/")[0]):
        yield from _read_in(root, folder, [*several])


def _read_in(root: Path, folder: str, paths: Sequence[str]) -> Iterator[tuple[str, bytes | Problem | None]]:
    try:
        at = open_below(str(root), folder, LIST)
    except OSError:
        yield from ((path, read(root, path)) for path in paths)
        return
    try:
        for path in paths:
            yield path, _read_at(root, path, at)
    finally:
        os.close(at)


def _read_at(root: Path, path: str, folder: int) -> bytes | Problem | None:
    try:
        descriptor = os.open(path[path.rfind("/") + 1 :], READ, dir_fd=folder)
    except OSError:
        return read(root, path)
    try:
        return _content(path, descriptor)
    finally:
        os.close(descriptor)


def _open(root: Path, path: str, within: str, flags: int) -> int:
    """Open a file or folder; nothing that comes between the look at links and the opening is followed."""
    try:
        return open_below(str(root), path, flags)  # of thousands of files hardly one is a link
    except OSError as error:
        if not is_link_error(error):
            raise
    real = os.path.realpath(root)
    target, top = os.path.realpath(root / path), os.path.join(real, within) if within else real
    if not target.startswith(top + os.sep) and not (within and target == top):
        raise _LeavesError
    return open_below(real, target[len(real) + 1 :], flags)


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
