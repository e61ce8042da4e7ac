"""Warnings of `check` about media: videos with a location, images that are too large in bytes, pixels or memory."""

from __future__ import annotations

import io
import zlib

import pytest

from feedsvc.content.lint.files import has_location
from tests.conftest import Newsroom
from tests.content.lint.checking import VALID_ARTICLE, warnings_of_article
from tests.helpers.marked_images import chunk, draw_gradient, encode
from tests.helpers.newsrooms import picture


def box(box_type: bytes, *content: bytes) -> bytes:
    """Return an ISO BMFF box."""
    data = b"".join(content)
    return (len(data) + 8).to_bytes(4) + box_type + data


VIDEO = box(b"ftyp", b"isom") + box(b"mdat", b"moov" * 9)
LOCATION_BOX = box(b"\xa9xyz", b"\0\x12\x15\xc7+48.2082+016.3738/")
WITH_LOCATION = {
    "android.mp4": VIDEO + box(b"moov", box(b"mvhd", bytes(100)), box(b"udta", LOCATION_BOX)),
    "3gpp.mp4": VIDEO + box(b"moov", box(b"trak", box(b"udta", box(b"loci", bytes(20))))),
    "iphone.mov": box(b"ftyp", b"qt  ")
    + box(b"moov", box(b"meta", box(b"keys", bytes(8), box(b"mdta", b"com.apple.quicktime.location.ISO6709")))),
    "iphone.mp4": VIDEO
    + box(b"moov", box(b"meta", bytes(4), box(b"keys", bytes(8), box(b"mdta", b"com.apple.quicktime.location.ISO6709")))),
    "large-sizes.mp4": b"\0\0\0\1mdat" + (24).to_bytes(8) + bytes(8) + box(b"moov", box(b"udta", LOCATION_BOX)),
    "large-size-within.mp4": VIDEO + box(b"moov", b"\0\0\0\1free" + (24).to_bytes(8) + bytes(8), box(b"udta", LOCATION_BOX)),
}
WITHOUT_LOCATION = {
    "plain.mp4": VIDEO + box(b"moov", box(b"mvhd", bytes(100)), box(b"udta", box(b"\xa9nam", b"loci"))),
    "samples.mp4": VIDEO + box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", LOCATION_BOX))))),
    "deep.mp4": box(b"moov", *([b"\0\0\0\0trak"] * 5000), LOCATION_BOX),
    "empty.mp4": b"",
    "no-boxes.mp4": b"ID3 and so on, for a while",
}


@pytest.mark.parametrize("name", WITH_LOCATION)
def test_a_video_with_a_location_is_detected(name: str) -> None:
    assert has_location(io.BytesIO(WITH_LOCATION[name]))


@pytest.mark.parametrize("name", WITHOUT_LOCATION)
def test_a_video_without_a_location_is_not_reported(name: str) -> None:
    try:
        assert not has_location(io.BytesIO(WITHOUT_LOCATION[name]))
    except ValueError:
        assert name == "no-boxes.mp4"


def test_a_video_with_a_location_has_a_warning(newsroom: Newsroom) -> None:
    lines = warnings_of_article(
        newsroom, VALID_ARTICLE + "enclosures: [{src: media/a.mp4}]\n", **{"media/a.mp4": WITH_LOCATION["android.mp4"]}
    )
    assert lines == [
        (
            "media/a.mp4:1:1: warning: 'media/a.mp4' contains the place of the recording, and feedsvc does not remove it; "
            "save it without metadata, for example with 'ffmpeg -i a.mp4 -map_metadata -1 -c copy NEW'"
        )
    ]


def warnings_of_image(newsroom: Newsroom, path: str, data: bytes) -> list[str]:
    """Return the warnings about a folder with an article with this image."""
    return warnings_of_article(newsroom, VALID_ARTICLE + f"image: {{src: {path}, alt: x, credit: y}}\n", **{path: data})


def test_an_image_of_more_than_5_megabytes_has_a_warning(newsroom: Newsroom) -> None:
    data = picture(900, 700)
    data = data[:-2] + bytes(5_000_001 - len(data)) + b"\xff\xd9"
    assert warnings_of_image(newsroom, "media/a.jpg", data) == [
        (
            "media/a.jpg:1:1: warning: 'media/a.jpg' has 5.0 MB; a picture needs no more than 5; "
            "save it with a lower quality, or 3840 pixels wide"
        )
    ]


def test_a_large_image_that_is_only_an_enclosure_has_no_warning(newsroom: Newsroom) -> None:
    data = picture(900, 700)
    large_data = data[:-2] + bytes(6_000_000) + b"\xff\xd9"
    assert (
        warnings_of_article(newsroom, VALID_ARTICLE + "enclosures: [{src: media/a.jpg}]\n", **{"media/a.jpg": large_data}) == []
    )


