"""Image header: media type, size in pixels, orientation, and an estimate of the memory that a decoder needs."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

# A third of a gigabyte at four bytes per pixel; browsers on phones reject images of this size, too.
MAX_PIXELS: Final = 89_478_485

# Bytes of a file and its decoder. An image that needs more has no variants.
MAX_DECODER_MEMORY: Final = 400_000_000

# Bytes that libvips and its decoders hold per byte of metadata, in addition to the file; measured: 1.9 (WebP) to 4.0 (PNG).
METADATA_MEMORY_FACTOR: Final = 4

UPRIGHT: Final = 1  # EXIF 2.32 section 4.6.4 A, tag 274
_SIDEWAYS: Final = frozenset((5, 6, 7, 8))


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageHeader:
    """Header of an image. `width` and `height` are those of the stored image; viewers turn it by `orientation`, EXIF's 1 to 8.

    The orientation of an AVIF only states whether it is turned sideways. `decoder_memory` is an upper estimate of the bytes that
    a decoder holds in addition to the file and a few rows, such as the coefficients of a progressive JPEG and metadata.
    `is_still` is False for an animation, and for an image that libvips would show differently from browsers.
    """

    media_type: str
    width: int
    height: int
    orientation: int = UPRIGHT
    decoder_memory: int = 0
    is_still: bool = True

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as displayed."""
        return (self.height, self.width) if self.orientation in _SIDEWAYS else (self.width, self.height)


class MetadataError(ValueError):
    """Raised for an image that is intact, but of whose format no metadata is removed. The text names what it holds."""


def read_exactly(file: BinaryIO, count: int) -> bytes:
    """Read `count` bytes. Raises ValueError if the file ends earlier."""
    data = file.read(count)
    if len(data) < count:
        raise ValueError("the header is cut off")
    return data


def read_struct(form: str, file: BinaryIO) -> tuple[int, ...]:
    """Read and unpack the integers of the `struct` format `form`. Raises ValueError if the file ends earlier."""
    return struct.unpack(form, read_exactly(file, struct.calcsize(form)))
