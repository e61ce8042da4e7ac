"""RSS 2.0: https://www.rssboard.org/rss-specification and the RSS Best Practices Profile, with Atom's link inside."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Final

from tests.validators import modules
from tests.validators.document import Document, Element, children, name, text_of, where
from tests.validators.values import (
    contact,
    language,
    media_type,
    number_up_to,
    one_of,
    positive_number,
    rfc822,
    uri,
    web_address,
    whole_number,
    words,
)
from tests.validators.vocabulary import Row, Table, plain

_ATOM: Final = {"atom:author": "*", "atom:category": "*", "atom:contributor": "*", "atom:link": "*"} | {
    f"atom:{one}": "?" for one in ("id", "rights", "title", "updated")
}
_ATOM_OF_ITEM: Final = {f"atom:{one}": "?" for one in ("published", "source")}

ROWS: Final[Table] = {
    "rss": Row(children={"channel": "1"}, required={"version": one_of("2.0")}),
    "channel": Row(
        children={
            **dict.fromkeys(("title", "link", "description"), "1"),
            **dict.fromkeys(("copyright", "docs", "generator", "image", "language", "lastBuildDate", "pubDate", "ttl"), "?"),
            **dict.fromkeys(("managingEditor", "skipDays", "skipHours", "webMaster"), "?"),
            **dict.fromkeys(("category", "item"), "*"),
            **_ATOM,
            **dict.fromkeys(("sy:updatePeriod", "sy:updateFrequency", "sy:updateBase"), "?"),
            **modules.OF_FEED,
        }
    ),
    "item": Row(
        children={
            **dict.fromkeys(("author", "comments", "description", "enclosure", "link", "pubDate", "source", "title"), "?"),
            "guid": "1",
            "category": "*",
            **_ATOM,
            **_ATOM_OF_ITEM,
            **modules.OF_ENTRY,
        }
    ),
    "image": Row(children={"url": "1", "title": "1", "link": "1", "width": "?", "height": "?", "description": "?"}),
    "skipDays": Row(children={"day": "+"}),
    "skipHours": Row(children={"hour": "+"}),
    **{one: plain(words) for one in ("copyright", "description", "generator", "title")},
    **{one: plain(web_address) for one in ("comments", "docs", "link")},
    **{one: plain(rfc822) for one in ("lastBuildDate", "pubDate")},
    **{one: plain(contact) for one in ("author", "managingEditor", "webMaster")},
    "category": plain(words, domain=words),
    "guid": plain(words, isPermaLink=one_of("true", "false")),
    "source": Row(text=words, required={"url": web_address}),
    "enclosure": Row(required={"url": web_address, "length": whole_number, "type": media_type}),
    "language": plain(language),
    "ttl": plain(positive_number),
    "url": plain(web_address),
    "width": plain(number_up_to(144)),
    "height": plain(number_up_to(400)),
    "day": plain(one_of("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")),
    "hour": plain(one_of(*map(str, range(24)))),
    "sy:updatePeriod": plain(one_of("hourly", "daily", "weekly", "monthly", "yearly")),
    "sy:updateFrequency": plain(positive_number),
    "sy:updateBase": plain(words),
}


def root(document: Document) -> Iterator[str]:
    if name(document.root) != "rss":
        yield f"{where(document.root)} is not rss"


def title_or_description(document: Document) -> Iterator[str]:
    for item in document.entries:
        if not children(item, "title") and not children(item, "description"):
            yield f"{where(item)} has neither title nor description"


def permanent_link(document: Document) -> Iterator[str]:
    """A guid is a permanent link unless it says otherwise, and then it is an address."""
    for guid in document.named("guid"):
        link = guid.get("isPermaLink", "true") == "true"
        if fault := (web_address if link else uri)((guid.text or "").strip()):
            yield f"{where(guid)}: {guid.text!r} is {fault}" + (", yet isPermaLink is true" if link else "")


def unique_guid(document: Document) -> Iterator[str]:
    counted = Counter(guid.text for guid in document.named("guid"))
    for guid in document.named("guid"):
        if counted[guid.text] > 1:
            yield f"{where(guid)}: {guid.text!r} stands more than once"


def image_mirrors_channel(document: Document) -> Iterator[str]:
    """An image's title and link are the channel's, since readers make it the channel's logo."""
    for image in children(document.feed, "image"):
        for part in ("title", "link"):
            if text_of(image, part) != text_of(document.feed, part):
                yield f"{where(image)}: {part} differs from the channel's"


def image_kind(document: Document) -> Iterator[str]:
    for url in document.named("url"):
        suffix = (url.text or "").rpartition("/")[2].rpartition(".")
        if suffix[1] and suffix[2].lower() not in {"gif", "jpeg", "jpg", "png"}:
            yield f"{where(url)}: {url.text!r} is no GIF, JPEG or PNG"


_TWICE_SAID: Final = (
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


def said_twice(document: Document) -> Iterator[str]:
    """RSS's own element and a module's for the same thing: some readers show both, some the wrong one."""
    for parent in (document.feed, *document.entries):
        for own, other in _TWICE_SAID:
            if children(parent, own) and children(parent, other):
                yield f"{where(parent)} has both {own} and {other}"


def description_first(document: Document) -> Iterator[str]:
    """Readers that know no content:encoded, or take the last of the two, need the description before it."""
    for content in document.named("content:encoded"):
        if not any(name(before) == "description" for before in content.itersiblings("*", preceding=True)):
            yield f"{where(content)} has no description before it"


def entries_last(document: Document) -> Iterator[str]:
    """Readers that stream know the feed before its entries; RFC 4287 4.1.1 leaves the order open, they do not."""
    begun = ""
    for child in document.feed.iterchildren("*"):
        if name(child) in {"item", "atom:entry", "at:deleted-entry"}:
            begun = name(child)
        elif begun:
            yield f"{where(child)} follows {begun}"


def repeated_skip(document: Document) -> Iterator[str]:
    for parent in document.named("skipDays", "skipHours"):
        for text, count in Counter(child.text for child in parent).items():
            if count > 1:
                yield f"{where(parent)} names {text!r} {count} times"


_HEAD: Final = re.compile(rb"<channel>.*?(?=<item[ >]|</channel>)", re.DOTALL)
_TITLE: Final = re.compile(rb"<title>(.*?)</title>", re.DOTALL)
_DESCRIPTION: Final = re.compile(rb"<description>(.*?)</description>", re.DOTALL)
_BARE: Final = re.compile(rb"<|&(?:lt|amp|#60|#38);")


def bare_character(document: Document) -> Iterator[str]:
    """RSS Profile, "character data": plain text writes < and & as &#x3C; and &#x26;, which no reader unescapes twice.

    This reads the bytes, since a parser has forgotten how a character was written.
    """
    head = b"".join(_HEAD.findall(document.raw))
    for text in chain(_TITLE.findall(document.raw), _DESCRIPTION.findall(head)):
        if found := _BARE.search(text):
            shown = text.decode(errors="replace")
            yield f"{shown!r}, a title or the channel's description, writes {found[0].decode()!r}"


def plain_texts(document: Document) -> Iterator[Element]:
    """What RSS means to be shown as it stands: everything but an item's description and content."""
    for element in document.named("category", "copyright", "dc:creator", "description", "generator", "title"):
        parent = element.getparent()
        if name(element) != "description" or (parent is not None and name(parent) != "item"):
            yield element
