"""Chromium walks through the sample newsroom as a reader does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.pages.browser_page import looking
from tests.pages.page_kinds import ARTICLE, KINDS, SCHEMES, WIDTHS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.pages.browser_page import Look

DESK = "/articles/visa-desk/"
UNREAD = "/articles/tea-auction/"  # no other test looks at it
# A telephone's browser has it; `shared` is what it was given.
_SHARING = """
window.shared = [];
navigator.share = async given => { shared.push(given); if ("REFUSAL") throw new DOMException("no", "REFUSAL"); };
"""


def test_from_home_to_an_article_and_its_address_into_the_clipboard(chromium: Browser, site: str) -> None:
    with looking(chromium, permissions=["clipboard-read", "clipboard-write"]) as look:
        page = look.page
        page.goto(f"{site}/")
        page.locator(".cards h2 a").first.click()
        page.wait_for_url("**/articles/*/")
        copy = page.get_by_role("button", name="Copy the address")
        copy.click()
        page.get_by_role("button", name="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == page.url
        copy.wait_for()
        assert look.told == []


def test_from_an_article_to_its_section_and_from_there_to_the_feeds(chromium: Browser, site: str) -> None:
    with looking(chromium) as look:
        page = look.page
        page.goto(site + ARTICLE)
        page.locator(".article .section a", has_text="Diplomacy").click()
        page.wait_for_url("**/category/diplomacy/")
        assert page.get_by_role("heading", level=1).inner_text() == "Diplomacy"
        with page.expect_response("**/category/diplomacy/feed.rss") as feed:
            page.locator(".title .formats a", has_text="RSS").click()
        assert feed.value.ok
        page.go_back()
        page.get_by_role("link", name="Subscribe").click()
        page.wait_for_url("**/subscribe/")
        assert page.get_by_role("heading", level=1).inner_text() == "Subscribe"
        assert look.told == []


def test_the_feeds_are_filtered_as_one_types(chromium: Browser, site: str) -> None:
    with looking(chromium, permissions=["clipboard-read", "clipboard-write"]) as look:
        page = look.page
        page.goto(f"{site}/subscribe/")
        names, field = page.locator("[data-name]:visible h3"), page.get_by_role("searchbox")
        every = names.all_inner_texts()
        field.press_sequentially("MEERA")
        assert names.all_inner_texts() == ["Meera Pillai"]
        assert page.locator("#feeds h2:visible").all_inner_texts() == ["Authors"]
        page.get_by_role("button", name="Meera Pillai (Atom)").click()
        assert page.evaluate("navigator.clipboard.readText()") == f"{site}/author/meera-pillai/feed.atom"
        field.fill("nguyen thao")  # without the marks of Nguyễn Thảo
        assert names.all_inner_texts() == ["Nguyễn Thảo Vy"]
        field.fill("no such feed")
        assert (names.count(), page.locator("#none").is_visible()) == (0, True)
        field.fill("")
        assert (names.all_inner_texts(), page.locator("#none").is_visible()) == (every, False)


def test_the_feeds_are_found_by_their_kind_and_format_and_counted_aloud(chromium: Browser, site: str) -> None:
    with looking(chromium) as look:
        page = look.page
        page.goto(f"{site}/subscribe/")
        said, field = page.locator("p.unseen[role=status]"), page.get_by_role("searchbox")
        field.fill("authors atom")
        assert page.locator("#feeds h2:visible").all_inner_texts() == ["Authors"]
        found = page.locator("[data-name]:visible").count()
        assert (found > 1, said.text_content()) == (True, f"{found} feeds")
        field.fill("meera json")
        assert (page.locator("[data-name]:visible h3").all_inner_texts(), said.text_content()) == (["Meera Pillai"], "1 feed")
        field.fill("")
        assert said.text_content() == ""


_NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
_REFUSED = "navigator.clipboard.writeText = async () => { throw new DOMException('no', 'NotAllowedError'); };"
_NOTHING_COPIES = "document.execCommand = () => false;"


@pytest.mark.parametrize("without", [_NO_CLIPBOARD, _REFUSED])
def test_an_address_is_copied_where_the_clipboard_is_not_to_be_had(chromium: Browser, site: str, without: str) -> None:
    with looking(chromium) as look:
        page = look.page
        page.add_init_script(without)
        page.goto(f"{site}/subscribe/")
        page.get_by_role("button", name="Meera Pillai (Atom)").click()
        page.get_by_role("button", name="Copied", exact=True).wait_for()
        assert page.locator("p.unseen[role=status]").text_content() == "Copied"
        page.get_by_role("button", name="Meera Pillai (Atom)").wait_for()
        field = page.get_by_role("searchbox")
        field.focus()
        page.keyboard.press("Control+v")
        assert field.input_value() == f"{site}/author/meera-pillai/feed.atom"
        assert look.told == []


@pytest.mark.parametrize("path", [ARTICLE, "/subscribe/"])
def test_where_nothing_may_be_copied_the_address_is_there_to_be_selected(chromium: Browser, site: str, path: str) -> None:
    with looking(chromium, width=360) as look:
        page = look.page
        page.add_init_script(_NO_CLIPBOARD + _NOTHING_COPIES)
        page.goto(site + path)
        page.locator("main [data-copy]").first.click()
        field = page.get_by_role("textbox", name="Copy the address")
        field.wait_for()
        assert (
            page.evaluate("getSelection().toString()")
            == field.input_value()
            == (f"{site}{path}" if path == ARTICLE else f"{site}/feed.rss")
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert look.told == []


def _count(look: Look, site: str) -> int:
    """The number that the page shows when it has been looked at."""
    look.page.goto(site + DESK)
    shown = look.page.locator(".views")
    shown.wait_for()
    found = re.fullmatch(r"(\d+) Views?", shown.inner_text())
    assert found, shown.inner_text()
    return int(found[1])


def test_the_count_rises_once_for_two_reloads(chromium: Browser, site: str) -> None:
    with looking(chromium) as look:
        first = _count(look, site)
        assert [_count(look, site), _count(look, site)] == [first, first]
        assert first == 1
        assert look.told == []
        assert look.page.context.cookies() == []


def test_an_article_that_nobody_has_read_yet_shows_0_views(chromium: Browser, site: str) -> None:
    """The read is not counted: the reader's address has had its share of counts, say."""
    with looking(chromium) as look:
        page = look.page
        page.route("**/views", lambda route: route.fulfill(status=429) if route.request.method == "POST" else route.continue_())
        page.goto(site + UNREAD)
        shown = page.locator(".views")
        shown.wait_for()
        assert shown.inner_text() == "0 Views"
        assert look.shift() == 0


