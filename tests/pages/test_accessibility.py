"""axe-core finds no accessibility problem on any kind of page, light, wide and in English or dark, narrow and in Arabic.

Colors do not depend on the width or the direction of the text; `test_narrow_screens.py` looks at narrow pages in more languages.
"""

from __future__ import annotations

import pytest

from tests.pages.axe import FindProblems
from tests.pages.page_kinds import PAGE_KINDS


@pytest.mark.parametrize("kind", PAGE_KINDS)
def test_axe_finds_no_problem(find_problems: FindProblems, site: str, arabic: str, kind: str) -> None:
    for address, scheme, width in ((site, "light", 1280), (arabic, "dark", 360)):
        problems = find_problems(address + PAGE_KINDS[kind][0], scheme, width)
        assert not problems, "\n".join(problems)
