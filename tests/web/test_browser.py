"""A feed opened in Chromium shows an explanation, its address and its entries, and nothing else."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.programs import require_program
from tests.helpers.running_server import ServerProcess, serving
from tests.web.devtools import Browser, open_browser
from tests.web.newsroom import BASE_URL, write_article, write_newsroom

INSTALL_COMMAND = "apt-get install chromium-headless-shell"
_FOREIGN_ARTICLES = {
    "arabic": "title: مكتبة في الميناء\npublished: 2026-02-20\ncategory: culture\nauthor: mina-park\nlanguage: ar\n"
    "summary: تفتح صباحًا.",
    "chinese": "title: 山上的灯\npublished: 2026-02-21\ncategory: culture\nauthor: tuan-le\nlanguage: zh\nsummary: 灯会开始了。",
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(require_program("chromium-headless-shell", INSTALL_COMMAND), tmp_path_factory.mktemp("profile")) as browser:
        yield browser


# The script loads the head from the page of the same list.
_WAIT_FOR_HEAD = """new Promise(done => {
  const look = () => document.querySelector("header.masthead a.follow") ? done() : setTimeout(look, 20);
  look();
})"""

# Title, section, authors and date of each entry.
_ENTRIES = """[...document.querySelectorAll("item, entry")].map(one =>
  [one.querySelector("title"), ...one.querySelector("pubDate, published").children].map(part => part.textContent))"""


@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_opened_feed_shows_explanation_address_and_entries_with_authors_and_dates_of_the_page(
    server: ServerProcess, browser: Browser, suffix: str
) -> None:
    browser.open(f"{server.url}feed.{suffix}")
    browser.evaluate(_WAIT_FOR_HEAD)
    browser.evaluate("document.querySelectorAll('header.masthead, footer').forEach(one => one.remove())")
    heading, explanation, *texts = browser.visible_texts()
    assert heading == "This is a web feed"
    assert "copy its address into a feed reader" in explanation
    assert texts[:2] == ["Harbour & Hills", "News from a coast <and> its hills"]
    assert f"{server.url}feed.{suffix}" in texts
    assert len([text for text in texts if text.startswith("The story of")]) == 3
    assert browser.evaluate(_ENTRIES) == [
        ["Fish & <chips>", "Business", "Mina Park", "Thu, 12 Feb 2026"],
        ["Echoes", "Culture", "Lê Tuấn, Mina Park", "Wed, 11 Feb 2026"],
        ["Dance in the square", "Culture", "Mina Park", "Tue, 10 Feb 2026"],
    ]


@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_opened_feed_has_the_head_and_stylesheet_of_the_site_and_pictures(
    server: ServerProcess, browser: Browser, suffix: str
) -> None:
    browser.open(f"{server.url}feed.{suffix}")
    browser.evaluate(_WAIT_FOR_HEAD)
    assert browser.evaluate("document.querySelector('header.masthead .brand').textContent.trim()") == "Harbour & Hills"
    assert (
        "/static/site.css" in browser.evaluate("[...document.querySelectorAll('link[rel=stylesheet]')].map(one => one.href)")[0]
    )
    pictures = browser.evaluate("[...document.querySelectorAll('img')].filter(one => !one.closest('header')).map(one => one.src)")
    assert len(pictures) == 1
    assert "photo.png" in pictures[0]


@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_titles_of_an_opened_feed_are_links(server: ServerProcess, browser: Browser, suffix: str) -> None:
    browser.open(f"{server.url}feed.{suffix}")
    links = browser.evaluate("[...document.querySelectorAll('title > a')].map((one) => [one.textContent, one.href])")
    assert links[0] == ["Harbour & Hills", f"{BASE_URL}/"]
    assert ["Fish & <chips>", f"{BASE_URL}/articles/fish/"] in links


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_opened_feed_is_rendered_in_light_and_dark_scheme_without_overflow(
    server: ServerProcess, browser: Browser, suffix: str, width: int, scheme: str
) -> None:
    browser.set_viewport(width, 800, scheme)
    browser.open(f"{server.url}feed.{suffix}")
    screenshot = Image.open(BytesIO(browser.screenshot())).convert("L")
    assert screenshot.size == (width, 800)
    corner_brightness = screenshot.tobytes()[-1]
    assert corner_brightness > 200 if scheme == "light" else corner_brightness < 60
    assert len(screenshot.getcolors() or ()) > 50  # letters with smooth edges
    assert browser.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_text_of_each_entry_has_the_direction_of_its_language(browser: Browser, tmp_path: Path, suffix: str) -> None:
    content = write_newsroom(tmp_path / "content")
    for name, text in _FOREIGN_ARTICLES.items():
        write_article(content, name, text)
    with serving(content, tmp_path / "state") as server:
        browser.set_viewport(1000, 800)
        browser.open(f"{server.url}category/culture/feed.{suffix}")
        texts = browser.visible_texts()
        assert {"مكتبة في الميناء", "تفتح صباحًا.", "山上的灯", "灯会开始了。"} < set(texts)
        is_right_aligned = browser.evaluate(
            """[...document.getElementsByTagName("title")].filter(one => one.checkVisibility()).map(one => {
                 const range = document.createRange(); range.selectNodeContents(one);
                 const text = range.getBoundingClientRect(), box = one.getBoundingClientRect();
                 return text.right > box.right - 2 && text.left > box.left + 2;
               })"""
        )
        assert is_right_aligned == [
            False,
            False,
            True,
            False,
        ]  # the feed, the Chinese article, the Arabic article (right-aligned), another article


def test_fetch_and_navigation_get_their_own_media_types_from_the_browser_cache(server: ServerProcess, browser: Browser) -> None:
    browser.open(server.url)
    fetch_media_type = "fetch('/feed.rss').then(got => got.headers.get('content-type'))"
    for _ in range(2):
        assert browser.evaluate(fetch_media_type) == "application/rss+xml; charset=utf-8"
        browser.open(f"{server.url}feed.rss")
        assert browser.evaluate("document.contentType") == "text/xml"
        assert browser.visible_texts()[0] == "This is a web feed"
        browser.open(server.url)


def test_opened_svg_has_an_opaque_origin(server: ServerProcess, browser: Browser) -> None:
    browser.open(f"{server.url}media/logo.svg")
    assert browser.evaluate("document.contentType") == "image/svg+xml"
    assert browser.evaluate("self.origin") == "null"
