"""Reader of PHP's serialised values, which WordPress stores in postmeta.

Objects are not made: an object is read as the dictionary of its members. Depth and number of values are limited.
"""

from __future__ import annotations

import re
from typing import Final

PhpValue = str | int | float | bool | None | dict[str | int, "PhpValue"]

_MAX_DEPTH: Final = 50
_MAX_VALUES: Final = 100_000
_SCALAR: Final = re.compile(rb"N;|b:([01]);|i:(-?[0-9]{1,19});|d:([-+0-9.eEINFA]{1,40});")
_STRING: Final = re.compile(rb's:([0-9]{1,10}):"')
_ARRAY: Final = re.compile(rb'(?:a|O:[0-9]{1,5}:"[^"]{0,500}"):([0-9]{1,7}):\{')


class PhpFormatError(Exception):
    """Raised if a text is no serialised value, or one beyond the limits."""


def parse_php(text: str) -> PhpValue:
    """Return a serialised value; an array or object becomes a dictionary. Raises PhpFormatError for any other text."""
    parser = _Parser(text.encode(errors="surrogatepass"))
    value = parser.value(0)
    if parser.pos != len(parser.data):
        raise PhpFormatError("text after the value")
    return value


def php_member(text: str, *keys: str) -> PhpValue:
    """Return the value below nested keys of a serialised array or object; None if it is missing.

    None also for any other text, and for a value beyond the limits.
    """
    if not text.startswith(("a:", "O:")):
        return None
    try:
        value: PhpValue = parse_php(text.strip())
    except PhpFormatError:
        return None
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


class _Parser:
    """Position in serialised bytes. Lengths of strings count bytes."""

    def __init__(self, data: bytes) -> None:
        self.data, self.pos, self._count = data, 0, 0

    def value(self, depth: int) -> PhpValue:
        self._count += 1
        if depth > _MAX_DEPTH or self._count > _MAX_VALUES:
            raise PhpFormatError("too many values")
        if match := _SCALAR.match(self.data, self.pos):
            self.pos = match.end()
            return _scalar(match)
        if match := _STRING.match(self.data, self.pos):
            return self._string(match.end(), int(match[1]))
        if match := _ARRAY.match(self.data, self.pos):
            self.pos = match.end()
            return self._members(int(match[1]), depth)
        raise PhpFormatError(f"no value at byte {self.pos}")

    def _string(self, start: int, length: int) -> str:
        end = start + length
        if self.data[end : end + 2] != b'";':
            raise PhpFormatError(f"the string at byte {start} has another length")
        self.pos = end + 2
        return self.data[start:end].decode(errors="replace")

    def _members(self, count: int, depth: int) -> dict[str | int, PhpValue]:
        members: dict[str | int, PhpValue] = {}
        for _ in range(count):
            key = self.value(depth + 1)
            if not isinstance(key, str | int):
                raise PhpFormatError(f"no key at byte {self.pos}")
            members[key] = self.value(depth + 1)
        if self.data[self.pos : self.pos + 1] != b"}":
            raise PhpFormatError(f"no end of the array at byte {self.pos}")
        self.pos += 1
        return members


def _scalar(match: re.Match[bytes]) -> PhpValue:
    if match[1] is not None:
        return match[1] == b"1"
    if match[2] is not None:
        return int(match[2])
    if match[3] is None:
        return None
    try:
        return float(match[3])
    except ValueError:
        raise PhpFormatError(f"no number: {match[3]!r}") from None
