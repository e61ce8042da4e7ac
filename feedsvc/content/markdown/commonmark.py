"""Markdown to HTML with comrak: CommonMark with tables, strikethrough, bare links and footnotes.

The HTML is not cleaned.

comrak parses in linear time, without recursion, and limits the expansion of reference definitions (100 kB for a text).

Strikethrough needs two tildes. comrak accepts one, too, as GitHub does, and so would strike out the ranges of Korean, Chinese and
Japanese texts ("10~12, 2~4"). So a single tilde is replaced by a noncharacter before comrak parses the text, and restored after.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import comrak

# A single tilde that is not escaped: an even number of backslashes before it.
_SINGLE_TILDE: Final = re.compile(r"(?<![\\~])((?:\\\\)*+)~(?!~)")
TILDE_SUBSTITUTE: Final = "\ufdd0"  # a noncharacter (Unicode, section 23.7)
_TILDE_SUBSTITUTE_IN_URL: Final = "%EF%B7%90"


def to_html(markdown: str, *, with_positions: bool = False) -> str:
    """Return the uncleaned HTML of Markdown; raw HTML in it is not changed.

    With positions, generated elements have attributes `data-sourcepos="line:column-line:column"`, from 1, but not raw HTML.
    """
    text = substitute_tildes(markdown)
    html = _renderer(with_positions=with_positions)(text)
    return html if text is markdown else restore_tildes(html).replace(_TILDE_SUBSTITUTE_IN_URL, "~")


def substitute_tildes(markdown: str) -> str:
    return _SINGLE_TILDE.sub(rf"\1{TILDE_SUBSTITUTE}", markdown) if "~" in markdown else markdown


def restore_tildes(text: str) -> str:
    return text.replace(TILDE_SUBSTITUTE, "~")


@cache
def _renderer(*, with_positions: bool) -> Callable[[str], str]:
    """Return comrak's function from Markdown to HTML. comrak is imported for the first text, not earlier, for a faster start."""
    import comrak  # noqa: PLC0415

    options = comrak.RenderOptions(unsafe_=True, sourcepos=with_positions)
    return partial(comrak.markdown_to_html, extension_options=extensions(), render_options=options)


@cache
def extensions() -> comrak.ExtensionOptions:
    import comrak  # noqa: PLC0415

    return comrak.ExtensionOptions(table=True, strikethrough=True, autolink=True, footnotes=True)
