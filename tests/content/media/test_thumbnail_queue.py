"""The queue of images that wait for variants: a failure of one image does not affect the others."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from feedsvc.content.images.decoder_pool import DecoderProcess
from feedsvc.content.media.thumbnail_queue import VariantQueue
from feedsvc.model import MediaFile

SECONDS = 120.0


def media_file(number: int) -> tuple[MediaFile, str]:
    """Return a media file and its digest."""
    path = f"media/{number}.png"
    return MediaFile(path=path, location=f"/nowhere/{path}", type="image/png", length=1), f"{number:016x}"


def test_images_are_processed_after_an_unexpected_error_of_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    finished: list[str] = []
    semaphore = threading.Semaphore(0)

    def work(_child: DecoderProcess, media: MediaFile, digest: str) -> None:
        if int(digest, 16) < 4:
            raise MemoryError(media.path)
        finished.append(media.path)

    queue = VariantQueue(work, lambda _digest: semaphore.release(), str(tmp_path / "locks"))
    for number in range(6):
        assert queue.put(*media_file(number))
        assert semaphore.acquire(timeout=SECONDS)
    assert finished == ["media/4.png", "media/5.png"]
    assert caplog.text.count("could not be made") == 4


def test_closing_waits_for_the_images_under_way_and_drops_the_others(tmp_path: Path) -> None:
    finished: list[str] = []
    done: list[str] = []
    started, may_finish = threading.Semaphore(0), threading.Event()

    def work(_child: DecoderProcess, media: MediaFile, _digest: str) -> None:
        started.release()
        may_finish.wait(SECONDS)
        finished.append(media.path)

    queue = VariantQueue(work, done.append, str(tmp_path / "locks"))
    images = [media_file(number) for number in range(4)]
    assert all(queue.put(*image) for image in images)
    for _ in range(2):  # one image for each thread
        assert started.acquire(timeout=SECONDS)
    queue.close(0)
    assert (finished, sorted(done)) == ([], [digest for _, digest in images[2:]])
    threading.Timer(0.1, may_finish.set).start()
    queue.close(SECONDS)
    assert sorted(finished) == ["media/0.png", "media/1.png"]
    assert not queue.put(*media_file(5))
