"""Block elements of HTML as Markdown: paragraphs, headings, rules, quotes, lists, code and tables without attributes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from feedsvc.importing.html_tree import HtmlNode
from feedsvc.importing.markdown_inline import inline_markdown


class NoMarkdownError(Exception):
    """Raised for a block that cannot be written as Markdown."""


@dataclass(frozen=True, slots=True)
class MarkdownStyle:
    """Choices of syntax. Without `uses_marks`, emphasis stays in tags.

    The markers of a list are "-" and "1."; with `is_alternate`, "*" and "1)".
    """

    uses_marks: bool = True
    is_alternate: bool = False


def block_markdown(node: HtmlNode, style: MarkdownStyle) -> str:
    """Return a block element as Markdown without a line break at its end; inline elements without Markdown syntax stay tags.

    It is not checked that the Markdown shows the same. Raises NoMarkdownError if the block or one in it has no Markdown syntax,
    no text where it needs some, or an attribute (but `start` of `ol`).
    """
    writer = _BLOCKS.get(node.name)
    is_list_start = node.name == "ol" and node.attributes.keys() <= {"start"}
    if writer is None or (node.attributes and not is_list_start):
        raise NoMarkdownError(node.name)
    return writer(node, style)


def alternate_lists(blocks: Sequence[HtmlNode]) -> Iterator[tuple[HtmlNode, bool]]:
    """Yield each block with True if it needs other list markers, as every second one of adjacent lists of one type does.

    With equal markers, Markdown would join the lists.
    """
    before, is_alternate = "", False
    for block in blocks:
        is_alternate = block.name in ("ul", "ol") and block.name == before and not is_alternate
        yield block, is_alternate
        before = block.name


def _paragraph(node: HtmlNode, style: MarkdownStyle) -> str:
    if not all(child.is_inline for child in node.children):
        raise NoMarkdownError(node.name)
    text = inline_markdown(node.children, uses_marks=style.uses_marks)
    if not text:
        raise NoMarkdownError(node.name)
    return text


def _heading(node: HtmlNode, style: MarkdownStyle) -> str:
    text = _paragraph(node, style)
    if "\n" in text:
        raise NoMarkdownError(node.name)
    # "#" at the end would be read as the heading's closing sequence.
    return f"{'#' * int(node.name[1])} {text[:-1]}\\#" if text.endswith("#") else f"{'#' * int(node.name[1])} {text}"


def _rule(node: HtmlNode, style: MarkdownStyle) -> str:
    del node, style
    return "---"


def _quote(node: HtmlNode, style: MarkdownStyle) -> str:
    return _indent(_children(node.children, style), "> ", "> ")


def _children(nodes: Sequence[HtmlNode], style: MarkdownStyle) -> str:
    """Return block elements as Markdown, separated by empty lines.

    Raises NoMarkdownError if there is none, if one has no Markdown, or if there is text between them.
    """
    blocks = [node for node in nodes if not node.is_blank]
    if not blocks or any(node.is_inline for node in blocks):
        raise NoMarkdownError("text")
    texts = (block_markdown(block, replace(style, is_alternate=alternate)) for block, alternate in alternate_lists(blocks))
    return "\n\n".join(texts)


def _list(node: HtmlNode, style: MarkdownStyle) -> str:
    items = [child for child in node.children if not child.is_blank]
    if not items or any(item.name != "li" or item.attributes for item in items):
        raise NoMarkdownError(node.name)
    is_loose = {any(child.name == "p" for child in item.children) for item in items}
    if len(is_loose) > 1:
        raise NoMarkdownError(node.name)
    start = node.attributes.get("start", "1")
    if not start.isdecimal():
        raise NoMarkdownError(node.name)
    lines = []
    for index, item in enumerate(items):
        marker = (
            ("*" if style.is_alternate else "-")
            if node.name == "ul"
            else f"{int(start) + index}{')' if style.is_alternate else '.'}"
        )
        text = _children(item.children, style) if True in is_loose else _tight_item(item, style)
        lines.append(_indent(text, f"{marker} ", " " * (len(marker) + 1)))
    return ("\n\n" if True in is_loose else "\n").join(lines)


def _tight_item(item: HtmlNode, style: MarkdownStyle) -> str:
    """Return the text of a list item, and the lists below it, as Markdown.

    Raises NoMarkdownError for other block elements, and for an item without text.
    """
    nodes = [child for child in item.children if not child.is_blank]
    count = next((index for index, child in enumerate(item.children) if not child.is_inline), len(item.children))
    text = inline_markdown(item.children[:count], uses_marks=style.uses_marks)
    blocks = [child for child in item.children[count:] if not child.is_blank]
    if not nodes or not text or any(block.name not in ("ul", "ol") for block in blocks):
        raise NoMarkdownError(item.name)
    return "\n".join((text, *(block_markdown(block, replace(style, is_alternate=False)) for block in blocks)))


def _code(node: HtmlNode, style: MarkdownStyle) -> str:
    del style
    code = [child for child in node.children if not child.is_blank]
    if len(code) != 1 or code[0].name != "code" or code[0].attributes or any(child.name for child in code[0].children):
        raise NoMarkdownError(node.name)
    text = "".join(child.text for child in code[0].children).removesuffix("\n")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _table(node: HtmlNode, style: MarkdownStyle) -> str:
    sections = [child for child in node.children if not child.is_blank]
    if [section.name for section in sections] not in (["thead", "tbody"], ["thead"]) or any(s.attributes for s in sections):
        raise NoMarkdownError(node.name)
    head, *rows = (_cells(row, style) for section in sections for row in section.children if not row.is_blank)
    head_rows = [row for row in sections[0].children if not row.is_blank]
    if len(head_rows) != 1 or not head or any(len(row) != len(head) for row in rows):
        raise NoMarkdownError(node.name)
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: HtmlNode, style: MarkdownStyle) -> list[str]:
    cells = [cell for cell in row.children if not cell.is_blank]
    if row.name != "tr" or any(cell.attributes or not all(child.is_inline for child in cell.children) for cell in cells):
        raise NoMarkdownError(row.name)
    return [inline_markdown(cell.children, uses_marks=style.uses_marks, in_table=True) for cell in cells]


def _indent(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    return "\n".join((first if index == 0 else rest if line else rest.rstrip()) + line for index, line in enumerate(lines))


_BLOCKS: Final[dict[str, Callable[[HtmlNode, MarkdownStyle], str]]] = {
    "blockquote": _quote,
    "hr": _rule,
    "ol": _list,
    "p": _paragraph,
    "pre": _code,
    "table": _table,
    "ul": _list,
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _heading),
}
