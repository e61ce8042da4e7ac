"""JPEG (ITU-T T.81 annex B): its header, and removal of metadata. Of its application segments, JFIF, Adobe and ICC profile stay.

Orientation and rights are written anew, in segments of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final, NamedTuple

from feedsvc.content.images import exif, rights
from feedsvc.content.images.header import METADATA_MEMORY_FACTOR, UPRIGHT, ImageHeader, read_exactly, read_struct
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.rights import Rights

MEDIA_TYPE: Final = "image/jpeg"
SIGNATURE: Final = b"\xff\xd8\xff"

_EOI: Final = 0xD9
_METADATA_MARKERS: Final = frozenset((*range(0xE0, 0xF0), 0xFE))  # application segments and comments
_STANDALONE_MARKERS: Final = frozenset((0x01, *range(0xD0, 0xD9)))  # no length or data follows
_NO_MARKERS: Final = _STANDALONE_MARKERS | {0x00, 0xFF}
_MAX_SKIPPED: Final = 64 * 1024  # bytes
# Baseline, extended and progressive frames with Huffman codes, which decoders and browsers read.
_FRAMES: Final = frozenset((0xC0, 0xC1, 0xC2))
_OTHER_FRAMES: Final = frozenset(range(0xC3, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE: Final = 0xC2
_COMPONENTS: Final = (1, 3, 4)
_COEFFICIENT_SIZE: Final = 2  # bytes
_BITS: Final = 8
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


class _Segment(NamedTuple):
    """Segment of a JPEG: `start` is the offset of its marker; `length` in bytes includes the marker and the length field."""

    marker: int
    start: int
    length: int


def read(file: BinaryIO) -> ImageHeader:
    """Read the header from the segments before the first scan.

    Raises ValueError if the segments are damaged or no browser shows this kind of JPEG.
    """
    frame: tuple[int, bytes] | None = None
    orientation, metadata_size, segments = UPRIGHT, 0, _segments_before_scan(file)
    for segment in segments:
        metadata_size += segment.length - 4 if segment.marker in _METADATA_MARKERS else 0
        if segment.marker in _OTHER_FRAMES:
            raise ValueError("no kind of JPEG that browsers show")
        if segment.marker in _FRAMES:
            frame = segment.marker, _segment_data(file, segment)
        elif segment.marker == _APP1 and orientation == UPRIGHT and (data := _segment_data(file, segment)).startswith(_EXIF):
            orientation = exif.orientation(data)
    file.seek(segments[-1].start + 4)
    return _header(frame, orientation, read_exactly(file, 1)[0], metadata_size)


def _next_marker(file: BinaryIO) -> int:
    """Return the second byte of the next marker with a segment, or EOI at the end of the image; `file` is then after it.

    Like decoders, skip fill bytes (section B.1.1.2) and other bytes between segments. Raises ValueError if the file ends, or
    after _MAX_SKIPPED bytes.
    """
    previous = 0
    for _ in range(_MAX_SKIPPED):
        byte = read_exactly(file, 1)[0]
        if previous == 0xFF and byte not in _NO_MARKERS:  # noqa: PLR2004
            return byte
        previous = byte
    raise ValueError("no segment follows another")


def _header(frame: tuple[int, bytes] | None, orientation: int, scan_components: int, metadata_size: int) -> ImageHeader:
    """Build the header from `frame`, the marker and data of the frame segment. Raises ValueError if it is missing or invalid.

    `scan_components` is the number of components in the first scan, `metadata_size` the size of all metadata in bytes.
    """
    marker, data = frame or (0, b"")
    if len(data) < 6 or len(data) < 6 + 3 * data[5]:  # noqa: PLR2004 - T.81 section B.2.2
        raise ValueError("no frame header")
    bits, height, width, count = data[0], int.from_bytes(data[1:3]), int.from_bytes(data[3:5]), data[5]
    if bits != _BITS or count not in _COMPONENTS:
        raise ValueError("no JPEG of eight bits with one, three or four components")
    factors = [(byte >> 4, byte & 15) for byte in data[7 : 7 + 3 * count : 3]]
    if not all(horizontal and vertical for horizontal, vertical in factors):
        raise ValueError("no sampling factors")
    # A decoder holds all coefficients if the image has several scans.
    is_buffered = marker == _PROGRESSIVE or scan_components < count
    return ImageHeader(
        media_type=MEDIA_TYPE,
        width=width,
        height=height,
        orientation=orientation,
        decoder_memory=(_coefficients(width, height, factors) * _COEFFICIENT_SIZE if is_buffered else 0)
        + METADATA_MEMORY_FACTOR * metadata_size,
    )


def _coefficients(width: int, height: int, factors: list[tuple[int, int]]) -> int:
    max_horizontal, max_vertical = max(horizontal for horizontal, _ in factors), max(vertical for _, vertical in factors)
    return sum(width * height * horizontal * vertical // (max_horizontal * max_vertical) for horizontal, vertical in factors)


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


def _segments_before_scan(file: BinaryIO) -> list[_Segment]:
    """Return all segments up to and including the header of the first scan.

    Raises ValueError if one is damaged or missing, or if there are more than _MAX_SEGMENTS.
    """
    size = file.seek(0, 2)
    file.seek(2)
    segments: list[_Segment] = []
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


def _segment(file: BinaryIO) -> _Segment | None:
    """Return the next segment; None if the marker EOI follows. Raises ValueError if the file ends or no marker follows."""
    marker = _next_marker(file)
    if marker == _EOI:
        return None
    start = file.tell() - 2
    (length,) = read_struct(">H", file)
    return _Segment(marker, start, max(length, 2) + 2)


def _segment_data(file: BinaryIO, segment: _Segment) -> bytes:
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


def _clean_header(file: BinaryIO, segments: list[_Segment]) -> tuple[Pieces, Rights]:
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
            if marker == _EOI:
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
