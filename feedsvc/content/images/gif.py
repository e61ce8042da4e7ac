"""GIF headers (GIF89a specification)."""

from __future__ import annotations

from typing import BinaryIO, Final

from feedsvc.content.images.header import ImageHeader, read_exactly, read_struct

MEDIA_TYPE: Final = "image/gif"
SIGNATURES: Final = (b"GIF87a", b"GIF89a")

_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_COLOUR_TABLE_FLAG: Final = 0x80
_BYTES_PER_PIXEL: Final = 4
_MIN_ANIMATION_IMAGES: Final = 2


def read(file: BinaryIO) -> ImageHeader:
    """Read the header, and count images to detect an animation. Raises ValueError if the header is cut off."""
    file.seek(6)
    width, height, packed, _, _ = read_struct("<HHBBB", file)
    _skip_table(file, packed)
    return ImageHeader(
        media_type=MEDIA_TYPE,
        width=width,
        height=height,
        decoder_memory=_BYTES_PER_PIXEL * width * height,
        is_still=_count_images(file) < _MIN_ANIMATION_IMAGES,
    )


def _count_images(file: BinaryIO) -> int:
    """Return the number of images, counted up to 2. Damage ends the count."""
    count = 0
    while count < _MIN_ANIMATION_IMAGES and (kind := file.read(1)) and kind[0] in (_IMAGE, _EXTENSION):
        if kind[0] == _EXTENSION:
            file.seek(1, 1)
        else:
            count += 1
            try:
                *_, packed = read_struct("<HHHHB", file)
                _skip_table(file, packed)
            except ValueError:
                return count
            file.seek(1, 1)  # the minimum code size
        _skip_blocks(file)
    return count


def _skip_table(file: BinaryIO, packed: int) -> None:
    if packed & _COLOUR_TABLE_FLAG:
        read_exactly(file, 3 * 2 ** ((packed & 7) + 1))


def _skip_blocks(file: BinaryIO) -> None:
    while (length := file.read(1)) and length[0]:
        file.seek(length[0], 1)
