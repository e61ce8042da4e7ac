"""A first look at a tree, which a copy of this process takes while what will be written into it is read."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from feedsvc.errors import FeedsvcError
from feedsvc.export.file_writer import Files
from feedsvc.export.layout import MANIFEST
from feedsvc.export.manifest_format import Told, told
from feedsvc.support import gc_control
from feedsvc.support.process_pool import Begun

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

_State = tuple[int, ...]


class Seen(NamedTuple):
    """What the list tells, its state when it was read, and the names of those files of which it is not true any more."""

    told: Told
    state: _State
    spoilt: frozenset[str]


Look = AbstractContextManager[Callable[[], Seen | None]]


def looking(out: Path) -> Look:
    """Begins at once; what it finds can be had in its block, with which the copy of this process ends."""
    return Begun(partial(look, out))


def known(ahead: Look, root: int) -> Seen | None:
    """What was found in the folder of this descriptor; to be asked by whoever has the tree to itself.

    None if it does not hold any more, or there is nothing to be told: any build at work writes into the list before it touches
    a file, and after it.
    """
    try:
        with ahead as answer, gc_control.paused():
            seen = answer()
        return seen if seen and seen.state == _state(root) else None
    except (FeedsvcError, OSError):  # killed, or it could not read: then this process sees for itself
        return None


def look(out: Path) -> Seen | None:
    """None where there is nothing to go by. Raises OSError."""
    root = os.open(out, _FOLDER)
    try:
        state = _state(root)
        found = told(root)
        if not found.ended or found.length != state[1]:
            return None
        with gc_control.paused():
            return Seen(found, state, Files(root, codings=()).spoilt(found.notes))
    finally:
        os.close(root)


def _state(root: int) -> _State:
    status = os.stat(MANIFEST, dir_fd=root, follow_symlinks=False)
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
