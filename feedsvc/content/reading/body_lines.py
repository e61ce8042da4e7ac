"""Lines of an article's file at which its Markdown shows something: found by the source positions of its blocks."""

from __future__ import annotations

import html
import re
from array import array
from functools import cached_property
from typing import Final
from urllib.parse import unquote

from feedsvc.content import text
from feedsvc.content.markdown import commonmark
from feedsvc.content.yaml.document import Tree

_POSITION: Final = re.compile(r' data-sourcepos="([0-9]+):[0-9]+-([0-9]+):[0-9]+"')
_LINE_END: Final = re.compile(r"\r\n?|\n")
_LONGEST_TAG: Final = 200  # characters of a tag that are compared


class BodyLines:
    """Places of one article's text; the text is rendered with positions once something is looked for."""

    def __init__(self, tree: Tree, content: str, markdown: str) -> None:
        """`content` is the whole file's text, `markdown` the text of its article."""
        self._tree, self._content, self._markdown = tree, content, markdown
        self._positioned = ""

    @property
    def _html(self) -> str:
        self._positioned = self._positioned or commonmark.to_html_with_positions(self._markdown)
        return self._positioned

    def of_reference(self, reference: str) -> tuple[int, int] | None:
        """Line and column at which an address is written; None if no spelling of it is found."""
        for shown in {html.escape(reference), reference}:
            at = self._html.find(f'="{shown}"')
            if at >= 0:
                return self._written(self._source_index(at), reference) or self._written(0, reference)
        return self._written(0, reference)

    def of_tags(self, indexes: tuple[int, ...]) -> list[tuple[int, int]]:
        """Line and column of some tags of raw HTML, given by their indexes in the HTML without positions, in order."""
        return [self._of_tag(at) for at in self._with_positions(indexes)]

    def of_index(self, index: int) -> tuple[int, int]:
        """Line and column of the block at an index of the HTML without positions."""
        (at,) = self._with_positions((index,))
        return self._of_tag(at)

    def _with_positions(self, indexes: tuple[int, ...]) -> list[int]:
        """The same places in the HTML that has positions, which come between."""
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

    def _of_tag(self, at: int) -> tuple[int, int]:
        tag = re.match(r"<[^\n>]*>?", self._html[at : at + _LONGEST_TAG])
        index = self._source_index(at)
        if not tag or "data-sourcepos" in tag[0]:
            return self._in_file(index)
        return self._in_file(max(index, self._markdown.find(tag[0], index)), tag[0])

    def _source_index(self, at: int) -> int:
        """The index in the Markdown of the line that an index of the HTML with positions comes from, or of one shortly before."""
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
        """The index of a line's first character, of the last line where there are fewer."""
        return self._line_starts[min(line, len(self._line_starts)) - 1]

    @cached_property
    def _line_starts(self) -> array[int]:
        """The index of each line's first character."""
        return array("l", [0, *(end.end() for end in _LINE_END.finditer(self._markdown))])

    def _written(self, start: int, reference: str) -> tuple[int, int] | None:
        for spelling in dict.fromkeys((reference, unquote(reference))):
            if (index := self._markdown.find(spelling, start)) >= 0:
                return self._in_file(index, spelling)
        return None

    def _in_file(self, index: int, spelling: str = "") -> tuple[int, int]:
        """Line and column in the file; in YAML that folds or quotes a text, of the line's words where they can be found."""
        content, markdown = self._content, self._markdown
        if content.endswith(markdown):
            return text.place(content, len(content) - len(markdown) + index)
        body = self._tree.problem(("body",), "")
        start = _index_of(content, body.line, body.column)
        begin = markdown.rfind("\n", 0, index) + 1
        line = markdown[begin:].partition("\n")[0].strip()
        for words, shift in ((line, index - begin), (spelling, 0)):
            if words and (at := content.find(words, start)) >= 0:
                return text.place(content, at + min(shift, len(words)))
        return body.line, body.column


def _index_of(content: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = content.find("\n", start) + 1
    return start + column - 1