def test_an_image_of_more_than_3840_pixels_has_a_warning(newsroom: Newsroom) -> None:
    assert warnings_of_image(newsroom, "media/a.png", picture(3841, 10, "PNG")) == [
        "media/a.png:1:1: warning: 'media/a.png' is 3841 pixels wide; no screen shows more than 3840; save it 3840 pixels wide"
    ]
    assert warnings_of_image(newsroom, "media/a.png", picture(3840, 10, "PNG")) == []


@pytest.mark.parametrize("access", ["public", "private"])
def test_a_wide_image_of_a_custom_feed_has_a_warning(newsroom: Newsroom, access: str) -> None:
    feed = f"short: {{title: Short, include: {{all: true}}, content: summary, access: {access}, image: media/wide.png}}\n"
    data = picture(3841, 3841, "PNG")
    lines = warnings_of_article(newsroom, VALID_ARTICLE, **{"feeds.yaml": feed.encode(), "media/wide.png": data})
    [line] = [line for line in lines if line.startswith("media/")]
    assert line.startswith("media/wide.png:1:1: warning: 'media/wide.png' is 3841 pixels wide; ")


@pytest.mark.parametrize("status", ["published", "draft"])
def test_a_wide_image_and_a_film_with_a_location_on_a_page_have_warnings(newsroom: Newsroom, status: str) -> None:
    page = f"---\ntitle: About\nstatus: {status}\naliases: [us]\n---\n![Us](media/wide.png)\n\n[A film](media/film.mp4)\n"
    media = {"media/wide.png": picture(3841, 10, "PNG"), "media/film.mp4": WITH_LOCATION["iphone.mp4"]}
    lines = warnings_of_article(newsroom, VALID_ARTICLE, **{"pages/about.md": page, **media})
    names = ["media/film.mp4", "media/wide.png"] if status == "published" else []
    assert [line.partition(":")[0] for line in lines] == names


@pytest.mark.parametrize("has_article", [False, True])
def test_a_truncated_picture_of_a_page_has_a_warning_once(newsroom: Newsroom, has_article: bool) -> None:
    page = "---\ntitle: About\n---\n![Us](media/a.png)\n"
    image = "image: {src: media/a.png, alt: x, credit: y}\n" if has_article else ""
    data = picture(900, 700, "PNG")[:-300]
    lines = warnings_of_article(newsroom, VALID_ARTICLE + image, **{"pages/about.md": page, "media/a.png": data})
    assert lines == ["media/a.png:1:1: warning: 'media/a.png' is cut off; readers see a part of it; save it again"]


def change_dimensions(data: bytes, old: tuple[int, int], new: tuple[int, int], size: int) -> bytes:
    """Return the image with another width and height in its header; only the header is read."""
    (width, height), (new_width, new_height) = old, new
    before, after = width.to_bytes(size) + height.to_bytes(size), new_width.to_bytes(size) + new_height.to_bytes(size)
    assert data.count(before) == 1
    return data.replace(before, after)


def interlaced_png(width: int, height: int) -> bytes:
    head = width.to_bytes(4) + height.to_bytes(4) + bytes((16, 6, 0, 0, 1))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("path", "data", "hint"),
    [
        (
            "media/a.jpg",
            change_dimensions(
                encode(draw_gradient((70, 50)), "JPEG", progressive=True, subsampling=0), (50, 70), (22_000, 3_800), 2
            ),
            "save it as a JPEG that is not progressive, or with at most 50 megapixels",
        ),
        (
            "media/a.avif",
            change_dimensions(encode(draw_gradient((70, 50)), "AVIF"), (70, 50), (3_800, 22_000), 4),
            "save it with at most 22 megapixels",
        ),
        ("media/a.png", interlaced_png(3_800, 22_000), "save it without interlacing, or with at most 50 megapixels"),
    ],
)
def test_an_image_too_large_for_variants_has_a_warning(newsroom: Newsroom, path: str, data: bytes, hint: str) -> None:
    message = "has 84 megapixels, too many for narrower copies, so feeds and pages use the file itself"
    assert warnings_of_image(newsroom, path, data) == [f"{path}:1:1: warning: '{path}' {message}; {hint}"]


def test_a_heic_file_has_a_warning(newsroom: Newsroom) -> None:
    lines = warnings_of_article(newsroom, VALID_ARTICLE + "enclosures: [{src: media/a.heic}]\n", **{"media/a.heic": b"ftypheic"})
    assert lines == [
        (
            "media/a.heic:1:1: warning: 'media/a.heic' is sent with all its metadata, such as camera and location; "
            "save it as JPEG, PNG, WebP, AVIF or MP4"
        )
    ]
