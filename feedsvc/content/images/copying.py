"""Narrower copies of one picture, made by libvips: in sRGB, upright, with its alpha, without metadata but rights.

For the child alone.

The only module with pyvips. One decode gives all widths: the widest copy is made from the decoded rows, the others from it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import pyvips

from feedsvc.content.images import cleaning, rights
from feedsvc.content.images.header import Header

Size = tuple[int, int]

# libvips has some forty loaders and as many savers; these five read what SECURITY.md names.
_LOADERS: Final = ("Jpeg", "Png", "Webp", "Nsgif", "Heif")
_REDUCED: Final = (8, 4, 2)  # libjpeg's inverse DCT yields an eighth, quarter or half of the picture for less
_REDUCED_TO: Final = 2  # times the width of the widest copy, at least
_SCALED_TO: Final = 1.4  # the same for libwebp, which averages as it decodes
_KERNEL: Final = "lanczos3"
# Colour model of an ICC profile (ICC.1:2022 section 7.2.6) -> the interpretations that it can describe.
_PROFILES: Final = {b"GRAY": ("b-w", "grey16"), b"RGB ": ("srgb", "rgb16", "rgb"), b"CMYK": ("cmyk",)}
_GREY: Final = ("b-w", "grey16")
_UPRIGHT: Final[Mapping[int, Callable[[Any], Any]]] = {
    2: lambda image: image.fliphor(),
    3: lambda image: image.rot180(),
    4: lambda image: image.flipver(),
    5: lambda image: image.rot90().fliphor(),
    6: lambda image: image.rot90(),
    7: lambda image: image.rot270().fliphor(),
    8: lambda image: image.rot270(),
}
_SAVERS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "image/avif": ("heifsave_buffer", {"Q": 65, "compression": "av1", "effort": 3, "bitdepth": 8}),
    "image/gif": ("gifsave_buffer", {"effort": 3}),
    "image/jpeg": ("jpegsave_buffer", {"Q": 80, "interlace": True, "optimize_coding": True}),
    "image/png": ("pngsave_buffer", {"compression": 6, "filter": "all"}),
    "image/webp": ("webpsave_buffer", {"Q": 80}),
}
_METADATA: Final = ("exif-data", "iptc-data", "photoshop-data", "icc-profile-data")
_RESOLUTION: Final = 72 / 25.4  # pixels a millimetre, whatever the source says
_PALETTE: Final = {"palette": True, "compression": 9, "filter": "none"}


def prepare() -> None:
    """Allow the loaders that are used, and no other; one thread, and nothing remembered between pictures."""
    pyvips.operation_block_set("VipsForeignLoad", True)  # noqa: FBT003 - the library's own signature
    for name in _LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{name}", False)  # noqa: FBT003
    pyvips.cache_set_max(0)


def library() -> str:
    return ".".join(str(pyvips.version(part)) for part in range(3))


def copies(data: bytes, header: Header, sizes: Sequence[Size]) -> Iterator[tuple[int, bytes]]:
    """Yield width and bytes of each copy, narrowest first. `sizes` are as a viewer shows them, narrowest first.

    Raises ValueError with libvips' reason where the picture cannot be decoded.
    """
    try:
        widest, packet = _widest(data, header, sizes[-1]), rights.xmp(_rights(data))
        for width, height in sizes:
            copy = widest if (width, height) == sizes[-1] else _resized(widest, (width, height))
            yield width, _saved(copy, header.media_type, packet)
    except pyvips.Error as error:
        raise ValueError(_reason(error)) from None


def _widest(data: bytes, header: Header, size: Size) -> Any:
    """The widest copy in memory: shrunk before all else, because all else costs by the pixel."""
    source = pyvips.Source.new_from_memory(data)
    stored = size if header.size == (header.width, header.height) else size[::-1]
    decoded = _LOADS[header.media_type](source, header, stored[0])
    copy = _in_srgb(_resized(decoded, stored))
    if header.media_type != "image/avif":  # libheif has turned it
        copy = _UPRIGHT.get(header.orientation, lambda image: image)(copy.copy_memory())
    return copy.copy_memory()


def _jpeg(source: Any, header: Header, width: int) -> Any:
    shrink = next((one for one in _REDUCED if header.width // one >= _REDUCED_TO * width), 1)
    return pyvips.Image.jpegload_source(source, shrink=shrink, access="sequential", fail_on="truncated")


def _webp(source: Any, header: Header, width: int) -> Any:
    scale = min(1.0, _SCALED_TO * width / header.width)
    return pyvips.Image.webpload_source(source, scale=scale, access="sequential", fail_on="truncated")


_LOADS: Final[Mapping[str, Callable[[Any, Header, int], Any]]] = {
    "image/avif": lambda source, _, __: pyvips.Image.heifload_source(source, access="sequential", fail_on="truncated"),
    "image/gif": lambda source, _, __: pyvips.Image.gifload_source(source, access="sequential", fail_on="truncated"),
    "image/jpeg": _jpeg,
    "image/png": lambda source, _, __: pyvips.Image.pngload_source(source, access="sequential", fail_on="truncated"),
    "image/webp": _webp,
}


def _resized(image: Any, size: Size) -> Any:
    """With colours weighted by alpha, so that those of transparent pixels do not bleed."""
    width, height = size
    has_alpha, form = image.hasalpha(), image.format
    image = image.premultiply() if has_alpha else image
    image = image.resize(width / image.width, vscale=height / image.height, kernel=_KERNEL)
    if (image.width, image.height) != size:
        raise ValueError(f"it became {image.width} by {image.height} pixels instead of {width} by {height}")
    return image.unpremultiply().cast(form) if has_alpha else image


def _in_srgb(image: Any) -> Any:
    """Eight bits a channel; grey stays grey. A profile of another colour model than its picture is ignored, as browsers do."""
    is_grey = image.interpretation in _GREY
    profile = bytes(image.get("icc-profile-data")) if image.get_typeof("icc-profile-data") else b""
    if image.interpretation in _PROFILES.get(profile[16:20], ()):
        with suppress(pyvips.Error):
            image = image.icc_transform("srgb", embedded=True, intent="perceptual").copy_memory()
    if image.interpretation == "cmyk":
        image = _without_black(image)
    return image.colourspace("b-w" if is_grey else "srgb")


def _without_black(image: Any) -> Any:
    """CMYK without a usable profile as browsers show it: each channel is what its ink and black leave of white."""
    left = image.linear(-1, 255)
    channels = [(left[ink] * left[3] / 255).rint().cast("uchar") for ink in range(3)]
    return channels[0].bandjoin(channels[1:]).copy(interpretation="srgb")


def _rights(data: bytes) -> rights.Rights:
    try:
        return cleaning.rights_of(io.BytesIO(data))
    except (ValueError, OverflowError, IndexError):
        return rights.Rights()


def _saved(image: Any, media_type: str, packet: bytes) -> bytes:
    """Encode a copy, with an XMP packet if there is one and the format has a place for it."""
    name, options = _SAVERS[media_type]
    if media_type == "image/png" and image.get_typeof("palette"):
        options = _PALETTE
    copied = image.copy(xres=_RESOLUTION, yres=_RESOLUTION)
    if packet:
        for kind in copied.get_fields():
            if kind in _METADATA:
                copied.remove(kind)
        copied.set_type(pyvips.GValue.blob_type, "xmp-data", packet)
    saved: bytes = getattr(copied, name)(keep="xmp" if packet else "none", **options)
    return saved


def _reason(error: Any) -> str:
    """The last line that libvips said."""
    lines = [line.strip() for line in str(error.detail or error.message).splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
