"""Headers of pictures: what Pillow says of the same files, whatever is done to them."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any, Final

import pytest
from PIL import Image, features

from feedsvc.content.images import MAX_PIXELS, ImageHeader, cleaning, read_header
from feedsvc.content.images.header import METADATA_MEMORY_FACTOR as METADATA_FACTOR

TYPES: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp", "AVIF": "image/avif"}


def saved(form: str, mode: str = "RGB", size: tuple[int, int] = (123, 45), **options: Any) -> bytes:
    if form == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    file = io.BytesIO()
    Image.effect_noise(size, 50).convert(mode).save(file, form, **options)
    return file.getvalue()


def header(data: bytes) -> ImageHeader:
    return read_header(io.BytesIO(data))


@pytest.mark.parametrize(
    ("form", "mode", "options"),
    [
        *(("JPEG", mode, {"progressive": way}) for mode in ("L", "RGB", "CMYK") for way in (False, True)),
        *(("PNG", mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        ("PNG", "P", {"transparency": 3}),
        *(("GIF", mode, {}) for mode in ("1", "L", "P", "RGB")),
        *(("WEBP", mode, {"lossless": way}) for mode in ("RGB", "RGBA") for way in (False, True)),
        *(("AVIF", mode, {"subsampling": way}) for mode in ("RGB", "RGBA") for way in ("4:2:0", "4:4:4")),
    ],
)
def test_size_and_type_of_each_format(form: str, mode: str, options: dict[str, Any]) -> None:
    if mode == "I;16":
        data = io.BytesIO()
        Image.new("I;16", (123, 45)).save(data, form)
        found = header(data.getvalue())
    else:
        found = header(saved(form, mode, **options))
    assert (found.media_type, found.size, found.is_still) == (TYPES[form], (123, 45), True)


@pytest.mark.parametrize("size", [(1, 1), (2, 16383), (16383, 1), (8191, 3), (300, 200)])
@pytest.mark.parametrize("form", TYPES)
def test_small_flat_and_high_pictures(form: str, size: tuple[int, int]) -> None:
    if form == "AVIF" and min(size) < 16:
        pytest.skip("encoders refuse it")
    assert header(saved(form, size=size)).size == size


@pytest.mark.parametrize("form", TYPES)
def test_orientation(form: str) -> None:
    if form == "GIF":
        pytest.skip("GIF has none")
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[274] = orientation
        found = header(saved(form, exif=exif))
        assert found.size == ((45, 123) if orientation > 4 else (123, 45))
        assert form == "AVIF" or found.orientation == orientation


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "AVIF"])
def test_what_moves_is_no_still(form: str) -> None:
    frames = [Image.effect_noise((123, 45), 70).convert("RGB") for _ in range(3)]
    assert not header(saved(form, save_all=True, append_images=frames)).is_still


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (saved("JPEG", "RGB"), 0),
        (saved("JPEG", "RGB", progressive=True, subsampling=0), 3 * 2),
        (saved("JPEG", "RGB", progressive=True, subsampling=2), 1.5 * 2),
        (saved("JPEG", "CMYK", progressive=True, subsampling=0), 4 * 2),
        (saved("PNG"), 0),
        (saved("GIF"), 4),
        (saved("WEBP"), 0),
        (saved("WEBP", lossless=True), 4),
    ],
)
def test_memory_of_a_decoder_in_bytes_a_pixel(data: bytes, expected: float) -> None:
    assert header(data).decoder_memory == pytest.approx(expected * 123 * 45, rel=0.02, abs=100)  # a JFIF segment is metadata


METADATA: Final = b"a" * 60_000


def with_text(kind: bytes, content: bytes) -> bytes:
    """A PNG with a chunk before its pixels."""
    data, chunk = saved("PNG"), kind + content
    return data[:33] + struct.pack(">I", len(content)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[33:]


@pytest.mark.parametrize(
    "make",
    [
        lambda: with_text(b"tEXt", b"Comment\0" + METADATA),
        lambda: with_text(b"iTXt", b"Comment\0\0\0\0\0" + METADATA),
        lambda: with_text(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(METADATA, 9)),
        lambda: with_text(b"eXIf", METADATA),
        lambda: saved("JPEG", comment=METADATA),
        lambda: saved("JPEG", exif=b"Exif\0\0" + METADATA),
        lambda: saved("WEBP", xmp=METADATA),
        lambda: saved("WEBP", exif=METADATA),
        lambda: saved("AVIF", xmp=METADATA),
    ],
    ids=["tEXt", "iTXt", "compressed", "eXIf", "comment", "exif.jpg", "xmp.webp", "exif.webp", "xmp.avif"],
)
def test_metadata_count_as_memory(make: Callable[[], bytes]) -> None:
    assert header(make()).decoder_memory >= METADATA_FACTOR * len(METADATA)


def test_an_interlaced_png_is_held_as_a_whole() -> None:
    plain = bytearray(saved("PNG", "RGBA"))
    plain[28] = 1
    plain[29:33] = struct.pack(">I", zlib.crc32(plain[12:29]))
    assert header(bytes(plain)).decoder_memory == 123 * 45 * 4


def test_a_baseline_jpeg_of_several_scans_is_held_as_a_whole() -> None:
    """Each component in a scan of its own is as much work as a progressive picture."""
    data = bytearray(saved("JPEG", "RGB"))
    start = data.index(b"\xff\xda")
    data[start + 4] = 1
    assert header(bytes(data)).decoder_memory > 0


def test_too_many_pixels() -> None:
    gif = saved("GIF")
    side = int(MAX_PIXELS**0.5) + 2
    with pytest.raises(OverflowError):
        header(gif[:6] + struct.pack("<HH", side, side) + gif[10:])
    assert header(gif[:6] + struct.pack("<HH", side - 3, side - 3) + gif[10:]).width == side - 3


@pytest.mark.parametrize("form", TYPES)
def test_damage_raises_nothing_but_what_is_documented(form: str) -> None:
    """And what is read ends: no file makes it look on and on."""
    whole, chance = saved(form, "RGBA" if form in ("PNG", "WEBP", "AVIF") else "RGB"), random.Random(form)
    for _ in range(3000):
        data = bytearray(whole[: chance.randrange(len(whole)) if chance.random() < 0.3 else len(whole)])
        for _ in range(chance.randrange(6)):
            if data:
                data[min(len(data) - 1, int(chance.expovariate(1 / 60)))] = chance.choice(
                    (0, 1, 127, 128, 255, chance.randrange(256))
                )
        try:
            found = header(bytes(data))
        except (ValueError, OverflowError):
            continue
        assert 0 < found.width * found.height <= MAX_PIXELS
        assert found.decoder_memory >= 0


@pytest.mark.parametrize("filler", [b"\0", b"\xff", b"\xff\x00", b"\xff\xd0"])
@pytest.mark.parametrize("read", [read_header, cleaning.find_clean_pieces])
def test_megabytes_between_two_segments_of_a_jpeg_are_not_looked_through(
    read: Callable[[io.BytesIO], object], filler: bytes
) -> None:
    file = io.BytesIO(b"\xff\xd8\xff\xe0\0\4ab" + filler * 1_000_000 + saved("JPEG")[2:])
    with pytest.raises(ValueError, match="no segment follows another"):
        read(file)
    assert file.tell() < 100_000


@pytest.mark.parametrize("form", ["HEIF", "TIFF", "BMP", "SVG", "empty"])
def test_other_formats_are_not_read(form: str) -> None:
    starts = {"HEIF": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>", "empty": b""}
    data = starts[form] if form in starts else saved(form)
    with pytest.raises(ValueError, match="no JPEG, PNG, GIF, WebP or AVIF"):
        header(data)
