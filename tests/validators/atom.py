"""Rules for Atom 1.0 (RFC 4287); each names its section. RFC 5005 is in paging.py, RFC 6721 in modules.py."""

import base64
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tests.validators import modules
from tests.validators.document import Document, Element, attributes, child_text, children, name, path_of
from tests.validators.values import (
    email,
    identifier,
    language,
    media_type,
    non_blank,
    one_of,
    person_address,
    person_name,
    rfc3339,
    uri,
    web_address,
    whole_number,
    word_set,
)
from tests.validators.vocabulary import ElementRules, RulesByElement, text_element

_PERSON: Final = ElementRules(children={"atom:name": "1", "atom:uri": "?", "atom:email": "?"})
_TEXT_CONSTRUCT: Final = ElementRules(text=non_blank, is_unchecked=True, optional={"type": one_of("text", "html", "xhtml")})
_ELEMENTS_OF_FEED: Final = {
    **dict.fromkeys(("atom:id", "atom:title", "atom:updated"), "1"),
    **dict.fromkeys(("atom:generator", "atom:icon", "atom:logo", "atom:rights", "atom:subtitle"), "?"),
    **dict.fromkeys(("atom:author", "atom:category", "atom:contributor", "atom:link"), "*"),
}

ELEMENT_RULES: Final[RulesByElement] = {
    "atom:feed": ElementRules(
        children={**_ELEMENTS_OF_FEED, "atom:entry": "*", "at:deleted-entry": "*", **modules.ELEMENTS_OF_FEED}
    ),
    "atom:entry": ElementRules(
        children={
            **dict.fromkeys(("atom:id", "atom:title", "atom:updated"), "1"),
            **dict.fromkeys(("atom:content", "atom:published", "atom:rights", "atom:source", "atom:summary"), "?"),
            **dict.fromkeys(("atom:author", "atom:category", "atom:contributor", "atom:link"), "*"),
            **modules.ELEMENTS_OF_ENTRY,
        }
    ),
    # 4.2.11 only recommends id, title and updated, but without them the original cannot be identified.
    "atom:source": ElementRules(children=_ELEMENTS_OF_FEED),
    "atom:author": _PERSON,
    "atom:contributor": _PERSON,
    "atom:name": text_element(person_name),
    "atom:uri": text_element(person_address),
    "atom:email": text_element(email),
    "atom:id": text_element(identifier),
    "atom:updated": text_element(rfc3339),
    "atom:published": text_element(rfc3339),
    "atom:icon": text_element(web_address),
    "atom:logo": text_element(web_address),
    "atom:generator": text_element(non_blank, uri=web_address, version=non_blank),
    "atom:category": ElementRules(required={"term": non_blank}, optional={"scheme": uri, "label": non_blank}),
    "atom:link": ElementRules(
        required={"href": web_address},
        optional={"rel": non_blank, "type": media_type, "hreflang": language, "title": non_blank, "length": whole_number},
    ),
    "atom:content": ElementRules(is_unchecked=True, optional={"type": non_blank, "src": web_address}),
    **dict.fromkeys(("atom:rights", "atom:subtitle", "atom:summary", "atom:title"), _TEXT_CONSTRUCT),
}
TEXTS: Final = ("atom:rights", "atom:subtitle", "atom:summary", "atom:title", "at:comment")


def root(document: Document) -> Iterator[str]:
    if name(document.root) != "atom:feed":
        yield f"{path_of(document.root)} is not atom:feed"


def author(document: Document) -> Iterator[str]:
    """4.1.1, 4.1.2: an entry has an author, or its source or the feed has one."""
    if children(document.feed, "atom:author"):
        return
    for entry in document.entries:
        if not any(children(element, "atom:author") for element in (entry, *children(entry, "atom:source"))):
            yield f"{path_of(entry)} has no atom:author, nor has the feed"


def links(parent: Element, rel: str) -> list[Element]:
    """4.2.7.2: a link without rel is an alternate."""
    return [link for link in children(parent, "atom:link") if link.get("rel", "alternate") == rel]


def content_or_alternate(document: Document) -> Iterator[str]:
    """4.1.2: an entry without content has an alternate link, and a summary."""
    for entry in document.entries:
        contents = children(entry, "atom:content")
        if not contents and not links(entry, "alternate"):
            yield f"{path_of(entry)} has neither atom:content nor a link to an alternate"
        if not contents and not children(entry, "atom:summary"):
            yield f"{path_of(entry)} has neither atom:content nor atom:summary"


def repeated_alternate(document: Document) -> Iterator[str]:
    """4.1.1, 4.1.2: no two alternate links have the same type and language."""
    for parent in (document.feed, *document.entries, *document.elements_named("atom:source")):
        counts_of_alternates = Counter((link.get("type"), link.get("hreflang")) for link in links(parent, "alternate"))
        if any(count > 1 for count in counts_of_alternates.values()):
            yield f"{path_of(parent)} has two alternate links of one type and language"


def _textual(kind: str) -> bool:
    return kind in {"text", "html", "xhtml"} or kind.startswith("text/") or kind.endswith(("+xml", "/xml"))


