"""Body of a post as the HTML that browsers would get: paragraphs, blocks, shortcodes and embeds in WordPress's order."""

from __future__ import annotations

import html
import re
from typing import Final

from feedsvc.importing.markup import replace_frames
from feedsvc.importing.wordpress.addresses import NEXT_PAGE
from feedsvc.importing.wordpress.autop import add_paragraphs
from feedsvc.importing.wordpress.block_html import BlockRenderer
from feedsvc.importing.wordpress.blocks import has_blocks, parse_blocks
from feedsvc.importing.wordpress.embeds import EmbedTitles, link_lone_addresses
from feedsvc.importing.wordpress.export_index import ExportIndex
from feedsvc.importing.wordpress.items import ItemFields, parse_number
from feedsvc.importing.wordpress.shortcode_html import ShortcodeHtml
from feedsvc.importing.wordpress.shortcodes import ShortcodeReplacer

_MORE: Final = re.compile(r"<!--(?:more(?:[^-<]|-(?!->)|<(?!!--more))*+|noteaser)-->")
_COMMENT: Final = re.compile(r"<!--(?:[^-]|-(?!->))*+(?:-->|\Z)")
_BEFORE_BLOCK: Final = re.compile(r"<p>(?:\s|<br />)*+(?=<(?:figure|pre)\b)")
_AFTER_BLOCK: Final = re.compile(r"(</(?:figure|pre)>)(?:\s|<br />)*+</p>")
# Articles have no targets of such links, but the numbers of the list are those of the links.
_FOOTNOTE_LINK: Final = re.compile(r"(<sup\b[^<>]*+>)\s*+<a\s[^<>]*+>([^<>]*+)</a>\s*+(?=</sup>)")
_LINK: Final = re.compile(r"(<a\s[^<>]*?href=\")([^\"<>]*)(?=\")", re.IGNORECASE)
_EMPTY_PARAGRAPH: Final = re.compile(r"<p>\s*+</p>\n?")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")


class PostBody:
    """Renderer of the body of one post. `omissions` maps each part that is left out to the reason, in order."""

    def __init__(self, item: ItemFields, index: ExportIndex) -> None:
        self.omissions: dict[str, str] = {}
        self._files = index.files
        self._titles = EmbedTitles(item.meta)
        self._blocks = BlockRenderer(index, self._titles, item.meta_value("footnotes"), self._report)
        number = parse_number(item.text("wp:post_id"))
        self._shortcodes = ShortcodeHtml(index, number, self._titles, self._report)

    def _report(self, what: str, reason: str) -> None:
        self.omissions.setdefault(what, reason)

    def render(self, content: str) -> str:
        """Return as HTML a post's content as the export has it, blocks or classic text. Add to `omissions` what is left out.

        The HTML is not cleaned: it may have elements that no article can have.
        """
        content = content.replace("\r\n", "\n").replace("\r", "\n")
        markup = self._blocks.render(parse_blocks(content)) if has_blocks(content) else self._classic(content)
        replacer = ShortcodeReplacer(self._shortcodes.late)
        markup = _FOOTNOTE_LINK.sub(_without_footnote_link, _unwrap_figures(replacer.replace(markup)))
        for name in replacer.unknown:
            self._report(f"shortcode [{name}]", "a plug-in or theme made its content; text within it is kept")
        markup = replace_frames(link_lone_addresses(markup, self._titles), self._titles.title_of)
        markup = _LINK.sub(self._link_file, _EMPTY_PARAGRAPH.sub("", _COMMENT.sub("", markup)))
        return _EMPTY_LINES.sub("\n\n", markup).strip() if "<pre" not in markup else markup.strip()

    def _link_file(self, match: re.Match[str]) -> str:
        """Return the start of a link; one to the page of an attachment, which no newsroom has, leads to its file."""
        return f"{match[1]}{html.escape(self._files[page])}" if (page := html.unescape(match[2])) in self._files else match[0]

    def _classic(self, content: str) -> str:
        text = _MORE.sub("", content).replace(NEXT_PAGE, "\n\n")
        text = ShortcodeReplacer(self._shortcodes.early, keeps_unknown=True).replace(text)
        return add_paragraphs(link_lone_addresses(text, self._titles))


def _without_footnote_link(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]}" if "data-fn=" in match[1] else match[0]


def _unwrap_figures(markup: str) -> str:
    """Return HTML without `p` tags around figures and `pre`. Shortcodes on lines of their own have become such paragraphs."""
    return _AFTER_BLOCK.sub(r"\1", _BEFORE_BLOCK.sub("", markup))
