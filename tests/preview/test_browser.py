"""The preview in a browser: open pages show saved changes and problems without a reload by the user."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers.http_client import SECONDS
from tests.helpers.running_server import ServerProcess
from tests.pages.axe import RUN_AXE as AXE
from tests.pages.browser_page import open_page
from tests.pages.conftest import require_node_package
from tests.pages.page_kinds import COLOR_SCHEMES
from tests.web.newsroom import write_article

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ARTICLE_PATH = "articles/bay.yaml"


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def problem_texts(page: Page) -> list[str]:
    return page.locator(".preview-problems li").all_inner_texts()


def test_panel_shows_a_problem_until_the_file_is_repaired(chromium: Browser, preview: ServerProcess, content: Path) -> None:
    with open_page(chromium) as browser_page:
        page = browser_page.page
        page.goto(f"{preview.url}articles/bay/")
        assert problem_texts(page) == []
        assert page.locator(".preview").inner_text() == "Preview no problems"
        edit(content / ARTICLE_PATH, "author: mina-park", "author: mina-perk")
        page.locator(".preview-problems").wait_for()
        [problem] = problem_texts(page)
        assert f"{ARTICLE_PATH}:5:9 error: author: no author 'mina-perk'" in problem
        assert "did you mean 'mina-park'?" in problem
        assert "The file's last valid version is shown meanwhile." in problem
        assert page.locator("h1").inner_text() == "A bridge over the bay"
        edit(content / ARTICLE_PATH, "author: mina-perk", "author: mina-park")
        page.locator(".preview-problems").wait_for(state="detached")
        assert "no problems" in page.locator(".preview").inner_text()
        assert browser_page.violations() == []


def test_edited_title_appears_without_scrolling_the_page(chromium: Browser, preview: ServerProcess, content: Path) -> None:
    edit(content / ARTICLE_PATH, "The story of bay.", "The story of bay. " + "It is a long one. " * 2000)
    with open_page(chromium) as browser_page:
        page = browser_page.page
        page.goto(f"{preview.url}articles/bay/")
        page.get_by_text("It is a long one.").wait_for()
        page.evaluate("scrollTo(0, 1500)")
        edit(content / ARTICLE_PATH, "A bridge over the bay", "A tunnel below the bay")
        page.get_by_role("heading", level=1, name="A tunnel below the bay").wait_for()
        # The Content-Security-Policy of the pages forbids wait_for_function.
        end = time.monotonic() + SECONDS
        while page.evaluate("scrollY") != 1500:
            assert time.monotonic() < end, "it is another place"
            page.wait_for_timeout(20)
        assert page.title().startswith("A tunnel below the bay")


def test_open_page_of_a_missing_article_shows_it_once_saved(chromium: Browser, preview: ServerProcess, content: Path) -> None:
    with open_page(chromium) as browser_page:
        browser_page.page.goto(f"{preview.url}articles/fresh/")
        assert browser_page.page.locator("h1").inner_text() == "Nothing is here"
        write_article(content, "fresh", "title: Fresh\npublished: 2026-02-20\nstatus: draft")
        browser_page.page.get_by_role("heading", level=1, name="Fresh").wait_for()
        assert browser_page.page.locator(".mark").inner_text() == "Draft"


def test_drafts_and_scheduled_articles_are_labelled(chromium: Browser, preview: ServerProcess) -> None:
    with open_page(chromium) as browser_page:
        page = browser_page.page
        page.goto(preview.url)
        labels = dict(map(title_and_label, page.locator(".story").all()))
        assert labels["Someday"].startswith("Scheduled for Thu, 01 Jan 2099")
        assert labels["Not yet"].startswith("Draft\n")
        assert not labels["Fish & <chips>"].startswith(("Draft", "Scheduled", "Expired"))
        page.locator(".preview summary").click()
        assert page.locator(".preview-heading").all_inner_texts() == ["Drafts", "Scheduled"]
        page.locator(".preview").get_by_role("link", name="Not yet").click()
        page.wait_for_url("**/articles/unfinished/")
        assert page.locator(".mark").inner_text() == "Draft"
        assert "This article is a draft: readers do not see it." in page.locator(".preview").inner_text()
        assert browser_page.violations() == []


def title_and_label(story: Locator) -> tuple[str, str]:
    """Return the title of an article on the front page, and the line below it, which begins with its label."""
    return story.get_by_role("heading").inner_text(), story.locator(".meta").inner_text()


def test_closed_panel_opens_again_only_for_another_problem(chromium: Browser, preview: ServerProcess, content: Path) -> None:
    with open_page(chromium) as browser_page:
        page = browser_page.page
        page.goto(preview.url)
        edit(content / ARTICLE_PATH, "author: mina-park", "author: mina-perk")
        page.locator(".preview-problems").wait_for()
        page.locator(".preview summary").click()
        page.goto(f"{preview.url}subscribe/")
        page.locator(".preview-problems").wait_for(state="hidden")
        edit(content / ARTICLE_PATH, "mina-perk", "mina-pork")
        page.locator(".preview-problems").wait_for()


def test_panel_escapes_the_text_of_problems(chromium: Browser, preview: ServerProcess, content: Path) -> None:
    with open_page(chromium) as browser_page:
        browser_page.page.goto(preview.url)
        edit(content / ARTICLE_PATH, "author: mina-park", "author: '<img src=x onerror=alert(1)>'\n\"<b>\": </aside>")
        browser_page.page.locator(".preview-problems").wait_for()
        assert any("<img src=x onerror=alert(1)>" in problem for problem in problem_texts(browser_page.page))
        assert any("'<b>'" in problem for problem in problem_texts(browser_page.page))
        assert browser_page.page.locator(".preview img, .preview li b b").count() == 0


def test_pages_beyond_the_stream_limit_are_updated(chromium: Browser, preview: ServerProcess, content: Path) -> None:
    with open_page(chromium) as browser_page:
        pages = [browser_page.page, *(browser_page.page.context.new_page() for _ in range(5))]
        contexts = [chromium.new_context() for _ in range(6)]
        pages += [context.new_page() for context in contexts]
        try:
            for page in pages:
                page.goto(f"{preview.url}articles/bay/")
            edit(content / ARTICLE_PATH, "A bridge over the bay", "A ferry across the bay")
            for page in pages:
                page.get_by_role("heading", level=1, name="A ferry across the bay").wait_for()
        finally:
            for context in contexts:
                context.close()


@pytest.mark.parametrize("scheme", COLOR_SCHEMES)
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_long_words_do_not_widen_the_page(
    chromium: Browser, preview: ServerProcess, content: Path, width: int, scheme: str
) -> None:
    edit(content / ARTICLE_PATH, "author: mina-park", f"author: {'x' * 120}\n{'y' * 90}: 1")
    with open_page(chromium, width=width, color_scheme=scheme) as browser_page:
        browser_page.page.goto(preview.url)
        browser_page.page.locator(".preview-problems").wait_for()
        assert browser_page.page.evaluate("document.documentElement.scrollWidth") == width
        assert browser_page.page.evaluate("document.querySelector('.preview').scrollWidth") <= width


@pytest.mark.parametrize(("width", "scheme"), list(zip((1280, 360), COLOR_SCHEMES, strict=True)))
def test_panel_has_no_accessibility_violations(
    chromium: Browser, preview: ServerProcess, content: Path, width: int, scheme: str
) -> None:
    script = (require_node_package("axe-core") / "axe.min.js").read_text("utf-8")
    (content / "articles/aaa.yaml").write_text("title: No id\npublished: 2026-02-20\nbody: A\n")
    edit(content / ARTICLE_PATH, "author: mina-park", "author: mina-perk")
    with open_page(chromium, width=width, color_scheme=scheme, bypass_csp=True) as browser_page:
        for path in ("", "articles/unfinished/"):
            browser_page.page.goto(preview.url + path)
            browser_page.page.locator("li.preview-warning").wait_for()
            browser_page.page.evaluate(script)
            violations = browser_page.page.evaluate(AXE)
            assert not violations, "\n".join(violations)
