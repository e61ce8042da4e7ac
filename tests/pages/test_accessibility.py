"""axe-core finds no accessibility problem on any kind of page, light or dark, narrow or wide, in either text direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pages.browser_page import open_page
from tests.pages.conftest import require_node_package
from tests.pages.page_kinds import COLOR_SCHEMES, PAGE_KINDS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

RUN_AXE = """
async () => (await axe.run()).violations.map(
  one => one.id + ": " + one.help + "\\n" + one.nodes.map(node => "  " + node.html + "\\n  " + node.failureSummary).join("\\n"))
"""


@pytest.mark.parametrize("scheme_and_width", list(zip(COLOR_SCHEMES, (1280, 360), strict=True)))
@pytest.mark.parametrize("kind", PAGE_KINDS)
def test_axe_finds_no_problem(chromium: Browser, site: str, arabic: str, kind: str, scheme_and_width: tuple[str, int]) -> None:
    scheme, width = scheme_and_width
    script = (require_node_package("axe-core") / "axe.min.js").read_text("utf-8")
    for address in (site, arabic):
        # The page's policy forbids other scripts, so the test bypasses it.
        with open_page(chromium, width=width, color_scheme=scheme, bypass_csp=True) as recorder:
            recorder.page.goto(address + PAGE_KINDS[kind][0])
            recorder.page.evaluate(script)
            problems = recorder.page.evaluate(RUN_AXE)
            assert not problems, "\n".join(problems)
