"""HTML of blocks as WordPress shows it, for blocks whose HTML in the export is not what a reader would see."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Final

from feedsvc.importing.markup import attributes_of, find_elements, link_html, replace_elements, to_plain_text
from feedsvc.importing.wordpress.autop import add_paragraphs
from feedsvc.importing.wordpress.blocks import Block, parse_blocks
from feedsvc.importing.wordpress.embeds import EmbedTitles
from feedsvc.importing.wordpress.export_index import ExportIndex
from feedsvc.importing.wordpress.figures import NOT_EXPORTED, gallery_html
from feedsvc.importing.wordpress.items import parse_number

# Blocks that arrange others; their own elements have no meaning.
_LAYOUT_BLOCKS: Final = frozenset({"group", "columns", "column", "buttons", "row", "stack", "cover"})
# Blocks that show other content of the site, or forms.
_DYNAMIC_BLOCKS: Final = frozenset(
    {
        *("query", "navigation", "comments", "social-links", "template-part", "post-comments-form", "search", "legacy-widget"),
        *("latest-posts", "latest-comments", "archives", "categories", "tag-cloud", "calendar", "rss", "page-list", "loginout"),
        *("jetpack/contact-form", "jetpack/subscriptions", "jetpack/related-posts", "newspack-blocks/homepage-articles"),
    }
)
_INVISIBLE_BLOCKS: Final = frozenset({"more", "nextpage", "spacer"})
_MEDIA: Final = re.compile(r"<(?:img|video|audio|iframe|table|hr)\b", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]+")
_MAX_REFERENCE_DEPTH: Final = 5

Report = Callable[[str, str], None]  # what is left out, and why


class BlockRenderer:
    """Renderer of the blocks of one post. `report` is called for each block that is left out or whose media the export lacks.

    Its arguments are what is missing and why. It is not called for blocks that show nothing (more, nextpage, spacer).
    `footnotes` is the JSON text in the post's postmeta `footnotes`, "" without it.
    """

    def __init__(self, index: ExportIndex, titles: EmbedTitles, footnotes: str, report: Report) -> None:
        self._index, self._titles, self._footnotes, self._report = index, titles, footnotes, report
        self._reference_depth = 0
        self._functions: dict[str, Callable[[Block], str]] = {
            "block": self._reusable,
            "button": self._button,
            "embed": self._embed,
            "file": self._file,
            "footnotes": self._footnote_list,
            "gallery": self._gallery,
            "shortcode": self._shortcode,
        }

    def render(self, block: Block) -> str:
        """Return the HTML of a block and of those within it, not cleaned; "" for a block that is left out."""
        if block.name in _INVISIBLE_BLOCKS:
            return ""
        if block.name.startswith("core-embed/"):
            return self._embed(block)
        if function := self._functions.get(block.name):
            return function(block)
        is_dynamic = block.name in _DYNAMIC_BLOCKS or (block.name and not block.parts)
        if is_dynamic:
            self._report(f"block {block.name}", "WordPress makes its content when it shows the page; the export has none")
            return ""
        if block.name in _LAYOUT_BLOCKS and not to_plain_text(block.own_html) and not _MEDIA.search(block.own_html):
            return "\n".join(map(self.render, block.inner_blocks))
        return self._join(block)

    def _join(self, block: Block) -> str:
        return "".join(part if isinstance(part, str) else self.render(part) for part in block.parts)

    def _reusable(self, block: Block) -> str:
        number = parse_number(block.text("ref"))
        content = self._index.blocks.get(number)
        if content is None or self._reference_depth >= _MAX_REFERENCE_DEPTH:
            self._report(f"reusable block {number}", NOT_EXPORTED if content is None else "it contains itself")
            return ""
        self._reference_depth += 1
        try:
            return self.render(parse_blocks(content))
        finally:
            self._reference_depth -= 1

    def _button(self, block: Block) -> str:
        link = next(find_elements(block.own_html, "a"), None)
        if not link:
            return self._join(block)
        address, text = attributes_of(link.tag).get("href", ""), to_plain_text(link.inner)
        return f"<p>{link_html(address, text) if address else html.escape(text, quote=False)}</p>"

    def _embed(self, block: Block) -> str:
        own_html = block.own_html
        caption = "".join(_captions(own_html)).strip()
        found = _ADDRESS.search(own_html)
        address = block.text("url") or (html.unescape(found[0]) if found else "")
        if not address:
            return self._join(block)
        paragraph = f"<p>{link_html(address, self._titles.title_of(address))}</p>"
        return f"{paragraph}\n<p>{caption}</p>" if caption else paragraph

    def _file(self, block: Block) -> str:
        links = [
            (attributes_of(link.tag).get("href", ""), to_plain_text(link.inner)) for link in find_elements(block.own_html, "a")
        ]
        address, name = next(((address, text) for address, text in links if address and text), (block.text("href"), ""))
        return f"<p>{link_html(address, name)}</p>" if address else self._join(block)

    def _footnote_list(self, block: Block) -> str:
        del block
        try:
            notes = json.loads(self._footnotes) if self._footnotes else []
            items = "".join(f"<li>{note['content']}</li>" for note in notes)
        except (ValueError, TypeError, KeyError, RecursionError):
            self._report("footnotes", "their postmeta is damaged")
            return ""
        return f"<ol>{items}</ol>" if items else ""

    def _gallery(self, block: Block) -> str:
        caption = ""
        if inner := block.inner_blocks:
            figures = "\n".join(map(self.render, inner))
            captions = _captions(block.own_html)
        elif items := [item.inner for item in find_elements(block.own_html, "li")]:  # before WordPress 5.9
            figures = "\n".join(items)
            captions = _captions(replace_elements(block.own_html, lambda _: "", "li"))
        else:
            figures, captions = self._attachments(block), []
        caption = "".join(captions).strip()
        return f"{figures}\n<p>{caption}</p>" if caption else figures

    def _attachments(self, block: Block) -> str:
        ids = block.attributes.get("ids")
        if not isinstance(ids, list):
            return self._join(block)
        attachments = [self._index.attachments.get(parse_number(str(number))) for number in ids]
        if None in attachments:
            self._report("gallery", NOT_EXPORTED)
        return gallery_html(attachment for attachment in attachments if attachment)

    def _shortcode(self, block: Block) -> str:
        return add_paragraphs(self._join(block).strip())


def _captions(markup: str) -> list[str]:
    return [caption.inner for caption in find_elements(markup, "figcaption")]
