"""Which narrower copies a picture has."""

from __future__ import annotations

from typing import Final

from feedsvc.content.images import MOST_MEMORY, Header

WIDTHS: Final = (320, 640, 960, 1280, 1920)

Size = tuple[int, int]

_CLOSEST: Final = 95  # per cent of the picture's width; a copy nearer to it would save nothing
_MOST_PIXELS: Final = 8_000_000  # of a copy: 1920 by 4166
_HIGHEST: Final = 16_383  # pixels; WebP has no higher pictures
_MOST_BYTES: Final = 64 * 1024 * 1024  # of a source


def widths(width: int, height: int) -> tuple[int, ...]:
    """Return the widths that a picture of this size, in pixels, is worth having copies of, narrowest first."""
    heights = {one: copy_height(width, height, one) for one in WIDTHS if one * 100 <= width * _CLOSEST}
    return tuple(one for one, high in heights.items() if high <= _HIGHEST and one * high <= _MOST_PIXELS)


def copy_height(width: int, height: int, wanted: int) -> int:
    """Return the height of a copy `wanted` pixels wide."""
    return max(1, round(height * wanted / width))


def sizes(header: Header, length: int) -> tuple[Size, ...]:
    """Return width and height of each copy of a picture, narrowest first; `length` is the bytes of its file.

    None of an animation, of a file over 64 MiB, and where a decoder would hold more than 400 MB.
    """
    if not header.is_still or length > _MOST_BYTES or length + header.memory > MOST_MEMORY:
        return ()
    width, height = header.size
    return tuple((one, copy_height(width, height, one)) for one in widths(width, height))
