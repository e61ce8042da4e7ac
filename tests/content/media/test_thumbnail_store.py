"""The store of variants with threads, processes, kills, damage and full disks."""

from __future__ import annotations

import fcntl
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import features

from feedsvc.content.file_signature import signature_of
from feedsvc.content.media.image_facts import VariantError, digest_of
from feedsvc.content.media.thumbnails import VariantStore
from feedsvc.model import MediaFile
from tests import ROOT
from tests.content.media.variants import WIDTHS, WriteImage, draw_quadrants, files_in_store, make_variant

SCRIPT = """
import os, sys
from pathlib import Path
from feedsvc.content.media.image_facts import digest_of
from feedsvc.content.media.thumbnails import VariantStore
from feedsvc.model import MediaFile
folder, location, kill_event = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
media = MediaFile(path="media/a.jpg", location=location, type="image/jpeg", length=1)
if kill_event:
    def kill(event, args):
        if event == kill_event and (event == "os.chmod" or ".new-" in str(args[0])):
            os.kill(os.getpid(), 9)
    sys.addaudithook(kill)
print(VariantStore(Path(folder)).get_or_make(media, digest_of(media), 640))
"""


def test_a_variant_is_made_once(write_image: WriteImage, store_folder: Path) -> None:
    media, store = write_image(), VariantStore(store_folder)
    path = store.get_or_make(media, digest_of(media), 640)
    status = path.stat()
    digest = path.parent.name
    assert store.get_or_make(media, digest, 640) == VariantStore(store_folder).get_or_make(media, digest, 640) == path
    assert (signature_of(path.stat()), status.st_mode & 0o777) == (signature_of(status), 0o644)


def test_a_variant_has_the_same_bytes_in_two_stores(write_image: WriteImage, store_folder: Path, tmp_path: Path) -> None:
    for suffix in ("jpg", "png", "gif", "webp", *(["avif"] if features.check("avif") else [])):
        media = write_image(f"a.{suffix}", draw_quadrants())
        first, second = (
            VariantStore(folder).get_or_make(media, digest_of(media), 640) for folder in (store_folder, tmp_path / "other")
        )
        assert (first.name, first.read_bytes()) == (second.name, second.read_bytes())


@pytest.mark.parametrize("damage", [b"", b"half", None])
def test_a_damaged_variant_is_made_again(write_image: WriteImage, store_folder: Path, damage: bytes | None) -> None:
    media, store = write_image(), VariantStore(store_folder)
    path = store.get_or_make(media, digest_of(media), 320)
    original = path.read_bytes()
    for current_store in (store, VariantStore(store_folder)):
        path.unlink() if damage is None else path.write_bytes(damage)
        assert current_store.get_or_make(media, digest_of(media), 320) == path
        assert path.read_bytes() == original


def test_twenty_threads_make_a_variant_once(write_image: WriteImage, store_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    media, store, start = write_image(), VariantStore(store_folder), threading.Barrier(20)
    replace_calls, replace = [], os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: (replace_calls.append(paths), replace(*paths)))

    def ask(_: int) -> bytes:
        start.wait()
        return store.get_or_make(media, digest_of(media), 640).read_bytes()

    with ThreadPoolExecutor(20) as threads:
        assert len(set(threads.map(ask, range(20)))) == 1
    assert len(replace_calls) == len(files_in_store(store_folder)) == len(WIDTHS)


def start_process(store_folder: Path, media: MediaFile, kill_event: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(store_folder), media.location, kill_event]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout
    assert child.stdout.readline() == "ready\n"
    return child