def test_where_reads_are_not_counted_no_number_shows(chromium: Browser, site: str) -> None:
    with looking(chromium) as look:
        page = look.page
        page.route("**/views", lambda route: route.fulfill(status=404))
        with page.expect_response("**/views"):
            page.goto(site + UNREAD)
        page.wait_for_timeout(200)
        assert not page.locator(".views").is_visible()


def test_one_view_is_no_views_where_english_words_stand_in(chromium: Browser, vietnamese: str) -> None:
    with looking(chromium) as look:
        look.page.goto(vietnamese + DESK)
        shown = look.page.locator(".views")
        shown.wait_for()
        assert shown.inner_text() == "1 View"


def test_a_count_moves_nothing(chromium: Browser, site: str) -> None:
    with looking(chromium, width=360) as look:
        _count(look, site)
        assert look.shift() == 0


def _slowly(look: Look) -> None:
    """As on an old telephone far from the town."""
    tools = look.page.context.new_cdp_session(look.page)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    tools.send("Network.enable")
    slow = {"offline": False, "latency": 300, "downloadThroughput": 30_000, "uploadThroughput": 30_000}
    tools.send("Network.emulateNetworkConditions", slow)


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("kind", ["home", "article", "author with avatar", "subscribe"])
def test_nothing_moves_on_a_slow_device_either(chromium: Browser, site: str, kind: str, width: int) -> None:
    rights = ["clipboard-read", "clipboard-write"]
    with looking(chromium, width=width, permissions=rights) as look:
        look.page.add_init_script(_SHARING)
        _slowly(look)
        look.page.goto(site + KINDS[kind][0])
        if kind == "article":
            look.page.locator(".views").wait_for()
        if look.page.locator("[data-copy]").count():
            button = look.page.locator("[data-copy]").first
            before = button.inner_text()
            button.click()
            look.page.get_by_role("button", name="Copied", exact=True).wait_for()
            look.page.get_by_text(before, exact=True).first.wait_for()
        assert look.shift() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_no_complaint_no_violation_no_shift(chromium: Browser, site: str, kind: str) -> None:
    path, status = KINDS[kind]
    with looking(chromium) as look:
        answer = look.page.goto(site + path, wait_until="load")
        assert answer
        assert answer.status == status
        assert look.page.evaluate("[...document.images].filter(one => one.loading !== 'lazy' && !one.naturalWidth).length") == 0
        assert look.shift() == 0
        assert (look.told, look.violations()) == ([], [])
        blocking = [one.resource_type for one in look.asked if one.resource_type in ("document", "stylesheet", "font")]
        assert sorted(blocking) == ["document", "stylesheet"]
        assert not [one.url for one in look.asked if not one.url.startswith(f"{site}/") and one.resource_type != "image"]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_has_to_be_scrolled_sideways(chromium: Browser, site: str, arabic: str, kind: str) -> None:
    with looking(chromium) as look:
        for address in (site, arabic):
            look.page.goto(address + KINDS[kind][0])
            for width in WIDTHS:
                look.page.set_viewport_size({"width": width, "height": 900})
                assert look.page.evaluate("document.documentElement.scrollWidth") <= width
                # What starts left of the page cannot even be scrolled to.
                assert (
                    look.page.evaluate("Math.min(...[...document.images].map(one => one.getBoundingClientRect().left), 0)") == 0
                )


