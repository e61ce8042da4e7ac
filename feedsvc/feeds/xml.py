"""Shared parts of the RSS and Atom renderers. In this package, only this module, rss.py and atom.py import feedgen and lxml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import feedgen.entry  # type: ignore[import-untyped]
import feedgen.feed  # type: ignore[import-untyped]
from feedgen.ext.base import BaseExtension  # type: ignore[import-untyped]
from lxml import etree

from feedsvc.feed_model import Entry, Feed, Term
from feedsvc.feeds.entry_cache import RenderedEntry
from feedsvc.feeds.escaping import quote_attribute
from feedsvc.feeds.rsl import RSL_NAMESPACE, RslElement
from feedsvc.model import Enclosure, Image
from feedsvc.support.date_formats import rfc822

NAMESPACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "at": "http://purl.org/atompub/tombstones/1.0",
        "atom": "http://www.w3.org/2005/Atom",
        "content": "http://purl.org/rss/1.0/modules/content/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "fh": "http://purl.org/syndication/history/1.0",
        "media": "http://search.yahoo.com/mrss/",
        "rsl": RSL_NAMESPACE,
        "source": "http://source.scripting.com/",
    }
)

_REFERENCES: Final = {"<": "#x3C", "&": "#x26"}
_MARKUP: Final = re.compile("[<&]")
# Elements without hexadecimal references: HTML, which readers parse as HTML, and addresses, where scripts expect &amp;. Markdown
# is CDATA, as HTML is.
_HTML_OR_URI_ELEMENTS: Final = frozenset(
    {
        *("content", f"{{{NAMESPACES['content']}}}encoded", "guid", "icon", "id", "link", "logo", "uri", "url"),
        f"{{{NAMESPACES['source']}}}markdown",
        *(f"{{{RSL_NAMESPACE}}}{name}" for name in ("custom", "standard", "terms")),
    }
)

# feedgen's own formatter of RFC 822 dates changes the locale of the whole process while other threads run.
feedgen.entry.formatRFC2822 = feedgen.feed.formatRFC2822 = rfc822


def qualified_name(name: str) -> str:
    """Return `prefix:local` in lxml's notation, {namespace}local. Raises KeyError for an unknown prefix."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def nonempty_attributes(**attributes: str | int) -> dict[str, str]:
    """Return the attributes that are not "" as strings, which lxml and feedgen require. Numbers stay, 0 included."""
    return {key: str(value) for key, value in attributes.items() if value != ""}


def add_element(parent: etree._Element, name: str, **attributes: str | int) -> etree._Element:
    """Append a new element to `parent` and return it. Attributes that are "" are left out.

    `name` is "prefix:local"; raises KeyError for a prefix that is not in NAMESPACES.
    """
    return etree.SubElement(parent, qualified_name(name), nonempty_attributes(**attributes))


def add_text_element(parent: etree._Element, name: str, text: str, **attributes: str | int) -> None:
    """Append a new element with `text` to `parent` by `add_element`; do nothing if the text is ""."""
    if text:
        add_element(parent, name, **attributes).text = text


def related_links(entry: Entry, enclosures: Iterable[Enclosure]) -> Iterator[dict[str, str]]:
    """Yield the attributes of links to `enclosures`, then to the entry's sources that have a URL (rel=via; RFC 4287, 4.2.7.2)."""
    for file in enclosures:
        yield nonempty_attributes(rel="enclosure", href=file.url, type=file.type, length=file.length, title=file.title)
    for source in entry.sources:
        if source.url:
            yield nonempty_attributes(rel="via", href=source.url, title=source.name)


def language_links(entry: Entry) -> Iterator[dict[str, str]]:
    """Yield the attributes of alternate links to the entry in each language (RFC 4287 section 4.2.7.4), its own language last.

    An alternate link to the entry, without hreflang, must precede these. Of several alternate links some readers open the first,
    as fastfeedparser does, others the last, as feedparser and newsboat do. So both lead to the entry itself.
    """
    for alternate in entry.alternates:
        yield nonempty_attributes(rel="alternate", href=alternate.url, type="text/html", hreflang=alternate.language)


def category_attributes(terms: Iterable[Term]) -> list[dict[str, str]]:
    """Return terms as attributes of category elements (RFC 4287 section 4.2.2); feedgen writes scheme as domain in RSS."""
    return [nonempty_attributes(term=term.term, scheme=term.scheme) for term in terms]


def add_extension_elements(element: etree._Element, entry: Entry) -> None:
    """Add to `element` what RSS items and Atom entries share: lead image and thumbnail (media:), and one dc:source.

    This has the names of all sources without URL; it is left out if there are none.
    """
    # A second dc:source in one item is an error for the validator.
    add_text_element(element, "dc:source", "; ".join(source.name for source in entry.sources if not source.url))
    if entry.image:
        _add_image(element, entry.image)
    if entry.thumbnail:
        thumbnail = entry.thumbnail
        add_element(element, "media:thumbnail", url=thumbnail.url, width=thumbnail.width, height=thumbnail.height)


