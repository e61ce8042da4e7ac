"""Reader of feed documents: RSS 0.9x, 1.0 (RDF) and 2.0 with the modules that feeds use, and Atom 0.3 and 1.0.

Bytes come in, a FeedDocument goes out, also for JSON Feed. Ids are exactly as written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Final

from lxml import etree

from feedsvc.importing.addresses import absolute
from feedsvc.importing.dates import parse_date
from feedsvc.importing.feed_document import (
    MAX_FAULT_TEXT,
    PAGE,
    POST,
    FeedDocument,
    FeedItem,
    FeedKind,
    FeedTerm,
    TitleForm,
    absolute_links,
    date_faults,
    inner_html,
    text_to_html,
    title_text,
    unique_authors,
)
from feedsvc.importing.json_feed import parse_json_feed
from feedsvc.importing.markup import attributes_of, to_plain_text
from feedsvc.importing.source import ImportSourceError, Omission, PostState, SourceAuthor, SourceMedium
from feedsvc.importing.xml_items import (
    XmlDocument,
    XmlItem,
    base_of,
    child,
    child_text,
    children,
    decode,
    encoding_of,
    language_of,
    name_of,
    raw_text,
)

_PUBLISHED: Final = (
    *("pubDate", "atom:published", "atom:issued", "atom:created", "dc:date", "dcterms:issued", "dcterms:created", "pubdate"),
)
_UPDATED: Final = ("atom:updated", "atom:modified", "dcterms:modified", "dc:modified")
_TITLE: Final = ("title", "atom:title", "dc:title", "media:title")
_CONTENT: Final = ("content:encoded", "xhtml:body", "xhtml:div", "atom:content")
_SUMMARY: Final = ("description", "atom:summary")
_SHORT: Final = ("itunes:summary", "itunes:subtitle")
_READ_ELEMENTS: Final = frozenset({*_SHORT, "itunes:author", "itunes:image"})
_PODCAST: Final = re.compile("itunes:|podcast:")
_OLDER: Final = ("prev-archive", "next")  # RFC 5005 sections 4 and 3
_ABOUT: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_KIND_SCHEME: Final = "http://schemas.google.com/g/2005#kind"  # of Blogger: the kind is behind "#" in the term
_PAGE_TYPES: Final = ("", "text/html", "application/xhtml+xml")
_XML_TYPES: Final = ("xhtml", "application/xhtml+xml", "application/xml", "text/xml")
_HTML_TYPES: Final = ("html", "text/html", "application/html")
_TEXT_TYPES: Final = ("text", "text/plain", "")
_EMAIL: Final = r"[^\s()<>,;@]+@[^\s()<>,;@]+"
_PERSON_FORMS: Final = (
    re.compile(rf"\A(?P<email>{_EMAIL})\s*\((?P<name>[^()]*)\)\Z"),  # RSS 2.0: lawyer@boyer.net (Lawyer Boyer)
    re.compile(rf"\A(?P<name>[^<>()]*)[<(]\s*(?:mailto:)?(?P<email>{_EMAIL})\s*[>)]\Z"),
    re.compile(rf"\A(?P<email>{_EMAIL})(?P<name>)\Z"),
)
_IMAGE_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".svg")
_COMPRESSED: Final = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_HTML_PAGE: Final = re.compile(r"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_LINK_TAG: Final = re.compile(r"<link\b[^<>]{0,1000}>", re.IGNORECASE)
_FEED_TYPES: Final = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")
_PAGE_START: Final = 512 * 1024  # characters of a page that are searched for links to feeds
_WHAT_IS_NEEDED: Final = "give a feed: RSS, Atom or JSON Feed"


def parse_feed(data: bytes, place: str, *, address: str = "", charset: str = "") -> FeedDocument:
    """Return the document in `data`. The content decides about the format, not the file's name or the media type.

    `place` is the name of the file or the address, for messages. `address` is the base of relative addresses, "" for a file.
    `charset` is that of the HTTP response, "" if unknown. Damaged XML is read as far as possible, with a fault in the result.
    Raises ImportSourceError, with the reason, if it is no feed, empty or compressed; DamagedFeedError for a damaged JSON Feed.
    """
    start = data.lstrip(b" \t\r\n\xef\xbb\xbf")
    if not start:
        raise ImportSourceError(f"{place}: it is empty; {_WHAT_IS_NEEDED}")
    for magic, name in _COMPRESSED.items():
        if data.startswith(magic):
            raise ImportSourceError(f"{place}: it is compressed with {name}; decompress it first")
    if start.startswith((b"{", b"[")):
        return parse_json_feed(data, place, address)
    text = decode(data, encoding_of(data[:400], charset))
    document = XmlDocument(text.encode(errors="surrogateescape"))
    kind = {"rss": FeedKind.RSS, "channel": FeedKind.RSS, "rdf:rdf": FeedKind.RDF, "atom:feed": FeedKind.ATOM}.get(
        document.root.lower()
    )
    if kind is None:
        raise ImportSourceError(f"{place}: {_refusal(text[:_PAGE_START], document.root, address)}")
    return _xml_feed(document, kind, place, address)


def _refusal(text: str, root_name: str, address: str) -> str:
    """Return the reason why a document is no feed; of a web page, with the feeds that it names (autodiscovery)."""
    if root_name.lower() in ("html", "xhtml:html") or _HTML_PAGE.search(text[:2048]):
        links = [attributes_of(tag) for tag in _LINK_TAG.findall(text)]
        feeds = [
            absolute(address, link.get("href", "")) or link.get("href", "")
            for link in links
            if "alternate" in link.get("rel", "").lower().split() and link.get("type", "").lower() in _FEED_TYPES
        ]
        hint = f"; its feeds are {', '.join(dict.fromkeys(feeds))}" if feeds else ""
        return f"it is a web page, no feed{hint}"
    found = f"it is XML with the root element '{root_name}', no feed" if root_name else "it is no feed"
    return f"{found}; {_WHAT_IS_NEEDED}"


def _xml_feed(document: XmlDocument, kind: FeedKind, place: str, address: str) -> FeedDocument:
    head = document.head.element
    head_links = _links(head, address)
    links = {rel: href for rel, href, _ in reversed(head_links)}
    page = absolute(base_of(head, address), child_text(head, "link")) or _page(head_links)[0]
    own_address = links.get("self", "")
    base = address or (own_address if kind is FeedKind.ATOM else "") or page
    authors = _people(head, base)
    xml_items = list(document.items())
    if xml_items and xml_items[-1].is_cut and not document.has_end:
        xml_items.pop()
    default = authors if kind is FeedKind.ATOM else ()
    items = [_item(item, f"{place}, item {number}", base, default) for number, item in enumerate(xml_items, 1)]
    return FeedDocument(
        kind=kind,
        place=place,
        title=title_text(*_title(child(head, *_TITLE))),
        description=to_plain_text(child_text(head, "description", "atom:subtitle", "atom:tagline", *_SHORT)),
        address=page,
        language=child_text(head, "language", "dc:language") or language_of(head),
        own_address=own_address,
        older_address=next((links[rel] for rel in _OLDER if rel in links), ""),
        authors=authors,
        items=tuple(item for item in items if item.kind in (POST, PAGE)),
        faults=tuple(_document_faults(document)),
        left_out=tuple(_left_out(document, items, [head, *(item.element for item in xml_items)], place)),
    )


def _document_faults(document: XmlDocument) -> Iterator[str]:
    if document.has_entities:
        yield "entities that its document type declares stay as they are written"
    if document.head.fault and document.has_end:
        yield f"it is not well-formed at line {document.head.fault_line} ({document.head.fault}); parts of it may be missing"


def _left_out(
    document: XmlDocument, items: Iterable[FeedItem], elements: Iterable[etree._Element], place: str
) -> Iterator[Omission]:
    """Yield entries of other kinds and unread elements of podcasts, by number, and the early end of a document."""
    for kind, count in Counter(item.kind for item in items if item.kind not in (POST, PAGE)).items():
        yield Omission(place, f"entries of the kind '{kind}' ({count:,})", "only posts and pages are imported")
    unread = Counter(name_of(found) for element in elements for found in children(element))
    names = [
        f"{name} ({count:,})" for name, count in sorted(unread.items()) if _PODCAST.match(name) and name not in _READ_ELEMENTS
    ]
    if names:
        yield Omission(place, f"elements of a podcast: {', '.join(names)}", "articles have no place for them")
    if not document.has_end:
        reason = f"it ends early, at line {document.line_count}, without its end tag; get it again if there is more"
        yield Omission(place, "what may follow", reason, is_end=True)


def _item(xml: XmlItem, place: str, document_base: str, feed_authors: tuple[SourceAuthor, ...]) -> FeedItem:
    item, base = xml.element, base_of(xml.element, document_base)
    link, address = _addresses(item, base, document_base)
    title, form = _title(child(item, *_TITLE))
    dates = child_text(item, *_PUBLISHED), child_text(item, *_UPDATED)
    summary, content = _texts(item, base if name_of(item).startswith("atom:") else address or base)
    image, media = _media_of(item, base)
    sources = [author for source in children(item, "atom:source") for author in _people(source, base)]
    return FeedItem(
        place=f"{place}, line {xml.line}",
        id=_id(item),
        link=link,
        address=address,
        title=title,
        title_form=form,
        published_text=dates[0],
        updated_text=dates[1],
        published=parse_date(dates[0]),
        updated=parse_date(dates[1]),
        authors=_people(item, base) or tuple(sources) or feed_authors,
        terms=tuple(dict.fromkeys(_terms(item))),
        summary=summary,
        content=content,
        is_summary_text=_form(child(item, "atom:summary")) is TitleForm.TEXT,
        language=child_text(item, "dc:language", "language") or language_of(item),
        lead_image=image,
        enclosures=tuple(media.values()),
        kind=_kind(item),
        state=_state(item),
        faults=(*_faults(xml), *date_faults(dates)),
    )


def _faults(xml: XmlItem) -> Iterator[str]:
    content = child(xml.element, "atom:content")
    if xml.fault:
        yield f"its XML is not well-formed at line {xml.fault_line or xml.line} ({xml.fault}); it is read as far as possible"
    if content is not None and content.get("src"):
        yield f"its text is not in the feed, but at {content.get('src', '')[:200]}"
    elif content is not None and not _kind_of_text(content):
        yield f"its content is of the type '{content.get('type', '')[:MAX_FAULT_TEXT]}', which is not read"


def _id(item: etree._Element) -> str:
    guid = child(item, "atom:id", "guid", "dc:identifier", "id")
    return raw_text(guid) if raw_text(guid).strip() else item.get(_ABOUT, "")


def _links(element: etree._Element, address: str) -> list[tuple[str, str, etree._Element]]:
    """Return (rel, absolute address, element) of each link with an address (RFC 4287 section 4.2.7); `address` is the base."""
    links = []
    for link in children(element, "atom:link", "link"):
        href = absolute(base_of(link, address), link.get("href", ""))
        rel = link.get("rel", "alternate").strip().removeprefix("http://www.iana.org/assignments/relation/").lower()
        if href:
            links.append((rel or "alternate", href, link))
    return links


def _page(links: Iterable[tuple[str, str, etree._Element]]) -> tuple[str, str]:
    """Return the address of the page, absolute and as written: the first alternate link to HTML or without a type, else any."""
    alternates = [(href, link) for rel, href, link in links if rel == "alternate"]
    pages = [(href, link) for href, link in alternates if link.get("type", "").strip().lower() in _PAGE_TYPES]
    return next(((href, link.get("href", "")) for href, link in (*pages, *alternates)), ("", ""))


def _addresses(item: etree._Element, base: str, document_base: str) -> tuple[str, str]:
    """Return the link of an item as written, and the absolute address of its page."""
    (page, written), guid, link = _page(_links(item, document_base)), child(item, "guid"), child_text(item, "link")
    original, file = child_text(item, "feedburner:origLink"), child_text(item, "blogger:filename")  # newer files have no links
    path = absolute(base, file) or file
    address = absolute(base, original or link) or page or path
    if not address and guid is not None and guid.get("isPermaLink", "true").strip().lower() == "true":
        address = raw_text(guid).strip() if raw_text(guid).strip().startswith(("http://", "https://")) else ""
    return link or written or original or path, address


def _kind(item: etree._Element) -> str:
    """Return the `kind` of an item: that which Blogger states, "trashed" if it is in its trash, or "comment" (RFC 4685)."""
    stated = [found.get("term", "") for found in children(item, "atom:category") if found.get("scheme") == _KIND_SCHEME]
    stated += [child_text(item, "blogger:type"), child_text(item, "blogger:status").partition("SOFT_")[2]]
    stated += ["comment"] if child(item, "thr:in-reply-to") is not None else []
    kinds = {term.rpartition("#")[2].strip().lower() for term in stated} - {"", POST}
    return min(kinds - {PAGE}, default=PAGE if kinds else POST)


def _state(item: etree._Element) -> PostState:
    """Return whether an item is a draft, by app:draft (RFC 5023 section 13.1.1) or Blogger's status, which is LIVE or not."""
    found = (element for element in item.iter(etree.Element) if name_of(element) in ("app:draft", "atom:draft"))
    is_public = {raw_text(element).strip().lower() for element in found} <= {"no", "false"}
    return PostState.PUBLISHED if is_public and child_text(item, "blogger:status") in ("", "LIVE") else PostState.DRAFT


