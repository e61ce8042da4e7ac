"""Players: recordings attached to an article can be played on its page."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING

import pytest

from tests.pages.browser_page import open_page
from tests.pages.conftest import serve_site

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.conftest import Newsroom

ARTICLE = """
id: tag:news.example,2026:x
title: A
published: 2026-01-02
enclosures: [{src: media/talk.wav, title: Talk <one>}, {src: media/notes.txt}]
"""


def recording() -> bytes:
    """Return a second of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(bytes(16_000))
    return file.getvalue()


@pytest.mark.parametrize("width", [360, 1280])
def test_attached_recording_is_played_on_the_page_and_loaded_only_then(
    chromium: Browser, newsroom: Newsroom, tmp_path: Path, width: int
) -> None:
    content = newsroom({"articles/a.yaml": ARTICLE, "media/talk.wav": recording(), "media/notes.txt": "Notes."})
    with serve_site(content, tmp_path / "state") as address, open_page(chromium, width=width) as recorder:
        page = recorder.page
        page.goto(f"{address}/articles/a/")
        player = page.get_by_label("Talk <one>")
        assert page.locator("audio, video").count() == player.count() == 1
        assert page.get_by_role("link", name="Talk <one>").is_visible()
        assert not [request.url for request in recorder.requests if request.url.endswith(".wav")]
        # Chromium lays out the parts of its own player in two steps; they are no nodes of the page ("undefined").
        assert all(": undefined from" in shift for shift in recorder.layout_shifts())
        assert player.evaluate("one => one.play().then(() => one.duration)") == pytest.approx(1)
        assert (recorder.messages, recorder.violations()) == ([], [])
