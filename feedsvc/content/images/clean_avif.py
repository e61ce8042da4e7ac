"""Removal of metadata from AVIF (ISO/IEC 14496-12 and 23008-12): bytes that no image needs become zeros, and nothing moves.

The offsets of items count from the beginning of the file, so no byte before them may be removed. Unknown boxes at the end of
the file are left out. EXIF and XMP items stay, but contain rights only: a reader that finds an EXIF item without EXIF rejects
the whole image.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final, NamedTuple

from feedsvc.content.images import exif, rights
from feedsvc.content.images.avif import Box, boxes, item_types, top_boxes
from feedsvc.content.images.header import UPRIGHT
from feedsvc.content.images.item_locations import Extent, item_extents
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.rights import Rights

_MAX_META_SIZE: Final = 4 * 1024 * 1024  # bytes
_MAX_MOOV_SIZE: Final = 16 * 1024 * 1024
_MAX_METADATA_SIZE: Final = 16 * 1024 * 1024  # bytes
_MAX_METADATA_ITEMS: Final = 16  # items whose rights are read
_IMAGE_ITEM_TYPES: Final = frozenset({b"av01", b"grid", b"iovl", b"iden", b"tmap"})
_EXIF, _MIME = b"Exif", b"mime"
_FREE: Final = b"free"
_EMPTY_EXIF: Final = bytes(4) + b"II*\0\x08\0\0\0" + bytes(6)
_RETAINED_BOXES: Final = frozenset(
    {
        *(b"pitm", b"iloc", b"iref", b"idat", b"dinf", b"grpl", b"ipma"),  # of meta
        *(b"ispe", b"pixi", b"av1C", b"colr", b"irot", b"imir", b"clap", b"pasp", b"auxC", b"lsel", b"a1op", b"a1lx"),
        *(b"clli", b"mdcv", b"cclv", b"amve", b"rloc", b"tols"),  # properties
        *(b"mvhd", b"tkhd", b"edts", b"tref", b"mdhd", b"vmhd", b"stbl", b"nmhd"),  # of moov
    }
)
# Boxes whose inner boxes are edited -> bytes before the first inner box.
_CONTAINER_BOXES: Final[Mapping[bytes, int]] = {b"iprp": 0, b"ipco": 0, b"trak": 0, b"mdia": 0, b"minf": 0}
_TOP_LEVEL_BOXES: Final = (b"ftyp", b"meta", b"mdat", b"moov")
_MAX_DEPTH: Final = 8  # of nested boxes
_IMAGE_HANDLERS: Final = (b"pict", b"auxv")


class _Edit(NamedTuple):
    """Replacement of len(data) bytes of the file from `start` on."""

    start: int
    data: bytes


def clean(file: BinaryIO) -> tuple[Pieces, Rights]:
    """Return the pieces of the image without its metadata, and the rights that it states.

    Raises ValueError if the boxes are damaged, ambiguous or too large, so that the metadata cannot be removed safely, or if
    there are too many pieces.
    """
    top_level = top_boxes(file)
    kinds = [box.kind for box in top_level]
    if kinds.count(b"meta") != 1 or kinds.count(b"moov") > 1:
        raise ValueError("it has not one meta box")
    meta = next(box for box in top_level if box.kind == b"meta")
    items = _Items(file, meta)
    edits = [*_meta_edits(items, meta), *items.edits()]
    pixel_extents = items.pixel_extents()
    for box in top_level:
        if box.kind == b"moov":
            edits += _movie_edits(file, box)
            # The samples lie in mdat; all of it stays, because finding them would need the sample tables.
            pixel_extents += [Extent(mdat.content_start, mdat.end) for mdat in top_level if mdat.kind == b"mdat"]
    last_index = max(index for index, box in enumerate(top_level) if box.kind in _TOP_LEVEL_BOXES)
    writer = _Writer(edits)
    for box in top_level[: last_index + 1]:
        writer.add(box, pixel_extents)
    return writer.pieces, items.rights


class _Writer:
    """Writer that adds boxes, in the order of the file, to `pieces`, with the edits of their bytes applied."""

    def __init__(self, edits: list[_Edit]) -> None:
        self.pieces = Pieces()
        self._edits = sorted(set(edits))
        self._next = 0

    def add(self, box: Box, pixel_extents: list[Extent]) -> None:
        """Add a top-level box. In mdat, bytes outside `pixel_extents` become zeros. An unknown box becomes a free box of zeros.

        Raises ValueError if edits overlap each other or an end of `pixel_extents`.
        """
        if box.kind not in _TOP_LEVEL_BOXES:
            self.pieces.add_range(box.start, 4)
            self.pieces.add_bytes(_FREE)
            self.pieces.add_range(box.start + 8, box.content_start - box.start - 8)
            return self._write(box.content_start, box.end, is_retained=False)
        parts = [Extent(box.content_start, box.end)] if box.kind != b"mdat" else _extents_within(pixel_extents, box)
        offset = box.start
        for part in (Extent(box.start, box.content_start), *parts):
            self._write(offset, part.start, is_retained=False)
            self._write(part.start, part.end, is_retained=True)
            offset = part.end
        return self._write(offset, box.end, is_retained=False)

    def _write(self, start: int, end: int, *, is_retained: bool) -> None:
        """Add the file's bytes from `start` to `end`, or as many zeros if not `is_retained`, with the edits there applied.

        Raises ValueError if an edit is only partly there.
        """
        add = self.pieces.add_range if is_retained else self._zeros
        while self._next < len(self._edits) and self._edits[self._next].start < end:
            edit = self._edits[self._next]
            if edit.start < start or edit.start + len(edit.data) > end:
                raise ValueError("its parts overlap")
            add(start, edit.start - start)
            self.pieces.add_bytes(edit.data)
            start, self._next = edit.start + len(edit.data), self._next + 1
        add(start, end - start)

    def _zeros(self, _: int, length: int) -> None:
        self.pieces.add_zeros(length)


def _extents_within(extents: list[Extent], box: Box) -> list[Extent]:
    """Return the parts of `extents` that lie in a box's content, sorted; what lies in several is only in the first."""
    result: list[Extent] = []
    for extent in sorted(extents):
        part = Extent(max(extent.start, result[-1].end if result else box.content_start), min(extent.end, box.end))
        if part.start < part.end:
            result.append(part)
    return result


