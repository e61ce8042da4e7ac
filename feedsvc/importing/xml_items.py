"""Items of XML documents (RSS, Atom, WXR), each parsed alone, so that a fault in one is no fault of the others.

The document type is not read: no entity expands, and no file or address is opened. Characters that XML forbids are removed,
and entities of HTML are read.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from html import escape, unescape
from html.entities import html5
from itertools import product
from mmap import mmap
from typing import Final, NamedTuple
from xml.sax.saxutils import quoteattr

from lxml import etree

from feedsvc.content.text import FORBIDDEN_CHARACTER
from feedsvc.importing.addresses import absolute

_XML: Final = "{http://www.w3.org/XML/1998/namespace}"
# Prefix by namespace, without its trailing slash and in lower case: feeds write many of them in other ways. "" has the elements
# of RSS, which in most feeds have no namespace.
_PREFIXES: Final = {
    "http://backend.userland.com/rss2": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://channel.netscape.com/rdf/simple/0.9": "",
    "http://my.netscape.com/rdf/simple/0.9": "",
    "http://purl.org/rss/1.0": "",
    "http://purl.org/net/rss1.1#": "",
    "http://purl.org/atom/ns#": "atom",
    "http://www.w3.org/2005/atom": "atom",
    "http://www.w3.org/2007/app": "app",
    "http://purl.org/atom/app#": "app",  # before RFC 5023
    "http://purl.org/atom-blog/ns#": "app",  # Atom 0.3; its only element is draft
    "http://purl.org/syndication/thread/1.0": "thr",
    "http://schemas.google.com/blogger/2018": "blogger",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://purl.org/dc/elements/1.1": "dc",
    "http://purl.org/dc/elements/1.0": "dc",
    "http://purl.org/dc/terms": "dcterms",
    "http://purl.org/rss/1.0/modules/content": "content",
    "http://search.yahoo.com/mrss": "media",
    "http://www.rssboard.org/media-rss": "media",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "https://podcastindex.org/namespace/1.0": "podcast",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "urn:feedsvc:export": "feedsvc",
}
_WORDPRESS: Final = re.compile(r"https?://wordpress\.org/export/[^/]*/?(excerpt)?\Z")  # the version is in the address
_ATOM: Final = "http://www.w3.org/2005/Atom"
_USUAL: Final = "urn:feedsvc:prefix:"  # namespace of a prefix that is not declared, or whose namespace is unknown
_ENCODINGS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_DECLARED_ENCODING: Final = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_SUPERSETS: Final = {"iso8859-1": "cp1252", "ascii": "utf-8"}  # as browsers do (WHATWG Encoding)
_DELIMITER: Final = re.compile(rb"<!\[CDATA\[|<!--|<(/?)((?:[\w.-]+:)?(?:item|entry))(?=[\s/>])[^<>]*+>")
_SECTION_ENDS: Final = {b"<![CDATA[": b"]]>", b"<!--": b"-->"}
_ITEM_IN_CDATA: Final = re.compile(rb"<item>\s*+<title>")
_OUTER_END: Final = re.compile(rb"</(?:[\w.-]+:)?(?:channel|rss|RDF|feed)\s*+>")
_COMMENT: Final = re.compile(r"<!--(?:[^-]++|-(?!->))*+(?:-->)?")
_SUBSET: Final = re.compile(r"<!DOCTYPE[^\[<>]*+\[", re.IGNORECASE)
_SUBSET_END: Final = re.compile(r"\][ \t\r\n]?>")
_ROOT: Final = re.compile(r"<([A-Za-z_][\w.:-]*)")
_FRAME: Final = re.compile(r"</?(?:[\w.-]+:)?(?:rss|RDF|channel|feed)(?=[\s/>])[^<>]*+>", re.IGNORECASE)
_DECLARATION: Final = re.compile(r"""\s(xmlns(?::[\w.-]+)?|xml:base|xml:lang)\s*+=\s*+(?:"([^"<]*)"|'([^'<]*)')""")
_PREFIX: Final = re.compile(r"(?<=[<\s/])([A-Za-z_][\w.-]*+):(?=[A-Za-z_])")
# Sections, and what XML does not know outside of them: names of HTML's entities, bare "&" and "<".
_MARKUP: Final = re.compile(
    r"(?P<cdata><!\[CDATA\[(?:[^\]]++|\](?!\]>))*+(?:\]\]>)?)|(?P<comment><!--(?:[^-]++|-(?!->))*+(?:-->)?)"
    r"|&(?P<reference>#[0-9]{1,7};|#[xX][0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]{0,40};)?|<(?![A-Za-z_/?!])"
)
_CDATA_TITLE: Final = re.compile(r"<title>\s*+<!\[CDATA\[")
_XML_NAMES: Final = frozenset({"lt;", "gt;", "amp;", "quot;", "apos;"})
_ITEM_TAG: Final = re.compile(r"<((?:[\w.-]+:)?(?:item|entry))(?=[\s/>])[^<>]*+>")
_START_TAG: Final = re.compile(r"<([A-Za-z_][\w.:-]*+)(?=[\s/>])[^<>]*+>")
_INVALID_BYTE: Final = re.compile("[\udc80-\udcff]")  # as `decode` leaves it
_NO_UTF8: Final = "bytes that are no UTF-8 are read as Windows-1252"
_LINE: Final = re.compile(r",? line [0-9]+")
# Options that make a parser read nothing but its input. huge_tree lifts limits on depth and on the size of a text.
_parser: Final = partial(
    etree.XMLParser,
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    huge_tree=True,
    remove_comments=True,
    remove_pis=True,
)


