"""Pages with status 410 (withdrawn article) and 404 (unknown address)."""

from __future__ import annotations

from feedsvc.model import Article
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.metadata import PageMetadata


def render_gone(frame: PageLayout, one: Article) -> bytes:
    """Render the page of a withdrawn article: its notice in the article's language, or a text in the site's if there is none."""
    said = frame.lang.say("withdrawn_title")
    if not one.notice:
        return _render_message(frame, said, frame.lang.say("withdrawn_text"))
    return _render_message(frame, said, one.notice, one.language, frame.direction(one))


def render_not_found(frame: PageLayout) -> bytes:
    """Render the page of an unknown address."""
    return _render_message(frame, frame.lang.say("missing_title"), frame.lang.say("missing_text"))


def _render_message(frame: PageLayout, title: str, text: str, language: str = "", direction: str = "") -> bytes:
    head = PageMetadata(title=f"{title} – {frame.site.title}", hidden=True)
    return frame.render("message.html", head, title=title, text=text, language=language, direction=direction)
