"""Fields of an export's XML by their usual prefixes, whichever version and prefixes the export has.

Each piece of XML is parsed by itself, without document type, so no entity can expand and no file or address is read. A piece
that is not well-formed is repaired; what remains of the fault is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from lxml import etree

from feedsvc.importing.markup import to_plain_text
from feedsvc.importing.wordpress.xml_repair import XmlFault, repair

# Prefixes of WordPress's exports; the version is in the namespace of the first two.
_WORDPRESS_NAMESPACE: Final = re.compile(r"https?://wordpress\.org/export/[^/]*/(excerpt/)?\Z")
_NAMESPACES: Final = {
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://purl.org/dc/elements/1.1/": "dc:",
    "urn:feedsvc:export": "feedsvc:",
}
_DEFAULT_DECLARATIONS: Final = {
    "wp": "http://wordpress.org/export/1.2/",
    "excerpt": "http://wordpress.org/export/1.2/excerpt/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
}
_DECLARATION: Final = re.compile(r"\sxmlns:([A-Za-z_][\w.-]*)\s*=\s*(?:\"([^\"<&]*)\"|'([^'<&]*)')")
_ROOT_TAG: Final = re.compile(r"<(?:rss|channel)(?:\s[^<>]*)?>")
# Declarations and tags around the elements of a channel.
_CHANNEL_FRAME: Final = re.compile(r"</?(?:rss|channel)(?:\s[^<>]*)?>|<\?xml[^<>]*\?>")
_PREFIX: Final = re.compile(r"(?<=[<\s/])([A-Za-z_][\w.-]*):(?=[A-Za-z_])")
_ROOT: Final = "export"
_HTML_TITLE: Final = re.compile(rb"<title>\s*<!\[CDATA\[")
_WORDPRESS_MARK: Final = re.compile(rb"wordpress\.org/export/|<wp:(?:wxr_version|post_id|post_type)[\s>]")

# Options that make a parser read nothing but its input. huge_tree lifts limits on depth and on the size of a text, which
# MAX_ITEM_SIZE replaces; the limit on entities is not needed without a document type.
_new_parser: Final = partial(
    etree.XMLParser,
    encoding="utf-8",
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    huge_tree=True,
    remove_comments=True,
    remove_pis=True,
)


@dataclass(frozen=True, slots=True)
class ItemTerm:
    """A `category` element of an item: taxonomy ("category", "post_tag", ...), nicename and name. The first two may be ""."""

    taxonomy: str
    nicename: str
    name: str


@dataclass(frozen=True, slots=True)
class ItemFields:
    """Fields of an item. `texts` has its child elements by name ("title", "wp:post_id"), each the first that is not empty.

    `place` is where it begins. `meta` has keys and values of its postmeta, in order; a key may stand there several times.
    `has_html_title` is True if the title is CDATA: then it is HTML, else it is plain text.
    """

    place: str
    texts: dict[str, str]
    terms: tuple[ItemTerm, ...]
    meta: tuple[tuple[str, str], ...]
    comment_count: int
    has_html_title: bool

    def text(self, name: str) -> str:
        """Return the text of an element without white space around it, "" if it is missing."""
        return self.texts.get(name, "").strip()

    def meta_value(self, key: str) -> str:
        """Return the first value of a postmeta key, "" if it is missing."""
        return next((value for name, value in self.meta if name == key), "")


def plain_title(item: ItemFields) -> str:
    """Return the title as plain text. In CDATA it is HTML (WordPress 5.7 or later); before that it was plain text."""
    title = item.text("title")
    return to_plain_text(title) if item.has_html_title else " ".join(title.split())


@dataclass(frozen=True, slots=True)
class ChannelElement:
    """An element of the channel outside of items. `text` is "" if it has children; `children` are their texts by name."""

    name: str
    text: str
    children: dict[str, str]


class XmlReader:
    """Reader of the pieces of one file, in order: `read_channel` reads the declarations of namespaces for the following pieces.

    A prefix that is not declared has its usual namespace.
    """

    def __init__(self) -> None:
        self._declarations = dict(_DEFAULT_DECLARATIONS)
        self.is_wordpress = False

    def note_start(self, data: bytes) -> None:
        """Set `is_wordpress` if a piece of the file has marks of WordPress's exports."""
        self.is_wordpress = self.is_wordpress or bool(_WORDPRESS_MARK.search(data))

    def read_channel(self, data: bytes) -> tuple[list[ChannelElement], tuple[XmlFault, ...]]:
        """Return the elements of a piece outside of items, and the faults in it. Its namespaces hold for the following pieces."""
        text, faults = repair(data)
        for tag in _ROOT_TAG.finditer(text):
            declared = ((match[1], match[2] or match[3] or "") for match in _DECLARATION.finditer(tag[0]))
            # A damaged address of a namespace does not hide the elements of its prefix.
            self._declarations |= {prefix: uri for prefix, uri in declared if _prefix_of(uri)}
        inner = _CHANNEL_FRAME.sub(lambda frame: "\n" * frame[0].count("\n"), text)
        root, parse_faults = self._parse(inner, inner)
        elements = [_channel_element(element) for element in _children(root)]
        return elements, faults + parse_faults

    def read_item(self, data: bytes, place: str) -> tuple[ItemFields, tuple[XmlFault, ...]]:
        """Return the fields of an item as far as they can be read, and the faults in it."""
        faults: tuple[XmlFault, ...] = ()
        try:
            data.decode()  # libxml2 does not check all of CDATA
            root = etree.fromstring(self._wrap(data, ""), _new_parser())
        except (etree.XMLSyntaxError, UnicodeDecodeError):
            text, faults = repair(data)
            root, parse_faults = self._parse(text, text)
            faults += parse_faults
        item = next(root.iterchildren(tag=etree.Element), root)
        return _item_fields(item, place, has_html_title=bool(_HTML_TITLE.search(data))), faults

    def _wrap(self, data: bytes, text: str) -> bytes:
        """Return `data` in a root element that declares the known prefixes and all others that `text` uses.

        `text` is `data` as text, or "" to declare only the known prefixes.
        """
        declarations = self._declarations
        if text:
            unknown = set(_PREFIX.findall(text)) - declarations.keys() - {"xml", "xmlns"}
            declarations = declarations | {prefix: f"urn:undeclared:{prefix}" for prefix in unknown}
        attributes = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in declarations.items() if uri)
        return b"<%s%s>%s</%s>" % (_ROOT.encode(), attributes.encode(), data, _ROOT.encode())

    def _parse(self, text: str, prefix_source: str) -> tuple[etree._Element, tuple[XmlFault, ...]]:
        """Parse repaired text. If it still is not well-formed, return what libxml2 recovers of it, and the first fault.

        The prefixes that `prefix_source` uses are declared.
        """
        data = self._wrap(text.encode(errors="replace"), prefix_source)
        try:
            return etree.fromstring(data, _new_parser()), ()
        except etree.XMLSyntaxError as error:
            root = etree.fromstring(data, _new_parser(recover=True))
            reason = (error.msg or "").partition(" line ")[0]
            fault = XmlFault(error.lineno or 1, f"the XML is not well-formed ({reason}); its text is read as far as possible")
            return etree.Element(_ROOT) if root is None else root, (fault,)


