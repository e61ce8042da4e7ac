"""Items of a feed that is not well-formed, one by one: a tag without an end in one of them must not swallow the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Final, NamedTuple
from xml.sax.saxutils import quoteattr

from lxml import etree

from feedsvc.importing.feed_source.elements import name_of

_ITEM: Final = re.compile(r"<((?:\w+:)?(?:item|entry))(?=[\s/>])")
_OUTER_END: Final = re.compile(r"</(?:channel|rss|rdf:RDF|feed|atom:feed)\s*>")
_TITLE: Final = re.compile(r"<(?:\w+:)?title\b[^<>]*>\s*(?:<!\[CDATA\[)?([^<\]]*)")
_MAX_TITLE_LENGTH: Final = 80  # characters of a title in a description
_WRAPPER: Final = "feedsvc-items"
_SENTINEL: Final = "feedsvc-end"
_MISMATCH: Final = re.compile(r"tag mismatch: (\S+) line \d+ and (\S+)")
# Errors after which an element may have what belongs to another one. After others, each text is in its element.
_STRUCTURE_ERRORS: Final = frozenset({"ERR_TAG_NAME_MISMATCH", "ERR_TAG_NOT_FINISHED"})


@dataclass(frozen=True, slots=True)
class DamagedItem:
    """Item that is left out because its XML is not well-formed: its line, from 1, its `title` in one line, and the `reason`.

    `title` is "" if it is unknown.
    """

    line: int
    title: str
    reason: str


class ItemText(NamedTuple):
    """Item in the text of a document: the indexes of its start and its end. Without an end tag, it ends before the next one."""

    start: int
    end: int
    has_end_tag: bool


def find_items(text: str, parts: Iterable[tuple[str, bool]]) -> Iterator[ItemText]:
    """Yield the items of a document in order. `parts` are its parts, each with False for a CDATA section or a comment.

    A last item without an end tag ends before the end tag of what is around it.
    """
    start: int | None = None
    for tag in _tags(parts):
        if start is not None and not tag.is_end_tag:
            yield ItemText(start, tag.start, has_end_tag=False)
        elif start is not None:
            yield ItemText(start, tag.end, has_end_tag=True)
        start = None if tag.is_end_tag else tag.start
    if start is not None:
        outer = _OUTER_END.search(text, start)
        yield ItemText(start, outer.start() if outer else len(text), has_end_tag=False)


class _Tag(NamedTuple):
    """Start tag or end tag of an item, by its indexes in the document."""

    start: int
    end: int
    is_end_tag: bool


def _tags(parts: Iterable[tuple[str, bool]]) -> Iterator[_Tag]:
    offset, pattern = 0, None
    for part, is_markup in parts:
        if is_markup and pattern is None and (first := _ITEM.search(part)):
            pattern = re.compile(rf"<(/?){re.escape(first[1])}(?=[\s/>])[^<>]*>")
        if is_markup and pattern is not None:
            tags = pattern.finditer(part)
            yield from (_Tag(offset + tag.start(), offset + tag.end(), bool(tag[1])) for tag in tags if tag[0][-2] != "/")
        offset += len(part)


def without_items(text: str, items: Iterable[ItemText]) -> str:
    """Return a document with empty lines in place of some of its items, so that others keep their lines."""
    pieces, position = list[str](), 0
    for item in items:
        pieces += (text[position : item.start], "\n" * text.count("\n", item.start, item.end))
        position = item.end
    return "".join((*pieces, text[position:]))


def add_items(root: etree._Element, text: str, items: Iterable[ItemText]) -> dict[ItemText, DamagedItem]:
    """Parse the items of `text` and add them to the tree of a document without them. Return those that are damaged.

    An item is damaged if a tag in it has no end tag, because its title may then have the text of its other elements. Other
    faults, such as a prefix that the document does not declare, leave each text in its element.
    """
    channel = next((child for child in root if isinstance(child.tag, str) and name_of(child) == "channel"), root)
    declared = "".join(f" xmlns{f':{prefix}' if prefix else ''}={quoteattr(uri)}" for prefix, uri in channel.nsmap.items())
    damaged: dict[ItemText, DamagedItem] = {}
    line, position = 1, 0
    for item in items:
        line += text.count("\n", position, item.start)
        position = item.start
        source = text[item.start : item.end]
        element, reason = _parse_item(source, declared, line) if item.has_end_tag else (None, "it has no end tag")
        if element is None:
            damaged[item] = DamagedItem(line, _title(source), reason)
        else:
            channel.append(element)
    return damaged


def _parse_item(source: str, declared: str, line: int) -> tuple[etree._Element | None, str]:
    """Return the element of an item, or None and the reason if it is damaged. `line` is its line in the document.

    `declared` are the namespaces of the document. A sentinel after the item must be there after the parsing, too.
    """
    parser = tolerant_parser(recover=True)
    wrapped = f"<{_WRAPPER}{declared}>{source}<{_SENTINEL} xmlns=''/></{_WRAPPER}>"
    try:
        wrapper = etree.fromstring(wrapped.encode(), parser)
    except etree.XMLSyntaxError as error:
        return None, str(error.msg)
    fault = next((entry for entry in parser.error_log if entry.type_name in _STRUCTURE_ERRORS), None)
    if fault:
        mismatch = _MISMATCH.search(fault.message)
        reason = f"<{mismatch[1]}> has no end tag before </{mismatch[2]}>" if mismatch else fault.message
        return None, f"{reason}, at line {line + fault.line - 1}"
    if wrapper is None or [child.tag for child in wrapper][1:] != [_SENTINEL]:
        return None, "its end cannot be found"
    element = wrapper[0]
    element.sourceline = line
    return element, ""


def _title(source: str) -> str:
    match = _TITLE.search(source)
    return " ".join(unescape(match[1]).split())[:_MAX_TITLE_LENGTH] if match else ""


def tolerant_parser(*, recover: bool) -> etree.XMLParser:
    """Return a parser that expands no entities and reads no other files. With `recover`, it goes on after faults."""
    return etree.XMLParser(
        recover=recover, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
