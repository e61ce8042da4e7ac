"""Detection of image formats: from the first bytes of a file, never from its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Final

from feedsvc.content.images import avif, gif, jpeg, png, webp
from feedsvc.content.images.header import MAX_PIXELS, ImageHeader

IMAGE_TYPES: Final = frozenset({avif.MEDIA_TYPE, gif.MEDIA_TYPE, jpeg.MEDIA_TYPE, png.MEDIA_TYPE, webp.MEDIA_TYPE})

_SIGNATURE_SIZE: Final = 64  # first bytes of a file from which the format is detected
# Test of a file's first bytes for a format, and the reader of its header.
_FORMATS: Final[tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO], ImageHeader]], ...]] = (
    (lambda start: start.startswith(jpeg.SIGNATURE), jpeg.read),
    (lambda start: start.startswith(png.SIGNATURE), png.read),
    (lambda start: start.startswith(gif.SIGNATURES), gif.read),
    (webp.is_webp, webp.read),
    (avif.is_avif, avif.read),
)


def read_header(file: BinaryIO) -> ImageHeader:
    """Read an image's header. The format follows from the first bytes, never from a file name.

    Raises ValueError if the header is damaged or of no known format, OverflowError if the image has more than MAX_PIXELS.
    """
    file.seek(0)
    start = file.read(_SIGNATURE_SIZE)
    read = next((read for matches, read in _FORMATS if matches(start)), None)
    if read is None:
        raise ValueError("no JPEG, PNG, GIF, WebP or AVIF")
    header = read(file)
    if not header.width or not header.height:
        raise ValueError("a picture without pixels")
    if header.width * header.height > MAX_PIXELS:
        raise OverflowError("more pixels than any reader shows")
    return header
