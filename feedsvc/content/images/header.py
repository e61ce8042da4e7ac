"""The facts that a picture's header states: type, size, orientation and the memory that a decoder needs."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

# Pixels. A third of a gigabyte at four bytes a pixel; browsers on phones refuse pictures of this size, too.
MOST_PIXELS: Final = 89_478_485

# Bytes of a file and of what its decoder holds; what needs more has no copies, and no more is under way on a machine at once.
MOST_MEMORY: Final = 400_000_000

# Bytes that libvips and its decoders hold for a byte of metadata, beside the file: 1.9 (WebP) to 4.0 (PNG) were measured.
METADATA: Final = 4

UPRIGHT: Final = 1  # EXIF 2.32 section 4.6.4 A, tag 274
_SIDEWAYS: Final = frozenset((5, 6, 7, 8))


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """`width` and `height` are those of the stored pixels; `orientation` (1 to 8) says how a viewer turns them.

    `memory` is an upper estimate of the bytes that a decoder holds beside the file and a few rows: coefficients of a
    progressive JPEG, say, and metadata. `is_still` is False for an animation, and for what no decoder of ours reads as browsers
    do.
    """

    media_type: str
    width: int
    height: int
    orientation: int = UPRIGHT
    memory: int = 0
    is_still: bool = True

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as browsers show the picture."""
        return (self.height, self.width) if self.orientation in _SIDEWAYS else (self.width, self.height)


def exactly(file: BinaryIO, count: int) -> bytes:
    """Read `count` bytes. Raises ValueError if the file ends before."""
    data = file.read(count)
    if len(data) < count:
        raise ValueError("the header is cut off")
    return data


def unpacked(form: str, file: BinaryIO) -> tuple[int, ...]:
    """Read integers of a `struct` format. Raises ValueError if the file ends before."""
    return struct.unpack(form, exactly(file, struct.calcsize(form)))
