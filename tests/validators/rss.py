"""Rules for RSS 2.0: https://www.rssboard.org/rss-specification and the RSS Best Practices Profile, with Atom's link."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Final

from tests.validators import modules
from tests.validators.document import Document, Element, child_text, children, name, path_of
from tests.validators.values import (
    contact,
    language,
    media_type,
    non_blank,
    number_up_to,
    one_of,
    positive_number,
    rfc822,
    uri,
    web_address,
    whole_number,
)
from tests.validators.vocabulary import ElementRules, RulesByElement, text_element

_ATOM_ELEMENTS: Final = {"atom:author": "*", "atom:category": "*", "atom:contributor": "*", "atom:link": "*"} | {
    f"atom:{tag}": "?" for tag in ("id", "rights", "title", "updated")
}
_ATOM_ELEMENTS_OF_ITEM: Final = {f"atom:{tag}": "?" for tag in ("published", "source")}

ELEMENT_RULES: Final[RulesByElement] = {
    "rss": ElementRules(children={"channel": "1"}, required={"version": one_of("2.0")}),
    "channel": ElementRules(
        children={
            **dict.fromkeys(("title", "link", "description"), "1"),
            **dict.fromkeys(("copyright", "docs", "generator", "image", "language", "lastBuildDate", "pubDate", "ttl"), "?"),
            **dict.fromkeys(("managingEditor", "skipDays", "skipHours", "webMaster"), "?"),
            **dict.fromkeys(("category", "item"), "*"),
            **_ATOM_ELEMENTS,
            **dict.fromkeys(("sy:updatePeriod", "sy:updateFrequency", "sy:updateBase"), "?"),
            **modules.ELEMENTS_OF_FEED,
        }
    ),
    "item": ElementRules(
        children={
            **dict.fromkeys(("author", "comments", "description", "enclosure", "link", "pubDate", "source", "title"), "?"),
            "guid": "1",
            "category": "*",
            **_ATOM_ELEMENTS,
            **_ATOM_ELEMENTS_OF_ITEM,
            **modules.ELEMENTS_OF_ITEM,
        }
    ),
    "image": ElementRules(children={"url": "1", "title": "1", "link": "1", "width": "?", "height": "?", "description": "?"}),
    "skipDays": ElementRules(children={"day": "+"}),
    "skipHours": ElementRules(children={"hour": "+"}),
    **{tag: text_element(non_blank) for tag in ("copyright", "description", "generator", "title")},
    **{tag: text_element(web_address) for tag in ("comments", "docs", "link")},
    **{tag: text_element(rfc822) for tag in ("lastBuildDate", "pubDate")},
    **{tag: text_element(contact) for tag in ("author", "managingEditor", "webMaster")},
    "category": text_element(non_blank, domain=non_blank),
    "guid": text_element(non_blank, isPermaLink=one_of("true", "false")),
    "source": ElementRules(text=non_blank, required={"url": web_address}),
    "enclosure": ElementRules(required={"url": web_address, "length": whole_number, "type": media_type}),
    "language": text_element(language),
    "ttl": text_element(positive_number),
    "url": text_element(web_address),
    "width": text_element(number_up_to(144)),
    "height": text_element(number_up_to(400)),
    "day": text_element(one_of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")),
    "hour": text_element(one_of(*map(str, range(24)))),
    "sy:updatePeriod": text_element(one_of("hourly", "daily", "weekly", "monthly", "yearly")),
    "sy:updateFrequency": text_element(positive_number),
    "sy:updateBase": text_element(non_blank),
}


def root(document: Document) -> Iterator[str]:
    if name(document.root) != "rss":
        yield f"{path_of(document.root)} is not rss"


def title_or_description(document: Document) -> Iterator[str]:
    for item in document.entries:
        if not children(item, "title") and not children(item, "description"):
            yield f"{path_of(item)} has neither title nor description"


def permanent_link(document: Document) -> Iterator[str]:
    """A guid is a permanent link, and thus an address, unless isPermaLink is false."""
    for guid in document.elements_named("guid"):
        is_link = guid.get("isPermaLink", "true") == "true"
        if fault := (web_address if is_link else uri)((guid.text or "").strip()):
            yield f"{path_of(guid)}: {guid.text!r} is {fault}" + (", yet isPermaLink is true" if is_link else "")


def unique_guid(document: Document) -> Iterator[str]:
    counts = Counter(guid.text for guid in document.elements_named("guid"))
    for guid in document.elements_named("guid"):
        if counts[guid.text] > 1:
            yield f"{path_of(guid)}: {guid.text!r} occurs more than once"


def image_differs_from_channel(document: Document) -> Iterator[str]:
    """An image has the title and link of the channel, because readers use it as the channel's logo."""
    for image in children(document.feed, "image"):
        for part in ("title", "link"):
            if child_text(image, part) != child_text(document.feed, part):
                yield f"{path_of(image)}: {part} differs from the channel's"


