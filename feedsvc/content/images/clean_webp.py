"""Removal of metadata from WebP (RFC 9649): only the chunks that pixels, colours and frames are made of stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from feedsvc.content.images import exif, rights
from feedsvc.content.images.header import UPRIGHT
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.rights import Rights

_EXIF, _XMP = 0x08, 0x04  # flags of VP8X
_HEAD: Final = 8  # bytes of a chunk before its data
_FRAME: Final = 16  # bytes of ANMF before its own chunks
_PIXELS: Final = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
_EXTENDED: Final = 10  # bytes of VP8X
_KEPT: Final = frozenset({b"ICCP", b"ANIM", *_PIXELS})
_MOST: Final = 100_000  # chunks


class _Chunk(NamedTuple):
    """Chunk of a WebP: `start` is where its four letters begin, `length` the bytes of its data, as far as they are there."""

    kind: bytes
    start: int
    length: int

    @property
    def whole(self) -> int:
        """Count its bytes in the file, padded to an even number."""
        return _HEAD + self.length + self.length % 2


def clean(file: BinaryIO) -> tuple[Pieces, Rights]:
    """Return the picture's pieces and rights. Raises ValueError if it has no pixels."""
    file.seek(4)
    end = min(file.seek(0, 2), 8 + _number(file, 4))
    chunks = [*_chunks(file, 12, end)]
    turned, in_exif, every = _metadata(file, chunks)
    is_extended = any(chunk.kind == b"VP8X" for chunk in chunks)
    added = {b"EXIF": exif.minimal(turned, in_exif), b"XMP ": rights.xmp(every)} if is_extended else {}
    pieces = _pixels(file, chunks, added, end)
    for kind, data in added.items():
        pieces.add(_written(kind, data))
    whole = Pieces()
    whole.add(b"RIFF" + (pieces.length + 4).to_bytes(4, "little") + b"WEBP")
    whole.all += pieces.all
    return whole, every


def _metadata(file: BinaryIO, chunks: list[_Chunk]) -> tuple[int, Rights, Rights]:
    """Return the orientation, the rights in EXIF, and all rights."""
    turned, stated, in_exif = UPRIGHT, Rights(), None
    for chunk in chunks:
        file.seek(chunk.start + _HEAD)
        if chunk.kind == b"EXIF" and in_exif is None:
            data = file.read(min(chunk.length, exif.MOST))
            turned, in_exif = exif.orientation(data), exif.rights_of(data)
        elif chunk.kind == b"XMP ":
            stated |= rights.from_xmp(file.read(min(chunk.length, rights.MOST_XMP)))
    in_exif = in_exif or Rights()
    return turned, in_exif, stated | in_exif


def _pixels(file: BinaryIO, chunks: list[_Chunk], added: dict[bytes, bytes], end: int) -> Pieces:
    pieces, has_pixels = Pieces(), False
    for chunk in chunks:
        if chunk.kind == b"VP8X" and chunk.length >= _EXTENDED:
            pieces.add(_extended(file, chunk, added))
        elif chunk.kind == b"ANMF":
            has_pixels = _frame(file, chunk, pieces) or has_pixels
        elif chunk.kind in _KEPT:
            has_pixels = has_pixels or chunk.kind in _PIXELS
            pieces.keep(chunk.start, min(chunk.whole, end - chunk.start))
    if not has_pixels:
        raise ValueError("there are no pixels")
    return pieces


def _number(file: BinaryIO, at: int) -> int:
    file.seek(at)
    return int.from_bytes(file.read(4), "little")


def _chunks(file: BinaryIO, at: int, end: int) -> Iterator[_Chunk]:
    for _ in range(_MOST):
        if at + _HEAD > end:
            return
        file.seek(at)
        head = file.read(_HEAD)
        chunk = _Chunk(head[:4], at, min(int.from_bytes(head[4:], "little"), end - at - _HEAD))
        yield chunk
        at += chunk.whole
    raise ValueError("there are too many chunks")


def _extended(file: BinaryIO, chunk: _Chunk, added: dict[bytes, bytes]) -> bytes:
    """Return VP8X, whose flags say which metadata there are."""
    file.seek(chunk.start + _HEAD)
    data = file.read(_EXTENDED)
    flags = data[0] & ~(_EXIF | _XMP) | (_EXIF if added[b"EXIF"] else 0) | (_XMP if added[b"XMP "] else 0)
    return _written(b"VP8X", bytes((flags,)) + data[1:])


def _frame(file: BinaryIO, chunk: _Chunk, pieces: Pieces) -> bool:
    """Add a frame with nothing but its pixels; return whether it has any."""
    start, end = chunk.start + _HEAD + _FRAME, chunk.start + _HEAD + chunk.length
    kept = [one for one in _chunks(file, start, end) if one.kind in _PIXELS]
    if not kept:
        return False
    parts = Pieces()
    parts.keep(chunk.start + _HEAD, _FRAME)
    for one in kept:
        parts.keep(one.start, min(one.whole, end - one.start))
    pieces.add(b"ANMF" + parts.length.to_bytes(4, "little"))
    pieces.all += parts.all
    pieces.add(b"\0" * (parts.length % 2))
    return True


def _written(kind: bytes, data: bytes) -> bytes:
    return kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2) if data else b""
