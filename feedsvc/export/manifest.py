"""What a tree knows of its own files: a list that grows with every change, and is written anew when much of it is past."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable
from contextlib import suppress
from typing import Final

from feedsvc.export.file_table import UNKNOWN, Note
from feedsvc.export.layout import FORMER, MANIFEST, TEMPORARY, TWINS
from feedsvc.export.manifest_format import Told, escaped, spelled, told
from feedsvc.support import gc_control

_ROOM: Final = 5000  # lines that may be past in a short list
_MODE: Final = 0o644


class Journal:
    """`notes` are those of the files that are ours, by name. Raises OSError where the folder cannot be written."""

    def __init__(self, root: int, found: Told | None = None) -> None:
        """`root` is the descriptor of the tree's folder, `found` what its list tells, if that was read already."""
        found = found or told(root)
        self._root = root
        self.notes, self.common, self.edition, self.ended = found.notes, found.common, found.edition, found.ended
        self._lines, self._length = found.lines, found.length
        self._file = os.open(MANIFEST, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE, dir_fd=root)
        if os.fstat(self._file).st_size != self._length:
            os.ftruncate(self._file, self._length)

    def begin(self, common: str) -> None:
        """What is noted from now on was made from this."""
        if common != self.common:
            self._append([f"= {common}"])
            self.notes.void()
            self.common = common

    def claim(self, names: Iterable[str], codings: Container[str], alone: Container[str]) -> None:
        """Before they are written: a build that dies half-way leaves no file that nobody owns.

        They have twins in these `codings`, but for those that are named in `alone`, which are not ours.
        """
        usual = Note(packed=tuple(-1 if coding in codings else 0 for coding in TWINS))
        with gc_control.paused():
            claims = {name: _without(usual, name, alone) for name in names} if alone else dict.fromkeys(names, usual)
            new = {name: wider for name, claim in claims.items() if (wider := self._wider(name, claim))}
            lines = [f"+ {escaped(name)}" if claim.packed == UNKNOWN else spelled(name, claim) for name, claim in new.items()]
            if claims and self.ended and not lines:
                lines = [f"= {self.common}"]  # nothing new; but that a build is at work is told, or a kill's leavings would stay
            self._append(lines)
            self.notes.update(new)

    def _wider(self, name: str, claim: Note) -> Note | None:
        """The claim with all that was ours before it, None where it adds nothing."""
        note = self.notes.get(name)
        if note is None:
            return claim
        packed = tuple(was or now for was, now in zip(note.packed, claim.packed, strict=True))
        return claim._replace(packed=packed) if packed != note.packed else None

    def note(self, notes: Iterable[tuple[str, Note]]) -> None:
        fresh = {name: note for name, note in notes if self.notes.get(name) != note}
        self._append(spelled(name, note) for name, note in fresh.items())
        self.notes.update(fresh)

    def forget(self, names: Iterable[str]) -> None:
        """What has gone leaves no name behind, either: it may have gone for a reason."""
        gone = {name: note for name in names if (note := self.notes.pop(name, None))}
        try:
            if gone:
                self._rewrite()
        except OSError:
            self.notes.update(gone)
            raise

    def end(self) -> None:
        if self._lines > len(self.notes) + max(len(self.notes) // 2, _ROOM):
            with suppress(OSError):  # a disk that has no room for two lists keeps the long one
                self._rewrite()
        if not self.ended:
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
        with gc_control.paused():
            lines = [f"= {self.common}", *(spelled(name, self.notes[name]) for name in sorted(self.notes)), ".", ""]
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


def _without(claim: Note, name: str, alone: Container[str]) -> Note:
    packed = zip(TWINS.values(), claim.packed, strict=True)
    return claim._replace(packed=tuple([0 if name + end in alone else size for end, size in packed]))


def _put(file: int, text: str) -> int:
    data = memoryview(text.encode("utf-8", "surrogateescape"))
    rest = data
    while rest:
        rest = rest[os.write(file, rest) :]
    return len(data)
