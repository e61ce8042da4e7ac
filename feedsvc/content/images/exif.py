"""The orientation that EXIF states."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import Final

from feedsvc.content.images.header import UPRIGHT

PREFIX: Final = b"Exif\0\0"
MOST: Final = 1024 * 1024  # bytes of EXIF that are looked at

# Byte order mark -> its sign for `struct`, and the entry of tag 274 as far as its value: one SHORT.
_TIFF: Final = {
    b"II*\0": ("<", b"\x12\x01\x03\x00\x01\x00\x00\x00"),
    b"MM\0*": (">", b"\x01\x12\x00\x03\x00\x00\x00\x01"),
}


def orientation(exif: bytes) -> int:
    """Return 1 to 8, 1 if the TIFF structure states none or is broken (EXIF 2.32 section 4.6.4 A, tag 274)."""
    exif = exif.removeprefix(PREFIX)
    order, entry = _TIFF.get(exif[:4], ("", b""))
    if not entry:
        return UPRIGHT
    with suppress(struct.error):
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            if exif[at : at + 8] == entry:
                (stated,) = struct.unpack_from(f"{order}H", exif, at + 8)
                return stated if stated in range(1, 9) else UPRIGHT
    return UPRIGHT
