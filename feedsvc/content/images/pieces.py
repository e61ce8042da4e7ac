"""Pieces: byte ranges of an image file and new bytes that together form the image without its metadata. No pixel is decoded."""

from __future__ import annotations

import os
from typing import Final, NamedTuple

_NEW: Final = -1
_MAX_PIECES: Final = 20_000  # of some hundred bytes each in memory


class Piece(NamedTuple):
    """Piece of an image: `length` bytes of the file from offset `start`, or `data`, of that length, if `start` is _NEW."""

    start: int
    length: int
    data: bytes = b""

    def read(self, descriptor: int, start: int, length: int) -> bytes:
        """Return up to `length` bytes from offset `start` of the piece; fewer at its end, or if the file has become shorter.

        `descriptor` is that of the image file.
        """
        length = min(length, self.length - start)
        if self.start == _NEW:
            return self.data[start : start + length]
        return os.pread(descriptor, length, self.start + start)


class Pieces:
    """List of pieces, to which one adds at the end. Adjacent ranges of the file become one piece.

    The methods that add raise ValueError if there would be more than _MAX_PIECES.
    """

    def __init__(self) -> None:
        self.items: list[Piece] = []

    def add_range(self, start: int, length: int) -> None:
        """Add a range of the file. Does nothing if `length` is not positive."""
        last = self.items[-1] if self.items else None
        if length <= 0:
            return
        if last and last.start >= 0 and last.start + last.length == start:
            self.items[-1] = Piece(last.start, last.length + length)
        else:
            self._add(Piece(start, length))

    def add_bytes(self, data: bytes) -> None:
        """Add bytes that are not in the file. Does nothing for b""."""
        if data:
            self._add(Piece(_NEW, len(data), data))

    def _add(self, piece: Piece) -> None:
        if len(self.items) >= _MAX_PIECES:
            raise ValueError("it is in too many pieces")
        self.items.append(piece)

    @property
    def length(self) -> int:
        """Total size in bytes."""
        return sum(piece.length for piece in self.items)
