"""Removal of metadata from JPEG (ITU-T T.81 annex B). Of its application segments, JFIF, Adobe and ICC profile stay.

Orientation and rights are written anew, in segments of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final, NamedTuple

from feedsvc.content.images import exif, rights
from feedsvc.content.images.header import UPRIGHT, read_exactly, read_struct
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
_INSPECTED_MARKERS: Final = frozenset({_APP0, _APP1, _APP2, _APP13, _APP14})
_SOS: Final = 0xDA
# Frames, tables, restart intervals and scans, which decoders need.
_DECODER_MARKERS: Final = frozenset((*range(0xC0, 0xD0), *range(0xDA, 0xE0)))
_MAX_SEGMENTS: Final = 10_000
_MAX_SEGMENT_SIZE: Final = 65_533  # bytes of a segment's data
_BLOCK_SIZE: Final = 1024 * 1024
# A marker that ends entropy-coded data: no stuffed 0xFF, no restart marker, no fill byte (section B.1.1.2).
_SCAN_END: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


class JpegSegment(NamedTuple):
    """Segment of a JPEG: `start` is the offset of its marker; `length` in bytes includes the marker and the length field."""

    marker: int
    start: int
    length: int


def clean(file: BinaryIO, *, is_header_only: bool = False) -> tuple[Pieces, Rights]:
    """Return the pieces of the image without its metadata, and the rights that it states.

    Raises ValueError if there is no scan or the segments before the first scan are damaged. If the file is damaged after the
    header of the first scan, the pieces end before the damage. With `is_header_only`, they end before that header.
    """
    segments = _segments_before_scan(file)
    pieces, image_rights = _clean_header(file, segments)
    if not is_header_only:
        scan = segments[-1]
        pieces.add_range(scan.start, scan.length)
        _add_scans(file, scan.start + scan.length, pieces)
    return pieces, image_rights


def _segments_before_scan(file: BinaryIO) -> list[JpegSegment]:
    """Return all segments up to and including the header of the first scan.

    Raises ValueError if one is damaged or missing, or if there are more than _MAX_SEGMENTS.
    """
    size = file.seek(0, 2)
    file.seek(2)
    segments: list[JpegSegment] = []
    while len(segments) < _MAX_SEGMENTS:
        segment = _segment(file)
        if segment is None:
            raise ValueError("the picture ends before its first scan")
        if segment.start + segment.length > size:
            raise ValueError("the header is cut off")
        segments.append(segment)
        if segment.marker == _SOS:
            return segments
        file.seek(segment.start + segment.length)
    raise ValueError("too many segments")


def _segment(file: BinaryIO) -> JpegSegment | None:
    """Return the next segment; None if the marker EOI follows. Raises ValueError if the file ends or no marker follows."""
    marker = next_marker(file)
    if marker == EOI:
        return None
    start = file.tell() - 2
    (length,) = read_struct(">H", file)
    return JpegSegment(marker, start, max(length, 2) + 2)


def _segment_data(file: BinaryIO, segment: JpegSegment) -> bytes:
    file.seek(segment.start + 4)
    return file.read(segment.length - 4)


@dataclass(slots=True)
class _Metadata:
    """Metadata of the segments before the first scan that stays in the image. Of several EXIF segments, only the first counts.

    `jfif` is the data of a new JFIF segment without a thumbnail, b"" if the image has none.
    """

    jfif: bytes = b""
    orientation: int = UPRIGHT
    has_exif: bool = False
    exif_rights: Rights = field(default_factory=Rights)
    xmp_rights: Rights = field(default_factory=Rights)
    iptc_rights: Rights = field(default_factory=Rights)

    def add_segment(self, marker: int, data: bytes) -> None:
        """Add the JFIF data, orientation or rights in a segment with this data; ignore segments of other kinds."""
        if marker == _APP0 and data.startswith(_JFIF):
            self.jfif = self.jfif or data[:12].ljust(12, b"\0") + b"\0\0"  # without its thumbnail
        elif marker == _APP1 and data.startswith(_EXIF) and not self.has_exif:
            self.orientation, self.exif_rights, self.has_exif = exif.orientation(data), exif.rights_of(data), True
        elif marker == _APP1 and data.startswith(_XMP):
            self.xmp_rights |= rights.from_xmp(data[len(_XMP) :])
        elif marker == _APP13 and data.startswith(_PHOTOSHOP):
            self.iptc_rights |= rights.from_photoshop(data[len(_PHOTOSHOP) :])

    @property
    def rights(self) -> Rights:
        """Rights of all formats; in each field, XMP takes precedence over IPTC, IPTC over EXIF."""
        return self.xmp_rights | self.iptc_rights | self.exif_rights

    def segments(self) -> Iterator[bytes]:
        """Yield new segments with the metadata, in the order that readers expect. One that would be too large is left out."""
        parts = (
            (_APP0, b"", self.jfif),
            (_APP1, _EXIF, exif.minimal_exif(self.orientation, self.exif_rights)),
            (_APP1, _XMP, rights.to_xmp(self.rights)),
            (_APP13, _PHOTOSHOP, rights.to_photoshop(self.iptc_rights)),
        )
        return (
            _encode_segment(marker, name + data)
            for marker, name, data in parts
            if data and len(name) + len(data) <= _MAX_SEGMENT_SIZE
        )


def _clean_header(file: BinaryIO, segments: list[JpegSegment]) -> tuple[Pieces, Rights]:
    """Return the pieces of the clean image before the first scan header, and the rights. The last segment is that header."""
    metadata, rest = _Metadata(), Pieces()
    for segment in segments[:-1]:
        data = _segment_data(file, segment) if segment.marker in _INSPECTED_MARKERS else b""
        if segment.marker in _DECODER_MARKERS or data.startswith(_PROFILE):
            rest.add_range(segment.start, segment.length)
        elif segment.marker == _APP14 and data.startswith(_ADOBE):
            rest.add_bytes(_encode_segment(_APP14, data[:12]))
        else:
            metadata.add_segment(segment.marker, data)
    pieces = Pieces()
    pieces.add_bytes(b"".join((b"\xff\xd8", *metadata.segments())))
    pieces.items += rest.items
    return pieces, metadata.rights


def _encode_segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(data) + 2).to_bytes(2) + data


def _add_scans(file: BinaryIO, start: int, pieces: Pieces) -> None:
    """Add the entropy-coded data from `start`, and further scans with their tables, up to EOI, damage or the file's end.

    Metadata between scans is left out. At the maximum number of pieces, the rest is left out, too.
    """
    is_scan, size = True, file.seek(0, 2)
    try:
        while True:
            end = _scan_end(file, start)
            pieces.add_range(start, end - start if is_scan else 0)
            file.seek(end)
            marker = read_exactly(file, 2)[1]
            if marker == EOI:
                return pieces.add_range(end, 2)
            if marker not in _DECODER_MARKERS and not _APP0 <= marker <= 0xFE:  # noqa: PLR2004 - APPn and comments
                return None
            (length,) = read_struct(">H", file)
            start, is_scan = min(end + 2 + max(length, 2), size), marker == _SOS
            if marker in _DECODER_MARKERS:
                pieces.add_range(end, start - end)
    except ValueError:  # cut off: decoders show the part before
        return None


def _scan_end(file: BinaryIO, start: int) -> int:
    """Return the offset of the first marker from `start` on that ends a scan; the file's length if there is none."""
    file.seek(start)
    offset, tail = start, b""
    while block := file.read(_BLOCK_SIZE):
        data = tail + block
        if match := _SCAN_END.search(data):
            return offset - len(tail) + match.start()
        offset += len(block)
        tail = b"\xff" if data.endswith(b"\xff") else b""
    return offset
