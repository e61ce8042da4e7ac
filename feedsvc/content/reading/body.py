"""One article's text: its limits, the media that it shows looked up, and its problems placed."""

from __future__ import annotations

from typing import Final

from feedsvc import routes, uris
from feedsvc.content import text
from feedsvc.content.markdown import nesting, render
from feedsvc.content.markdown.render import Excess, Markup
from feedsvc.content.reading.body_lines import BodyLines
from feedsvc.content.reading.context import Desk
from feedsvc.errors import Problem

_MOST_PROBLEMS: Final = 100
_DEEP: Final = (
    f"body: elements lie in one another more than {nesting.DEEPEST} deep, or are not closed",
    f"close HTML tags that stay open, and nest lists and quotes less than {nesting.DEEPEST} deep",
)
_LARGE: Final = (
    f"body: its HTML would be larger than {render.LARGEST // 1_000_000} MB, the most that an article may have",
    "split the article, or shorten what is repeated: footnotes, tables, addresses",
)


def body(desk: Desk, content: str, written: str, slug: str) -> str:
    """The Markdown, looked through; `content` is the whole file's text, `written` its Markdown, `slug` the article's.

    "" where it shows nothing, or its HTML would be beyond the limits.
    """
    if render.is_ordinary(written):
        return "" if written.isspace() else written
    page = uris.absolute(desk.known.site.base_url, routes.path_of(routes.ArticleAt(slug)))
    made = render.render_within_limits(written, base_url=desk.known.site.base_url, page=page)
    lines = BodyLines(desk.tree, content, written)
    if isinstance(made, Excess):
        desk.tree.problems.append(_problem(desk, lines.of_index(made.index), *(_DEEP if made.is_deep else _LARGE)))
        return ""
    # One wrong folder name can stand in every line.
    desk.tree.problems += [
        _problem(desk, lines.of_reference(reference), f"body: {message}", hint)
        for reference, message, hint in _unshown(desk, made)[:_MOST_PROBLEMS]
    ]
    return "" if written.isspace() else written


def _unshown(desk: Desk, made: Markup) -> list[tuple[str, str, str]]:
    """Remember the files of media/ that the text shows; return each reference with what is wrong with it and what to do."""
    found = [
        (
            reference,
            f"'{reference}' is not in media/, so readers would not see it",
            "move the file to media/ and write media/NAME",
        )
        for reference in made.strays
    ]
    for reference, path in made.media.items():
        try:
            desk.media[desk.sendable(path).path] = None
        except ValueError as error:
            found.append((reference, str(error), ""))
    return found


def _problem(desk: Desk, place: tuple[int, int] | None, message: str, hint: str) -> Problem:
    if place is None:
        return desk.tree.problem(("body",), message, hint)
    return Problem(path=desk.tree.path, line=place[0], column=place[1], message=text.told(message), hint=text.told(hint))
