"""The form that combines feeds works by keyboard and without scripts, in both directions of writing, on any screen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pytest

from tests.helpers import newsrooms
from tests.pages.axe import RUN_AXE
from tests.pages.browser_page import open_page
from tests.pages.conftest import require_node_package, serve_site
from tests.pages.page_kinds import COLOR_SCHEMES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FORM: Final = "details.combine"
WIDTHS: Final = (320, 360, 900, 1600)


@pytest.fixture(scope="module")
def site_with_many_names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a site with more authors and tags than the form has checkboxes for, one with a very long name."""
    folder = tmp_path_factory.mktemp("names")
    names = ["Ritesh Nambiar", "W" * 150, *(f"Person {number}" for number in range(60))]
    authors = "".join(f"p{number}: {{name: {name}}}\n" for number, name in enumerate(names))
    root = newsrooms.write(folder / "content", {**newsrooms.SITE, "authors.yaml": authors})
    for number in range(60):
        keys = {"author": "p0", "tags": f"[Topic {number}, 'R&D']", "category": "asia"}
        newsrooms.write(root, newsrooms.article(f"a{number}", "2026-01-02", summary="S.", **keys))
    with serve_site(root, folder / "state") as address:
        yield address


def open_form(page: Page, address: str) -> None:
    page.goto(f"{address}/subscribe/")
    page.focus(f"{FORM} summary")
    page.keyboard.press("Enter")


def test_a_reader_combines_feeds_by_keyboard_without_scripts(chromium: Browser, site: str) -> None:
    with open_page(chromium, java_script_enabled=False) as recorder:
        page = recorder.page
        open_form(page, site)
        for name, value in (("include", "category:asia"), ("include", "category:business"), ("exclude", "tag:trade")):
            page.focus(f'[name="{name}"][value="{value}"]')
            page.keyboard.press("Space")
        page.focus('[name="format"][value="json"]')
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site}/feed/category:asia+category:business-tag:trade.json")
        assert json.loads(page.locator("pre").text_content() or "")["title"].startswith("Asia In News + Business − Trade")
        assert recorder.messages == []


def test_a_reader_types_names_of_many_authors_and_topics(chromium: Browser, site_with_many_names: str) -> None:
    with open_page(chromium) as recorder:
        page = recorder.page
        open_form(page, site_with_many_names)
        page.get_by_label("Authors 1").first.fill("ritesh nambiar")
        page.get_by_label("Topics 2").first.fill("R&D")
        page.get_by_label("Topics 1").last.fill("topic 7")
        assert page.locator("#names-author option").count() == 62
        assert page.locator("#names-tag option").count() == 61
        page.get_by_role("button", name="Create feed").click()
        page.wait_for_url(f"{site_with_many_names}/feed/author:p0+tag:r-and-d-tag:topic-7.rss")
        assert recorder.violations() == []


def test_a_reader_who_chooses_nothing_reads_why_there_is_no_feed(chromium: Browser, arabic: str) -> None:
    with open_page(chromium) as recorder:
        open_form(recorder.page, arabic)
        recorder.page.locator(f"{FORM} button").click()
        recorder.page.wait_for_url(f"{arabic}/feed/")
        assert recorder.page.locator("h1").text_content() == "تعذّر إنشاء هذه الخلاصة"
        recorder.page.go_back()
        assert recorder.page.locator(FORM).count() == 1


@pytest.mark.parametrize("scheme", COLOR_SCHEMES)
def test_the_open_form_is_accessible_and_fits_the_screen(
    chromium: Browser, site: str, arabic: str, site_with_many_names: str, scheme: str
) -> None:
    script = (require_node_package("axe-core") / "axe.min.js").read_text("utf-8")
    for address in (site, arabic, site_with_many_names):
        with open_page(chromium, color_scheme=scheme, bypass_csp=True) as recorder:
            open_form(recorder.page, address)
            recorder.page.evaluate(script)
            problems = recorder.page.evaluate(RUN_AXE)
            assert not problems, "\n".join(problems)
            for width in WIDTHS:
                recorder.page.set_viewport_size({"width": width, "height": 900})
                assert recorder.page.evaluate("document.documentElement.scrollWidth") <= width
                edges = recorder.page.evaluate(
                    f"[...document.querySelectorAll('{FORM} *')].map(one => one.getBoundingClientRect())"
                    ".filter(one => one.width).flatMap(one => [one.left, one.right])"
                )
                assert all(-0.5 <= edge <= width + 0.5 for edge in edges)
