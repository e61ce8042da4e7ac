"""Detection of location metadata in MP4 and QuickTime files (ISO/IEC 14496-12; QuickTime File Format)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

_HEADER_SIZE: Final = 8  # bytes of a box header with a 32-bit size
_SIZE_IS_64_BIT, _SIZE_TO_END_OF_FILE = 1, 0
_MAX_MOOV_SIZE: Final = 64 * 1024 * 1024  # bytes
_MAX_BOXES: Final = 10_000
_LOCATION_BOXES: Final = frozenset({b"\xa9xyz", b"loci"})
_LOCATION_KEY: Final = b"com.apple.quicktime.location."
# Boxes that contain boxes. A meta box begins with four bytes of version and flags in MP4, but not in QuickTime.
_CONTAINER_BOXES: Final = frozenset({b"moov", b"trak", b"udta", b"mdia", b"meta"})
_VERSION_SIZE: Final = 4
_MAX_DEPTH: Final = 8  # of nested boxes


def has_location(file: BinaryIO) -> bool:
    """Return whether the moov box contains the place of recording.

    Raises ValueError if a box has an invalid size or the moov box has more than 64 MiB.
    """
    length, at = file.seek(0, 2), 0
    for _ in range(_MAX_BOXES):
        file.seek(at)
        head = file.read(2 * _HEADER_SIZE)
        if len(head) < _HEADER_SIZE:
            return False
        size, kind, start = int.from_bytes(head[:4]), head[4:8], _HEADER_SIZE
        if size == _SIZE_IS_64_BIT:
            size, start = int.from_bytes(head[8:16]), 2 * _HEADER_SIZE
        end = length if size == _SIZE_TO_END_OF_FILE else at + size
        if end < at + start:
            raise ValueError("a box is shorter than its header")
        if kind == b"moov":
            if end - at > _MAX_MOOV_SIZE:
                raise ValueError("its moov box is too large")
            file.seek(at + start)
            return _has_location_box(file.read(end - at - start))
        at = end
    return False


def _has_location_box(data: bytes, left: int = _MAX_DEPTH) -> bool:
    for kind, content in _boxes(data):
        if kind in _LOCATION_BOXES or (kind == b"keys" and _LOCATION_KEY in content):
            return True
        inside = content[_VERSION_SIZE:] if kind == b"meta" and not any(content[:_VERSION_SIZE]) else content
        if kind in _CONTAINER_BOXES and left and _has_location_box(inside, left - 1):
            return True
    return False


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + _HEADER_SIZE <= len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = len(data) if size == _SIZE_TO_END_OF_FILE else at + size
        if end < at + _HEADER_SIZE:
            return
        yield kind, data[at + _HEADER_SIZE : end]
        at = end
