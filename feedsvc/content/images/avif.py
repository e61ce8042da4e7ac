"""AVIF headers (AV1 Image File Format 1.1; ISO/IEC 14496-12 and 23008-12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from feedsvc.content.images.header import METADATA_MEMORY_FACTOR, UPRIGHT, ImageHeader, read_exactly

MEDIA_TYPE: Final = "image/avif"

_STILL, _SEQUENCE = b"avif", b"avis"
_MAX_META_SIZE: Final = 4 * 1024 * 1024  # bytes
_MAX_BOXES: Final = 10_000
_HEADER_SIZE: Final = 8  # bytes of a box header
_SIZE_IS_64_BIT, _SIZE_TO_END_OF_FILE = 1, 0
_SIDEWAYS: Final = 8  # EXIF orientation of a quarter turn
_METADATA: Final = frozenset((b"Exif", b"mime"))  # item types; XMP has type mime
_CODED_TYPES: Final = frozenset((b"av01", b"grid"))
# (more than 8 bits, 4:4:4) -> bytes per pixel in libaom and libheif; measured: 14.5, 17.2, 17.4 and 23.4.
_BYTES_PER_PIXEL: Final = {(False, False): 15, (False, True): 18, (True, False): 18, (True, True): 25}
_ALPHA_BYTES_PER_PIXEL: Final = 6  # added for an alpha channel, which is a second image


def is_avif(start: bytes) -> bool:
    """Return True if a file that begins with `start` has the brand avif or avis. HEIC files have other brands."""
    length = int.from_bytes(start[:4])
    brands = [start[offset : offset + 4] for offset in (8, *range(16, min(length, len(start)), 4))]
    return start[4:8] == b"ftyp" and (_STILL in brands or _SEQUENCE in brands)


def read(file: BinaryIO) -> ImageHeader:
    """Read the header from the properties of the primary item. Raises ValueError if the properties are missing or damaged."""
    file.seek(0)
    length, _ = _box(file)
    is_still = read_exactly(file, 4) != _SEQUENCE
    file.seek(length)
    item = _PrimaryItem(_meta(file))
    metadata_size = file.seek(0, 2) if item.has_metadata else 0  # an upper bound: pixels take little of a file
    width, height = item.size
    return ImageHeader(
        media_type=MEDIA_TYPE,
        width=width,
        height=height,
        orientation=_SIDEWAYS if item.is_sideways else UPRIGHT,
        decoder_memory=item.bytes_per_pixel * width * height + METADATA_MEMORY_FACTOR * metadata_size,
        is_still=is_still and item.is_uncropped_av1,
    )


def _box(file: BinaryIO) -> tuple[int, bytes]:
    """Read the header of the next box. Return the box's size in bytes, header included, and its type.

    The size may be _SIZE_TO_END_OF_FILE. Raises ValueError if the header is cut off.
    """
    head = read_exactly(file, _HEADER_SIZE)
    size = int.from_bytes(head[:4])
    if size == _SIZE_IS_64_BIT:
        return int.from_bytes(read_exactly(file, 8)), head[4:]
    return size, head[4:]


def _meta(file: BinaryIO) -> bytes:
    """Return the boxes in the next meta box as bytes; of more than _MAX_META_SIZE bytes, only the first.

    Raises ValueError if there is no meta box, or if a box that states its size is cut off. The last box of a file may state no
    size (ISO/IEC 14496-12 section 4.2).
    """
    for _ in range(_MAX_BOXES):
        start = file.tell()
        size, kind = _box(file)
        if kind == b"meta":
            if size == _SIZE_TO_END_OF_FILE:
                return file.read(_MAX_META_SIZE)[4:]
            begin = file.tell() - start
            return read_exactly(file, min(max(size - begin, 0), _MAX_META_SIZE))[4:]
        if size == _SIZE_TO_END_OF_FILE or size < _HEADER_SIZE:
            break
        file.seek(start + size)
    raise ValueError("no meta box")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of each box in `data`. Raises ValueError if a box is too long, or too short for its header.

    Up to 7 bytes after the last box, which can be no header, are ignored.
    """
    offset = 0
    for _ in range(_MAX_BOXES):
        if len(data) - offset < _HEADER_SIZE:
            return
        size, kind = int.from_bytes(data[offset : offset + 4]), data[offset + 4 : offset + 8]
        end = len(data) if size == _SIZE_TO_END_OF_FILE else offset + size
        if end < offset + _HEADER_SIZE or end > len(data):
            raise ValueError("a box is longer than what holds it")
        yield kind, data[offset + _HEADER_SIZE : end]
        offset = end


class Box(NamedTuple):
    """Type and offsets of a box in the file: header from `start`, content from `content_start` up to, not including, `end`."""

    kind: bytes
    start: int
    content_start: int
    end: int


