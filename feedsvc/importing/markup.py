"""Elements and plain text of HTML that has not been cleaned. Elements are found by their tags in one pass, without a tree."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final, NamedTuple

_VOID_ELEMENTS: Final = frozenset({"embed", "img", "input"})
_ATTRIBUTE: Final = re.compile(r"(?<![\w:.-])([A-Za-z_:][\w:.-]*+)\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]++))")
_COMMENT: Final = re.compile(r"<!--(?:[^-]|-(?!->))*+(?:-->|\Z)")
_BREAK: Final = re.compile(r"<(?:br|/p|/div|/li|/h[1-6]|/blockquote)\b[^<>]*+>", re.IGNORECASE)
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*+>")


class MarkupElement(NamedTuple):
    """An element from its start tag to the first end tag of its name; a void element is only its tag.

    `name` is in lower case, `tag` is the start tag, `inner` the markup up to the end tag, "" for a void element. `start` and
    `end` are indexes in the markup.
    """

    name: str
    tag: str
    inner: str
    start: int
    end: int


def find_elements(markup: str, *names: str) -> Iterator[MarkupElement]:
    """Yield the elements of these names (given in lower case, found in any) in order, none within another of them.

    An element ends at the first end tag of its name. One without end tag is left out, except the void `embed`, `img`, `input`.
    """
    opening, pos = _opening(names), 0
    unclosed: set[str] = set()  # names without an end tag in the rest, which is searched once for each
    while match := opening.search(markup, pos):
        name, pos = match[1].lower(), match.end()
        if name in _VOID_ELEMENTS:
            yield MarkupElement(name, match[0], "", match.start(), pos)
            continue
        closing = None if name in unclosed else _closing(name).search(markup, pos)
        if closing is None:
            unclosed.add(name)
            continue
        yield MarkupElement(name, match[0], markup[pos : closing.start()], match.start(), closing.end())
        pos = closing.end()


def replace_elements(markup: str, function: Callable[[MarkupElement], str], *names: str) -> str:
    """Return HTML with the result of `function`, which is HTML, in place of each element that `find_elements` yields."""
    pieces, pos = [], 0
    for element in find_elements(markup, *names):
        pieces += [markup[pos : element.start], function(element)]
        pos = element.end
    return "".join((*pieces, markup[pos:])) if pieces else markup


def attributes_of(tag: str) -> dict[str, str]:
    """Return the attributes of a start tag by lower-case name, with entities decoded. Those without a value are left out."""
    return {
        match[1].lower(): html.unescape(next((value for value in match.group(2, 3, 4) if value is not None), ""))
        for match in _ATTRIBUTE.finditer(tag)
    }


def to_plain_text(markup: str) -> str:
    """Return the text of HTML in one line: without tags, comments, scripts and styles, with entities decoded.

    Ends of blocks and `br` become spaces.
    """
    if "<" in markup:
        spaced = _BREAK.sub(" ", replace_elements(_COMMENT.sub("", markup), lambda _: "", "script", "style"))
        markup = _TAG.sub("", spaced)
    return " ".join(html.unescape(markup).split())


@cache
def _opening(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"<({'|'.join(names)})(?=[\s/>])[^<>]*+>", re.IGNORECASE)


@cache
def _closing(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}\s*+>", re.IGNORECASE)
