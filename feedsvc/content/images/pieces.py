"""Pieces of a file and of new bytes that make a picture without its metadata; nothing is copied or decoded."""

from __future__ import annotations

import os
from typing import Final, NamedTuple

_NEW, _ZEROS = -1, -2
_MOST: Final = 20_000  # pieces, of some hundred bytes each in memory


class Piece(NamedTuple):
    """Piece of a picture: `length` bytes of the file from `start`.

    `data` where `start` is _NEW, bytes of zero where it is _ZEROS.
    """

    start: int
    length: int
    data: bytes = b""

    def read(self, descriptor: int, start: int, length: int) -> bytes:
        """Return up to `length` bytes, from `start` of the piece on; b"" if the open file is shorter by now."""
        length = min(length, self.length - start)
        if self.start == _NEW:
            return self.data[start : start + length]
        if self.start == _ZEROS:
            return bytes(length)
        return os.pread(descriptor, length, self.start + start)


class Pieces:
    """List of pieces that grows at its end."""

    def __init__(self) -> None:
        self.all: list[Piece] = []

    def keep(self, start: int, length: int) -> None:
        """Add bytes of the file. Raises ValueError if there are too many pieces."""
        last = self.all[-1] if self.all else None
        if length <= 0:
            return
        if last and last.start >= 0 and last.start + last.length == start:
            self.all[-1] = Piece(last.start, last.length + length)
        else:
            self._add(Piece(start, length))

    def add(self, data: bytes) -> None:
        """Add new bytes."""
        if data:
            self._add(Piece(_NEW, len(data), data))

    def zeros(self, length: int) -> None:
        if length > 0:
            self._add(Piece(_ZEROS, length))

    def _add(self, piece: Piece) -> None:
        if len(self.all) >= _MOST:
            raise ValueError("it is in too many pieces")
        self.all.append(piece)

    @property
    def length(self) -> int:
        return sum(piece.length for piece in self.all)
