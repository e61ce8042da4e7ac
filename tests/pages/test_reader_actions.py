"""Actions of a reader in Chromium: navigation, filtering feeds, copying addresses and sharing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pages.browser_page import SHARE_SCRIPT, open_page
from tests.pages.page_kinds import ARTICLE_PATH

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_address_of_an_article_opened_from_the_home_page_is_copied(chromium: Browser, site: str) -> None:
    with open_page(chromium, permissions=["clipboard-read", "clipboard-write"]) as recorder:
        page = recorder.page
        page.goto(f"{site}/")
        page.locator(".story h2 a").first.click()
        page.wait_for_url("**/articles/*/")
        copy = page.get_by_role("button", name="Copy the address")
        copy.click()
        page.get_by_role("button", name="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == page.url
        copy.wait_for()
        assert recorder.messages == []


def test_category_and_its_feeds_are_reachable_from_an_article(chromium: Browser, site: str) -> None:
    with open_page(chromium) as recorder:
        page = recorder.page
        page.goto(site + ARTICLE_PATH)
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
        assert recorder.messages == []


def test_feeds_are_filtered_while_typing(chromium: Browser, site_with_many_feeds: str) -> None:
    with open_page(chromium, permissions=["clipboard-read", "clipboard-write"]) as recorder:
        page = recorder.page
        page.goto(f"{site_with_many_feeds}/subscribe/")
        names, field = page.locator("#feeds [data-name]:visible h3"), page.get_by_role("searchbox")
        all_names = names.all_inner_texts()
        field.press_sequentially("MEERA")
        assert names.all_inner_texts() == ["Meera Pillai"]
        assert page.locator("#feeds h2:visible").all_inner_texts() == ["Authors"]
        page.locator("[data-name='Meera Pillai'] summary").click()
        page.get_by_role("button", name="Meera Pillai (Atom)").click()
        assert page.evaluate("navigator.clipboard.readText()") == f"{site_with_many_feeds}/author/meera-pillai/feed.atom"
        field.fill("nguyen thao")  # without the marks of Nguyễn Thảo
        assert names.all_inner_texts() == ["Nguyễn Thảo Vy"]
        field.fill("no such feed")
        assert (names.count(), page.locator("#none").is_visible()) == (0, True)
        field.fill("")
        assert (names.all_inner_texts(), page.locator("#none").is_visible()) == (all_names, False)


def test_feeds_are_filtered_by_kind_and_format_and_their_number_is_announced(
    chromium: Browser, site_with_many_feeds: str
) -> None:
    with open_page(chromium) as recorder:
        page = recorder.page
        page.goto(f"{site_with_many_feeds}/subscribe/")
        status, field = page.locator("p.unseen[role=status]"), page.get_by_role("searchbox")
        field.fill("authors atom")
        assert page.locator("#feeds h2:visible").all_inner_texts() == ["Authors"]
        feed_count = page.locator("#feeds [data-name]:visible").count()
        assert (feed_count > 1, status.text_content()) == (True, f"{feed_count} feeds")
        field.fill("meera json")
        assert (page.locator("#feeds [data-name]:visible h3").all_inner_texts(), status.text_content()) == (
            ["Meera Pillai"],
            "1 feed",
        )
        field.fill("")
        assert status.text_content() == ""


@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_the_address_of_a_feed_in_a_browser_is_copied_above_its_entries_and_the_footer_ends_it(
    chromium: Browser, site: str, suffix: str
) -> None:
    with open_page(chromium, permissions=["clipboard-read", "clipboard-write"]) as recorder:
        page = recorder.page
        page.goto(f"{site}/author/meera-pillai/feed.{suffix}")
        button, footer = page.get_by_text("Copy address"), page.locator("footer")
        footer.wait_for()
        tops = [
            one.bounding_box() for one in (button, page.locator("item, entry").first, page.locator("item, entry").last, footer)
        ]
        heights = [box["y"] for box in tops if box]
        assert (len(heights), heights) == (4, sorted(heights))
        button.click()
        page.get_by_text("Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == f"{site}/author/meera-pillai/feed.{suffix}"
        assert recorder.messages == []


_NO_CLIPBOARD_SCRIPT = "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
_REFUSED_CLIPBOARD_SCRIPT = "navigator.clipboard.writeText = async () => { throw new DOMException('no', 'NotAllowedError'); };"
_NO_COPY_COMMAND_SCRIPT = "document.execCommand = () => false;"


@pytest.mark.parametrize("script", [_NO_CLIPBOARD_SCRIPT, _REFUSED_CLIPBOARD_SCRIPT])
def test_address_is_copied_without_the_clipboard_api(chromium: Browser, site_with_many_feeds: str, script: str) -> None:
    with open_page(chromium) as recorder:
        page = recorder.page
        page.add_init_script(script)
        page.goto(f"{site_with_many_feeds}/subscribe/")
        page.locator("[data-name='Meera Pillai'] summary").click()
        page.get_by_role("button", name="Meera Pillai (Atom)").click()
        page.get_by_role("button", name="Copied", exact=True).wait_for()
        assert page.locator("p.unseen[role=status]").text_content() == "Copied"
        page.get_by_role("button", name="Meera Pillai (Atom)").wait_for()
        field = page.get_by_role("searchbox")
        field.focus()
        page.keyboard.press("Control+v")
        assert field.input_value() == f"{site_with_many_feeds}/author/meera-pillai/feed.atom"
        assert recorder.messages == []


@pytest.mark.parametrize("path", [ARTICLE_PATH, "/subscribe/"])
def test_address_is_selected_in_a_text_field_if_it_cannot_be_copied(chromium: Browser, site: str, path: str) -> None:
    with open_page(chromium, width=360) as recorder:
        page = recorder.page
        page.add_init_script(_NO_CLIPBOARD_SCRIPT + _NO_COPY_COMMAND_SCRIPT)
        page.goto(site + path)
        page.locator("main [data-copy]").first.click()
        field = page.get_by_role("textbox", name="Copy the address")
        field.wait_for()
        assert (
            page.evaluate("getSelection().toString()")
            == field.input_value()
            == (f"{site}{path}" if path == ARTICLE_PATH else f"{site}/feed.rss")
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert recorder.messages == []


def test_share_links_are_shown_without_scripts(chromium: Browser, site: str) -> None:
    with open_page(chromium, java_script_enabled=False) as recorder:
        recorder.page.goto(site + ARTICLE_PATH)
        assert recorder.page.locator(".share a:visible").all_inner_texts() == [
            "E-mail",
            "Mastodon",
            "Bluesky",
            "X",
            "WhatsApp",
            "LinkedIn",
        ]


@pytest.mark.parametrize("refusal", ["", "AbortError", "NotAllowedError"])
def test_share_button_calls_the_share_function_of_the_browser(chromium: Browser, site: str, refusal: str) -> None:
    with open_page(chromium) as recorder:
        page = recorder.page
        page.add_init_script(SHARE_SCRIPT.replace("REFUSAL", refusal))
        page.goto(site + ARTICLE_PATH)
        page.get_by_role("button", name="Share…").click()
        title = page.get_by_role("heading", level=1).inner_text()
        assert page.evaluate("window.shared") == [{"title": title, "url": page.url}]
        # After a cancelled dialog, the button works again.
        page.get_by_role("button", name="Share…").click()
        assert page.evaluate("window.shared.length") == 2
        assert recorder.messages == []


def test_share_sheet_replaces_the_links_of_services_below_the_window(chromium: Browser, site: str) -> None:
    with open_page(chromium, width=360) as recorder:
        page = recorder.page
        page.add_init_script(SHARE_SCRIPT.replace("REFUSAL", ""))
        page.goto(site + ARTICLE_PATH)
        page.get_by_role("button", name="Share…").wait_for()
        page.wait_for_function("!document.querySelector('.share li:not([hidden]) a')")
        assert page.get_by_role("button", name="Copy the address").is_visible()
        assert (recorder.layout_shifts(), recorder.messages) == ([], [])


def test_share_links_in_the_window_stay_beside_the_share_sheet(chromium: Browser, site: str) -> None:
    with open_page(chromium, width=360) as recorder:
        page = recorder.page
        page.add_init_script(SHARE_SCRIPT.replace("REFUSAL", ""))
        page.goto(f"{site}{ARTICLE_PATH}#share")
        page.get_by_role("button", name="Share…").wait_for()
        page.evaluate("window.scrollTo(0, 0)")
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.locator(".share a:visible").count() == 6
        assert (recorder.layout_shifts(), recorder.messages) == ([], [])


def test_share_links_are_shown_if_the_browser_cannot_share(chromium: Browser, site: str) -> None:
    with open_page(chromium) as recorder:
        recorder.page.add_init_script("delete Navigator.prototype.share")
        recorder.page.goto(site + ARTICLE_PATH)
        recorder.page.get_by_role("button", name="Copy the address").wait_for()
        assert not recorder.page.get_by_role("button", name="Share…").count()
        assert not recorder.page.locator("[data-share]").is_visible()
        assert recorder.page.locator(".share a:visible").count() == 6
