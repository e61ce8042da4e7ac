"""Atom 1.0 (RFC 4287) and 0.3."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Final

from lxml import etree

from feedsvc.importing.addresses import absolute
from feedsvc.importing.feed_source.dates import parse_date
from feedsvc.importing.feed_source.elements import base_of, child, child_text, children, language_of, line_of, name_of, raw_text
from feedsvc.importing.feed_source.markup import absolute_links, inner_html, plain_text, text_to_html, title_text
from feedsvc.importing.feed_source.records import PAGE, POST, FeedDocument, FeedItem, FeedKind, FeedTerm, TitleForm
from feedsvc.importing.feed_source.shared_elements import date_faults, integer, media_of, unique_authors, unique_media
from feedsvc.importing.source import PostState, SourceAuthor, SourceMedium

_PUBLISHED: Final = ("atom:published", "atom:issued", "atom:created", "dc:date")  # Atom 0.3: issued, created, modified
_UPDATED: Final = ("atom:updated", "atom:modified", "dcterms:modified")
_HTML_TYPES: Final = ("html", "text/html", "application/html")
_XML_TYPES: Final = ("xhtml", "application/xhtml+xml", "application/xml", "text/xml")
_OLDER: Final = ("prev-archive", "next")
_DRAFT: Final = ("app:draft", "atom:draft")  # without its prefix, it has the namespace of Atom
_KIND_SCHEME: Final = "http://schemas.google.com/g/2005#kind"  # of Blogger: the kind is behind "#" in the term


def parse_atom(feed: etree._Element, place: str, address: str) -> FeedDocument:
    """Return the data of an Atom feed element whose elements are in Atom's namespace. Raises nothing for odd content.

    `place` names the document in messages; `address` is that from which the document was fetched, "" if unknown.
    """
    links = _links(feed, address)
    by_rel = {rel: href for rel, href, _, _ in reversed(links)}
    page = _page(links)
    base = address or by_rel.get("self", "") or page
    authors = tuple(_authors(feed, base))
    numbered = enumerate(children(feed, "atom:entry"), 1)
    entries = [_entry(entry, f"{place}, item {number}", base, authors) for number, entry in numbered]
    return FeedDocument(
        kind=FeedKind.ATOM,
        place=place,
        title=_title(child(feed, "atom:title")),
        description=_title(child(feed, "atom:subtitle", "atom:tagline")),
        address=page,
        language=language_of(feed),
        own_address=by_rel.get("self", ""),
        older_address=next((by_rel[rel] for rel in _OLDER if rel in by_rel), ""),
        authors=authors,
        items=tuple(entry for entry in entries if entry.kind in (POST, PAGE)),
        left_out=tuple(entry for entry in entries if entry.kind not in (POST, PAGE)),
    )


def _entry(entry: etree._Element, place: str, document_base: str, feed_authors: tuple[SourceAuthor, ...]) -> FeedItem:
    base = base_of(entry, document_base)
    links = _links(entry, document_base)
    title = child(entry, "atom:title")
    published_text, updated_text = child_text(entry, *_PUBLISHED), child_text(entry, *_UPDATED)
    filename = child_text(entry, "blogger:filename")  # of Blogger, whose newer files have no links
    page = child_text(entry, "feedburner:origLink") or _page(links) or absolute(base, filename) or filename
    image, media = media_of(entry, base)
    summary, content = _texts(entry, document_base)
    source_authors = tuple(author for source in children(entry, "atom:source") for author in _authors(source, base))
    linked = tuple(
        SourceMedium(href, media_type=link.get("type", "").strip().lower(), length=integer(link.get("length")))
        for rel, href, _, link in links
        if rel == "enclosure"
    )
    return FeedItem(
        place=f"{place}, line {line_of(entry)}",
        id=raw_text(child(entry, "atom:id", "id")),
        link=next((link.get("href", "") for _, href, _, link in links if href == page), page),
        address=page,
        title="" if title is None else _written(title),
        title_form=_form(title),
        published_text=published_text,
        updated_text=updated_text,
        published=parse_date(published_text),
        updated=parse_date(updated_text),
        authors=tuple(_authors(entry, base)) or source_authors or feed_authors,
        terms=tuple(_terms(entry)),
        summary=summary,
        content=content,
        is_summary_text=_is_text(child(entry, "atom:summary")),
        language=language_of(entry),
        lead_image=image,
        enclosures=unique_media((*linked, *media)),
        kind=_entry_kind(entry),
        state=_state(entry),
        faults=(*date_faults((published_text, updated_text)), *_content_faults(entry)),
    )


def _entry_kind(entry: etree._Element) -> str:
    """Return the `kind` of an entry: that which Blogger states, "trashed" if it is in its trash, or "comment" (RFC 4685)."""
    stated = [found.get("term", "") for found in children(entry, "atom:category") if _is_kind(found)]
    stated += [child_text(entry, "blogger:type"), child_text(entry, "blogger:status").partition("SOFT_")[2]]
    stated += ["comment"] if child(entry, "thr:in-reply-to") is not None else []
    kinds = {term.rpartition("#")[2].strip().lower() for term in stated} - {"", POST}
    return min(kinds - {PAGE}, default=PAGE if kinds else POST)


def _is_kind(category: etree._Element) -> bool:
    return category.get("scheme", "").strip() == _KIND_SCHEME


def _state(entry: etree._Element) -> PostState:
    """Return whether an entry is a draft, by app:draft (RFC 5023 section 13.1.1) or Blogger's status, which is LIVE or not."""
    found = (element for element in entry.iter(etree.Element) if name_of(element) in _DRAFT)
    drafts = {raw_text(element).strip().lower() for element in found}
    is_public = drafts <= {"no", "false"} and child_text(entry, "blogger:status") in ("", "LIVE")
    return PostState.PUBLISHED if is_public else PostState.DRAFT


