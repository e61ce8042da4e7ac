"""A YAML file as plain values that remember where they stand, and everything YAML itself finds wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from feedsvc.content.text import place, told
from feedsvc.content.yaml import fast
from feedsvc.content.yaml.positions import Location, Places, Plain
from feedsvc.errors import Problem

_HASH: Final = re.compile(r"[ \t]#(?=[^\s#])")  # a comment that is meant has a blank behind its sign


@dataclass(slots=True)
class Tree:
    """`value` is the file as plain data (None where it could not be read), with duplicate keys read once.

    A file that was read quickly has nothing wrong with it that YAML could tell; its places are looked for when something
    else is (`found` is None until then).
    """

    path: str
    value: Plain = None
    problems: list[Problem] = field(default_factory=list)
    text: str = ""
    found: Places | None = field(default_factory=Places)

    @property
    def places(self) -> Places:
        if self.found is None:
            self.found = _thorough(self.path, self.text).places
        return self.found

    def problem(self, location: Location, message: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """A Problem at a value (or its key); where the location was not written, at the nearest that was."""
        places = self.places
        spot = places.keys.get(location) if at_key else None
        while spot is None and location:
            spot, location = places.spot(location), location[:-1]
        spot = spot or places.values.get(())
        line, column = (spot.begin.line + 1, spot.begin.column + 1) if spot else (1, 1)
        return Problem(path=self.path, line=line, column=column, message=told(message), hint=told(hint))

    def place(self, location: Location) -> tuple[int, int]:
        """Line and column where `problem` would tell of a value."""
        if self.found is None and len(location) == 1 and (begins := self._begins(str(location[0]))):
            return place(self.text, begins)
        problem = self.problem(location, "")
        return problem.line, problem.column

    def _begins(self, key: str) -> int:
        """Where the value of one of the whole file's own keys begins, in a text that was read quickly; 0 if that is not found."""
        text, head = self.text, f"{key}: "
        before = -1 if text.startswith(head) else text.find(f"\n{head}")
        if not text.startswith(head, before + 1):
            return 0
        at = before + 1 + len(head)
        while text.startswith(" ", at):
            at += 1
        return 0 if text[at : at + 1] in ("", "\r", "\n") else at  # a value on the lines below

    def raw(self, location: Location) -> str | None:
        """A scalar's own text as it was written, without its quotation marks; None for lists and mappings."""
        spot = self.places.values.get(location)
        return spot.text if spot else None

    def has(self, location: Location) -> bool:
        """Whether the file writes a value there, be it an empty one."""
        return location in self.places.values

    def has_key(self, key: str) -> bool:
        """`has` of a key of the whole file."""
        return key in self.value if self.found is None else self.has((key,))

    def cut(self, location: Location) -> Problem | None:
        """A warning where a text without quotes ends at a '#' that looks like a part of it, as in 'Room #5'."""
        if self.found is None:  # a comment is nothing that is read quickly
            return None
        spot = self.found.values.get(location)
        if not (spot and spot.is_bare and _HASH.match(self.text, spot.end.at)):
            return None
        line, column = spot.end.line + 1, spot.end.column + 2
        message = f"{location[-1]}: ends here, for what follows ' #' is a comment"
        hint = "put the whole text in quotes"
        return Problem(path=self.path, line=line, column=column, message=message, hint=hint, severity="warning")

    def span(self, location: Location, *, at_key: bool = False) -> tuple[int, int]:
        """Where a value (or its key) that is written begins and ends in the text, in characters from 0."""
        spot = (self.places.keys if at_key else self.places.values)[location]
        return spot.begin.at, spot.end.at

    @property
    def is_flow(self) -> bool:
        """Whether the whole file is one {mapping in braces}."""
        whole = self.places.values.get(())
        return whole is not None and whole.is_flow


def read(path: str, text: str, *, is_plain: bool = False) -> Tree:
    """The tree of a file's text; never raises. `is_plain` as for `quick.read`."""
    value = fast.read(text, is_plain=is_plain)
    return _thorough(path, text) if value is None else Tree(path, value, text=text, found=None)


def _thorough(path: str, text: str) -> Tree:
    from feedsvc.content.yaml import full  # noqa: PLC0415 - a newsroom that is read quickly need not wait for it

    grown = full.read(path, text)
    return Tree(path, grown.value, grown.problems, text, grown.places)
