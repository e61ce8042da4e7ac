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
    """Reader of consecutive big-endian integers in `data` from `offset` on."""

    def __init__(self, data: bytes, offset: int) -> None:
        self._data, self._offset = data, offset

    def read(self, size: int) -> int:
        data = self._data[self._offset : self._offset + size]
        if len(data) < size:
            raise ValueError("the places of items are cut off")
        self._offset += size
        return int.from_bytes(data)


def item_extents(iloc: bytes, idat: Extent, length: int) -> dict[int, list[Extent]]:
    """Return the extents of each item, by item id. `iloc` is the content of the iloc box; without it (b""), the result is {}.

    `idat` is the extent of the content of the idat box, `length` the file's size in bytes. Extents of items in the idat box end
    at its end at the latest, others at the end of the file; those of unknown length (0) end there. Raises ValueError if an item
    lies in another file, or if the iloc box is cut off or has too many extents.
    """
    version = iloc[0] if iloc else 0
    numbers = _IntegerReader(iloc, 4)
    sizes = numbers.read(2) if iloc else 0
    offset_size, length_size, base_size, index_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15
    id_size = 4 if version == 2 else 2  # noqa: PLR2004 - section 8.11.3.2
    result: dict[int, list[Extent]] = {}
    remaining = _MAX_EXTENTS
    for _ in range(numbers.read(id_size) if iloc else 0):
        item = numbers.read(id_size)
        method = numbers.read(2) & 15 if version else _IN_FILE
        if numbers.read(2) or method not in (_IN_FILE, _IN_IDAT):
            raise ValueError("an item lies in another file")
        base = numbers.read(base_size) + (idat.start if method == _IN_IDAT else 0)
        end = idat.end if method == _IN_IDAT else length
        extents, count = result.setdefault(item, []), numbers.read(2)
        remaining -= count
        if remaining < 0:
            raise ValueError("there are too many places of items")
        for _ in range(count):
            numbers.read(index_size if version else 0)
            start = base + numbers.read(offset_size)
            size = numbers.read(length_size)
            extents.append(Extent(min(start, end), min(start + size, end) if size else end))
    return result
