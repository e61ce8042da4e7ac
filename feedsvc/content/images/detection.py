"""Detection of image formats: from the first bytes of a file, never from its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO, Final

from feedsvc.content.images import avif, gif, jpeg, png, webp
from feedsvc.content.images.header import MAX_PIXELS, ImageHeader

IMAGE_TYPES: Final = frozenset({avif.MEDIA_TYPE, gif.MEDIA_TYPE, jpeg.MEDIA_TYPE, png.MEDIA_TYPE, webp.MEDIA_TYPE})

_SIGNATURE_SIZE: Final = 64  # first bytes of a file from which the format is detected
_SIGNATURES: Final[tuple[tuple[Callable[[bytes], bool], str], ...]] = (
    (lambda start: start.startswith(jpeg.SIGNATURE), jpeg.MEDIA_TYPE),
    (lambda start: start.startswith(png.SIGNATURE), png.MEDIA_TYPE),
    (lambda start: start.startswith(gif.SIGNATURES), gif.MEDIA_TYPE),
    (webp.is_webp, webp.MEDIA_TYPE),
    (avif.is_avif, avif.MEDIA_TYPE),
)
_READERS: Final[Mapping[str, Callable[[BinaryIO], ImageHeader]]] = {
    jpeg.MEDIA_TYPE: jpeg.read,
    png.MEDIA_TYPE: png.read,
    gif.MEDIA_TYPE: gif.read,
    webp.MEDIA_TYPE: webp.read,
    avif.MEDIA_TYPE: avif.read,
}


def detect_type(file: BinaryIO) -> str:
    """Return the media type of an image, one of IMAGE_TYPES. Raises ValueError if the format is none of them."""
    file.seek(0)
    start = file.read(_SIGNATURE_SIZE)
    found = next((media_type for matches, media_type in _SIGNATURES if matches(start)), None)
    if found is None:
        raise ValueError("no JPEG, PNG, GIF, WebP or AVIF")
    return found


def read_header(file: BinaryIO) -> ImageHeader:
    """Read an image's header. The format follows from the first bytes, never from a file name.

    Raises ValueError if the header is damaged or of no known format, OverflowError if the image has more than MAX_PIXELS.
    """
    header = _READERS[detect_type(file)](file)
    if not header.width or not header.height:
        raise ValueError("a picture without pixels")
    if header.width * header.height > MAX_PIXELS:
        raise OverflowError("more pixels than any reader shows")
    return header
