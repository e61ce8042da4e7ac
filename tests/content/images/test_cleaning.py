"""What is sent of a picture: its pixels, its orientation, its profile and its rights."""

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
from feedsvc.content.media import clean_file
from feedsvc.content.media.clean_file import CleanFile, UncleanableError, check_cleanable, clean_length, clean_pieces, open_clean
from tests.helpers.marked_images import AGENCY, AUTHOR, ENCODERS, MARKER, OWNER, chunk, draw_gradient, encode, jpeg, png, profile

STATED = Rights(copyright=OWNER, creators=(AUTHOR,), credit=AGENCY)


@pytest.fixture(scope="module", params=ENCODERS)
def picture(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(tmp_path_factory.mktemp("pictures").resolve() / request.param)
    path.write_bytes(ENCODERS[request.param]())
    return path


def cleaned(path: Path) -> bytes:
    with open_clean(str(path)) as file:
        return file.read()


def opened(data: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the marker makes no index of several pictures
        return Image.open(io.BytesIO(data))


def frames(data: bytes) -> list[bytes]:
    with opened(data) as image:
        return [ImageOps.exif_transpose(frame).convert("RGBA").tobytes() for frame in ImageSequence.Iterator(image)]


def test_no_byte_tells_where_a_picture_was_taken(picture: Path) -> None:
    assert MARKER in picture.read_bytes()
    assert MARKER not in cleaned(picture)


def test_the_picture_looks_as_before(picture: Path) -> None:
    data = cleaned(picture)
    assert frames(data) == frames(picture.read_bytes())
    before, after = read_header(io.BytesIO(picture.read_bytes())), read_header(io.BytesIO(data))
    assert (after.size, after.orientation, after.is_still) == (before.size, before.orientation, before.is_still)


def test_the_profile_stays(picture: Path) -> None:
    with opened(picture.read_bytes()) as before, opened(cleaned(picture)) as after:
        assert after.info.get("icc_profile") == before.info.get("icc_profile")


def test_the_rights_stay(picture: Path) -> None:
    assert rights_of(io.BytesIO(cleaned(picture))) == STATED


def test_what_is_clean_stays_as_it_is(picture: Path, tmp_path: Path) -> None:
    once = cleaned(picture)
    again = tmp_path.resolve() / picture.name
    again.write_bytes(once)
    assert cleaned(again) == once


def test_a_part_of_the_file_is_that_part_of_the_whole(picture: Path) -> None:
    whole = cleaned(picture)
    assert clean_length(str(picture)) == len(whole)
    with open_clean(str(picture)) as file:
        for start in range(0, len(whole) + 9, 97):
            file.seek(start)
            assert file.read(211) == whole[start : start + 211]


def test_programs_find_the_rights_where_they_look_for_them(tmp_path: Path) -> None:
    path = tmp_path.resolve() / "a.jpg"
    path.write_bytes(jpeg())
    with Image.open(io.BytesIO(cleaned(path))) as image:
        exif, (record,) = dict(image.getexif()), image.info["photoshop"].values()
    with opened(path.read_bytes()) as image:
        assert exif == {tag: image.getexif()[tag] for tag in (0x0112, 0x013B, 0x8298)}
    assert AGENCY.encode() in record
    assert to_photoshop(STATED).endswith(record + b"\0" * (len(record) % 2))


def test_a_picture_without_metadata_is_sent_as_it_is(tmp_path: Path) -> None:
    for name, form in (("a.jpg", "JPEG"), ("a.png", "PNG"), ("a.gif", "GIF"), ("a.webp", "WEBP"), ("a.avif", "AVIF")):
        path = tmp_path.resolve() / name
        path.write_bytes(encode(draw_gradient(), form))
        assert frames(cleaned(path)) == frames(path.read_bytes())
        assert len(cleaned(path)) == path.stat().st_size


@pytest.mark.parametrize("name", ENCODERS)
def test_a_picture_that_is_cut_off_is_sent_as_far_as_it_is_there_or_refused(name: str, tmp_path: Path) -> None:
    data = ENCODERS[name]()
    path = tmp_path.resolve() / name
    for end in range(12, len(data), max(1, len(data) // 97)):
        path.write_bytes(data[:end])
        try:
            assert MARKER not in cleaned(path)
        except UncleanableError:
            continue


@pytest.mark.parametrize("is_progressive", [False, True])
def test_a_jpeg_that_is_cut_off_in_a_header_is_sent_with_its_true_length(*, is_progressive: bool, tmp_path: Path) -> None:
    data = encode(draw_gradient(), "JPEG", progressive=is_progressive)
    path = tmp_path.resolve() / "a.jpg"
    for end in range(data.index(b"\xff\xda"), len(data)):
        path.write_bytes(data[:end])
        try:
            assert clean_length(str(path)) == len(cleaned(path)) <= end
        except UncleanableError:
            assert end < data.index(b"\xff\xda") + 14


@pytest.mark.parametrize("data", [b"", b"text", b"\xff\xd8\xff\xd9", png()[:33], b"RIFF\0\0\0\0WEBP", b"GIF89a" + bytes(7)])
def test_what_is_no_picture_cannot_be_cleaned(data: bytes, tmp_path: Path) -> None:
    path = tmp_path.resolve() / "a.png"
    path.write_bytes(data)
    for look in (check_cleanable, clean_length):
        with pytest.raises(UncleanableError):
            look(str(path))


@given(name=st.sampled_from(sorted(ENCODERS)), at=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_damaged_byte_never_ends_in_another_fault(name: str, at: int, byte: int) -> None:
    data = bytearray(_MADE.setdefault(name, ENCODERS[name]()))
    data[at % len(data)] = byte
    try:
        formats.find_clean_pieces(io.BytesIO(bytes(data)))
    except ValueError:
        return


_MADE: dict[str, bytes] = {}


def test_a_picture_that_is_written_to_while_it_is_sent_ends_there(tmp_path: Path) -> None:
    path = tmp_path.resolve() / "a.jpg"
    path.write_bytes(jpeg((600, 400)))
    with open_clean(str(path)) as file:
        assert file.read(100)
        size = path.stat().st_size
        with path.open("r+b") as other:
            other.write(MARKER * (size // len(MARKER)))
        os.utime(path, ns=(0, 0))  # as another moment would
        assert MARKER not in file.read()


def test_a_picture_that_is_written_to_after_its_pieces_were_read_sends_nothing_of_the_new_bytes(tmp_path: Path) -> None:
    """A server reads through a large picture first, for its entity tag; meanwhile an editor saved it anew in the same file."""
    path = tmp_path.resolve() / "a.jpg"
    path.write_bytes(jpeg((600, 400)))
    descriptor = os.open(path, os.O_RDONLY)
    found = clean_pieces(str(path), descriptor)
    path.write_bytes(MARKER * 5_000)
    with CleanFile(descriptor, found) as file:
        assert file.read(1_000_000) == b""


def test_a_picture_that_is_replaced_while_it_is_sent_is_sent_whole(tmp_path: Path) -> None:
    path, other = tmp_path.resolve() / "a.jpg", tmp_path / "b.jpg"
    path.write_bytes(jpeg((600, 400)))
    other.write_bytes(jpeg())
    whole = cleaned(path)
    with open_clean(str(path)) as file:
        assert file.read(100) == whole[:100]
        other.replace(path)
        assert file.read() == whole[100:]


def test_a_picture_is_checked_once_for_each_state_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, other = tmp_path.resolve() / "a.jpg", tmp_path / "b.jpg"
    read: list[int] = []
    whole = clean_file.check_removable_metadata
    monkeypatch.setattr(clean_file, "check_removable_metadata", lambda file: (read.append(1), whole(file)))
    path.write_bytes(jpeg())
    for _ in range(2):
        check_cleanable(str(path))
    assert len(read) == 1
    other.write_bytes(jpeg()[:40].ljust(path.stat().st_size, b"\0"))
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)  # with the size and the time of the picture that passed
    for _ in range(2):
        with pytest.raises(UncleanableError):
            check_cleanable(str(path))
    path.write_bytes(jpeg())
    check_cleanable(str(path))
    assert len(read) == 4
    path.unlink()
    with pytest.raises(FileNotFoundError):
        check_cleanable(str(path))


def test_many_texts_that_would_expand_cost_little(tmp_path: Path) -> None:
    bomb = chunk(b"zTXt", b"Copyright\0\0" + zlib.compress(bytes(10_000_000), 9)) * 2_000
    plain = encode(draw_gradient(), "PNG")
    at = plain.index(b"IDAT") - 4
    path = tmp_path.resolve() / "a.png"
    path.write_bytes(plain[:at] + bomb + plain[at:])
    began = time.process_time()
    assert cleaned(path) == plain
    assert time.process_time() - began < 3


def test_xmp_that_would_expand_is_not_read() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:rights>&a;</dc:rights></x>'
    assert from_xmp(bomb) == Rights()
    assert from_xmp(b"<no xml") == Rights()


def test_rights_are_written_as_they_are_read() -> None:
    several = Rights(copyright='<&">', creators=("A & B", "C"), credit='"', terms="<t>", statement="https://a.example/?a=1&b=2")
    assert from_xmp(to_xmp(several)) == several
    assert from_photoshop(to_photoshop(STATED)) == STATED
    assert to_xmp(Rights()) == to_photoshop(Rights()) == b""


def test_a_compressed_text_does_not_take_more_memory_than_it_may() -> None:
    import zlib

    bomb = chunk(b"zTXt", b"Copyright\0\0" + zlib.compress(bytes(200_000_000), 9))
    plain = encode(draw_gradient(), "PNG", icc_profile=profile())
    at = plain.index(b"IDAT") - 4
    assert rights_of(io.BytesIO(plain[:at] + bomb + plain[at:])) == Rights()
