"""Pictures looked into, and made narrower: the source's format, upright in sRGB, with its alpha and without any metadata.

The only room with Pillow, entered with the first picture: most starts find nothing new to know of any.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from contextlib import suppress
from io import BufferedReader, BytesIO
from typing import Final

from PIL import Image as Pictures
from PIL import ImageCms

from feedsvc.content.narrowing import TYPES, widths

_FORMATS: Final = ("AVIF", "GIF", "JPEG", "PNG", "WEBP")
_OPAQUE: Final = 128  # GIF knows nothing between

# Once for the process: warnings.catch_warnings would not be safe in threads.
warnings.simplefilter("error", Pictures.DecompressionBombWarning)
# What Pillow raises for bytes that are broken or too many.
_UNREADABLE: Final = (
    *(OSError, ValueError, SyntaxError, RuntimeError, EOFError, LookupError, TypeError, ArithmeticError, MemoryError),
    *(struct.error, zlib.error, Pictures.DecompressionBombError, Warning),
)
# A profile that is none, is broken or of another colour model than its picture: browsers ignore it.
_NO_PROFILE: Final = (ImageCms.PyCMSError, OSError, ValueError, TypeError, ImportError)
# EXIF 2.32 section 4.6.4 A, tag 274: how the stored picture is turned to stand upright. From 5 on it lies on its side.
_TURNS: Final = dict(zip(range(2, 9), map(Pictures.Transpose, (0, 3, 1, 5, 4, 6, 2)), strict=True))
_TIFF: Final = {
    b"II*\0": ("<", b"\x12\x01\x03\x00\x01\x00\x00\x00"),
    b"MM\0*": (">", b"\x01\x12\x00\x03\x00\x00\x00\x01"),
}


def upright(picture: Pictures.Image) -> tuple[int, int]:
    """Width and height as browsers show the picture, by its EXIF orientation; nothing is decoded."""
    width, height = picture.size
    return (height, width) if _orientation(picture) in (5, 6, 7, 8) else (width, height)


def shape(location: str) -> tuple[tuple[int, int], str]:
    """Width and height of a picture, and the media type that its bytes have; zeros if they are none that can be read.

    Only the beginning is read. Raises OverflowError where there are more pixels than any reader shows.
    """
    try:
        with Pictures.open(location, formats=_FORMATS) as picture:
            return upright(picture), Pictures.MIME.get(picture.format or "", "")
    except (Pictures.DecompressionBombError, Pictures.DecompressionBombWarning):
        raise OverflowError from None
    except _UNREADABLE:
        return (0, 0), ""


def can_narrow(opened: BufferedReader, media_type: str) -> bool:
    """Whether narrower copies can be made, by the look of the first bytes."""
    try:
        opened.seek(0)
        with Pictures.open(opened, formats=(TYPES[media_type][0],)) as picture:
            return _fits(picture)
    except _UNREADABLE:
        return False


def _fits(picture: Pictures.Image) -> bool:
    """One picture, or a JPEG with its previews (MPO); no transparent colour of 16 bits, of which Pillow reads only 8."""
    moves = getattr(picture, "is_animated", False) and picture.format != "MPO"
    deep = any("16B" in str(tile) for tile in getattr(picture, "tile", ()))
    return not moves and not (deep and "transparency" in picture.info)


def narrow(data: bytes, media_type: str, width: int) -> bytes:
    """The picture, one of its `widths` wide. Raises ValueError with the end of a sentence that begins with its name."""
    kind, options = TYPES[media_type]
    try:
        with Pictures.open(BytesIO(data), formats=(kind,)) as picture:
            if width in widths(upright(picture)[0]) and _fits(picture):
                _copy(picture, width).save(out := BytesIO(), kind, **options)
                return out.getvalue()
    except _UNREADABLE as error:
        raise ValueError(f"cannot be made narrower ({getattr(error, 'strerror', None) or error})") from None
    raise ValueError(f"has no copy {width} pixels wide")


def _copy(picture: Pictures.Image, width: int) -> Pictures.Image:
    """Shrunk before all else, because all else costs by the pixel."""
    full, orientation, was_palette = upright(picture), _orientation(picture), picture.mode == "P"
    size = (width, max(1, round(full[1] * width / full[0])))
    stored = size if full == picture.size else size[::-1]
    picture.draft(None, (2 * stored[0], 2 * stored[1]))  # of a JPEG a half, quarter or eighth is decoded
    copy = _plain(picture).resize(stored, Pictures.Resampling.LANCZOS, reducing_gap=3.0)
    copy = _in_srgb(copy, picture.info.get("icc_profile", b""))
    copy = copy.transpose(_TURNS[orientation]) if orientation in _TURNS else copy
    copy.info = {}
    return _paletted(copy) if picture.format == "GIF" or (was_palette and copy.mode == "RGB") else copy


def _orientation(picture: Pictures.Image) -> int:
    """As browsers find it, in EXIF alone and before the pixels; Pillow's getexif would decode a PNG and warn of broken EXIF."""
    exif: bytes = picture.info.get("exif", b"").removeprefix(b"Exif\0\0")
    order, entry = _TIFF.get(exif[:4], ("", b""))
    with suppress(struct.error):
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            if entry and exif[at : at + 8] == entry:
                return int(*struct.unpack_from(f"{order}H", exif, at + 8))
    return 1


def _plain(picture: Pictures.Image) -> Pictures.Image:
    """In a mode that can be resized: eight bits, no palette, no key colour."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda level: level * (1 / 257) + 0.5).convert("L")
    if picture.has_transparency_data:
        return picture.convert({"LA": "LA"}.get(picture.mode, "RGBA"))
    return picture.convert({"1": "L", "L": "L", "CMYK": "CMYK"}.get(picture.mode, "RGB"))


def _in_srgb(picture: Pictures.Image, profile: bytes) -> Pictures.Image:
    """Grey stays grey; CMYK becomes RGB."""
    colour = picture.convert({"LA": "L", "RGBA": "RGB"}.get(picture.mode, picture.mode))
    with suppress(*_NO_PROFILE):
        given, srgb = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
        colour = ImageCms.profileToProfile(colour, given, srgb, outputMode="RGB") or colour
    colour = colour.convert("L" if picture.mode in ("L", "LA") else "RGB")
    if "A" in picture.getbands():
        colour.putalpha(picture.getchannel("A"))
    return colour


def _paletted(picture: Pictures.Image) -> Pictures.Image:
    """In 255 colours; where it had alpha, the last one stands for what is less than half opaque."""
    copy = picture.convert("RGB").quantize(255)
    if "A" in picture.getbands():
        copy.putpalette(((copy.getpalette() or []) + [0] * 768)[:768])
        copy.paste(255, mask=picture.getchannel("A").point(lambda alpha: 255 * (alpha < _OPAQUE)))
        copy.info["transparency"] = 255
    return copy
