"""Accessibility of pages in a browser, as axe-core sees it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

from tests.pages.browser_page import open_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RUN_AXE: Final = """
async () => (await axe.run()).violations.map(
  one => one.id + ": " + one.help + "\\n" + one.nodes.map(node => "  " + node.html + "\\n  " + node.failureSummary).join("\\n"))
"""
FindProblems = Callable[[str, str, int], list[str]]


@contextlib.contextmanager
def axe_browser(browser: Browser, script: str) -> Iterator[FindProblems]:
    """Yield a function that finds the problems of a page; its arguments are address, color scheme and width.

    Pages with the same scheme and width are opened in the same browser context, because each context starts a process. What
    axe-core finds depends neither on cookies nor on caches.
    """
    with contextlib.ExitStack() as contexts:

        @cache
        def page(scheme: str, width: int) -> Page:
            # The page's policy forbids other scripts, so it is bypassed.
            return contexts.enter_context(open_page(browser, width=width, color_scheme=scheme, bypass_csp=True)).page

        def find_problems(address: str, scheme: str, width: int) -> list[str]:
            page(scheme, width).goto(address)
            page(scheme, width).evaluate(script)
            problems: list[str] = page(scheme, width).evaluate(RUN_AXE)
            return problems

        yield find_problems