def _has_overlap(extents: list[Extent], others: list[Extent]) -> bool:
    """Return whether one of `extents` overlaps one of `others`."""
    ends = {True: 0, False: 0}
    for start, end, is_other in sorted([*((*extent, False) for extent in extents), *((*extent, True) for extent in others)]):
        if start < end and start < ends[not is_other]:
            return True
        ends[is_other] = max(ends[is_other], end)
    return False


class _Items:
    """Items of an image: their types and extents, and the rights that the items with metadata state.

    The constructor raises ValueError if the meta box is damaged, if it or the metadata is too large, or if metadata overlaps
    pixels.
    """

    def __init__(self, file: BinaryIO, meta: Box) -> None:
        if meta.end - meta.content_start > _MAX_META_SIZE:
            raise ValueError("its meta box is too large")
        file.seek(meta.content_start)
        self.data = file.read(meta.end - meta.content_start)
        self.boxes = list(boxes(self.data, 4, meta.content_start))
        start = meta.content_start
        contents = {box.kind: self.data[box.content_start - start : box.end - start] for box in self.boxes}
        idat = next((Extent(box.content_start, box.end) for box in self.boxes if box.kind == b"idat"), Extent(0, 0))
        self._item_types = dict(item_types(contents.get(b"iinf", b"")))
        self._extents = item_extents(contents.get(b"iloc", b""), idat, file.seek(0, 2))
        self._metadata = [
            (kind, self._extents.get(item, [])) for item, kind in self._item_types.items() if kind in (_EXIF, _MIME)
        ]
        if sum(extent.end - extent.start for _, extents in self._metadata for extent in extents) > _MAX_METADATA_SIZE:
            raise ValueError("its metadata are too large")
        self._exif_rights, xmp_rights = Rights(), Rights()
        for kind, extents in self._metadata[:_MAX_METADATA_ITEMS]:
            data = b"".join(_read(file, extent) for extent in extents)
            if kind == _EXIF:
                self._exif_rights |= exif.rights_of(data[4 + int.from_bytes(data[:4]) :])
            else:
                xmp_rights |= rights.from_xmp(data)
        self.rights = xmp_rights | self._exif_rights
        if _has_overlap(self.pixel_extents(), [extent for _, extents in self._metadata for extent in extents]):
            raise ValueError("metadata lies in its pixels")

    def pixel_extents(self) -> list[Extent]:
        """Return the extents of all items with pixels, in the order of the items."""
        return [
            extent
            for item, extents in self._extents.items()
            if self._item_types.get(item) in _IMAGE_ITEM_TYPES
            for extent in extents
        ]

    def edits(self) -> Iterator[_Edit]:
        """Yield edits that replace each metadata item: EXIF by the rights that EXIF states, another item by all rights, as XMP.

        An item is replaced by empty metadata if there are no such rights, or if its first extent is too short for them.
        """
        for kind, extents in self._metadata:
            for index, extent in enumerate(extents):
                length = extent.end - extent.start
                yield _Edit(extent.start, self._replacement(kind, length) if not index else bytes(length))

    def _replacement(self, kind: bytes, length: int) -> bytes:
        packet = bytes(4) + exif.minimal_exif(UPRIGHT, self._exif_rights) if self._exif_rights else _EMPTY_EXIF
        filler = b"\0"
        if kind == _MIME:
            packet, filler = rights.to_xmp(self.rights), b" "
        if len(packet) > length:
            packet = _EMPTY_EXIF[:length] if kind == _EXIF else b""
        return packet.ljust(length, filler)


