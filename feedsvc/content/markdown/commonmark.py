"""Markdown to HTML with comrak: CommonMark with tables, strikethrough, bare links and footnotes. The HTML is not cleaned.

comrak parses in linear time, without recursion, and limits the expansion of reference definitions (100 kB for a text).

Strikethrough needs two tildes. comrak accepts one, too, as GitHub does, and so would strike out the ranges of Korean, Chinese and
Japanese texts ("10~12, 2~4"). So a single tilde is replaced by a noncharacter before comrak parses the text, and restored after.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Final

# A single tilde that is not escaped: an even number of backslashes before it.
_SINGLE_TILDE: Final = re.compile(r"(?<![\\~])((?:\\\\)*+)~(?!~)")
_TILDE_SUBSTITUTE: Final = "\ufdd0"  # a noncharacter (Unicode, section 23.7)
_TILDE_SUBSTITUTE_IN_URL: Final = "%EF%B7%90"


def to_html(markdown: str) -> str:
    """Return the uncleaned HTML of a text; raw HTML in the text is not changed."""
    return _render(markdown, with_positions=False)


def to_html_with_positions(markdown: str) -> str:
    """Return the HTML of `to_html` with `data-sourcepos="line:column-line:column"` on generated elements, not on raw HTML.

    Lines and columns count from 1.
    """
    return _render(markdown, with_positions=True)


def _render(markdown: str, *, with_positions: bool) -> str:
    text = _SINGLE_TILDE.sub(rf"\1{_TILDE_SUBSTITUTE}", markdown) if "~" in markdown else markdown
    html = _renderer(with_positions=with_positions)(text)
    return html if text is markdown else html.replace(_TILDE_SUBSTITUTE, "~").replace(_TILDE_SUBSTITUTE_IN_URL, "~")


@cache
def _renderer(*, with_positions: bool) -> Callable[[str], str]:
    """Return comrak's function from Markdown to HTML. comrak is imported for the first text, not earlier, for a faster start."""
    import comrak  # noqa: PLC0415

    extensions = comrak.ExtensionOptions(table=True, strikethrough=True, autolink=True, footnotes=True)
    options = comrak.RenderOptions(unsafe_=True, sourcepos=with_positions)
    return partial(comrak.markdown_to_html, extension_options=extensions, render_options=options)
