"""A parsed XML feed, and names and paths of its elements.

Elements have the same name in every format: the usual prefix of the namespace and the local name ("atom:link"), or only the local
name if there is no namespace, as in RSS 2.0 ("item").
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Final

from lxml import etree
from lxml.etree import _Element

# lxml has no public name for the type of its elements.
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
        "rsl": "https://rslstandard.org/rsl",
        "snf": "http://www.smartnews.be/snf",
        "source": "http://source.scripting.com/",
        "sy": "http://purl.org/rss/1.0/modules/syndication/",
        "xhtml": "http://www.w3.org/1999/xhtml",
        "xml": "http://www.w3.org/XML/1998/namespace",
    }
)
PREFIXES: Final[Mapping[str, str]] = MappingProxyType({uri: prefix for prefix, uri in NAMESPACES.items()})


@dataclass(frozen=True, kw_only=True)
class Document:
    """A parsed document. `address` is its URL; `now` is the upper limit of its dates."""

    raw: bytes
    root: Element
    fmt: str
    address: str
    now: datetime

    @property
    def feed(self) -> Element:
        """The element with the metadata of the feed: RSS's channel or Atom's feed."""
        channel = self.root.find("channel")
        return self.root if channel is None else channel

    @property
    def entries(self) -> list[Element]:
        """RSS's items or Atom's entries."""
        return children(self.feed, "item") + children(self.feed, "atom:entry")

    def elements_named(self, *element_names: str) -> Iterator[Element]:
        """Return every element with one of these names, in document order."""
        return (element for element in self.root.iter("*") if name(element) in element_names)


Rule = Callable[[Document], Iterator[str]]


def parse(raw: bytes) -> Element:
    """Return the root element. Raises etree.XMLSyntaxError if the document is not well-formed."""
    return etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True))


@cache
def prefixed_name(tag: str) -> str:
    """Return the name with the usual prefix for lxml's "{namespace}local"; the namespace itself if it has no usual prefix."""
    namespace, brace, local = tag.rpartition("}")
    uri = namespace.removeprefix("{")
    return f"{PREFIXES.get(uri, uri)}:{local}" if brace else local


def name(element: Element) -> str:
    return prefixed_name(str(element.tag))


def attributes(element: Element) -> dict[str, str]:
    """Return the values of the attributes under their prefixed names ("xml:lang", "href")."""
    return {prefixed_name(str(key)): str(value) for key, value in element.attrib.items()}


def children(element: Element, child_name: str) -> list[Element]:
    return [child for child in element.iterchildren("*") if name(child) == child_name]


def child_text(element: Element, child_name: str) -> str:
    """Return the text of the first child with that name, or ""."""
    return next((child.text or "" for child in children(element, child_name)), "")


def path_of(element: Element) -> str:
    """Return a path for messages: "rss/channel/item[2]/title (line 31)"."""
    path = [_path_step(step) for step in (element, *element.iterancestors())]
    return f"{'/'.join(reversed(path))} (line {element.sourceline})"


def _path_step(element: Element) -> str:
    parent = element.getparent()
    siblings = [] if parent is None else children(parent, name(element))
    return f"{name(element)}[{siblings.index(element) + 1}]" if len(siblings) > 1 else name(element)
