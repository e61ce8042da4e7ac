"""Image formats: detection from the first bytes of a file, reading of headers, and removal of metadata.

Of the metadata that cameras and programs write into images, only orientation, ICC profile and rights stay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Final, NamedTuple

from feedsvc.content.images import avif, gif, jpeg, png, webp
from feedsvc.content.images.header import MAX_PIXELS, ImageHeader, MetadataError
from feedsvc.content.images.pieces import Pieces
from feedsvc.content.images.rights import Rights

_Cleaner = Callable[[BinaryIO], tuple[Pieces, Rights]]


class _Format(NamedTuple):
    """Functions of one image format.

    `matches` gets the first _SIGNATURE_SIZE bytes of a file. `read` reads the header. `clean` returns (pieces, rights) of the
    image without its metadata; `check` raises the same errors and returns the same rights, but may take less time and omit
    pieces with pixels.
    """

    media_type: str
    matches: Callable[[bytes], bool]
    read: Callable[[BinaryIO], ImageHeader]
    clean: _Cleaner
    check: _Cleaner


_FORMATS: Final = (
    _Format(
        jpeg.MEDIA_TYPE,
        lambda start: start.startswith(jpeg.SIGNATURE),
        jpeg.read,
        jpeg.clean,
        lambda file: jpeg.clean(file, is_header_only=True),
    ),
    _Format(png.MEDIA_TYPE, lambda start: start.startswith(png.SIGNATURE), png.read, png.clean, png.clean),
    _Format(gif.MEDIA_TYPE, lambda start: start.startswith(gif.SIGNATURES), gif.read, gif.clean, gif.clean),
    _Format(webp.MEDIA_TYPE, webp.is_webp, webp.read, webp.clean, webp.clean),
    _Format(avif.MEDIA_TYPE, avif.is_avif, avif.read, avif.clean, avif.clean),
)
IMAGE_TYPES: Final = frozenset(image_format.media_type for image_format in _FORMATS)
_SIGNATURE_SIZE: Final = 64  # bytes


def _detect(file: BinaryIO) -> _Format:
    """Return the format of an image, from its first bytes, not from a file name. Raises ValueError if it is none of _FORMATS."""
    file.seek(0)
    start = file.read(_SIGNATURE_SIZE)
    for image_format in _FORMATS:
        if image_format.matches(start):
            return image_format
    raise ValueError("no JPEG, PNG, GIF, WebP or AVIF")


def read_header(file: BinaryIO) -> ImageHeader:
    """Read an image's header. The format is that of its first bytes, whatever its name says.

    Raises ValueError if it is damaged, of no known format or without pixels, OverflowError if there are more than MAX_PIXELS.
    """
    header = _detect(file).read(file)
    if not header.width or not header.height:
        raise ValueError("a picture without pixels")
    if header.width * header.height > MAX_PIXELS:
        raise OverflowError("more pixels than any reader shows")
    return header


def find_clean_pieces(file: BinaryIO) -> Pieces:
    """Return the pieces that form an image without its metadata. Orientation, ICC profile and, if the format can, rights stay.

    Raises MetadataError for an AVIF that has metadata, another ValueError if the image is of no known format, too complex, or
    too damaged to remove its metadata. Catch OverflowError and IndexError, too, which other damage may cause.
    """
    return _detect(file).clean(file)[0]


def check_removable_metadata(file: BinaryIO) -> None:
    """Raise the error that `find_clean_pieces` would raise, if any. Of a JPEG, only the part before its pixels is read."""
    _detect(file).check(file)


def rights_of(file: BinaryIO) -> Rights:
    """Return the rights that a JPEG, PNG, GIF or WebP image states; empty `Rights()` if it states none, and for an AVIF.

    Raises ValueError, OverflowError or IndexError if the image is of no known format, damaged or too complex.
    """
    try:
        return _detect(file).check(file)[1]
    except MetadataError:
        return Rights()
