"""Body check of one article: limits of its HTML, its references to media, and line and column of its problems."""

from __future__ import annotations

from typing import Final

from feedsvc import routes, uris
from feedsvc.content import text
from feedsvc.content.markdown import MAX_DEPTH, MAX_HTML_BYTES, LimitExceeded, RenderedMarkdown, is_simple, render_within_limits
from feedsvc.content.reading.body_lines import BodyPositions
from feedsvc.content.reading.context import ReadContext
from feedsvc.errors import Problem

_MAX_PROBLEMS: Final = 100
_TOO_DEEP: Final = (
    f"body: elements lie in one another more than {MAX_DEPTH} deep, or are not closed",
    f"close HTML tags that stay open, and nest lists and quotes less than {MAX_DEPTH} deep",
)
_TOO_LARGE: Final = (
    f"body: its HTML would be larger than {MAX_HTML_BYTES // 1_000_000} MB, the most that an article may have",
    "split the article, or shorten what is repeated: footnotes, tables, addresses",
)


def check_body(desk: ReadContext, content: str, written: str, slug: str) -> str:
    """Check the Markdown `written` and return it; `content` is the text of the whole file, `slug` that of the article.

    Return "" if the Markdown is only white space or its HTML would exceed the limits.
    """
    if is_simple(written):
        return "" if written.isspace() else written
    page = uris.absolute(desk.references.site.base_url, routes.path_of(routes.ArticleAt(slug)))
    made = render_within_limits(written, base_url=desk.references.site.base_url, page=page)
    lines = BodyPositions(desk.document, content, written)
    if isinstance(made, LimitExceeded):
        desk.document.problems.append(
            _problem(desk, lines.position_of_index(made.index), *(_TOO_DEEP if made.is_too_deep else _TOO_LARGE))
        )
        return ""
    # Limited because one misspelt folder name may occur in every line.
    desk.document.problems += [
        _problem(desk, lines.position_of_reference(reference), f"body: {message}", hint)
        for reference, message, hint in _check_media(desk, made)[:_MAX_PROBLEMS]
    ]
    return "" if written.isspace() else written


def _check_media(desk: ReadContext, made: RenderedMarkdown) -> list[tuple[str, str, str]]:
    """Add the files of media/ that the text shows to `desk.media`. Return each invalid reference with message and hint."""
    found = [
        (
            reference,
            f"'{reference}' is not in media/, so readers would not see it",
            "move the file to media/ and write media/NAME",
        )
        for reference in made.misplaced_references
    ]
    for reference, path in made.media.items():
        try:
            desk.media[desk.sendable_file(path).path] = None
        except ValueError as error:
            found.append((reference, str(error), ""))
    return found


def _problem(desk: ReadContext, place: tuple[int, int] | None, message: str, hint: str) -> Problem:
    if place is None:
        return desk.document.problem(("body",), message, hint)
    return Problem(
        path=desk.document.path,
        line=place[0],
        column=place[1],
        message=text.sanitize_message(message),
        hint=text.sanitize_message(hint),
    )
