"""Removal of metadata that cameras and programs write into images; orientation, ICC profile and rights stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO, Final

from feedsvc.content.images import avif, clean_avif, clean_gif, clean_jpeg, clean_png, clean_webp, gif, jpeg, png, webp
from feedsvc.content.images.detection import detect_type
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.rights import Rights

_Cleaner = Callable[[BinaryIO], tuple[Pieces, Rights]]
# Media type -> the format's cleaner, and a cheaper one with the same errors and rights, but possibly without the pixels' pieces.
_CLEANERS: Final[Mapping[str, tuple[_Cleaner, _Cleaner]]] = {
    jpeg.MEDIA_TYPE: (clean_jpeg.clean, lambda file: clean_jpeg.clean(file, is_header_only=True)),
    png.MEDIA_TYPE: (clean_png.clean, clean_png.clean),
    gif.MEDIA_TYPE: (clean_gif.clean, clean_gif.clean),
    webp.MEDIA_TYPE: (clean_webp.clean, clean_webp.clean),
    avif.MEDIA_TYPE: (clean_avif.clean, clean_avif.clean),
}


def find_clean_pieces(file: BinaryIO) -> Pieces:
    """Return the pieces that form an image without its metadata. Raises ValueError if it is damaged or of no known format."""
    return _CLEANERS[detect_type(file)][0](file)[0]


def check_removable_metadata(file: BinaryIO) -> None:
    """Raise ValueError if `find_clean_pieces` would. Of a JPEG, only the part before its pixels is read."""
    _CLEANERS[detect_type(file)][1](file)


def rights_of(file: BinaryIO) -> Rights:
    """Return the rights that an image states. Raises ValueError as `find_clean_pieces` does."""
    return _CLEANERS[detect_type(file)][1](file)[1]
