"""Body of a post as the HTML that browsers would get: paragraphs, blocks, shortcodes and embeds in WordPress's order."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import partial
from typing import Final

from feedsvc.importing.markup import replace_frames
from feedsvc.importing.wordpress.addresses import NEXT_PAGE
from feedsvc.importing.wordpress.autop import add_paragraphs
from feedsvc.importing.wordpress.blocks import blocks_html, has_blocks
from feedsvc.importing.wordpress.figures import PostMedia
from feedsvc.importing.wordpress.shortcodes import replace_early_shortcodes, replace_shortcodes

_MORE: Final = re.compile(r"<!--(?:more(?:[^-<]|-(?!->)|<(?!!--more))*+|noteaser)-->")
_COMMENT: Final = re.compile(r"<!--(?:[^-]|-(?!->))*+(?:-->|\Z)")
_BEFORE_BLOCK: Final = re.compile(r"<p>(?:\s|<br />)*+(?=<(?:figure|pre)\b)")
_AFTER_BLOCK: Final = re.compile(r"(</(?:figure|pre)>)(?:\s|<br />)*+</p>")
# Articles have no targets of such links, but the numbers of the list are those of the links.
_FOOTNOTE_LINK: Final = re.compile(r"(<sup\b[^<>]*?\sdata-fn=[^<>]*+>)\s*+<a\s[^<>]*+>([^<>]*+)</a>\s*+(?=</sup>)")
_LINK: Final = re.compile(r"(<a\s[^<>]*?href=\")([^\"<>]*)(?=\")", re.IGNORECASE)
_EMPTY_PARAGRAPH: Final = re.compile(r"<p>\s*+</p>\n?")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")


def body_html(content: str, media: PostMedia) -> str:
    """Return as HTML a post's content as the export has it, blocks or classic text. Report to `media` what is left out.

    The HTML is not cleaned: it may have elements that no article can have.
    """
    content = content.replace("\r\n", "\n").replace("\r", "\n")
    markup = blocks_html(content, media) if has_blocks(content) else _classic_html(content, media)
    # Shortcodes on lines of their own have become paragraphs around figures and `pre`.
    markup = _AFTER_BLOCK.sub(r"\1", _BEFORE_BLOCK.sub("", replace_shortcodes(markup, media)))
    markup = media.link_lone_addresses(_FOOTNOTE_LINK.sub(r"\1\2", markup))
    markup = replace_frames(markup, media.title_of)
    markup = _LINK.sub(partial(_file_link, media.index.files), _EMPTY_PARAGRAPH.sub("", _COMMENT.sub("", markup)))
    return _EMPTY_LINES.sub("\n\n", markup).strip() if "<pre" not in markup else markup.strip()


def _classic_html(content: str, media: PostMedia) -> str:
    text = replace_early_shortcodes(_MORE.sub("", content).replace(NEXT_PAGE, "\n\n"), media)
    return add_paragraphs(media.link_lone_addresses(text))


def _file_link(files: Mapping[str, str], match: re.Match[str]) -> str:
    """Return the start of a link; one to the page of an attachment, which no newsroom has, leads to its file."""
    return f"{match[1]}{html.escape(files[page])}" if (page := html.unescape(match[2])) in files else match[0]
