"""Cleaned images: pixels, orientation, colour profile and rights stay, all other metadata are removed."""

from __future__ import annotations

import io
import os
import time
import warnings
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps, ImageSequence

from feedsvc.content.images import formats, read_header
from feedsvc.content.images.formats import rights_of
from feedsvc.content.images.rights import Rights, from_photoshop, from_xmp, to_photoshop, to_xmp
from feedsvc.content.media.clean_file import CleanFile, UncleanableError, check_cleanable, clean_length, clean_pieces, open_clean
from tests.helpers.marked_images import (
    AGENCY,
    AUTHOR,
    ENCODERS,
    MARKER,
    OWNER,
    avif,
    avif_with_metadata,
    chunk,
    draw_gradient,
    encode,
    exif,
    jpeg,
    png,
)

EXPECTED_RIGHTS = Rights(copyright=OWNER, creators=(AUTHOR,), credit=AGENCY)


@pytest.fixture(scope="module", params=ENCODERS)
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(tmp_path_factory.mktemp("pictures").resolve() / request.param)
    path.write_bytes(ENCODERS[request.param]())
    return path


def clean(path: Path) -> bytes:
    with open_clean(str(path)) as file:
        return file.read()


def open_image(data: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the marker is no valid index of a multi-picture file
        return Image.open(io.BytesIO(data))


def frames(data: bytes) -> list[bytes]:
    with open_image(data) as image:
        return [ImageOps.exif_transpose(frame).convert("RGBA").tobytes() for frame in ImageSequence.Iterator(image)]


def test_private_metadata_are_removed(path: Path) -> None:
    assert MARKER in path.read_bytes()
    assert MARKER not in clean(path)


def test_pixels_dimensions_and_orientation_stay(path: Path) -> None:
    data = clean(path)
    assert frames(data) == frames(path.read_bytes())
    before, after = read_header(io.BytesIO(path.read_bytes())), read_header(io.BytesIO(data))
    assert (after.size, after.orientation, after.is_still) == (before.size, before.orientation, before.is_still)


def test_the_colour_profile_stays(path: Path) -> None:
    with open_image(path.read_bytes()) as before, open_image(clean(path)) as after:
        assert after.info.get("icc_profile") == before.info.get("icc_profile")


def test_the_rights_stay(path: Path) -> None:
    assert rights_of(io.BytesIO(clean(path))) == EXPECTED_RIGHTS


def test_a_clean_image_is_not_changed(path: Path, tmp_path: Path) -> None:
    clean_data = clean(path)
    clean_path = tmp_path.resolve() / path.name
    clean_path.write_bytes(clean_data)
    assert clean(clean_path) == clean_data


def test_a_range_of_a_clean_file_is_that_range_of_the_whole(path: Path) -> None:
    data = clean(path)
    assert clean_length(str(path)) == len(data)
    with open_clean(str(path)) as file:
        for start in range(0, len(data) + 9, 97):
            file.seek(start)
            assert file.read(211) == data[start : start + 211]


def test_rights_are_in_exif_and_iptc(tmp_path: Path) -> None:
    path = tmp_path.resolve() / "a.jpg"
    path.write_bytes(jpeg())
    with Image.open(io.BytesIO(clean(path))) as image:
        exif, (record,) = dict(image.getexif()), image.info["photoshop"].values()
    with open_image(path.read_bytes()) as image:
        assert exif == {tag: image.getexif()[tag] for tag in (0x0112, 0x013B, 0x8298)}
    assert AGENCY.encode() in record
    assert to_photoshop(EXPECTED_RIGHTS).endswith(record + b"\0" * (len(record) % 2))


def test_an_image_without_metadata_is_not_changed(tmp_path: Path) -> None:
    for name, image_format in (("a.jpg", "JPEG"), ("a.png", "PNG"), ("a.gif", "GIF"), ("a.webp", "WEBP"), ("a.avif", "AVIF")):
        path = tmp_path.resolve() / name
        path.write_bytes(encode(draw_gradient(), image_format))
        assert frames(clean(path)) == frames(path.read_bytes())
        assert len(clean(path)) == path.stat().st_size


FRAMES = {"save_all": True, "append_images": [draw_gradient().rotate(180)], "duration": 100}


@pytest.mark.parametrize("options", [{}, {"subsampling": "4:4:4"}, FRAMES], ids=["still", "4:4:4", "animation"])
@pytest.mark.parametrize("padding", [b"", (24).to_bytes(4) + b"free" + bytes(16)], ids=["plain", "padded"])
def test_an_avif_without_metadata_is_sent_as_it_is(tmp_path: Path, options: dict[str, object], padding: bytes) -> None:
    path = tmp_path.resolve() / "a.avif"
    path.write_bytes(avif(**options) + padding)
    assert clean(path) == path.read_bytes()


def with_meta_box(data: bytes, kind: bytes) -> bytes:
    """Return an AVIF with one more box at the end of its meta box. Its pixels are at a wrong place then."""
    start = int.from_bytes(data[:4])
    end = start + int.from_bytes(data[start : start + 4])
    return data[:start] + (end - start + 24).to_bytes(4) + data[start + 4 : end] + (24).to_bytes(4) + kind + MARKER + data[end:]


def test_an_avif_with_metadata_is_intact_but_not_sent(tmp_path: Path) -> None:
    path = tmp_path.resolve() / "a.avif"
    plain = avif()
    for data in (
        *(avif_with_metadata(), avif(exif=exif()), avif(xmp=MARKER), avif(exif=exif(1), **FRAMES), plain + MARKER),
        *(plain + (24).to_bytes(4) + kind + MARKER for kind in (b"free", b"mpvd", b"uuid")),
        *(with_meta_box(plain, kind) for kind in (b"uuid", b"udes", b"free")),
        plain + (32).to_bytes(4) + b"moov" + (24).to_bytes(4) + b"udta" + MARKER,
        plain + (48).to_bytes(4) + b"moov" + (40).to_bytes(4) + b"hdlr" + bytes(8) + b"soun" + bytes(20),
    ):
        path.write_bytes(data)
        for function in (check_cleanable, clean_length):
            with pytest.raises(UncleanableError) as caught:
                function(str(path))
            assert caught.value.is_intact


def test_boxes_in_boxes_are_read_to_a_limited_depth(tmp_path: Path) -> None:
    path = tmp_path.resolve() / "a.avif"
    path.write_bytes(avif() + b"\0\0\0\0trak" * 100_000)
    with pytest.raises(UncleanableError):
        check_cleanable(str(path))


@pytest.mark.parametrize("name", ENCODERS)
def test_a_truncated_image_is_cleaned_or_rejected(name: str, tmp_path: Path) -> None:
    data = ENCODERS[name]()
    path = tmp_path.resolve() / name
    for end in range(12, len(data), max(1, len(data) // 97)):
        path.write_bytes(data[:end])
        try:
            assert MARKER not in clean(path)
        except UncleanableError:
            continue


@pytest.mark.parametrize("is_progressive", [False, True])
def test_a_truncated_jpeg_is_sent_with_its_true_length(*, is_progressive: bool, tmp_path: Path) -> None:
    data = encode(draw_gradient(), "JPEG", progressive=is_progressive)
    path = tmp_path.resolve() / "a.jpg"
    for end in range(data.index(b"\xff\xda"), len(data)):
        path.write_bytes(data[:end])
        try:
            assert clean_length(str(path)) == len(clean(path)) <= end
        except UncleanableError:
            assert end < data.index(b"\xff\xda") + 14


@pytest.mark.parametrize("data", [b"", b"text", b"\xff\xd8\xff\xd9", png()[:33], b"RIFF\0\0\0\0WEBP", b"GIF89a" + bytes(7)])
def test_a_file_that_is_no_image_is_rejected(data: bytes, tmp_path: Path) -> None:
    path = tmp_path.resolve() / "a.png"
    path.write_bytes(data)
    for function in (check_cleanable, clean_length):
        with pytest.raises(UncleanableError):
            function(str(path))


@given(name=st.sampled_from(sorted(ENCODERS)), position=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_damaged_byte_causes_no_error_but_value_error(name: str, position: int, byte: int) -> None:
    data = bytearray(_ENCODED.setdefault(name, ENCODERS[name]()))
    data[position % len(data)] = byte
    try:
        formats.find_clean_pieces(io.BytesIO(bytes(data)))
    except ValueError:
        return


_ENCODED: dict[str, bytes] = {}


def test_a_file_that_is_overwritten_while_it_is_sent_ends_early(tmp_path: Path) -> None:
    path = tmp_path.resolve() / "a.jpg"
    path.write_bytes(jpeg((600, 400)))
    with open_clean(str(path)) as file:
        assert file.read(100)
        size = path.stat().st_size
        with path.open("r+b") as writer:
            writer.write(MARKER * (size // len(MARKER)))
        os.utime(path, ns=(0, 0))  # a modification time that differs in any case
        assert MARKER not in file.read()


def test_a_file_that_is_overwritten_after_its_scan_sends_no_new_bytes(tmp_path: Path) -> None:
    """A server scans a large image first to compute its entity tag; an editor saved it in the same file after that."""
    path = tmp_path.resolve() / "a.jpg"
    path.write_bytes(jpeg((600, 400)))
    descriptor = os.open(path, os.O_RDONLY)
    pieces = clean_pieces(str(path), descriptor)
    path.write_bytes(MARKER * 5_000)
    with CleanFile(descriptor, pieces) as file:
        assert file.read(1_000_000) == b""


def test_a_file_that_is_replaced_while_it_is_sent_is_sent_completely(tmp_path: Path) -> None:
    path, new_file = tmp_path.resolve() / "a.jpg", tmp_path / "b.jpg"
    path.write_bytes(jpeg((600, 400)))
    new_file.write_bytes(jpeg())
    data = clean(path)
    with open_clean(str(path)) as file:
        assert file.read(100) == data[:100]
        new_file.replace(path)
        assert file.read() == data[100:]


def test_an_image_is_checked_again_when_its_file_is_replaced(tmp_path: Path) -> None:
    path, new_file = tmp_path.resolve() / "a.jpg", tmp_path / "b.jpg"
    path.write_bytes(jpeg())
    check_cleanable(str(path))
    new_file.write_bytes(jpeg()[:40].ljust(path.stat().st_size, b"\0"))
    os.utime(new_file, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    new_file.replace(path)  # with the size and the modification time of the accepted image
    with pytest.raises(UncleanableError):
        check_cleanable(str(path))
    path.write_bytes(jpeg())
    check_cleanable(str(path))
    path.unlink()
    with pytest.raises(FileNotFoundError):
        check_cleanable(str(path))


def test_many_compressed_texts_are_skipped_quickly(tmp_path: Path) -> None:
    chunks = chunk(b"zTXt", b"Copyright\0\0" + zlib.compress(bytes(10_000_000), 9)) * 2_000
    clean_data = encode(draw_gradient(), "PNG")
    position = clean_data.index(b"IDAT") - 4
    path = tmp_path.resolve() / "a.png"
    path.write_bytes(clean_data[:position] + chunks + clean_data[position:])
    start = time.process_time()
    assert clean(path) == clean_data
    assert time.process_time() - start < 3


def test_xmp_with_entities_is_not_parsed() -> None:
    xmp = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:rights>&a;</dc:rights></x>'
    assert from_xmp(xmp) == Rights()
    assert from_xmp(b"<no xml") == Rights()


def test_written_rights_are_read_back() -> None:
    rights = Rights(copyright='<&">', creators=("A & B", "C"), credit='"', terms="<t>", statement="https://a.example/?a=1&b=2")
    assert from_xmp(to_xmp(rights)) == rights
    assert from_photoshop(to_photoshop(EXPECTED_RIGHTS)) == EXPECTED_RIGHTS
    assert to_xmp(Rights()) == to_photoshop(Rights()) == b""
