"""Bound the depth of HTML in one pass, before a cleaner builds a tree: a tree's costs grow with depth times length.

Raw HTML may leave elements open or close them in any order, and then elements lie deeper than its tags say. So an end tag that
does not close the innermost open element is counted against the text for good. The count is no smaller than a third of the
depth of the tree that browsers build. Browsers begin emphasis that is left open anew in every block that follows
(WHATWG HTML, section 13.2.4.3), and that is bounded, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from feedsvc.content.markdown.elements import BLOCKS, CODE, TABLE_PARTS, TAGS, TOKEN, VOID

DEEPEST: Final = 100
_MOST_REPEATED: Final = 200_000  # elements that are begun anew
_LONGEST_TAG: Final = 10_000  # characters; cleaners compare each attribute of a tag with all others
_NOTHING: Final = "<!---->"  # in place of a tag, so that what stood around it makes no tag together
# Elements whose end tag may be left out before an end tag of these names: how many of them at one place.
_OMISSIBLE: Final = frozenset({"p", "li", "dd", "dt", *TABLE_PARTS})
_MOST_OMITTED: Final = {**dict.fromkeys((*BLOCKS, *TABLE_PARTS), 2), "table": 4}
_CELLS: Final = frozenset({"p", "td", "th"})
# Open elements that the start of an element ends, where they are the innermost ones.
_CLOSED_BY: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys((*BLOCKS, "hr", "p"), frozenset({"p"})),
    "a": frozenset({"a"}),
    "li": frozenset({"p", "li"}),
    **dict.fromkeys(("dd", "dt"), frozenset({"p", "dd", "dt"})),
    **dict.fromkeys(("td", "th"), _CELLS),
    "tr": _CELLS | {"tr"},
    **dict.fromkeys(("tbody", "thead", "tfoot", "caption"), frozenset({"p", *TABLE_PARTS})),
}
# Elements that browsers begin anew in the next block where a block ends with them open.
_FORMATTING: Final = frozenset({"a", "b", "code", "em", "i", "s", "small", "strong", "u"})
# What Markdown alone nests: the start tags of containers and emphasis, each with the number of elements that it brings.
_GENERATED: Final = (("<blockquote>", 1), ("<ul>", 2), ("<ol", 2), ("<em>", 1), ("<strong>", 1), ("<del>", 1))
_ROOM: Final = 20  # elements that Markdown puts around and within those without nesting: a table's parts, a note's


class TooDeep(NamedTuple):
    """The index of the tag with which HTML exceeds `DEEPEST`."""

    place: int


class Removed(NamedTuple):
    """A start tag of an element that an article may not hold, and its index in the HTML."""

    name: str
    place: int


class Checked(NamedTuple):
    """HTML of known elements alone, no deeper than `DEEPEST`, and the start tags that were taken out of it."""

    html: str
    removed: tuple[Removed, ...] = ()


def check(html: str, *, is_generated: bool) -> Checked | TooDeep:
    """Return HTML without unknown elements, comments and code, or the place at which it is too deep.

    `is_generated` says that no tag in it was written by hand. Takes linear time.
    """
    if is_generated and sum(html.count(tag) * more for tag, more in _GENERATED) <= DEEPEST - _ROOM:
        return Checked(html)
    return _Pass(html).result()


class _Pass:
    def __init__(self, html: str) -> None:
        self.html = html
        self.open: list[str] = []
        self.astray = 0  # elements that may still be open although an end tag outside of them came
        self.formatting = 0  # of the open elements
        self.repeated = 0
        self.removed: list[Removed] = []

    def result(self) -> Checked | TooDeep:
        html, parts, done = self.html, list[str](), 0
        position = 0
        while token := TOKEN.search(html, position):
            position, name = token.end(), (token["name"] or "").lower()
            if name in TAGS and position - token.start() <= _LONGEST_TAG:
                (self._end if token["end"] else self._start)(name)
                if len(self.open) + self.astray > DEEPEST or self.repeated > _MOST_REPEATED:
                    return TooDeep(token.start())
                continue
            if name and not token["end"]:
                self.removed.append(Removed(name, token.start()))
                position = self._after_code(name, position) if name in CODE else position
            parts += html[done : token.start()], _NOTHING
            done = position
        return Checked("".join((*parts, html[done:])) if parts else html, tuple(self.removed))

    def _after_code(self, name: str, position: int) -> int:
        while token := TOKEN.search(self.html, position):
            position = token.end()
            if token["end"] and (token["name"] or "").lower() == name:
                return position
        return len(self.html)

    def _start(self, name: str) -> None:
        closed = _CLOSED_BY.get(name)
        if closed:
            while self.open and self.open[-1] in closed:
                self._pop()
        self.repeated += self.astray + self.formatting
        if name not in VOID:
            self.open.append(name)
            self.formatting += name in _FORMATTING

    def _end(self, name: str) -> None:
        if name not in self.open:
            return
        for _ in range(_MOST_OMITTED.get(name, 0)):
            if self.open[-1] == name or self.open[-1] not in _OMISSIBLE:
                break
            self._pop()
        if self.open[-1] == name:
            self._pop()
            return
        self.astray += 1
        while self._pop() != name:
            self.astray += 1

    def _pop(self) -> str:
        name = self.open.pop()
        self.formatting -= name in _FORMATTING
        return name
