"""Removal of metadata from GIF (GIF89a specification): comments and applications' blocks.

Repetitions and the profile stay.
"""

from __future__ import annotations

from typing import BinaryIO, Final

from feedsvc.content.images import rights
from feedsvc.content.images.header import exactly
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.rights import Rights

_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_HAS_TABLE: Final = 0x80
_REPEATS: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_REPEATED: Final = 19  # bytes of a block that says how often
_PROFILE: Final = b"ICCRGBG1012"
_XMP: Final = b"XMP DataXMP"
# What ends an XMP packet, so that a reader of blocks finds their end from wherever it is (XMP specification, part 3, 1.1.2).
_MAGIC: Final = b"\1" + bytes(range(255, -1, -1)) + b"\0"


def clean(file: BinaryIO) -> tuple[Pieces, Rights]:
    """Return the picture's pieces and rights. Raises ValueError if there is no image; what is behind one is never refused."""
    pieces, stated, has_image = Pieces(), Rights(), False
    file.seek(0)
    head = exactly(file, 13)
    at = 13 + _table(head[10])
    pieces.keep(0, at)
    size = file.seek(0, 2)
    while at < size:
        file.seek(at)
        kind = exactly(file, 1)[0]
        if kind == _TRAILER:
            pieces.add(_xmp(stated))
            pieces.keep(at, 1)
            break
        if kind == _IMAGE and at + 11 <= size:
            start = at + 10 + _table(exactly(file, 9)[8]) + 1  # and the minimum code size
            end, has_image = _end(file, start), True
            pieces.keep(at, min(end, size) - at)
        elif kind == _EXTENSION and at + 2 < size:
            label = exactly(file, 1)[0]
            end = _end(file, at + 2)
            is_shown, found = _extension(file, label, at, end)
            stated |= found
            pieces.keep(at, end - at if is_shown else 0)
        else:
            break
        at = end
    if not has_image:
        raise ValueError("there is no image")
    return pieces, stated


def _table(packed: int) -> int:
    """Return the bytes of a colour table."""
    return 3 * 2 ** ((packed & 7) + 1) if packed & _HAS_TABLE else 0


def _end(file: BinaryIO, at: int) -> int:
    """Return where the sub-blocks from `at` end; the end of the file if they do not."""
    file.seek(at)
    while length := file.read(1):
        at += 1 + length[0]
        if not length[0]:
            return at
        file.seek(length[0], 1)
    return file.seek(0, 2)


def _extension(file: BinaryIO, label: int, start: int, end: int) -> tuple[bool, Rights]:
    """Return whether an extension stays, and the rights that it states."""
    if label == _CONTROL:
        return end - start == 8, Rights()  # noqa: PLR2004 - of one size
    if label != _APPLICATION:
        return False, Rights()
    file.seek(start + 3)
    name = file.read(11)
    if name == _XMP:
        return False, rights.from_xmp(file.read(min(end - start - 14, rights.MOST_XMP)).removesuffix(_MAGIC))
    return name == _PROFILE or (name in _REPEATS and end - start == _REPEATED), Rights()


def _xmp(stated: Rights) -> bytes:
    packet = rights.xmp(stated)
    return bytes((_EXTENSION, _APPLICATION, 11)) + _XMP + packet + _MAGIC if packet else b""
