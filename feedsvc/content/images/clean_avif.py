"""Removal of metadata from AVIF (ISO/IEC 14496-12 and 23008-12): what no picture is made of becomes zeros, and nothing moves.

Items lie at places that are counted from the beginning of the file, so that it keeps its length. Items of EXIF and XMP stay,
with rights alone in them: a reader that finds an item which is no EXIF refuses the whole picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final, NamedTuple

from feedsvc.content.images import exif, rights
from feedsvc.content.images.avif import Box, boxes, item_types, top_boxes
from feedsvc.content.images.header import UPRIGHT
from feedsvc.content.images.item_places import Extent, extents
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.rights import Rights

_MOST_META: Final = 4 * 1024 * 1024  # bytes
_MOST_MOOV: Final = 16 * 1024 * 1024
_MOST_METADATA: Final = 16 * 1024 * 1024  # bytes
_MOST_ITEMS: Final = 16  # of metadata whose rights are read
_PICTURES: Final = frozenset({b"av01", b"grid", b"iovl", b"iden", b"tmap"})
_EXIF, _MIME = b"Exif", b"mime"
_FREE: Final = b"free"
_EMPTY_EXIF: Final = bytes(4) + b"II*\0\x08\0\0\0" + bytes(6)
_KEPT: Final = frozenset(
    {
        *(b"pitm", b"iloc", b"iref", b"idat", b"dinf", b"grpl", b"ipma"),  # of meta
        *(b"ispe", b"pixi", b"av1C", b"colr", b"irot", b"imir", b"clap", b"pasp", b"auxC", b"lsel", b"a1op", b"a1lx"),
        *(b"clli", b"mdcv", b"cclv", b"amve", b"rloc", b"tols"),  # properties
        *(b"mvhd", b"tkhd", b"edts", b"tref", b"mdhd", b"vmhd", b"stbl", b"nmhd"),  # of moov
    }
)
# Boxes that are looked into -> the bytes before the first box in them.
_INSIDE: Final[Mapping[bytes, int]] = {b"iprp": 0, b"ipco": 0, b"trak": 0, b"mdia": 0, b"minf": 0}
_SHOWN: Final = (b"ftyp", b"meta", b"mdat", b"moov")  # boxes at the top
_DEEPEST: Final = 8  # boxes in one another
_TRACKS: Final = (b"pict", b"auxv")


class _Edit(NamedTuple):
    """Replacement of as many bytes of the file."""

    start: int
    data: bytes


def clean(file: BinaryIO) -> tuple[Pieces, Rights]:
    """Return the picture's pieces and rights. Raises ValueError where its boxes cannot be told apart."""
    top = top_boxes(file)
    kinds = [box.kind for box in top]
    if kinds.count(b"meta") != 1 or kinds.count(b"moov") > 1:
        raise ValueError("it has not one meta box")
    meta = next(box for box in top if box.kind == b"meta")
    items = _Items(file, meta)
    edits = [*_meta_edits(items, meta), *items.edits()]
    kept = items.kept()
    for box in top:
        if box.kind == b"moov":
            edits += _movie_edits(file, box)
            # Its samples lie in mdat, and which is which takes more tables.
            kept += [Extent(one.begin, one.end) for one in top if one.kind == b"mdat"]
    shown = max(index for index, box in enumerate(top) if box.kind in _SHOWN)
    writer = _Writer(edits)
    for box in top[: shown + 1]:
        writer.add(box, kept)
    return writer.pieces, items.rights


