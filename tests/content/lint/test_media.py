"""What `check` says of media files: location in films, pictures that are too heavy, too wide or too large for copies."""

from __future__ import annotations

import io
import zlib

import pytest

from feedsvc.content.lint.movies import has_location
from tests.conftest import Newsroom
from tests.content.lint.test_articles import GOOD, of_article
from tests.helpers.marked_images import chunk, draw_gradient, encode
from tests.helpers.newsrooms import picture


def box(kind: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return (len(data) + 8).to_bytes(4) + kind + data


FILM = box(b"ftyp", b"isom") + box(b"mdat", b"moov" * 9)
PLACE = box(b"\xa9xyz", b"\0\x12\x15\xc7+48.2082+016.3738/")
LOCATED = {
    "android.mp4": FILM + box(b"moov", box(b"mvhd", bytes(100)), box(b"udta", PLACE)),
    "3gpp.mp4": FILM + box(b"moov", box(b"trak", box(b"udta", box(b"loci", bytes(20))))),
    "iphone.mov": box(b"ftyp", b"qt  ")
    + box(b"moov", box(b"meta", box(b"keys", bytes(8), box(b"mdta", b"com.apple.quicktime.location.ISO6709")))),
    "iphone.mp4": FILM
    + box(b"moov", box(b"meta", bytes(4), box(b"keys", bytes(8), box(b"mdta", b"com.apple.quicktime.location.ISO6709")))),
    "large-sizes.mp4": b"\0\0\0\1mdat" + (24).to_bytes(8) + bytes(8) + box(b"moov", box(b"udta", PLACE)),
}
NOWHERE = {
    "plain.mp4": FILM + box(b"moov", box(b"mvhd", bytes(100)), box(b"udta", box(b"\xa9nam", b"loci"))),
    "samples.mp4": FILM + box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", PLACE))))),
    "deep.mp4": box(b"moov", *([b"\0\0\0\0trak"] * 5000), PLACE),
    "empty.mp4": b"",
    "no-boxes.mp4": b"ID3 and so on, for a while",
}


@pytest.mark.parametrize("name", LOCATED)
def test_a_film_that_tells_where_it_was_recorded(name: str) -> None:
    assert has_location(io.BytesIO(LOCATED[name]))


@pytest.mark.parametrize("name", NOWHERE)
def test_a_film_that_does_not(name: str) -> None:
    try:
        assert not has_location(io.BytesIO(NOWHERE[name]))
    except ValueError:
        assert name == "no-boxes.mp4"


def test_check_names_the_film_and_what_to_do(newsroom: Newsroom) -> None:
    lines = of_article(newsroom, GOOD + "enclosures: [{src: media/a.mp4}]\n", **{"media/a.mp4": LOCATED["android.mp4"]})
    assert lines == [
        (
            "media/a.mp4:1:1: warning: 'media/a.mp4' tells where it was recorded, and is sent as it is; "
            "write it without its metadata, as by 'ffmpeg -i a.mp4 -map_metadata -1 -c copy NEW'"
        )
    ]


def of_picture(newsroom: Newsroom, path: str, data: bytes) -> list[str]:
    return of_article(newsroom, GOOD + f"image: {{src: {path}, alt: x, credit: y}}\n", **{path: data})


def test_a_picture_of_more_than_5_megabytes(newsroom: Newsroom) -> None:
    data = picture(900, 700)
    data = data[:-2] + bytes(5_000_001 - len(data)) + b"\xff\xd9"
    assert of_picture(newsroom, "media/a.jpg", data) == [
        (
            "media/a.jpg:1:1: warning: 'media/a.jpg' has 5.0 MB; a picture needs no more than 5; "
            "save it with a lower quality, or 3840 pixels wide"
        )
    ]


def test_a_heavy_file_that_is_no_picture_of_a_page_is_left_alone(newsroom: Newsroom) -> None:
    data = picture(900, 700)
    heavy = data[:-2] + bytes(6_000_000) + b"\xff\xd9"
    assert of_article(newsroom, GOOD + "enclosures: [{src: media/a.jpg}]\n", **{"media/a.jpg": heavy}) == []


def test_a_picture_wider_than_any_screen(newsroom: Newsroom) -> None:
    assert of_picture(newsroom, "media/a.png", picture(3841, 10, "PNG")) == [
        "media/a.png:1:1: warning: 'media/a.png' is 3841 pixels wide; no screen shows more than 3840; save it 3840 pixels wide"
    ]
    assert of_picture(newsroom, "media/a.png", picture(3840, 10, "PNG")) == []


def resized(data: bytes, old: tuple[int, int], new: tuple[int, int], size: int) -> bytes:
    """The same bytes with other numbers for width and height: a header is all that is read."""
    (first, second), (wanted, other) = old, new
    before, after = first.to_bytes(size) + second.to_bytes(size), wanted.to_bytes(size) + other.to_bytes(size)
    assert data.count(before) == 1
    return data.replace(before, after)


def interlaced(width: int, height: int) -> bytes:
    head = width.to_bytes(4) + height.to_bytes(4) + bytes((16, 6, 0, 0, 1))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("path", "data", "hint"),
    [
        (
            "media/a.jpg",
            resized(encode(draw_gradient((70, 50)), "JPEG", progressive=True, subsampling=0), (50, 70), (22_000, 3_800), 2),
            "save it as a JPEG that is not progressive, or with at most 50 megapixels",
        ),
        (
            "media/a.avif",
            resized(encode(draw_gradient((70, 50)), "AVIF"), (70, 50), (3_800, 22_000), 4),
            "save it with at most 22 megapixels",
        ),
        ("media/a.png", interlaced(3_800, 22_000), "save it without interlacing, or with at most 50 megapixels"),
    ],
)
def test_a_picture_too_large_for_copies(newsroom: Newsroom, path: str, data: bytes, hint: str) -> None:
    said = "has 84 megapixels, too much to make narrower copies of: feeds and pages name the file itself"
    assert of_picture(newsroom, path, data) == [f"{path}:1:1: warning: '{path}' {said}; {hint}"]


def test_a_photograph_of_a_phone_that_is_sent_as_it_is(newsroom: Newsroom) -> None:
    lines = of_article(newsroom, GOOD + "enclosures: [{src: media/a.heic}]\n", **{"media/a.heic": b"ftypheic"})
    assert lines == [
        (
            "media/a.heic:1:1: warning: 'media/a.heic' is sent with all metadata, camera and location data too; "
            "save it as JPEG, PNG, WebP, AVIF or MP4"
        )
    ]
