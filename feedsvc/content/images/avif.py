"""AVIF headers (AV1 Image File Format 1.1; ISO/IEC 14496-12 and 23008-12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from feedsvc.content.images.header import METADATA, UPRIGHT, Header, exactly

MEDIA_TYPE: Final = "image/avif"

_STILL, _SEQUENCE = b"avif", b"avis"
_MOST_META: Final = 4 * 1024 * 1024  # bytes
_MOST_BOXES: Final = 10_000
_SHORT: Final = 8  # bytes of a box header
_LONG_SIZE, _TO_THE_END = 1, 0
_SIDEWAYS: Final = 8  # a quarter turn, as EXIF counts
_METADATA: Final = frozenset((b"Exif", b"mime"))  # kinds of items; XMP is a mime
_CODED: Final = frozenset((b"av01", b"grid"))
# More than 8 bits, 4:4:4 -> bytes a pixel that libaom and libheif hold: 14.5, 17.2, 17.4 and 23.4 were measured.
_DECODED: Final = {(False, False): 15, (False, True): 18, (True, False): 18, (True, True): 25}
_ALPHA: Final = 6  # more, for an alpha channel: a picture of its own


def is_avif(start: bytes) -> bool:
    """Look at the brands, of which HEIC has others."""
    length = int.from_bytes(start[:4])
    brands = [start[at : at + 4] for at in (8, *range(16, min(length, len(start)), 4))]
    return start[4:8] == b"ftyp" and (_STILL in brands or _SEQUENCE in brands)


def read(file: BinaryIO) -> Header:
    """Read the properties of the primary item. Raises ValueError."""
    file.seek(0)
    length, _ = _box(file)
    is_still = exactly(file, 4) != _SEQUENCE
    file.seek(length)
    item = _Items(_meta(file))
    metadata = file.seek(0, 2) if item.has_metadata else 0  # pixels take little of a file
    width, height = item.size
    return Header(
        media_type=MEDIA_TYPE,
        width=width,
        height=height,
        orientation=_SIDEWAYS if item.is_sideways else UPRIGHT,
        memory=item.bytes_per_pixel * width * height + METADATA * metadata,
        is_still=is_still and item.is_plain,
    )


def _box(file: BinaryIO) -> tuple[int, bytes]:
    """The bytes of the next box, its header included, and its kind. Raises ValueError."""
    head = exactly(file, _SHORT)
    size = int.from_bytes(head[:4])
    if size == _LONG_SIZE:
        return int.from_bytes(exactly(file, 8)), head[4:]
    return size, head[4:]


def _meta(file: BinaryIO) -> bytes:
    """Contents of the meta box."""
    for _ in range(_MOST_BOXES):
        start = file.tell()
        size, kind = _box(file)
        if kind == b"meta":
            begin = file.tell() - start
            return exactly(file, min(max(size - begin, 0), _MOST_META))[4:]
        if size == _TO_THE_END or size < _SHORT:
            break
        file.seek(start + size)
    raise ValueError("no meta box")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each box in `data`."""
    at = 0
    for _ in range(_MOST_BOXES):
        if len(data) - at < _SHORT:
            return
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = len(data) if size == _TO_THE_END else at + size
        if end < at + _SHORT or end > len(data):
            raise ValueError("a box is longer than what holds it")
        yield kind, data[at + _SHORT : end]
        at = end


class Box(NamedTuple):
    """Position of a box in the file: its header from `start`, its content from `begin` to before `end`."""

    kind: bytes
    start: int
    begin: int
    end: int


def top_boxes(file: BinaryIO) -> list[Box]:
    """Return the boxes that lie in no other one, without what follows them. Raises ValueError if there is none."""
    length, at, found = file.seek(0, 2), 0, list[Box]()
    while at + _SHORT <= length and len(found) < _MOST_BOXES:
        file.seek(at)
        size, kind = _box(file)
        end = length if size == _TO_THE_END else at + size
        if end < file.tell() or not kind.isalnum() or (end > length and kind != b"mdat"):
            break
        found.append(Box(kind, at, file.tell(), min(end, length)))
        at = end
    if not found:
        raise ValueError("there are no boxes")
    return found


