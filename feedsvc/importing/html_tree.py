"""Tree of cleaned HTML, in which each "<" begins a tag, and all elements are closed in order."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Final

from feedsvc.content.markdown.elements import VOID_ELEMENTS

INLINE_ELEMENTS: Final = frozenset(
    {
        *("a", "abbr", "b", "bdi", "br", "cite", "code", "del", "dfn", "em", "i", "img", "ins", "kbd", "mark", "q", "rp", "rt"),
        *("ruby", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr", "audio", "video", "source"),
    }
)
_TAG: Final = re.compile(r"<(/?)([a-z][a-z0-9]*)([^>]*)>")
_ATTRIBUTE: Final = re.compile(r'([a-z:-]+)="([^"]*)"')


@dataclass(slots=True)
class HtmlNode:
    """An element, or a text if `name` is "". `source` is the markup of the start tag, or of the text with its entities.

    The values of `attributes` have their entities decoded.
    """

    name: str
    source: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[HtmlNode] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The characters of a text node, with entities decoded. Not for elements: their texts are in their `children`."""
        return html.unescape(self.source)

    @property
    def is_inline(self) -> bool:
        return not self.name or self.name in INLINE_ELEMENTS

    @property
    def is_blank(self) -> bool:
        """True for a text of white space (HTML's; a non-breaking space is none)."""
        return not self.name and not self.source.strip(" \t\n\f\r")

    @property
    def end_tag(self) -> str:
        return f"</{self.name}>" if self.name and self.name not in VOID_ELEMENTS else ""

    def markup(self) -> str:
        """Return the node and all nodes in it as HTML."""
        return f"{self.source}{''.join(child.markup() for child in self.children)}{self.end_tag}"


def parse_tree(clean: str) -> list[HtmlNode]:
    """Return the top-level nodes of HTML that `clean_html` returned; other HTML gives a wrong tree, but no error."""
    root = HtmlNode("", "")
    stack, pos = [root], 0
    for tag in _TAG.finditer(clean):
        if tag.start() > pos:
            stack[-1].children.append(HtmlNode("", clean[pos : tag.start()]))
        pos = tag.end()
        name = tag[2]
        if tag[1]:
            if len(stack) > 1 and stack[-1].name == name:
                stack.pop()
            continue
        attributes = {match[1]: html.unescape(match[2]) for match in _ATTRIBUTE.finditer(tag[3])}
        node = HtmlNode(name, tag[0], attributes)
        stack[-1].children.append(node)
        if name not in VOID_ELEMENTS:
            stack.append(node)
    if pos < len(clean):
        stack[-1].children.append(HtmlNode("", clean[pos:]))
    return root.children
