"""WebP headers (RFC 9649 and RFC 6386 section 9.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from feedsvc.content.images import exif
from feedsvc.content.images.header import METADATA_MEMORY_FACTOR, UPRIGHT, ImageHeader, read_exactly

MEDIA_TYPE: Final = "image/webp"

_ANIMATION, _XMP, _EXIF, _ALPHA = 0x02, 0x04, 0x08, 0x10  # flags of VP8X
_METADATA_CHUNKS: Final = (b"ICCP", b"EXIF", b"XMP ")
_SIZE_MASK: Final = 0x3FFF  # 14 bits
_LOSSLESS_BYTES_PER_PIXEL: Final = 4  # held by the decoder
_ALPHA_BYTES_PER_PIXEL: Final = 1  # held for the alpha channel of a lossy image
_MAX_CHUNKS: Final = 10_000


def is_webp(start: bytes) -> bool:
    return start[:4] == b"RIFF" and start[8:12] == b"WEBP"


def read(file: BinaryIO) -> ImageHeader:
    """Read the header from the chunks, but no pixels.

    Raises ValueError if a chunk is damaged, or if a file without animation has a canvas (VP8X chunk) but no image of that size.
    Width and height are 0 if the file has neither canvas nor image.
    """
    file.seek(12)
    flags, orientation, canvas, metadata_size = 0, UPRIGHT, (0, 0), 0
    frame = (0, 0, 0)  # width, height, and bytes per pixel that the decoder holds
    for kind, length in _chunks(file):
        metadata_size += length if kind in _METADATA_CHUNKS else 0
        if kind == b"VP8X":
            data = read_exactly(file, 10)
            flags, canvas = data[0], (int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1)
        elif kind in _SIZE_READERS and not any(frame):
            frame = _SIZE_READERS[kind](read_exactly(file, 10))
        elif kind == b"EXIF":
            orientation = exif.orientation(read_exactly(file, min(length, exif.MAX_EXIF_SIZE)))
        if any(frame) and not flags & (_EXIF | _XMP):
            break
    is_still = not flags & _ANIMATION
    width, height = canvas if any(canvas) else frame[:2]
    if is_still and frame[:2] != (width, height):
        raise ValueError("no picture, or one of another size than its canvas")
    bytes_per_pixel = max(frame[2], _ALPHA_BYTES_PER_PIXEL if flags & _ALPHA else 0)
    return ImageHeader(
        media_type=MEDIA_TYPE,
        width=width,
        height=height,
        orientation=orientation,
        decoder_memory=bytes_per_pixel * width * height + METADATA_MEMORY_FACTOR * metadata_size,
        is_still=is_still,
    )


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield type and data length in bytes of each chunk, while `file` is at the chunk's data, which the caller may read."""
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:  # noqa: PLR2004 - four letters and a length
            return
        length, start = int.from_bytes(head[4:], "little"), file.tell()
        yield head[:4], length
        file.seek(start + length + length % 2)


def _lossy_size(data: bytes) -> tuple[int, int, int]:
    if data[0] & 1 or data[3:6] != b"\x9d\x01\x2a":
        raise ValueError("no key frame")
    return int.from_bytes(data[6:8], "little") & _SIZE_MASK, int.from_bytes(data[8:10], "little") & _SIZE_MASK, 0


def _lossless_size(data: bytes) -> tuple[int, int, int]:
    bits = int.from_bytes(data[1:5], "little")
    if data[0] != 0x2F:  # noqa: PLR2004 - RFC 9649 section 3.4
        raise ValueError("no lossless picture")
    return (bits & _SIZE_MASK) + 1, (bits >> 14 & _SIZE_MASK) + 1, _LOSSLESS_BYTES_PER_PIXEL


# Chunk type -> function from its first 10 bytes to width, height, and bytes per pixel held by the decoder.
_SIZE_READERS: Final = {b"VP8 ": _lossy_size, b"VP8L": _lossless_size}
