"""The YAML that nearly every file is written in, read at once into plain values; what is written otherwise is declined.

Known are keys of letters on lines of their own, with a text on the same line, plain or in quotes without escapes; lists and
mappings below their key or in brackets on its line; blocks of text ("|" and ">"). A comment, an alias, a tag, an escape, a
key that stands twice, a word that YAML takes for something else, and whatever is wrong is declined, never judged.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from feedsvc.content.text import is_plain as looks_plain

Plain = Any  # str, int, list[Plain] or dict[str, Plain]

_DEEPEST: Final = 6
_MOST_DIGITS: Final = 18
_KEY: Final = r"(?P<key>[A-Za-z_][A-Za-z0-9_-]{0,99}):"
_END: Final = r"(?:(?: *\n)+| *\Z)"
# What no text begins with: YAML's indicators, and what begins numbers and words of YAML's own.
_BEGINNING: Final = r"""[^ \n\-?:,\[\]{}#&*!|>'"%@`~=<+.]"""
_QUOTED: Final = r"""\"(?P<double>[^"\\\n]*)\"|'(?P<single>[^'\n]*)'"""
_PLAIN: Final = rf"(?P<plain>{_BEGINNING}[^\n:#]*(?:(?::(?=[^ \n])|(?<! )#)[^\n:#]*)*)"
_VALUE: Final = rf"(?:(?:{_PLAIN}|{_QUOTED}){_END}|(?=[\[{{])(?P<flow>)|(?P<style>[|>])(?P<chomp>-?) *\n(?P<block> +)(?=[^ \n]))"
_ENTRY: Final = re.compile(rf"{_KEY}(?: +{_VALUE}|(?P<nested>){_END})")
_ITEM: Final = re.compile(_VALUE)
_DASH: Final = re.compile(r"- +(?=[^ \n])")
_PAD: Final = re.compile(r" *")
_LAST: Final = re.compile(_END)
# Inside brackets more characters have a meaning.
_IN_FLOW: Final = r"[^\n:#,\[\]{}?]*"
_FLOW_PLAIN: Final = rf"(?P<plain>{_BEGINNING}{_IN_FLOW}(?:(?::(?=[^ \n:#,\[\]{{}}?])|(?<! )#){_IN_FLOW})*)"
_FLOW_ITEM: Final = re.compile(rf" *(?:(?:{_FLOW_PLAIN}|{_QUOTED}) *|(?=[\[{{])(?P<flow>))")
_FLOW_KEY: Final = re.compile(rf" *{_KEY} +")
_FLOW_NEXT: Final = re.compile(r" *([,\]}])")
_YEAR: Final = re.compile(r"[0-9]{4}-")
_DECIMAL: Final = re.compile(rf"0|[1-9][0-9]{{0,{_MOST_DIGITS - 1}}}")
_LONGEST_WORD: Final = 5
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


class _Declined(Exception):  # noqa: N818 - no error: somebody else reads it
    pass


def read(text: str, *, is_plain: bool = False) -> dict[str, Plain] | None:
    """The mapping that a whole file is; None if it is declined. `is_plain` tells that somebody has seen that the text is."""
    if not is_plain and "\r" in text:
        text = text.replace("\r\n", "\n")
    if not (is_plain or looks_plain(text)):
        return None
    try:
        value, end = _Scan(text).mapping(len(text) - len(text.lstrip("\n")), 0, 0)
    except _Declined:
        return None
    return value if end == len(text) else None


class _Scan:
    """Every method takes where something begins and gives its value and where the next line (in brackets: sign) begins.

    `indent` is the column of a mapping's keys or of a list's dashes.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def mapping(self, at: int, indent: int, depth: int) -> tuple[dict[str, Plain], int]:
        result: dict[str, Plain] = {}
        text = self.text
        while True:
            found = _ENTRY.match(text, at)
            if not found or (key := found["key"]) in result:
                raise _Declined
            if found.lastgroup == "plain":  # most of them
                result[key], at = _scalar(found["plain"].rstrip(" ")), found.end()
            else:
                result[key], at = self.value(found, indent, depth + 1)
            if at == len(text) or not ((not indent and text[at] != " ") or self.goes_on(at, indent)):
                return result, at
            at += indent

    def goes_on(self, at: int, indent: int) -> bool:
        """Whether the line begins in the very column; further to the left something ends, further to the right is unknown."""
        if not indent and not self.text.startswith(" ", at):
            return True
        column = self.column(at)
        if column > indent:
            raise _Declined
        return column == indent

    def column(self, at: int) -> int:
        found = _PAD.match(self.text, at)
        return found.end() - at if found else 0

    def value(self, found: re.Match[str], indent: int, depth: int) -> tuple[Plain, int]:
        kind = found.lastgroup
        if kind == "plain":
            return _scalar(found["plain"].rstrip(" ")), found.end()
        if kind == "flow":
            return self.line_of_flow(found.end(), depth)
        if kind == "block":
            return self.block(found, indent)
        return self.nested(found.end(), indent, depth) if kind == "nested" else (found[kind or ""], found.end())

    def nested(self, at: int, indent: int, depth: int) -> tuple[Plain, int]:
        column = self.column(at)
        if depth > _DEEPEST:
            raise _Declined
        if self.text.startswith("-", at + column) and column >= indent:
            return self.sequence(at, column, depth)
        if column <= indent:
            raise _Declined
        return self.mapping(at + column, column, depth)

    def sequence(self, at: int, indent: int, depth: int) -> tuple[list[Plain], int]:
        result: list[Plain] = []
        while self.goes_on(at, indent) and (dash := _DASH.match(self.text, at + indent)):
            inner = indent + dash.end() - dash.start()
            if _ENTRY.match(self.text, dash.end()):
                value, at = self.mapping(dash.end(), inner, depth + 1)
            elif found := _ITEM.match(self.text, dash.end()):
                value, at = self.value(found, indent, depth + 1)
            else:
                raise _Declined
            result.append(value)
        return result, at

    def block(self, found: re.Match[str], indent: int) -> tuple[str, int]:
        width = len(found["block"])
        if width <= indent:
            raise _Declined
        end = _less(width).search(self.text, found.end())
        stop = end.start() + 1 if end else len(self.text)
        written = self.text[found.start("block") : stop]
        if not written.endswith("\n"):
            raise _Declined
        text = self.folded(_dedented(written, width).split("\n")) if found["style"] == ">" else _dedented(written, width)
        return text.rstrip("\n") + ("" if found["chomp"] else "\n"), stop

    @staticmethod
    def folded(lines: list[str]) -> str:
        while not lines[-1]:
            lines.pop()
        if any(line[:1] in ("", " ") for line in lines):
            raise _Declined
        return " ".join(lines)

    def line_of_flow(self, at: int, depth: int) -> tuple[Plain, int]:
        value, at = self.flow(at, depth)
        last = _LAST.match(self.text, at)
        if not last:
            raise _Declined
        return value, last.end()

    def flow(self, at: int, depth: int) -> tuple[Plain, int]:
        if depth > _DEEPEST:
            raise _Declined
        return self.flow_list(at + 1, depth) if self.text[at] == "[" else self.flow_mapping(at + 1, depth)

    def flow_list(self, at: int, depth: int) -> tuple[list[Plain], int]:
        result: list[Plain] = []
        sign = ","
        while sign == ",":
            value, at = self.flow_item(at, depth)
            result.append(value)
            sign, at = self.sign(at)
        if sign != "]":
            raise _Declined
        return result, at

    def flow_mapping(self, at: int, depth: int) -> tuple[dict[str, Plain], int]:
        result: dict[str, Plain] = {}
        sign = ","
        while sign == ",":
            key = _FLOW_KEY.match(self.text, at)
            if not key or key["key"] in result:
                raise _Declined
            result[key["key"]], at = self.flow_item(key.end(), depth)
            sign, at = self.sign(at)
        if sign != "}":
            raise _Declined
        return result, at

    def flow_item(self, at: int, depth: int) -> tuple[Plain, int]:
        found = _FLOW_ITEM.match(self.text, at)
        if not found:
            raise _Declined
        kind = found.lastgroup or ""
        if kind == "flow":
            return self.flow(found.end(), depth + 1)
        return _scalar(found["plain"].rstrip(" ")) if kind == "plain" else found[kind], found.end()

    def sign(self, at: int) -> tuple[str, int]:
        found = _FLOW_NEXT.match(self.text, at)
        if not found:
            raise _Declined
        return found[1], found.end()


def _dedented(written: str, width: int) -> str:
    """Lines without the first `width` characters; those that are shorter hold nothing but blanks."""
    if width == 2 and "\n \n" not in written:  # noqa: PLR2004 - most blocks are indented so, and all of it is done at once
        return written[width:].replace("\n  ", "\n")
    return "\n".join([line[width:] for line in written.split("\n")])


@lru_cache(maxsize=16)
def _less(width: int) -> re.Pattern[str]:
    """The beginning of a line that is indented by less and says something."""
    return re.compile(rf"\n {{0,{width - 1}}}[^ \n]")


def _scalar(text: str) -> str | int:
    """What YAML 1.1 makes of a text without quotes; numbers have more spellings than are known here, dates are texts."""
    if not text[0].isdecimal():
        if len(text) <= _LONGEST_WORD and text.lower() in _WORDS:
            raise _Declined
        return text
    if " " in text or _YEAR.match(text):
        return text
    if not _DECIMAL.fullmatch(text):
        raise _Declined
    return int(text)