@lru_cache(maxsize=1000)
def _name(tag: str) -> str:
    """Return the name of an element with WordPress's usual prefix; one of another namespace keeps the namespace."""
    namespace, _, local = tag.rpartition("}")
    return f"{_prefix_of(namespace[1:]) or namespace + '}'}{local}" if namespace else local


def _prefix_of(namespace: str) -> str:
    """Return WordPress's usual prefix of a namespace, with the colon; "" for another namespace."""
    if match := _WORDPRESS_NAMESPACE.match(namespace):
        return "excerpt:" if match[1] else "wp:"
    return _NAMESPACES.get(namespace, "")


def _text(element: etree._Element) -> str:
    return "".join(map(str, element.itertext())) if len(element) else element.text or ""


def _children(element: etree._Element) -> Iterator[etree._Element]:
    return element.iterchildren(tag=etree.Element)


def _texts(element: etree._Element) -> dict[str, str]:
    texts: dict[str, str] = {}
    for child in _children(element):
        name = _name(child.tag)
        if not texts.get(name):
            texts[name] = _text(child)
    return texts


def _channel_element(element: etree._Element) -> ChannelElement:
    children = _texts(element)
    return ChannelElement(_name(element.tag), "" if children else _text(element), children)


def _item_fields(item: etree._Element, place: str, *, has_html_title: bool) -> ItemFields:
    texts: dict[str, str] = {}
    terms, meta, comment_count = [], [], 0
    for child in _children(item):
        name = _name(child.tag)
        if name == "category":
            terms.append(ItemTerm(child.get("domain", ""), child.get("nicename", ""), _text(child)))
        elif name == "wp:postmeta":
            values = _texts(child)
            meta.append((values.get("wp:meta_key", ""), values.get("wp:meta_value", "")))
        elif name == "wp:comment":
            comment_count += 1
        elif not texts.get(name):
            texts[name] = _text(child)
    return ItemFields(place, texts, tuple(terms), tuple(meta), comment_count, has_html_title)