class _Writer:
    """Adds boxes in their order, with edits in the place of what they replace."""

    def __init__(self, edits: list[_Edit]) -> None:
        self.pieces = Pieces()
        self._edits = sorted(set(edits))
        self._next = 0

    def add(self, box: Box, kept: list[Extent]) -> None:
        """Add a box: of mdat only what is kept, of an unknown box zeros. Raises ValueError where edits overlap."""
        if box.kind not in _SHOWN:
            self.pieces.keep(box.start, 4)
            self.pieces.add(_FREE)
            self.pieces.keep(box.start + 8, box.begin - box.start - 8)
            return self._write(box.begin, box.end, is_kept=False)
        own = [Extent(box.begin, box.end)] if box.kind != b"mdat" else _within(kept, box)
        at = box.start
        for part in (Extent(box.start, box.begin), *own):
            self._write(at, part.start, is_kept=False)
            self._write(part.start, part.end, is_kept=True)
            at = part.end
        return self._write(at, box.end, is_kept=False)

    def _write(self, start: int, end: int, *, is_kept: bool) -> None:
        """Add the file's own bytes, or zeros, but for edits."""
        add = self.pieces.keep if is_kept else self._zeros
        while self._next < len(self._edits) and self._edits[self._next].start < end:
            edit = self._edits[self._next]
            if edit.start < start or edit.start + len(edit.data) > end:
                raise ValueError("its parts overlap")
            add(start, edit.start - start)
            self.pieces.add(edit.data)
            start, self._next = edit.start + len(edit.data), self._next + 1
        add(start, end - start)

    def _zeros(self, _: int, length: int) -> None:
        self.pieces.zeros(length)


def _within(kept: list[Extent], box: Box) -> list[Extent]:
    """Return what is kept of a box, in order and without overlaps."""
    found: list[Extent] = []
    for one in sorted(kept):
        part = Extent(max(one.start, found[-1].end if found else box.begin), min(one.end, box.end))
        if part.start < part.end:
            found.append(part)
    return found


def _overlap(some: list[Extent], others: list[Extent]) -> bool:
    """Return whether any of some overlaps any of the others."""
    ends = {True: 0, False: 0}
    for start, end, is_other in sorted([*((*one, False) for one in some), *((*one, True) for one in others)]):
        if start < end and start < ends[not is_other]:
            return True
        ends[is_other] = max(ends[is_other], end)
    return False


class _Items:
    """The items of a picture, where they lie, and the rights that those with metadata state."""

    def __init__(self, file: BinaryIO, meta: Box) -> None:
        if meta.end - meta.begin > _MOST_META:
            raise ValueError("its meta box is too large")
        file.seek(meta.begin)
        self.data = file.read(meta.end - meta.begin)
        self.boxes = list(boxes(self.data, 4, meta.begin))
        parts = {box.kind: self.data[box.begin - meta.begin : box.end - meta.begin] for box in self.boxes}
        inside = next((Extent(box.begin, box.end) for box in self.boxes if box.kind == b"idat"), Extent(0, 0))
        self._kinds = dict(item_types(parts.get(b"iinf", b"")))
        self._places = extents(parts.get(b"iloc", b""), inside, file.seek(0, 2))
        self._metadata = [(kind, self._places.get(item, [])) for item, kind in self._kinds.items() if kind in (_EXIF, _MIME)]
        if sum(one.end - one.start for _, places in self._metadata for one in places) > _MOST_METADATA:
            raise ValueError("its metadata are too large")
        self._exif, stated = Rights(), Rights()
        for kind, places in self._metadata[:_MOST_ITEMS]:
            data = b"".join(_read(file, one) for one in places)
            if kind == _EXIF:
                self._exif |= exif.rights_of(data[4 + int.from_bytes(data[:4]) :])
            else:
                stated |= rights.from_xmp(data)
        self.rights = stated | self._exif
        if _overlap(self.kept(), [one for _, places in self._metadata for one in places]):
            raise ValueError("metadata lies in its pixels")

    def kept(self) -> list[Extent]:
        """Return where the pixels lie."""
        return [one for item, places in self._places.items() if self._kinds.get(item) in _PICTURES for one in places]

    def edits(self) -> Iterator[_Edit]:
        """Yield what takes the place of metadata: rights, if they have room, else what says nothing."""
        for kind, places in self._metadata:
            for index, one in enumerate(places):
                yield _Edit(one.start, self._stated(kind, one.end - one.start) if not index else bytes(one.end - one.start))

    def _stated(self, kind: bytes, room: int) -> bytes:
        packet = bytes(4) + exif.minimal(UPRIGHT, self._exif) if self._exif else _EMPTY_EXIF
        filler = b"\0"
        if kind == _MIME:
            packet, filler = rights.xmp(self.rights), b" "
        if len(packet) > room:
            packet = _EMPTY_EXIF[:room] if kind == _EXIF else b""
        return packet.ljust(room, filler)


