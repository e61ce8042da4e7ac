"""Take docs/images/newsroom.png: the front page of the sample newsroom beside its RSS feed in a browser.

`python -m tests.documentation.picture` writes the file; it needs chromium-headless-shell.
"""

from __future__ import annotations

import base64
import io
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image
from playwright.sync_api import sync_playwright

from tests import ROOT
from tests.helpers.running_server import ServerProcess

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FILE: Final = ROOT / "docs" / "images" / "newsroom.png"
_WIDTH, _HEIGHT = 760, 640  # of each page, in pixels
_PICTURE: Final = """<body style="margin:0;background:#d9d4cc;display:flex;gap:16px;padding:16px">
{images}
"""
_IMAGE: Final = '<img src="data:image/png;base64,{data}" style="width:{width}px;border-radius:8px;box-shadow:0 1px 6px #0004">'
_SHOWN_WIDTH: Final = 608  # of each page in the picture


def take_picture(browser: Browser, url: str) -> bytes:
    """Return the picture as PNG; `url` is that of the server, with a final slash."""
    page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}, color_scheme="light")
    images = []
    for path in ("", "feed.rss"):
        page.goto(url + path, wait_until="networkidle")
        data = base64.b64encode(page.screenshot()).decode()
        images.append(_IMAGE.format(data=data, width=_SHOWN_WIDTH))
    height = round(_HEIGHT * _SHOWN_WIDTH / _WIDTH) + 32
    page.set_viewport_size({"width": 2 * _SHOWN_WIDTH + 48, "height": height})
    page.goto("about:blank")
    page.set_content(_PICTURE.format(images="\n".join(images)))
    return page.screenshot()


def reduce_colors(data: bytes) -> bytes:
    """Return a PNG with 256 colours, which is about a third as large."""
    picture = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").quantize(256).save(picture, "PNG", optimize=True)
    return picture.getvalue()


def main() -> None:
    program = shutil.which("chromium-headless-shell")
    with tempfile.TemporaryDirectory() as state, sync_playwright() as playwright:
        server = ServerProcess(ROOT / "content", Path(state))
        try:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
            FILE.write_bytes(reduce_colors(take_picture(browser, server.url)))
            browser.close()
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
