"""PNG headers (W3C PNG, third edition, sections 5 and 11)."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO, Final

from feedsvc.content.images import exif
from feedsvc.content.images.header import METADATA, UPRIGHT, Header, exactly, unpacked

MEDIA_TYPE: Final = "image/png"
SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

# Colour type -> the bit depths that it may have, and its channels once decoded (a palette becomes RGB).
_COLOURS: Final = {0: ((1, 2, 4, 8, 16), 1), 2: ((8, 16), 3), 3: ((1, 2, 4, 8), 3), 4: ((8, 16), 2), 6: ((8, 16), 4)}
_DEEP: Final = 16
_MOST_CHUNKS: Final = 10_000
_METADATA: Final = (b"tEXt", b"zTXt", b"iTXt", b"eXIf")
_LONGEST_KEYWORD: Final = 79  # bytes
_COMPRESSED: Final = b"\1"
_EXPANSION: Final = 1032  # times at most, by deflate (RFC 1951)


def read(file: BinaryIO) -> Header:
    """Read the chunks before the pixels. Raises ValueError."""
    file.seek(len(SIGNATURE))
    ihdr = exactly(file, 25)
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", ihdr[8:21])
    if ihdr[:8] != b"\0\0\0\x0dIHDR" or struct.unpack(">I", ihdr[21:])[0] != zlib.crc32(ihdr[4:21]):
        raise ValueError("no IHDR chunk, or its checksum is wrong")
    depths, channels = _COLOURS.get(colour, ((), 0))
    if depth not in depths:
        raise ValueError("no such colour type")
    found, metadata = _chunks(file)
    channels += b"tRNS" in found
    frames = int.from_bytes(found.get(b"acTL", b"")[:4])
    return Header(
        media_type=MEDIA_TYPE,
        width=width,
        height=height,
        orientation=exif.orientation(found[b"eXIf"]) if b"eXIf" in found else UPRIGHT,
        # The rows of an interlaced picture come in seven passes: all of it is held.
        memory=(width * height * channels * (2 if depth == _DEEP else 1) if interlace else 0) + METADATA * metadata,
        is_still=frames <= 1,
    )


def _chunks(file: BinaryIO) -> tuple[dict[bytes, bytes], int]:
    """The first bytes of each kind of chunk before the pixels, and the bytes of all metadata there.

    Raises ValueError if there are no pixels.
    """
    found: dict[bytes, bytes] = {}
    metadata = 0
    for _ in range(_MOST_CHUNKS):
        (length,), kind = unpacked(">I", file), exactly(file, 4)
        if kind == b"IDAT":
            return found, metadata
        data = exactly(file, min(length, _READ.get(kind, 0)))
        metadata += _expanded(kind, length, data) if kind in _METADATA else 0
        found.setdefault(kind, data)
        file.seek(length - len(data) + 4, 1)
    raise ValueError("no IDAT chunk")


# Kind of chunk -> bytes of it that are looked at.
_READ: Final = {b"acTL": 4, b"eXIf": exif.MOST, b"iTXt": _LONGEST_KEYWORD + 2}


def _expanded(kind: bytes, length: int, start: bytes) -> int:
    """The most bytes that a chunk of metadata becomes; of compressed ones, libvips reads those of iTXt (section 11.3.3.4)."""
    _, _, text = start.partition(b"\0")
    return length * _EXPANSION if kind == b"iTXt" and text.startswith(_COMPRESSED) else length
