"""Location metadata of films and sounds in boxes (ISO/IEC 14496-12; QuickTime File Format)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

_SHORT: Final = 8  # bytes of a box header
_LONG_SIZE, _TO_THE_END = 1, 0
_MOST: Final = 64 * 1024 * 1024  # bytes of moov
_MOST_BOXES: Final = 10_000
_PLACES: Final = frozenset({b"\xa9xyz", b"loci"})
_KEY: Final = b"com.apple.quicktime.location."
# Boxes that hold others. A meta box of MP4 begins with four bytes of its own, one of QuickTime does not.
_HOLDING: Final = frozenset({b"moov", b"trak", b"udta", b"mdia", b"meta"})
_VERSION: Final = 4
_DEEPEST: Final = 8  # boxes in one another


def has_location(file: BinaryIO) -> bool:
    """Return whether the moov box tells where a film was recorded.

    Raises ValueError where boxes cannot be told apart, or moov has more than 64 MiB.
    """
    length, at = file.seek(0, 2), 0
    for _ in range(_MOST_BOXES):
        file.seek(at)
        head = file.read(2 * _SHORT)
        if len(head) < _SHORT:
            return False
        size, kind, start = int.from_bytes(head[:4]), head[4:8], _SHORT
        if size == _LONG_SIZE:
            size, start = int.from_bytes(head[8:16]), 2 * _SHORT
        end = length if size == _TO_THE_END else at + size
        if end < at + start:
            raise ValueError("a box is shorter than its header")
        if kind == b"moov":
            if end - at > _MOST:
                raise ValueError("its moov box is too large")
            file.seek(at + start)
            return _tells(file.read(end - at - start))
        at = end
    return False


def _tells(data: bytes, left: int = _DEEPEST) -> bool:
    for kind, content in _boxes(data):
        if kind in _PLACES or (kind == b"keys" and _KEY in content):
            return True
        inside = content[_VERSION:] if kind == b"meta" and not any(content[:_VERSION]) else content
        if kind in _HOLDING and left and _tells(inside, left - 1):
            return True
    return False


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + _SHORT <= len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = len(data) if size == _TO_THE_END else at + size
        if end < at + _SHORT:
            return
        yield kind, data[at + _SHORT : end]
        at = end
