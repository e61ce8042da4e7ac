"""Pixels of variants: format, dimensions, brightness, transparency, orientation, colours, no metadata."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms, features

from feedsvc.content.images import read_header
from feedsvc.content.media.image_facts import VARIANT_WIDTHS, can_have_variants, digest_of, variant_widths
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.model import MediaFile
from tests.audience.waiting import wait_until
from tests.content.media.variants import (
    FORMATS,
    QUADRANTS,
    RED,
    WHITE,
    WriteImage,
    corners,
    draw_half_transparent,
    draw_quadrants,
)

GPS, SECRET = 0x8825, "Secret Lane"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VariantStore]:
    """Return a store that makes variants as in a server: one child process decodes image after image."""
    with closing(VariantStore(tmp_path_factory.mktemp("state") / "sized")) as shared_store:
        yield shared_store


def variant_path(store: VariantStore, media: MediaFile, width: int = 320) -> Path:
    """Have a variant made and return its path."""
    store.request(media)
    return wait_until(lambda: store.find(digest_of(media), width))


def make_variant(store: VariantStore, media: MediaFile, width: int = 320) -> Image.Image:
    """Have a variant made and return it as an image."""
    with Image.open(variant_path(store, media, width)) as variant:
        variant.load()
        return variant


@pytest.mark.parametrize(("width", "expected"), [(320, 0), (336, 0), (337, 1), (1300, 3), (1348, 4), (4000, 5)])
def test_variant_widths_are_narrower_than_the_image(width: int, expected: int) -> None:
    assert variant_widths(width, width) == VARIANT_WIDTHS[:expected]


@pytest.mark.parametrize("width", [320, 640, 960])
@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp", "avif"])
def test_a_variant_has_the_format_and_the_aspect_ratio_of_its_image(
    write_image: WriteImage, store: VariantStore, suffix: str, width: int
) -> None:
    if suffix == "avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    media = write_image(f"a.{suffix}", draw_quadrants((1203, 901)))
    variant = make_variant(store, media, width)
    assert (variant.format, variant.width, abs(variant.height - 901 * width / 1203) <= 0.5) == (FORMATS[suffix], width, True)
    assert can_have_variants(media)
    assert corners(variant) == QUADRANTS


@pytest.mark.parametrize("profile", [b"", b"none at all"])
def test_cmyk_without_a_profile_has_the_colours_that_browsers_show(
    write_image: WriteImage, store: VariantStore, profile: bytes
) -> None:
    media = write_image("a.jpg", draw_quadrants(mode="CMYK"), icc_profile=profile)
    assert corners(make_variant(store, media)) == QUADRANTS


def test_a_variant_is_at_least_one_pixel_high(write_image: WriteImage, store: VariantStore) -> None:
    assert make_variant(store, write_image("a.png", draw_quadrants((4000, 2)))).size == (320, 1)


@pytest.mark.parametrize(
    ("suffix", "mode", "expected"),
    [
        *(("jpg", "L", "L"), ("jpg", "CMYK", "RGB"), ("png", "1", "L"), ("png", "L", "L"), ("png", "P", "P"), ("gif", "L", "P")),
        *(("gif", "P", "P"), ("webp", "L", "RGB"), ("png", "I;16", "L")),
    ],
)
def test_a_variant_has_the_brightness_of_its_image_in_each_mode(
    write_image: WriteImage, store: VariantStore, suffix: str, mode: str, expected: str
) -> None:
    source = (
        draw_quadrants(mode="L").convert("I").point(lambda level: level * 257).convert(mode)
        if mode == "I;16"
        else draw_quadrants(mode=mode)
    )
    variant = make_variant(store, write_image(f"a.{suffix}", source))
    if expected == "P" and suffix == "gif":
        assert variant.mode in ("P", "L")
    else:
        assert variant.mode == expected
    bright = variant.convert("L").getpixel((310, 230))
    dark = variant.convert("L").getpixel((9, 230))
    assert isinstance(bright, int)
    assert isinstance(dark, int)
    assert (bright > 250, dark < 60) == (True, True)


@pytest.mark.parametrize(
    ("suffix", "mode"), [("png", "RGB"), ("png", "L"), ("png", "P"), ("webp", "RGB"), ("gif", "RGB"), ("avif", "RGB")]
)
def test_a_variant_keeps_transparency(write_image: WriteImage, store: VariantStore, suffix: str, mode: str) -> None:
    if suffix == "avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    source = draw_half_transparent("L" if mode == "L" else "RGB")
    source = source.quantize(64, method=Image.Quantize.FASTOCTREE) if mode == "P" else source
    variant = make_variant(store, write_image(f"a.{suffix}", source))
    assert [colour[3] for colour in corners(variant)] == [0, 2, 2, 0]
    assert corners(variant)[2] == WHITE


@pytest.mark.parametrize(("mode", "transparent_colour"), [("RGB", (255, 0, 0)), ("L", 76)])
def test_a_variant_keeps_a_transparent_colour(
    write_image: WriteImage, store: VariantStore, mode: str, transparent_colour: Any
) -> None:
    variant = make_variant(store, write_image("a.png", draw_quadrants(mode=mode), transparency=transparent_colour))
    assert [colour[3] for colour in corners(variant)] == [0, 2, 2, 2]


def test_a_variant_keeps_a_transparent_colour_of_16_bits(write_image: WriteImage, store: VariantStore) -> None:
    image = draw_quadrants(mode="L").convert("I").point(lambda level: level * 257).convert("I;16")
    variant = make_variant(store, write_image("a.png", image, transparency=76 * 257))
    assert [colour[3] for colour in corners(variant)] == [0, 2, 2, 2]


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "avif"])
@pytest.mark.parametrize("orientation", range(10))
def test_a_variant_is_rotated_as_the_orientation_says(
    write_image: WriteImage, store: VariantStore, suffix: str, orientation: int
) -> None:
    if suffix == "avif" and (not features.check("avif") or orientation not in range(1, 9)):
        pytest.skip("this Pillow cannot write such an AVIF")
    exif = Image.Exif()
    exif[274] = orientation
    rotated = {5: 4, 6: 4, 7: 4, 8: 4}
    media = write_image(f"a.{suffix}", draw_quadrants(), exif=exif)
    variant = make_variant(store, media)
    with open(media.location, "rb") as source:
        assert read_header(source).size == ((900, 1200) if orientation in rotated else (1200, 900))
    assert variant.size == ((320, 427) if orientation in rotated else (320, 240))
    expected = {2: "GRBW", 3: "WBRG", 4: "BWGR", 5: "RBWG", 6: "BRGW", 7: "WGRB", 8: "GWBR"}.get(orientation, "RGWB")
    assert corners(variant) == [dict(zip("RGWB", QUADRANTS, strict=True))[letter] for letter in expected]


BROKEN_EXIF = [
    b"",
    b"II*\0",
    b"nonsense that is no TIFF at all",
    struct.pack("<4sI", b"II*\0", 999),
    struct.pack("<4sIH", b"II*\0", 8, 9),
    struct.pack(">4sIHHHII", b"MM\0*", 8, 1, 274, 2, 1, 6 << 16),
    struct.pack("<4sIHHHI", b"II*\0", 8, 1, 274, 3, 1),
]


@pytest.mark.parametrize("exif", BROKEN_EXIF)
def test_an_unreadable_orientation_is_ignored(write_image: WriteImage, store: VariantStore, exif: bytes) -> None:
    # With a resolution, because Pillow would otherwise read one from EXIF and warn.
    media = write_image("a.jpg", draw_quadrants(), exif=b"Exif\0\0" + exif, dpi=(72, 72))
    assert corners(make_variant(store, media)) == QUADRANTS


@pytest.mark.parametrize("order", "<>")
def test_the_orientation_is_read_in_both_byte_orders(write_image: WriteImage, store: VariantStore, order: str) -> None:
    byte_order_mark = b"II*\0" if order == "<" else b"MM\0*"
    exif = struct.pack(f"{order}4sIHHHIIHHIHH", byte_order_mark, 8, 2, 256, 4, 1, 7, 274, 3, 1, 6, 0)
    assert make_variant(store, write_image("a.jpg", draw_quadrants(), exif=b"Exif\0\0" + exif, dpi=(72, 72))).size == (
        320,
        427,
    )


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp", "avif"])
def test_a_variant_has_no_metadata(write_image: WriteImage, store: VariantStore, suffix: str) -> None:
    if suffix == "avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    exif = Image.Exif()
    exif[271] = SECRET
    exif.get_ifd(GPS)[29] = SECRET
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options: dict[str, Any] = {"exif": exif, "xmp": SECRET.encode(), "icc_profile": profile, "comment": SECRET, "dpi": (77, 77)}
    media = write_image(f"a.{suffix}", draw_quadrants(), **({"comment": SECRET} if suffix == "gif" else options))
    assert SECRET.encode() in Path(media.location).read_bytes()
    variant = make_variant(store, media)
    assert not {"exif", "xmp", "icc_profile", "comment", "XML:com.adobe.xmp", "photoshop"} & set(variant.info)
    assert round(variant.info.get("dpi", (72, 72))[0]) == 72
    assert SECRET.encode() not in variant_path(store, media).read_bytes()


def swapped_profile() -> bytes:
    """Return a colour profile with red and green exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return bytes(profile.replace(b"rXYZ", b"?XYZ", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"?XYZ", b"gXYZ", 1))


@pytest.mark.parametrize("alpha", [False, True])
def test_the_colours_of_a_variant_are_converted_to_srgb(write_image: WriteImage, store: VariantStore, alpha: bool) -> None:
    source = draw_half_transparent("RGB") if alpha else draw_quadrants()
    variant = make_variant(store, write_image("a.png", source, icc_profile=swapped_profile()))
    assert corners(variant)[1] == RED
    assert [colour[3] for colour in corners(variant)] == ([0, 2, 2, 0] if alpha else [2] * 4)


@pytest.mark.parametrize("mode", ["L", "LA", "CMYK", "RGB"])
@pytest.mark.parametrize("profile", [swapped_profile(), b"none at all"])
def test_an_unsuitable_colour_profile_is_ignored(write_image: WriteImage, store: VariantStore, mode: str, profile: bytes) -> None:
    suffix = "jpg" if mode == "CMYK" else "png"
    variant = make_variant(store, write_image(f"a.{suffix}", draw_quadrants(mode=mode), icc_profile=profile))
    assert variant.mode == {"CMYK": "RGB"}.get(mode, mode)
    assert corners(variant)[2] == WHITE
