"""A parsed XML feed and how the rules speak of its parts.

Elements go by one name in every format: the namespace's usual prefix and the local name ("atom:link"), or the local
name alone where there is no namespace, as in RSS 2.0 ("item").
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Final

from lxml import etree
from lxml.etree import _Element

# lxml names the type of its elements only so.
Element = _Element

NAMESPACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "at": "http://purl.org/atompub/tombstones/1.0",
        "atom": "http://www.w3.org/2005/Atom",
        "content": "http://purl.org/rss/1.0/modules/content/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "dcterms": "http://purl.org/dc/terms/",
        "fh": "http://purl.org/syndication/history/1.0",
        "media": "http://search.yahoo.com/mrss/",
        "mi": "http://schemas.ingestion.microsoft.com/common/",
        "snf": "http://www.smartnews.be/snf",
        "sy": "http://purl.org/rss/1.0/modules/syndication/",
        "xhtml": "http://www.w3.org/1999/xhtml",
        "xml": "http://www.w3.org/XML/1998/namespace",
    }
)
PREFIXES: Final[Mapping[str, str]] = MappingProxyType({uri: prefix for prefix, uri in NAMESPACES.items()})


@dataclass(frozen=True, kw_only=True)
class Document:
    """`address` is where the document is served; `now` bounds the dates it may hold."""

    raw: bytes
    root: Element
    fmt: str
    address: str
    now: datetime

    @property
    def feed(self) -> Element:
        """The element that holds what is said of the whole feed: RSS's channel, Atom's feed."""
        channel = self.root.find("channel")
        return self.root if channel is None else channel

    @property
    def entries(self) -> list[Element]:
        """RSS's items or Atom's entries."""
        return children(self.feed, "item") + children(self.feed, "atom:entry")

    def named(self, *names: str) -> Iterator[Element]:
        """Every element with one of these names, in document order."""
        return (element for element in self.root.iter("*") if name(element) in names)


Rule = Callable[[Document], Iterator[str]]


def parsed(raw: bytes) -> Element:
    """The root element. etree.XMLSyntaxError: not well-formed XML."""
    return etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True))


@cache
def usual_name(tag: str) -> str:
    """The usual name of lxml's "{namespace}local"; the namespace itself where no prefix is usual."""
    namespace, brace, local = tag.rpartition("}")
    uri = namespace.removeprefix("{")
    return f"{PREFIXES.get(uri, uri)}:{local}" if brace else local


def name(element: Element) -> str:
    return usual_name(str(element.tag))


def attributes(element: Element) -> dict[str, str]:
    """Values under usual names ("xml:lang", "href")."""
    return {usual_name(str(key)): str(value) for key, value in element.attrib.items()}


def children(element: Element, child: str) -> list[Element]:
    return [one for one in element.iterchildren("*") if name(one) == child]


def text_of(element: Element, child: str) -> str:
    """The text of the first such child, or ""."""
    return next((one.text or "" for one in children(element, child)), "")


def where(element: Element) -> str:
    """A path a reader of the document can follow: "rss/channel/item[2]/title (line 31)"."""
    path = [_step(step) for step in (element, *element.iterancestors())]
    return f"{'/'.join(reversed(path))} (line {element.sourceline})"


def _step(element: Element) -> str:
    parent = element.getparent()
    twins = [] if parent is None else children(parent, name(element))
    return f"{name(element)}[{twins.index(element) + 1}]" if len(twins) > 1 else name(element)
