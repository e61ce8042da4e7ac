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
