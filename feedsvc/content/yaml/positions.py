"""Source positions of the values and keys of a YAML file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

YamlValue = Any  # str, int, float, bool, None, list[YamlValue] or dict[str, YamlValue]
KeyPath = tuple[str | int, ...]  # keys and list indices from the root of the file to a value; () is the root


class Position(NamedTuple):
    """Position in a text: `offset` in characters from its beginning, line and column, all from 0."""

    offset: int
    line: int
    column: int


class Span(NamedTuple):
    """Start and end of a value or key, the end exclusive. `text` is a scalar's text without quotation marks, else None.

    `is_plain_scalar` is True for a scalar that is neither quoted nor a text block. `is_flow_mapping` is True for a mapping in
    braces.
    """

    begin: Position
    end: Position
    text: str | None
    is_plain_scalar: bool
    is_flow_mapping: bool


@dataclass(slots=True)
class SourceMap:
    """Spans of a file's values, and of the keys of mappings, by key path. Both have the same key path for a key and its value."""

    values: dict[KeyPath, Span] = field(default_factory=dict)
    keys: dict[KeyPath, Span] = field(default_factory=dict)

    def find_span(self, location: KeyPath) -> Span | None:
        """Return the span of the value at a location; None if there is no value.

        If the value is empty and YAML places it in a line after its key (`? title` at a file's end), return the key's span.
        """
        value, key = self.values.get(location), self.keys.get(location)
        return key if value and key and value.begin == value.end and value.begin.line > key.end.line else value
