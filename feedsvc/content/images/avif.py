"""AVIF headers (AV1 Image File Format 1.1; ISO/IEC 14496-12 and 23008-12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from feedsvc.content.images.header import METADATA_MEMORY_FACTOR, UPRIGHT, ImageHeader, MetadataError, read_exactly
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.rights import Rights

MEDIA_TYPE: Final = "image/avif"

_STILL, _SEQUENCE = b"avif", b"avis"
_MAX_META_SIZE: Final = 4 * 1024 * 1024  # bytes
_MAX_BOXES: Final = 10_000
_HEADER_SIZE: Final = 8  # bytes of a box header
_SIZE_IS_64_BIT, _SIZE_TO_END_OF_FILE = 1, 0
_SIDEWAYS: Final = 8  # EXIF orientation of a quarter turn
_METADATA: Final = frozenset((b"Exif", b"mime"))  # item types; XMP has type mime
_CODED_TYPES: Final = frozenset((b"av01", b"grid"))
# What an image needs. Anything else may be metadata.
_IMAGE_ITEM_TYPES: Final = _CODED_TYPES | {b"iovl", b"iden", b"tmap"}
_IMAGE_HANDLERS: Final = frozenset((b"pict", b"auxv"))  # of tracks; a sound track may hold any metadata
# Boxes of boxes -> bytes before the first inner box.
_CONTAINER_BOXES: Final = {b"meta": 4, b"moov": 0, b"iprp": 0, b"ipco": 0, b"trak": 0, b"mdia": 0, b"minf": 0}
_MAX_DEPTH: Final = 8  # of nested boxes
_IMAGE_BOXES: Final = frozenset(
    {
        *(b"hdlr", b"pitm", b"iinf", b"iloc", b"iref", b"idat", b"dinf", b"grpl", b"ipma"),  # of meta
        *(b"ispe", b"pixi", b"av1C", b"colr", b"irot", b"imir", b"clap", b"pasp", b"auxC", b"lsel", b"a1op", b"a1lx"),
        *(b"clli", b"mdcv", b"cclv", b"amve", b"rloc", b"tols"),  # properties
        *(b"mvhd", b"tkhd", b"edts", b"tref", b"mdhd", b"vmhd", b"stbl", b"nmhd"),  # of moov
    }
)
_PADDING: Final = frozenset((b"free", b"skip"))
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


class _PrimaryItem:
    """Primary item of a meta box: the image that viewers show. The constructor raises ValueError for a box of wrong length."""

    def __init__(self, meta: bytes) -> None:
        meta_boxes = dict(_boxes(meta))
        pitm = meta_boxes.get(b"pitm", b"")
        primary = int.from_bytes(pitm[4:8] if pitm[:1] > b"\0" else pitm[4:6])
        kinds = dict(_item_types(meta_boxes.get(b"iinf", b"")))
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


def _item_types(iinf: bytes) -> Iterator[tuple[int, bytes]]:
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


def clean(file: BinaryIO) -> tuple[Pieces, Rights]:
    """Return the whole file as one piece, and no rights, if it has no metadata.

    Positions in it count from its beginning, so nothing can be removed. Raises MetadataError if it holds EXIF, XMP or anything
    else that the image does not need, ValueError if its boxes are damaged. The bytes of an mdat box are not examined.
    """
    pieces, length, offset = Pieces(), file.seek(0, 2), 0
    while offset < length:
        file.seek(offset)
        size, kind = _box(file)
        end = length if size == _SIZE_TO_END_OF_FILE else offset + size
        if kind not in (b"ftyp", b"mdat"):
            _check_box(kind, file.read(min(max(end - file.tell(), 0), _MAX_META_SIZE + 1)), _MAX_DEPTH)
        if end <= offset or (end > length and kind != b"mdat"):
            raise ValueError("a box is longer than the file, or too short")
        offset = end
    pieces.add_range(0, length)
    return pieces, Rights()


def _check_box(kind: bytes, content: bytes, max_depth: int) -> None:
    """Raise MetadataError if a box, or one inside it, may hold metadata, ValueError if it is damaged, too large or too deep."""
    if len(content) > _MAX_META_SIZE or not max_depth:
        raise ValueError("a box is too large or too deep")
    if kind in _CONTAINER_BOXES:
        for inner_kind, inner_content in _boxes(content[_CONTAINER_BOXES[kind] :]):
            _check_box(inner_kind, inner_content, max_depth - 1)
    elif kind == b"iinf" and (others := {*dict(_item_types(content)).values()} - _IMAGE_ITEM_TYPES):
        raise MetadataError(f"an item of the type {_printable(min(others))}")
    elif kind == b"hdlr" and content[8:12] not in _IMAGE_HANDLERS:
        raise MetadataError("a track that is no picture")
    elif kind not in _IMAGE_BOXES and (kind not in _PADDING or content.strip(b"\0")):
        raise MetadataError(f"a box of the type {_printable(kind)}")


def _printable(kind: bytes) -> str:
    return "".join(char if char.isprintable() else "?" for char in kind.decode("latin-1"))
