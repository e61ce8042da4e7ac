"""The layout of every kind of page in Chromium: shifts, widths, color schemes, text direction, and pages without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.audience.waiting import wait_until
from tests.helpers.http_client import ask
from tests.pages.browser_page import SHARE_SCRIPT, open_page
from tests.pages.page_kinds import ARTICLE_PATH, COLOR_SCHEMES, PAGE_KINDS, WIDTHS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.pages.browser_page import PageRecorder


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """Return a browser page for tests that only look at one address after the other. A new one would start a process."""
    with open_page(chromium) as recorder:
        yield recorder.page


@pytest.fixture(scope="module")
def page_without_scripts(chromium: Browser) -> Iterator[Page]:
    """Return another such page, which runs no scripts."""
    with open_page(chromium, java_script_enabled=False) as recorder:
        yield recorder.page


def _emulate_slow_device(recorder: PageRecorder) -> None:
    """Emulate a slow processor and a slow network."""
    devtools = recorder.page.context.new_cdp_session(recorder.page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    devtools.send("Network.enable")
    network_conditions = {"offline": False, "latency": 300, "downloadThroughput": 30_000, "uploadThroughput": 30_000}
    devtools.send("Network.emulateNetworkConditions", network_conditions)


@pytest.mark.parametrize(("kind", "width"), [("home", 1280), ("article", 360), ("subscribe", 360)])
def test_slow_device_has_no_layout_shift(chromium: Browser, site: str, kind: str, width: int) -> None:
    permissions = ["clipboard-read", "clipboard-write"]
    with open_page(chromium, width=width, permissions=permissions) as recorder:
        recorder.page.add_init_script(SHARE_SCRIPT)
        _emulate_slow_device(recorder)
        if kind == "article":
            wait_until(lambda: ask(site, f"{PAGE_KINDS[kind][0]}views").status == 200)  # its number of views is loaded
        recorder.page.goto(site + PAGE_KINDS[kind][0])
        if kind == "article":
            recorder.page.locator(".views").wait_for()
        if kind == "subscribe":
            recorder.page.locator(".choice summary").first.click()
        if recorder.page.locator("[data-copy]").count():
            button = recorder.page.locator("[data-copy]").first
            before = button.inner_text()
            button.click()
            recorder.page.get_by_role("button", name="Copied", exact=True).wait_for()
            recorder.page.get_by_text(before, exact=True).first.wait_for()
        assert recorder.layout_shifts() == []


@pytest.mark.parametrize("kind", PAGE_KINDS)
def test_page_has_no_console_message_no_policy_violation_and_no_layout_shift(chromium: Browser, site: str, kind: str) -> None:
    path, status = PAGE_KINDS[kind]
    with open_page(chromium) as recorder:
        response = recorder.page.goto(site + path, wait_until="load")
        assert response
        assert response.status == status
        assert (
            recorder.page.evaluate("[...document.images].filter(one => one.loading !== 'lazy' && !one.naturalWidth).length") == 0
        )
        assert recorder.layout_shifts() == []
        assert (recorder.messages, recorder.violations()) == ([], [])
        blocking = [
            request.resource_type for request in recorder.requests if request.resource_type in ("document", "stylesheet", "font")
        ]
        assert sorted(blocking) == ["document", "stylesheet"]
        assert not [
            request.url
            for request in recorder.requests
            if not request.url.startswith(f"{site}/") and request.resource_type != "image"
        ]


@pytest.mark.parametrize("kind", PAGE_KINDS)
def test_page_does_not_scroll_sideways(page: Page, site: str, arabic: str, kind: str) -> None:
    for address in (site, arabic):
        page.goto(address + PAGE_KINDS[kind][0])
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            # Content to the left of the page could not be reached by scrolling.
            assert page.evaluate("Math.min(...[...document.images].map(one => one.getBoundingClientRect().left), 0)") == 0


@pytest.mark.parametrize("kind", PAGE_KINDS)
def test_page_is_complete_without_scripts(page_without_scripts: Page, site: str, kind: str) -> None:
    page = page_without_scripts
    page.goto(site + PAGE_KINDS[kind][0])
    assert page.get_by_role("heading", level=1).inner_text()
    for selector in ("button", "input", ".views", ".filter", ".none"):
        assert not page.locator(f"{selector}:visible").count(), selector
    texts = page.locator("main :is(p, li, h1, h2, h3):visible").all_inner_texts()
    assert [number for number, text in enumerate(texts) if not text.strip()] == []
    assert page.locator("main a:visible").count() or kind in ("withdrawn", "missing")


@pytest.mark.parametrize("kind", ["home", "article", "subscribe"])
def test_light_and_dark_scheme_have_different_backgrounds(chromium: Browser, site: str, kind: str) -> None:
    backgrounds = []
    for scheme in COLOR_SCHEMES:
        with open_page(chromium, color_scheme=scheme) as recorder:
            recorder.page.goto(site + PAGE_KINDS[kind][0])
            backgrounds.append(recorder.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert backgrounds == ["rgb(253, 252, 250)", "rgb(23, 22, 20)"]


def test_arabic_pages_are_laid_out_from_right_to_left(chromium: Browser, arabic: str) -> None:
    with open_page(chromium) as recorder:
        recorder.page.goto(f"{arabic}/")
        brand, lead, second = (
            recorder.page.locator(selector).first.bounding_box() for selector in (".brand", ".lead-story", ".seconds")
        )
        assert brand
        assert lead
        assert second
        assert brand["x"] > 640
        assert lead["x"] >= second["x"] + second["width"]


@pytest.mark.parametrize("width", [360, 1600])
def test_title_picture_and_related_titles_of_an_article_and_a_static_page_begin_at_one_edge(
    page: Page, site: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    edges: list[int] = []
    for path in (ARTICLE_PATH, "/about/"):
        page.goto(site + path)
        edges += page.evaluate(
            "[...document.querySelectorAll('h1, .lead, .related h3')].map(one => Math.round(one.getBoundingClientRect().left))"
        )
    assert (len(edges), len(set(edges))) == (6, 1)


@pytest.mark.parametrize("path", ["/nothing-here/", "/archive/", "/archive/2026/01/", "/category/asia/"])
def test_page_of_text_or_lists_begins_where_the_masthead_does(page: Page, site: str, arabic: str, path: str) -> None:
    for address, edge in ((site, "left"), (arabic, "right")):
        page.goto(address + path)
        for width in (360, 1600):
            page.set_viewport_size({"width": width, "height": 900})
            edges = page.evaluate(
                "edge => ['.masthead', 'main h1', '.breadcrumbs li'].map(name => document.querySelector(name)).filter(Boolean)"
                ".map(one => one.getBoundingClientRect()[edge])",
                edge,
            )
            assert len(set(edges)) == 1, (address, edges)
