"""A feed opened in Chromium: it says what it is, shows its address and its entries, and nothing else."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.programs import require_program
from tests.helpers.running_server import ServerProcess, serving
from tests.web.devtools import Browser, browsing
from tests.web.newsroom import BASE, write_article, write_newsroom

INSTALL = "apt-get install chromium-headless-shell"
_FOREIGN = {
    "arabic": "title: مكتبة في الميناء\npublished: 2026-02-20\ncategory: culture\nauthor: mina-park\nlanguage: ar\n"
    "summary: تفتح صباحًا.",
    "chinese": "title: 山上的灯\npublished: 2026-02-21\ncategory: culture\nauthor: tuan-le\nlanguage: zh\nsummary: 灯会开始了。",
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(require_program("chromium-headless-shell", INSTALL), tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.mark.parametrize(
    ("suffix", "dates"),
    [
        ("rss", ["Thu, 12 Feb 2026 00:00:00 GMT", "Wed, 11 Feb 2026 00:00:00 GMT", "Tue, 10 Feb 2026 00:00:00 GMT"]),
        ("atom", ["2026-02-12T00:00:00Z", "2026-02-11T00:00:00Z", "2026-02-10T00:00:00Z"]),
    ],
)
def test_what_it_shows_and_nothing_else(server: ServerProcess, browser: Browser, suffix: str, dates: list[str]) -> None:
    browser.open(f"{server.url}feed.{suffix}")
    heading, explained, *shown = browser.shown()
    assert heading == "This is a web feed"
    assert "copy the address from your browser’s address bar" in explained
    assert "paste it into a feed reader" in explained
    assert shown[:1] == ["Harbour & Hills"]
    assert set(shown[1:3]) == {"News from a coast <and> its hills", f"{BASE}/feed.{suffix}"}
    entries = [set(shown[at : at + 4]) for at in range(3, len(shown), 4)]
    told = [("Fish & <chips>", "fish"), ("Echoes", "echo"), ("Dance in the square", "dance")]
    assert [entry - _summaries(entry) for entry in entries] == [
        {title, f"{BASE}/articles/{slug}/", date} for (title, slug), date in zip(told, dates, strict=True)
    ]
    assert all(len(_summaries(entry)) == 1 for entry in entries)


def _summaries(entry: set[str]) -> set[str]:
    return {text for text in entry if text.startswith("The story of")}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_it_looks_like_something(server: ServerProcess, browser: Browser, suffix: str, width: int, scheme: str) -> None:
    browser.look(width, 800, scheme)
    browser.open(f"{server.url}feed.{suffix}")
    picture = Image.open(BytesIO(browser.screenshot())).convert("L")
    assert picture.size == (width, 800)
    corner = picture.tobytes()[0]
    assert corner > 200 if scheme == "light" else corner < 60
    assert len(picture.getcolors() or ()) > 50  # letters with smooth edges
    assert browser.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_each_text_in_its_own_direction(browser: Browser, tmp_path: Path, suffix: str) -> None:
    content = write_newsroom(tmp_path / "content")
    for name, text in _FOREIGN.items():
        write_article(content, name, text)
    with serving(content, tmp_path / "state") as server:
        browser.look(1000, 800)
        browser.open(f"{server.url}category/culture/feed.{suffix}")
        shown = browser.shown()
        assert {"مكتبة في الميناء", "تفتح صباحًا.", "山上的灯", "灯会开始了。"} < set(shown)
        edges = browser.evaluate(
            """[...document.getElementsByTagName("title")].filter(one => one.checkVisibility()).map(one => {
                 const range = document.createRange(); range.selectNodeContents(one);
                 const text = range.getBoundingClientRect(), box = one.getBoundingClientRect();
                 return text.right > box.right - 2 && text.left > box.left + 2;
               })"""
        )
        assert edges == [False, False, True, False]  # the feed, the Chinese one, the Arabic one at the right, another


def test_a_script_and_a_navigation_do_not_mix(server: ServerProcess, browser: Browser) -> None:
    browser.open(server.url)
    fetched = "fetch('/feed.rss').then(got => got.headers.get('content-type'))"
    for _ in range(2):
        assert browser.evaluate(fetched) == "application/rss+xml; charset=utf-8"
        browser.open(f"{server.url}feed.rss")
        assert browser.evaluate("document.contentType") == "text/xml"
        assert browser.shown()[0] == "This is a web feed"
        browser.open(server.url)


def test_an_svg_runs_no_script(server: ServerProcess, browser: Browser) -> None:
    browser.open(f"{server.url}media/logo.svg")
    assert browser.evaluate("document.contentType") == "image/svg+xml"
    assert browser.evaluate("self.origin") == "null"
