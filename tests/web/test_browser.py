"""A feed opened in Chromium shows an explanation, its address and its entries, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.helpers.http_client import SECONDS
from tests.helpers.running_server import ServerProcess, serving
from tests.web.newsroom import BASE_URL, write_article, write_newsroom

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_FOREIGN_ARTICLES = {
    "arabic": "title: مكتبة في الميناء\npublished: 2026-02-20\ncategory: culture\nauthor: mina-park\nlanguage: ar\n"
    "summary: تفتح صباحًا.",
    "chinese": "title: 山上的灯\npublished: 2026-02-21\ncategory: culture\nauthor: tuan-le\nlanguage: zh\nsummary: 灯会开始了。",
}
# XML elements have no innerText: collect each visible element's own text, and the text of its ::before and ::after.
_VISIBLE_TEXTS = """
[...document.querySelectorAll("*")].filter(one => one.checkVisibility()).flatMap(one => {
  const made = part => {
    const content = getComputedStyle(one, part).content;
    if (content === "none" || content === "normal" || content.endsWith(' / ""')) return "";
    return content.startsWith("attr(") ? one.getAttribute(content.slice(5, -1)) : JSON.parse(content);
  };
  const own = [...one.childNodes].filter(node => node.nodeType === 3 || node.nodeType === 4).map(node => node.data).join("");
  return [made("::before"), own.trim(), made("::after")];
}).filter(text => text)
"""
# Title, section, authors and date of each entry.
_ENTRIES = """[...document.querySelectorAll("item, entry")].map(one =>
  [one.querySelector("title"), ...one.querySelector("pubDate, published").children].map(part => part.textContent))"""
_RIGHT_ALIGNED_TITLES = """[...document.getElementsByTagName("title")].filter(one => one.checkVisibility()).filter(one => {
  const range = document.createRange(); range.selectNodeContents(one);
  const text = range.getBoundingClientRect(), box = one.getBoundingClientRect();
  return text.right > box.right - 2 && text.left > box.left + 2;
}).map(one => one.textContent)"""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    page.set_default_timeout(SECONDS * 1000)
    yield page
    page.close()


def open_feed(page: Page, address: str) -> None:
    """Open a feed, and wait for the head, which the script loads from the page of the same list."""
    page.goto(address)
    page.wait_for_selector("header.masthead a.follow", state="attached")


@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_opened_feed_shows_explanation_address_and_entries_below_the_head_of_the_site(
    server: ServerProcess, page: Page, suffix: str
) -> None:
    open_feed(page, f"{server.url}feed.{suffix}")
    assert page.evaluate("document.querySelector('header.masthead .brand').textContent.trim()") == "Harbour & Hills"
    assert "/static/site.css" in page.evaluate("[...document.querySelectorAll('link[rel=stylesheet]')].map(one => one.href)")[0]
    (picture,) = page.evaluate("[...document.querySelectorAll('img')].filter(one => !one.closest('header')).map(one => one.src)")
    assert "photo.png" in picture
    links = page.evaluate("[...document.querySelectorAll('title > a')].map((one) => [one.textContent, one.href])")
    assert links[0] == ["Harbour & Hills", f"{BASE_URL}/"]
    assert ["Fish & <chips>", f"{BASE_URL}/articles/fish/"] in links
    *notices, first, second, third = page.evaluate(_ENTRIES)
    assert [notice[0] for notice in notices] == (["This article was withdrawn"] if suffix == "rss" else [])
    assert [first, second, third] == [
        ["Fish & <chips>", "Business", "Mina Park", "Thu, 12 Feb 2026"],
        ["Echoes", "Culture", "Lê Tuấn, Mina Park", "Wed, 11 Feb 2026"],
        ["Dance in the square", "Culture", "Mina Park", "Tue, 10 Feb 2026"],
    ]
    page.evaluate("document.querySelectorAll('header.masthead, footer').forEach(one => one.remove())")
    heading, explanation, *texts = page.evaluate(_VISIBLE_TEXTS)
    assert heading == "This is a web feed"
    assert "copy its address into a feed reader" in explanation
    assert texts[:2] == ["Harbour & Hills", "News from a coast <and> its hills"]
    assert f"{server.url}feed.{suffix}" in texts
    assert len([text for text in texts if text.startswith("The story of")]) == 3


@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_opened_feed_is_rendered_in_light_and_dark_scheme_without_overflow(
    server: ServerProcess, page: Page, suffix: str
) -> None:
    for width in (400, 1280):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            open_feed(page, f"{server.url}feed.{suffix}")
            screenshot = Image.open(BytesIO(page.screenshot(caret="initial"))).convert("L")
            assert screenshot.size == (width, 800)
            corner_brightness = screenshot.tobytes()[-1]
            assert corner_brightness > 200 if scheme == "light" else corner_brightness < 60
            assert len(screenshot.getcolors() or ()) > 50  # letters with smooth edges
            assert page.evaluate("document.documentElement.scrollWidth") == width


def test_text_of_each_entry_has_the_direction_of_its_language(page: Page, tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    for name, text in _FOREIGN_ARTICLES.items():
        write_article(content, name, text)
    page.set_viewport_size({"width": 1000, "height": 800})
    with serving(content, tmp_path / "state") as server:
        for suffix in ("rss", "atom"):
            open_feed(page, f"{server.url}category/culture/feed.{suffix}")
            assert {"مكتبة في الميناء", "تفتح صباحًا.", "山上的灯", "灯会开始了。"} < set(page.evaluate(_VISIBLE_TEXTS))
            assert page.evaluate(_RIGHT_ALIGNED_TITLES) == ["مكتبة في الميناء"]


def test_fetch_and_navigation_get_their_own_media_types_from_the_browser_cache(server: ServerProcess, page: Page) -> None:
    page.goto(server.url)
    for _ in range(2):
        media_type = page.evaluate("fetch('/feed.rss').then(got => got.headers.get('content-type'))")
        assert media_type == "application/rss+xml; charset=utf-8"
        open_feed(page, f"{server.url}feed.rss")
        assert page.evaluate("document.contentType") == "text/xml"
        page.goto(server.url)


def test_opened_svg_has_an_opaque_origin(server: ServerProcess, page: Page) -> None:
    page.goto(f"{server.url}media/logo.svg")
    assert page.evaluate("document.contentType") == "image/svg+xml"
    assert page.evaluate("self.origin") == "null"