def _form(element: etree._Element | None) -> TitleForm:
    """Return the form of a text construct of Atom (RFC 4287 section 3.1), UNKNOWN for None and elements of RSS."""
    if element is None or not name_of(element).startswith("atom:"):
        return TitleForm.UNKNOWN
    return TitleForm.TEXT if _kind_of_text(element) == "text" else TitleForm.HTML


def _kind_of_text(element: etree._Element) -> str:
    """Return "xhtml" for an element with child elements or a type of XML, "html" or "text" for one of these types, else ""."""
    stated = element.get("type", "").strip().lower()
    if stated in _XML_TYPES or (len(element) and element.get("mode") != "escaped"):
        return "xhtml"
    is_text = element.get("mode") != "base64"  # of Atom 0.3
    return "text" if is_text and stated in _TEXT_TYPES else "html" if is_text and stated in _HTML_TYPES else ""


def _title(element: etree._Element | None) -> tuple[str, TitleForm]:
    """Return a title as it is written, if it has child elements its content as HTML, and its form."""
    form = _form(element)
    is_markup = element is not None and form is not TitleForm.UNKNOWN and len(element)
    return inner_html(element) if element is not None and is_markup else raw_text(element), form


def _html(element: etree._Element) -> str:
    """Return a text of RSS or Atom as HTML, "" for a type that is not read."""
    kind = _kind_of_text(element)
    if kind == "xhtml":
        # The div around XHTML does not count (RFC 4287 section 3.1.1.3).
        elements, is_atom = list(children(element)), name_of(element).startswith("atom:")
        is_div = len(elements) == 1 and name_of(elements[0]) in ("xhtml:div", "div", "atom:div")
        return inner_html(elements[0] if is_atom and is_div and not (element.text or "").strip() else element).strip()
    is_text = kind == "text" and name_of(element).startswith("atom:")
    return text_to_html(raw_text(element)) if is_text else raw_text(element).strip() if kind else ""


