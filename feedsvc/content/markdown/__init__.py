"""Markdown to safe HTML, within limits on size and depth.

In comes Markdown; out comes HTML with allowed elements and absolute URLs only, or a LimitExceeded; for feeds also Markdown with
absolute URLs. `TextStore` keeps the Markdown of articles and renders it when needed.
"""

__all__ = ["commonmark", "elements", "feed_markdown", "figures", "nesting", "render", "text_store"]
