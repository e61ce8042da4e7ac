"""The list of all tags in a browser: one page for few tags, several pages for many, in scripts of both text directions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pytest

from tests.helpers import newsrooms
from tests.pages.axe import RUN_AXE
from tests.pages.browser_page import open_page
from tests.pages.conftest import require_node_package, serve_site
from tests.pages.page_kinds import COLOR_SCHEMES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TAG_WORDS: Final = ("Trade", "Coast", "Parliament", "무역", "교육", "经济", "اقتصاد", "Rindfleischetikettierung" * 3)
TAG_COUNT: Final = 1040


@pytest.fixture(scope="module")
def tagged_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a site with more tags than /subscribe/ lists; yield its address."""
    folder = tmp_path_factory.mktemp("tagged")
    tags = [f"{TAG_WORDS[number % len(TAG_WORDS)]} {number:04}" for number in range(TAG_COUNT)]
    articles = [
        newsrooms.article(f"a{first}", f"2026-01-{1 + first // 80:02}", tags=f"[{', '.join(tags[first : first + 80])}]")
        for first in range(0, TAG_COUNT, 80)
    ]
    settings = "title: Asia In News\nbase_url: https://news.example\nid_domain: news.example\n"
    files = {"site.yaml": settings, **{path: text for files_of_article in articles for path, text in files_of_article.items()}}
    with serve_site(newsrooms.write(folder / "content", files), folder / "state") as address:
        yield address


def test_any_tag_is_reachable_from_the_subscribe_page(chromium: Browser, tagged_site: str) -> None:
    with open_page(chromium) as recorder:
        page = recorder.page
        page.goto(f"{tagged_site}/subscribe/")
        page.locator("summary", has_text="Topics").click()
        assert page.get_by_text("1,000 topics with the most articles").is_visible()
        page.locator("#feeds").get_by_role("link", name="All topics").click()
        page.wait_for_url("**/tags/")
        assert page.locator(".spans a").first.inner_text().startswith("Coast 0001 – ")
        page.locator(".spans a").first.click()
        page.wait_for_url("**/tags/from/-/")
        tag_count = page.locator("main li a").count()
        while (next_link := page.locator("a[rel=next]")).count():
            with page.expect_navigation():
                next_link.click()
            tag_count += page.locator("main li a").count()
        assert tag_count == TAG_COUNT
        page.locator("main li a").last.click()
        page.wait_for_url("**/tag/**")
        assert (recorder.messages, recorder.violations()) == ([], [])


@pytest.mark.parametrize("scheme", COLOR_SCHEMES)
def test_tag_pages_fit_every_screen_and_axe_finds_no_problem(chromium: Browser, tagged_site: str, scheme: str) -> None:
    script = (require_node_package("axe-core") / "axe.min.js").read_text("utf-8")
    for path in ("/tags/", "/tags/from/-/"):
        with open_page(chromium, width=360, color_scheme=scheme, bypass_csp=True) as recorder:
            recorder.page.goto(tagged_site + path)
            assert recorder.layout_shifts() == []
            for width in (320, 360, 900, 1600):
                recorder.page.set_viewport_size({"width": width, "height": 900})
                assert recorder.page.evaluate("document.documentElement.scrollWidth") <= width
            recorder.page.evaluate(script)
            problems = recorder.page.evaluate(RUN_AXE)
            assert not problems, "\n".join(problems)
