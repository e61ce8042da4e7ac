"""Warnings of `check` about the icon of the site."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.conftest import SETTINGS, Newsroom
from tests.content.lint.checking import VALID_ARTICLE, warnings
from tests.helpers.newsrooms import picture


def icon_file(*sides: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (max(sides), max(sides)), "navy").save(file, "ICO", sizes=[(side, side) for side in sides])
    return file.getvalue()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"media/i.png": picture(64, 64, "PNG")}, ""),
        ({"media/i.png": picture(64, 63, "PNG")}, "site.yaml:5:1: warning: icon: 64 by 63 pixels is not square"),
        ({"media/i.png": picture(32, 32, "PNG")}, "site.yaml:5:1: warning: icon: 32 by 32 pixels is small"),
        ({"root/favicon.ico": icon_file(16, 48)}, ""),
        ({"root/favicon.ico": icon_file(256)}, ""),
        ({"root/favicon.ico": icon_file(16, 32)}, "root/favicon.ico:1:1: warning: 32 by 32 pixels is small"),
        ({"root/favicon.ico": b"GIF89a"}, "root/favicon.ico:1:1: warning: the file is no icon"),
    ],
)
def test_an_icon_that_search_engines_do_not_show_has_a_warning(
    newsroom: Newsroom, files: dict[str, bytes], expected: str
) -> None:
    site = SETTINGS["site.yaml"] + ("icon: media/i.png\n" if "media/i.png" in files else "")
    found = warnings(newsroom({**files, "site.yaml": site, "articles/a.yaml": VALID_ARTICLE}))
    assert [line[: len(expected)] for line in found if "icon" in line] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("size", "favicon", "count"), [((300, 60), {}, 1), ((300, 60), {"root/favicon.ico": icon_file(48)}, 0), ((120, 120), {}, 0)]
)
def test_a_logo_that_is_the_icon_too_and_not_square_has_a_warning(
    newsroom: Newsroom, size: tuple[int, int], favicon: dict[str, bytes], count: int
) -> None:
    site = SETTINGS["site.yaml"] + "logo: media/i.png\n"
    files = {"media/i.png": picture(*size, "PNG"), **favicon, "site.yaml": site, "articles/a.yaml": VALID_ARTICLE}
    found = [line for line in warnings(newsroom(files)) if "logo: is the icon of the site, too" in line]
    assert len(found) == count
