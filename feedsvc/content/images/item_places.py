"""Positions of the items of a picture in its file, as the iloc box states (ISO/IEC 14496-12 section 8.11.3)."""

from __future__ import annotations

from typing import Final, NamedTuple

_IN_FILE, _IN_IDAT = 0, 1  # construction methods
_MOST: Final = 100_000  # extents


class Extent(NamedTuple):
    """Range of bytes of the file, from `start` to before `end`."""

    start: int
    end: int


class _Numbers:
    """Reads one number after the other. Raises ValueError at the end."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    def next(self, size: int) -> int:
        data = self._data[self._at : self._at + size]
        if len(data) < size:
            raise ValueError("the places of items are cut off")
        self._at += size
        return int.from_bytes(data)


def extents(iloc: bytes, idat: Extent, length: int) -> dict[int, list[Extent]]:
    """Return the places of each item; `idat` is the content of that box, `length` that of the file.

    Raises ValueError where an item lies elsewhere than in the file, or its places cannot be told.
    """
    version = iloc[0] if iloc else 0
    numbers = _Numbers(iloc, 4)
    sizes = numbers.next(2) if iloc else 0
    offset, extent, base, index = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15
    wide = 4 if version == 2 else 2  # noqa: PLR2004 - section 8.11.3.2
    found: dict[int, list[Extent]] = {}
    left = _MOST
    for _ in range(numbers.next(wide) if iloc else 0):
        item = numbers.next(wide)
        method = numbers.next(2) & 15 if version else _IN_FILE
        if numbers.next(2) or method not in (_IN_FILE, _IN_IDAT):
            raise ValueError("an item lies in another file")
        begin = numbers.next(base) + (idat.start if method == _IN_IDAT else 0)
        end = idat.end if method == _IN_IDAT else length
        several, count = found.setdefault(item, []), numbers.next(2)
        left -= count
        if left < 0:
            raise ValueError("there are too many places of items")
        for _ in range(count):
            numbers.next(index if version else 0)
            start = begin + numbers.next(offset)
            size = numbers.next(extent)
            several.append(Extent(min(start, end), min(start + size, end) if size else end))
    return found
