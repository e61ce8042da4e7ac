"""Markdown to HTML by comrak: CommonMark with tables, strikethrough, bare links and footnotes. Nothing is cleaned here.

comrak parses in linear time, without recursion, and caps what reference definitions expand to (100 kB in a text).

A deletion has two tildes. comrak takes one, too, as GitHub does, and with it the ranges that Korean, Chinese and Japanese texts
write ("10~12, 2~4"). So a single tilde is replaced by a character that no text may hold while it parses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Final

# One tilde alone, behind an even number of backslashes.
_SINGLE_TILDE: Final = re.compile(r"(?<![\\~])((?:\\\\)*+)~(?!~)")
_STAND_IN: Final = "\ufdd0"  # a noncharacter (Unicode, section 23.7)
_IN_ADDRESS: Final = "%EF%B7%90"


def to_html(markdown: str) -> str:
    """Return the HTML of a text; raw HTML passes through as it is written."""
    return _render(markdown, positions=False)


def to_html_with_positions(markdown: str) -> str:
    """Return the same HTML, in which generated elements carry `data-sourcepos="line:column-line:column"`.

    Raw HTML carries none. Lines count from 1.
    """
    return _render(markdown, positions=True)


def _render(markdown: str, *, positions: bool) -> str:
    replaced = _SINGLE_TILDE.sub(rf"\1{_STAND_IN}", markdown) if "~" in markdown else markdown
    made = _renderer(positions=positions)(replaced)
    return made if replaced is markdown else made.replace(_STAND_IN, "~").replace(_IN_ADDRESS, "~")


@cache
def _renderer(*, positions: bool) -> Callable[[str], str]:
    """The parser is imported with the first text: a start need not wait for it."""
    import comrak  # noqa: PLC0415

    extensions = comrak.ExtensionOptions(table=True, strikethrough=True, autolink=True, footnotes=True)
    options = comrak.RenderOptions(unsafe_=True, sourcepos=positions)
    return partial(comrak.markdown_to_html, extension_options=extensions, render_options=options)
