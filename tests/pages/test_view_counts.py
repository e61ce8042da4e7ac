"""The number of views on an article page in Chromium."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.pages.browser_page import open_page
from tests.pages.page_kinds import COUNTED_ARTICLE_PATH

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.pages.browser_page import PageRecorder

UNREAD_ARTICLE_PATH = "/articles/tea-auction/"  # no other test opens it


def _shown_views(recorder: PageRecorder, site: str) -> int:
    """Open the article; return the number of views that the page shows."""
    recorder.page.goto(site + COUNTED_ARTICLE_PATH)
    views = recorder.page.locator(".views")
    views.wait_for()
    match = re.fullmatch(r"(\d+) Views?", views.inner_text())
    assert match, views.inner_text()
    return int(match[1])


def test_reloads_do_not_count_another_read(chromium: Browser, site: str) -> None:
    with open_page(chromium) as recorder:
        first = _shown_views(recorder, site)
        assert [_shown_views(recorder, site), _shown_views(recorder, site)] == [first, first]
        assert first == 1
        assert recorder.messages == []
        assert recorder.page.context.cookies() == []


def test_article_without_reads_shows_0_views(chromium: Browser, site: str) -> None:
    """The read of this test is refused, as if the rate limit of the client were exceeded."""
    with open_page(chromium) as recorder:
        page = recorder.page
        page.route("**/views", lambda route: route.fulfill(status=429) if route.request.method == "POST" else route.continue_())
        page.goto(site + UNREAD_ARTICLE_PATH)
        views = page.locator(".views")
        views.wait_for()
        assert views.inner_text() == "0 Views"
        assert recorder.layout_shift() == 0


def test_page_shows_no_views_if_reads_are_not_counted(chromium: Browser, site: str) -> None:
    with open_page(chromium) as recorder:
        page = recorder.page
        page.route("**/views", lambda route: route.fulfill(status=404))
        with page.expect_response("**/views"):
            page.goto(site + UNREAD_ARTICLE_PATH)
        page.wait_for_timeout(200)
        assert not page.locator(".views").is_visible()


def test_one_view_is_singular_if_english_texts_are_the_fallback(chromium: Browser, vietnamese: str) -> None:
    with open_page(chromium) as recorder:
        recorder.page.goto(vietnamese + COUNTED_ARTICLE_PATH)
        views = recorder.page.locator(".views")
        views.wait_for()
        assert views.inner_text() == "1 View"


def test_view_count_causes_no_layout_shift(chromium: Browser, site: str) -> None:
    with open_page(chromium, width=360) as recorder:
        _shown_views(recorder, site)
        assert recorder.layout_shift() == 0
