"""PNG (W3C PNG, third edition, sections 5 and 11): its header, and removal of all chunks but those of pixels and colours.

Orientation and rights are written anew, as minimal EXIF and, before the chunk IEND, as XMP.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import BinaryIO, Final

from feedsvc.content.images import exif, rights
from feedsvc.content.images.header import METADATA_MEMORY_FACTOR, UPRIGHT, ImageHeader, read_exactly, read_struct
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.rights import Rights

MEDIA_TYPE: Final = "image/png"
SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

# Colour type -> allowed bit depths, and number of channels after decoding (a palette becomes RGB).
_COLOURS: Final = {0: ((1, 2, 4, 8, 16), 1), 2: ((8, 16), 3), 3: ((1, 2, 4, 8), 3), 4: ((8, 16), 2), 6: ((8, 16), 4)}
_DEEP_BITS: Final = 16
_MAX_CHUNKS: Final = 10_000
_MAX_KEYWORD_LENGTH: Final = 79  # bytes
_COMPRESSED_FLAG: Final = b"\1"
_MAX_DEFLATE_RATIO: Final = 1032  # maximum expansion of deflate (RFC 1951)
_RETAINED_CHUNKS: Final = frozenset(
    {
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"mDCv", b"cLLI"),
        *(b"cLLi", b"sBIT", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT"),
    }
)
_TEXT_CHUNKS: Final = (b"tEXt", b"zTXt", b"iTXt")
_METADATA_CHUNKS: Final = (*_TEXT_CHUNKS, b"eXIf")
_XMP: Final = "XML:com.adobe.xmp"
_KEYWORDS: Final[Mapping[str, str]] = {"Author": "creators", "Copyright": "copyright"}  # section 11.3.3.2
_MAX_TEXT_CHUNKS: Final = 100  # text chunks that are read; a small one may inflate to a megabyte
_OVERHEAD: Final = 12  # bytes of a chunk without its data
_DEFLATE_FLAG: Final = 1  # compression flag of iTXt


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


def clean(file: BinaryIO) -> tuple[Pieces, Rights]:
    """Return the pieces of the image without its metadata, and the rights that it states.

    Raises ValueError if there is no IDAT chunk, or if there are too many pieces. If the file is damaged after the beginning of
    the first IDAT chunk, the pieces end before the damage.
    """
    pieces, text_rights, exif_rights = Pieces(), Rights(), None
    pieces.add_range(0, len(SIGNATURE))
    offset, size, has_pixels, text_count = len(SIGNATURE), file.seek(0, 2), False, 0
    while offset + _OVERHEAD <= size:
        file.seek(offset)
        head = file.read(8)
        length, kind = int.from_bytes(head[:4]), head[4:]
        if not kind.isalpha():
            break
        has_pixels = has_pixels or kind == b"IDAT"
        if kind == b"IEND":
            pieces.add_bytes(_encode_xmp(text_rights | (exif_rights or Rights())))
            pieces.add_range(offset, _OVERHEAD)
            break
        if kind in _RETAINED_CHUNKS:
            pieces.add_range(offset, min(_OVERHEAD + length, size - offset))
        elif kind == b"eXIf" and exif_rights is None:
            data = file.read(min(length, exif.MAX_EXIF_SIZE))
            exif_rights = exif.rights_of(data)
            pieces.add_bytes(_encode_chunk(b"eXIf", exif.minimal_exif(exif.orientation(data), exif_rights)))
        elif kind in _TEXT_CHUNKS and text_count < _MAX_TEXT_CHUNKS:
            text_count += 1
            text_rights |= _text_rights(kind, file.read(min(length, rights.MAX_XMP_SIZE)))
        offset += _OVERHEAD + length
    if not has_pixels:
        raise ValueError("the picture ends before its pixels")
    return pieces, text_rights | (exif_rights or Rights())


def _encode_xmp(image_rights: Rights) -> bytes:
    packet = rights.to_xmp(image_rights)
    return _encode_chunk(b"iTXt", _XMP.encode() + b"\0\0\0\0\0" + packet) if packet else b""


def _encode_chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4) if data else b""


def _text_rights(kind: bytes, data: bytes) -> Rights:
    """Return the rights in the data of a text chunk (section 11.3.3); empty Rights without any or if they cannot be decoded."""
    keyword, _, rest = data.partition(b"\0")
    name = keyword.decode("latin-1")
    if name != _XMP and name not in _KEYWORDS:
        return Rights()
    with suppress(zlib.error, UnicodeError, IndexError):
        value, coding = _TEXT_DECODERS[kind](rest)
        # XMP is UTF-8 in every kind of chunk, because some programs write it into Latin-1 chunks.
        return rights.from_xmp(value) if name == _XMP else rights.from_texts({_KEYWORDS[name]: [value.decode(coding)]})
    return Rights()


def _inflate(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, rights.MAX_XMP_SIZE)


def _decode_itxt(data: bytes) -> tuple[bytes, str]:
    is_deflated = data[0] == _DEFLATE_FLAG
    value = data[2:].split(b"\0", 2)[2]  # after the language and the translated keyword
    return _inflate(value) if is_deflated else value, "utf-8"


# Chunk type -> function from its data after the keyword to its text and encoding.
_TEXT_DECODERS: Final[Mapping[bytes, Callable[[bytes], tuple[bytes, str]]]] = {
    b"tEXt": lambda data: (data, "latin-1"),
    b"zTXt": lambda data: (_inflate(data[1:]), "latin-1"),
    b"iTXt": _decode_itxt,
}
