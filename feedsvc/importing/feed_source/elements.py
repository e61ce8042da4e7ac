"""Names and texts of elements of XML feeds, with usual prefixes in place of namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from lxml import etree

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
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://purl.org/syndication/history/1.0": "fh",
    "http://webns.net/mvcb": "admin",
}


@lru_cache(maxsize=512)
def _local_name(tag: str) -> str:
    if not tag.startswith("{"):
        return tag  # without namespace, or with a prefix that the document does not declare
    namespace, _, name = tag[1:].partition("}")
    prefix = _PREFIXES.get(namespace.rstrip("/").lower())
    if prefix is None:
        return tag
    return f"{prefix}:{name}" if prefix else name


def name_of(element: etree._Element) -> str:
    """Return the name of an element with a usual prefix: "title" (RSS), "atom:link". An unknown namespace stays in braces."""
    return _local_name(str(element.tag))


def children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """Yield the child elements with one of these names, in the order of the document."""
    return (child for child in element if isinstance(child.tag, str) and name_of(child) in names)


def child(element: etree._Element, *names: str) -> etree._Element | None:
    """Return the first child with the first of `names`, else with the second, and so on; None if there is none."""
    return next((found for name in names for found in children(element, name)), None)


def raw_text(element: etree._Element | None) -> str:
    """Return the text of an element and of all elements in it, with all white space; "" for None."""
    return "".join(map(str, element.itertext())) if element is not None else ""


def text(element: etree._Element | None) -> str:
    """Return the text of an element and of all elements in it, without white space around it; "" for None."""
    return raw_text(element).strip()


def child_text(element: etree._Element, *names: str) -> str:
    """Return the stripped text of the first child with text that has the first of `names`, else the second and so on; or ""."""
    return next((value for name in names for found in children(element, name) if (value := text(found))), "")


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
    return next((language for language in languages if language), "")


def line_of(element: etree._Element) -> int:
    """Return the line of an element's start tag, from 1; 1 if it is unknown."""
    line: object = element.sourceline
    return line if isinstance(line, int) else 1
