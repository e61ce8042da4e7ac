"""What the RSS and the Atom renderer share; with rss.py and atom.py the only modules that know feedgen and lxml."""

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

from feedsvc.feeds.entry_cache import Part
from feedsvc.feeds.escaping import quoted
from feedsvc.model import Enclosure, Entry, Feed, Image, Term
from feedsvc.support.date_formats import rfc822

NAMESPACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "at": "http://purl.org/atompub/tombstones/1.0",
        "atom": "http://www.w3.org/2005/Atom",
        "content": "http://purl.org/rss/1.0/modules/content/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "fh": "http://purl.org/syndication/history/1.0",
        "media": "http://search.yahoo.com/mrss/",
    }
)

_REFERENCES: Final = {"<": "#x3C", "&": "#x26"}
_MARKUP: Final = re.compile("[<&]")
# HTML, which is to be taken for HTML, and addresses, where scripts look for &amp;.
_NO_PLAIN_TEXT: Final = frozenset(
    {"content", f"{{{NAMESPACES['content']}}}encoded", "guid", "icon", "id", "link", "logo", "uri", "url"}
)

# What XML 1.0 forbids, and the carriage return, which is spelled otherwise in each place.
_CONTROLS: Final = bytes({*range(32)} - {*b"\t\n"})
_NO_CHARACTERS: Final = ("\ufffe", "\uffff")

# feedgen's own writer of RFC 822 dates switches the locale of the whole process, under the feet of other threads.
feedgen.entry.formatRFC2822 = feedgen.feed.formatRFC2822 = rfc822


def qualified(name: str) -> str:
    """`prefix:local` as lxml spells it."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def given(**attributes: str | int) -> dict[str, str]:
    """The attributes that are not "", as the strings that lxml and feedgen insist on."""
    return {key: str(value) for key, value in attributes.items() if value != ""}


def add(parent: etree._Element, name: str, **attributes: str | int) -> etree._Element:
    """A new last child of `parent`; attributes that are "" are left out."""
    return etree.SubElement(parent, qualified(name), given(**attributes))


def add_text(parent: etree._Element, name: str, text: str, **attributes: str | int) -> None:
    """A new last child that holds `text`; none for ""."""
    if text:
        add(parent, name, **attributes).text = text


def related_links(entry: Entry, enclosures: Iterable[Enclosure]) -> Iterator[dict[str, str]]:
    """Links to attachments and to named sources: rel=enclosure and rel=via (RFC 4287 section 4.2.7.2)."""
    for file in enclosures:
        yield given(rel="enclosure", href=file.url, type=file.type, length=file.length, title=file.title)
    for source in entry.sources:
        if source.url:
            yield given(rel="via", href=source.url, title=source.name)


def categories(terms: Iterable[Term]) -> list[dict[str, str]]:
    """RFC 4287 section 4.2.2; RSS spells the scheme as domain."""
    return [given(term=term.term, scheme=term.scheme) for term in terms]


def add_extras(element: etree._Element, entry: Entry) -> None:
    """What an item and an Atom entry carry alike in namespaces of others: unaddressed sources, the lead image."""
    # The validator calls a second dc:source in one item an error.
    add_text(element, "dc:source", "; ".join(source.name for source in entry.sources if not source.url))
    if entry.image:
        _add_image(element, entry.image)
    if entry.thumbnail:
        small = entry.thumbnail
        add(element, "media:thumbnail", url=small.url, width=small.width, height=small.height)


def _add_image(element: etree._Element, image: Image) -> None:
    """Media RSS 1.5.1: media:content without a group (that would need alternatives)."""
    size = {"width": image.width, "height": image.height}
    content = add(element, "media:content", url=image.url, type=image.type, medium="image", **size)
    add_text(content, "media:title", image.alt, type="plain")
    # The caption stands in the content. newsboat shows a media:description above that, a second time, and feedparser takes it
    # for the body of an entry that has none.
    add_text(content, "media:credit", image.credit, role="photographer", scheme="urn:ebu")


class FeedExtension(BaseExtension):  # type: ignore[misc]
    """Declares the namespaces and, in each format's own subclass, adds what feedgen has no words for."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed

    def extend_ns(self) -> dict[str, str]:
        return dict(NAMESPACES)


