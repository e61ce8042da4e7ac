"""Bytes of a feed to an lxml tree, tolerant of the faults that feeds have: encodings, HTML's entities, bare ampersands.

No declared entity is ever expanded by the parser. The document type declaration is removed first; of its entities, only short
texts are replaced, so that entities of entities ("billion laughs") and large ones stay as they are written.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from html import escape, unescape
from html.entities import html5
from typing import Final, NamedTuple

from lxml import etree

from feedsvc.content.text import FORBIDDEN_CHARACTER
from feedsvc.importing.feed_source.item_division import DamagedItem, add_items, find_items, tolerant_parser, without_items

_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE_STARTS: Final = ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))
_DECLARED_ENCODING: Final = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_XML_DECLARATION: Final = re.compile(r"^\s*<\?xml[^>]*\?>")
# As browsers do (WHATWG Encoding): documents with these labels contain the further characters of Windows.
_WINDOWS_LABELS: Final = frozenset({"iso-8859-1", "iso8859-1", "latin-1", "latin1", "us-ascii", "ascii"})
_DOCTYPE: Final = re.compile(r"<!DOCTYPE\b", re.IGNORECASE)
_PROLOG_END: Final = re.compile(r"<[A-Za-z_]")
_ENTITY: Final = re.compile(r"""<!ENTITY\s+([A-Za-z_][\w.-]{0,60})\s+(?:"([^"]{0,40})"|'([^']{0,40})')\s*>""")
_ENTITY_NAME: Final = re.compile(r"<!ENTITY\s+([A-Za-z_][\w.-]{0,60})\s")
_MAX_LISTED_ENTITIES: Final = 5
_MAX_ENTITY_LENGTH: Final = 16  # characters of its text; a reference has at least three, so a text grows by a factor of six
_PLAIN_ENTITY: Final = re.compile(r"(?:[^&<%]|&#[0-9]{1,7};|&#x[0-9A-Fa-f]{1,6};)*")
_SUBSET_TOKEN: Final = re.compile(r"""<!--(?:[^-]++|-(?!->))*+(?:-->)?|[\[\]>]|"[^"]*"|'[^']*'""")
_REFERENCE: Final = re.compile(r"&(#[0-9]{1,7};|#[xX][0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]{0,40};)?")
_HTML_NAMES: Final = frozenset(name.removesuffix(";") for name in html5)
_XML_NAMES: Final = frozenset({"lt;", "gt;", "amp;", "quot;", "apos;"})
_ROOT_NAME: Final = re.compile(r"<([A-Za-z_][\w.:-]*)")
_ITEM_START: Final = re.compile(r"<(?:\w+:)?(?:item|entry)[\s/>]")
_ITEM_END: Final = re.compile(r"</(?:\w+:)?(?:item|entry)\s*>")
_SECTIONS: Final = (("<![CDATA[", "]]>"), ("<!--", "-->"))


@dataclass(frozen=True, slots=True)
class XmlTree:
    """Root element of a document. `faults` say what was not well-formed or not read; then parts of the document may be missing.

    `early_end` is a sentence if the document ends before the end tag of its root; then an item without end tag is left out.
    `damaged_items` are items that are left out because they are not well-formed.
    """

    root: etree._Element
    faults: tuple[str, ...] = ()
    early_end: str = ""
    damaged_items: tuple[DamagedItem, ...] = ()


def decode_xml(data: bytes, charset: str = "") -> str:
    """Decode an XML document. `charset` is that of the HTTP response, "" if unknown. Never raises.

    A byte order mark decides, or the first bytes of UTF-16 without one, then the declaration, then `charset` (XML 1.0 appendix
    F). If the bytes are invalid in these, UTF-8 is tried, then Windows-1252, then ISO-8859-1. A declared ISO-8859-1 is read as
    Windows-1252, as browsers do.
    """
    marked = [name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)]
    wide = [name for start, name in _WIDE_STARTS if data.startswith(start)]
    match = _DECLARED_ENCODING.match(data[:400])
    declared = [match[1].decode("ascii").lower()] if match else []
    names = [*marked[:1], *wide, *declared, charset, "utf-8", "cp1252"]
    for name in names:
        with_windows = ("utf-8", "cp1252") if name in _WINDOWS_LABELS and "ascii" in name else ("cp1252",)
        for codec in with_windows if name in _WINDOWS_LABELS else (name,):
            try:
                return data.decode(codec)
            except (UnicodeError, LookupError, ValueError):
                continue
    return data.decode("latin-1")


def parse_xml(data: bytes, charset: str = "") -> XmlTree | None:
    """Return the tree of an XML document, as far as it can be read; None if there is no element in it.

    `charset` is that of the HTTP response, "" if unknown.
    """
    text = FORBIDDEN_CHARACTER.sub("", decode_xml(data, charset))
    text, entities = _without_doctype(_XML_DECLARATION.sub("", text, count=1))
    faults = tuple(_entity_faults(text, entities))
    source = "".join(_repair(text, entities.texts))
    try:
        return XmlTree(_parse(source, recover=False), faults)
    except etree.XMLSyntaxError:
        early_end = _early_end(source)
    source = _whole_items(source) if early_end else source
    items = [*find_items(source, _split(source))]
    root = _recover(without_items(source, items))
    if root is None:
        return None
    damaged = add_items(root, source, items)
    if not early_end:
        faults += tuple(_syntax_faults(without_items(source, damaged)))
    return XmlTree(root, faults, early_end, tuple(damaged.values()))