def _links(element: etree._Element, address: str) -> list[tuple[str, str, str, etree._Element]]:
    """Return (rel, absolute address, media type, element) of each link that has an address (RFC 4287 section 4.2.7).

    `address` is the address of the document, against which relative references are resolved.
    """
    links = []
    for link in children(element, "atom:link"):
        href = absolute(base_of(link, address), link.get("href", ""))
        rel = link.get("rel", "alternate").strip().removeprefix("http://www.iana.org/assignments/relation/").lower()
        if href:
            links.append((rel or "alternate", href, link.get("type", "").strip().lower(), link))
    return links


def _page(links: list[tuple[str, str, str, etree._Element]]) -> str:
    """Return the address of the page: the first alternate link to HTML or without a type, else the first alternate; else ""."""
    alternates = [(media_type, href) for rel, href, media_type, _ in links if rel == "alternate"]
    preferred = [href for media_type, href in alternates if media_type in ("", "text/html", "application/xhtml+xml")]
    return next((href for href in (*preferred, *(href for _, href in alternates))), "")


def _kind(element: etree._Element) -> str:
    """Return text, html, xhtml, base64 or other for a text construct or content (RFC 4287 sections 3.1 and 4.1.3)."""
    stated, mode = element.get("type", "text").strip().lower(), element.get("mode", "").strip().lower()
    if mode == "base64":
        return "base64"
    if stated in _XML_TYPES or (mode != "escaped" and len(element)):
        return "xhtml"
    if stated in _HTML_TYPES:
        return "html"
    return "text" if stated in ("text", "text/plain", "") else "other"


def _is_text(element: etree._Element | None) -> bool:
    return element is not None and _kind(element) == "text"


def _html(element: etree._Element | None, base: str) -> str:
    """Return a text construct or content as HTML with absolute links, "" for None and for a type that is not read."""
    if element is None:
        return ""
    readers = {
        "html": raw_text,
        "xhtml": _xhtml,
        "text": lambda found: text_to_html(raw_text(found)),
        "base64": _base64,
    }
    read = readers.get(_kind(element))
    return absolute_links(read(element).strip(), base_of(element, base)) if read else ""


def _xhtml(element: etree._Element) -> str:
    """Return the content of an XHTML construct as HTML, without the div around it if it has one (RFC 4287 section 3.1.1.3)."""
    elements = [found for found in element if isinstance(found.tag, str)]
    is_div = len(elements) == 1 and name_of(elements[0]) in ("xhtml:div", "div", "atom:div")
    return inner_html(elements[0] if is_div and not (element.text or "").strip() else element)


def _base64(element: etree._Element) -> str:
    try:
        return base64.b64decode("".join(raw_text(element).split()), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _texts(entry: etree._Element, base: str) -> tuple[str, str]:
    summary, content = (_html(child(entry, f"atom:{name}"), base) for name in ("summary", "content"))
    return ("", summary) if not content else ("" if summary == content else summary, content)


def _content_faults(entry: etree._Element) -> Iterator[str]:
    content = child(entry, "atom:content")
    if content is not None and content.get("src"):
        yield f"its text is not in the feed, but at {content.get('src', '')[:200]}"
    elif content is not None and _kind(content) == "other":
        yield f"its content is of the type '{content.get('type', '')[:60]}', which is not read"


def _title(element: etree._Element | None) -> str:
    if element is None:
        return ""
    return title_text(_written(element), _form(element))


def _form(element: etree._Element | None) -> TitleForm:
    return TitleForm.TEXT if element is None or _is_text(element) else TitleForm.HTML


def _written(element: etree._Element) -> str:
    """Return a title as it is written: its text after XML's decoding or, if it has child elements, its content as HTML."""
    return inner_html(element) if len(element) else raw_text(element)


def _authors(element: etree._Element, base: str) -> Iterator[SourceAuthor]:
    people = [
        SourceAuthor(
            name,
            name,
            email=child_text(author, "atom:email"),
            url=absolute(base, child_text(author, "atom:uri", "atom:url")),
        )
        for author in children(element, "atom:author")
        if (name := " ".join(child_text(author, "atom:name", "atom:email").split()))
    ]
    creators = [SourceAuthor(name, name) for found in children(element, "dc:creator") if (name := plain_text(raw_text(found)))]
    yield from unique_authors(people or creators)


def _terms(entry: etree._Element) -> Iterator[FeedTerm]:
    terms = [
        FeedTerm(name=name, scheme=found.get("scheme", "").strip())
        for found in children(entry, "atom:category")
        if not _is_kind(found) and (name := plain_text(found.get("label") or found.get("term") or raw_text(found)))
    ]
    terms += [FeedTerm(name=name) for found in children(entry, "dc:subject") if (name := plain_text(raw_text(found)))]
    yield from dict.fromkeys(terms)
