"""The store of variants with threads, processes, kills, damage and full disks."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image, features

from feedsvc.content.file_signature import signature_of
from feedsvc.content.media.image_facts import digest_of
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.model import MediaFile
from feedsvc.support.alerts import Alerts
from tests.audience.waiting import wait_until
from tests.content.media.variants import WIDTHS, WriteImage, draw_quadrants, files_in_store, make_variant, variant_path
from tests.helpers.large_images import process_tree


def broken_image(write_image: WriteImage, name: str = "b.png") -> MediaFile:
    """Return an image whose second half is missing."""
    media = write_image(name, Image.effect_noise((1200, 900), 90).convert("RGB"))
    os.truncate(media.location, os.stat(media.location).st_size // 2)
    return media


def test_a_variant_is_made_once(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    path = variant_path(store_folder, media, 640)
    status = path.stat()
    assert variant_path(store_folder, media, 640) == path
    assert (signature_of(path.stat()), status.st_mode & 0o777) == (signature_of(status), 0o644)


def test_a_variant_has_the_same_bytes_in_two_stores(write_image: WriteImage, store_folder: Path, tmp_path: Path) -> None:
    for suffix in ("jpg", "png", "gif", "webp", *(["avif"] if features.check("avif") else [])):
        media = write_image(f"a.{suffix}", draw_quadrants())
        first, second = (variant_path(folder, media, 640) for folder in (store_folder, tmp_path / "other"))
        assert (first.name, first.read_bytes()) == (second.name, second.read_bytes())


@pytest.mark.parametrize("damage", [b"", b"half", None])
def test_a_damaged_variant_is_made_again(write_image: WriteImage, store_folder: Path, damage: bytes | None) -> None:
    media = write_image()
    path = variant_path(store_folder, media)
    original = path.read_bytes()
    path.unlink() if damage is None else path.write_bytes(damage)
    assert VariantStore(store_folder).find(digest_of(media), 320) is None
    assert variant_path(store_folder, media) == path
    assert path.read_bytes() == original


def test_variants_are_made_although_a_file_is_in_place_of_their_folder(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    store_folder.parent.mkdir(parents=True, exist_ok=True)
    store_folder.write_text("no folder")
    assert variant_path(store_folder, media).read_bytes()


def test_of_two_stores_with_one_folder_only_one_makes_requested_variants_until_it_has_no_more(
    write_image: WriteImage, store_folder: Path
) -> None:
    image, other = write_image("a.jpg"), write_image("b.png")
    with closing(VariantStore(store_folder)) as first, closing(VariantStore(store_folder)) as second:
        first.request(image)
        second.request(other)
        wait_until(lambda: first.find(digest_of(image), 960))
        wait_until(lambda: second.request(other) or second.find(digest_of(other), 960))
    assert len(files_in_store(store_folder)) == 2 * len(WIDTHS)


def test_an_image_that_cannot_be_decoded_is_a_problem_and_stops_no_other(write_image: WriteImage, store_folder: Path) -> None:
    """A failure counts only in a child that had decoded no other image: the images share one."""
    images = [write_image("a.jpg"), broken_image(write_image), write_image("c.jpg", draw_quadrants((1300, 900)))]
    media = {image.path: image for image in images}
    failures: list[int] = []
    with closing(VariantStore(store_folder)) as store:
        store.on_failure = lambda: failures.append(1)
        for image in images:
            store.request(image)
        wait_until(lambda: store.find(digest_of(images[2]), 960))
        [problem] = store.problems(media)
        assert (problem.path, problem.rule, len(failures)) == ("media/b.png", "no-variants", 1)
        assert "'media/b.png' cannot be made narrower" in problem.message
        assert not store.lacks_variants(images[1])
    assert VariantStore(store_folder).problems(media) == (problem,)
    write_image("b.png")
    assert VariantStore(store_folder).problems(media) == ()
    assert make_variant(store_folder, images[1]).size == (320, 240)


def decoder_pid() -> int:
    """Wait until this process has a decoder process, and return its id."""
    return wait_until(lambda: [pid for pid in process_tree(os.getpid())[1:] if is_decoder(pid)])[0]


def is_decoder(pid: int) -> bool:
    try:
        return b"media.decoder" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize(
    ("number", "count", "message"),
    [
        (signal.SIGKILL, 1, ""),
        (signal.SIGKILL, 2, "has no narrower copies for now (the process that decodes it was ended (signal 9))"),
        (signal.SIGALRM, 2, "has no narrower copies for now (the process that decodes it was ended (signal 14))"),
        (signal.SIGPROF, 1, "takes too much processor time"),
        (signal.SIGSEGV, 1, "ends the process that decodes it (SIGSEGV)"),
    ],
)
def test_only_the_image_under_way_counts_as_failed_when_its_decoder_ends(
    write_image: WriteImage, store_folder: Path, number: signal.Signals, count: int, message: str
) -> None:
    images = [write_image(f"{name}.jpg", draw_quadrants((1200 + order, 900))) for order, name in enumerate("ab")]
    with closing(VariantStore(store_folder)) as store:
        for image in images:
            store.request(image)
        ended = 0
        for _ in range(count):
            wait_until(lambda ended=ended: decoder_pid() != ended)
            ended = decoder_pid()
            os.kill(ended, number)
        wait_until(lambda: store.find(digest_of(images[1]), 960))
        assert [problem.message for problem in store.problems({image.path: image for image in images})] == (
            [f"'media/a.jpg' {message}"] if message else []
        )


def test_a_closed_store_has_no_processes_and_writes_nothing(write_image: WriteImage, store_folder: Path) -> None:
    """Removing the folder of a demo failed with a traceback, since another thread had just written a copy into it."""
    store = VariantStore(store_folder)
    images = [write_image(f"{number}.jpg", draw_quadrants((1200 + number, 900))) for number in range(8)]
    for image in images:
        store.request(image)
    store.close()
    assert not [pid for pid in process_tree(os.getpid())[1:] if is_decoder(pid)]
    shutil.rmtree(store_folder)
    store.request(images[0])
    assert not store_folder.exists()


def test_a_full_disk_is_an_alert_and_leaves_no_file(write_image: WriteImage, store_folder: Path) -> None:
    media, limits, alerts = write_image(), resource.getrlimit(resource.RLIMIT_FSIZE), Alerts()
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        VariantStore(store_folder, alerts).make(media)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "cannot be changed (File too large)" in alerts.active["pictures"]
    assert files_in_store(store_folder) == []
    VariantStore(store_folder, alerts).make(media)
    assert alerts.active == {}


def test_a_store_that_cannot_be_a_folder_is_an_alert(write_image: WriteImage, store_folder: Path) -> None:
    store_folder.parent.write_bytes(b"a file")
    alerts = Alerts()
    VariantStore(store_folder, alerts).make(write_image())
    assert "cannot be changed (Not a directory)" in alerts.active["pictures"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to every folder; run the tests as another user")
def test_a_read_only_store_returns_existing_variants_and_makes_none(write_image: WriteImage, store_folder: Path) -> None:
    media, other, alerts = write_image(), write_image("b.png"), Alerts()
    path = variant_path(store_folder, media)
    store_folder.chmod(0o500)
    try:
        assert variant_path(store_folder, media) == path
        VariantStore(store_folder, alerts).make(other)
        assert "cannot be changed (Permission denied)" in alerts.active["pictures"]
    finally:
        store_folder.chmod(0o700)
