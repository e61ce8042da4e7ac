"""Reading of orientation and rights (artist, copyright) from EXIF, and writing of EXIF with nothing else."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from feedsvc.content.images import rights
from feedsvc.content.images.header import UPRIGHT
from feedsvc.content.images.rights import Rights

PREFIX: Final = b"Exif\0\0"
MAX_EXIF_SIZE: Final = 1024 * 1024  # bytes of EXIF that are read

# Byte order mark -> byte order for `struct`, and the beginning of an entry of tag 274 with one SHORT.
_TIFF: Final = {
    b"II*\0": ("<", b"\x12\x01\x03\x00\x01\x00\x00\x00"),
    b"MM\0*": (">", b"\x01\x12\x00\x03\x00\x00\x00\x01"),
}
_ORIENTATION: Final = 274
# Tag -> the field of Rights (EXIF 2.32 section 4.6.4 D).
_TEXT_TAGS: Final = {0x013B: "creators", 0x8298: "copyright"}
_SHORT, _ASCII = 3, 2
_INLINE_SIZE: Final = 4  # bytes; a value up to this size is stored in its entry


def orientation(exif: bytes) -> int:
    """Return the orientation, 1 to 8 (EXIF 2.32 section 4.6.4 A, tag 274); 1 (upright) if it is missing or invalid.

    `exif` is a TIFF structure, with or without PREFIX before it.
    """
    exif = exif.removeprefix(PREFIX)
    order, entry = _TIFF.get(exif[:4], ("", b""))
    if not entry:
        return UPRIGHT
    with suppress(struct.error):
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for offset in range(start + 2, start + 2 + 12 * count, 12):
            if exif[offset : offset + 8] == entry:
                (value,) = struct.unpack_from(f"{order}H", exif, offset + 8)
                return value if value in range(1, 9) else UPRIGHT
    return UPRIGHT


def rights_of(exif: bytes) -> Rights:
    """Return artist (as creators) and copyright from EXIF's first directory; of damaged data, what comes before the damage.

    `exif` is a TIFF structure, with or without PREFIX before it.
    """
    texts: dict[str, list[str]] = {}
    with suppress(struct.error):
        for name, value in _text_values(exif.removeprefix(PREFIX)):
            # The copyright of the editor may follow that of the photographer, after a NUL.
            parts = value.split(b";") if name == "creators" else [b", ".join(filter(None, value.split(b"\0")))]
            texts[name] = [rights.decode_text(part) for part in parts]
    return rights.from_texts(texts)


def _text_values(tiff: bytes) -> Iterator[tuple[str, bytes]]:
    order, _ = _TIFF.get(tiff[:4], ("", b""))
    if not order:
        return
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, start)
    for offset in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, length = struct.unpack_from(f"{order}HHI", tiff, offset)
        if tag in _TEXT_TAGS and kind == _ASCII:
            (position,) = (offset + 8,) if length <= _INLINE_SIZE else struct.unpack_from(f"{order}I", tiff, offset + 8)
            yield _TEXT_TAGS[tag], tiff[position : position + length]


def minimal_exif(orientation: int, image_rights: Rights) -> bytes:
    """Return a TIFF structure, without PREFIX, that states only orientation, artist and copyright; b"" if it would state none.

    The orientation is not stated if it is UPRIGHT.
    """
    values = {0x013B: "; ".join(image_rights.creators), 0x8298: image_rights.copyright}
    texts = {tag: value.encode() + b"\0" for tag, value in values.items() if value}
    entries = {_ORIENTATION: struct.pack("<HHIHH", _ORIENTATION, _SHORT, 1, orientation, 0)} if orientation != UPRIGHT else {}
    count = len(entries) + len(texts)
    if not count:
        return b""
    data_start, data = 8 + 2 + 12 * count + 4, b""
    for tag, value in texts.items():
        field = value.ljust(4, b"\0") if len(value) <= _INLINE_SIZE else struct.pack("<I", data_start + len(data))
        entries[tag] = struct.pack("<HHI", tag, _ASCII, len(value)) + field
        data += value + b"\0" * (len(value) % 2) if len(value) > _INLINE_SIZE else b""
    directory = b"".join(entry for _, entry in sorted(entries.items()))
    return b"II*\0" + struct.pack("<IH", 8, count) + directory + bytes(4) + data
