"""What a tree's list of its own files tells.

One line to a fact, so that a kill at any moment costs at most the last one. A line says one of

    = COMMON                          what all documents are made from; imprints before another one are void
    + NAME                            the file, and its compressed twin, are about to be ours
    IMPRINT SIZE TIME PACKED NAME     what the file was made from ("-" if nobody can tell), its bytes and nanoseconds, and
                                      the bytes of its twins of the same time, as BR/ZST/GZ or, for .gz alone, GZ: 0 for
                                      none, -1 where nobody has looked
    . EDITION                         the build before this line came to its end; EDITION, if it is known, is what it built
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Final, NamedTuple

from feedsvc.export.file_table import ALONE, Columns, Note, Notes
from feedsvc.export.layout import FORMER, MANIFEST, TWINS
from feedsvc.support import gc_control

_SURELY_SHORT: Final = 63  # characters, of four bytes at most
_LONGEST_NAME: Final = 255  # bytes (NAME_MAX)
_LONGEST_PATH: Final = 4096  # bytes with the one that ends it (PATH_MAX)
# Lines that are no notes: a mark, and alone or followed by a space.
_MARKS: Final = ("", "=", "+", ".")
_ENDS: Final = ("", " ")


class Told(NamedTuple):
    """All that a list tells: its notes by the files' names; of so many lines, and bytes in whole lines."""

    notes: Notes
    common: str
    edition: str
    ended: bool
    lines: int
    length: int


def told(root: int) -> Told:
    """By the list in the folder of this descriptor. Of a line that a kill cut short there is no telling what it said.

    Raises OSError.
    """
    data, reading = _bytes(root, MANIFEST), _Reading()
    length = data.rfind(b"\n") + 1
    lines = data[:length].decode("utf-8", "surrogateescape").split("\n")
    with gc_control.paused():
        reading.take(lines)
    for name in _former(_bytes(root, FORMER)):
        reading.ended = False
        reading.notes.setdefault(name, Note(packed=ALONE))
    return Told(reading.notes, reading.common, reading.edition, reading.ended, len(lines), length)


def spelled(name: str, note: Note) -> str:
    packed = "/".join(map(str, note.packed)) if any(note.packed[:-1]) else note.packed[-1]
    return f"{note.imprint or '-'} {note.size} {note.time} {packed} {escaped(name)}"


def escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace("\n", "\\n")


class _Reading:
    """A list as far as it was read."""

    def __init__(self) -> None:
        self.notes = Notes()
        self.common = self.edition = ""
        self.ended = True

    def take(self, lines: Sequence[str]) -> None:
        """Nearly all of them are notes, one after the other."""
        start = 0
        marks = [place for place, line in enumerate(lines) if line[1:2] in _ENDS and line[:1] in _MARKS]
        for place in marks:
            self._note(lines[start:place])
            self._mark(lines[place])
            start = place + 1
        self._note(lines[start:])

    def _mark(self, line: str) -> None:
        kind, _, rest = line.partition(" ")
        self.ended = kind == "." or (self.ended and not kind)
        if kind == ".":
            self.edition = rest
        elif kind == "=":
            if rest != self.common:
                self.notes.void()
            self.common = rest
        elif kind == "+" and _is_below(name := _unescaped(rest)):
            self.notes[name] = Note()

    def _note(self, lines: Sequence[str]) -> None:
        """Those that say what a note says: nobody can tell what the others meant."""
        if not lines:
            return
        self.ended = False
        try:
            self.notes.add(_columns(lines))
        except ValueError:
            for line in lines:
                with suppress(ValueError):
                    self.notes.add(_columns([line]))


def _columns(lines: Sequence[str]) -> Columns:
    """Raises ValueError if one of the lines says something else."""
    imprints, sizes, times, packed, escaped_names = zip(*[line.split(" ", 4) for line in lines], strict=True)
    names = list(map(_unescaped, escaped_names))
    if not all(map(_is_below, names)):
        raise ValueError(names)
    made = ["" if imprint == "-" else imprint for imprint in imprints]
    return Columns(names, made, list(map(int, sizes)), list(map(int, times)), list(map(_sizes, packed)))


def _bytes(root: int, name: str) -> bytes:
    try:
        with open(os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=root), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


@lru_cache(maxsize=4096)
def _sizes(text: str) -> tuple[int, ...]:
    """Raises ValueError where they are not those of TWINS."""
    known = tuple(map(int, text.split("/")))
    if len(known) not in (1, len(TWINS)):
        raise ValueError(text)
    return (*ALONE[len(known) :], *known)


def _unescaped(text: str) -> str:
    return "\\".join(part.replace("\\n", "\n") for part in text.split("\\\\")) if "\\" in text else text


def _former(text: bytes) -> Iterator[str]:
    try:
        names = json.loads(text)["files"] if text else []
        yield from (name for name in names if isinstance(name, str) and _is_below(name) and _is_short(name))
    except (ValueError, KeyError, TypeError):
        return


def _is_below(name: str) -> bool:
    """No list, however it was changed, may lead a build out of its folder."""
    if not name or name[0] == "/" or "\0" in name or (".." in name and ".." in name.split("/")):
        return False
    return len(name) <= _SURELY_SHORT or _is_short(name)


def _is_short(name: str) -> bool:
    """Whether a disk can have a file of that name: no other could ever be ours."""
    try:
        data = name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return len(data) < _LONGEST_PATH and all(len(part) <= _LONGEST_NAME for part in data.split(b"/"))
