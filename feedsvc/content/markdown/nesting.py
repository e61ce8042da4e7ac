"""Depth limit of HTML, checked in one pass before a cleaner builds a tree, because a tree costs depth times length.

Raw HTML may leave elements open or close them in any order. Then elements lie deeper than the tags indicate. So an end tag that
does not close the innermost open element increases the counted depth until the end of the text. The counted depth is at least a
third of that of the tree that browsers build. Browsers reopen unclosed emphasis in every following block (WHATWG HTML, section
13.2.4.3); the number of reopened elements is limited, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from feedsvc.content.markdown.elements import (
    ALLOWED_ELEMENTS,
    BLOCK_ELEMENTS,
    CODE_ELEMENTS,
    TABLE_ELEMENTS,
    TOKEN,
    VOID_ELEMENTS,
)

MAX_DEPTH: Final = 100
_MAX_REOPENED: Final = 200_000  # elements
_MAX_TAG_LENGTH: Final = 10_000  # characters; cleaners compare each attribute of a tag with all others
_EMPTY_COMMENT: Final = "<!---->"  # replaces a tag, so that the text around it cannot form a tag
_OPTIONAL_END_TAGS: Final = frozenset({"p", "li", "dd", "dt", *TABLE_ELEMENTS})
# End tag -> maximum number of open elements of _OPTIONAL_END_TAGS that it closes, too.
_MAX_OMITTED_END_TAGS: Final = {**dict.fromkeys((*BLOCK_ELEMENTS, *TABLE_ELEMENTS), 2), "table": 4}
_CELL_ELEMENTS: Final = frozenset({"p", "td", "th"})
# Start tag -> elements that it closes while one of them is the innermost open element.
_IMPLIED_END_TAGS: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys((*BLOCK_ELEMENTS, "hr", "p"), frozenset({"p"})),
    "a": frozenset({"a"}),
    "li": frozenset({"p", "li"}),
    **dict.fromkeys(("dd", "dt"), frozenset({"p", "dd", "dt"})),
    **dict.fromkeys(("td", "th"), _CELL_ELEMENTS),
    "tr": _CELL_ELEMENTS | {"tr"},
    **dict.fromkeys(("tbody", "thead", "tfoot", "caption"), frozenset({"p", *TABLE_ELEMENTS})),
}
# Elements that browsers reopen in the next block if a block ends while they are open.
_FORMATTING: Final = frozenset({"a", "b", "code", "em", "i", "s", "small", "strong", "u"})
# Start tags that Markdown without raw HTML can nest (containers, emphasis), with the number of elements that each adds.
_GENERATED_DEPTHS: Final = (("<blockquote>", 1), ("<ul>", 2), ("<ol", 2), ("<em>", 1), ("<strong>", 1), ("<del>", 1))
_DEPTH_MARGIN: Final = 20  # elements around and inside those that do not nest, as of a table or footnote


class TooDeep(NamedTuple):
    """Result for HTML that exceeds the limit on depth or on reopened elements. The first tag that does is at index `offset`."""

    offset: int


class RemovedElement(NamedTuple):
    """Start tag that was removed: its name in lower case, and its index (`offset`) in the HTML before the removal.

    The element is not allowed in an article, or the tag has over 10,000 characters.
    """

    name: str
    offset: int


class CheckedHtml(NamedTuple):
    """HTML with allowed elements only, within the limits, and the start tags that were removed from it, in their order."""

    html: str
    removed: tuple[RemovedElement, ...] = ()


def check(html: str, *, is_generated: bool) -> CheckedHtml | TooDeep:
    """Return the HTML with allowed elements only; TooDeep if it exceeds the limit on depth (100) or on reopened elements.

    Comments, scripts, styles, and tags that are not allowed or longer than 10,000 characters, become empty comments; the text
    between such tags stays. Takes linear time.
    `is_generated` is True if the Markdown had no raw HTML. Then HTML that cannot be too deep is returned unchanged.
    """
    return CheckedHtml(html) if is_generated and _is_shallow(html) else _NestingChecker(html).check()


def _is_shallow(html: str) -> bool:
    """Return True only if HTML cannot be too deep; it must have been generated from Markdown without raw HTML.

    If the result is False, it may be deep or not.
    """
    max_depth = MAX_DEPTH - _DEPTH_MARGIN
    # An element has two tags and adds at most two levels, so the number of tags, which is found faster, is a bound.
    return html.count("<") <= max_depth or sum(html.count(tag) * depth for tag, depth in _GENERATED_DEPTHS) <= max_depth


class _NestingChecker:
    def __init__(self, html: str) -> None:
        self.html = html
        self.open_elements: list[str] = []
        self.misnested = 0  # elements that may still be open after the end tag of an outer element
        self.formatting = 0  # number of open elements that are in _FORMATTING
        self.reopened = 0
        self.removed: list[RemovedElement] = []

    def check(self) -> CheckedHtml | TooDeep:
        html, parts, copied_end = self.html, list[str](), 0
        position = 0
        while token := TOKEN.search(html, position):
            position, name = token.end(), (token["name"] or "").lower()
            if name in ALLOWED_ELEMENTS and position - token.start() <= _MAX_TAG_LENGTH:
                (self._end if token["end"] else self._start)(name)
                if len(self.open_elements) + self.misnested > MAX_DEPTH or self.reopened > _MAX_REOPENED:
                    return TooDeep(token.start())
                continue
            if name and not token["end"]:
                self.removed.append(RemovedElement(name, token.start()))
                position = self._skip_code(name, position) if name in CODE_ELEMENTS else position
            parts += html[copied_end : token.start()], _EMPTY_COMMENT
            copied_end = position
        return CheckedHtml("".join((*parts, html[copied_end:])) if parts else html, tuple(self.removed))

    def _skip_code(self, name: str, position: int) -> int:
        while token := TOKEN.search(self.html, position):
            position = token.end()
            if token["end"] and (token["name"] or "").lower() == name:
                return position
        return len(self.html)

    def _start(self, name: str) -> None:
        implied = _IMPLIED_END_TAGS.get(name)
        if implied:
            while self.open_elements and self.open_elements[-1] in implied:
                self._pop()
        self.reopened += self.misnested + self.formatting
        if name not in VOID_ELEMENTS:
            self.open_elements.append(name)
            self.formatting += name in _FORMATTING

    def _end(self, name: str) -> None:
        if name not in self.open_elements:
            return
        for _ in range(_MAX_OMITTED_END_TAGS.get(name, 0)):
            if self.open_elements[-1] == name or self.open_elements[-1] not in _OPTIONAL_END_TAGS:
                break
            self._pop()
        if self.open_elements[-1] == name:
            self._pop()
            return
        self.misnested += 1
        while self._pop() != name:
            self.misnested += 1

    def _pop(self) -> str:
        name = self.open_elements.pop()
        self.formatting -= name in _FORMATTING
        return name
