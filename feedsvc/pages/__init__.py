"""Listing and Article -> HTML.

What a page itself loads or leads to inside the site is root-relative; what it tells others (canonical, Open Graph) is
absolute.
"""

from __future__ import annotations

from typing import Final

from feedsvc.model import Article
from feedsvc.pages.article import article
from feedsvc.pages.frame import Frame
from feedsvc.pages.head import Head
from feedsvc.pages.listing import listing, subscribe
from feedsvc.pages.theme import STATIC_TYPES, Theme, problems

__all__ = ["MEDIA_TYPE", "STATIC_TYPES", "Frame", "Theme", "article", "gone", "listing", "missing", "problems", "subscribe"]

MEDIA_TYPE: Final = "text/html"


def gone(frame: Frame, one: Article) -> bytes:
    """What stands at a withdrawn article's address."""
    return _message(frame, frame.lang.say("withdrawn_title"), one.notice or frame.lang.say("withdrawn_text"))


def missing(frame: Frame) -> bytes:
    """What stands at an address that nothing has."""
    return _message(frame, frame.lang.say("missing_title"), frame.lang.say("missing_text"))


def _message(frame: Frame, title: str, text: str) -> bytes:
    return frame.page("message.html", Head(title=f"{title} – {frame.site.title}", hidden=True), title=title, text=text)