def _recover(source: str) -> etree._Element | None:
    try:
        return _parse(source, recover=True)
    except etree.XMLSyntaxError:
        return None


def _syntax_faults(source: str) -> Iterator[str]:
    """Yield a sentence about the first fault of a document that is not well-formed."""
    try:
        _parse(source, recover=False)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        yield f"it is not well-formed at line {line}, column {column} ({_reason(error)}); parts of it may be missing"


def _early_end(source: str) -> str:
    """Return a sentence if the end tag of the root element is missing, else ""."""
    root = _ROOT_NAME.search(source)
    if not root or f"</{root[1]}" in source:
        return ""
    line = source.count("\n") + 1
    return f"it ends early, at line {line}, without </{root[1]}>; get it again if there is more"


def _whole_items(source: str) -> str:
    """Return a document up to its last item if that has no end tag, else all of it."""
    last_end = max((match.end() for match in _ITEM_END.finditer(source)), default=0)
    cut_item = _ITEM_START.search(source, last_end)
    return source[: cut_item.start()] if cut_item else source


def _parse(source: str, *, recover: bool) -> etree._Element:
    return etree.fromstring(source.encode(), tolerant_parser(recover=recover))


def _reason(error: etree.XMLSyntaxError) -> str:
    return str(error.msg or error).partition(", line ")[0][:120]


class _Entities(NamedTuple):
    """Entities of a document type declaration: the short texts by name, and the names of all others, which are not read."""

    texts: Mapping[str, str]
    others: Collection[str] = ()


def _entity_faults(text: str, entities: _Entities) -> Iterator[str]:
    """Yield a sentence if a document refers to entities that are not read."""
    names = {*entities.others} - _HTML_NAMES
    references = (match[1] or "" for part, is_markup in _split(text) if is_markup for match in _REFERENCE.finditer(part))
    used = names & {reference.removesuffix(";") for reference in references} if names else ()
    if used:
        listed = ", ".join(f"&{name};" for name in sorted(used)[:_MAX_LISTED_ENTITIES])
        more = f" and {len(used) - _MAX_LISTED_ENTITIES} more" if len(used) > _MAX_LISTED_ENTITIES else ""
        yield f"entities of its document type stay as they are written, because they are long or contain others: {listed}{more}"


def _without_doctype(text: str) -> tuple[str, _Entities]:
    """Return the text with empty lines in place of its document type declaration, and the entities declared there."""
    first_element = _PROLOG_END.search(text)
    match = _DOCTYPE.search(text, 0, first_element.start() if first_element else len(text))
    if not match:
        return text, _Entities({})
    start, end = match.start(), _doctype_end(text, match.end())
    declaration = text[start:end]
    entities = {name: _entity_text(double or single) for name, double, single in _ENTITY.findall(declaration)}
    blank = "\n" * declaration.count("\n")  # keeps the numbers of lines
    texts = {name: value for name, value in entities.items() if value}
    others = {name for name in _ENTITY_NAME.findall(declaration) if name not in texts}
    return text[:start] + blank + text[end:], _Entities(texts, others)


def _doctype_end(text: str, start: int) -> int:
    """Return the index after the ">" that ends a document type declaration, with its internal subset in brackets.

    `start` is an index inside the declaration. Return the length of `text` if the declaration never ends.
    """
    depth = 0
    for match in _SUBSET_TOKEN.finditer(text, start):
        depth += {"[": 1, "]": -1}.get(match[0], 0)
        if match[0] == ">" and depth <= 0:
            return match.end()
    return len(text)


def _entity_text(declared: str) -> str:
    """Return the text of a declared entity, "" if it has over 16 characters, or contains references to entities or markup."""
    text = unescape(declared) if _PLAIN_ENTITY.fullmatch(declared) else ""
    return text if len(text) <= _MAX_ENTITY_LENGTH else ""


def _repair(text: str, entities: Mapping[str, str]) -> Iterator[str]:
    """Yield the text with only references that XML knows.

    &lt; &gt; &amp; &quot; &apos; stay. Numbers, HTML's other names and those of `entities` (text by name) become characters;
    "&" of others becomes "&amp;". Sections of CDATA and comments stay as they are.
    """

    def replace(match: re.Match[str]) -> str:
        reference = match[1]
        if reference is None:
            return "&amp;"
        if reference in _XML_NAMES:
            return match[0]
        if reference.startswith("#"):
            return escape(FORBIDDEN_CHARACTER.sub("", unescape(match[0])), quote=True)
        value = entities.get(reference[:-1]) or html5.get(reference)
        return escape(value, quote=True) if value else f"&amp;{reference}"

    for part, is_markup in _split(text):
        yield _REFERENCE.sub(replace, part) if is_markup else part


def _split(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a document in order, each with False if it is a CDATA section or a comment."""
    position, openings = 0, {opening: text.find(opening) for opening, _ in _SECTIONS}
    while True:
        starts = [(start, opening) for opening, start in openings.items() if start >= 0]
        if not starts:
            break
        start, opening = min(starts)
        end = text.find(dict(_SECTIONS)[opening], start + len(opening))
        if end < 0:
            openings[opening] = -1  # it never ends: the rest is markup
            continue
        end += len(dict(_SECTIONS)[opening])
        yield text[position:start], True
        yield text[start:end], False
        position = end
        openings = {name: text.find(name, end) if 0 <= index < end else index for name, index in openings.items()}
    yield text[position:], True
