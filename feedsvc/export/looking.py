"""A first look at a tree, which a copy of this process takes while what will be written into it is read."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import Final, NamedTuple

from feedsvc import collector
from feedsvc.errors import FeedsvcError
from feedsvc.export.names import MANIFEST, TWINS
from feedsvc.export.notes import Note, Told, told
from feedsvc.export.writing import Files
from feedsvc.spreading import Begun

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

_State = tuple[int, ...]


class _Table(NamedTuple):
    """Notes in columns: a hundred thousand of them pass from process to process like that in a tenth of the time."""

    names: str
    imprints: str
    sizes: array[int]
    times: array[int]
    packed: array[int]


class Seen(NamedTuple):
    """`state` is that of the list when it was read, `rest` what it tells beside its notes."""

    state: _State
    rest: Told
    table: _Table
    spoilt: frozenset[str]


Look = AbstractContextManager[Callable[[], Seen | None]]


class Known(NamedTuple):
    """What the list tells, and the names of those files of which it is not true any more."""

    told: Told
    spoilt: frozenset[str]


def looking(out: Path) -> Look:
    """Begins at once; what it finds can be had in its block, with which the copy of this process ends."""
    return Begun(partial(look, out))


def known(ahead: Look, root: int) -> Known | None:
    """What was found in the folder of this descriptor; to be asked by whoever has the tree to itself.

    None if it does not hold any more, or there is nothing to be told: any build at work writes into the list before it touches
    a file, and after it.
    """
    try:
        with ahead as answer:
            seen = answer()
        if seen is None or seen.state != _state(root):
            return None
    except (FeedsvcError, OSError):  # killed, or it could not read: then this process sees for itself
        return None
    with collector.paused():
        return Known(seen.rest._replace(notes=_notes(seen.table)), seen.spoilt)


def look(out: Path) -> Seen | None:
    """None where there is nothing to go by. Raises OSError."""
    root = os.open(out, _FOLDER)
    try:
        state = _state(root)
        found = told(root)
        if not found.ended or found.length != state[1]:
            return None
        with collector.paused():
            return Seen(state, found._replace(notes={}), _table(found.notes), Files(root, codings=()).spoilt(found.notes))
    except OverflowError:  # figures that are none of ours
        return None
    finally:
        os.close(root)


def _state(root: int) -> _State:
    status = os.stat(MANIFEST, dir_fd=root, follow_symlinks=False)
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _table(notes: Mapping[str, Note]) -> _Table:
    """Raises OverflowError where a number has more than 63 bits."""
    imprints, sizes, times, packed = zip(*notes.values(), strict=True) if notes else ((), (), (), ())
    columns = array("q", sizes), array("q", times), array("q", chain.from_iterable(packed))
    return _Table("\0".join(notes), " ".join(imprints), *columns)


def _notes(table: _Table) -> dict[str, Note]:
    packed = zip(*[iter(table.packed)] * len(TWINS), strict=True)
    columns = zip(table.imprints.split(" "), table.sizes, table.times, packed, strict=False)  # without any, one of them is ""
    return dict(zip(table.names.split("\0"), map(tuple.__new__, repeat(Note), columns), strict=False))
