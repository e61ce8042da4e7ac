"""Conversion of HTML of other systems to the Markdown of an article, as far as the article then shows the same.

All blocks that have a Markdown form are written in it; a block without one stays HTML, which an article may contain. The whole
text is rendered by the product's own renderer and compared with the cleaned HTML. Only if it differs are the blocks compared
one by one, and those that differ stay HTML. If the text made in this way differs, too, all blocks stay HTML. Markdown that the
caller prefers is compared before all others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

from feedsvc.content.markdown.render import LimitExceeded, clean_html, render_within_limits
from feedsvc.importing.html_tree import HtmlNode, parse_tree
from feedsvc.importing.markdown_blocks import MarkdownStyle, NoMarkdownError, alternate_lists, block_markdown

_PREFORMATTED: Final = re.compile(r"(<pre(?: [^>]*)?>(?:[^<]|<(?!/pre>))*+</pre>)")
_WHITE_SPACE: Final = re.compile(r"[ \t\n\f\r]{2,}|[\t\n\f\r]")  # all but single spaces
_BLOCK_TAG: Final = re.compile(
    r" ?(</?(?:blockquote|br|caption|dd|details|div|dl|dt|figcaption|figure|h[1-6]|hr|li|ol|p|pre|section|summary|table|tbody|td"
    r"|tfoot|th|thead|tr|ul)(?: [^>]*)?>) ?"
)
_CODE_END: Final = re.compile(r"(?<!\n)\n+</code></pre>")
_SYNONYM: Final = re.compile(r"<(/?)([bi])>")
_SYNONYMS: Final = {"b": "strong", "i": "em"}
_LINE_END_IN_CODE: Final = re.compile(r"\n(?=[ \t\r\f]*\n)")
_GROUPS: Final = frozenset({"div", "section"})
_EMPTY_LINE: Final = re.compile(r"\n\s*\n")


def convert_html(markup: str, *, base_url: str, page: str, preferred: str = "") -> str:
    """Return HTML as the text of an article: Markdown, with blocks of HTML where Markdown cannot show the same.

    `page` is the address of the article, `base_url` that of its site; references keep their form. `preferred` is Markdown that
    is returned if it shows the same as the HTML; "" for none. `b` and `i` may become `strong` and `em`. Text and inline
    elements outside of blocks become paragraphs. A `div` or `section` around blocks is left out if it has no attributes, and so
    are elements that no article may have. HTML beyond the limits of an article is returned as it is. Raises nothing for bad
    HTML.
    """
    converter = _Converter(base_url, page)
    blocks = converter.blocks_of(markup)
    return markup if blocks is None else converter.convert(blocks, preferred)


class _Converter:
    """Converter of blocks of HTML for the article at the address `page` of the site at `base_url`."""

    def __init__(self, base_url: str, page: str) -> None:
        self._base_url, self._page = base_url, page

    def blocks_of(self, markup: str) -> list[HtmlNode] | None:
        """Return the blocks of HTML without what no article may have; None if it is beyond the limits of an article."""
        source = clean_html(markup, base_url=self._base_url, page=self._page, keeps_references=True)
        return None if isinstance(source, LimitExceeded) else _wrap_text(parse_tree(source.html))

    def convert(self, blocks: Sequence[HtmlNode], preferred: str) -> str:
        """Return the first of four texts that, rendered, is equal to the blocks; the last is not compared.

        The texts are: `preferred`, unless it is ""; each block as Markdown if it has a Markdown form, else as HTML; each block
        as Markdown if its Markdown, rendered alone, is equal to the block, else as HTML; all blocks as HTML.
        """
        expected = self._clean_blocks(blocks)
        if preferred and self._is_equal(preferred, expected):
            return preferred
        attempts = (partial(self._texts, blocks), partial(self._checked_texts, blocks))
        for attempt in attempts:
            text = _body(attempt(), blocks)
            if self._shows(text) == expected:
                return text
        return "\n\n".join(map(_raw_html, blocks))

    def _texts(self, blocks: Sequence[HtmlNode]) -> list[str | None]:
        """Return each block as Markdown; None for a block without a Markdown form."""
        return [_markdown(block, MarkdownStyle(is_alternate=alternate)) for block, alternate in alternate_lists(blocks)]

    def _checked_texts(self, blocks: Sequence[HtmlNode]) -> list[str | None]:
        """Return each block as Markdown that, rendered alone, shows the same; None for a block without such Markdown.

        If marks such as * do not show the same, emphasis stays in tags.
        """
        return [self._checked(block, is_alternate=alternate) for block, alternate in alternate_lists(blocks)]

    def _checked(self, block: HtmlNode, *, is_alternate: bool) -> str | None:
        expected = self._clean(block.markup())
        for uses_marks in (True, False):
            text = _markdown(block, MarkdownStyle(uses_marks, is_alternate))
            if text is not None and self._shows(text) == expected:
                return text
        return None

    def _is_equal(self, preferred: str, expected: str) -> bool:
        """Return whether Markdown shows the blocks whose cleaned HTML is `expected`.

        Both lack what is cleaned from HTML of others, such as the ids of footnotes, which feedsvc itself has written into it.
        """
        result = render_within_limits(preferred, base_url=self._base_url, page=self._page)
        blocks = None if isinstance(result, LimitExceeded) else self.blocks_of(result.html)
        return blocks is not None and self._clean_blocks(blocks) == expected

    def _clean_blocks(self, blocks: Sequence[HtmlNode]) -> str:
        return self._clean("\n".join(block.markup() for block in blocks))

    def _clean(self, markup: str) -> str:
        result = clean_html(markup, base_url=self._base_url, page=self._page)
        return "" if isinstance(result, LimitExceeded) else _comparable(result.html)

    def _shows(self, text: str) -> str | None:
        result = render_within_limits(text, base_url=self._base_url, page=self._page)
        return None if isinstance(result, LimitExceeded) else _comparable(result.html)


def _body(texts: Sequence[str | None], blocks: Sequence[HtmlNode]) -> str:
    """Return the texts of blocks, separated by empty lines; a block whose text is None is written as HTML."""
    return "\n\n".join(_raw_html(block) if text is None else text for text, block in zip(texts, blocks, strict=True))


def _markdown(block: HtmlNode, style: MarkdownStyle) -> str | None:
    try:
        return block_markdown(block, style)
    except NoMarkdownError:
        return None


def _wrap_text(nodes: Sequence[HtmlNode]) -> list[HtmlNode]:
    """Return blocks: top-level nodes, with a paragraph around each run of text and inline elements, without white space between.

    A `div` or `section` without attributes that holds block elements only is replaced by its content.
    """
    blocks: list[HtmlNode] = []
    run: list[HtmlNode] = []
    for node in (*nodes, None):
        if node is not None and node.is_inline:
            run.append(node)
            continue
        if any(not child.is_blank for child in run):
            blocks.append(HtmlNode("p", "<p>", children=run))
        run = []
        if node is not None:
            blocks += _wrap_text(node.children) if _only_groups(node) else [node]
    return blocks


def _only_groups(node: HtmlNode) -> bool:
    is_plain = node.name in _GROUPS and not node.attributes
    return is_plain and all(child.is_blank or not child.is_inline for child in node.children)


def _raw_html(block: HtmlNode) -> str:
    """Return a block as HTML without empty lines, which would end it in Markdown. In `pre`, &#10; replaces their line ends."""
    pieces = _PREFORMATTED.split(block.markup())
    pieces[::2] = [_EMPTY_LINE.sub("\n", piece) for piece in pieces[::2]]
    pieces[1::2] = [_LINE_END_IN_CODE.sub("&#10;", piece) for piece in pieces[1::2]]
    return "".join(pieces).strip("\n")


def _comparable(clean: str) -> str:
    """Return cleaned HTML without white space that browsers do not show, and with `strong` and `em` for `b` and `i`."""
    pieces = _PREFORMATTED.split(_SYNONYM.sub(lambda tag: f"<{tag[1]}{_SYNONYMS[tag[2]]}>", clean))
    pieces[::2] = [_BLOCK_TAG.sub(r"\1", _WHITE_SPACE.sub(" ", piece)) for piece in pieces[::2]]
    pieces[1::2] = [_CODE_END.sub("</code></pre>", piece) for piece in pieces[1::2]]
    return "".join(pieces).strip()
