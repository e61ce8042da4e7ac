"""The number of views on an article page in Chromium."""

from __future__ import annotations

import re
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedsvc.language.messages import CATALOGUE_TAGS, read_messages
from tests.audience.waiting import wait_until
from tests.deploy.plain_host import plain_host
from tests.helpers.http_client import ask
from tests.helpers.running_server import build_tree
from tests.pages.browser_page import open_page
from tests.pages.conftest import SAMPLE_CONTENT, serve_in_language
from tests.pages.page_kinds import COUNTED_ARTICLE_PATH, PAGE_KINDS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

    from tests.pages.browser_page import PageRecorder

UNREAD_ARTICLE_PATH = "/articles/tea-auction/"  # no other test opens it


def _load_count(site: str, path: str) -> None:
    """Ask for the number of views until the server has loaded it. A page that asks before shows no number."""
    wait_until(lambda: ask(site, f"{path}views").status == HTTPStatus.OK)


def _shown_views(recorder: PageRecorder, site: str) -> int:
    """Open the article; return the number of views that the page shows."""
    _load_count(site, COUNTED_ARTICLE_PATH)
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
        _load_count(site, UNREAD_ARTICLE_PATH)
        page.route("**/views", lambda route: route.fulfill(status=429) if route.request.method == "POST" else route.continue_())
        page.goto(site + UNREAD_ARTICLE_PATH)
        views = page.locator(".views")
        views.wait_for()
        assert views.inner_text() == "0 Views"
        assert recorder.layout_shifts() == []


def test_page_shows_no_views_if_reads_are_not_counted(chromium: Browser, site: str) -> None:
    with open_page(chromium) as recorder:
        page = recorder.page
        page.route("**/views", lambda route: route.fulfill(status=404))
        with page.expect_response("**/views"):
            page.goto(site + UNREAD_ARTICLE_PATH)
        page.wait_for_timeout(200)
        assert not page.locator(".views").is_visible()


def test_static_tree_on_a_file_server_shows_no_views_and_has_no_console_message(chromium: Browser, tmp_path: Path) -> None:
    build_tree(tmp_path / "tree", SAMPLE_CONTENT, "--state", tmp_path / "state")
    with plain_host(tmp_path / "tree") as port, open_page(chromium) as recorder:
        page = recorder.page
        for path, status in PAGE_KINDS.values():
            if status != HTTPStatus.OK:
                continue  # this host has no pages of its own for other statuses
            page.goto(f"http://127.0.0.1:{port}{path}", wait_until="load")
            has_count = page.locator("[data-views], [data-most-read]").count()
            page.wait_for_timeout(1500 if has_count else 100)  # an article asks after a second
            assert not page.locator(".views:visible, .most-read:visible").count(), path
        requested = {request.url.rpartition("/")[2] for request in recorder.requests}
        assert ("views.json" in requested, "views" in requested) == (True, False)
        assert (recorder.messages, recorder.violations()) == ([], [])


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("ms", {0: "0 Views", 1: "1 View", 2: "2 Views"}),  # a language without translations and without a singular form
        ("ar", {0: "لا مشاهدات", 1: "مشاهدة واحدة", 2: "مشاهدتان", 3: "3 مشاهدات", 11: "11 مشاهدة", 100: "100 مشاهدة"}),
        ("fa", {0: "۰ بازدید", 1: "۱ بازدید", 12: "۱۲ بازدید"}),
    ],
)
def test_views_have_the_plural_forms_of_the_language(
    chromium: Browser, tmp_path: Path, language: str, expected: dict[int, str]
) -> None:
    shown = {}
    with serve_in_language(tmp_path, language) as address, open_page(chromium) as recorder:
        for number in expected:
            recorder.page.route("**/views", partial(_answer, number))
            recorder.page.goto(address + COUNTED_ARTICLE_PATH)
            views = recorder.page.locator(".views")
            views.wait_for()
            shown[number] = views.inner_text()
    assert shown == expected


def _answer(views: int, route: Route) -> None:
    route.fulfill(json={"views": views})


def test_browser_selects_the_same_plural_forms_as_the_server(chromium: Browser) -> None:
    numbers = [*range(300), 1000, 999_999, 1_000_000, 2_000_000]
    script = "([tag, numbers]) => numbers.map(number => new Intl.PluralRules(tag).select(number))"
    with open_page(chromium) as recorder:
        for tag in sorted(CATALOGUE_TAGS):
            expected = list(map(read_messages(tag).plural_category, numbers))
            assert recorder.page.evaluate(script, [tag, numbers]) == expected, tag