def _read(file: BinaryIO, place: Extent) -> bytes:
    file.seek(place.start)
    return file.read(min(place.end - place.start, rights.MOST_XMP))


def _meta_edits(items: _Items, meta: Box) -> Iterator[_Edit]:
    at = meta.begin
    for box in items.boxes:
        data = items.data[box.begin - at : box.end - at]
        if box.kind == b"idat":
            yield from _idat_edits(items, box)
        elif box.kind == b"iinf":
            yield from _names(box, data)
        elif box.kind == b"hdlr":
            yield from _handler(box, data)
        else:
            yield from _edits(box, data)


def _idat_edits(items: _Items, box: Box) -> Iterator[_Edit]:
    """Yield zeros for what no item is made of; items of metadata have edits of their own."""
    taken = sorted([*items.kept(), *(Extent(edit.start, edit.start + len(edit.data)) for edit in items.edits())])
    at = box.begin
    for start, end in _within(taken, box):
        if start > at:
            yield _Edit(at, bytes(start - at))
        at = max(at, end)
    if box.end > at:
        yield _Edit(at, bytes(box.end - at))


def _names(box: Box, data: bytes) -> Iterator[_Edit]:
    """Yield as many spaces for the names of items."""
    for entry in boxes(data, 6 if data[:1] == b"\0" else 8, box.begin):
        own = data[entry.begin - box.begin : entry.end - box.begin]
        start = 10 + (4 if own[:1] == b"\3" else 2)
        name = own[start:].partition(b"\0")[0]
        if entry.kind != b"infe":
            yield _Edit(entry.start + 4, _FREE + bytes(entry.end - entry.begin))
        elif name:
            yield _Edit(entry.begin + start, b" " * len(name))


def _handler(box: Box, data: bytes) -> Iterator[_Edit]:
    """Yield zeros for the name of a handler (ISO/IEC 14496-12 section 8.4.3)."""
    if len(data) > 24:  # noqa: PLR2004 - where the name begins
        yield _Edit(box.begin + 24, bytes(len(data) - 24))


def _edits(box: Box, data: bytes, left: int = _DEEPEST) -> Iterator[_Edit]:
    """Make free boxes, with zeros in them, of those that are not known or lie too deep."""
    if box.kind in _INSIDE and left:
        for inner in boxes(data, _INSIDE[box.kind], box.begin):
            own = data[inner.begin - box.begin : inner.end - box.begin]
            yield from _handler(inner, own) if inner.kind == b"hdlr" else _edits(inner, own, left - 1)
    elif box.kind not in _KEPT:
        yield _Edit(box.begin - 4, _FREE + bytes(box.end - box.begin))


def _movie_edits(file: BinaryIO, box: Box) -> list[_Edit]:
    """Return the edits of a moov box. Raises ValueError for a track that is no picture: what it says could not be told."""
    if box.end - box.begin > _MOST_MOOV:
        raise ValueError("its moov box is too large")
    file.seek(box.begin)
    data = file.read(box.end - box.begin)
    if any(kind not in _TRACKS for kind in _tracks(data)):
        raise ValueError("a track is no picture")
    found: list[_Edit] = []
    for inner in boxes(data, 0, box.begin):
        found += _edits(inner, data[inner.begin - box.begin : inner.end - box.begin])
    return found


def _tracks(data: bytes, left: int = _DEEPEST) -> Iterator[bytes]:
    """Yield the type of each track's handler."""
    for box in boxes(data, 0, 0):
        own = data[box.begin : box.end]
        if box.kind == b"hdlr":
            yield own[8:12]
        elif box.kind in _INSIDE and left:
            yield from _tracks(own, left - 1)
