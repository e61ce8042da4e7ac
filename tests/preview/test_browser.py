"""An editor with a browser beside the text editor: what is saved shows by itself, and so does what is wrong."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers.http_client import SECONDS
from tests.helpers.running_server import ServerProcess
from tests.pages.browser_page import open_page
from tests.pages.conftest import require_node_package
from tests.pages.page_kinds import COLOR_SCHEMES
from tests.pages.test_accessibility import RUN_AXE as AXE
from tests.web.newsroom import write_article

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BAY = "articles/bay.yaml"


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def problems(page: Page) -> list[str]:
    return page.locator(".preview-problems li").all_inner_texts()


def test_a_file_is_broken_and_mended(chromium: Browser, preview: ServerProcess, content: Path) -> None:
    with open_page(chromium) as look:
        page = look.page
        page.goto(f"{preview.url}articles/bay/")
        assert problems(page) == []
        assert page.locator(".preview").inner_text() == "Preview no problems"
        edit(content / BAY, "author: mina-park", "author: mina-perk")
        page.locator(".preview-problems").wait_for()
        [told] = problems(page)
        assert f"{BAY}:5:9 error: author: no author 'mina-perk'" in told
        assert "did you mean 'mina-park'?" in told
        assert "The file's last valid version is shown meanwhile." in told
        assert page.locator("h1").inner_text() == "A bridge over the bay"
        edit(content / BAY, "author: mina-perk", "author: mina-park")
        page.locator(".preview-problems").wait_for(state="detached")
        assert "no problems" in page.locator(".preview").inner_text()
        assert look.violations() == []


def test_a_title_is_edited_and_the_page_keeps_its_place(chromium: Browser, preview: ServerProcess, content: Path) -> None:
    edit(content / BAY, "The story of bay.", "The story of bay. " + "It is a long one. " * 2000)
    with open_page(chromium) as look:
        page = look.page
        page.goto(f"{preview.url}articles/bay/")
        page.get_by_text("It is a long one.").wait_for()
        page.evaluate("scrollTo(0, 1500)")
        edit(content / BAY, "A bridge over the bay", "A tunnel below the bay")
        page.get_by_role("heading", level=1, name="A tunnel below the bay").wait_for()
        # The pages' policy forbids what wait_for_function does.
        end = time.monotonic() + SECONDS
        while page.evaluate("scrollY") != 1500:
            assert time.monotonic() < end, "it is another place"
            page.wait_for_timeout(20)
        assert page.title().startswith("A tunnel below the bay")


def test_the_page_of_a_new_article_comes_as_it_is_saved(chromium: Browser, preview: ServerProcess, content: Path) -> None:
    with open_page(chromium) as look:
        look.page.goto(f"{preview.url}articles/fresh/")
        assert look.page.locator("h1").inner_text() == "Nothing is here"
        write_article(content, "fresh", "title: Fresh\npublished: 2026-02-20\nstatus: draft")
        look.page.get_by_role("heading", level=1, name="Fresh").wait_for()
        assert look.page.locator(".mark").inner_text() == "Draft"


def test_drafts_and_scheduled_articles_are_marked(chromium: Browser, preview: ServerProcess) -> None:
    with open_page(chromium) as look:
        page = look.page
        page.goto(preview.url)
        marks = {title: mark.rstrip() for title, mark in map(_card, page.locator(".cards article").all_inner_texts())}
        assert marks["Someday"].startswith("Scheduled for Thu, 01 Jan 2099")
        assert marks["Not yet"].startswith("Draft ")
        assert not marks["Fish & <chips>"].startswith(("Draft", "Scheduled", "Expired"))
        page.locator(".preview summary").click()
        assert page.locator(".preview-heading").all_inner_texts() == ["Drafts", "Scheduled"]
        page.locator(".preview").get_by_role("link", name="Not yet").click()
        page.wait_for_url("**/articles/unfinished/")
        assert page.locator(".mark").inner_text() == "Draft"
        assert "This article is a draft: readers do not see it." in page.locator(".preview").inner_text()
        assert look.violations() == []


def _card(text: str) -> tuple[str, str]:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[0], lines[-1]


def test_a_closed_panel_stays_closed_until_something_else_is_wrong(
    chromium: Browser, preview: ServerProcess, content: Path
) -> None:
    with open_page(chromium) as look:
        page = look.page
        page.goto(preview.url)
        edit(content / BAY, "author: mina-park", "author: mina-perk")
        page.locator(".preview-problems").wait_for()
        page.locator(".preview summary").click()
        page.goto(f"{preview.url}subscribe/")
        page.locator(".preview-problems").wait_for(state="hidden")
        edit(content / BAY, "mina-perk", "mina-pork")
        page.locator(".preview-problems").wait_for()


def test_what_editors_write_is_text_in_the_panel(chromium: Browser, preview: ServerProcess, content: Path) -> None:
    with open_page(chromium) as look:
        look.page.goto(preview.url)
        edit(content / BAY, "author: mina-park", "author: '<img src=x onerror=alert(1)>'\n\"<b>\": </aside>")
        look.page.locator(".preview-problems").wait_for()
        assert any("<img src=x onerror=alert(1)>" in told for told in problems(look.page))
        assert any("'<b>'" in told for told in problems(look.page))
        assert look.page.locator(".preview img, .preview li b b").count() == 0


def test_more_pages_are_open_than_streams_may_be(chromium: Browser, preview: ServerProcess, content: Path) -> None:
    with open_page(chromium) as look:
        pages = [look.page, *(look.page.context.new_page() for _ in range(5))]
        others = [chromium.new_context() for _ in range(6)]
        pages += [other.new_page() for other in others]
        try:
            for page in pages:
                page.goto(f"{preview.url}articles/bay/")
            edit(content / BAY, "A bridge over the bay", "A ferry across the bay")
            for page in pages:
                page.get_by_role("heading", level=1, name="A ferry across the bay").wait_for()
        finally:
            for other in others:
                other.close()


def test_it_stops_while_pages_are_open(chromium: Browser, preview: ServerProcess) -> None:
    with open_page(chromium) as look:
        with look.page.expect_response("**/.preview/events"):
            look.page.goto(preview.url)
        preview.terminate()
        assert preview.wait() == 0
        assert preview.stderr.count("\n") == 1, preview.stderr


@pytest.mark.parametrize("scheme", COLOR_SCHEMES)
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_is_wider_than_the_page(
    chromium: Browser, preview: ServerProcess, content: Path, width: int, scheme: str
) -> None:
    edit(content / BAY, "author: mina-park", f"author: {'x' * 120}\n{'y' * 90}: 1")
    with open_page(chromium, width=width, color_scheme=scheme) as look:
        look.page.goto(preview.url)
        look.page.locator(".preview-problems").wait_for()
        assert look.page.evaluate("document.documentElement.scrollWidth") == width
        assert look.page.evaluate("document.querySelector('.preview').scrollWidth") <= width


@pytest.mark.parametrize(("width", "scheme"), list(zip((1280, 360), COLOR_SCHEMES, strict=True)))
def test_axe_finds_nothing(chromium: Browser, preview: ServerProcess, content: Path, width: int, scheme: str) -> None:
    script = (require_node_package("axe-core") / "axe.min.js").read_text("utf-8")
    (content / "articles/aaa.yaml").write_text("title: No id\npublished: 2026-02-20\nbody: A\n")
    edit(content / BAY, "author: mina-park", "author: mina-perk")
    with open_page(chromium, width=width, color_scheme=scheme, bypass_csp=True) as look:
        for path in ("", "articles/unfinished/"):
            look.page.goto(preview.url + path)
            look.page.locator("li.preview-warning").wait_for()
            look.page.evaluate(script)
            found = look.page.evaluate(AXE)
            assert not found, "\n".join(found)
