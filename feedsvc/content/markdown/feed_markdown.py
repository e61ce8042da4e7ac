"""Markdown of an article for feeds: it shows the same as the article's HTML, with absolute addresses.

A text that an editor wrote refers to files and pages relative to the site, and may contain what no reader is meant to see:
comments in HTML, unused reference definitions (often comments, too), scripts. comrak parses the text and writes it again, in its
normal form, without these. The result is used only if it renders to the same HTML as the text.

Links and images contain their addresses, so reference definitions are left out, even unused ones. The text of code is not
changed; after a code fence, only the language stays. If any heading has level 1, the level of each becomes one more, at most 6,
because the article's title is the heading of level 1.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Container
from typing import TYPE_CHECKING, Any, Final

from feedsvc.content.markdown import nesting
from feedsvc.content.markdown.commonmark import TILDE_SUBSTITUTE, extensions, restore_tildes, substitute_tildes
from feedsvc.content.markdown.elements import ALLOWED_ATTRIBUTES, BLOCK_ELEMENTS, SPACE, TABLE_ELEMENTS, TOKEN
from feedsvc.content.markdown.figures import remove_quote_markers
from feedsvc.content.markdown.nesting import TooDeep
from feedsvc.content.markdown.render import LimitExceeded, ReferenceResolver, render_within_limits

if TYPE_CHECKING:
    import comrak

# Version of the written Markdown. Increase it with every change of it, so that hubs are notified of the changed feeds.
FEED_MARKDOWN_VERSION: Final = 4

_MAX_LENGTH: Final = 100_000  # characters of a text; comrak's tree of the worst such text takes 50 MB
_EMPTY_COMMENT: Final = "<!---->"  # replaces a removed tag
_ATTRIBUTE: Final = re.compile(
    rf"([^{SPACE}/>][^{SPACE}/>=]*+)"
    rf"(?:[{SPACE}]*=[{SPACE}]*(?:\"([^\"]*+)\"?|'([^']*+)'?|([^\"'{SPACE}>][^{SPACE}>]*+)))?+"
)
# In cleaned HTML each "<" begins a tag. A link without address shows only its text.
_LINK_WITHOUT_ADDRESS: Final = re.compile(r"<a>((?:[^<]|<(?!/?a[ >]))*+)</a>")
_PREFORMATTED: Final = re.compile(r"(<pre[ >](?:[^<]|<(?!/pre>))*+</pre>)")
_WHITE_SPACE: Final = re.compile(r"\s+")
_BLOCK_NAMES: Final = "|".join(sorted({*BLOCK_ELEMENTS, *TABLE_ELEMENTS, "br", "hr", "p", "table"}))
_BLOCK_TAG: Final = re.compile(rf" ?(</?(?:{_BLOCK_NAMES})(?: [^>]*)?>) ?")
_ESCAPED_TILDE_SUBSTITUTE: Final = "\ufdd1"
_MAX_HEADING_LEVEL: Final = 6
# What comrak writes between two lists. Those of different types need nothing there.
_END_OF_LIST: Final = re.compile(r"(?m)^[> ]*<!-- end list -->\n[> ]*\n")
_LANGUAGE: Final = re.compile(r"[A-Za-z0-9+#._-]+(?!\S)")  # of a fenced code block

FitImage = Callable[[str], str]  # address of an image -> address of the variant that feeds refer to


def render_feed_markdown(
    markdown: str, *, base_url: str, page: str, fit_image: FitImage, files: Container[str] | None = None
) -> str:
    """Return a text as Markdown for feeds; "" if it has over 100,000 characters or exceeds a limit of `render_within_limits`.

    Also "" if comrak cannot write it so that it shows the same as the article's HTML. `page` is the article's own URL, `files`
    those of `ReferenceResolver`. If any reference of the text leads to media/, `fit_image` is called with the absolute address
    of each image; it returns the address to use instead.
    """
    if len(markdown) > _MAX_LENGTH:
        return ""
    expected = render_within_limits(markdown, base_url=base_url, page=page, files=files)
    if isinstance(expected, LimitExceeded):
        return ""
    references = ReferenceResolver(base_url, page, files)
    text = _Rewriter(references).rewrite(markdown)
    result = render_within_limits(text, base_url=base_url, page=page)
    if isinstance(result, LimitExceeded) or _comparable(result.html) != _comparable(expected.html):
        return ""
    if expected.media or "<figcaption>" in expected.html:
        rewriter = _Rewriter(references, fit_image if expected.media else _keep_address, has_captions=True)
        text = rewriter.rewrite(markdown)
    return remove_quote_markers(text)


def _comparable(clean: str) -> str:
    """Return cleaned HTML without what browsers do not show: extra white space, and the tags of links without address."""
    pieces = _PREFORMATTED.split(_LINK_WITHOUT_ADDRESS.sub(r"\1", clean))
    pieces[::2] = [_BLOCK_TAG.sub(r"\1", _WHITE_SPACE.sub(" ", piece)) for piece in pieces[::2]]
    return "".join(pieces)


def _keep_address(address: str) -> str:
    return address


class _Rewriter:
    """Rewriter of one text within the limits of `render_within_limits`: the depth of recursion is that of the text.

    It changes comrak's tree in place, and addresses and raw HTML as the cleaner in `render` changes them in the text's HTML.
    `references` resolves addresses. `fit_image` replaces the absolute addresses of images. With `has_captions`, the title of an
    image alone in its paragraph becomes a paragraph below it, because a page shows it as caption.
    """

    def __init__(self, references: ReferenceResolver, fit_image: FitImage = _keep_address, *, has_captions: bool = False) -> None:
        import comrak  # noqa: PLC0415 - as in commonmark

        self._comrak, self._references, self._fit_image, self._demotes_headings = comrak, references, fit_image, False
        # Type of a node's value -> function that changes the node and returns the nodes that replace it.
        self._functions: dict[type, Callable[[comrak.AstNode, Any], list[comrak.AstNode]]] = {
            comrak.Text: self._rewrite_text,
            comrak.Link: self._rewrite_link,
            comrak.Image: self._rewrite_link,
            comrak.HtmlInline: self._rewrite_inline_html,
            comrak.HtmlBlock: self._rewrite_html_block,
            comrak.Heading: self._rewrite_heading,
            comrak.CodeBlock: self._rewrite_code_block,
        }
        if has_captions:
            self._functions[comrak.Paragraph] = self._rewrite_paragraph

    def rewrite(self, markdown: str) -> str:
        root = self._comrak.parse_document(substitute_tildes(markdown), extension_options=extensions())
        # Headings are never in a paragraph; those in quotes and lists are deeper in the tree.
        self._demotes_headings = self._has_top_heading(root)
        self._rewrite_node(root)
        options = self._comrak.RenderOptions(prefer_fenced=True)
        text = _END_OF_LIST.sub("", self._comrak.format_commonmark(root, extension_options=extensions(), render_options=options))
        return restore_tildes(text.replace(_ESCAPED_TILDE_SUBSTITUTE, r"\~"))

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
        node.node_value = self._comrak.Text(value.value.replace(TILDE_SUBSTITUTE, _ESCAPED_TILDE_SUBSTITUTE))
        return [node]

    def _rewrite_link(self, node: comrak.AstNode, value: comrak.Link | comrak.Image) -> list[comrak.AstNode]:
        """Make an address absolute. Without one, remove an image, or a link but not its text."""
        is_image = isinstance(value, self._comrak.Image)
        address = self._references.filter_attribute("src" if is_image else "href", restore_tildes(value.value.url)) or ""
        if address and is_image:
            address = self._fit_image(address)
        node.node_value = type(value)(self._comrak.NodeLink(address, value.value.title))
        return [node] if address else [] if is_image else node.children

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
        markup = self._html(value.value)
        node.node_value = self._comrak.HtmlInline(markup)
        return [node] if markup else []

    def _rewrite_html_block(self, node: comrak.AstNode, value: comrak.HtmlBlock) -> list[comrak.AstNode]:
        markup = self._html(value.value.literal)
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
        fence = (block.fenced, block.fence_char, block.fence_length, block.fence_offset)
        info = language[0] if language else ""
        node.node_value = self._comrak.CodeBlock(self._comrak.NodeCodeBlock(*fence, info, block.literal, block.closed))
        return [node]

    def _html(self, markup: str) -> str:
        """Return raw HTML (a tag, a comment, or a block of several lines) with allowed elements and attributes only.

        Return "" if nothing is left, or if it is nested too deeply.
        """
        result = nesting.check(restore_tildes(markup), is_generated=False)
        return "" if isinstance(result, TooDeep) else TOKEN.sub(self._tag, result.html.replace(_EMPTY_COMMENT, ""))

    def _tag(self, tag: re.Match[str]) -> str:
        name = tag["name"].lower()
        if tag["end"]:
            return f"</{name}>"
        attributes = (self._attribute(name, match) for match in _ATTRIBUTE.finditer(tag[0].rstrip(">"), len(name) + 1))
        return f"<{name}{''.join(attributes)}>"

    def _attribute(self, element: str, attribute: re.Match[str]) -> str:
        """Return an attribute with a space before it; "" if it is not allowed."""
        name = attribute[1].lower()
        if name not in ALLOWED_ATTRIBUTES["*"] | ALLOWED_ATTRIBUTES.get(element, set()):
            return ""
        raw_value = html.unescape(attribute[2] or attribute[3] or attribute[4] or "")
        value = self._references.filter_attribute(name, raw_value)
        if value is None:
            return ""
        if (element, name) == ("img", "src"):
            value = self._fit_image(value)
        # An empty line would end the raw HTML.
        return f' {name}="{html.escape(value)}"'.replace("\n", "&#10;").replace("\r", "&#13;")
