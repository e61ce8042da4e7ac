"""Repair of a piece of an export (an item, or what is between items) whose XML is not well-formed.

Old versions of WordPress and plug-ins write such XML. The text is kept. What is changed is reported with its line: bytes that
are no UTF-8, control characters, bare "&" and "<", names of HTML's entities, sections of CDATA that end inside their text,
document types.
"""

from __future__ import annotations

import codecs
import html
import html.entities
import re
from dataclasses import dataclass
from typing import Final

_FALLBACK: Final = "feedsvc-windows-1252"  # error handler of codecs
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0 section 2.2
_CDATA_START: Final = "<![CDATA["
_CDATA_END: Final = "]]>"
_SPLIT_CDATA_END: Final = "]]]]><![CDATA[>"  # the text "]]>" in CDATA
# Markup outside of CDATA that may need a repair.
_SUSPECT: Final = re.compile(
    r"(?P<cdata><!\[CDATA\[)"
    r"|(?P<comment><!--)"
    r"|(?P<doctype><!DOCTYPE[^>\[<]{0,10000}+(?:\[(?:[^\]<]|<(?!!DOCTYPE)){0,1000000}+\]\s*)?>)"
    r"|&(?P<reference>#[0-9]{1,8};|#[xX][0-9A-Fa-f]{1,7};|[A-Za-z][A-Za-z0-9]{0,31};)?"
    r"|<(?![A-Za-z_/?!])"
)
_OPENING_TAG: Final = re.compile(r"<([A-Za-z_][\w.:-]*)(?:\s[^<>]*)?>\s*\Z")
_SPACE: Final = re.compile(r"\s+")
_MAX_TAG_LENGTH: Final = 1000  # characters before a section of CDATA that may hold the tag of its element
_C1_REFERENCE: Final = re.compile(r"#(?:1[2-5][0-9]|[xX][89][0-9A-Fa-f]);")
_XML_ENTITIES: Final = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})


@dataclass(frozen=True, slots=True)
class XmlFault:
    """A fault that was repaired: its line, from 1 for the first of the data, and a description with the repair."""

    line: int
    description: str


def repair(data: bytes) -> tuple[str, tuple[XmlFault, ...]]:
    """Return the text of a piece of an export with repaired markup, without comments, and the first fault of each kind."""
    repairer = _Repairer()
    return repairer.repair(data), tuple(repairer.faults.values())


def _decode_as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Decode one byte that is invalid in UTF-8 as Windows-1252, else ISO-8859-1. Return the character and the next index.

    It is a handler for `codecs`. Raises `error` itself if that is no error of decoding.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    byte = error.object[error.start : error.start + 1]
    try:
        return byte.decode("cp1252"), error.start + 1
    except UnicodeDecodeError:
        return byte.decode("latin-1"), error.start + 1


codecs.register_error(_FALLBACK, _decode_as_windows_1252)


