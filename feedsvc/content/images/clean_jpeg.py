"""Removal of metadata from JPEG (ITU-T T.81 annex B): of applications' segments JFIF, Adobe's and the profile stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final, NamedTuple

from feedsvc.content.images import exif, rights
from feedsvc.content.images.header import UPRIGHT, exactly, unpacked
from feedsvc.content.images.jpeg import EOI, next_marker
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.rights import Rights

_EXIF: Final = exif.PREFIX
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP: Final = b"Photoshop 3.0\0"
_PROFILE: Final = b"ICC_PROFILE\0"
_JFIF: Final = b"JFIF\0"
_ADOBE: Final = b"Adobe"
_APP0, _APP1, _APP2, _APP13, _APP14 = 0xE0, 0xE1, 0xE2, 0xED, 0xEE
_LOOKED_INTO: Final = frozenset({_APP0, _APP1, _APP2, _APP13, _APP14})
_SOS: Final = 0xDA
# Frames, tables, restart intervals, scans: what the pixels are decoded with.
_DECODING: Final = frozenset((*range(0xC0, 0xD0), *range(0xDA, 0xE0)))
_MOST_SEGMENTS: Final = 10_000
_LONGEST: Final = 65_533  # bytes of a segment behind its length
_BLOCK: Final = 1024 * 1024
# A marker that ends the entropy-coded data: no byte of 0xFF in it, no restart, no fill byte (section B.1.1.2).
_END: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


class Segment(NamedTuple):
    """Segment of a JPEG: `start` is where its marker begins; `length` counts marker and length too."""

    marker: int
    start: int
    length: int


def clean(file: BinaryIO, *, is_brief: bool = False) -> tuple[Pieces, Rights]:
    """Return the picture's pieces and rights. Raises ValueError where no scan is reached; what is behind one is never refused.

    `is_brief` stops at the first scan.
    """
    segments = _before_scan(file)
    pieces, found = _head(file, segments)
    if not is_brief:
        scan = segments[-1]
        pieces.keep(scan.start, scan.length)
        _scans(file, scan.start + scan.length, pieces)
    return pieces, found


def _before_scan(file: BinaryIO) -> list[Segment]:
    """Return all segments as far as the first scan's header, which is the last of them and whole."""
    size = file.seek(0, 2)
    file.seek(2)
    found: list[Segment] = []
    while len(found) < _MOST_SEGMENTS:
        segment = _segment(file)
        if segment is None:
            raise ValueError("the picture ends before its first scan")
        if segment.start + segment.length > size:
            raise ValueError("the header is cut off")
        found.append(segment)
        if segment.marker == _SOS:
            return found
        file.seek(segment.start + segment.length)
    raise ValueError("too many segments")


def _segment(file: BinaryIO) -> Segment | None:
    """Return the next segment; None at the end of the picture. Raises ValueError where the file ends, or there is none."""
    marker = next_marker(file)
    if marker == EOI:
        return None
    start = file.tell() - 2
    (length,) = unpacked(">H", file)
    return Segment(marker, start, max(length, 2) + 2)


def _content(file: BinaryIO, segment: Segment) -> bytes:
    file.seek(segment.start + 4)
    return file.read(segment.length - 4)


@dataclass(slots=True)
class _Metadata:
    """Statements of the segments before the first scan. `has_exif` tells that there was EXIF: only the first counts."""

    jfif: bytes = b""
    turned: int = UPRIGHT
    has_exif: bool = False
    in_exif: Rights = field(default_factory=Rights)
    in_xmp: Rights = field(default_factory=Rights)
    in_iptc: Rights = field(default_factory=Rights)

    def take(self, marker: int, data: bytes) -> None:
        if marker == _APP0 and data.startswith(_JFIF):
            self.jfif = self.jfif or data[:12].ljust(12, b"\0") + b"\0\0"  # without its thumbnail
        elif marker == _APP1 and data.startswith(_EXIF) and not self.has_exif:
            self.turned, self.in_exif, self.has_exif = exif.orientation(data), exif.rights_of(data), True
        elif marker == _APP1 and data.startswith(_XMP):
            self.in_xmp |= rights.from_xmp(data[len(_XMP) :])
        elif marker == _APP13 and data.startswith(_PHOTOSHOP):
            self.in_iptc |= rights.from_photoshop(data[len(_PHOTOSHOP) :])

    @property
    def rights(self) -> Rights:
        return self.in_xmp | self.in_iptc | self.in_exif

    def segments(self) -> Iterator[bytes]:
        """Yield what stays of it, in the order in which readers expect it."""
        parts = (
            (_APP0, b"", self.jfif),
            (_APP1, _EXIF, exif.minimal(self.turned, self.in_exif)),
            (_APP1, _XMP, rights.xmp(self.rights)),
            (_APP13, _PHOTOSHOP, rights.photoshop(self.in_iptc)),
        )
        return (_written(marker, name + data) for marker, name, data in parts if data and len(name) + len(data) <= _LONGEST)


def _head(file: BinaryIO, segments: list[Segment]) -> tuple[Pieces, Rights]:
    """Return what is sent before the first scan."""
    stated, rest = _Metadata(), Pieces()
    for segment in segments[:-1]:
        data = _content(file, segment) if segment.marker in _LOOKED_INTO else b""
        if segment.marker in _DECODING or data.startswith(_PROFILE):
            rest.keep(segment.start, segment.length)
        elif segment.marker == _APP14 and data.startswith(_ADOBE):
            rest.add(_written(_APP14, data[:12]))
        else:
            stated.take(segment.marker, data)
    pieces = Pieces()
    pieces.add(b"".join((b"\xff\xd8", *stated.segments())))
    pieces.all += rest.all
    return pieces, stated.rights


def _written(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(data) + 2).to_bytes(2) + data


def _scans(file: BinaryIO, start: int, pieces: Pieces) -> None:
    """Add the entropy-coded data from `start`, further scans and their tables, as far as the end of the picture or file."""
    is_scan, size = True, file.seek(0, 2)
    try:
        while True:
            end = _scan_end(file, start)
            pieces.keep(start, end - start if is_scan else 0)
            file.seek(end)
            marker = exactly(file, 2)[1]
            if marker == EOI:
                return pieces.keep(end, 2)
            if marker not in _DECODING and not _APP0 <= marker <= 0xFE:  # noqa: PLR2004 - applications' and comments
                return None
            (length,) = unpacked(">H", file)
            start, is_scan = min(end + 2 + max(length, 2), size), marker == _SOS
            if marker in _DECODING:
                pieces.keep(end, start - end)
    except ValueError:  # it is cut off: decoders show what there is
        return None


def _scan_end(file: BinaryIO, start: int) -> int:
    """Return where the next marker begins; the end of the file if there is none."""
    file.seek(start)
    at, kept = start, b""
    while block := file.read(_BLOCK):
        data = kept + block
        if found := _END.search(data):
            return at - len(kept) + found.start()
        at += len(block)
        kept = b"\xff" if data.endswith(b"\xff") else b""
    return at
