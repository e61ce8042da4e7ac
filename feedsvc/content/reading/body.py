"""Body check of one article or page: limits of its HTML, its references to media, and line and column of its problems.

"HTML without positions" is the uncleaned HTML of the Markdown. "HTML with positions" is the same HTML with attributes
`data-sourcepos`, which state the lines of blocks in the Markdown.
"""

from __future__ import annotations

import html
import re
from array import array
from collections.abc import Iterator
from functools import cached_property
from typing import Final
from urllib.parse import unquote

from feedsvc import uris
from feedsvc.content import text
from feedsvc.content.markdown.commonmark import to_html
from feedsvc.content.markdown.nesting import MAX_DEPTH
from feedsvc.content.markdown.render import MAX_HTML_BYTES, LimitExceeded, RenderedMarkdown, render_within_limits
from feedsvc.content.reading.context import ReadContext, rule_of
from feedsvc.content.reading.files import is_markdown
from feedsvc.content.yaml import YamlDocument
from feedsvc.errors import Problem, Rule

BODY_PLACEHOLDER: Final = "Write here, in Markdown."  # body of a new article
_MAX_PROBLEMS: Final = 100
_POSITION: Final = re.compile(r' data-sourcepos="([0-9]+):[0-9]+-([0-9]+):[0-9]+"')
_LINE_END: Final = re.compile(r"\r\n?|\n")
_MAX_TAG_LENGTH: Final = 200  # characters of a tag that are searched for in the Markdown
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
        problem = _problem(context, positions.position_of_index(rendered.index), message, hint=hint)
        context.document.problems.append(problem)
        return ""
    # Limited because one misspelt folder name may occur in every line.
    context.document.problems += [
        _problem(context, positions.position_of_reference(reference), f"body: {error}", rule_of(error))
        for reference, error in _check_media(context, rendered)[:_MAX_PROBLEMS]
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


def check_placeholder(document: YamlDocument, content: str, markdown: str) -> Iterator[Problem]:
    """Yield an error if a line of a body is still that of a new article. `content` is the text of the whole file."""
    if BODY_PLACEHOLDER in markdown and BODY_PLACEHOLDER in map(str.strip, markdown.splitlines()):
        position = text.line_and_column(content, max(0, content.rfind(BODY_PLACEHOLDER)))
        hint = "write the text, or status: draft until it is written"
        yield text.problem_at(document.path, position, f"body: still says '{BODY_PLACEHOLDER}'", hint)


def _check_media(context: ReadContext, rendered: RenderedMarkdown) -> list[tuple[str, ValueError]]:
    """Add to `context.media` the usable files in media/ that the body refers to.

    Return (reference, error) for each reference to a file that cannot be used. First are those of images, sounds and films
    without a host, at a path outside media/ and static/.
    """
    problems = []
    for reference, path in (dict.fromkeys(rendered.misplaced_references) | rendered.media).items():
        try:
            context.media[context.sendable_file(path or reference).path] = None
        except ValueError as error:
            problems.append((reference, error))
    return problems


def _problem(
    context: ReadContext, position: tuple[int, int] | None, message: str, rule: Rule | None = None, *, hint: str = ""
) -> Problem:
    """Return a problem at `position` (line and column), or at `body:` if that is None: an error, or a warning of `rule`."""
    if position is None:
        return context.document.problem(("body",), message, hint, rule=rule or "")
    return text.problem_at(context.document.path, position, message, hint, rule or "")


class BodyPositions:
    """Positions in one article's body: lines and columns in its file, both from 1. The first search renders the body."""

    def __init__(self, document: YamlDocument, content: str, markdown: str) -> None:
        """Initialize with the file's YAML (`document`), its whole text (`content`) and the Markdown of its body."""
        self._document, self._content, self._markdown = document, content, markdown

    @cached_property
    def _html(self) -> str:
        return to_html(self._markdown, with_positions=True)

    def position_of_reference(self, reference: str) -> tuple[int, int] | None:
        """Return line and column, in the article's file, of a link or media reference; None if the Markdown lacks it.

        `reference` is the value of the attribute in the uncleaned HTML, with entities decoded. If it occurs more than once,
        this is the position of one occurrence.
        """
        for attribute in {html.escape(reference), reference}:
            index = self._html.find(f'="{attribute}"')
            if index >= 0:
                return self._find_spelling(self._source_index(index), reference) or self._find_spelling(0, reference)
        return self._find_spelling(0, reference)

    def positions_of_tags(self, indexes: tuple[int, ...]) -> list[tuple[int, int]]:
        """Return (line, column) in the article's file of each raw HTML tag or, if it is not found, of its block.

        `indexes` are the offsets in characters, ascending, at which the tags begin in the uncleaned HTML of the Markdown.
        """
        return [self._position_of_tag(index) for index in self._shift_indexes(indexes)]

    def position_of_index(self, index: int) -> tuple[int, int]:
        """Return line and column, in the article's file, of the tag at an index of the HTML, or of the block around it.

        `index` is an offset in characters in the uncleaned HTML of the Markdown, without `data-sourcepos`.
        """
        (shifted_index,) = self._shift_indexes((index,))
        return self._position_of_tag(shifted_index)

    def _shift_indexes(self, indexes: tuple[int, ...]) -> list[int]:
        """Convert ascending indexes in the uncleaned HTML to indexes in the same HTML with `data-sourcepos` attributes."""
        shifted: list[int] = []
        added_length, attributes, attribute = 0, _POSITION.finditer(self._html), None
        for index in indexes:
            while attribute := attribute or next(attributes, None):
                if attribute.start() - added_length > index:
                    break
                added_length += len(attribute[0])
                attribute = None
            shifted.append(index + added_length)
        return shifted

    def _position_of_tag(self, html_index: int) -> tuple[int, int]:
        """Return line and column of the raw HTML tag at an index of the HTML with positions; of the block, if no tag is there."""
        tag = re.match(r"<[^\n>]*>?", self._html[html_index : html_index + _MAX_TAG_LENGTH])
        index = self._source_index(html_index)
        if not tag or "data-sourcepos" in tag[0]:
            return self._position_in_file(index)
        return self._position_in_file(max(index, self._markdown.find(tag[0], index)), tag[0])

    def _source_index(self, html_index: int) -> int:
        """Return the index in the Markdown of the start of the line that an index of the HTML with positions comes from.

        If that line is not known, it is a line before it.
        """
        before = self._html.rfind(' data-sourcepos="', 0, html_index + 1)
        tag_end = self._html.find(">", html_index) + 1
        own_attribute = _POSITION.match(self._html, self._html.find(" data-sourcepos", html_index), tag_end)
        attribute = own_attribute or (_POSITION.match(self._html, before) if before >= 0 else None)
        if not attribute:
            return self._line_start(1 + self._html.count("\n", 0, html_index))
        first_line, last_line = int(attribute[1]), int(attribute[2])
        lines_within = 0 if own_attribute else self._html.count("\n", attribute.end(), html_index)
        is_code = not own_attribute and self._html.rfind("<pre", 0, before + 1) == before - len("<pre")
        return self._line_start(last_line if is_code else first_line + lines_within)

    def _line_start(self, line: int) -> int:
        """Return the index in the Markdown of the first character of a line (from 1), or of the last line if there are fewer."""
        return self._line_starts[min(line, len(self._line_starts)) - 1]

    @cached_property
    def _line_starts(self) -> array[int]:
        """Index in the Markdown of each line's first character."""
        return array("l", [0, *(end.end() for end in _LINE_END.finditer(self._markdown))])

    def _find_spelling(self, start: int, reference: str) -> tuple[int, int] | None:
        """Return line and column of the reference, as it is or percent-decoded; None if neither is found from `start` on."""
        for spelling in dict.fromkeys((reference, unquote(reference))):
            if (index := self._markdown.find(spelling, start)) >= 0:
                return self._position_in_file(index, spelling)
        return None

    def _position_in_file(self, index: int, spelling: str = "") -> tuple[int, int]:
        """Return line and column in the file of an index in the Markdown, at which `spelling` is, unless that is "".

        If YAML indents, folds or quotes the body, search below `body:` for the text of the line, then for `spelling`. If neither
        is found, return the position of `body:`.
        """
        content, markdown = self._content, self._markdown
        if content.endswith(markdown):
            return text.line_and_column(content, len(content) - len(markdown) + index)
        body = self._document.problem(("body",), "")
        body_start = _index_of(content, body.line, body.column)
        line_start = markdown.rfind("\n", 0, index) + 1
        line = markdown[line_start:].partition("\n")[0].strip()
        for words, shift in ((line, index - line_start), (spelling, 0)):
            if words and (match_start := content.find(words, body_start)) >= 0:
                return text.line_and_column(content, match_start + min(shift, len(words)))
        return body.line, body.column


def _index_of(content: str, line: int, column: int) -> int:
    """Return the index in `content` of a line and column, both from 1."""
    start = 0
    for _ in range(line - 1):
        start = content.find("\n", start) + 1
    return start + column - 1
