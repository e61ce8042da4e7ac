"""The values of a YAML file: what they are, where they stand, and how they are written there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Plain = Any  # str, int, float, bool, None, list[Plain] or dict[str, Plain]
Location = tuple[str | int, ...]


class Mark(NamedTuple):
    """A place in a text: `at` so many characters from its beginning, in this line and column, all from 0."""

    at: int
    line: int
    column: int


class Spot(NamedTuple):
    """A value: a scalar's own `text`, without its quotation marks, is None for lists and mappings.

    `is_bare` is a scalar without quotation marks that stands in no block, `is_flow` a mapping in braces.
    """

    begin: Mark
    end: Mark
    text: str | None
    is_bare: bool
    is_flow: bool


@dataclass(slots=True)
class Places:
    """The spots of a file's values and of their keys."""

    values: dict[Location, Spot] = field(default_factory=dict)
    keys: dict[Location, Spot] = field(default_factory=dict)

    def spot(self, location: Location) -> Spot | None:
        """Return where a value is; its key if nothing was written, as after `? title` at the end of a file."""
        value, key = self.values.get(location), self.keys.get(location)
        return key if value and key and value.begin == value.end and value.begin.line > key.end.line else value