def top_boxes(file: BinaryIO) -> list[Box]:
    """Return the top-level boxes before the first invalid or cut-off one.

    Raises ValueError if there are none, or if the file ends within a 64-bit size. A cut-off mdat box is not invalid; it ends at
    the end of the file.
    """
    length, offset, result = file.seek(0, 2), 0, list[Box]()
    while offset + _HEADER_SIZE <= length and len(result) < _MAX_BOXES:
        file.seek(offset)
        size, kind = _box(file)
        end = length if size == _SIZE_TO_END_OF_FILE else offset + size
        if end < file.tell() or not kind.isalnum() or (end > length and kind != b"mdat"):
            break
        result.append(Box(kind, offset, file.tell(), min(end, length)))
        offset = end
    if not result:
        raise ValueError("there are no boxes")
    return result


def boxes(data: bytes, start: int, offset: int) -> Iterator[Box]:
    """Yield the boxes in `data` from the index `start` on; `offset` is the position of data[0] in the file.

    Raises ValueError if a box is too long or too short, or if bytes other than zeros follow the last box.
    """
    index = start
    for kind, content in _boxes(data[start:]):
        yield Box(kind, offset + index, offset + index + _HEADER_SIZE, offset + index + _HEADER_SIZE + len(content))
        index += _HEADER_SIZE + len(content)
    if data[index:].strip(b"\0"):
        raise ValueError("there is more than boxes")


class _PrimaryItem:
    """Primary item of a meta box: the image that viewers show. The constructor raises ValueError for a box of wrong length."""

    def __init__(self, meta: bytes) -> None:
        meta_boxes = dict(_boxes(meta))
        pitm = meta_boxes.get(b"pitm", b"")
        primary = int.from_bytes(pitm[4:8] if pitm[:1] > b"\0" else pitm[4:6])
        kinds = dict(item_types(meta_boxes.get(b"iinf", b"")))
        properties = dict(_boxes(meta_boxes.get(b"iprp", b"")))
        all_properties = [*_boxes(properties.get(b"ipco", b""))]
        indices = _associated_properties(properties.get(b"ipma", b""), primary)
        self._properties = [all_properties[index - 1] for index in indices if 0 < index <= len(all_properties)]
        self._kind = kinds.get(primary, b"")
        self._all_properties = all_properties
        self.has_metadata = any(kind in _METADATA for kind in kinds.values())

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, before any rotation. Raises ValueError if the item has no property with its size."""
        for kind, data in self._properties:
            if kind == b"ispe":
                return int.from_bytes(data[4:8]), int.from_bytes(data[8:12])
        raise ValueError("no size")

    @property
    def is_sideways(self) -> bool:
        """True if a viewer must turn the image by a quarter turn, left or right (property irot)."""
        return any(kind == b"irot" and data[:1] and data[0] & 1 for kind, data in self._properties)

    @property
    def is_uncropped_av1(self) -> bool:
        """True if the item is coded as AV1 and not cropped (property clap)."""
        return self._kind in _CODED_TYPES and not any(kind == b"clap" for kind, _ in self._properties)

    @property
    def bytes_per_pixel(self) -> int:
        """Estimate of the bytes that a decoder holds per pixel, from bit depth, subsampling and alpha."""
        # The tiles of a grid have the configuration, not the grid itself.
        configurations = [data for kind, data in self._all_properties if kind == b"av1C" and len(data) > 2]  # noqa: PLR2004
        is_deep = any(data[2] & 0x40 for data in configurations)
        is_full = any(not data[2] & 0x1C for data in configurations)  # neither monochrome nor subsampled
        return _BYTES_PER_PIXEL[is_deep, is_full] + _ALPHA_BYTES_PER_PIXEL * any(
            kind == b"auxC" for kind, _ in self._all_properties
        )


def item_types(iinf: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield id and type of each item in the content of an iinf box. Raises ValueError if a box in it is too long or short."""
    start = 6 if iinf[:1] == b"\0" else 8
    for kind, data in _boxes(iinf[start:]):
        id_size = 4 if data[:1] == b"\3" else 2
        if kind == b"infe":
            yield int.from_bytes(data[4 : 4 + id_size]), data[6 + id_size : 10 + id_size]


def _associated_properties(ipma: bytes, item: int) -> list[int]:
    """Return the indices, from 1, of an item's properties in the ipco box; [] if it has none (ISO/IEC 23008-12 section 9.3).

    `ipma` is the content of an ipma box. A damaged one gives fewer indices, or 0 for some.
    """
    id_size = 4 if ipma[:1] > b"\0" else 2
    index_size = 2 if ipma[3:4] and ipma[3] & 1 else 1
    offset = 8
    for _ in range(int.from_bytes(ipma[4:8])):
        if offset + id_size >= len(ipma):
            break
        item_id, count = int.from_bytes(ipma[offset : offset + id_size]), ipma[offset + id_size]
        start, offset = offset + id_size + 1, offset + id_size + 1 + count * index_size
        if item_id == item:
            return [
                int.from_bytes(ipma[position : position + index_size]) & (0x7F if index_size == 1 else 0x7FFF)
                for position in range(start, offset, index_size)
            ]
    return []
