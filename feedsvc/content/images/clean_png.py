"""Removal of metadata from PNG (W3C PNG, third edition, section 11): only the chunks that pixels and colours are made of stay."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import BinaryIO, Final

from feedsvc.content.images import exif, rights
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.png import SIGNATURE
from feedsvc.content.images.rights import Rights

_KEPT: Final = frozenset(
    {
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV", b"mDCv", b"cLLI"),
        *(b"cLLi", b"sBIT", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT"),
    }
)
_TEXTS: Final = (b"tEXt", b"zTXt", b"iTXt")
_XMP: Final = "XML:com.adobe.xmp"
_KEYWORDS: Final[Mapping[str, str]] = {"Author": "creators", "Copyright": "copyright"}  # section 11.3.3.2
_MOST_TEXTS: Final = 100  # that are looked at: a small one may become a megabyte
_OVERHEAD: Final = 12  # bytes of a chunk beside its data
_DEFLATED: Final = 1  # a flag of iTXt


def clean(file: BinaryIO) -> tuple[Pieces, Rights]:
    """Return the picture's pieces and rights. Raises ValueError if it ends before its pixels; what is behind is never refused."""
    pieces, stated, in_exif = Pieces(), Rights(), None
    pieces.keep(0, len(SIGNATURE))
    at, size, has_pixels, texts = len(SIGNATURE), file.seek(0, 2), False, 0
    while at + _OVERHEAD <= size:
        file.seek(at)
        head = file.read(8)
        length, kind = int.from_bytes(head[:4]), head[4:]
        if not kind.isalpha():
            break
        has_pixels = has_pixels or kind == b"IDAT"
        if kind == b"IEND":
            pieces.add(_xmp(stated | (in_exif or Rights())))
            pieces.keep(at, _OVERHEAD)
            break
        if kind in _KEPT:
            pieces.keep(at, min(_OVERHEAD + length, size - at))
        elif kind == b"eXIf" and in_exif is None:
            data = file.read(min(length, exif.MOST))
            in_exif = exif.rights_of(data)
            pieces.add(_chunk(b"eXIf", exif.minimal(exif.orientation(data), in_exif)))
        elif kind in _TEXTS and texts < _MOST_TEXTS:
            texts += 1
            stated |= _text(kind, file.read(min(length, rights.MOST_XMP)))
        at += _OVERHEAD + length
    if not has_pixels:
        raise ValueError("the picture ends before its pixels")
    return pieces, stated | (in_exif or Rights())


def _xmp(stated: Rights) -> bytes:
    packet = rights.xmp(stated)
    return _chunk(b"iTXt", _XMP.encode() + b"\0\0\0\0\0" + packet) if packet else b""


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4) if data else b""


def _text(kind: bytes, data: bytes) -> Rights:
    """Return the rights in a chunk of text (section 11.3.3)."""
    keyword, _, rest = data.partition(b"\0")
    name = keyword.decode("latin-1")
    if name != _XMP and name not in _KEYWORDS:
        return Rights()
    with suppress(zlib.error, UnicodeError, IndexError):
        value, coding = _VALUES[kind](rest)
        # Some programs put XMP, which is UTF-8, into a chunk of Latin-1.
        return rights.from_xmp(value) if name == _XMP else rights.of({_KEYWORDS[name]: [value.decode(coding)]})
    return Rights()


def _inflated(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, rights.MOST_XMP)


def _international(data: bytes) -> tuple[bytes, str]:
    is_deflated = data[0] == _DEFLATED
    value = data[2:].split(b"\0", 2)[2]  # behind a language and a translated keyword
    return _inflated(value) if is_deflated else value, "utf-8"


# Kind of chunk -> its text, and how that is encoded.
_VALUES: Final[Mapping[bytes, Callable[[bytes], tuple[bytes, str]]]] = {
    b"tEXt": lambda data: (data, "latin-1"),
    b"zTXt": lambda data: (_inflated(data[1:]), "latin-1"),
    b"iTXt": _international,
}
