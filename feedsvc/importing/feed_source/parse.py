"""Parser of feed documents of all formats (RSS, Atom, JSON Feed): bytes to a FeedDocument."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from lxml import etree

from feedsvc.importing.addresses import absolute
from feedsvc.importing.errors import ImportSourceError
from feedsvc.importing.feed_source.atom import parse_atom
from feedsvc.importing.feed_source.elements import name_of
from feedsvc.importing.feed_source.json_feed import parse_json_feed
from feedsvc.importing.feed_source.records import FeedDocument
from feedsvc.importing.feed_source.rss import is_rss, parse_rss
from feedsvc.importing.feed_source.xml_text import decode_xml, parse_xml

_WHITE_SPACE: Final = b" \t\r\n\xef\xbb\xbf"
_COMPRESSED: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
_HTML_PAGE: Final = re.compile(r"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_LINK_TAG: Final = re.compile(r"<link\b[^<>]{0,1000}>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"""\b(rel|type|href)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
_FEED_TYPES: Final = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
_PAGE_START: Final = 512 * 1024  # characters of a page that are searched for links to feeds
_WHAT_IS_NEEDED: Final = "give a feed: RSS, Atom or JSON Feed"


def parse_feed(data: bytes, place: str, *, address: str = "", charset: str = "") -> FeedDocument:
    """Return the document in `data`. The content decides about the format, not the file's name or the media type.

    `place` is the name of the file or the address, for messages. `address` is the base of relative addresses, "" for a file.
    `charset` is that of the HTTP response, "" if unknown. Damaged XML is read as far as possible, with a fault in the result.
    Raises ImportSourceError, with the reason, if it is no feed, empty or compressed; DamagedFeedError for a damaged JSON Feed.
    """
    start = data.lstrip(_WHITE_SPACE)
    if not start:
        raise ImportSourceError(f"{place}: it is empty; {_WHAT_IS_NEEDED}")
    for magic, name in _COMPRESSED:
        if data.startswith(magic):
            raise ImportSourceError(f"{place}: it is compressed with {name}; decompress it first")
    if start.startswith((b"{", b"[")):
        return parse_json_feed(data, place, address)
    return _parse_xml_feed(data, place, address, charset)


def _parse_xml_feed(data: bytes, place: str, address: str, charset: str) -> FeedDocument:
    tree = parse_xml(data, charset)
    root_name = name_of(tree.root) if tree else ""
    if tree and is_rss(root_name):
        document = parse_rss(tree.root, place, address)
    elif tree and root_name in ("atom:feed", "feed"):
        document = parse_atom(_with_atom_namespace(tree.root), place, address)
    else:
        raise ImportSourceError(f"{place}: {_refusal(data, charset, root_name, address)}")
    faults = (*tree.faults, *document.faults)
    return replace(document, faults=faults, early_end=tree.early_end, damaged_items=tree.damaged_items)


def _with_atom_namespace(root: etree._Element) -> etree._Element:
    """Return `root`. If `root` has no namespace, `root` and all elements in it without a namespace get Atom's, in place."""
    if name_of(root) == "feed":
        for element in root.iter(etree.Element):
            if not str(element.tag).startswith("{") and ":" not in str(element.tag):
                element.tag = f"{{http://www.w3.org/2005/Atom}}{element.tag}"
    return root


def _refusal(data: bytes, charset: str, root_name: str, address: str) -> str:
    """Return the reason why a document is no feed; of a web page, with the feeds that it names."""
    text = decode_xml(data, charset)[:_PAGE_START]
    if root_name.lower() == "html" or root_name == "xhtml:html" or _HTML_PAGE.search(text[:2048]):
        feeds = [feed for tag in _LINK_TAG.findall(text) if (feed := _feed_link(tag, address))]
        hint = f"; its feeds are {', '.join(dict.fromkeys(feeds))}" if feeds else ""
        return f"it is a web page, no feed{hint}"
    found = f"it is XML with the root element '{root_name}', no feed" if root_name else "it is no feed"
    return f"{found}; {_WHAT_IS_NEEDED}"


def _feed_link(tag: str, address: str) -> str:
    """Return the address of a feed that a link element names (autodiscovery), "" if it names none.

    It is resolved against `address`; if that is not possible, it is as written.
    """
    attributes = {name.lower(): double or single or bare for name, double, single, bare in _ATTRIBUTE.findall(tag)}
    is_feed = "alternate" in attributes.get("rel", "").lower().split() and attributes.get("type", "").lower() in _FEED_TYPES
    return absolute(address, attributes.get("href", "")) or attributes.get("href", "") if is_feed else ""
