"""WebP headers (RFC 9649 and RFC 6386 section 9.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from feedsvc.content.images import exif
from feedsvc.content.images.header import METADATA, UPRIGHT, Header, exactly

MEDIA_TYPE: Final = "image/webp"

_ANIMATION, _XMP, _EXIF, _ALPHA = 0x02, 0x04, 0x08, 0x10  # flags of VP8X
_METADATA: Final = (b"ICCP", b"EXIF", b"XMP ")
_SIZE: Final = 0x3FFF  # 14 bits
_LOSSLESS: Final = 4  # bytes a pixel that the decoder holds
_PLANE: Final = 1  # and of the alpha channel beside lossy pixels
_MOST_CHUNKS: Final = 10_000


def is_webp(start: bytes) -> bool:
    return start[:4] == b"RIFF" and start[8:12] == b"WEBP"


def read(file: BinaryIO) -> Header:
    """Read the chunks, but no pixels. Raises ValueError."""
    file.seek(12)
    flags, turned, pixels, extended, metadata = 0, UPRIGHT, (0, 0, 0), (0, 0), 0
    for kind, length in _chunks(file):
        metadata += length if kind in _METADATA else 0
        if kind == b"VP8X":
            data = exactly(file, 10)
            flags, extended = data[0], (int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1)
        elif kind in _PIXELS and not any(pixels):
            pixels = _PIXELS[kind](exactly(file, 10))
        elif kind == b"EXIF":
            turned = exif.orientation(exactly(file, min(length, exif.MOST)))
        if any(pixels) and not flags & (_EXIF | _XMP):
            break
    is_still = not flags & _ANIMATION
    width, height = extended if any(extended) else pixels[:2]
    if is_still and pixels[:2] != (width, height):
        raise ValueError("no picture, or one of another size than its canvas")
    held = max(pixels[2], _PLANE if flags & _ALPHA else 0)
    return Header(
        media_type=MEDIA_TYPE,
        width=width,
        height=height,
        orientation=turned,
        memory=held * width * height + METADATA * metadata,
        is_still=is_still,
    )


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Kind and length of each chunk; its data may be read meanwhile."""
    for _ in range(_MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:  # noqa: PLR2004 - four letters and a length
            return
        length, start = int.from_bytes(head[4:], "little"), file.tell()
        yield head[:4], length
        file.seek(start + length + length % 2)


def _lossy(data: bytes) -> tuple[int, int, int]:
    if data[0] & 1 or data[3:6] != b"\x9d\x01\x2a":
        raise ValueError("no key frame")
    return int.from_bytes(data[6:8], "little") & _SIZE, int.from_bytes(data[8:10], "little") & _SIZE, 0


def _lossless(data: bytes) -> tuple[int, int, int]:
    bits = int.from_bytes(data[1:5], "little")
    if data[0] != 0x2F:  # noqa: PLR2004 - RFC 9649 section 3.4
        raise ValueError("no lossless picture")
    return (bits & _SIZE) + 1, (bits >> 14 & _SIZE) + 1, _LOSSLESS


# Kind of chunk -> width, height and bytes a pixel that a decoder holds.
_PIXELS: Final = {b"VP8 ": _lossy, b"VP8L": _lossless}
