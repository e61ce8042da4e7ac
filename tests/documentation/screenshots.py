"""Take the screenshots of docs/screenshots/: each kind of page of the sample newsroom on one sheet for each writing direction.

`python -m tests.documentation.screenshots` writes all sheets and the page that shows them; with names of kinds, only theirs. It
needs chromium-headless-shell.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from PIL import Image
from playwright.sync_api import sync_playwright

from tests import ROOT
from tests.helpers.running_server import build_tree
from tests.pages.browser_page import load_images, open_page
from tests.pages.conftest import SAMPLE_CONTENT, serve_in_language, serve_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER: Final = ROOT / "docs" / "screenshots"
EXAMPLE_THEME: Final = ROOT / "docs" / "example-theme"
EXAMPLE_SHEET: Final = "example-theme.webp"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of page. `template` renders it, "" for a feed."""

    name: str
    heading: str
    path: str
    template: str


KINDS: Final = (
    Kind("front", "Front page", "/", "home.html"),
    Kind("section", "Section", "/category/asia/", "listing.html"),
    Kind("article", "Article", "/articles/second-summit/", "article.html"),
    Kind("author", "Author", "/author/jun-hasegawa/", "listing.html"),
    Kind("archive", "Archive", "/archive/", "archive.html"),
    Kind("month", "Month of the archive", "/archive/2026/02/", "archive_period.html"),
    Kind("page", "Static page", "/about/", "static_page.html"),
    Kind("tags", "Tags", "/tags/", "tags.html"),
    Kind("issue", "Issue of a digest", "/feeds/weekly/2026-02-02/", "issue.html"),
    Kind("subscribe", "Subscribe", "/subscribe/", "subscribe.html"),
    Kind("feed", "Feed in a browser", "/feed.rss", ""),
    Kind("missing", "Unknown address", "/nothing-here/", "message.html"),
)
WIDTHS: Final = (360, 900, 1600)  # of the window, in pixels
ColorScheme = Literal["light", "dark"]
SCHEMES: Final[tuple[ColorScheme, ...]] = ("light", "dark")
# Writing direction -> ending of the name of a sheet.
DIRECTIONS: Final[Mapping[str, str]] = {"ltr": "", "rtl": "-rtl"}
_HEIGHT: Final = 1100  # of the window, in pixels
_SCALE: Final = 0.5
_GAP: Final = 12  # between pictures of a sheet, in pixels
_GAP_COLOR: Final = "#b8b3a8"
_QUALITY: Final = 60  # of WebP
_BROKEN_PICTURES: Final = "[...document.images].filter(one => !one.naturalWidth).map(one => one.currentSrc)"
_TIMEOUT: Final = 300_000  # milliseconds for a page on a busy machine
_INTRODUCTION: Final = """# Screenshots

`make screenshots` takes these pictures of the sample newsroom and writes this page. Each sheet has the windows of a telephone, a
tablet and a desktop (360, 900 and 1,600 pixels wide), light and dark. On the second sheet, the pages are in Arabic, which is
written from right to left; the articles stay in English. [Change the theme](../how-to/themes.md) says how to change what you see.
"""


def sheet_name(kind: Kind, direction: str) -> str:
    return f"{kind.name}{DIRECTIONS[direction]}.webp"


def page_text() -> str:
    """Return the text of docs/screenshots/README.md."""
    return _INTRODUCTION + "".join(map(_section, KINDS))


def _section(kind: Kind) -> str:
    return (
        f"\n## {kind.heading}\n\n![{kind.heading}, in three widths, light and dark]({sheet_name(kind, 'ltr')})\n\n"
        f"![{kind.heading}, from right to left]({sheet_name(kind, 'rtl')})\n"
    )


