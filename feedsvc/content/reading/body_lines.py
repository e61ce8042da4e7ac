"""Body positions: line and column in the article's file of elements of its HTML.

A second rendering states the source lines of blocks ("HTML with positions"); the published HTML is that without positions.
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
    """Positions of one article's body. The body is rendered with source positions at the first search."""

    def __init__(self, tree: YamlDocument, content: str, markdown: str) -> None:
        """Initialize with the text of the whole file (`content`) and the Markdown of its body."""
        self._document, self._content, self._markdown = tree, content, markdown
        self._html_cache = ""

    @property
    def _html(self) -> str:
        self._html_cache = self._html_cache or to_html_with_positions(self._markdown)
        return self._html_cache

    def position_of_reference(self, reference: str) -> tuple[int, int] | None:
        """Return line and column of a link or media reference; None if the body does not contain it."""
        for shown in {html.escape(reference), reference}:
            at = self._html.find(f'="{shown}"')
            if at >= 0:
                return self._find_spelling(self._source_index(at), reference) or self._find_spelling(0, reference)
        return self._find_spelling(0, reference)

    def positions_of_tags(self, indexes: tuple[int, ...]) -> list[tuple[int, int]]:
        """Return line and column of raw HTML tags, given by their ascending indexes in the HTML without positions."""
        return [self._position_of_tag(at) for at in self._shift_offsets(indexes)]

    def position_of_index(self, index: int) -> tuple[int, int]:
        """Return line and column of the block at an index of the HTML without positions."""
        (at,) = self._shift_offsets((index,))
        return self._position_of_tag(at)

    def _shift_offsets(self, indexes: tuple[int, ...]) -> list[int]:
        """Convert ascending indexes in the HTML without positions to indexes in the HTML with positions."""
        found: list[int] = []
        extra, positions, following = 0, _POSITION.finditer(self._html), None
        for index in indexes:
            while following := following or next(positions, None):
                if following.start() - extra > index:
                    break
                extra += len(following[0])
                following = None
            found.append(index + extra)
        return found

    def _position_of_tag(self, at: int) -> tuple[int, int]:
        tag = re.match(r"<[^\n>]*>?", self._html[at : at + _MAX_TAG_LENGTH])
        index = self._source_index(at)
        if not tag or "data-sourcepos" in tag[0]:
            return self._position_in_file(index)
        return self._position_in_file(max(index, self._markdown.find(tag[0], index)), tag[0])

    def _source_index(self, at: int) -> int:
        """Return the index in the Markdown of the line (or one just before) that became index `at` of the HTML with positions."""
        begins = self._html.rfind(' data-sourcepos="', 0, at + 1)
        inside = _POSITION.match(self._html, self._html.find(" data-sourcepos", at), self._html.find(">", at) + 1)
        found = inside or (_POSITION.match(self._html, begins) if begins >= 0 else None)
        if not found:
            return self._line_start(1 + self._html.count("\n", 0, at))
        first, last = int(found[1]), int(found[2])
        within = 0 if inside else self._html.count("\n", found.end(), at)
        is_code = not inside and self._html.rfind("<pre", 0, begins + 1) == begins - len("<pre")
        return self._line_start(last if is_code else first + within)

    def _line_start(self, line: int) -> int:
        """Return the index of a line's first character; that of the last line if there are fewer lines."""
        return self._line_starts[min(line, len(self._line_starts)) - 1]

    @cached_property
    def _line_starts(self) -> array[int]:
        """Index of each line's first character."""
        return array("l", [0, *(end.end() for end in _LINE_END.finditer(self._markdown))])

    def _find_spelling(self, start: int, reference: str) -> tuple[int, int] | None:
        for spelling in dict.fromkeys((reference, unquote(reference))):
            if (index := self._markdown.find(spelling, start)) >= 0:
                return self._position_in_file(index, spelling)
        return None

    def _position_in_file(self, index: int, spelling: str = "") -> tuple[int, int]:
        """Return line and column in the file. If YAML folds or quotes the body, search for its words below `body:`."""
        content, markdown = self._content, self._markdown
        if content.endswith(markdown):
            return text.line_and_column(content, len(content) - len(markdown) + index)
        body = self._document.problem(("body",), "")
        start = _index_of(content, body.line, body.column)
        begin = markdown.rfind("\n", 0, index) + 1
        line = markdown[begin:].partition("\n")[0].strip()
        for words, shift in ((line, index - begin), (spelling, 0)):
            if words and (at := content.find(words, start)) >= 0:
                return text.line_and_column(content, at + min(shift, len(words)))
        return body.line, body.column


def _index_of(content: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = content.find("\n", start) + 1
    return start + column - 1
