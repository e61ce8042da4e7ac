"""Timeouts of the decoder process: the reason that an operator reads in the problem states the limit that was exceeded."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from feedsvc.content.images.decoder_pool import DECODE_TIMEOUT, QUEUE_TIMEOUT, DecoderLostError, DecoderProcess
from feedsvc.content.images.decoder_process import DIGEST_LENGTH, DecodeRequest
from tests.helpers.newsrooms import picture

SHORT = 0.01  # seconds; starting a process takes longer


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "a.jpg"
    path.write_bytes(picture())
    return path


def error_of(child: DecoderProcess, image: Path) -> str:
    def is_wanted() -> bool:
        time.sleep(2 * SHORT)
        return True

    request = DecodeRequest(hashlib.sha256(image.read_bytes()).hexdigest()[:DIGEST_LENGTH], [(320, 180)])
    with image.open("rb") as file, child, pytest.raises(DecoderLostError) as caught:
        list(child.make_variants(file, request, is_wanted))
    return str(caught.value)


def test_an_image_that_waited_too_long_for_other_images_is_not_said_to_have_been_decoded_for_900_seconds(
    tmp_path: Path, image: Path
) -> None:
    child = DecoderProcess(str(tmp_path / "locks"), queue_timeout=SHORT, decode_timeout=DECODE_TIMEOUT)
    assert error_of(child, image) == "it was not done within 0.01 seconds"


def test_an_image_that_takes_too_long_to_decode_is_not_said_to_have_waited_for_600_seconds(tmp_path: Path, image: Path) -> None:
    child = DecoderProcess(str(tmp_path / "locks"), queue_timeout=QUEUE_TIMEOUT, decode_timeout=SHORT)
    assert error_of(child, image) == "it was not done within 0.01 seconds"
