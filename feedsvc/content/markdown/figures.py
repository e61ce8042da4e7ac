"""Figures of a text: images with a caption, pull quotes, and bare links, in Markdown that other programs show well, too.

`![alt](media/x.jpg "caption")`, alone in its paragraph, is an image with a caption. A block quote that begins with a line
`[!QUOTE]` is a pull quote; a last paragraph that begins with a dash names whom it quotes. A bare link is a
paragraph that is only an address. Pages and feeds replace those with an entry in `embeds`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Final

# In cleaned HTML each "<" begins a tag, and no attribute value contains a quote or ">".
_IMAGE_PARAGRAPH: Final = re.compile(
    r'<p>(?P<before>(?P<link><a [^>]*>)?<img[^>]*?) title="(?P<caption>[^"]+)"(?P<after>[^>]*>(?(link)</a>))</p>'
)
_QUOTE_START: Final = re.compile(r"<blockquote>\n<p>\[!QUOTE\](?:\n|</p>\n(?=<p>))")
_QUOTE_TAG: Final = re.compile(r"<(/?)blockquote(?: [^<>]*)?>")
_FIGURE_TAG: Final = re.compile(r"<(/?)figure(?: [^<>]*)?>")
_ATTRIBUTION: Final = re.compile(r"<p>(?P<name>[—–-] ?(?:[^<]|<(?!p>|/p>))+)</p>\n\Z")
# The marker as comrak writes it in Markdown, with another line of the same quote below it.
_MARKDOWN_MARKER: Final = re.compile(r"(?m)^([> ]*> )\\\[\\!QUOTE\\\]\n(?=\1)")
_PULL_QUOTE: Final = re.compile(r"<figure>\s*+<blockquote>")
_CAPTION: Final = re.compile(r"<figcaption>(?:[^<]|<(?!/?figcaption>))*+</figcaption>")
# In cleaned HTML no attribute value contains a quote. The text of a bare link is its address, as the editor wrote it.
_BARE_LINK: Final = re.compile(r'<p><a href="(?P<address>[^"]+)">(?:https?://|www\.)[^<\s]*</a></p>')


def mark_figures(clean: str) -> str:
    """Return cleaned HTML with figure elements for images with a title, alone in a paragraph, and for pull quotes.

    The title becomes the caption; the image may be in a link. Pull quotes are block quotes that begin with [!QUOTE].
    """
    if ' title="' in clean:
        clean = _IMAGE_PARAGRAPH.sub(r"<figure>\g<before>\g<after><figcaption>\g<caption></figcaption></figure>", clean)
    return _mark_quotes(clean) if "[!QUOTE]" in clean else clean


def without_figure_texts(clean: str) -> str:
    """Return cleaned HTML, for an excerpt, without captions and pull quotes. Pull quotes repeat a sentence of the text."""
    return _CAPTION.sub("", _without_pull_quotes(clean)) if "<figure" in clean else clean


def remove_quote_markers(markdown: str) -> str:
    """Return Markdown that comrak wrote without the `[!QUOTE]` lines of pull quotes: other programs show plain block quotes."""
    return _MARKDOWN_MARKER.sub(_without_marker, markdown) if "!QUOTE" in markdown else markdown


def _without_marker(marker: re.Match[str]) -> str:
    """Return "" for a marker in the first line of its quote, and the line unchanged for one in a later line, which is text."""
    text, end = marker.string, marker.start()
    line_start = text.rfind("\n", 0, max(end - 1, 0)) + 1
    # In a later line of a quote, the line before has ">" in the same column.
    return marker[0] if text.startswith(">", line_start + len(marker[1]) - 2, end) else ""


def _without_pull_quotes(clean: str) -> str:
    parts, position = [], 0
    while start := _PULL_QUOTE.search(clean, position):
        end = _end_tag(_FIGURE_TAG, clean, start.end())
        if end is None:
            break
        parts.append(clean[position : start.start()])
        position = end.end()
    return "".join((*parts, clean[position:]))


def _mark_quotes(clean: str) -> str:
    parts, position = [], 0
    while start := _QUOTE_START.search(clean, position):
        end = _end_tag(_QUOTE_TAG, clean, start.end())
        if end is None:
            break
        # The first paragraph's tag follows if the marker had a paragraph of its own.
        opening = "" if clean.startswith("<p>", start.end()) else "<p>"
        text = _mark_quotes(f"{opening}{clean[start.end() : end.start()]}")
        parts += [clean[position : start.start()], _quote(text)]
        position = end.end()
    return "".join((*parts, clean[position:]))


def _end_tag(pattern: re.Pattern[str], clean: str, position: int) -> re.Match[str] | None:
    """Return the end tag of the element that is open at a position, None if missing. `pattern` matches all tags of its name."""
    depth = 1
    for tag in pattern.finditer(clean, position):
        depth += -1 if tag[1] else 1
        if not depth:
            return tag
    return None


def _quote(text: str) -> str:
    """Return the figure of a pull quote with this HTML; its last paragraph is the caption if it begins with a dash.

    If the HTML has nothing but this paragraph, return a block quote with all of it.
    """
    attribution = _ATTRIBUTION.search(text)
    quoted = text[: attribution.start()] if attribution else text
    if not quoted.strip():
        return f"<blockquote>\n{text}</blockquote>"
    caption = f"<figcaption>{attribution['name']}</figcaption>" if attribution else ""
    return f"<figure><blockquote>\n{quoted}</blockquote>{caption}</figure>"


def bare_links(markup: str) -> Iterator[str]:
    """Yield the absolute address, entities decoded, of each paragraph of cleaned HTML that is only an address, in order."""
    return (html.unescape(match["address"]) for match in _BARE_LINK.finditer(markup))


def replace_bare_links(markup: str, replacement: Callable[[str], str]) -> str:
    """Return cleaned HTML with `replacement(address)`, which is HTML, in place of each paragraph that is only an address.

    The address is absolute, with entities decoded. If `replacement` returns "", the paragraph stays.
    """
    return _BARE_LINK.sub(lambda match: replacement(html.unescape(match["address"])) or match[0], markup)
