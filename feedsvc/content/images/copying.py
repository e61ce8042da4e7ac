"""Image variants (narrower copies) made with libvips: in sRGB or grey, upright, with the alpha channel, if any.

Of the metadata, only the rights stay, as XMP. Only this module imports pyvips, and only `decoder_process` may import this
module.

The image is decoded once: the widest variant is made from the decoded rows, the others from the widest.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import pyvips

from feedsvc.content.images import formats, rights
from feedsvc.content.images.header import ImageHeader

_Size = tuple[int, int]

# libvips has about 40 loaders; these five read the formats listed in SECURITY.md.
_LOADER_NAMES: Final = ("Jpeg", "Png", "Webp", "Nsgif", "Heif")
_JPEG_SHRINK_FACTORS: Final = (8, 4, 2)  # libjpeg's inverse DCT decodes to these fractions at less cost
_JPEG_MIN_RATIO: Final = 2  # minimum of decoded width / width of the widest variant
_WEBP_MIN_RATIO: Final = 1.4  # the same for libwebp, which averages while decoding
_KERNEL: Final = "lanczos3"
# Colour model of an ICC profile (ICC.1:2022 section 7.2.6) -> libvips interpretations for which it is valid.
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
_METADATA_FIELDS: Final = ("exif-data", "iptc-data", "photoshop-data", "icc-profile-data")
_RESOLUTION: Final = 72 / 25.4  # pixels per millimetre (72 dpi), not taken from the source
_PALETTE_OPTIONS: Final = {"palette": True, "compression": 9, "filter": "none"}


def prepare() -> None:
    """Block all loaders of libvips except those of JPEG, PNG, WebP, GIF and AVIF, for the whole process; disable its cache."""
    pyvips.operation_block_set("VipsForeignLoad", True)  # noqa: FBT003 - the library's own signature
    for name in _LOADER_NAMES:
        pyvips.operation_block_set(f"VipsForeignLoad{name}", False)  # noqa: FBT003
    pyvips.cache_set_max(0)


def library_version() -> str:
    """Return the version of libvips, like "8.15.1"."""
    return ".".join(str(pyvips.version(part)) for part in range(3))


def make_variants(data: bytes, header: ImageHeader, sizes: Sequence[_Size]) -> Iterator[tuple[int, bytes]]:
    """Yield width and encoded bytes of each variant, in the image's format, narrowest first.

    `data` are the image file's bytes, `header` is its header. `sizes`, at least one, are the widths and heights of the variants
    in pixels, as displayed, narrowest first. Call `prepare` once in the process before. Raises ValueError if the image cannot
    be decoded or resized, MemoryError if memory is short.
    """
    try:
        widest, packet = _widest_variant(data, header, sizes[-1]), rights.to_xmp(_rights(data))
        for width, height in sizes:
            copy = widest if (width, height) == sizes[-1] else _resize(widest, (width, height))
            yield width, _encode_variant(copy, header.media_type, packet)
    except pyvips.Error as error:
        raise ValueError(_reason(error)) from None


def _widest_variant(data: bytes, header: ImageHeader, size: _Size) -> Any:
    """Return the widest variant as pyvips image in memory. It is shrunk first, because later steps cost time for each pixel."""
    source = pyvips.Source.new_from_memory(data)
    stored_size = size if header.size == (header.width, header.height) else size[::-1]
    decoded = _LOAD_FUNCTIONS[header.media_type](source, header, stored_size[0])
    copy = _to_srgb(_resize(decoded, stored_size))
    if header.media_type != "image/avif":  # libheif applies the orientation itself
        copy = _UPRIGHT.get(header.orientation, lambda image: image)(copy.copy_memory())
    return copy.copy_memory()


def _load_jpeg(source: Any, header: ImageHeader, width: int) -> Any:
    shrink = next((factor for factor in _JPEG_SHRINK_FACTORS if header.width // factor >= _JPEG_MIN_RATIO * width), 1)
    return pyvips.Image.jpegload_source(source, shrink=shrink, access="sequential", fail_on="truncated")


def _load_webp(source: Any, header: ImageHeader, width: int) -> Any:
    scale = min(1.0, _WEBP_MIN_RATIO * width / header.width)
    return pyvips.Image.webpload_source(source, scale=scale, access="sequential", fail_on="truncated")


_LOAD_FUNCTIONS: Final[Mapping[str, Callable[[Any, ImageHeader, int], Any]]] = {
    "image/avif": lambda source, _, __: pyvips.Image.heifload_source(source, access="sequential", fail_on="truncated"),
    "image/gif": lambda source, _, __: pyvips.Image.gifload_source(source, access="sequential", fail_on="truncated"),
    "image/jpeg": _load_jpeg,
    "image/png": lambda source, _, __: pyvips.Image.pngload_source(source, access="sequential", fail_on="truncated"),
    "image/webp": _load_webp,
}


def _resize(image: Any, size: _Size) -> Any:
    """Resize an image to `size`, width and height. Raises ValueError if libvips rounds to another size.

    Colours are weighted by alpha, so that the colours of transparent pixels do not bleed.
    """
    width, height = size
    has_alpha, pixel_format = image.hasalpha(), image.format
    image = image.premultiply() if has_alpha else image
    image = image.resize(width / image.width, vscale=height / image.height, kernel=_KERNEL)
    if (image.width, image.height) != size:
        raise ValueError(f"it became {image.width} by {image.height} pixels instead of {width} by {height}")
    return image.unpremultiply().cast(pixel_format) if has_alpha else image


def _to_srgb(image: Any) -> Any:
    """Convert a grey image to 8-bit grey, another to 8-bit sRGB. Like browsers, ignore a profile for another colour model."""
    is_grey = image.interpretation in _GREY
    profile = bytes(image.get("icc-profile-data")) if image.get_typeof("icc-profile-data") else b""
    if image.interpretation in _PROFILES.get(profile[16:20], ()):
        with suppress(pyvips.Error):
            image = image.icc_transform("srgb", embedded=True, intent="perceptual").copy_memory()
    if image.interpretation == "cmyk":
        image = _cmyk_to_srgb(image)
    return image.colourspace("b-w" if is_grey else "srgb")


def _cmyk_to_srgb(image: Any) -> Any:
    """Convert CMYK without a usable profile to sRGB as browsers do: each channel is (1 - its ink) times (1 - black)."""
    light = image.linear(-1, 255)
    channels = [(light[ink] * light[3] / 255).rint().cast("uchar") for ink in range(3)]
    return channels[0].bandjoin(channels[1:]).copy(interpretation="srgb")


def _rights(data: bytes) -> rights.Rights:
    try:
        return formats.rights_of(io.BytesIO(data))
    except (ValueError, OverflowError, IndexError):
        return rights.Rights()


def _encode_variant(image: Any, media_type: str, packet: bytes) -> bytes:
    """Encode a variant, with `packet` as its only metadata: an XMP packet, b"" for none, ignored if the format has no XMP."""
    name, options = _SAVERS[media_type]
    if media_type == "image/png" and image.get_typeof("palette"):
        options = _PALETTE_OPTIONS
    output = image.copy(xres=_RESOLUTION, yres=_RESOLUTION)
    if packet:
        for field_name in output.get_fields():
            if field_name in _METADATA_FIELDS:
                output.remove(field_name)
        output.set_type(pyvips.GValue.blob_type, "xmp-data", packet)
    data: bytes = getattr(output, name)(keep="xmp" if packet else "none", **options)
    return data


def _reason(error: Any) -> str:
    """Return the last line of libvips' message; a substitute if there is none."""
    lines = [line.strip() for line in str(error.detail or error.message).splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
