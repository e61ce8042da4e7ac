"""Headers of image files: dimensions, type, orientation and memory of the decoder, also of damaged files."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any, Final

import pytest
from PIL import Image, features

from feedsvc.content.images import MAX_PIXELS, ImageHeader, find_clean_pieces, read_header
from feedsvc.content.images.header import METADATA_MEMORY_FACTOR as METADATA_FACTOR

TYPES: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp", "AVIF": "image/avif"}


def encode(image_format: str, mode: str = "RGB", size: tuple[int, int] = (123, 45), **options: Any) -> bytes:
    if image_format == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    file = io.BytesIO()
    Image.effect_noise(size, 50).convert(mode).save(file, image_format, **options)
    return file.getvalue()


def header_of(data: bytes) -> ImageHeader:
    return read_header(io.BytesIO(data))


@pytest.mark.parametrize(
    ("image_format", "mode", "options"),
    [
        *(("JPEG", mode, {"progressive": way}) for mode in ("L", "RGB", "CMYK") for way in (False, True)),
        *(("PNG", mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        ("PNG", "P", {"transparency": 3}),
        *(("GIF", mode, {}) for mode in ("1", "L", "P", "RGB")),
        *(("WEBP", mode, {"lossless": way}) for mode in ("RGB", "RGBA") for way in (False, True)),
        *(("AVIF", mode, {"subsampling": way}) for mode in ("RGB", "RGBA") for way in ("4:2:0", "4:4:4")),
    ],
)
def test_size_and_type_of_each_format(image_format: str, mode: str, options: dict[str, Any]) -> None:
    if mode == "I;16":
        data = io.BytesIO()
        Image.new("I;16", (123, 45)).save(data, image_format)
        header = header_of(data.getvalue())
    else:
        header = header_of(encode(image_format, mode, **options))
    assert (header.media_type, header.size, header.is_still) == (TYPES[image_format], (123, 45), True)


@pytest.mark.parametrize("size", [(1, 1), (2, 16383), (16383, 1), (8191, 3), (300, 200)])
@pytest.mark.parametrize("image_format", TYPES)
def test_sizes_of_small_flat_and_tall_images(image_format: str, size: tuple[int, int]) -> None:
    if image_format == "AVIF" and min(size) < 16:
        pytest.skip("encoders reject it")
    assert header_of(encode(image_format, size=size)).size == size


@pytest.mark.parametrize("image_format", TYPES)
def test_orientation_of_each_format(image_format: str) -> None:
    if image_format == "GIF":
        pytest.skip("GIF has none")
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[274] = orientation
        header = header_of(encode(image_format, exif=exif))
        assert header.size == ((45, 123) if orientation > 4 else (123, 45))
        assert image_format == "AVIF" or header.orientation == orientation


@pytest.mark.parametrize("image_format", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_is_not_still(image_format: str) -> None:
    frames = [Image.effect_noise((123, 45), 70).convert("RGB") for _ in range(3)]
    assert not header_of(encode(image_format, save_all=True, append_images=frames)).is_still


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (encode("JPEG", "RGB"), 0),
        (encode("JPEG", "RGB", progressive=True, subsampling=0), 3 * 2),
        (encode("JPEG", "RGB", progressive=True, subsampling=2), 1.5 * 2),
        (encode("JPEG", "CMYK", progressive=True, subsampling=0), 4 * 2),
        (encode("PNG"), 0),
        (encode("GIF"), 4),
        (encode("WEBP"), 0),
        (encode("WEBP", lossless=True), 4),
    ],
)
def test_decoder_memory_in_bytes_per_pixel(data: bytes, expected: float) -> None:
    assert header_of(data).decoder_memory == pytest.approx(
        expected * 123 * 45, rel=0.02, abs=100
    )  # the JFIF segment counts as metadata


METADATA: Final = b"a" * 60_000


def png_with_chunk(chunk_type: bytes, content: bytes) -> bytes:
    """Return a PNG with a chunk before its pixels."""
    data, chunk = encode("PNG"), chunk_type + content
    return data[:33] + struct.pack(">I", len(content)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[33:]


@pytest.mark.parametrize(
    "encode_image",
    [
        lambda: png_with_chunk(b"tEXt", b"Comment\0" + METADATA),
        lambda: png_with_chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(METADATA, 9)),
        lambda: encode("JPEG", comment=METADATA),
        lambda: encode("WEBP", xmp=METADATA),
        lambda: encode("AVIF", xmp=METADATA),
    ],
    ids=["tEXt", "compressed", "comment", "xmp.webp", "xmp.avif"],
)
def test_decoder_memory_includes_metadata(encode_image: Callable[[], bytes]) -> None:
    assert header_of(encode_image()).decoder_memory >= METADATA_FACTOR * len(METADATA)


def test_an_interlaced_png_needs_memory_for_the_whole_image() -> None:
    data = bytearray(encode("PNG", "RGBA"))
    data[28] = 1
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    assert header_of(bytes(data)).decoder_memory == 123 * 45 * 4


def test_a_baseline_jpeg_of_several_scans_needs_memory_for_the_whole_image() -> None:
    """One scan for each component needs as much memory as a progressive image."""
    data = bytearray(encode("JPEG", "RGB"))
    start = data.index(b"\xff\xda")
    data[start + 4] = 1
    assert header_of(bytes(data)).decoder_memory > 0


def test_an_image_with_too_many_pixels_is_rejected() -> None:
    gif = encode("GIF")
    side = int(MAX_PIXELS**0.5) + 2
    with pytest.raises(OverflowError):
        header_of(gif[:6] + struct.pack("<HH", side, side) + gif[10:])
    assert header_of(gif[:6] + struct.pack("<HH", side - 3, side - 3) + gif[10:]).width == side - 3


@pytest.mark.parametrize("image_format", TYPES)
def test_a_damaged_header_causes_only_the_documented_errors(image_format: str) -> None:
    """Reading also ends: no damage causes an infinite loop."""
    original, generator = (
        encode(image_format, "RGBA" if image_format in ("PNG", "WEBP", "AVIF") else "RGB"),
        random.Random(image_format),
    )
    for _ in range(3000):
        data = bytearray(original[: generator.randrange(len(original)) if generator.random() < 0.3 else len(original)])
        for _ in range(generator.randrange(6)):
            if data:
                data[min(len(data) - 1, int(generator.expovariate(1 / 60)))] = generator.choice(
                    (0, 1, 127, 128, 255, generator.randrange(256))
                )
        try:
            header = header_of(bytes(data))
        except (ValueError, OverflowError):
            continue
        assert 0 < header.width * header.height <= MAX_PIXELS
        assert header.decoder_memory >= 0


@pytest.mark.parametrize("filler", [b"\0", b"\xff", b"\xff\x00", b"\xff\xd0"])
@pytest.mark.parametrize("read", [read_header, find_clean_pieces])
def test_megabytes_between_two_segments_of_a_jpeg_are_not_scanned(read: Callable[[io.BytesIO], object], filler: bytes) -> None:
    file = io.BytesIO(b"\xff\xd8\xff\xe0\0\4ab" + filler * 1_000_000 + encode("JPEG")[2:])
    with pytest.raises(ValueError, match="no segment follows another"):
        read(file)
    assert file.tell() < 100_000


@pytest.mark.parametrize("image_format", ["HEIF", "TIFF", "BMP", "SVG", "empty"])
def test_other_formats_are_rejected(image_format: str) -> None:
    file_starts = {
        "HEIF": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "empty": b"",
    }
    data = file_starts[image_format] if image_format in file_starts else encode(image_format)
    with pytest.raises(ValueError, match="no JPEG, PNG, GIF, WebP or AVIF"):
        header_of(data)
