"""Fixtures of the tests of variants: a function that writes images, and the folder of a store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from feedsvc.content.media.media_types import MEDIA_TYPES
from feedsvc.model import MediaFile
from tests.content.media.variants import FORMATS, WriteImage, draw_quadrants


@pytest.fixture
def write_image(tmp_path: Path) -> WriteImage:
    """Return a function that writes an image, or bytes, and returns it as a media file."""

    def write(name: str = "a.jpg", content: Image.Image | bytes | None = None, **options: Any) -> MediaFile:
        location, suffix = tmp_path / name, name.rpartition(".")[2]
        content = draw_quadrants() if content is None else content
        if isinstance(content, bytes):
            location.write_bytes(content)
        else:
            content.save(location, FORMATS[suffix], **options)
        return MediaFile(path=f"media/{name}", location=str(location), type=MEDIA_TYPES[f".{suffix}"], length=1)

    return write


@pytest.fixture
def store_folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sized"
