"""Fast parser for the YAML subset that nearly every file uses. It returns plain values, or declines the whole file.

Supported: keys of ASCII letters, digits, "_" and "-", one a line, with a text or a decimal integer on the same line, plain or in
quotes without escapes; lists and mappings below their key or in brackets on its line; text blocks ("|" and ">"). Declined, so
that the module `full` parses the file: comments, aliases, tags, escapes, duplicate keys, empty values, words such as `no`,
other numbers such as 1.5, and all errors.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from feedsvc.content.text import is_printable

_YamlValue = Any  # str, int, list[_YamlValue] or dict[str, _YamlValue]

_MAX_DEPTH: Final = 6
_MAX_DIGITS: Final = 18
_KEY: Final = r"(?P<key>[A-Za-z_][A-Za-z0-9_-]{0,99}):"
_END: Final = r"(?:(?: *\n)+| *\Z)"
# A plain text begins with none of these: YAML's indicators, and first characters of numbers and of YAML's special values.
_FIRST_CHARACTER: Final = r"""[^ \n\-?:,\[\]{}#&*!|>'"%@`~=<+.]"""
_QUOTED: Final = r"""\"(?P<double>[^"\\\n]*)\"|'(?P<single>[^'\n]*)'"""
_PLAIN: Final = rf"(?P<plain>{_FIRST_CHARACTER}[^\n:#]*(?:(?::(?=[^ \n])|(?<! )#)[^\n:#]*)*)"
_VALUE: Final = rf"(?:(?:{_PLAIN}|{_QUOTED}){_END}|(?=[\[{{])(?P<flow>)|(?P<style>[|>])(?P<chomp>-?) *\n(?P<block> +)(?=[^ \n]))"
_ENTRY: Final = re.compile(rf"{_KEY}(?: +{_VALUE}|(?P<nested>){_END})")
_ITEM: Final = re.compile(_VALUE)
_DASH: Final = re.compile(r"- +(?=[^ \n])")
_INDENTATION: Final = re.compile(r" *")
_END_OF_LINE: Final = re.compile(_END)
# Inside brackets YAML has more special characters.
_IN_FLOW: Final = r"[^\n:#,\[\]{}?]*"
_FLOW_PLAIN: Final = rf"(?P<plain>{_FIRST_CHARACTER}{_IN_FLOW}(?:(?::(?=[^ \n:#,\[\]{{}}?])|(?<! )#){_IN_FLOW})*)"
_FLOW_ITEM: Final = re.compile(rf" *(?:(?:{_FLOW_PLAIN}|{_QUOTED}) *|(?=[\[{{])(?P<flow>))")
_FLOW_KEY: Final = re.compile(rf" *{_KEY} +")
_FLOW_NEXT: Final = re.compile(r" *([,\]}])")
_YEAR: Final = re.compile(r"[0-9]{4}-")
_DECIMAL: Final = re.compile(rf"0|[1-9][0-9]{{0,{_MAX_DIGITS - 1}}}")
_MAX_WORD_LENGTH: Final = 5
_SPECIAL_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


class _Unsupported(Exception):  # noqa: N818 - no error: `full` parses the file instead
    pass


def parse_subset(text: str) -> dict[str, _YamlValue] | None:
    """Parse the text of a whole file as a mapping. Return None to decline it; the caller must then use the module `full`."""
    text = text.replace("\r\n", "\n")
    if not is_printable(text):
        return None
    try:
        value, end = _Parser(text).mapping(len(text) - len(text.lstrip("\n")), 0, 0)
    except _Unsupported:
        return None
    return value if end == len(text) else None


class _Parser:
    """Recursive descent parser of one text. The methods raise _Unsupported to decline the file.

    A method takes the offset of a construct, or the regular expression's match of it. Most return its value and the offset of the
    next line (in brackets: of the next separator). `indent` is the column of a mapping's keys or of a list's dashes, `depth` the
    number of lists and mappings around the construct.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def match(self, pattern: re.Pattern[str], offset: int) -> re.Match[str]:
        if match := pattern.match(self.text, offset):
            return match
        raise _Unsupported

    def mapping(self, offset: int, indent: int, depth: int) -> tuple[dict[str, _YamlValue], int]:
        result: dict[str, _YamlValue] = {}
        while True:
            match = self.match(_ENTRY, offset)
            if (key := match["key"]) in result:
                raise _Unsupported
            if match.lastgroup == "plain":  # most values
                result[key], offset = _scalar(match["plain"].rstrip(" ")), match.end()
            else:
                result[key], offset = self.value(match, indent, depth + 1)
            if offset == len(self.text) or not self.is_next_entry(offset, indent):
                return result, offset
            offset += indent

    def is_next_entry(self, offset: int, indent: int) -> bool:
        """Return True if the line at `offset` is indented by `indent`, False if by less. Raises _Unsupported if by more."""
        if not indent and not self.text.startswith(" ", offset):  # most lines
            return True
        column = self.column(offset)
        if column > indent:
            raise _Unsupported
        return column == indent

    def column(self, offset: int) -> int:
        return self.match(_INDENTATION, offset).end() - offset

    def value(self, match: re.Match[str], indent: int, depth: int) -> tuple[_YamlValue, int]:
        kind = match.lastgroup
        if kind == "plain":
            return _scalar(match["plain"].rstrip(" ")), match.end()
        if kind == "flow":
            value, offset = self.flow(match.end(), depth)
            return value, self.match(_END_OF_LINE, offset).end()
        if kind == "block":
            return self.block(match, indent)
        return self.nested(match.end(), indent, depth) if kind == "nested" else (match[kind or ""], match.end())

    def nested(self, offset: int, indent: int, depth: int) -> tuple[_YamlValue, int]:
        column = self.column(offset)
        is_list = self.text.startswith("-", offset + column)
        if depth > _MAX_DEPTH or column < indent + (not is_list):
            raise _Unsupported
        return self.sequence(offset, column, depth) if is_list else self.mapping(offset + column, column, depth)

    def sequence(self, offset: int, indent: int, depth: int) -> tuple[list[_YamlValue], int]:
        result: list[_YamlValue] = []
        while self.is_next_entry(offset, indent) and (dash := _DASH.match(self.text, offset + indent)):
            if _ENTRY.match(self.text, dash.end()):
                value, offset = self.mapping(dash.end(), indent + dash.end() - dash.start(), depth + 1)
            else:
                value, offset = self.value(self.match(_ITEM, dash.end()), indent, depth + 1)
            result.append(value)
        return result, offset

    def block(self, match: re.Match[str], indent: int) -> tuple[str, int]:
        width = len(match["block"])
        next_line = _lesser_indent(width).search(self.text, match.end())
        stop = next_line.start() + 1 if next_line else len(self.text)
        source = self.text[match.start("block") : stop]
        if width <= indent or not source.endswith("\n"):
            raise _Unsupported
        text = _dedent(source, width).rstrip("\n")
        if match["style"] == ">":
            lines = text.split("\n")
            if any(line[:1] in ("", " ") for line in lines):
                raise _Unsupported
            text = " ".join(lines)
        return text + ("" if match["chomp"] else "\n"), stop

    def flow(self, offset: int, depth: int) -> tuple[_YamlValue, int]:
        """Parse a [list in brackets] or a {mapping in braces}."""
        if depth > _MAX_DEPTH:
            raise _Unsupported
        is_list, values, keys = self.text[offset] == "[", list[_YamlValue](), list[str]()
        separator = ","
        offset += 1
        while separator == ",":
            if not is_list:
                match = self.match(_FLOW_KEY, offset)
                keys.append(match["key"])
                offset = match.end()
            value, offset = self.flow_item(offset, depth)
            values.append(value)
            match = self.match(_FLOW_NEXT, offset)
            separator, offset = match[1], match.end()
        if separator != ("]" if is_list else "}") or len(keys) > len(set(keys)):
            raise _Unsupported
        return values if is_list else dict(zip(keys, values, strict=True)), offset

    def flow_item(self, offset: int, depth: int) -> tuple[_YamlValue, int]:
        match = self.match(_FLOW_ITEM, offset)
        kind = match.lastgroup or ""
        if kind == "flow":
            return self.flow(match.end(), depth + 1)
        return _scalar(match["plain"].rstrip(" ")) if kind == "plain" else match[kind], match.end()


def _dedent(block: str, width: int) -> str:
    """Remove the first `width` characters of each line, which are spaces. A shorter line becomes empty."""
    return "\n".join([line[width:] for line in block.split("\n")])


@lru_cache(maxsize=16)
def _lesser_indent(width: int) -> re.Pattern[str]:
    """Return a pattern for a line end before a line that is not blank and is indented by fewer than `width` spaces."""
    return re.compile(rf"\n {{0,{width - 1}}}[^ \n]")


def _scalar(text: str) -> str | int:
    """Return the YAML 1.1 value of an unquoted text: an int for a decimal integer of up to 18 digits, else the text.

    Raises _Unsupported for special words, such as `no`, and for other single words that begin with a digit, such as 1.5, unless
    they begin with four digits and "-", as dates do.
    """
    if not text[0].isdecimal():
        if len(text) <= _MAX_WORD_LENGTH and text.lower() in _SPECIAL_WORDS:
            raise _Unsupported
        return text
    if " " in text or _YEAR.match(text):
        return text
    if not _DECIMAL.fullmatch(text):
        raise _Unsupported
    return int(text)