class _Cut(NamedTuple):
    """Item in the bytes of a document. `fault` is "", or the reason why it is not complete."""

    start: int
    end: int
    fault: str


@dataclass(frozen=True, slots=True)
class XmlItem:
    """Item, or the elements of a document outside of items. `line` is that of its start in the document, from 1.

    `fault` is a clause, "" if the XML is well-formed, `fault_line` its line. `is_cut`: the item has no end tag.
    `has_cdata_title`: its title is CDATA.
    """

    element: etree._Element
    line: int
    fault: str = ""
    fault_line: int = 0
    is_cut: bool = False
    has_cdata_title: bool = False


class XmlDocument:
    """Document whose items are cut out at their tags outside of CDATA and comments.

    `root` is the name of its root element with a usual prefix, "" if it has none; `head` has the elements outside of items as
    children. `has_end` is False if the document ends early. `has_entities`: its document type declares some, which are not read.
    """

    def __init__(self, data: bytes | mmap, encoding: str = "utf-8") -> None:
        """Cut `data`, which is in an encoding that contains ASCII."""
        self._data, self._encoding = data, encoding
        self._cuts = list(_cut(data))
        text = _COMMENT.sub(_line_ends, decode(b"".join(self._between()), encoding))
        subset = _SUBSET.search(text)
        end = _SUBSET_END.search(text, subset.end()) if subset else None
        self.has_entities = bool(subset and "<!ENTITY" in text)
        root = _ROOT.search(text, end.end() if end else 0)
        name, start = (root[1], root.start()) if root else ("", len(text))
        self._declarations = _declarations(text[start:])
        if name == "feed":
            self._declarations.setdefault("xmlns", _ATOM)
        prefix, _, local = name.rpartition(":")
        namespace = self._declarations.get(f"xmlns:{prefix}" if prefix else "xmlns", "")
        self.root = name_of_tag(f"{{{namespace}}}{local}") if namespace else local
        self.has_end = f"</{name}" in text
        self.head = self._parse(_FRAME.sub(_line_ends, text[start:]), 1 + text.count("\n", 0, start))
        self.line_count, self.item_count = text.count("\n") + 1, len(self._cuts)

    def _between(self) -> Iterator[bytes]:
        """Yield what is outside of items, with the line ends of the items."""
        position = 0
        for cut in self._cuts:
            yield self._data[position : cut.start]
            yield b"\n" * self._data[cut.start : cut.end].count(b"\n")
            position = cut.end
        yield self._data[position:]

    def items(self) -> Iterator[XmlItem]:
        """Parse and yield the items in order."""
        line, position = 1, 0
        for cut in self._cuts:
            line += self._data[position : cut.start].count(b"\n")
            position = cut.start
            text = decode(self._data[cut.start : cut.end], self._encoding)
            item = self._parse(text, line)
            elements = list(children(item.element))
            fault, fault_line = (cut.fault, line) if cut.fault else (item.fault, item.fault_line)
            yield XmlItem(
                element=elements[0] if elements else item.element,
                line=line,
                fault=fault,
                fault_line=fault_line,
                is_cut=bool(cut.fault),
                has_cdata_title=bool(_CDATA_TITLE.search(text)),
            )

    def _parse(self, text: str, line: int) -> XmlItem:
        """Return a root element around the XML of one item or of several elements, and the first fault in it.

        If the XML is not well-formed, each of its elements is parsed alone; the content of a faulty one is taken for text.
        """
        fault, fault_line = (_NO_UTF8, line) if _INVALID_BYTE.search(text) else ("", 0)
        text = _INVALID_BYTE.sub(_as_windows_1252, text)
        try:
            return XmlItem(self._parse_strictly(text), line, fault, fault_line)
        except etree.XMLSyntaxError as error:
            fault, fault_line = _LINE.sub("", str(error.msg).partition(", column")[0]), line + (error.lineno or 1) - 1
        item = _ITEM_TAG.match(text)
        parts = "".join(self._readable(*element) for element in _elements(text[item.end() :] if item else text))
        readable = self._readable(item[0], item[1], parts) if item else parts
        return XmlItem(self._parse_strictly(readable), line, fault, fault_line)

    def _readable(self, tag: str, name: str, inner: str) -> str:
        """Return an element as well-formed XML, "" if that is not possible; what is faulty in it becomes text."""
        content = inner.strip()
        if content.startswith("<![CDATA["):
            content = content.removeprefix("<![CDATA[").removesuffix("]]>").replace("&", "&amp;")
        text = content.replace("<", "&lt;").replace("]]>", "]]&gt;")
        for readable, start in product((inner, text), (tag, f"<{name}>")):
            with suppress(etree.XMLSyntaxError):
                self._parse_strictly(f"{start}{readable}</{name}>")
                return f"{start}{readable}</{name}>"
        return ""

    def _parse_strictly(self, text: str) -> etree._Element:
        unknown = set(_PREFIX.findall(text)) - {name.removeprefix("xmlns:") for name in self._declarations} - {"xml", "xmlns"}
        declarations = {**self._declarations, **{f"xmlns:{prefix}": f"{_USUAL}{prefix}" for prefix in unknown}}
        attributes = "".join(f" {name}={quoteattr(value)}" for name, value in declarations.items())
        return etree.fromstring(f"<document{attributes}>{_clean(text)}</document>".encode(), _parser())