def _texts(item: etree._Element, base: str) -> tuple[str, str]:
    """Return summary and content as HTML with absolute links.

    The content is that of a module or of Atom, else the summary, else a text of iTunes. The summary is "" if it is the content.
    """

    def first(*names: str) -> str:
        found = (absolute_links(_html(element), base_of(element, base)) for name in names for element in children(item, name))
        return next(filter(None, found), "")

    full, summary = first(*_CONTENT), first(*_SUMMARY)
    short = next((text_to_html(text) for name in _SHORT if (text := child_text(item, name))), "")
    content = full or summary or short
    return ("" if not full or summary == full else summary), content


def _people(element: etree._Element, base: str) -> tuple[SourceAuthor, ...]:
    """Return the people of an item or a feed: those of dc:creator, else of the author of RSS or iTunes, else of that of Atom."""
    for names in (("dc:creator",), ("author", "itunes:author"), ("atom:author",)):
        found = (_person(person, base) for person in children(element, *names))
        if people := unique_authors(person for person in found if person is not None):
            return people
    return ()


def _person(element: etree._Element, base: str) -> SourceAuthor | None:
    text = child_text(element, "atom:name", "atom:email") or raw_text(element).strip()
    written = " ".join(unescape(text).split())
    email, url = child_text(element, "atom:email"), absolute(base, child_text(element, "atom:uri", "atom:url"))
    for form in () if len(element) else _PERSON_FORMS:
        if match := form.match(written):
            name = match["name"].strip(" ,\"'") or match["email"].partition("@")[0]
            return SourceAuthor(name, name, email=match["email"])
    name = " ".join(text.split()) if len(element) else to_plain_text(text)
    return SourceAuthor(name, name, email=email, url=url) if name else None


