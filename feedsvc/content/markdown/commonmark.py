"""Markdown to HTML, and to other Markdown, with comrak: CommonMark with tables, strikethrough, bare links and footnotes.

The HTML is not cleaned.

comrak parses in linear time, without recursion, and limits the expansion of reference definitions (100 kB for a text).

Strikethrough needs two tildes. comrak accepts one, too, as GitHub does, and so would strike out the ranges of Korean, Chinese and
Japanese texts ("10~12, 2~4"). So a single tilde is replaced by a noncharacter before comrak parses the text, and restored after.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import comrak

# A single tilde that is not escaped: an even number of backslashes before it.
_SINGLE_TILDE: Final = re.compile(r"(?<![\\~])((?:\\\\)*+)~(?!~)")
_TILDE_SUBSTITUTE: Final = "\ufdd0"  # a noncharacter (Unicode, section 23.7)
_TILDE_SUBSTITUTE_IN_URL: Final = "%EF%B7%90"
_ESCAPED_TILDE_SUBSTITUTE: Final = "\ufdd1"
_MAX_HEADING_LEVEL: Final = 6
# What comrak writes between two lists. Those of different types need nothing there.
_END_OF_LIST: Final = re.compile(r"(?m)^[> ]*<!-- end list -->\n[> ]*\n")
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9+#._-]+(?!\S)")  # of a fenced code block


@dataclass(frozen=True, kw_only=True, slots=True)
class Rewriting:
    """Functions that `rewrite` applies to a text.

    `link` and `image` return another address for an address, "" to remove the link but not its text, or to remove the image.
    `html` returns other markup for the markup of raw HTML (a tag, a comment, or a block of several lines), "" to remove it. With
    `has_captions`, the title of an image alone in its paragraph becomes a paragraph below it, because a page shows it as caption.
    """

    link: Callable[[str], str]
    image: Callable[[str], str]
    html: Callable[[str], str]
    has_captions: bool = False


def to_html(markdown: str) -> str:
    """Return the uncleaned HTML of Markdown; raw HTML in it is not changed."""
    return _render(markdown, with_positions=False)


def to_html_with_positions(markdown: str) -> str:
    """Return the HTML of `to_html` with `data-sourcepos="line:column-line:column"` on generated elements, not on raw HTML.

    Lines and columns count from 1.
    """
    return _render(markdown, with_positions=True)


def rewrite(markdown: str, rewriting: Rewriting) -> str:
    """Return Markdown in comrak's normal form, with the changes of `rewriting`. The text of code is not changed.

    Links and images contain their addresses, so reference definitions are left out, even unused ones. After a code fence, only
    the language stays. If any heading has level 1, the level of each becomes one more, at most 6, because the article's title
    is the heading of level 1.

    The text must be within the limits of `render.render_within_limits`, because the depth of recursion is that of the text.
    """
    return _Rewriter(rewriting).rewrite(markdown)


class _Rewriter:
    """Rewriter of one text. It changes comrak's tree in place."""

    def __init__(self, rewriting: Rewriting) -> None:
        import comrak  # noqa: PLC0415 - see _renderer

        self._comrak, self._rewriting, self._demotes_headings = comrak, rewriting, False
        # Type of a node's value -> function that changes the node and returns the nodes that replace it.
        self._functions: dict[type, Callable[[comrak.AstNode, Any], list[comrak.AstNode]]] = {
            comrak.Text: self._rewrite_text,
            comrak.Link: self._rewrite_link,
            comrak.Image: self._rewrite_image,
            comrak.HtmlInline: self._rewrite_inline_html,
            comrak.HtmlBlock: self._rewrite_html_block,
            comrak.Heading: self._rewrite_heading,
            comrak.CodeBlock: self._rewrite_code_block,
        }
        if rewriting.has_captions:
            self._functions[comrak.Paragraph] = self._rewrite_paragraph

    def rewrite(self, markdown: str) -> str:
        root = self._comrak.parse_document(_substitute_tildes(markdown), extension_options=_extensions())
        # Headings are never in a paragraph; those in quotes and lists are deeper in the tree.
        self._demotes_headings = self._has_top_heading(root)
        self._rewrite_node(root)
        options = self._comrak.RenderOptions(prefer_fenced=True)
        text = _END_OF_LIST.sub("", self._comrak.format_commonmark(root, extension_options=_extensions(), render_options=options))
        return text.replace(_ESCAPED_TILDE_SUBSTITUTE, r"\~").replace(_TILDE_SUBSTITUTE, "~")

    def _has_top_heading(self, node: comrak.AstNode) -> bool:
        value = node.node_value
        if isinstance(value, self._comrak.Heading):
            return value.value.level == 1
        return any(map(self._has_top_heading, node.children))

    def _rewrite_node(self, node: comrak.AstNode) -> list[comrak.AstNode]:
        # Without this, node and parent would refer to each other, and comrak's objects in a cycle are never freed.
        node.parent = None
        node.children = [new for child in node.children for new in self._rewrite_node(child)]
        function = self._functions.get(type(node.node_value))
        return function(node, node.node_value) if function else [node]

    def _rewrite_text(self, node: comrak.AstNode, value: comrak.Text) -> list[comrak.AstNode]:
        # Other parsers strike out what is between single tildes.
        node.node_value = self._comrak.Text(value.value.replace(_TILDE_SUBSTITUTE, _ESCAPED_TILDE_SUBSTITUTE))
        return [node]

    def _rewrite_link(self, node: comrak.AstNode, value: comrak.Link) -> list[comrak.AstNode]:
        address = self._rewriting.link(_restore_tildes(value.value.url))
        node.node_value = self._comrak.Link(self._comrak.NodeLink(address, value.value.title))
        return [node] if address else node.children

    def _rewrite_image(self, node: comrak.AstNode, value: comrak.Image) -> list[comrak.AstNode]:
        address = self._rewriting.image(_restore_tildes(value.value.url))
        node.node_value = self._comrak.Image(self._comrak.NodeLink(address, value.value.title))
        return [node] if address else []

    def _rewrite_paragraph(self, node: comrak.AstNode, _: comrak.Paragraph) -> list[comrak.AstNode]:
        children = node.children
        if len(children) == 1 and isinstance(children[0].node_value, self._comrak.Link):
            children = children[0].children
        image = children[0] if len(children) == 1 else node
        if not isinstance(image.node_value, self._comrak.Image) or not image.node_value.value.title:
            return [node]
        link = image.node_value.value
        image.node_value = self._comrak.Image(self._comrak.NodeLink(link.url, ""))
        caption = self._comrak.AstNode(self._comrak.Text(link.title), node.sourcepos, None, [])
        return [node, self._comrak.AstNode(node.node_value, node.sourcepos, None, [caption])]

    def _rewrite_inline_html(self, node: comrak.AstNode, value: comrak.HtmlInline) -> list[comrak.AstNode]:
        markup = self._rewriting.html(_restore_tildes(value.value))
        node.node_value = self._comrak.HtmlInline(markup)
        return [node] if markup else []

    def _rewrite_html_block(self, node: comrak.AstNode, value: comrak.HtmlBlock) -> list[comrak.AstNode]:
        markup = self._rewriting.html(_restore_tildes(value.value.literal))
        node.node_value = self._comrak.HtmlBlock(self._comrak.NodeHtmlBlock(value.value.block_type, markup))
        return [node] if markup.strip() else []

    def _rewrite_heading(self, node: comrak.AstNode, value: comrak.Heading) -> list[comrak.AstNode]:
        if self._demotes_headings:
            level = min(_MAX_HEADING_LEVEL, value.value.level + 1)
            node.node_value = self._comrak.Heading(self._comrak.NodeHeading(level, setext=False, closed=False))
        return [node]

    def _rewrite_code_block(self, node: comrak.AstNode, value: comrak.CodeBlock) -> list[comrak.AstNode]:
        """Cut the text after the code fence, which is not shown, to the language. Return a list with the node only."""
        block, language = value.value, _LANGUAGE.match(value.value.info)
        info = language[0] if language else ""
        node.node_value = self._comrak.CodeBlock(
            self._comrak.NodeCodeBlock(
                block.fenced, block.fence_char, block.fence_length, block.fence_offset, info, block.literal, block.closed
            )
        )
        return [node]


def _substitute_tildes(markdown: str) -> str:
    return _SINGLE_TILDE.sub(rf"\1{_TILDE_SUBSTITUTE}", markdown) if "~" in markdown else markdown


def _restore_tildes(text: str) -> str:
    return text.replace(_TILDE_SUBSTITUTE, "~")


def _render(markdown: str, *, with_positions: bool) -> str:
    text = _substitute_tildes(markdown)
    html = _renderer(with_positions=with_positions)(text)
    return html if text is markdown else html.replace(_TILDE_SUBSTITUTE, "~").replace(_TILDE_SUBSTITUTE_IN_URL, "~")


@cache
def _renderer(*, with_positions: bool) -> Callable[[str], str]:
    """Return comrak's function from Markdown to HTML. comrak is imported for the first text, not earlier, for a faster start."""
    import comrak  # noqa: PLC0415

    options = comrak.RenderOptions(unsafe_=True, sourcepos=with_positions)
    return partial(comrak.markdown_to_html, extension_options=_extensions(), render_options=options)


@cache
def _extensions() -> comrak.ExtensionOptions:
    import comrak  # noqa: PLC0415

    return comrak.ExtensionOptions(table=True, strikethrough=True, autolink=True, footnotes=True)