def image_kind(document: Document) -> Iterator[str]:
    for url in document.elements_named("url"):
        suffix = (url.text or "").rpartition("/")[2].rpartition(".")
        if suffix[1] and suffix[2].lower() not in {"gif", "jpeg", "jpg", "png"}:
            yield f"{path_of(url)}: {url.text!r} is not a GIF, JPEG or PNG"


_DUPLICATE_ELEMENTS: Final = (
    ("author", "atom:author"),
    ("author", "dc:creator"),
    ("category", "dc:subject"),
    ("copyright", "dc:rights"),
    ("description", "dc:description"),
    ("guid", "atom:id"),
    ("guid", "dc:identifier"),
    ("language", "dc:language"),
    ("managingEditor", "dc:creator"),
    ("pubDate", "atom:published"),
    ("pubDate", "dc:date"),
    ("source", "dc:source"),
    ("title", "atom:title"),
    ("title", "dc:title"),
    ("webMaster", "dc:publisher"),
)


def duplicate_element(document: Document) -> Iterator[str]:
    """RSS's own element and a module's for the same value do not occur together: some readers show both, some the wrong one."""
    for parent in (document.feed, *document.entries):
        for own, other in _DUPLICATE_ELEMENTS:
            if children(parent, own) and children(parent, other):
                yield f"{path_of(parent)} has both {own} and {other}"


def description_first(document: Document) -> Iterator[str]:
    """The description precedes content:encoded, for readers that do not support the latter, or that use the last of the two."""
    for content in document.elements_named("content:encoded"):
        if not any(name(before) == "description" for before in content.itersiblings("*", preceding=True)):
            yield f"{path_of(content)} has no description before it"


def entries_last(document: Document) -> Iterator[str]:
    """Metadata of the feed precede its entries, for readers that stream; RFC 4287 4.1.1 allows any order."""
    first_entry = ""
    for child in document.feed.iterchildren("*"):
        if name(child) in {"item", "atom:entry", "at:deleted-entry"}:
            first_entry = name(child)
        elif first_entry:
            yield f"{path_of(child)} follows {first_entry}"


def repeated_skip(document: Document) -> Iterator[str]:
    for parent in document.elements_named("skipDays", "skipHours"):
        for text, count in Counter(child.text for child in parent).items():
            if count > 1:
                yield f"{path_of(parent)} names {text!r} {count} times"


_HEAD: Final = re.compile(rb"<channel>.*?(?=<item[ >]|</channel>)", re.DOTALL)
_TITLE: Final = re.compile(rb"<title>(.*?)</title>", re.DOTALL)
_DESCRIPTION: Final = re.compile(rb"<description>(.*?)</description>", re.DOTALL)
_UNESCAPED: Final = re.compile(rb"<|&(?:lt|amp|#60|#38);")


def unescaped_character(document: Document) -> Iterator[str]:
    """RSS Profile, "character data": plain text contains < and & as &#x3C; and &#x26;, which no reader unescapes twice.

    The rule reads the bytes, because a parser does not report how a character was escaped.
    """
    head = b"".join(_HEAD.findall(document.raw))
    for text in chain(_TITLE.findall(document.raw), _DESCRIPTION.findall(head)):
        if match := _UNESCAPED.search(text):
            title = text.decode(errors="replace")
            yield f"{title!r}, a title or the channel's description, writes {match[0].decode()!r}"


def plain_texts(document: Document) -> Iterator[Element]:
    """Return the elements with plain text: all but an item's description and content."""
    for element in document.elements_named("category", "copyright", "dc:creator", "description", "generator", "title"):
        parent = element.getparent()
        if name(element) != "description" or (parent is not None and name(parent) != "item"):
            yield element
