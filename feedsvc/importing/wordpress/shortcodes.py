"""Shortcodes in texts of WordPress: `[name key="value"]`, with or without `[/name]`; `[[name]]` is the text "[name]"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from feedsvc.importing.markup import find_elements

_TAG: Final = re.compile(r"(\[?)\[(/?)([A-Za-z][A-Za-z0-9_-]{0,60})(?![\w-])([^\[\]]{0,10000}+)\](\]?)")
_CLOSING: Final = re.compile(r"\[/([A-Za-z][A-Za-z0-9_-]{0,60})\s*\]")
_ATTRIBUTE: Final = re.compile(
    r"([\w-]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|“([^”\"]*+)[”\"]|([^\s\"']++))|\"([^\"]*+)\"|'([^']*+)'|(\S++)"
)
_MAX_DEPTH: Final = 20
# Shortcodes whose inner text is code, in which brackets mean nothing.
VERBATIM: Final = frozenset({"code", "sourcecode", "pre"})


@dataclass(frozen=True, slots=True)
class Shortcode:
    """A shortcode: `values` by name, `positional` values without name in order, and `inner`, the text up to its end tag, or "".

    Names are in lower case.
    """

    name: str
    values: Mapping[str, str]
    positional: tuple[str, ...]
    inner: str

    def first(self, *names: str) -> str:
        """Return the first value under these names (lower case) that is not empty, stripped; "" if there is none.

        A name without a value counts as empty.
        """
        return next((value for name in names if (value := self.values.get(name, "").strip())), "")


# Function that returns the HTML of a shortcode; None if it must stay as it is.
ShortcodeHandler = Callable[[Shortcode], str | None]


class ShortcodeReplacer:
    """Replacer of shortcodes by the HTML of their handlers. `unknown` collects the names of unknown ones replaced, in order.

    An unknown shortcode, without handler, is replaced by its inner text; with `keeps_unknown`, it stays. "[sic]" and the like
    are text: an unknown name counts as a shortcode only with a named value, an inner text, a slash at its end, or "_" or "-" in
    its name and no value without name; and not in code.
    """

    def __init__(self, handlers: Mapping[str, ShortcodeHandler], *, keeps_unknown: bool = False) -> None:
        self._handlers, self._keeps_unknown = handlers, keeps_unknown
        self.unknown: dict[str, None] = {}

    def replace(self, text: str, depth: int = 0) -> str:
        """Return the text with shortcodes replaced, also those in others. `depth` is the number of shortcodes around the text.

        With a `depth` above 20, the text stays as it is.
        """
        if "[" not in text or depth > _MAX_DEPTH:
            return text
        code = [(element.start, element.end) for element in find_elements(text, "pre", "code")]
        closings = {match[1].lower(): match.start() for match in _CLOSING.finditer(text)}
        pieces, pos, search = [], 0, 0
        while tag := _TAG.search(text, search):
            start, search = tag.start(), tag.end()
            if tag[1] and tag[5]:  # [[name]]
                if tag[3].lower() in self._handlers and not self._keeps_unknown:
                    pieces += [text[pos:start], tag[0][1:-1]]
                    pos = search
                continue
            start += len(tag[1])
            shortcode, end = _parse(text, tag, closings)
            while code and code[0][1] <= start:
                code.pop(0)
            is_code = bool(code) and code[0][0] <= start
            replacement = None if tag[2] else self._replacement(shortcode, tag, depth, is_code=is_code)
            if replacement is None:
                search = tag.end() - len(tag[5])
                continue
            pieces += [text[pos:start], replacement]
            pos = search = end
        return "".join((*pieces, text[pos:]))

    def _replacement(self, shortcode: Shortcode, tag: re.Match[str], depth: int, *, is_code: bool) -> str | None:
        handler = self._handlers.get(shortcode.name)
        if handler:
            inner = self.replace(shortcode.inner, depth + 1) if shortcode.name not in VERBATIM else shortcode.inner
            return handler(replace(shortcode, inner=inner))
        if self._keeps_unknown or is_code or not _is_shortcode(shortcode, tag):
            return None
        self.unknown[shortcode.name] = None
        return self.replace(shortcode.inner, depth + 1)


def _parse(text: str, tag: re.Match[str], closings: Mapping[str, int]) -> tuple[Shortcode, int]:
    """Return the shortcode whose start tag is `tag`, and the index of its end in `text`.

    `closings` has, by name, the index at which the last end tag begins.
    """
    name, arguments = tag[3].lower(), tag[4]
    start = tag.end() - len(tag[5])
    inner, end = "", start
    if closings.get(name, -1) >= start and not arguments.rstrip().endswith("/"):
        closing = re.compile(rf"\[/{re.escape(name)}\s*\]", re.IGNORECASE).search(text, start)
        if closing:
            inner, end = text[start : closing.start()], closing.end()
    values, positional = {}, []
    if '"' not in arguments:
        arguments = arguments.replace("&quot;", '"').replace("&#8221;", '"')
    for match in _ATTRIBUTE.finditer(arguments.strip().removesuffix("/")):
        if match[1]:
            values[match[1].lower()] = next((value for value in match.group(2, 3, 4, 5) if value is not None), "")
        else:
            positional.append(next((value for value in match.group(6, 7, 8) if value is not None), ""))
    return Shortcode(name, values, tuple(positional), inner), end


def _is_shortcode(shortcode: Shortcode, tag: re.Match[str]) -> bool:
    """Return True if an unknown name in brackets is a shortcode, not text."""
    has_form = bool(shortcode.values) or shortcode.inner != "" or tag[4].endswith("/")
    return has_form or (not shortcode.positional and bool(re.search(r"[_-]", shortcode.name)))
