"""GIF headers (GIF89a specification)."""

from __future__ import annotations

from typing import BinaryIO, Final

from feedsvc.content.images.header import Header, exactly, unpacked

MEDIA_TYPE: Final = "image/gif"
SIGNATURES: Final = (b"GIF87a", b"GIF89a")

_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_HAS_TABLE: Final = 0x80
_DECODED: Final = 4  # bytes a pixel
_ANIMATED: Final = 2  # images


def read(file: BinaryIO) -> Header:
    """Read as far as the second image of an animation. Raises ValueError."""
    file.seek(6)
    width, height, packed, _, _ = unpacked("<HHBBB", file)
    _skip_table(file, packed)
    return Header(
        media_type=MEDIA_TYPE, width=width, height=height, memory=_DECODED * width * height, is_still=_images(file) < _ANIMATED
    )


def _images(file: BinaryIO) -> int:
    """Count the images, up to 2."""
    count = 0
    while count < _ANIMATED and (kind := file.read(1)) and kind[0] in (_IMAGE, _EXTENSION):
        if kind[0] == _EXTENSION:
            file.seek(1, 1)
        else:
            count += 1
            try:
                *_, packed = unpacked("<HHHHB", file)
                _skip_table(file, packed)
            except ValueError:
                return count
            file.seek(1, 1)  # the minimum code size
        _skip_blocks(file)
    return count


def _skip_table(file: BinaryIO, packed: int) -> None:
    if packed & _HAS_TABLE:
        exactly(file, 3 * 2 ** ((packed & 7) + 1))


def _skip_blocks(file: BinaryIO) -> None:
    while (length := file.read(1)) and length[0]:
        file.seek(length[0], 1)
