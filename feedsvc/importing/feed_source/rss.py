"""RSS 0.9x, 1.0 (RDF) and 2.0 with the modules that feeds use: Dublin Core, content, Media RSS, iTunes, atom:link.

RSS 2.0: https://www.rssboard.org/rss-specification; RSS 1.0: https://web.resource.org/rss/1.0/spec.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from feedsvc.importing.addresses import absolute
from feedsvc.importing.feed_source.dates import parse_date
from feedsvc.importing.feed_source.elements import (
    base_of,
    child,
    child_text,
    children,
    language_of,
    line_of,
    name_of,
    raw_text,
    text,
)
from feedsvc.importing.feed_source.markup import absolute_links, inner_html, plain_text, text_to_html, title_text
from feedsvc.importing.feed_source.records import FeedDocument, FeedItem, FeedKind, FeedTerm, TitleForm
from feedsvc.importing.feed_source.shared_elements import (
    date_faults,
    integer,
    media_of,
    parse_person,
    unique_authors,
    unique_media,
)
from feedsvc.importing.source import SourceAuthor, SourceMedium

_ABOUT: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_PUBLISHED: Final = ("pubDate", "dc:date", "dcterms:issued", "dcterms:created", "atom:published", "atom:issued", "pubdate")
_UPDATED: Final = ("atom:updated", "dcterms:modified", "atom:modified", "dc:modified")
_CONTENT: Final = ("content:encoded", "xhtml:body", "xhtml:div", "atom:content")
_OLDER: Final = ("prev-archive", "next")  # RFC 5005 sections 4 and 3


def is_rss(root_name: str) -> bool:
    """Return whether the name of a root element is that of RSS: rss, rdf:RDF or, as in one of the first versions, channel."""
    return root_name.lower() in ("rss", "rdf:rdf", "channel")


def parse_rss(root: etree._Element, place: str, address: str) -> FeedDocument:
    """Return the data of an RSS tree. `place` names the document in messages; `address` is where it was fetched, "" if unknown.

    Raises nothing for odd content.
    """
    is_rdf = name_of(root) == "rdf:RDF"
    channel = child(root, "channel")
    channel = root if channel is None else channel
    links = _atom_links(channel, address)
    page = absolute(base_of(channel, address), child_text(channel, "link")) or links.get("alternate", "")
    base = address or page
    # RSS 1.0 and 0.9 have the items beside the channel, and so do some feeds that call themselves 2.0.
    items = [*children(channel, "item"), *(children(root, "item") if channel is not root else ())]
    return FeedDocument(
        kind=FeedKind.RDF if is_rdf else FeedKind.RSS,
        place=place,
        title=title_text(child_text(channel, "title", "dc:title"), TitleForm.UNKNOWN),
        description=plain_text(child_text(channel, "description", "itunes:subtitle", "itunes:summary")),
        address=page,
        language=child_text(channel, "language", "dc:language") or language_of(channel),
        own_address=links.get("self", ""),
        older_address=next((links[rel] for rel in _OLDER if rel in links), ""),
        authors=_authors(channel, "itunes:author"),
        items=tuple(_item(item, f"{place}, item {number}", base) for number, item in enumerate(items, 1)),
    )


def _atom_links(channel: etree._Element, address: str) -> dict[str, str]:
    """Return the absolute address of the channel's first atom:link element of each rel, by rel in lower case."""
    links: dict[str, str] = {}
    for link in children(channel, "atom:link"):
        href = absolute(base_of(link, address), link.get("href", ""))
        if href:
            links.setdefault(link.get("rel", "alternate").strip().lower(), href)
    return links


def _item(item: etree._Element, place: str, document_base: str) -> FeedItem:
    base = base_of(item, document_base)
    guid = child(item, "guid", "dc:identifier")
    item_id = raw_text(guid) if guid is not None and text(guid) else item.get(_ABOUT, "")
    link = child_text(item, "link") or next((found.get("href", "") for found in children(item, "atom:link", "link")), "")
    original = child_text(item, "feedburner:origLink")
    permalink = text(guid) if guid is not None and guid.get("isPermaLink", "true").strip().lower() == "true" else ""
    address = absolute(base, original or link) or (permalink if permalink.startswith(("http://", "https://")) else "")
    published_text, updated_text = child_text(item, *_PUBLISHED), child_text(item, *_UPDATED)
    summary, content = _texts(item, address or base)
    image, media = media_of(item, base)
    return FeedItem(
        place=f"{place}, line {line_of(item)}",
        id=item_id,
        link=link,
        address=address,
        title=raw_text(child(item, "title", "dc:title", "media:title")),
        published_text=published_text,
        updated_text=updated_text,
        published=parse_date(published_text),
        updated=parse_date(updated_text),
        authors=_authors(item, "author", "itunes:author"),
        terms=tuple(_terms(item)),
        summary=summary,
        content=content,
        language=child_text(item, "dc:language", "language") or language_of(item),
        lead_image=image,
        enclosures=unique_media((*_enclosures(item, base), *media)),
        faults=tuple(date_faults((published_text, updated_text))),
    )


def _texts(item: etree._Element, base: str) -> tuple[str, str]:
    """Return summary and content as HTML with absolute links.

    The content is that of a module (content:encoded, xhtml, atom:content), else the description, else a text of iTunes. The
    summary is the description if a module has the content and they differ, else "".
    """
    full = next((markup for found in children(item, *_CONTENT) if (markup := _markup(found))), "")
    description = next((markup for found in children(item, "description") if (markup := _markup(found))), "")
    short = next((text_to_html(value) for name in ("itunes:summary", "itunes:subtitle") if (value := child_text(item, name))), "")
    content = absolute_links(full or description or short, base)
    summary = absolute_links(description if full else "", base)
    return ("" if summary == content else summary), content


def _markup(element: etree._Element) -> str:
    """Return the HTML of an element: its text, or its child elements if a feed wrote them without escaping."""
    return (inner_html(element) if len(element) else raw_text(element)).strip()


def _authors(item: etree._Element, *names: str) -> tuple[SourceAuthor, ...]:
    """Return the people of dc:creator; without any, of the elements `names`; without any, of atom:author."""
    creators = [parse_person(text(found)) for found in children(item, "dc:creator")]
    if not any(creators):
        creators = [parse_person(text(found)) for found in children(item, *names)]
    if not any(creators):
        creators = [parse_person(child_text(found, "atom:name")) for found in children(item, "atom:author")]
    return unique_authors(creators)


def _terms(item: etree._Element) -> Iterator[FeedTerm]:
    terms = [
        FeedTerm(name=name, scheme=found.get("domain", "").strip())
        for found in children(item, "category", "dc:subject")
        if (name := plain_text(text(found)))
    ]
    yield from dict.fromkeys(terms)


def _enclosures(item: etree._Element, base: str) -> Iterator[SourceMedium]:
    for enclosure in children(item, "enclosure"):
        address = absolute(base, enclosure.get("url", ""))
        if address:
            media_type, length = enclosure.get("type", "").strip().lower(), integer(enclosure.get("length"))
            yield SourceMedium(address, media_type=media_type, length=length)
