"""The list of all tags in a browser: one page of few, and several pages of many, in scripts of both directions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pytest

from tests.helpers import newsrooms
from tests.pages.browser_page import looking
from tests.pages.conftest import require_node_package, serving
from tests.pages.page_kinds import SCHEMES
from tests.pages.test_accessible import RUN

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WORDS: Final = ("Trade", "Coast", "Parliament", "무역", "교육", "经济", "اقتصاد", "Rindfleischetikettierung" * 3)
COUNT: Final = 1040


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site with more tags than /subscribe/ names."""
    folder = tmp_path_factory.mktemp("tagged")
    tags = [f"{WORDS[number % len(WORDS)]} {number:04}" for number in range(COUNT)]
    articles = [
        newsrooms.article(f"a{first}", f"2026-01-{1 + first // 80:02}", tags=f"[{', '.join(tags[first : first + 80])}]")
        for first in range(0, COUNT, 80)
    ]
    settings = "title: Asia In News\nbase_url: https://news.example\nid_domain: news.example\n"
    files = {"site.yaml": settings, **{path: text for one in articles for path, text in one.items()}}
    with serving(newsrooms.write(folder / "content", files), folder / "state") as address:
        yield address


def test_a_reader_finds_any_tag_from_the_page_of_feeds_on(chromium: Browser, tagged: str) -> None:
    with looking(chromium) as look:
        page = look.page
        page.goto(f"{tagged}/subscribe/")
        assert page.get_by_text("1,000 topics with the most articles").is_visible()
        page.get_by_role("link", name="All topics").click()
        page.wait_for_url("**/tags/")
        assert page.locator("main li a").first.inner_text().startswith("Coast 0001 – ")
        page.locator("main li a").first.click()
        page.wait_for_url("**/tags/from/-/")
        seen = page.locator("main li a").count()
        while (onward := page.locator("a[rel=next]")).count():
            with page.expect_navigation():
                onward.click()
            seen += page.locator("main li a").count()
        assert seen == COUNT
        page.locator("main li a").last.click()
        page.wait_for_url("**/tag/**")
        assert (look.told, look.violations()) == ([], [])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_pages_of_tags_fit_every_screen_and_axe_finds_nothing(chromium: Browser, tagged: str, scheme: str) -> None:
    script = (require_node_package("axe-core") / "axe.min.js").read_text("utf-8")
    for path in ("/tags/", "/tags/from/-/"):
        with looking(chromium, width=360, color_scheme=scheme, bypass_csp=True) as look:
            look.page.goto(tagged + path)
            assert look.shift() == 0
            for width in (320, 360, 900, 1600):
                look.page.set_viewport_size({"width": width, "height": 900})
                assert look.page.evaluate("document.documentElement.scrollWidth") <= width
            look.page.evaluate(script)
            found = look.page.evaluate(RUN)
            assert not found, "\n".join(found)


def test_the_address_of_a_tag_s_feed_is_copied(chromium: Browser, tagged: str) -> None:
    with looking(chromium) as look:
        page = look.page
        page.goto(f"{tagged}/subscribe/")
        button = page.get_by_role("button", name="Copy the address: Coast 0001 (Atom)")
        assert button.get_attribute("data-copy") == f"{tagged}/tag/coast-0001/feed.atom"
        assert look.shift() == 0
