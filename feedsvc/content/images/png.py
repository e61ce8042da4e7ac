"""PNG headers (W3C PNG, third edition, sections 5 and 11)."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO, Final

from feedsvc.content.images import exif
from feedsvc.content.images.header import METADATA_MEMORY_FACTOR, UPRIGHT, ImageHeader, read_exactly, read_struct

MEDIA_TYPE: Final = "image/png"
SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

# Colour type -> allowed bit depths, and number of channels after decoding (a palette becomes RGB).
_COLOURS: Final = {0: ((1, 2, 4, 8, 16), 1), 2: ((8, 16), 3), 3: ((1, 2, 4, 8), 3), 4: ((8, 16), 2), 6: ((8, 16), 4)}
_DEEP_BITS: Final = 16
_MAX_CHUNKS: Final = 10_000
_METADATA_CHUNKS: Final = (b"tEXt", b"zTXt", b"iTXt", b"eXIf")
_MAX_KEYWORD_LENGTH: Final = 79  # bytes
_COMPRESSED_FLAG: Final = b"\1"
_MAX_DEFLATE_RATIO: Final = 1032  # maximum expansion of deflate (RFC 1951)


def read(file: BinaryIO) -> ImageHeader:
    """Read the header from the chunks before the pixels. Raises ValueError if IHDR is invalid or there is no IDAT chunk."""
    file.seek(len(SIGNATURE))
    ihdr = read_exactly(file, 25)
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", ihdr[8:21])
    if ihdr[:8] != b"\0\0\0\x0dIHDR" or struct.unpack(">I", ihdr[21:])[0] != zlib.crc32(ihdr[4:21]):
        raise ValueError("no IHDR chunk, or its checksum is wrong")
    depths, channels = _COLOURS.get(colour, ((), 0))
    if depth not in depths:
        raise ValueError("no such colour type")
    chunks, metadata_size = _chunks(file)
    channels += b"tRNS" in chunks
    frames = int.from_bytes(chunks.get(b"acTL", b"")[:4])
    return ImageHeader(
        media_type=MEDIA_TYPE,
        width=width,
        height=height,
        orientation=exif.orientation(chunks[b"eXIf"]) if b"eXIf" in chunks else UPRIGHT,
        # An interlaced image has seven passes, so a decoder holds all of it.
        decoder_memory=(width * height * channels * (2 if depth == _DEEP_BITS else 1) if interlace else 0)
        + METADATA_MEMORY_FACTOR * metadata_size,
        is_still=frames <= 1,
    )


def _chunks(file: BinaryIO) -> tuple[dict[bytes, bytes], int]:
    """Return type -> beginning of the first chunk of that type, and the size of all metadata, of the chunks before the pixels.

    The beginning has as many bytes of data as _READ_SIZES says, 0 for most types. The size, in bytes, is the maximum after
    decompression. Raises ValueError if there are no pixels.
    """
    chunks: dict[bytes, bytes] = {}
    metadata_size = 0
    for _ in range(_MAX_CHUNKS):
        (length,), kind = read_struct(">I", file), read_exactly(file, 4)
        if kind == b"IDAT":
            return chunks, metadata_size
        data = read_exactly(file, min(length, _READ_SIZES.get(kind, 0)))
        metadata_size += _expanded_size(kind, length, data) if kind in _METADATA_CHUNKS else 0
        chunks.setdefault(kind, data)
        file.seek(length - len(data) + 4, 1)
    raise ValueError("no IDAT chunk")


# Chunk type -> number of bytes that are read.
_READ_SIZES: Final = {b"acTL": 4, b"eXIf": exif.MAX_EXIF_SIZE, b"iTXt": _MAX_KEYWORD_LENGTH + 2}


def _expanded_size(kind: bytes, length: int, start: bytes) -> int:
    """Return the maximum size in bytes of a metadata chunk after decompression, from its length and its first bytes `start`.

    libvips decompresses no text chunks except iTXt (section 11.3.3.4).
    """
    _, _, text = start.partition(b"\0")
    return length * _MAX_DEFLATE_RATIO if kind == b"iTXt" and text.startswith(_COMPRESSED_FLAG) else length
