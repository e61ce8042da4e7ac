"""axe-core finds no accessibility problem on any kind of page, light, wide and in English or dark, narrow and in Arabic.

Colors do not depend on the width or the direction of the text; `test_narrow_screens.py` looks at narrow pages in more languages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pages.browser_page import open_page
from tests.pages.conftest import require_node_package
from tests.pages.page_kinds import PAGE_KINDS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

RUN_AXE = """
async () => (await axe.run()).violations.map(
  one => one.id + ": " + one.help + "\\n" + one.nodes.map(node => "  " + node.html + "\\n  " + node.failureSummary).join("\\n"))
"""


@pytest.mark.parametrize("kind", PAGE_KINDS)
def test_axe_finds_no_problem(chromium: Browser, site: str, arabic: str, kind: str) -> None:
    script = (require_node_package("axe-core") / "axe.min.js").read_text("utf-8")
    for address, scheme, width in ((site, "light", 1280), (arabic, "dark", 360)):
        # The page's policy forbids other scripts, so the test bypasses it.
        with open_page(chromium, width=width, color_scheme=scheme, bypass_csp=True) as recorder:
            recorder.page.goto(address + PAGE_KINDS[kind][0])
            recorder.page.evaluate(script)
            problems = recorder.page.evaluate(RUN_AXE)
            assert not problems, "\n".join(problems)
