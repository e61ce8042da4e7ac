"""A page in a frame does not count a read, and other sites cannot frame it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.pages.browser_page import open_page
from tests.pages.page_kinds import COUNTED_ARTICLE_PATH

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_ADD_FRAME_SCRIPT = "address => { const one = document.createElement('iframe'); one.src = address; document.body.append(one); }"


@contextlib.contextmanager
def _other_site(body: str) -> Iterator[str]:
    """Serve a page with this HTML on another port; yield its URL."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def test_other_site_cannot_show_a_page_in_a_frame(chromium: Browser, site: str) -> None:
    with (
        _other_site(f"<!doctype html><title>x</title><iframe src='{site}{COUNTED_ARTICLE_PATH}'></iframe>") as other_url,
        open_page(chromium) as recorder,
    ):
        recorder.page.goto(other_url, wait_until="load")
        assert any("frame-ancestors" in line for line in recorder.messages), recorder.messages
        assert not [request.url for request in recorder.requests if request.url.endswith(("/views", ".js"))]


def test_page_in_a_frame_of_its_own_site_does_not_count_a_read(chromium: Browser, site: str) -> None:
    with open_page(chromium) as recorder:
        recorder.page.goto(f"{site}/robots.txt")  # the pages of the site forbid frames
        with recorder.page.expect_request(f"**{COUNTED_ARTICLE_PATH}views") as request_info:
            recorder.page.evaluate(_ADD_FRAME_SCRIPT, site + COUNTED_ARTICLE_PATH)
        assert request_info.value.method == "GET"
        assert "POST" not in [request.method for request in recorder.requests]
