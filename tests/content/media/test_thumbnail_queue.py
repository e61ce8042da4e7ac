"""Pictures that wait for their copies: none of them keeps the others from being made."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from feedsvc.content.images.decoder_pool import DecoderProcess
from feedsvc.content.media.thumbnail_queue import VariantQueue
from feedsvc.model import MediaFile

SECONDS = 20.0


def picture(number: int) -> tuple[MediaFile, str]:
    path = f"media/{number}.png"
    return MediaFile(path=path, location=f"/nowhere/{path}", type="image/png", length=1), f"{number:016x}"


def test_pictures_are_shown_after_others_whose_copies_failed_for_a_reason_nobody_foresaw(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made: list[str] = []
    ready = threading.Semaphore(0)

    def work(_child: DecoderProcess, media: MediaFile, digest: str) -> None:
        if int(digest, 16) < 4:
            raise MemoryError(media.path)
        made.append(media.path)

    queue = VariantQueue(work, lambda _digest: ready.release(), str(tmp_path / "locks"))
    for number in range(6):
        assert queue.put(*picture(number))
        assert ready.acquire(timeout=SECONDS)
    assert made == ["media/4.png", "media/5.png"]
    assert caplog.text.count("could not be made") == 4