def take_screenshots(
    browser: Browser, url: str, widths: Sequence[int] = WIDTHS, schemes: Sequence[ColorScheme] = SCHEMES
) -> list[list[Image.Image]]:
    """Return the top of a page as windows of these widths show it, at half their size: a row for each color scheme."""
    with open_page(browser) as recorder:
        page = recorder.page
        page.set_default_timeout(_TIMEOUT)
        page.goto(url)
        return [[_take_screenshot(page, width, scheme) for width in widths] for scheme in schemes]


def _take_screenshot(page: Page, width: int, scheme: ColorScheme) -> Image.Image:
    page.set_viewport_size({"width": width, "height": _HEIGHT})
    page.emulate_media(color_scheme=scheme)
    page.reload()
    _load_pictures(page)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return picture.resize((round(width * _SCALE), round(_HEIGHT * _SCALE)), Image.Resampling.LANCZOS)


def _load_pictures(page: Page) -> None:
    """Wait until all pictures are loaded. Raises ValueError if one cannot be loaded."""
    load_images(page)
    if broken := page.evaluate(_BROKEN_PICTURES):
        raise ValueError(f"{page.url} has broken pictures: {', '.join(broken)}")


def join_pictures(rows: Sequence[Sequence[Image.Image]]) -> bytes:
    """Return the sheet of pictures in rows, as WebP. Each row has the widths of the first."""
    width = sum(picture.width + _GAP for picture in rows[0]) + _GAP
    height = sum(row[0].height + _GAP for row in rows) + _GAP
    sheet, top = Image.new("RGB", (width, height), _GAP_COLOR), _GAP
    for row in rows:
        left = _GAP
        for picture in row:
            sheet.paste(picture, (left, top))
            left += picture.width + _GAP
        top += row[0].height + _GAP
    file = io.BytesIO()
    sheet.save(file, "WEBP", quality=_QUALITY, method=4)
    return file.getvalue()


def make_picture_copies(folder: Path) -> None:
    """Store the narrower copies of the sample newsroom's pictures in folder/state.

    A server makes a copy on its first request, but on a busy machine it answers with status 503 before the copy exists.
    """
    build_tree(folder / "tree", SAMPLE_CONTENT, "--state", folder / "state")


@contextlib.contextmanager
def serve_with_example_theme(folder: Path) -> Iterator[str]:
    """Serve the sample newsroom with the theme of docs/example-theme/; yield its address."""
    content = Path(shutil.copytree(SAMPLE_CONTENT, folder / "content"))
    shutil.copytree(EXAMPLE_THEME, content / "theme")
    with serve_site(content, folder / "state") as address:
        yield address


def write_sheets(browser: Browser, kinds: Sequence[Kind], folder: Path) -> None:
    """Write the sheets of kinds to docs/screenshots/. `folder` is for copies of the sample newsroom."""
    for copies in (folder, folder / "rtl"):
        make_picture_copies(copies)
    servers = {"ltr": serve_site(SAMPLE_CONTENT, folder / "state"), "rtl": serve_in_language(folder / "rtl", "ar")}
    for direction, server in servers.items():
        with server as address:
            for kind in kinds:
                (FOLDER / sheet_name(kind, direction)).write_bytes(join_pictures(take_screenshots(browser, address + kind.path)))


def main(names: Sequence[str]) -> None:
    """Write the sheets of the kinds with these names; without names, all sheets, that of the example theme, and the page."""
    kinds = [kind for kind in KINDS if not names or kind.name in names]
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary_folder, sync_playwright() as playwright:
        folder = Path(temporary_folder)
        program = shutil.which("chromium-headless-shell")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"], timeout=_TIMEOUT)
        write_sheets(browser, kinds, folder)
        if not names:
            make_picture_copies(folder / "example")
            with serve_with_example_theme(folder / "example") as address:
                pictures = take_screenshots(browser, address, WIDTHS[::2], SCHEMES[:1])
                (FOLDER / EXAMPLE_SHEET).write_bytes(join_pictures(pictures))
            (FOLDER / "README.md").write_text(page_text(), "utf-8")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
