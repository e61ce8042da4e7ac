"""Widths and sizes in pixels of the variants of an image, computed from its header."""

from __future__ import annotations

from typing import Final

from feedsvc.content.images import MAX_DECODER_MEMORY, ImageHeader

VARIANT_WIDTHS: Final = (320, 640, 960, 1280, 1920)

Size = tuple[int, int]

_MAX_WIDTH_PERCENT: Final = 95  # of the image's width; a wider variant would save nothing
_MAX_PIXELS: Final = 8_000_000  # of a variant: 1920 by 4166
_MAX_HEIGHT: Final = 16_383  # pixels; the maximum of WebP
_MAX_SOURCE_SIZE: Final = 64 * 1024 * 1024  # bytes of an image file that has variants


def variant_widths(width: int, height: int) -> tuple[int, ...]:
    """Return the widths of the variants of an image of this size as displayed, in pixels, narrowest first; () for none.

    They are those of VARIANT_WIDTHS up to 95 % of the image's own width, except those at which the variant would have over
    8,000,000 pixels or be over 16,383 high.
    """
    candidates = [candidate for candidate in VARIANT_WIDTHS if candidate * 100 <= width * _MAX_WIDTH_PERCENT]
    max_heights = {candidate: min(_MAX_HEIGHT, _MAX_PIXELS // candidate) for candidate in candidates}
    return tuple(candidate for candidate in candidates if variant_height(width, height, candidate) <= max_heights[candidate])


def variant_height(width: int, height: int, variant_width: int) -> int:
    """Return the height in pixels of a variant `variant_width` pixels wide of an image of this size, at least 1."""
    return max(1, round(height * variant_width / width))


def variant_sizes(header: ImageHeader, length: int) -> tuple[Size, ...]:
    """Return width and height of each variant of an image, narrowest first; `length` is the size of its file in bytes.

    An image that is not `is_still`, such as an animation, has none. Neither has a file over 64 MiB, or one that needs more than
    400 MB together with its decoder.
    """
    if not header.is_still or length > _MAX_SOURCE_SIZE or length + header.decoder_memory > MAX_DECODER_MEMORY:
        return ()
    width, height = header.size
    return tuple((variant_width, variant_height(width, height, variant_width)) for variant_width in variant_widths(width, height))
