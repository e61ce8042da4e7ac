"""Item locations: byte ranges of the items of an AVIF in its file, from the iloc box (ISO/IEC 14496-12 section 8.11.3)."""

from __future__ import annotations

from typing import Final, NamedTuple

_IN_FILE, _IN_IDAT = 0, 1  # construction methods
_MAX_EXTENTS: Final = 100_000


class Extent(NamedTuple):
    """Range of bytes of the file, from `start` up to, not including, `end`."""

    start: int
    end: int


class _IntegerReader:
    """Reader of consecutive big-endian integers in `data` from offset `at` on."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    def read(self, size: int) -> int:
        data = self._data[self._at : self._at + size]
        if len(data) < size:
            raise ValueError("the places of items are cut off")
        self._at += size
        return int.from_bytes(data)


def extents(iloc: bytes, idat: Extent, length: int) -> dict[int, list[Extent]]:
    """Return the extents of each item, by id. `iloc` is the box's content.

    `idat` is the extent of the content of the box idat, `length` is the file's size in bytes. Extents beyond either are cut.

    Raises ValueError if an item lies in another file, or if the box is cut off or has too many extents.
    """
    version = iloc[0] if iloc else 0
    numbers = _IntegerReader(iloc, 4)
    sizes = numbers.read(2) if iloc else 0
    offset, extent, base, index = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15
    wide = 4 if version == 2 else 2  # noqa: PLR2004 - section 8.11.3.2
    found: dict[int, list[Extent]] = {}
    left = _MAX_EXTENTS
    for _ in range(numbers.read(wide) if iloc else 0):
        item = numbers.read(wide)
        method = numbers.read(2) & 15 if version else _IN_FILE
        if numbers.read(2) or method not in (_IN_FILE, _IN_IDAT):
            raise ValueError("an item lies in another file")
        begin = numbers.read(base) + (idat.start if method == _IN_IDAT else 0)
        end = idat.end if method == _IN_IDAT else length
        several, count = found.setdefault(item, []), numbers.read(2)
        left -= count
        if left < 0:
            raise ValueError("there are too many places of items")
        for _ in range(count):
            numbers.read(index if version else 0)
            start = begin + numbers.read(offset)
            size = numbers.read(extent)
            several.append(Extent(min(start, end), min(start + size, end) if size else end))
    return found
