"""Markdown to HTML by comrak: CommonMark with tables, strikethrough, bare links and footnotes. Nothing is cleaned here.

comrak parses in linear time, without recursion, and caps what reference definitions expand to (100 kB in a text).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial


def to_html(markdown: str) -> str:
    """Return the HTML of a text; raw HTML passes through as it is written."""
    return _renderer(positions=False)(markdown)


def to_html_with_positions(markdown: str) -> str:
    """Return the same HTML, in which generated elements carry `data-sourcepos="line:column-line:column"`.

    Raw HTML carries none. Lines count from 1.
    """
    return _renderer(positions=True)(markdown)


@cache
def _renderer(*, positions: bool) -> Callable[[str], str]:
    """The parser is imported with the first text: a start need not wait for it."""
    import comrak  # noqa: PLC0415

    extensions = comrak.ExtensionOptions(table=True, strikethrough=True, autolink=True, footnotes=True)
    options = comrak.RenderOptions(unsafe_=True, sourcepos=positions)
    return partial(comrak.markdown_to_html, extension_options=extensions, render_options=options)