def add_rsl_element(parent: etree._Element, rsl: RslElement) -> None:
    """Append an element of RSL, with its children, to `parent`."""
    element = add_element(parent, f"rsl:{rsl.name}", **dict(rsl.attributes))
    element.text = rsl.text or None
    for child in rsl.children:
        add_rsl_element(element, child)


def _add_image(element: etree._Element, image: Image) -> None:
    """Add media:content (Media RSS 1.5.1) with title and credit, but without a group, which would need alternatives."""
    size = {"width": image.width or "", "height": image.height or ""}
    content = add_element(element, "media:content", url=image.url, type=image.type, medium="image", **size)
    add_text_element(content, "media:title", image.alt, type="plain")
    # No media:description: the caption is in the content. newsboat would show it a second time above the content, and
    # feedparser would take it for the body of an entry without content.
    add_text_element(content, "media:credit", image.credit, role="photographer", scheme="urn:ebu")


class FeedExtension(BaseExtension):  # type: ignore[misc]
    """feedgen extension that declares `namespaces`. Each format's subclass adds elements that feedgen does not support."""

    def __init__(self, feed: Feed, namespaces: Mapping[str, str]) -> None:
        self.feed, self._namespaces = feed, namespaces

    def extend_ns(self) -> dict[str, str]:
        return dict(self._namespaces)


class BaseFeedGenerator(feedgen.feed.FeedGenerator):  # type: ignore[misc]
    """feedgen generator with the feed elements of both formats. An object serves one format, since feedgen has one link list."""

    def __init__(self, feed: Feed, extension: type[FeedExtension], namespaces: Mapping[str, str]) -> None:
        super().__init__()
        self.feed = feed
        self.register_extension("feedsvc", partial(extension, feed, namespaces))
        self.title(feed.title)
        self.language(feed.language)
        self.updated(feed.updated)
        self.rights(feed.rights)
        self.logo(feed.logo or None)
        self.generator(feed.generator, uri=feed.generator_url)

    def finish(self, root: etree._Element, rendered_entries: Iterable[RenderedEntry]) -> None:
        """Finish the tree of a feed, which has no entries yet, in place.

        Remove namespaces that neither the tree nor the entries to be inserted use, write < and & of plain text as hexadecimal
        references, and add the processing instruction for the stylesheet if the feed has one.
        """
        # Validators do not know at: and warn even of an unused declaration.
        used_prefixes = frozenset[str]().union(*(entry.prefixes for entry in rendered_entries))
        etree.cleanup_namespaces(root, keep_ns_prefixes=sorted(used_prefixes))
        _replace_markup_by_references(root)
        if self.feed.stylesheet:
            pseudo_attributes = f'type="text/css" href={quote_attribute(self.feed.stylesheet)}'
            root.addprevious(etree.ProcessingInstruction("xml-stylesheet", pseudo_attributes))


def render_element(root: etree._Element, parent: etree._Element, element: etree._Element) -> RenderedEntry:
    """Append `element` to `parent` and return only this element, rendered with the indentation of that place, in whole lines.

    `parent` is `root` or its only child, and has no other children. The tree is changed: `element` stays in it, namespaces that
    it does not use are removed, and < and & of plain text become hexadecimal references.
    """
    parent.append(element)
    etree.cleanup_namespaces(root)
    _replace_markup_by_references(root)
    document = etree.tostring(root.getroottree(), pretty_print=True, encoding="UTF-8")
    indent = b"  " * (1 if parent is root else 2)
    start = document.index(b"\n" + indent + b"<") + 1
    return RenderedEntry(document[start : _closing_line_start(document, str(parent.tag))], frozenset(filter(None, root.nsmap)))


def splice_entries(document: bytes, name: str, rendered_entries: Iterable[RenderedEntry]) -> bytes:
    """Return the document with the rendered entries inserted, in order, as the last children of its only element `name`."""
    end = _closing_line_start(document, name)
    return b"".join((document[:end], *(entry.data for entry in rendered_entries), document[end:]))


def _closing_line_start(document: bytes, name: str) -> int:
    """Return the offset of the start of the line with the last end tag of the element `name`."""
    return document.rindex(b"\n", 0, document.rindex(f"</{name}>".encode())) + 1


def _replace_markup_by_references(root: etree._Element) -> None:
    """Replace < and & in plain text, in place, by hexadecimal references, which no reader takes for HTML (RSS Profile)."""
    for element in list(root.iter(etree.Element)):
        if element.tag not in _HTML_OR_URI_ELEMENTS and element.text and _MARKUP.search(element.text):
            _split_at_markup(element, element.text)


def _split_at_markup(element: etree._Element, text: str) -> None:
    element.text, *tails = _MARKUP.split(text)
    for character, tail in zip(_MARKUP.findall(text), tails, strict=True):
        reference = etree.Entity(_REFERENCES[character])
        reference.tail = tail
        element.append(reference)
