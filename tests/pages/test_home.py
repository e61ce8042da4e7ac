"""The front page: its size, and what its script adds in Chromium: times in words and the most read articles."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest
from lxml import html

from feedsvc.catalog import build_catalog
from feedsvc.content.folder import load_content
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from tests.helpers.newsrooms import article, load_publication, picture
from tests.pages.browser_page import open_page
from tests.pages.conftest import serve_site

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.conftest import Newsroom

MAX_SIZE: Final = 60_000  # bytes
SECTIONS: Final = 12
NOW: Final = datetime(2026, 3, 1, tzinfo=UTC)
MOST_READ: Final = '{"articles": [{"title": "Tea & <b>rain</b>", "href": "/articles/tea/", "language": "ko"}]}'


def _large_newsroom(newsroom: Newsroom, now: datetime, step: timedelta) -> Path:
    """Write a newsroom with twelve sections and 96 articles, which have long titles, summaries, two authors and pictures."""
    title = "The harbour of Lianqiao opens two new piers for ferries and fishing boats"
    articles = {
        f"articles/harbour-of-lianqiao-opens-{number}.yaml": (
            f"id: tag:news.example,2026:{number}\ntitle: {title} {number}\npublished: {(now - step * (number + 1)).isoformat()}\n"
            f"category: section-{number % SECTIONS}\nauthors: [mina-park, ritesh-nambiar]\n"
            f"summary: The first ferry leaves before breakfast, and the last one after the night market, says Nguyễn Thảo Vy\n"
            f"image: {{src: media/{number % 24}.jpg, alt: A ferry}}\n"
            + "corrections:\n- {date: 2026-01-03, text: It has two piers.}\n"
            * (number % 9 == 0)
        )
        for number in range(SECTIONS * 8)
    }
    categories = "".join(f"section-{number}:\n  title: Section {number}\n" for number in range(SECTIONS))
    pictures = {f"media/{number}.jpg": picture(1600 + number, 900) for number in range(24)}
    return newsroom({"categories.yaml": categories, **articles, **pictures})


def test_front_page_with_twelve_sections_has_at_most_60_kb(newsroom: Newsroom) -> None:
    content = load_content(_large_newsroom(newsroom, NOW, timedelta(hours=5)))
    front_page = Publication(build_catalog(content, NOW)).resolve("/")
    assert isinstance(front_page, Document)
    assert front_page.body.count(b'<section class="block') >= SECTIONS
    assert len(front_page.body) <= MAX_SIZE


def test_a_section_on_the_front_page_begins_with_a_picture_and_shows_none_twice(newsroom: Newsroom) -> None:
    files: dict[str, str | bytes] = {"categories.yaml": "sea: {title: Sea}\n", "media/p.jpg": picture(800, 450)}
    for number in range(9):
        image = {"image": "{src: media/p.jpg, alt: P}"} if number in (1, 2, 8) else {}
        files |= article(f"a{number}", f"2026-01-0{number + 1}", category="sea", **image)
    front_page = load_publication(newsroom(files)).resolve("/")
    assert isinstance(front_page, Document)
    [section] = html.document_fromstring(front_page.body.decode()).xpath("//section[@class='block']")
    assert [story.xpath("h3/a/text()") for story in section.xpath(".//article")] == [["a2"], ["a3"], ["a1"], ["a0"]]
    assert [len(story.xpath(".//img")) for story in section.xpath(".//article")] == [1, 0, 0, 0]


def test_front_page_shows_the_last_of_two_corrections_of_one_day(newsroom: Newsroom) -> None:
    corrections = "[{date: 2026-02-03, text: Morning}, {date: 2026-02-03, text: Evening}, {date: 2026-02-01, text: Earlier}]"
    front_page = load_publication(newsroom(article("tea", corrections=corrections)), NOW).resolve("/")
    assert isinstance(front_page, Document)
    assert re.findall(rb"<span>(Morning|Evening|Earlier)</span>", front_page.body) == [b"Evening"]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_few_articles_fill_the_front_page_and_the_formats_of_the_feed_have_a_word(
    newsroom: Newsroom, chromium: Browser, tmp_path: Path, number: int
) -> None:
    files: dict[str, str | bytes] = {"media/p.jpg": picture(800, 450)}
    for one in range(number):
        files |= article(f"a{one}", f"2026-01-0{one + 1}", image="{src: media/p.jpg, alt: P}")
    with serve_site(newsroom(files), tmp_path / "state") as address, open_page(chromium, width=1600) as recorder:
        recorder.page.goto(address)
        boxes = "[...document.querySelectorAll('main, .lead-story, .seconds li')].map(one => one.getBoundingClientRect())"
        main, lead, *seconds = recorder.page.evaluate(f"{boxes}.map(one => [one.left, one.right, one.top].map(Math.round))")
        assert lead[:2] == main[:2]
        assert len({top for _, _, top in seconds}) <= 1
        assert not seconds or (seconds[0][0], seconds[-1][1]) == tuple(main[:2])
        assert recorder.page.locator(".own-feeds").inner_text().split() == ["Feeds:", "RSS", "Atom", "JSON", "Feed"]


def _answer_most_read(page: Page, body: str = MOST_READ, status: int = 200) -> None:
    page.route("**/views.json", lambda route: route.fulfill(status=status, body=body, content_type="application/json"))


@pytest.mark.parametrize("width", [360, 1280])
def test_most_read_articles_appear_below_the_window_without_layout_shift(chromium: Browser, site: str, width: int) -> None:
    with open_page(chromium, width=width) as recorder:
        page = recorder.page
        _answer_most_read(page)
        page.goto(site)
        link = page.get_by_role("link", name="Tea & <b>rain</b>")
        link.wait_for()
        assert (link.get_attribute("href"), link.get_attribute("lang")) == ("/articles/tea/", "ko")
        assert page.get_by_role("heading", name="Most read").is_visible()
        assert (recorder.layout_shifts(), recorder.messages, recorder.violations()) == ([], [], [])


def test_most_read_articles_wait_while_their_place_is_in_the_window(chromium: Browser, site: str) -> None:
    with open_page(chromium) as recorder:
        page = recorder.page
        _answer_most_read(page)
        page.set_viewport_size({"width": 1280, "height": 6000})
        with page.expect_response("**/views.json"):
            page.goto(site)
        page.wait_for_timeout(200)
        assert not page.get_by_role("heading", name="Most read").is_visible()
        page.set_viewport_size({"width": 1280, "height": 600})
        page.get_by_role("heading", name="Most read").wait_for()


@pytest.mark.parametrize(("status", "body"), [(404, ""), (200, '{"articles": []}'), (200, "<html>"), (200, "{}")])
def test_front_page_has_no_most_read_articles_if_reads_are_not_counted(
    chromium: Browser, site: str, status: int, body: str
) -> None:
    with open_page(chromium) as recorder:
        page = recorder.page
        _answer_most_read(page, body, status)
        with page.expect_response("**/views.json"):
            page.goto(site)
        page.wait_for_timeout(200)
        assert not page.get_by_role("heading", name="Most read").is_visible()


def test_times_of_today_are_shown_in_words_without_layout_shift(chromium: Browser, newsroom: Newsroom, tmp_path: Path) -> None:
    root = _large_newsroom(newsroom, datetime.now(UTC), timedelta(minutes=70))
    with serve_site(root, tmp_path / "state") as address, open_page(chromium, width=360) as recorder:
        page = recorder.page
        page.goto(address)
        first = page.locator("time[data-ago]").first
        assert re.fullmatch(r"1 hour ago|2 hours ago", first.inner_text())
        assert re.search(r"\d{4}, \d{2}:\d{2}", first.get_attribute("title") or "")
        assert recorder.layout_shifts() == []