@pytest.mark.parametrize("kind", KINDS)
def test_everything_reads_without_a_script(chromium: Browser, site: str, kind: str) -> None:
    with looking(chromium, java_script_enabled=False) as look:
        page = look.page
        page.goto(site + KINDS[kind][0])
        assert page.get_by_role("heading", level=1).inner_text()
        for dead in ("button", "input", ".views", ".filter", ".none"):
            assert not page.locator(f"{dead}:visible").count(), dead
        empty = [one for one in page.locator("main :is(p, li, h1, h2, h3):visible").all() if not one.inner_text().strip()]
        assert not empty
        assert page.locator("main a:visible").count() or kind in ("withdrawn", "missing")


def test_sharing_without_a_script_is_by_plain_links(chromium: Browser, site: str) -> None:
    with looking(chromium, java_script_enabled=False) as look:
        look.page.goto(site + ARTICLE)
        assert look.page.locator(".share a:visible").all_inner_texts() == [
            "E-mail",
            "Mastodon",
            "Bluesky",
            "X",
            "WhatsApp",
            "LinkedIn",
        ]


@pytest.mark.parametrize("refusal", ["", "AbortError", "NotAllowedError"])
def test_a_browser_that_can_share_is_asked_to(chromium: Browser, site: str, refusal: str) -> None:
    with looking(chromium) as look:
        page = look.page
        page.add_init_script(_SHARING.replace("REFUSAL", refusal))
        page.goto(site + ARTICLE)
        page.get_by_role("button", name="Share…").click()
        title = page.get_by_role("heading", level=1).inner_text()
        assert page.evaluate("window.shared") == [{"title": title, "url": page.url}]
        # Who changed his mind may share again.
        page.get_by_role("button", name="Share…").click()
        assert page.evaluate("window.shared.length") == 2
        assert look.told == []


def test_where_a_browser_cannot_share_there_are_links_and_no_button(chromium: Browser, site: str) -> None:
    with looking(chromium) as look:
        look.page.add_init_script("delete Navigator.prototype.share")
        look.page.goto(site + ARTICLE)
        look.page.get_by_role("button", name="Copy the address").wait_for()
        assert not look.page.get_by_role("button", name="Share…").count()
        assert not look.page.locator("[data-share]").is_visible()
        assert look.page.locator(".share a:visible").count() == 6


@pytest.mark.parametrize("kind", ["home", "article", "subscribe"])
def test_light_and_dark_are_two_looks(chromium: Browser, site: str, kind: str) -> None:
    papers = []
    for scheme in SCHEMES:
        with looking(chromium, color_scheme=scheme) as look:
            look.page.goto(site + KINDS[kind][0])
            papers.append(look.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert papers == ["rgb(253, 252, 250)", "rgb(23, 22, 20)"]


def test_pages_in_arabic_run_from_right_to_left(chromium: Browser, arabic: str) -> None:
    with looking(chromium) as look:
        look.page.goto(f"{arabic}/")
        brand, feeds = look.page.locator(".brand").bounding_box(), look.page.locator(".thumb").first.bounding_box()
        assert brand
        assert feeds
        assert min(brand["x"], feeds["x"]) > 640
