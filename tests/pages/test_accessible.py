"""axe-core finds nothing on any page kind, light or dark, narrow or wide, in either direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pages.browser_page import looking
from tests.pages.conftest import require_node_package
from tests.pages.page_kinds import KINDS, SCHEMES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

RUN = """
async () => (await axe.run()).violations.map(
  one => one.id + ": " + one.help + "\\n" + one.nodes.map(node => "  " + node.html + "\\n  " + node.failureSummary).join("\\n"))
"""


@pytest.mark.parametrize("look_of", list(zip(SCHEMES, (1280, 360), strict=True)))
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_nothing(chromium: Browser, site: str, arabic: str, kind: str, look_of: tuple[str, int]) -> None:
    scheme, width = look_of
    script = (require_node_package("axe-core") / "axe.min.js").read_text("utf-8")
    for address in (site, arabic):
        # The page's own policy lets no foreign script in; the tests do.
        with looking(chromium, width=width, color_scheme=scheme, bypass_csp=True) as look:
            look.page.goto(address + KINDS[kind][0])
            look.page.evaluate(script)
            found = look.page.evaluate(RUN)
            assert not found, "\n".join(found)
