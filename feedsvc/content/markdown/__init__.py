"""Markdown to safe HTML, within limits on size and depth.

In comes Markdown; out comes HTML with allowed elements and absolute URLs only, or a LimitExceeded; for feeds also Markdown with
absolute URLs. `TextStore` keeps the Markdown of articles and renders it when needed.
"""

from feedsvc.content.markdown.bare_links import bare_links, replace_bare_links
from feedsvc.content.markdown.commonmark import to_html_with_positions
from feedsvc.content.markdown.elements import VOID_ELEMENTS
from feedsvc.content.markdown.feed_markdown import FEED_MARKDOWN_VERSION, FitImage
from feedsvc.content.markdown.nesting import MAX_DEPTH
from feedsvc.content.markdown.render import (
    MAX_HTML_BYTES,
    RENDER_VERSION,
    LimitExceeded,
    RenderedMarkdown,
    clean_html,
    excerpt,
    is_simple,
    plain_text,
    removed_elements,
    render_within_limits,
)
from feedsvc.content.markdown.text_store import TextStore, is_text_of_key, text_key

__all__ = [
    "FEED_MARKDOWN_VERSION",
    "MAX_DEPTH",
    "MAX_HTML_BYTES",
    "RENDER_VERSION",
    "VOID_ELEMENTS",
    "FitImage",
    "LimitExceeded",
    "RenderedMarkdown",
    "TextStore",
    "bare_links",
    "clean_html",
    "excerpt",
    "is_simple",
    "is_text_of_key",
    "plain_text",
    "removed_elements",
    "render_within_limits",
    "replace_bare_links",
    "text_key",
    "to_html_with_positions",
]
