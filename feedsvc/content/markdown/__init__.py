"""Markdown to safe HTML, within limits on size and depth.

In comes Markdown; out comes HTML with allowed elements and absolute URLs only, or the limit that the text exceeds; for feeds also
Markdown with absolute URLs. `TextStore` keeps the Markdown of articles and renders it when needed.
"""

from feedsvc.content.markdown.commonmark import to_html_with_positions
from feedsvc.content.markdown.feed_markdown import FEED_MARKDOWN_VERSION, FitImage
from feedsvc.content.markdown.nesting import MAX_DEPTH
from feedsvc.content.markdown.render import (
    MAX_HTML_BYTES,
    RENDER_VERSION,
    LimitExceeded,
    RenderedMarkdown,
    is_simple,
    removed_elements,
    render_within_limits,
)
from feedsvc.content.markdown.text_store import TextStore, is_text_of_key, text_key

__all__ = [
    "FEED_MARKDOWN_VERSION",
    "MAX_DEPTH",
    "MAX_HTML_BYTES",
    "RENDER_VERSION",
    "FitImage",
    "LimitExceeded",
    "RenderedMarkdown",
    "TextStore",
    "is_simple",
    "is_text_of_key",
    "removed_elements",
    "render_within_limits",
    "text_key",
    "to_html_with_positions",
]
