"""On a narrow screen nothing has to be scrolled sideways and nothing is out of shape, whatever an editor writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.pages import long_words
from tests.pages.browser_page import looking
from tests.pages.conftest import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Elements that stick out at either side, but for what lies in a box that scrolls by itself.
_OUTSIDE = """
[...document.querySelectorAll("body *")].filter(one => !one.closest("pre, .wide, .unseen, .skip")).filter(one => {
  const box = one.getBoundingClientRect();
  return box.width && (box.right > innerWidth + .5 || box.left < -.5);
}).map(one => `${one.tagName}.${one.className} ${one.getBoundingClientRect().right}`)
"""


@pytest.fixture(scope="module")
def wordy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("wordy")
    with serving(long_words.newsroom(folder / "content"), folder / "state") as address:
        yield address


@pytest.mark.parametrize("path", long_words.PAGES)
def test_long_words_break_instead_of_pushing_the_page_aside(chromium: Browser, wordy: str, path: str) -> None:
    with looking(chromium, width=360) as look:
        look.page.goto(wordy + path)
        assert look.shift() == 0
        for width in (320, 360, 768, 1280):
            look.page.set_viewport_size({"width": width, "height": 900})
            assert look.page.evaluate("document.documentElement.scrollWidth") <= width
            assert look.page.evaluate(_OUTSIDE) == []


@pytest.mark.parametrize(
    ("path", "picture", "size"),
    [
        ("/articles/middle/", ".lead img", (1, 1)),
        ("/author/a/", ".avatar", (96, 96)),
        ("/author/a/", ".brand img", (200, 25)),
    ],
)
def test_no_picture_is_enlarged_or_out_of_shape(
    chromium: Browser, wordy: str, path: str, picture: str, size: tuple[int, int]
) -> None:
    with looking(chromium) as look:
        look.page.goto(wordy + path)
        shown = look.page.locator(picture)
        box = shown.bounding_box()
        assert box
        assert (box["width"], box["height"]) == size
        assert shown.evaluate("one => getComputedStyle(one).objectFit") in ("cover", "contain")


def test_a_tower_of_a_picture_leaves_the_text_within_reach(chromium: Browser, wordy: str) -> None:
    with looking(chromium, width=360) as look:
        look.page.goto(f"{wordy}/articles/tall/")
        box = look.page.locator(".lead img").bounding_box()
        assert box
        assert box["height"] <= 900 * 0.8
