"""Removal of metadata that cameras and programs write into images; orientation, ICC profile and rights stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Final

from feedsvc.content.images import avif, clean_avif, clean_gif, clean_jpeg, clean_png, clean_webp, gif, jpeg, png, webp
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.rights import Rights

_SIGNATURE_SIZE: Final = 64  # first bytes of a file from which the format is detected
_Cleaner = Callable[[BinaryIO], tuple[Pieces, Rights]]
# Test of a file's first bytes for a format, the format's cleaner, and a cheaper cleaner with the same errors and rights, but
# possibly without the pixels' pieces.
_FORMATS: Final[tuple[tuple[Callable[[bytes], bool], _Cleaner, _Cleaner], ...]] = (
    (lambda start: start.startswith(jpeg.SIGNATURE), clean_jpeg.clean, lambda file: clean_jpeg.clean(file, is_header_only=True)),
    (lambda start: start.startswith(png.SIGNATURE), clean_png.clean, clean_png.clean),
    (lambda start: start.startswith(gif.SIGNATURES), clean_gif.clean, clean_gif.clean),
    (webp.is_webp, clean_webp.clean, clean_webp.clean),
    (avif.is_avif, clean_avif.clean, clean_avif.clean),
)


def find_clean_pieces(file: BinaryIO) -> Pieces:
    """Return the pieces that form an image without its metadata. Raises ValueError if it is damaged or of no known format."""
    return _cleaners_for(file)[0](file)[0]


def check_removable_metadata(file: BinaryIO) -> None:
    """Raise ValueError if `find_clean_pieces` would. Of a JPEG, only the part before its pixels is read."""
    _cleaners_for(file)[1](file)


def rights_of(file: BinaryIO) -> Rights:
    """Return the rights that an image states. Raises ValueError as `find_clean_pieces` does."""
    return _cleaners_for(file)[1](file)[1]


def _cleaners_for(file: BinaryIO) -> tuple[_Cleaner, _Cleaner]:
    file.seek(0)
    start = file.read(_SIGNATURE_SIZE)
    for matches, whole, brief in _FORMATS:
        if matches(start):
            return whole, brief
    raise ValueError("no JPEG, PNG, GIF, WebP or AVIF")
