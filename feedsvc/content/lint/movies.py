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
    """Return whether the first moov box of a file states the place of recording; False if the file has no moov box.

    Only the first 10,000 top-level boxes are searched. Raises ValueError if one of them has an invalid size or the moov box has
    more than 64 MiB.
    """
    file_size, start = file.seek(0, 2), 0
    for _ in range(_MAX_BOXES):
        file.seek(start)
        header = file.read(2 * _HEADER_SIZE)
        if len(header) < _HEADER_SIZE:
            return False
        box_type, (size, header_size) = header[4:8], _box_size(header)
        end = file_size if size == _SIZE_TO_END_OF_FILE else start + size
        if end < start + header_size:
            raise ValueError("a box is shorter than its header")
        if box_type == b"moov":
            if end - start > _MAX_MOOV_SIZE:
                raise ValueError("its moov box is too large")
            file.seek(start + header_size)
            return _has_location_box(file.read(end - start - header_size))
        start = end
    return False


def _has_location_box(data: bytes, max_depth: int = _MAX_DEPTH) -> bool:
    """Return whether a box in `data`, or nested at most `max_depth` levels below it, states a location."""
    for box_type, content in _boxes(data):
        if box_type in _LOCATION_BOXES or (box_type == b"keys" and _LOCATION_KEY in content):
            return True
        nested = content[_VERSION_SIZE:] if box_type == b"meta" and not any(content[:_VERSION_SIZE]) else content
        if box_type in _CONTAINER_BOXES and max_depth and _has_location_box(nested, max_depth - 1):
            return True
    return False


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of each box in `data`, before the first one that is shorter than its header."""
    start = 0
    while start + _HEADER_SIZE <= len(data):
        size, header_size = _box_size(data[start : start + 2 * _HEADER_SIZE])
        end = len(data) if size == _SIZE_TO_END_OF_FILE else start + size
        if end < start + header_size:
            return
        yield data[start + 4 : start + 8], data[start + header_size : end]
        start = end


def _box_size(header: bytes) -> tuple[int, int]:
    """Return the size of a box in bytes (0: to the end of what contains it), and that of its header, from its first 16 bytes."""
    size = int.from_bytes(header[:4])
    if size == _SIZE_IS_64_BIT:
        return int.from_bytes(header[8:16]), 2 * _HEADER_SIZE
    return size, _HEADER_SIZE
