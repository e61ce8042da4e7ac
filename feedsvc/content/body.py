"""One article's text: the media that it shows looked up, and its problems placed."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from feedsvc import urls
from feedsvc.content import markup, text
from feedsvc.content.desk import Desk
from feedsvc.errors import Problem

_MOST_OPEN: Final = 500
# Elements without an end, or whose end may be left out, and what is no element but an address: <https://x.example>
_ENDLESS: Final = (
    r"(?:br|img|hr|wbr|source|col|input|meta|link|p|li|dt|dd|td|th|tr|thead|tbody|tfoot|option|rt|rp)\b|[A-Za-z0-9+.-]+[:@]"
)
_MOST_PROBLEMS: Final = 100
# Parsers go back to every opening mark that is still open: many of them take minutes, and no text needs them.
_MARKS: Final = {
    "[": (re.compile(r"[\[\]]"), frozenset({"["})),
    "(": (re.compile(r"[()]"), frozenset({"("})),
    "<": (re.compile(rf"</?(?!{_ENDLESS})(?=[A-Za-z])", re.IGNORECASE), frozenset({"<"})),
}


def body(desk: Desk, content: str, written: str, slug: str) -> str:
    """The Markdown, looked through; `content` is the whole file's text, `written` its Markdown, `slug` the article's.

    "" where it shows nothing.
    """
    if sum(map(written.count, _MARKS)) > _MOST_OPEN and (crowd := _crowd(written)):
        desk.complain(("body",), f"more than {_MOST_OPEN} '{crowd}' are open at one place", "close them or take them out")
        return ""
    if not markup.may_show_media(written):
        return "" if written.isspace() else written
    base_url = desk.known.site.base_url
    page = urls.absolute(base_url, urls.path_of(urls.ArticleAt(slug)))
    rendered = markup.render(written, base_url=base_url, page=page)
    missing = [(reference, error) for reference, path in rendered.media.items() if (error := _unshown(desk, path))]
    # One wrong folder name can stand in every line.
    desk.tree.problems += [_in_text(desk, content, reference, f"body: {error}") for reference, error in missing[:_MOST_PROBLEMS]]
    return "" if written.isspace() else written


def _unshown(desk: Desk, path: str) -> str:
    """Remembers a file of media/ that the text shows; what is wrong with it, "" if nothing."""
    try:
        desk.media[desk.known.media.file(path).path] = None
    except ValueError as error:
        return str(error)
    return ""


def _crowd(written: str) -> str:
    """The mark of which more are open than may be, "" where none is."""
    return next((mark for mark in _MARKS if _most_open(written, mark) > _MOST_OPEN), "")


def _most_open(written: str, mark: str) -> int:
    """How many of a mark are open at most at one place; a closing mark too many counts for nothing."""
    pattern, opening = _MARKS[mark]
    most = now = 0
    for found in pattern.finditer(written):
        now = now + 1 if found[0] in opening else max(0, now - 1)
        most = max(most, now)
    return most


def _in_text(desk: Desk, content: str, reference: str, message: str) -> Problem:
    """A problem where a reference is written, if it can be found again in the file's own text."""
    index = next((i for form in (reference, unquote(reference)) if (i := content.find(form)) >= 0), None)
    if index is None:
        return desk.tree.problem(("body",), message)
    line, column = text.place(content, index)
    return Problem(path=desk.tree.path, line=line, column=column, message=text.told(message))
