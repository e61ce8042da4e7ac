"""Pictures: an open file comes in, the facts of its header or narrower copies come out; for the modules of `content` alone.

Headers are read here, in Python. Pixels are decoded by libvips in a child process with limits (`child`, `copying`); `pool`
is this process's end of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Final

from feedsvc.content.images import avif, gif, jpeg, png, webp
from feedsvc.content.images.header import MOST_MEMORY, MOST_PIXELS, Header

TYPES: Final = frozenset({avif.MEDIA_TYPE, gif.MEDIA_TYPE, jpeg.MEDIA_TYPE, png.MEDIA_TYPE, webp.MEDIA_TYPE})

_START: Final = 64  # bytes that tell the formats apart
# Whether a file that starts so is of a format, and what reads its header.
_FORMATS: Final[tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO], Header]], ...]] = (
    (lambda start: start.startswith(jpeg.SIGNATURE), jpeg.read),
    (lambda start: start.startswith(png.SIGNATURE), png.read),
    (lambda start: start.startswith(gif.SIGNATURES), gif.read),
    (webp.is_webp, webp.read),
    (avif.is_avif, avif.read),
)


def read_header(file: BinaryIO) -> Header:
    """Read a picture's header; the format is found by its first bytes, never by a name.

    Raises ValueError if it is damaged or of no known format, OverflowError if it has more than MOST_PIXELS.
    """
    file.seek(0)
    start = file.read(_START)
    read = next((read for matches, read in _FORMATS if matches(start)), None)
    if read is None:
        raise ValueError("no JPEG, PNG, GIF, WebP or AVIF")
    header = read(file)
    if not header.width or not header.height:
        raise ValueError("a picture without pixels")
    if header.width * header.height > MOST_PIXELS:
        raise OverflowError("more pixels than any reader shows")
    return header


__all__ = ["MOST_MEMORY", "MOST_PIXELS", "TYPES", "Header", "read_header"]
