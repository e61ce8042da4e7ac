"""What a tree knows of its own files: a list that grows with every change, and is written anew when most of it is past.

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
from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from feedsvc import collector
from feedsvc.export.names import FORMER, MANIFEST, TEMPORARY, TWINS

_ROOM: Final = 1000  # lines that may be past before the list is written anew
_MODE: Final = 0o644
_ALONE: Final = (0,) * len(TWINS)
_UNKNOWN: Final = (-1,) * len(TWINS)


class Note(NamedTuple):
    """What is known of a file of ours; as it stands here, of one that was only claimed. `packed` is in the order of TWINS."""

    imprint: str = ""
    size: int = -1
    time: int = 0
    packed: tuple[int, ...] = _UNKNOWN


class Journal:
    """`notes` are those of the files that are ours, by name. Raises OSError where the folder cannot be written."""

    def __init__(self, root: int) -> None:
        """`root` is the descriptor of the tree's folder."""
        self._root = root
        self.notes: dict[str, Note] = {}
        self.common = self.edition = ""
        self.ended = True
        self._lines = 0
        self._read()
        self._file = os.open(MANIFEST, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE, dir_fd=root)
        if os.fstat(self._file).st_size != self._length:
            os.ftruncate(self._file, self._length)

    def _read(self) -> None:
        """Of a line that a kill cut short there is no telling what it said."""
        data = _bytes(self._root, MANIFEST)
        self._length = data.rfind(b"\n") + 1
        with collector.paused():
            for line in data[: self._length].decode("utf-8", "surrogateescape").split("\n"):
                self._lines += 1
                self._take(line)
        for name in _former(_bytes(self._root, FORMER)):
            self.ended = False
            self.notes.setdefault(name, Note(packed=_ALONE))

    def _take(self, line: str) -> None:
        kind, _, rest = line.partition(" ")
        if len(kind) > 1:  # nearly all of them
            self.ended = False
            self._note(kind, rest)
            return
        self.ended = kind == "." or (self.ended and not kind)
        if kind == ".":
            self.edition = rest
            return
        if kind == "=":
            self._common(rest)
        elif kind == "+":
            if _is_below(name := _unescaped(rest)):
                self.notes[name] = Note()
        elif rest:
            self._note(kind, rest)

    def _common(self, common: str) -> None:
        if common != self.common:
            self.notes = {name: note._replace(imprint="") for name, note in self.notes.items()}
        self.common = common

    def _note(self, imprint: str, rest: str) -> None:
        try:
            size, time, packed, name = rest.split(" ", 3)
            note = Note("" if imprint == "-" else imprint, int(size), int(time), _sizes(packed))
        except ValueError:
            return
        if _is_below(name := _unescaped(name)):
            self.notes[name] = note

    def begin(self, common: str) -> None:
        """What is noted from now on was made from this."""
        if common != self.common:
            self._append([f"= {common}"])
            self._common(common)

    def claim(self, names: Iterable[str], alone: Container[str]) -> None:
        """Before they are written: a build that dies half-way leaves no file that nobody owns.

        The twins of the names in `alone` are not ours.
        """
        claims = {name: Note(packed=tuple(0 if name + end in alone else -1 for end in TWINS.values())) for name in names}
        new = {name: claim for name, claim in claims.items() if self._widens(name, claim)}
        lines = [f"+ {_escaped(name)}" if claim.packed == _UNKNOWN else _line(name, claim) for name, claim in new.items()]
        if claims and self.ended and not lines:
            lines = [f"= {self.common}"]  # nothing new; but that a build is at work is told, or a kill's leavings would stay
        self._append(lines)
        self.notes |= new

    def _widens(self, name: str, claim: Note) -> bool:
        note = self.notes.get(name)
        return note is None or any(not was and now for was, now in zip(note.packed, claim.packed, strict=True))

    def note(self, notes: Iterable[tuple[str, Note]]) -> None:
        fresh = {name: note for name, note in notes if self.notes.get(name) != note}
        self._append(_line(name, note) for name, note in fresh.items())
        self.notes |= fresh

    def forget(self, names: Iterable[str]) -> None:
        """What has gone leaves no name behind, either: it may have gone for a reason."""
        gone = {name: note for name in names if (note := self.notes.pop(name, None))}
        try:
            if gone:
                self._rewrite()
        except OSError:
            self.notes |= gone
            raise

    def end(self) -> None:
        if self._lines > 2 * len(self.notes) + _ROOM:
            self._rewrite()
        elif not self.ended:
            self._append(["."])
            self.ended = True

    def sign(self, edition: str) -> None:
        """All that is ours is as this edition has it: one line."""
        if self.ended:
            self._append([f". {edition}"])
            self.ended, self.edition = True, edition

    def close(self) -> None:
        os.close(self._file)

    def _append(self, lines: Iterable[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        if not text:
            return
        self.ended, self.edition = False, ""
        try:
            self._length += _put(self._file, text)
        except OSError:
            os.ftruncate(self._file, self._length)
            raise
        self._lines += text.count("\n")

    def _rewrite(self) -> None:
        """The list without its past, whole or not at all."""
        lines = [f"= {self.common}", *(_line(*one) for one in sorted(self.notes.items())), ".", ""]
        new = f"{TEMPORARY}list"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(new, flags, _MODE, dir_fd=self._root)
        try:
            length = _put(file, "\n".join(lines))
            os.replace(new, MANIFEST, src_dir_fd=self._root, dst_dir_fd=self._root)
        except OSError:
            os.close(file)
            os.unlink(new, dir_fd=self._root)
            raise
        os.close(self._file)
        self._file, self._lines, self._length, self.ended, self.edition = file, len(lines), length, True, ""

    def settle(self) -> None:
        """The list of an earlier version has nothing to tell any more."""
        try:
            os.unlink(FORMER, dir_fd=self._root)
        except FileNotFoundError:
            return


def _bytes(root: int, name: str) -> bytes:
    try:
        with open(os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=root), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def _put(file: int, text: str) -> int:
    data = memoryview(text.encode("utf-8", "surrogateescape"))
    rest = data
    while rest:
        rest = rest[os.write(file, rest) :]
    return len(data)


def _line(name: str, note: Note) -> str:
    packed = "/".join(map(str, note.packed)) if any(note.packed[:-1]) else note.packed[-1]
    return f"{note.imprint or '-'} {note.size} {note.time} {packed} {_escaped(name)}"


@lru_cache(maxsize=4096)
def _sizes(text: str) -> tuple[int, ...]:
    """Raises ValueError where they are not those of TWINS."""
    known = tuple(map(int, text.split("/")))
    if len(known) not in (1, len(TWINS)):
        raise ValueError(text)
    return (*_ALONE[len(known) :], *known)


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace("\n", "\\n")


def _unescaped(text: str) -> str:
    return "\\".join(part.replace("\\n", "\n") for part in text.split("\\\\")) if "\\" in text else text


def _former(text: bytes) -> Iterator[str]:
    try:
        names = json.loads(text)["files"] if text else []
        yield from (name for name in names if isinstance(name, str) and _is_below(name))
    except (ValueError, KeyError, TypeError):
        return


def _is_below(name: str) -> bool:
    """No list, however it was changed, may lead a build out of its folder."""
    return bool(name) and name[0] != "/" and "\0" not in name and (".." not in name or ".." not in name.split("/"))
