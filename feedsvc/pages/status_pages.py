"""Pages that only say something: of an article that went, and of an address that nothing has."""

from __future__ import annotations

from feedsvc.model import Article
from feedsvc.pages.layout import Frame
from feedsvc.pages.metadata import Head


def gone(frame: Frame, one: Article) -> bytes:
    """What stands at a withdrawn article's address; the notice is in the article's language."""
    said = frame.lang.say("withdrawn_title")
    if not one.notice:
        return _message(frame, said, frame.lang.say("withdrawn_text"))
    return _message(frame, said, one.notice, one.language, frame.direction(one))


def missing(frame: Frame) -> bytes:
    """What stands at an address that nothing has."""
    return _message(frame, frame.lang.say("missing_title"), frame.lang.say("missing_text"))


def _message(frame: Frame, title: str, text: str, language: str = "", direction: str = "") -> bytes:
    head = Head(title=f"{title} – {frame.site.title}", hidden=True)
    return frame.page("message.html", head, title=title, text=text, language=language, direction=direction)
