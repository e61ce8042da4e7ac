"""No page scrolls sideways and no image is distorted on a narrow screen, also with very long words in all texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.pages import long_words
from tests.pages.browser_page import open_page
from tests.pages.conftest import serve_in_language, serve_site
from tests.pages.page_kinds import PAGE_KINDS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Elements that extend beyond the viewport, except those in a box with its own scroll bar.
_FIND_OVERFLOWING_SCRIPT = """
[...document.querySelectorAll("body *")].filter(one => !one.closest("pre, .wide, .unseen, .skip")).filter(one => {
  const box = one.getBoundingClientRect();
  return box.width && (box.right > innerWidth + .5 || box.left < -.5);
}).map(one => `${one.tagName}.${one.className} ${one.getBoundingClientRect().right}`)
"""


@pytest.fixture(scope="module")
def site_with_long_words(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("wordy")
    with serve_site(long_words.write_newsroom(folder / "content"), folder / "state") as address:
        yield address


@pytest.mark.parametrize("path", long_words.PAGE_PATHS)
def test_long_words_break_instead_of_widening_the_page(chromium: Browser, site_with_long_words: str, path: str) -> None:
    with open_page(chromium, width=360) as recorder:
        recorder.page.goto(site_with_long_words + path)
        assert recorder.layout_shifts() == []
        for width in (320, 360, 768, 1280):
            recorder.page.set_viewport_size({"width": width, "height": 900})
            assert recorder.page.evaluate("document.documentElement.scrollWidth") <= width
            assert recorder.page.evaluate(_FIND_OVERFLOWING_SCRIPT) == []


@pytest.mark.parametrize("language", ["de", "fa", "he", "ru"])
def test_translated_words_fit_narrow_screens(chromium: Browser, tmp_path: Path, language: str) -> None:
    with serve_in_language(tmp_path, language) as address, open_page(chromium, width=320) as recorder:
        for kind in ("home", "older", "author", "article", "external", "enclosures", "subscribe", "tags", "missing"):
            recorder.page.goto(address + PAGE_KINDS[kind][0])
            assert recorder.layout_shifts() == []
            for width in (320, 768):
                recorder.page.set_viewport_size({"width": width, "height": 900})
                assert recorder.page.evaluate("document.documentElement.scrollWidth") <= width
                assert recorder.page.evaluate(_FIND_OVERFLOWING_SCRIPT) == []
            recorder.page.set_viewport_size({"width": 320, "height": 900})


@pytest.mark.parametrize(
    ("path", "selector", "size"),
    [
        ("/articles/middle/", ".lead img", (1, 1)),
        ("/author/a/", ".avatar", (144, 144)),
        ("/author/a/", ".brand img", (200, 25)),
    ],
)
def test_image_is_neither_enlarged_nor_distorted(
    chromium: Browser, site_with_long_words: str, path: str, selector: str, size: tuple[int, int]
) -> None:
    with open_page(chromium) as recorder:
        recorder.page.goto(site_with_long_words + path)
        image = recorder.page.locator(selector)
        box = image.bounding_box()
        assert box
        assert (box["width"], box["height"]) == size
        assert image.evaluate("one => getComputedStyle(one).objectFit") in ("cover", "contain")


def test_very_tall_image_is_at_most_80_percent_of_the_screen_height(chromium: Browser, site_with_long_words: str) -> None:
    with open_page(chromium, width=360) as recorder:
        recorder.page.goto(f"{site_with_long_words}/articles/tall/")
        box = recorder.page.locator(".lead img").bounding_box()
        assert box
        assert box["height"] <= 900 * 0.8
