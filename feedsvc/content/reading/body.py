"""Body check of one article or page: limits of its HTML, its references to media, and line and column of its problems."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from feedsvc import uris
from feedsvc.content import text
from feedsvc.content.markdown import MAX_DEPTH, MAX_HTML_BYTES, LimitExceeded, RenderedMarkdown, render_within_limits
from feedsvc.content.reading.body_positions import BodyPositions
from feedsvc.content.reading.context import ReadContext
from feedsvc.content.reading.front_matter import is_markdown
from feedsvc.content.yaml import YamlDocument
from feedsvc.errors import Problem

_MAX_PROBLEMS: Final = 100
_LOST_HEADING: Final = re.compile(r"^body: *[|>][^\n]*\n(?:[ \t][^\n]*\n|\r?\n)*+(#{2,6} )", re.MULTILINE)
_TOO_DEEP: Final = (
    f"body: elements lie in one another more than {MAX_DEPTH} deep, or are not closed",
    f"close HTML tags that stay open, and nest lists and quotes less than {MAX_DEPTH} deep",
)
_TOO_LARGE: Final = (
    f"body: its HTML would be larger than {MAX_HTML_BYTES // 1_000_000} MB, the most that an article may have",
    "split the article, or shorten what is repeated: footnotes, tables, addresses",
)


def check_body(context: ReadContext, content: str, markdown: str, path: str, *, is_simple: bool) -> str:
    """Check the Markdown of a body and return it. `content` is the text of the whole file, `path` the page's path on the site.

    `is_simple` is the result of the function `content.markdown.is_simple` for the Markdown.
    Problems, and the media files that the body refers to, are added to `context`. Return "" if the Markdown is only white space,
    or if its HTML would exceed the limits, which adds an error.
    """
    context.document.problems += _lost_heading_warnings(context.document, content)
    if is_simple:
        return "" if markdown.isspace() else markdown
    page = uris.absolute(context.references.site.base_url, path)
    rendered = render_within_limits(markdown, base_url=context.references.site.base_url, page=page)
    positions = BodyPositions(context.document, content, markdown)
    if isinstance(rendered, LimitExceeded):
        message, hint = _TOO_DEEP if rendered.is_too_deep else _TOO_LARGE
        problem = _problem(context, positions.position_of_index(rendered.index), message, hint)
        context.document.problems.append(problem)
        return ""
    # Limited because one misspelt folder name may occur in every line.
    context.document.problems += [
        _problem(context, positions.position_of_reference(reference), f"body: {message}", hint)
        for reference, message, hint in _check_media(context, rendered)[:_MAX_PROBLEMS]
    ]
    return "" if markdown.isspace() else markdown


def _lost_heading_warnings(document: YamlDocument, content: str) -> Iterator[Problem]:
    """Yield a warning if the text of `body:` in a YAML file is followed by a comment that looks like a heading (## The votes)."""
    if document.loaded_source_map is None or is_markdown(document.path):  # `yaml.fast` declines files with comments
        return
    if "\n##" in content and (match := _LOST_HEADING.search(content)):
        position = text.line_and_column(content, match.start(1))
        message = "body: this line is not indented, so it is a comment, which readers do not see"
        hint = "if it is a heading, indent it by two spaces"
        yield text.problem_at(document.path, position, message, hint, "comment-in-body")


def _check_media(context: ReadContext, rendered: RenderedMarkdown) -> list[tuple[str, str, str]]:
    """Add to `context.media` the usable files in media/ that the body refers to.

    Return (reference, message, hint) for each reference to a file that cannot be used. First are those of images, sounds and
    films without a host, at a path outside media/ and static/.
    """
    problems = []
    for reference, path in (dict.fromkeys(rendered.misplaced_references) | rendered.media).items():
        try:
            context.media[context.sendable_file(path or reference).path] = None
        except ValueError as error:
            problems.append((reference, str(error), ""))
    return problems


def _problem(context: ReadContext, position: tuple[int, int] | None, message: str, hint: str) -> Problem:
    """Return an error at `position` (line and column), or at `body:` if that is None."""
    if position is None:
        return context.document.problem(("body",), message, hint)
    return text.problem_at(context.document.path, position, message, hint)
