"""Body positions: finds line and column, in an article's file, of references and tags in the HTML of its body.

"HTML without positions" is the uncleaned HTML of the Markdown. "HTML with positions" is the same HTML with attributes
`data-sourcepos`, which state the lines of blocks in the Markdown.
"""

from __future__ import annotations

import html
import re
from array import array
from functools import cached_property
from typing import Final
from urllib.parse import unquote

from feedsvc.content import text
from feedsvc.content.markdown import to_html_with_positions
from feedsvc.content.yaml import YamlDocument

_POSITION: Final = re.compile(r' data-sourcepos="([0-9]+):[0-9]+-([0-9]+):[0-9]+"')
_LINE_END: Final = re.compile(r"\r\n?|\n")
_MAX_TAG_LENGTH: Final = 200  # characters of a tag that are searched for in the Markdown


class BodyPositions:
    """Positions in one article's body: lines and columns in its file, both from 1. The first search renders the body."""

    def __init__(self, document: YamlDocument, content: str, markdown: str) -> None:
        """Initialize with the file's YAML (`document`), its whole text (`content`) and the Markdown of its body."""
        self._document, self._content, self._markdown = document, content, markdown
        self._html_cache = ""

    @property
    def _html(self) -> str:
        self._html_cache = self._html_cache or to_html_with_positions(self._markdown)
        return self._html_cache

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