def boxes(data: bytes, start: int, offset: int) -> Iterator[Box]:
    """Yield the boxes in `data` from `start` on, whose first byte lies at `offset` in the file. Raises ValueError."""
    at = start
    for kind, content in _boxes(data[start:]):
        yield Box(kind, offset + at, offset + at + _SHORT, offset + at + _SHORT + len(content))
        at += _SHORT + len(content)
    if data[at:].strip(b"\0"):
        raise ValueError("there is more than boxes")


def item_types(iinf: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each item and its type."""
    return _kinds(iinf)


class _Items:
    """The primary item and its properties. Raises ValueError where they are not stated."""

    def __init__(self, meta: bytes) -> None:
        boxes = dict(_boxes(meta))
        pitm = boxes.get(b"pitm", b"")
        primary = int.from_bytes(pitm[4:8] if pitm[:1] > b"\0" else pitm[4:6])
        kinds = dict(_kinds(boxes.get(b"iinf", b"")))
        properties = dict(_boxes(boxes.get(b"iprp", b"")))
        listed = [*_boxes(properties.get(b"ipco", b""))]
        indices = _associated(properties.get(b"ipma", b""), primary)
        self._own = [listed[index - 1] for index in indices if 0 < index <= len(listed)]
        self._kind = kinds.get(primary, b"")
        self._every = listed
        self.has_metadata = any(kind in _METADATA for kind in kinds.values())

    @property
    def size(self) -> tuple[int, int]:
        for kind, data in self._own:
            if kind == b"ispe":
                return int.from_bytes(data[4:8]), int.from_bytes(data[8:12])
        raise ValueError("no size")

    @property
    def is_sideways(self) -> bool:
        return any(kind == b"irot" and data[:1] and data[0] & 1 for kind, data in self._own)

    @property
    def is_plain(self) -> bool:
        """Return whether it is coded as AV1, and not cut to a part of itself."""
        return self._kind in _CODED and not any(kind == b"clap" for kind, _ in self._own)

    @property
    def bytes_per_pixel(self) -> int:
        # A grid's tiles have the configuration, not the grid.
        configurations = [data for kind, data in self._every if kind == b"av1C" and len(data) > 2]  # noqa: PLR2004
        is_deep = any(data[2] & 0x40 for data in configurations)
        is_full = any(not data[2] & 0x1C for data in configurations)  # neither monochrome nor subsampled
        return _DECODED[is_deep, is_full] + _ALPHA * any(kind == b"auxC" for kind, _ in self._every)


def _kinds(iinf: bytes) -> Iterator[tuple[int, bytes]]:
    """Item -> its type."""
    start = 6 if iinf[:1] == b"\0" else 8
    for kind, data in _boxes(iinf[start:]):
        wide = 4 if data[:1] == b"\3" else 2
        if kind == b"infe":
            yield int.from_bytes(data[4 : 4 + wide]), data[6 + wide : 10 + wide]


def _associated(ipma: bytes, item: int) -> list[int]:
    """The properties of an item, counted from 1 (ISO/IEC 23008-12 section 9.3)."""
    wide = 4 if ipma[:1] > b"\0" else 2
    size = 2 if ipma[3:4] and ipma[3] & 1 else 1
    at = 8
    for _ in range(int.from_bytes(ipma[4:8])):
        if at + wide >= len(ipma):
            break
        number, count = int.from_bytes(ipma[at : at + wide]), ipma[at + wide]
        start, at = at + wide + 1, at + wide + 1 + count * size
        if number == item:
            return [int.from_bytes(ipma[one : one + size]) & (0x7F if size == 1 else 0x7FFF) for one in range(start, at, size)]
    return []