class Generator(feedgen.feed.FeedGenerator):  # type: ignore[misc]
    """feedgen's generator with what both formats say of the feed. One serves one format: they share a link list."""

    def __init__(self, feed: Feed, extension: type[FeedExtension]) -> None:
        super().__init__()
        self.feed = feed
        self.register_extension("feedsvc", partial(extension, feed))
        self.title(feed.title)
        self.language(feed.language)
        self.updated(feed.updated)
        self.rights(feed.rights)
        self.logo(feed.logo or None)
        self.generator(feed.generator, uri=feed.generator_url)

    def finish(self, root: etree._Element, parts: Iterable[Part]) -> None:
        """Mend the tree once it stands, but for the parts that come into it: its namespaces, plain texts, stylesheet."""
        # Validators warn of at:, which they do not know, even where nothing uses it.
        used = frozenset[str]().union(*(part.prefixes for part in parts))
        etree.cleanup_namespaces(root, keep_ns_prefixes=sorted(used))
        _refer_to_markup(root)
        if self.feed.stylesheet:
            pseudo_attributes = f'type="text/css" href={quoted(self.feed.stylesheet)}'
            root.addprevious(etree.ProcessingInstruction("xml-stylesheet", pseudo_attributes))


def odd(text: str, data: bytes) -> bool:
    """Whether lxml may spell something in this text otherwise than WAYS do, or refuse it; `data` is the text in UTF-8."""
    return len(data.translate(None, _CONTROLS)) < len(data) or any(map(text.__contains__, _NO_CHARACTERS))


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain_text(text: str) -> str:
    """A text of an element as `part` spells it."""
    return text.replace("&", "&#x26;").replace("<", "&#x3C;").replace(">", "&gt;")


def _attribute(text: str) -> str:
    return _text(text).replace('"', "&quot;").replace("\t", "&#9;").replace("\n", "&#10;")


def _cdata(text: str) -> str:
    return text.replace("]]>", "]]]]><![CDATA[>")


WAYS: Final = (_text, plain_text, _attribute, _cdata)


def part(root: etree._Element, parent: etree._Element, element: etree._Element) -> Part:
    """`element` as it stands as the last child of `parent` in a document with such a root."""
    parent.append(element)
    etree.cleanup_namespaces(root)
    _refer_to_markup(root)
    document = etree.tostring(root.getroottree(), pretty_print=True, encoding="UTF-8")
    indent = b"  " * (1 if parent is root else 2)
    start = document.index(b"\n" + indent + b"<") + 1
    return Part(document[start : _end(document, str(parent.tag))], frozenset(filter(None, root.nsmap)))


def joined(document: bytes, name: str, parts: Iterable[Part]) -> bytes:
    """The document with the parts as the last children of its one element of this name."""
    end = _end(document, name)
    return b"".join((document[:end], *(part.data for part in parts), document[end:]))


def _end(document: bytes, name: str) -> int:
    """Where the line begins that ends the element."""
    return document.rindex(b"\n", 0, document.rindex(f"</{name}>".encode())) + 1


def _refer_to_markup(root: etree._Element) -> None:
    """Spell < and & of plain text as hexadecimal references: the one spelling nobody takes for HTML (RSS Profile)."""
    for element in list(root.iter(etree.Element)):
        if element.tag not in _NO_PLAIN_TEXT and element.text and _MARKUP.search(element.text):
            _split_at_markup(element, element.text)


def _split_at_markup(element: etree._Element, text: str) -> None:
    element.text, *rests = _MARKUP.split(text)
    for mark, rest in zip(_MARKUP.findall(text), rests, strict=True):
        reference = etree.Entity(_REFERENCES[mark])
        reference.tail = rest
        element.append(reference)
