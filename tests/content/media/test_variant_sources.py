"""Images that have variants, and errors of images that change or are broken."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image, features

from feedsvc.content.media.decoder_process import CHANGED, DecodeRequest, DecoderProcess
from feedsvc.content.media.image_facts import can_have_variants, digest_of, facts_of
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.model import MediaFile
from tests.content.media.variants import QUADRANTS, WriteImage, corners, draw_quadrants, files_in_store, make_variant


def assert_nothing_is_made(store_folder: Path, media: MediaFile) -> None:
    """Have the variants of an image made, of which none can be made."""
    VariantStore(store_folder).make(media)
    assert files_in_store(store_folder) == []


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "avif"])
def test_an_animation_has_no_variants(write_image: WriteImage, store_folder: Path, suffix: str) -> None:
    if suffix == "avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    media = write_image(f"a.{suffix}", draw_quadrants(), save_all=True, append_images=[draw_quadrants().rotate(90)])
    assert not can_have_variants(media)
    assert_nothing_is_made(store_folder, media)


def test_a_jpeg_with_previews_has_variants(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image("a.jpeg", draw_quadrants(), save_all=True, append_images=[draw_quadrants().rotate(90)])
    assert can_have_variants(media)
    assert (make_variant(store_folder, media).format, corners(make_variant(store_folder, media))) == ("JPEG", QUADRANTS)


def test_a_file_that_is_no_raster_image_has_no_variants(write_image: WriteImage) -> None:
    assert not can_have_variants(write_image("a.svg", b"<svg/>"))
    assert not can_have_variants(write_image("a.mp3", b"ID3"))
    assert not can_have_variants(write_image("a.jpg", b"not a picture"))
    assert not can_have_variants(write_image("a.png", draw_quadrants().tobytes()))


def test_a_too_large_file_has_no_variants(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    os.truncate(media.location, 64 * 1024 * 1024 + 1)
    assert not can_have_variants(media)
    assert_nothing_is_made(store_folder, media)


def test_an_image_with_too_many_pixels_has_no_variants(write_image: WriteImage, store_folder: Path) -> None:
    still = io.BytesIO()
    Image.new("P", (1, 1)).save(still, "GIF")
    for side in (b"\x00\x28", b"\xff\xff"):  # for 10,240 squared Pillow only warns
        media = write_image("a.gif", still.getvalue()[:6] + side + side + still.getvalue()[10:])
        assert not can_have_variants(media)
        assert_nothing_is_made(store_folder, media)


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp"])
def test_a_truncated_image_has_no_variants(write_image: WriteImage, store_folder: Path, suffix: str) -> None:
    media = write_image(f"a.{suffix}", Image.effect_noise((1200, 900), 90).convert("RGB"))
    os.truncate(media.location, os.stat(media.location).st_size // 2)
    assert_nothing_is_made(store_folder, media)
    [problem] = VariantStore(store_folder).problems({media.path: media})
    assert f"'media/a.{suffix}' cannot be made narrower" in problem.message


def test_a_deleted_image_has_no_variants(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    os.unlink(media.location)
    assert not can_have_variants(media)
    with pytest.raises(OSError, match="No such file"):
        VariantStore(store_folder).make(media)


def test_a_variant_is_not_made_of_an_image_that_changed_since_its_digest(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    facts = facts_of(media)
    write_image("a.jpg", draw_quadrants((640, 480)))
    assert digest_of(media) != facts.digest
    with DecoderProcess() as decoder:
        request = DecodeRequest(media.location, facts.digest, facts.sizes, str(store_folder))
        assert decoder.make(request).kind == CHANGED
    assert files_in_store(store_folder) == []
