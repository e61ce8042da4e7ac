"""Listing and Article -> HTML.

What a page itself loads or leads to inside the site is root-relative; what it tells others (canonical, Open Graph) is
absolute.
"""

from __future__ import annotations

from typing import Final

from feedsvc.pages.article import article, articles
from feedsvc.pages.layout import Frame
from feedsvc.pages.listing import listing, subscribe
from feedsvc.pages.redirect_page import moved
from feedsvc.pages.status_pages import gone, missing
from feedsvc.pages.tags import tag_page, tags
from feedsvc.pages.theme import STATIC_TYPES, Theme

__all__ = [
    "MEDIA_TYPE",
    "STATIC_TYPES",
    "Frame",
    "Theme",
    "article",
    "articles",
    "gone",
    "listing",
    "missing",
    "moved",
    "subscribe",
    "tag_page",
    "tags",
]

MEDIA_TYPE: Final = "text/html"