def summary_for_remote_content(document: Document) -> Iterator[str]:
    """4.1.2: an entry has a summary if its content is remote or not text."""
    for content in document.elements_named("atom:content"):
        is_absent = "src" in content.attrib or not _textual(content.get("type", "text"))
        entry = content.getparent()
        if entry is not None and is_absent and not children(entry, "atom:summary"):
            yield f"{path_of(content)} needs an atom:summary beside it"


def content_type(document: Document) -> Iterator[str]:
    """4.1.3.1: the type is text, html, xhtml or a media type that is not composite.

    With src it is a media type, and the element is empty. A media type of HTML means a whole page; a fragment is html or xhtml.
    """
    for content in document.elements_named("atom:content"):
        kind = content.get("type", "text")
        is_remote = "src" in content.attrib
        if (is_remote or kind not in {"text", "html", "xhtml"}) and (media_type(kind) or kind.startswith("multipart/")):
            yield f"{path_of(content)}: type={kind!r} is not allowed for content"
        if not is_remote and kind in {"text/html", "application/xhtml+xml"}:
            yield f"{path_of(content)}: type={kind!r} is a page, not a fragment"
        is_empty = not (content.text or "").strip() and not len(content)
        if is_remote != is_empty:
            yield f"{path_of(content)} is {'empty' if is_empty else 'not empty, yet has src'}"


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return False
    return True


def base64_content(document: Document) -> Iterator[str]:
    """4.1.3.3: content that is neither text nor XML is base64."""
    for content in document.elements_named("atom:content"):
        kind = content.get("type", "text")
        if "src" not in content.attrib and not _textual(kind) and not _is_base64(content.text or ""):
            yield f"{path_of(content)} of type {kind} is not base64"


def text_construct(document: Document) -> Iterator[str]:
    """3.1.1: text and html contain no elements; xhtml contains one xhtml:div."""
    for text in document.elements_named(*TEXTS, "atom:content"):
        child_names = [name(child) for child in text.iterchildren("*")]
        kind = text.get("type", "text")
        if kind == "xhtml" and child_names != ["xhtml:div"]:
            yield f"{path_of(text)} of type xhtml does not hold one xhtml:div"
        if (kind in {"text", "html"} or kind.startswith("text/")) and child_names:
            yield f"{path_of(text)} of type {kind} holds the element {child_names[0]}"
        if kind != "xhtml" and name(text) != "atom:content" and not (text.text or "").strip():
            yield f"{path_of(text)} is blank"


def element_after_entry(document: Document) -> Iterator[str]:
    """Appendix B: in the schema of the RFC, elements of other namespaces, including tombstones, precede the entries."""
    child_names = [name(child) for child in document.feed.iterchildren("*")]
    following_names = child_names[child_names.index("atom:entry") :] if "atom:entry" in child_names else []
    for element in sorted({*following_names} - {"atom:entry"}):
        yield f"{element} follows an atom:entry"


def unique_id(document: Document) -> Iterator[str]:
    """4.1.1: no two entries have the same id, and none has the feed's."""
    counts = Counter(child_text(element, "atom:id") for element in (document.feed, *document.entries))
    for element in (document.feed, *document.entries):
        if counts[child_text(element, "atom:id")] > 1:
            yield f"{path_of(element)}: atom:id {child_text(element, 'atom:id')!r} occurs more than once"


def same_updated(document: Document) -> Iterator[str]:
    """No entries changed in the same second, except after a bulk import; otherwise the dates are those of the build."""
    counts = Counter(child_text(entry, "atom:updated") for entry in document.entries)
    for entry in document.entries:
        if counts[child_text(entry, "atom:updated")] > 1:
            yield f"{path_of(entry)}: atom:updated {child_text(entry, 'atom:updated')!r} occurs more than once"


_RELATIONS: Final = word_set(
    "alternate author bookmark canonical collection current describedby edit edit-media enclosure first hub icon "
    "item last license next next-archive payment prev-archive preview previous related replies "
    "search self service up via"
)


def relation(document: Document) -> Iterator[str]:
    """4.2.7.2: a relation is a registered name (IANA, RFC 5005, WebSub) or an address."""
    for link in document.elements_named("atom:link"):
        rel = link.get("rel", "alternate")
        if rel not in _RELATIONS and uri(rel):
            yield f"{path_of(link)}: rel={rel!r} is neither a registered relation nor an address"


def enclosure_type_and_length(document: Document) -> Iterator[str]:
    """4.2.7.4, 4.2.7.6: an enclosure has both, although the RFC only recommends them, because readers depend on them."""
    for link in document.elements_named("atom:link"):
        missing = {"type", "length"} - attributes(link).keys()
        if link.get("rel") == "enclosure" and missing:
            yield f"{path_of(link)} is an enclosure without {' and '.join(sorted(missing))}"


def self_link(document: Document) -> Iterator[str]:
    """4.1.1 and the RSS Profile: one self link with exactly the address and the type of the document."""
    self_links = links(document.feed, "self")
    if len(self_links) != 1:
        yield f"{path_of(document.feed)} has {len(self_links)} links with rel=self, not one"
    for link in self_links:
        if link.get("href") != document.address:
            yield f"{path_of(link)}: self is {link.get('href')!r}, not {document.address!r}"
        if link.get("type") not in {None, f"application/{document.fmt}+xml"}:
            yield f"{path_of(link)}: self has the type {link.get('type')!r}"