def _read(file: BinaryIO, extent: Extent) -> bytes:
    file.seek(extent.start)
    return file.read(min(extent.end - extent.start, rights.MAX_XMP_SIZE))


def _meta_edits(items: _Items, meta: Box) -> Iterator[_Edit]:
    start = meta.content_start
    for box in items.boxes:
        data = items.data[box.content_start - start : box.end - start]
        if box.kind == b"idat":
            yield from _idat_edits(items, box)
        elif box.kind == b"iinf":
            yield from _name_edits(box, data)
        elif box.kind == b"hdlr":
            yield from _handler_edits(box, data)
        else:
            yield from _edits(box, data)


def _idat_edits(items: _Items, box: Box) -> Iterator[_Edit]:
    """Yield edits that turn the bytes of idat outside items with pixels or metadata into zeros."""
    extents = sorted([*items.pixel_extents(), *(Extent(edit.start, edit.start + len(edit.data)) for edit in items.edits())])
    offset = box.content_start
    for start, end in _extents_within(extents, box):
        if start > offset:
            yield _Edit(offset, bytes(start - offset))
        offset = max(offset, end)
    if box.end > offset:
        yield _Edit(offset, bytes(box.end - offset))


def _name_edits(box: Box, data: bytes) -> Iterator[_Edit]:
    """Yield edits of an iinf box that overwrite names of items with spaces, and turn boxes other than infe into free boxes."""
    for entry in boxes(data, 6 if data[:1] == b"\0" else 8, box.content_start):
        content = data[entry.content_start - box.content_start : entry.end - box.content_start]
        start = 10 + (4 if content[:1] == b"\3" else 2)
        name = content[start:].partition(b"\0")[0]
        if entry.kind != b"infe":
            yield _Edit(entry.start + 4, _FREE + bytes(entry.end - entry.content_start))
        elif name:
            yield _Edit(entry.content_start + start, b" " * len(name))


def _handler_edits(box: Box, data: bytes) -> Iterator[_Edit]:
    """Yield the edit of an hdlr box that overwrites the handler's name, if any, with zeros (ISO/IEC 14496-12 section 8.4.3)."""
    if len(data) > 24:  # noqa: PLR2004 - offset of the name
        yield _Edit(box.content_start + 24, bytes(len(data) - 24))


def _edits(box: Box, data: bytes, max_depth: int = _MAX_DEPTH) -> Iterator[_Edit]:
    """Yield edits that turn unknown and too deeply nested boxes, `box` or those inside it, into free boxes of zeros.

    `data` is the content of `box`. Names of handlers inside it become zeros, too.
    """
    if box.kind in _CONTAINER_BOXES and max_depth:
        for inner in boxes(data, _CONTAINER_BOXES[box.kind], box.content_start):
            content = data[inner.content_start - box.content_start : inner.end - box.content_start]
            yield from _handler_edits(inner, content) if inner.kind == b"hdlr" else _edits(inner, content, max_depth - 1)
    elif box.kind not in _RETAINED_BOXES:
        yield _Edit(box.content_start - 4, _FREE + bytes(box.end - box.content_start))


def _movie_edits(file: BinaryIO, box: Box) -> list[_Edit]:
    """Return the edits of a moov box. Raises ValueError if it is too large, or if a track has no images.

    A track without images, such as sound, may hold any metadata.
    """
    if box.end - box.content_start > _MAX_MOOV_SIZE:
        raise ValueError("its moov box is too large")
    file.seek(box.content_start)
    data = file.read(box.end - box.content_start)
    if any(kind not in _IMAGE_HANDLERS for kind in _tracks(data)):
        raise ValueError("a track is no picture")
    edits: list[_Edit] = []
    for inner in boxes(data, 0, box.content_start):
        edits += _edits(inner, data[inner.content_start - box.content_start : inner.end - box.content_start])
    return edits


def _tracks(data: bytes, max_depth: int = _MAX_DEPTH) -> Iterator[bytes]:
    """Yield the handler type of each track, such as b"pict" for images. `data` is the content of a moov box.

    Boxes nested deeper than `max_depth` are not searched.
    """
    for box in boxes(data, 0, 0):
        content = data[box.content_start : box.end]
        if box.kind == b"hdlr":
            yield content[8:12]
        elif box.kind in _CONTAINER_BOXES and max_depth:
            yield from _tracks(content, max_depth - 1)