def test_two_processes_make_the_same_variant(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    processes = [start_process(store_folder, media) for _ in range(2)]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    assert len({process.communicate(timeout=120)[0] for process in processes}) == 1
    assert len(files_in_store(store_folder)) == len(WIDTHS)
    assert [process.returncode for process in processes] == [0, 0]
    assert make_variant(store_folder, media, 640).size == (640, 480)


@pytest.mark.parametrize("event", ["os.chmod", "os.rename"])
def test_a_process_killed_while_it_writes_leaves_a_temporary_file_that_is_swept(
    write_image: WriteImage, store_folder: Path, event: str
) -> None:
    media = write_image()
    child = start_process(store_folder, media, event)
    child.communicate("\n", timeout=120)
    assert child.returncode == -signal.SIGKILL
    [temporary_file] = files_in_store(store_folder)
    assert ".new-" in temporary_file
    assert make_variant(store_folder, media, 640).size == (640, 480)
    assert VariantStore(store_folder).sweep([digest_of(media)]) == 1
    assert temporary_file not in files_in_store(store_folder)
    assert len(files_in_store(store_folder)) == len(WIDTHS)


def test_sweeping_deletes_variants_of_other_images_and_former_versions(write_image: WriteImage, store_folder: Path) -> None:
    store = VariantStore(store_folder)
    assert store.sweep([]) == 0
    kept_image, deleted_image = write_image("a.jpg"), write_image("b.png")
    for media in (kept_image, deleted_image):
        store.get_or_make(media, digest_of(media), 320)
        store.get_or_make(media, digest_of(media), 640)
    former_variant, foreign_file = store_folder / digest_of(kept_image) / f"320-0-{'0' * 16}", store_folder / "notes" / "mine.txt"
    foreign_file.parent.mkdir()
    for file in (former_variant, foreign_file):
        file.write_bytes(b"x")
    assert store.sweep([digest_of(kept_image)]) == 1 + len(WIDTHS)
    assert (former_variant.exists(), foreign_file.exists(), (store_folder / digest_of(deleted_image)).exists()) == (
        False,
        True,
        False,
    )
    assert len(files_in_store(store_folder)) == 1 + len(WIDTHS)
    assert store.get_or_make(deleted_image, digest_of(deleted_image), 320).exists()


def test_a_demo_that_ends_while_copies_are_made_can_remove_its_folder(write_image: WriteImage, store_folder: Path) -> None:
    """Removing the folder failed with a traceback, since another thread had just written a copy into it."""
    store = VariantStore(store_folder)
    images = [write_image(f"{number}.jpg", draw_quadrants((1200 + number, 900))) for number in range(8)]
    assert all(store.request(media, digest_of(media), 320) for media in images)
    store.close()
    shutil.rmtree(store_folder, ignore_errors=True)
    assert store.request(images[0], digest_of(images[0]), 320) is None
    for thread in threading.enumerate():
        if thread.name == "feedsvc-copies":
            thread.join(60)
    assert not store_folder.exists()


def test_nothing_is_swept_while_another_process_writes(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    make_variant(store_folder, media)
    with open(store_folder / ".lock", "rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_SH)
        assert VariantStore(store_folder).sweep([]) == 0
        assert make_variant(store_folder, media, 640)
    assert VariantStore(store_folder).sweep([]) == len(WIDTHS)


def test_a_full_disk_is_an_error_and_leaves_no_file(write_image: WriteImage, store_folder: Path) -> None:
    media, limits = write_image(), resource.getrlimit(resource.RLIMIT_FSIZE)
    digest = digest_of(media)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(VariantError, match=r"cannot be changed \(File too large\)"):
            VariantStore(store_folder).get_or_make(media, digest, 640)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert files_in_store(store_folder) == []


def test_a_store_that_cannot_be_a_folder_is_an_error(write_image: WriteImage, store_folder: Path) -> None:
    store_folder.parent.write_bytes(b"a file")
    for attempt in (lambda: make_variant(store_folder, write_image()), lambda: VariantStore(store_folder).sweep([])):
        with pytest.raises(VariantError, match=r"sized cannot be changed \(Not a directory\)"):
            attempt()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to every folder; run the tests as another user")
def test_a_read_only_store_returns_existing_variants_and_makes_none(write_image: WriteImage, store_folder: Path) -> None:
    media = write_image()
    path = VariantStore(store_folder).get_or_make(media, digest_of(media), 320)
    for folder in (path.parent, store_folder):
        folder.chmod(0o500)
    try:
        assert VariantStore(store_folder).get_or_make(media, digest_of(media), 320) == path
        with pytest.raises(VariantError, match=r"cannot be changed \(Permission denied\)"):
            make_variant(store_folder, media, 640)
        with pytest.raises(VariantError, match=r"cannot be changed \(Permission denied\)"):
            VariantStore(store_folder).sweep([])
    finally:
        for folder in (store_folder, path.parent):
            folder.chmod(0o700)
