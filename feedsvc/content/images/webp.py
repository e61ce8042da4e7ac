"""WebP (RFC 9649 and RFC 6386 section 9.1): its header, and removal of all chunks but those of pixels, colours and frames.

An extended WebP (with a VP8X chunk) keeps orientation and rights, as minimal EXIF and XMP. A simple one cannot hold them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from feedsvc.content.images import exif, rights
from feedsvc.content.images.header import METADATA_MEMORY_FACTOR, UPRIGHT, ImageHeader, read_exactly
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.rights import Rights

MEDIA_TYPE: Final = "image/webp"

_ANIMATION, _XMP, _EXIF, _ALPHA = 0x02, 0x04, 0x08, 0x10  # flags of VP8X
_METADATA_CHUNKS: Final = (b"ICCP", b"EXIF", b"XMP ")
_SIZE_MASK: Final = 0x3FFF  # 14 bits
_LOSSLESS_BYTES_PER_PIXEL: Final = 4  # held by the decoder
_ALPHA_BYTES_PER_PIXEL: Final = 1  # held for the alpha channel of a lossy image
_CHUNK_HEADER_SIZE: Final = 8  # bytes
_FRAME_HEADER_SIZE: Final = 16  # bytes of ANMF data before its inner chunks
_PIXEL_CHUNKS: Final = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
_VP8X_SIZE: Final = 10  # bytes
_RETAINED_CHUNKS: Final = frozenset({b"ICCP", b"ANIM", *_PIXEL_CHUNKS})
_MAX_CHUNKS: Final = 100_000


class _Chunk(NamedTuple):
    """Chunk of a WebP: `start` is the offset of its type; `length` is the size of its data in bytes, as far as present."""

    kind: bytes
    start: int
    length: int

    @property
    def total_size(self) -> int:
        """Size in the file in bytes, with header and padding to an even number."""
        return _CHUNK_HEADER_SIZE + self.length + self.length % 2


def is_webp(start: bytes) -> bool:
    return start[:4] == b"RIFF" and start[8:12] == b"WEBP"


def read(file: BinaryIO) -> ImageHeader:
    """Read the header from the chunks, but no pixels.

    Raises ValueError if a chunk is damaged, or if a file without animation has a canvas (VP8X chunk) but no image of that size.
    Width and height are 0 if the file has neither canvas nor image.
    """
    flags, orientation, canvas, metadata_size = 0, UPRIGHT, (0, 0), 0
    frame = (0, 0, 0)  # width, height, and bytes per pixel that the decoder holds
    for chunk in _chunks(file, 12, file.seek(0, 2)):
        kind = chunk.kind
        file.seek(chunk.start + _CHUNK_HEADER_SIZE)
        metadata_size += chunk.length if kind in _METADATA_CHUNKS else 0
        if kind == b"VP8X":
            data = read_exactly(file, _VP8X_SIZE)
            flags, canvas = data[0], (int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1)
        elif kind in _SIZE_READERS and not any(frame):
            frame = _SIZE_READERS[kind](read_exactly(file, 10))
        elif kind == b"EXIF":
            orientation = exif.orientation(read_exactly(file, min(chunk.length, exif.MAX_EXIF_SIZE)))
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


def clean(file: BinaryIO) -> tuple[Pieces, Rights]:
    """Return the pieces of the image without its metadata, and the rights that it states.

    Raises ValueError if the file has no pixels, or too many chunks or pieces. A cut-off chunk is kept as far as present.
    """
    file.seek(4)
    end = min(file.seek(0, 2), 8 + _read_number(file, 4))
    chunks = [*_chunks(file, 12, end)]
    orientation, exif_rights, all_rights = _metadata(file, chunks)
    is_extended = any(chunk.kind == b"VP8X" for chunk in chunks)
    metadata = {b"EXIF": exif.minimal_exif(orientation, exif_rights), b"XMP ": rights.to_xmp(all_rights)} if is_extended else {}
    pieces = _clean_pixels(file, chunks, metadata, end)
    for kind, data in metadata.items():
        pieces.add_bytes(_encode_chunk(kind, data))
    result = Pieces()
    result.add_bytes(b"RIFF" + (pieces.length + 4).to_bytes(4, "little") + b"WEBP")
    result.items += pieces.items
    return result, all_rights


def _metadata(file: BinaryIO, chunks: list[_Chunk]) -> tuple[int, Rights, Rights]:
    """Return the orientation, the rights in EXIF, and all rights: those in XMP, with empty fields taken from EXIF."""
    orientation, xmp_rights, exif_rights = UPRIGHT, Rights(), None
    for chunk in chunks:
        file.seek(chunk.start + _CHUNK_HEADER_SIZE)
        if chunk.kind == b"EXIF" and exif_rights is None:
            data = file.read(min(chunk.length, exif.MAX_EXIF_SIZE))
            orientation, exif_rights = exif.orientation(data), exif.rights_of(data)
        elif chunk.kind == b"XMP ":
            xmp_rights |= rights.from_xmp(file.read(min(chunk.length, rights.MAX_XMP_SIZE)))
    exif_rights = exif_rights or Rights()
    return orientation, exif_rights, xmp_rights | exif_rights


def _clean_pixels(file: BinaryIO, chunks: list[_Chunk], metadata: dict[bytes, bytes], end: int) -> Pieces:
    pieces, has_pixels = Pieces(), False
    for chunk in chunks:
        if chunk.kind == b"VP8X" and chunk.length >= _VP8X_SIZE:
            pieces.add_bytes(_encode_vp8x(file, chunk, metadata))
        elif chunk.kind == b"ANMF":
            has_pixels = _add_frame(file, chunk, pieces) or has_pixels
        elif chunk.kind in _RETAINED_CHUNKS:
            has_pixels = has_pixels or chunk.kind in _PIXEL_CHUNKS
            pieces.add_range(chunk.start, min(chunk.total_size, end - chunk.start))
    if not has_pixels:
        raise ValueError("there are no pixels")
    return pieces


def _read_number(file: BinaryIO, offset: int) -> int:
    file.seek(offset)
    return int.from_bytes(file.read(4), "little")


def _chunks(file: BinaryIO, offset: int, end: int) -> Iterator[_Chunk]:
    for _ in range(_MAX_CHUNKS):
        if offset + _CHUNK_HEADER_SIZE > end:
            return
        file.seek(offset)
        head = file.read(_CHUNK_HEADER_SIZE)
        chunk = _Chunk(head[:4], offset, min(int.from_bytes(head[4:], "little"), end - offset - _CHUNK_HEADER_SIZE))
        yield chunk
        offset += chunk.total_size
    raise ValueError("there are too many chunks")


def _encode_vp8x(file: BinaryIO, chunk: _Chunk, metadata: dict[bytes, bytes]) -> bytes:
    """Return the VP8X chunk with a flag for each of EXIF and XMP whose data in `metadata`, by chunk type, is not b""."""
    file.seek(chunk.start + _CHUNK_HEADER_SIZE)
    data = file.read(_VP8X_SIZE)
    flags = data[0] & ~(_EXIF | _XMP) | (_EXIF if metadata[b"EXIF"] else 0) | (_XMP if metadata[b"XMP "] else 0)
    return _encode_chunk(b"VP8X", bytes((flags,)) + data[1:])


def _add_frame(file: BinaryIO, chunk: _Chunk, pieces: Pieces) -> bool:
    """Add an animation frame (ANMF) with only its pixel chunks to `pieces`, and return True; if it has none, return False."""
    start, end = chunk.start + _CHUNK_HEADER_SIZE + _FRAME_HEADER_SIZE, chunk.start + _CHUNK_HEADER_SIZE + chunk.length
    chunks = [inner for inner in _chunks(file, start, end) if inner.kind in _PIXEL_CHUNKS]
    if not chunks:
        return False
    parts = Pieces()
    parts.add_range(chunk.start + _CHUNK_HEADER_SIZE, _FRAME_HEADER_SIZE)
    for inner in chunks:
        parts.add_range(inner.start, min(inner.total_size, end - inner.start))
    pieces.add_bytes(b"ANMF" + parts.length.to_bytes(4, "little"))
    pieces.items += parts.items
    pieces.add_bytes(b"\0" * (parts.length % 2))
    return True


def _encode_chunk(kind: bytes, data: bytes) -> bytes:
    return kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2) if data else b""
