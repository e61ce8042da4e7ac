"""A page inside another page: nobody reads it there without wanting to."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.pages.browser_page import looking
from tests.pages.test_walk import DESK

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_ADD = "address => { const one = document.createElement('iframe'); one.src = address; document.body.append(one); }"


@contextlib.contextmanager
def _other_site(body: str) -> Iterator[str]:
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


def test_another_site_cannot_show_a_page_inside_its_own(chromium: Browser, site: str) -> None:
    with _other_site(f"<!doctype html><title>x</title><iframe src='{site}{DESK}'></iframe>") as other, looking(chromium) as look:
        look.page.goto(other, wait_until="load")
        assert any("frame-ancestors" in line for line in look.told), look.told
        assert not [one.url for one in look.asked if one.url.endswith(("/views", ".js"))]


def test_a_page_inside_another_page_of_the_site_does_not_count(chromium: Browser, site: str) -> None:
    with looking(chromium) as look:
        look.page.goto(f"{site}/robots.txt")  # our pages take no frames
        with look.page.expect_request(f"**{DESK}views") as asked:
            look.page.evaluate(_ADD, site + DESK)
        assert asked.value.method == "GET"
        assert "POST" not in [one.method for one in look.asked]
