"""Atom 1.0 (RFC 4287), order-free; each rule names its section. RFC 5005 is in paging.py, RFC 6721 in modules.py."""

import base64
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tests.validators import modules
from tests.validators.document import Document, Element, attributes, children, name, text_of, where
from tests.validators.values import (
    email,
    identifier,
    language,
    media_type,
    names,
    one_of,
    person_address,
    person_name,
    rfc3339,
    uri,
    web_address,
    whole_number,
    words,
)
from tests.validators.vocabulary import Row, Table, plain

_PERSON: Final = Row(children={"atom:name": "1", "atom:uri": "?", "atom:email": "?"})
_TEXT: Final = Row(text=words, free=True, optional={"type": one_of("text", "html", "xhtml")})
_OF_FEED: Final = {
    **dict.fromkeys(("atom:id", "atom:title", "atom:updated"), "1"),
    **dict.fromkeys(("atom:generator", "atom:icon", "atom:logo", "atom:rights", "atom:subtitle"), "?"),
    **dict.fromkeys(("atom:author", "atom:category", "atom:contributor", "atom:link"), "*"),
}

ROWS: Final[Table] = {
    "atom:feed": Row(children={**_OF_FEED, "atom:entry": "*", "at:deleted-entry": "*", **modules.OF_FEED}),
    "atom:entry": Row(
        children={
            **dict.fromkeys(("atom:id", "atom:title", "atom:updated"), "1"),
            **dict.fromkeys(("atom:content", "atom:published", "atom:rights", "atom:source", "atom:summary"), "?"),
            **dict.fromkeys(("atom:author", "atom:category", "atom:contributor", "atom:link"), "*"),
            **{one: limit for one, limit in modules.OF_ENTRY.items() if one != "content:encoded"},
        }
    ),
    # 4.2.11 only recommends these three, but a copy that cannot be traced is of no use.
    "atom:source": Row(children=_OF_FEED),
    "atom:author": _PERSON,
    "atom:contributor": _PERSON,
    "atom:name": plain(person_name),
    "atom:uri": plain(person_address),
    "atom:email": plain(email),
    "atom:id": plain(identifier),
    "atom:updated": plain(rfc3339),
    "atom:published": plain(rfc3339),
    "atom:icon": plain(web_address),
    "atom:logo": plain(web_address),
    "atom:generator": plain(words, uri=web_address, version=words),
    "atom:category": Row(required={"term": words}, optional={"scheme": uri, "label": words}),
    "atom:link": Row(
        required={"href": web_address},
        optional={"rel": words, "type": media_type, "hreflang": language, "title": words, "length": whole_number},
    ),
    "atom:content": Row(free=True, optional={"type": words, "src": web_address}),
    **dict.fromkeys(("atom:rights", "atom:subtitle", "atom:summary", "atom:title"), _TEXT),
}
TEXTS: Final = ("atom:rights", "atom:subtitle", "atom:summary", "atom:title", "at:comment")


def root(document: Document) -> Iterator[str]:
    if name(document.root) != "atom:feed":
        yield f"{where(document.root)} is not atom:feed"


def author(document: Document) -> Iterator[str]:
    """4.1.1, 4.1.2: an entry has an author, its own, its source's or the feed's."""
    if children(document.feed, "atom:author"):
        return
    for entry in document.entries:
        if not any(children(one, "atom:author") for one in (entry, *children(entry, "atom:source"))):
            yield f"{where(entry)} has no atom:author, nor has the feed"


def links(parent: Element, rel: str) -> list[Element]:
    """4.2.7.2: a link without rel is an alternate."""
    return [link for link in children(parent, "atom:link") if link.get("rel", "alternate") == rel]


def content_or_alternate(document: Document) -> Iterator[str]:
    """4.1.2: without content an entry has an alternate link; without content and summary it says nothing."""
    for entry in document.entries:
        contents = children(entry, "atom:content")
        if not contents and not links(entry, "alternate"):
            yield f"{where(entry)} has neither atom:content nor a link to an alternate"
        if not contents and not children(entry, "atom:summary"):
            yield f"{where(entry)} has neither atom:content nor atom:summary"


def one_alternate(document: Document) -> Iterator[str]:
    """4.1.1, 4.1.2: no two alternates of the same type and language."""
    for parent in (document.feed, *document.entries, *document.named("atom:source")):
        kinds = Counter((link.get("type"), link.get("hreflang")) for link in links(parent, "alternate"))
        if any(count > 1 for count in kinds.values()):
            yield f"{where(parent)} has two alternate links of one type and language"


def _textual(kind: str) -> bool:
    return kind in {"text", "html", "xhtml"} or kind.startswith("text/") or kind.endswith(("+xml", "/xml"))


def summary_of_remote(document: Document) -> Iterator[str]:
    """4.1.2: a summary stands in for content that is elsewhere or no text."""
    for content in document.named("atom:content"):
        absent = "src" in content.attrib or not _textual(content.get("type", "text"))
        entry = content.getparent()
        if entry is not None and absent and not children(entry, "atom:summary"):
            yield f"{where(content)} needs an atom:summary beside it"


