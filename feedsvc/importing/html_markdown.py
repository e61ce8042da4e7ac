"""Conversion of HTML of other systems to the Markdown of an article, as far as the article then shows the same.

html-to-markdown writes each block as Markdown, which our own renderer of articles renders, to compare it with the cleaned HTML;
a block that differs stays HTML, which an article may contain. Blocks are compared one by one only if the whole text differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from html_to_markdown import ConversionOptions, convert

from feedsvc.content.markdown.elements import VOID_ELEMENTS
from feedsvc.content.markdown.render import LimitExceeded, clean_html, render_within_limits

_INLINE_ELEMENTS: Final = frozenset(
    {
        *("a", "abbr", "b", "bdi", "br", "cite", "code", "del", "dfn", "em", "i", "img", "ins", "kbd", "mark", "q", "rp", "rt"),
        *("ruby", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr", "audio", "video", "source"),
    }
)
_MARKDOWN_ELEMENTS: Final = frozenset({"a", "b", "br", "code", "del", "em", "i", "img", "strong"})
_TAG: Final = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>")
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
_GROUP: Final = re.compile(r"<(div|section)>(.*)</\1>\Z", re.DOTALL)
_EMPTY_LINE: Final = re.compile(r"\n\s*\n")
_SPACE: Final = " \t\n\f\r"
_KEPT_SPACE: Final = "\ue00a"  # in place of a non-breaking space, which the library makes a usual one


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

    def blocks_of(self, markup: str) -> list[str] | None:
        """Return the blocks of HTML without what no article may have; None if it is beyond the limits of an article."""
        source = clean_html(markup, base_url=self._base_url, page=self._page, keeps_references=True)
        return None if isinstance(source, LimitExceeded) else list(_blocks(source.html))

    def convert(self, blocks: Sequence[str], preferred: str) -> str:
        """Return the first of these texts that, rendered, is equal to the blocks; the last is not compared.

        The texts are: `preferred`, unless it is ""; each block as Markdown; each block as Markdown if that, rendered alone, is
        equal to the block, else as HTML; all blocks as HTML.
        """
        expected = self._clean("\n".join(blocks))
        if preferred and self._is_equal(preferred, expected):
            return preferred
        styles = list(_styles(blocks))
        for writes in (_markdown, self._checked):
            text = "\n\n".join(writes(block, style) for block, style in zip(blocks, styles, strict=True))
            if self._shows(text) == expected:
                return text
        return "\n\n".join(map(_raw_html, blocks))

    def _checked(self, block: str, bullet: str) -> str:
        expected = self._clean(block)
        for escapes in (False, True):
            text = _markdown(block, bullet, escapes=escapes)
            if self._shows(text) == expected:
                return text
        return _raw_html(block)

    def _is_equal(self, preferred: str, expected: str) -> bool:
        """Return whether Markdown shows the blocks whose cleaned HTML is `expected`.

        Both lack what is cleaned from HTML of others, such as the ids of footnotes, which feedsvc itself has written into it.
        """
        result = render_within_limits(preferred, base_url=self._base_url, page=self._page)
        blocks = None if isinstance(result, LimitExceeded) else self.blocks_of(result.html)
        return blocks is not None and self._clean("\n".join(blocks)) == expected

    def _clean(self, markup: str) -> str:
        result = clean_html(markup, base_url=self._base_url, page=self._page)
        return "" if isinstance(result, LimitExceeded) else _comparable(result.html)

    def _shows(self, text: str) -> str | None:
        result = render_within_limits(text, base_url=self._base_url, page=self._page)
        return None if isinstance(result, LimitExceeded) else _comparable(result.html)


def _nodes(clean: str) -> Iterator[tuple[str, str]]:
    """Yield name and markup of each top-level node of cleaned HTML, in which all elements are closed in order; "" for a text."""
    depth = start = 0
    for tag in _TAG.finditer(clean):
        if not depth and tag.start() > start:
            yield "", clean[start : tag.start()]
        start = start if depth else tag.start()
        depth += -1 if tag[1] else tag[2] not in VOID_ELEMENTS
        if not depth:
            yield tag[2], clean[start : tag.end()]
            start = tag.end()
    if start < len(clean):
        yield "", clean[start:]


def _blocks(clean: str) -> Iterator[str]:
    """Yield blocks: top-level nodes, with a paragraph around each run of text and inline elements, without white space between.

    A `div` or `section` without attributes that holds block elements only is replaced by its content.
    """
    run = ""
    for name, markup in (*_nodes(clean), ("end", "")):
        if not name or name in _INLINE_ELEMENTS:
            run += markup
            continue
        if run.strip(_SPACE):
            yield f"<p>{run}</p>"
        run = ""
        group = _GROUP.match(markup)
        if group and all((inner and inner not in _INLINE_ELEMENTS) or not text.strip(_SPACE) for inner, text in _nodes(group[2])):
            yield from _blocks(group[2])
        elif markup:
            yield markup


def _styles(blocks: Sequence[str]) -> Iterator[str]:
    """Yield the bullet of each block: "*" for every second one of adjacent lists, which Markdown would join, else "-"."""
    former, bullet = "", "-"
    for block in blocks:
        is_next = block[:3] == former and former in ("<ul", "<ol")
        former, bullet = block[:3], "*" if is_next and bullet == "-" else "-"
        yield bullet


@cache
def _options(bullet: str, *, escapes: bool) -> ConversionOptions:
    return ConversionOptions(
        bullets=bullet,
        escape_asterisks=escapes,
        escape_underscores=escapes,
        escape_misc=escapes,
        newline_style="backslash",
        compact_tables=True,
        br_in_tables=True,
        extract_metadata=False,
        preserve_tags=sorted(_INLINE_ELEMENTS - _MARKDOWN_ELEMENTS),
    )


def _markdown(block: str, bullet: str, *, escapes: bool = False) -> str:
    """Return a block as Markdown, which may show something else."""
    text = convert(block.replace("&nbsp;", _KEPT_SPACE), _options(bullet, escapes=escapes)).content or ""
    return text.replace(_KEPT_SPACE, "&nbsp;").strip("\n")


def _raw_html(block: str) -> str:
    """Return a block as HTML without empty lines, which would end it in Markdown. In `pre`, &#10; replaces their line ends."""
    pieces = _PREFORMATTED.split(block)
    pieces[::2] = [_EMPTY_LINE.sub("\n", piece) for piece in pieces[::2]]
    pieces[1::2] = [_LINE_END_IN_CODE.sub("&#10;", piece) for piece in pieces[1::2]]
    return "".join(pieces).strip("\n")


def _comparable(clean: str) -> str:
    """Return cleaned HTML without white space that browsers do not show, and with `strong` and `em` for `b` and `i`."""
    pieces = _PREFORMATTED.split(_SYNONYM.sub(lambda tag: f"<{tag[1]}{_SYNONYMS[tag[2]]}>", clean))
    pieces[::2] = [_BLOCK_TAG.sub(r"\1", _WHITE_SPACE.sub(" ", piece)) for piece in pieces[::2]]
    pieces[1::2] = [_CODE_END.sub("</code></pre>", piece) for piece in pieces[1::2]]
    return "".join(pieces).strip()