def _terms(item: etree._Element) -> Iterator[FeedTerm]:
    for found in children(item, "category", "atom:category", "dc:subject"):
        name = to_plain_text(found.get("label") or found.get("term") or raw_text(found).strip())
        if name and found.get("scheme") != _KIND_SCHEME:
            yield FeedTerm(name=name, scheme=(found.get("scheme") or found.get("domain") or "").strip())


def _integer(value: str | None) -> int:
    """Return a number of bytes, such as 1,024; 0 for None, a text with a sign or other characters, and 16 or more digits."""
    value = (value or "").strip().replace(",", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else 0  # noqa: PLR2004


def _media_of(item: etree._Element, base: str) -> tuple[SourceMedium | None, dict[str, SourceMedium]]:
    """Return the lead image of an item, None if it has none, and by address its enclosures and other media.

    The lead image is the first image in media:content, else media:thumbnail, else itunes:image. Of a media:group, only the
    default counts, else the first.
    """
    groups, contents = list(children(item, "media:group")), list(children(item, "media:content"))
    parents = (item, *groups, *contents)
    for group in groups:
        versions = list(children(group, "media:content"))
        contents += ([version for version in versions if version.get("isDefault") == "true"] or versions)[:1]
    thumbnails = [found for parent in parents for found in children(parent, "media:thumbnail")]
    images = [*filter(_is_image, contents), *thumbnails, *children(item, "itunes:image")]
    lead = next(filter(None, (_medium(found, base) for found in images)), None)
    enclosures = [*children(item, "enclosure"), *(link for rel, _, link in _links(item, base) if rel == "enclosure")]
    others = [*enclosures, *(found for found in contents if not _is_image(found))]
    media: dict[str, SourceMedium] = {}
    for medium in filter(None, (_medium(found, base) for found in others)):
        media.setdefault(medium.address, medium)
    return lead, media


def _is_image(content: etree._Element) -> bool:
    medium, media_type = content.get("medium", "").lower(), content.get("type", "").lower()
    if medium or media_type:
        return medium == "image" or media_type.startswith("image/")
    return content.get("url", "").partition("?")[0].lower().endswith(_IMAGE_SUFFIXES)


def _medium(element: etree._Element, base: str) -> SourceMedium | None:
    """Return the medium of an element of a module, an enclosure or a link with its texts, None without an address."""
    address = absolute(base_of(element, base), element.get("url") or element.get("href") or "")
    group = element.getparent()
    if not address:
        return None
    sources = [element, *([group] if group is not None and name_of(group) == "media:group" else [])]

    def first(*names: str) -> str:
        return next((to_plain_text(value) for source in sources if (value := child_text(source, *names))), "")

    credits_ = (raw_text(found).strip() for source in sources for found in children(source, "media:credit"))
    return SourceMedium(
        address,
        alt=first("media:text", "media:title") if _is_image(element) else "",
        caption=first("media:description", "media:title"),
        credit=", ".join(dict.fromkeys(filter(None, credits_))),
        media_type=element.get("type", "").strip().lower(),
        length=_integer(element.get("fileSize") or element.get("length")),
    )