def content_type(document: Document) -> Iterator[str]:
    """4.1.3.1: text, html, xhtml or a media type that is not composite; with src, a media type and nothing inside.

    A media type of HTML means a whole page: a piece of one is of type html or xhtml.
    """
    for content in document.named("atom:content"):
        kind = content.get("type", "text")
        remote = "src" in content.attrib
        if (remote or kind not in {"text", "html", "xhtml"}) and (media_type(kind) or kind.startswith("multipart/")):
            yield f"{where(content)}: type={kind!r} is none that content can have"
        if not remote and kind in {"text/html", "application/xhtml+xml"}:
            yield f"{where(content)}: type={kind!r} is a page, not a piece of one"
        empty = not (content.text or "").strip() and not len(content)
        if remote != empty:
            yield f"{where(content)} is {'empty' if empty else 'not empty, yet has src'}"


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return False
    return True


def base64_content(document: Document) -> Iterator[str]:
    """4.1.3.3: content that is neither text nor XML is base64."""
    for content in document.named("atom:content"):
        kind = content.get("type", "text")
        if "src" not in content.attrib and not _textual(kind) and not _is_base64(content.text or ""):
            yield f"{where(content)} of type {kind} is not base64"


def text_inside(document: Document) -> Iterator[str]:
    """3.1.1: text and html hold no elements; xhtml holds one xhtml:div."""
    for text in document.named(*TEXTS, "atom:content"):
        inside = [name(child) for child in text.iterchildren("*")]
        kind = text.get("type", "text")
        if kind == "xhtml" and inside != ["xhtml:div"]:
            yield f"{where(text)} of type xhtml does not hold one xhtml:div"
        if (kind in {"text", "html"} or kind.startswith("text/")) and inside:
            yield f"{where(text)} of type {kind} holds the element {inside[0]}"
        if kind != "xhtml" and name(text) != "atom:content" and not (text.text or "").strip():
            yield f"{where(text)} is blank"


def entries_after_all_else(document: Document) -> Iterator[str]:
    """Appendix B: in the schema of the RFC, elements of other namespaces, tombstones among them, stand before the entries."""
    names_in_order = [name(child) for child in document.feed.iterchildren("*")]
    after_first_entry = names_in_order[names_in_order.index("atom:entry") :] if "atom:entry" in names_in_order else []
    for one in sorted({*after_first_entry} - {"atom:entry"}):
        yield f"{one} follows an atom:entry"


def unique_id(document: Document) -> Iterator[str]:
    """4.1.1: no two entries of one id, and none with the feed's."""
    counted = Counter(text_of(one, "atom:id") for one in (document.feed, *document.entries))
    for one in (document.feed, *document.entries):
        if counted[text_of(one, "atom:id")] > 1:
            yield f"{where(one)}: atom:id {text_of(one, 'atom:id')!r} stands more than once"


def same_updated(document: Document) -> Iterator[str]:
    """Entries that all changed in the same second: right after a bulk import, else the build's clock at work."""
    counted = Counter(text_of(entry, "atom:updated") for entry in document.entries)
    for entry in document.entries:
        if counted[text_of(entry, "atom:updated")] > 1:
            yield f"{where(entry)}: atom:updated {text_of(entry, 'atom:updated')!r} stands more than once"


_RELATIONS: Final = names(
    "alternate author bookmark canonical collection current describedby edit edit-media enclosure first hub icon "
    "item last license next next-archive payment prev-archive preview previous related replies "
    "search self service up via"
)


def relation(document: Document) -> Iterator[str]:
    """4.2.7.2: a registered name (IANA, RFC 5005, WebSub) or an address."""
    for link in document.named("atom:link"):
        rel = link.get("rel", "alternate")
        if rel not in _RELATIONS and uri(rel):
            yield f"{where(link)}: rel={rel!r} is neither a registered relation nor an address"


def described_enclosure(document: Document) -> Iterator[str]:
    """4.2.7.4, 4.2.7.6 only recommend them; readers decide by an enclosure's type and length what to do with it."""
    for link in document.named("atom:link"):
        missing = {"type", "length"} - attributes(link).keys()
        if link.get("rel") == "enclosure" and missing:
            yield f"{where(link)} is an enclosure without {' and '.join(sorted(missing))}"


def own_address(document: Document) -> Iterator[str]:
    """4.1.1 and the RSS Profile: one link to where the document itself is, letter by letter, of its own type."""
    own = links(document.feed, "self")
    if len(own) != 1:
        yield f"{where(document.feed)} has {len(own)} links with rel=self, not one"
    for link in own:
        if link.get("href") != document.address:
            yield f"{where(link)}: self is {link.get('href')!r}, not {document.address!r}"
        if link.get("type") not in {None, f"application/{document.fmt}+xml"}:
            yield f"{where(link)}: self has the type {link.get('type')!r}"
