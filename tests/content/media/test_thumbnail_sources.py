"""Images that have variants, and errors of images that change or are broken."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image, features

from feedsvc.content.images.decoder_pool import DecoderProcess, ReusedDecoderError
from feedsvc.content.images.decoder_process import DecodeRequest
from feedsvc.content.media.image_facts import VariantError, can_have_variants, digest_of, facts_of
from feedsvc.content.media.thumbnails import VariantStore
from tests.content.media.variants import QUADRANTS, WriteImage, corners, draw_quadrants, files_in_store, make_variant


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "avif"])
def test_an_animation_has_no_variants(write_image: WriteImage, store_folder: Path, suffix: str) -> None:
    if suffix == "avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    media = write_image(f"a.{suffix}", draw_quadrants(), save_all=True, append_images=[draw_quadrants().rotate(90)])
    assert not can_have_variants(media)
    with pytest.raises(VariantError, match="has no copy 320 pixels wide"):
        make_variant(store_folder, media)


def test_a_jpeg_with_previews_has_variants(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image("a.jpeg", draw_quadrants(), save_all=True, append_images=[draw_quadrants().rotate(90)])
    assert can_have_variants(media)
    assert (make_variant(store_folder, media).format, corners(make_variant(store_folder, media))) == ("JPEG", QUADRANTS)


@pytest.mark.parametrize("width", [0, 7, 641, 1280, 1920])
def test_other_and_larger_widths_are_rejected(write_image: WriteImage, store_folder: Path, width: int) -> None:
    with pytest.raises(VariantError, match=f"'media/a.jpg' has no copy {width} pixels wide"):
        make_variant(store_folder, write_image(), width)
    assert files_in_store(store_folder) == []


def test_a_file_that_is_no_raster_image_has_no_variants(write_image: WriteImage) -> None:
    assert not can_have_variants(write_image("a.svg", b"<svg/>"))
    assert not can_have_variants(write_image("a.mp3", b"ID3"))
    assert not can_have_variants(write_image("a.jpg", b"not a picture"))
    assert not can_have_variants(write_image("a.png", draw_quadrants().tobytes()))


def test_a_too_large_file_has_no_variants(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    os.truncate(media.location, 64 * 1024 * 1024 + 1)
    assert not can_have_variants(media)
    with pytest.raises(VariantError, match=r"'media/a.jpg' has no copy 320 pixels wide"):
        make_variant(store_folder, media)


def test_an_image_with_too_many_pixels_has_no_variants(write_image: WriteImage, store_folder: Path) -> None:
    still = io.BytesIO()
    Image.new("P", (1, 1)).save(still, "GIF")
    for side in (b"\x00\x28", b"\xff\xff"):  # for 10,240 squared Pillow only warns
        media = write_image("a.gif", still.getvalue()[:6] + side + side + still.getvalue()[10:])
        assert not can_have_variants(media)
        with pytest.raises(VariantError, match=r"'media/a.gif' has no copy 320 pixels wide"):
            make_variant(store_folder, media)


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp"])
def test_a_truncated_image_has_no_variants(write_image: WriteImage, store_folder: Path, suffix: str) -> None:
    media = write_image(f"a.{suffix}", Image.effect_noise((1200, 900), 90).convert("RGB"))
    os.truncate(media.location, os.stat(media.location).st_size // 2)
    with pytest.raises(VariantError, match=f"'media/a.{suffix}' cannot be made narrower"):
        make_variant(store_folder, media)
    assert files_in_store(store_folder) == []


def test_a_deleted_image_has_no_variants(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    digest = digest_of(media)
    assert VariantStore(store_folder).get_or_make(media, digest, 320).exists()
    os.unlink(media.location)
    assert not can_have_variants(media)
    with pytest.raises(OSError, match="No such file"):
        digest_of(media)
    with pytest.raises(VariantError, match=r"'media/a.jpg' cannot be read \(No such file or directory\)"):
        VariantStore(store_folder).get_or_make(media, digest, 320)


def test_a_symbolic_link_has_no_variants(write_image: WriteImage, tmp_path: Path) -> None:
    media = write_image()
    os.replace(media.location, tmp_path / "b.jpg")
    os.symlink("b.jpg", media.location)
    assert not can_have_variants(media)


def test_a_variant_is_not_made_of_an_image_that_changed_since_its_digest(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    digest = digest_of(media)
    assert (len(digest), digest_of(media), can_have_variants(media)) == (16, digest, True)
    write_image("a.jpg", draw_quadrants((640, 480)))
    assert digest_of(media) != digest
    with pytest.raises(VariantError, match=r"'media/a.jpg' has other bytes by now"):
        VariantStore(store_folder).get_or_make(media, digest, 320)


def test_a_variant_is_not_returned_for_another_image(write_image: WriteImage, store_folder: Path) -> None:
    withdrawn, visible = write_image("a.jpg"), write_image("b.jpg", draw_quadrants((640, 480)))
    digest = digest_of(withdrawn)
    assert VariantStore(store_folder).get_or_make(withdrawn, digest, 320).exists()
    with pytest.raises(VariantError, match=r"'media/b.jpg' has other bytes by now"):
        VariantStore(store_folder).get_or_make(visible, digest, 320)


@pytest.mark.slow
def test_an_image_that_fails_in_a_reused_decoder_process_is_not_marked_as_broken(
    write_image: WriteImage, store_folder: Path
) -> None:
    """Memory used by a large image made the next one fail permanently."""
    broken = write_image("b.png", Image.effect_noise((1200, 900), 90).convert("RGB"))
    os.truncate(broken.location, os.stat(broken.location).st_size // 2)
    small, large = write_image("a.jpg"), write_image("c.avif", draw_quadrants((4900, 4900)), speed=10)
    images = [large, small, broken, small, large]
    with DecoderProcess(str(store_folder / "locks")) as child:
        results = []
        for media in images:
            with open(media.location, "rb") as file:
                request = DecodeRequest(digest_of(media), facts_of(media).sizes)
                try:
                    results.append(len([*child.make_variants(file, request, lambda: True)]))
                except ReusedDecoderError:
                    results.append("reused")
                    assert child.pid is None
        assert results == [5, 3, "reused", 3, 5]
