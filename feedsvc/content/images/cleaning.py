"""Removal of what cameras and editors write into pictures: only orientation, profile and rights stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Final

from feedsvc.content.images import avif, clean_avif, clean_gif, clean_jpeg, clean_png, clean_webp, gif, jpeg, png, webp
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.rights import Rights

_START: Final = 64  # bytes that tell the formats apart
_Clean = Callable[[BinaryIO], tuple[Pieces, Rights]]
# Whether a file that starts so is of a format, what cleans it, and what tells at little cost whether it can be cleaned.
_FORMATS: Final[tuple[tuple[Callable[[bytes], bool], _Clean, _Clean], ...]] = (
    (lambda start: start.startswith(jpeg.SIGNATURE), clean_jpeg.clean, lambda file: clean_jpeg.clean(file, is_brief=True)),
    (lambda start: start.startswith(png.SIGNATURE), clean_png.clean, clean_png.clean),
    (lambda start: start.startswith(gif.SIGNATURES), clean_gif.clean, clean_gif.clean),
    (webp.is_webp, clean_webp.clean, clean_webp.clean),
    (avif.is_avif, clean_avif.clean, clean_avif.clean),
)


def clean(file: BinaryIO) -> Pieces:
    """Return what is sent of a picture. Raises ValueError if it is damaged or of no known format."""
    return _found(file)[0](file)[0]


def check(file: BinaryIO) -> None:
    """Raise ValueError where `clean` does. A JPEG is not read beyond the beginning of its pixels."""
    _found(file)[1](file)


def rights_of(file: BinaryIO) -> Rights:
    """Return whose a picture is. Raises ValueError as `clean` does."""
    return _found(file)[1](file)[1]


def _found(file: BinaryIO) -> tuple[_Clean, _Clean]:
    file.seek(0)
    start = file.read(_START)
    for matches, whole, brief in _FORMATS:
        if matches(start):
            return whole, brief
    raise ValueError("no JPEG, PNG, GIF, WebP or AVIF")