class _Repairer:
    """Repairer of one piece of an export. `faults` holds the first fault of each kind, by its description."""

    def __init__(self) -> None:
        self.faults: dict[str, XmlFault] = {}

    def repair(self, data: bytes) -> str:
        return self._repair_markup(self._remove_forbidden(self._decode(data)))

    def _report(self, text: str | bytes, index: int, description: str) -> None:
        if description not in self.faults:
            newline = b"\n" if isinstance(text, bytes) else "\n"
            self.faults[description] = XmlFault(text.count(newline, 0, index) + 1, description)  # type: ignore[arg-type]

    def _decode(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            self._report(data, error.start, "bytes that are no UTF-8 are read as Windows-1252")
            return data.decode(errors=_FALLBACK)

    def _remove_forbidden(self, text: str) -> str:
        if match := _FORBIDDEN.search(text):
            self._report(text, match.start(), "control characters, which XML forbids, are removed")
            return _FORBIDDEN.sub("", text)
        return text

    def _repair_markup(self, text: str) -> str:
        pieces, pos = [], 0
        last_comment_end = text.rfind("-->") + len("-->")
        while match := _SUSPECT.search(text, pos):
            pieces.append(text[pos : match.start()])
            if match["cdata"]:
                end = self._cdata_end(text, match.end(), _enclosing_element(text, match.start()))
                pieces.append(self._cdata(text, match.end(), end))
                pos = end + len(_CDATA_END)
            elif match["comment"]:
                end = text.find("-->", match.end(), last_comment_end)
                pieces.append("\n" * text.count("\n", match.start(), end) if end >= 0 else "&lt;!--")
                pos = end + len("-->") if end >= 0 else match.end()
            else:
                pieces.append(self._outside_cdata(text, match))
                pos = match.end()
        pieces.append(text[pos:])
        return "".join(pieces)

    def _cdata(self, text: str, start: int, end: int) -> str:
        content = text[start:end]
        if _CDATA_END in content:
            self._report(text, start + content.index(_CDATA_END), 'a section of CDATA contains "]]>", which is kept as text')
        return f"{_CDATA_START}{content.replace(_CDATA_END, _SPLIT_CDATA_END)}{_CDATA_END}"

    def _cdata_end(self, text: str, start: int, element: str) -> int:
        """Return the index of the "]]>" that ends a section of CDATA: that before another section or the end tag of `element`.

        With `element` "", any end tag counts. If no "]]>" stands there, it is the first one. If there is none at all, return
        the length of the text and report the fault. `start` is the index of the section's content.
        """
        end_tag = re.compile(rf"</{re.escape(element)}\s*>" if element else "</")
        first = pos = text.find(_CDATA_END, start)
        if first < 0:
            self._report(text, start, "a section of CDATA has no end")
            return len(text)
        element_end = end_tag.search(text, start)
        limit = element_end.start() if element_end else len(text)
        while pos >= 0:
            after = pos + len(_CDATA_END)
            if text.startswith(_CDATA_START, after) or end_tag.match(text, _skip_space(text, after)):
                return pos
            pos = text.find(_CDATA_END, after, limit + len(_CDATA_END))
        return first

    def _outside_cdata(self, text: str, match: re.Match[str]) -> str:
        if match["doctype"]:
            self._report(text, match.start(), "a document type and its entities are not read")
            return ""
        if match[0] == "<":
            self._report(text, match.start(), 'a bare "<" is kept as text')
            return "&lt;"
        replacement = _replace_reference(match["reference"] or "")
        if replacement != match[0]:
            self._report(text, match.start(), 'an entity that XML does not know, or a bare "&", is kept as text')
        return replacement


def _skip_space(text: str, index: int) -> int:
    match = _SPACE.match(text, index)
    return match.end() if match else index


def _enclosing_element(text: str, index: int) -> str:
    """Return the name of the element whose start tag is directly before the section of CDATA at `index`, "" if there is none.

    White space may stand between the two.
    """
    tag = _OPENING_TAG.search(text[max(0, index - _MAX_TAG_LENGTH) : index])
    return tag[1] if tag else ""


def _replace_reference(reference: str) -> str:
    """Return XML for a reference; `reference` is its text after "&" with the semicolon, "" for a bare "&".

    Return "" for a forbidden character, and for a name that HTML does not know the text itself, with "&amp;" for "&".
    """
    if reference in _XML_ENTITIES:
        return f"&{reference}"
    if reference.startswith("#"):
        character = html.unescape(f"&{reference}")
        # A surrogate or a number above Unicode becomes U+FFFD.
        if character in ("", "\ufffd") or _FORBIDDEN.search(character):
            return ""
        # HTML reads references to C1 controls as characters of Windows-1252.
        return html.escape(character) if _C1_REFERENCE.match(reference) else f"&{reference}"
    characters = html.entities.html5.get(reference)
    return html.escape(characters) if characters else f"&amp;{reference}"