def encoding_of(start: bytes, charset: str = "") -> str:
    """Return the name of the encoding of a document that begins with `start`, "utf-8" if it names none that is known.

    A byte order mark decides, or the first bytes of UTF-16 without one, then the declaration, then `charset`, that of the HTTP
    response (XML 1.0 appendix F).
    """
    for mark, encoding in _ENCODINGS:
        if start.startswith(mark):
            return encoding
    declared = _DECLARED_ENCODING.match(start)
    for label in (declared[1].decode() if declared else "", charset):
        with suppress(LookupError, ValueError):
            name = codecs.lookup(label).name
            b" ".decode(name)  # fails for a codec of no text, and for wide encodings, in which no declaration is readable
            return _SUPERSETS.get(name, name)
    return "utf-8"


def decode(data: bytes, encoding: str) -> str:
    """Decode a text. If bytes are invalid, it is read as UTF-8 with lone surrogates for the invalid ones (PEP 383)."""
    try:
        return data.decode(encoding)
    except UnicodeError:
        return data.decode(errors="surrogateescape")


def _cut(data: bytes | mmap) -> Iterator[_Cut]:
    """Yield the items of a document in order."""
    name, start, position, unclosed = b"", -1, 0, set[bytes]()
    while tag := _DELIMITER.search(data, position):
        position = tag.end()
        if tag[2] is None and tag[0] not in unclosed:
            position = _section_end(data, tag) or position
            unclosed |= {tag[0]} if position == tag.end() else set()
        elif tag[2] is not None and tag[2] == (name or tag[2]):
            name = tag[2]
            if start >= 0:
                yield _Cut(start, position, "") if tag[1] else _Cut(start, tag.start(), "it has no end tag before the next item")
            start = -1 if tag[1] else tag.start()
            if tag[0].endswith(b"/>"):
                yield _Cut(start, position, "")
                start = -1
    if start >= 0:
        end = _OUTER_END.search(data, start)
        yield _Cut(start, end.start(), "it has no end tag") if end else _Cut(start, len(data), "the file ends within it")


def _section_end(data: bytes | mmap, start: re.Match[bytes]) -> int:
    """Return the index after a section of CDATA or a comment, 0 if it has no end.

    A section that lacks its end, but has the next item and a section of that, ends before that item.
    """
    end = data.find(_SECTION_ENDS[start[0]], start.end())
    item = _ITEM_IN_CDATA.search(data, start.end(), end) if end > 0 else None
    if item and data.find(b"<![CDATA[", item.end(), end) >= 0 and data[end - 2 : end] != b"]]":
        return item.start()
    return end + len(b"]]>") if end >= 0 else 0


