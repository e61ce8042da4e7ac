"""JPEG headers (ITU-T T.81 annex B)."""

from __future__ import annotations

from typing import BinaryIO, Final

from feedsvc.content.images import exif
from feedsvc.content.images.header import METADATA_MEMORY_FACTOR, UPRIGHT, ImageHeader, read_exactly, read_struct

MEDIA_TYPE: Final = "image/jpeg"
SIGNATURE: Final = b"\xff\xd8\xff"

EOI: Final = 0xD9
_APP1, _SOS = 0xE1, 0xDA
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
_MAX_SEGMENTS: Final = 10_000


def read(file: BinaryIO) -> ImageHeader:
    """Read the header from the segments before the first scan.

    Raises ValueError if the segments are damaged or no browser shows this kind of JPEG.
    """
    file.seek(2)
    frame: tuple[int, bytes] | None = None
    orientation, metadata_size = UPRIGHT, 0
    for _ in range(_MAX_SEGMENTS):
        marker, length = _segment(file)
        metadata_size += length if marker in _METADATA_MARKERS else 0
        if marker in _OTHER_FRAMES:
            raise ValueError("no kind of JPEG that browsers show")
        if marker in _FRAMES:
            frame = marker, read_exactly(file, length)
        elif marker == _APP1:
            data = read_exactly(file, length)
            orientation = exif.orientation(data) if orientation == UPRIGHT and data.startswith(exif.PREFIX) else orientation
        elif marker == _SOS:
            return _header(frame, orientation, read_exactly(file, 1)[0], metadata_size)
        else:
            file.seek(length, 1)
    raise ValueError("no scan")


def _segment(file: BinaryIO) -> tuple[int, int]:
    """Return the second byte of the next marker that has a segment, and the size of the segment's data in bytes.

    `file` is then at the segment's data. Raises ValueError if the image or the file ends.
    """
    marker = next_marker(file)
    if marker == EOI:
        raise ValueError("the picture ends before its first scan")
    (length,) = read_struct(">H", file)
    return marker, max(length - 2, 0)


def next_marker(file: BinaryIO) -> int:
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
