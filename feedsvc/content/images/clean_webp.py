"""Removal of metadata from WebP (RFC 9649): only chunks for pixels, colours and frames stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from feedsvc.content.images import exif, rights
from feedsvc.content.images.header import UPRIGHT
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.rights import Rights

_EXIF, _XMP = 0x08, 0x04  # flags of VP8X
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


def clean(file: BinaryIO) -> tuple[Pieces, Rights]:
    """Return the pieces (`pieces.Piece`) of the image without metadata, and the rights found in it.

    An extended WebP keeps orientation and rights, as minimal EXIF and XMP; a simple one cannot hold them. Raises ValueError if
    the file has no pixels, or too many chunks or pieces.
    """
    file.seek(4)
    end = min(file.seek(0, 2), 8 + _read_number(file, 4))
    chunks = [*_chunks(file, 12, end)]
    turned, in_exif, every = _metadata(file, chunks)
    is_extended = any(chunk.kind == b"VP8X" for chunk in chunks)
    added = {b"EXIF": exif.minimal_exif(turned, in_exif), b"XMP ": rights.to_xmp(every)} if is_extended else {}
    pieces = _clean_pixels(file, chunks, added, end)
    for kind, data in added.items():
        pieces.add_bytes(_encode_chunk(kind, data))
    whole = Pieces()
    whole.add_bytes(b"RIFF" + (pieces.length + 4).to_bytes(4, "little") + b"WEBP")
    whole.items += pieces.items
    return whole, every


def _metadata(file: BinaryIO, chunks: list[_Chunk]) -> tuple[int, Rights, Rights]:
    """Return the orientation, the rights in EXIF, and the rights of XMP with those of EXIF for missing fields."""
    turned, stated, in_exif = UPRIGHT, Rights(), None
    for chunk in chunks:
        file.seek(chunk.start + _CHUNK_HEADER_SIZE)
        if chunk.kind == b"EXIF" and in_exif is None:
            data = file.read(min(chunk.length, exif.MAX_EXIF_SIZE))
            turned, in_exif = exif.orientation(data), exif.rights_of(data)
        elif chunk.kind == b"XMP ":
            stated |= rights.from_xmp(file.read(min(chunk.length, rights.MAX_XMP_SIZE)))
    in_exif = in_exif or Rights()
    return turned, in_exif, stated | in_exif


def _clean_pixels(file: BinaryIO, chunks: list[_Chunk], added: dict[bytes, bytes], end: int) -> Pieces:
    pieces, has_pixels = Pieces(), False
    for chunk in chunks:
        if chunk.kind == b"VP8X" and chunk.length >= _VP8X_SIZE:
            pieces.add_bytes(_encode_vp8x(file, chunk, added))
        elif chunk.kind == b"ANMF":
            has_pixels = _add_frame(file, chunk, pieces) or has_pixels
        elif chunk.kind in _RETAINED_CHUNKS:
            has_pixels = has_pixels or chunk.kind in _PIXEL_CHUNKS
            pieces.add_range(chunk.start, min(chunk.total_size, end - chunk.start))
    if not has_pixels:
        raise ValueError("there are no pixels")
    return pieces


def _read_number(file: BinaryIO, at: int) -> int:
    file.seek(at)
    return int.from_bytes(file.read(4), "little")


def _chunks(file: BinaryIO, at: int, end: int) -> Iterator[_Chunk]:
    for _ in range(_MAX_CHUNKS):
        if at + _CHUNK_HEADER_SIZE > end:
            return
        file.seek(at)
        head = file.read(_CHUNK_HEADER_SIZE)
        chunk = _Chunk(head[:4], at, min(int.from_bytes(head[4:], "little"), end - at - _CHUNK_HEADER_SIZE))
        yield chunk
        at += chunk.total_size
    raise ValueError("there are too many chunks")


def _encode_vp8x(file: BinaryIO, chunk: _Chunk, added: dict[bytes, bytes]) -> bytes:
    """Return the VP8X chunk with its flags for EXIF and XMP set according to `added`: chunk type -> data, b"" for no chunk."""
    file.seek(chunk.start + _CHUNK_HEADER_SIZE)
    data = file.read(_VP8X_SIZE)
    flags = data[0] & ~(_EXIF | _XMP) | (_EXIF if added[b"EXIF"] else 0) | (_XMP if added[b"XMP "] else 0)
    return _encode_chunk(b"VP8X", bytes((flags,)) + data[1:])


def _add_frame(file: BinaryIO, chunk: _Chunk, pieces: Pieces) -> bool:
    """Add an animation frame without chunks other than pixels. Return False, without adding it, if it has no pixels."""
    start, end = chunk.start + _CHUNK_HEADER_SIZE + _FRAME_HEADER_SIZE, chunk.start + _CHUNK_HEADER_SIZE + chunk.length
    kept = [one for one in _chunks(file, start, end) if one.kind in _PIXEL_CHUNKS]
    if not kept:
        return False
    parts = Pieces()
    parts.add_range(chunk.start + _CHUNK_HEADER_SIZE, _FRAME_HEADER_SIZE)
    for one in kept:
        parts.add_range(one.start, min(one.total_size, end - one.start))
    pieces.add_bytes(b"ANMF" + parts.length.to_bytes(4, "little"))
    pieces.items += parts.items
    pieces.add_bytes(b"\0" * (parts.length % 2))
    return True


def _encode_chunk(kind: bytes, data: bytes) -> bytes:
    return kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2) if data else b""