def _declarations(text: str) -> dict[str, str]:
    """Return attributes for a root element: the namespaces, xml:base and xml:lang of the elements around the items."""
    declared: dict[str, str] = {}
    for frame in _FRAME.finditer(text):
        for name, double, single in _DECLARATION.findall(frame[0]):
            value, prefix = unescape(double or single), name.partition(":")[2]
            if name.startswith("xmlns") and name_of_tag(f"{{{value}}}") == f"{{{value}}}":
                value = f"{_USUAL}{prefix}" if prefix else ""
            if value:
                declared.setdefault(name, value)
    return declared


def _elements(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield start tag, name and content of each element that has an end tag or needs none, none within another."""
    position, unclosed = 0, set[str]()
    while tag := _START_TAG.search(text, position):
        position, name = tag.end(), tag[1]
        if tag[0].endswith("/>"):
            yield f"{tag[0][:-2]}>", name, ""
            continue
        end = -1 if name in unclosed else text.find(f"</{name}>", position)
        if end < 0:
            unclosed.add(name)
            continue
        yield tag[0], name, text[position:end]
        position = end


def _clean(text: str) -> str:
    return _MARKUP.sub(_clean_markup, FORBIDDEN_CHARACTER.sub("", text))


def _clean_markup(match: re.Match[str]) -> str:
    reference = match["reference"]
    if match["cdata"] or reference in _XML_NAMES:
        return match[0]
    if match["comment"]:
        return _line_ends(match) if match[0].endswith("-->") else escape(match[0])
    if reference is None:
        return escape(match[0])
    if reference.startswith("#"):
        return escape(FORBIDDEN_CHARACTER.sub("", unescape(match[0])))
    return escape(html5[reference]) if reference in html5 else f"&amp;{reference}"


def _line_ends(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def _as_windows_1252(match: re.Match[str]) -> str:
    return match[0].encode(errors="surrogateescape").decode("cp1252", "ignore")


@lru_cache(maxsize=1000)
def name_of_tag(tag: str) -> str:
    """Return the name of an element with a usual prefix: "title" (RSS), "atom:link". An unknown namespace stays in braces."""
    namespace, _, local = tag[1:].partition("}") if tag.startswith("{") else ("", "", tag)
    if match := _WORDPRESS.match(namespace):
        prefix: str | None = match[1] or "wp"
    elif namespace.startswith(_USUAL):
        prefix = namespace.removeprefix(_USUAL)
    else:
        prefix = _PREFIXES.get(namespace.rstrip("/").lower(), None if namespace else "")
    return tag if prefix is None else f"{prefix}:{local}" if prefix else local


def name_of(element: etree._Element) -> str:
    """Return the name of an element with a usual prefix."""
    return name_of_tag(str(element.tag))


def children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """Yield the child elements with one of these names, in the order of the document; without names, all."""
    return (child for child in element.iterchildren(tag=etree.Element) if not names or name_of(child) in names)


def child(element: etree._Element, *names: str) -> etree._Element | None:
    """Return the first child with the first of `names`, else with the second, and so on; None if there is none."""
    return next((found for name in names for found in children(element, name)), None)


def raw_text(element: etree._Element | None) -> str:
    """Return the text of an element and of all elements in it, with all white space; "" for None."""
    return "".join(map(str, element.itertext())) if element is not None else ""


def child_text(element: etree._Element, *names: str) -> str:
    """Return the stripped text of the first child with text that has the first of `names`, else the second and so on; or ""."""
    texts = (raw_text(found).strip() for name in names for found in children(element, name))
    return next(filter(None, texts), "")


def base_of(element: etree._Element, address: str) -> str:
    """Return the base address of an element (XML Base): xml:base of its ancestors and its own, resolved against `address`.

    `address` is that of the document.
    """
    base = address
    for ancestor in (*reversed(list(element.iterancestors())), element):
        if reference := ancestor.get(f"{_XML}base"):
            base = absolute(base, reference) or base
    return base


def language_of(element: etree._Element) -> str:
    """Return xml:lang of an element, else of the nearest one around it that has one, else "". An empty one counts as none."""
    languages = (ancestor.get(f"{_XML}lang") for ancestor in (element, *element.iterancestors()))
    return next(filter(None, languages), "")
