"""Rules for XML feeds of any format: XML 1.0, namespaces, plausible dates, plain text."""

import html
import re
from collections.abc import Iterator
from typing import Final

from tests.validators.document import NAMESPACES, PREFIXES, Document, Element, attributes, children, path_of
from tests.validators.fragment import ELEMENTS
from tests.validators.rss import plain_texts
from tests.validators.values import check_plausible_date, parse_date

_DECLARATION: Final = re.compile(rb"""<\?xml version=(["'])1\.0\1 encoding=(["'])utf-8\2\?>""", re.IGNORECASE)
# C0, DEL, C1, the replacement character and the noncharacters (XML 1.0 2.2 and its note).
_INVALID: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff"
    + "".join(chr(0x10000 * plane + last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_TAG: Final = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)(?=[\s/>])[^<>]*>")
_REFERENCE: Final = re.compile(r"&(?:#\d+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);")
_TEXT_CONSTRUCTS: Final = ("atom:content", "atom:rights", "atom:subtitle", "atom:summary", "atom:title", "at:comment")
_DATE_ELEMENTS: Final = ("atom:published", "atom:updated", "dc:date", "lastBuildDate", "pubDate")


def find_invalid_character(text: str) -> str:
    """Return the first character that a feed should not contain, as U+XXXX; "" if there is none."""
    match = _INVALID.search(text)
    return f"U+{ord(match[0]):04X}" if match else ""


def find_markup(text: str) -> str:
    """Return the first HTML tag or character reference in a text that should be plain; "" if there is none."""
    for match in _TAG.finditer(text):
        if match[1].lower() in ELEMENTS:
            return match[0]
    return next((match[0] for match in _REFERENCE.finditer(text) if html.unescape(match[0]) != match[0]), "")


def declaration(document: Document) -> Iterator[str]:
    """The document starts with an XML declaration of UTF-8: no other version, no byte order mark, nothing before it."""
    if not _DECLARATION.match(document.raw):
        yield 'the document does not begin with <?xml version="1.0" encoding="UTF-8"?>'


def missing_language(document: Document) -> Iterator[str]:
    """The feed has a language (language in RSS, xml:lang in Atom), which readers need for hyphenation, speech and translation."""
    languages = children(document.feed, "language") + children(document.feed, "dc:language")
    if not languages and "xml:lang" not in attributes(document.feed):
        yield f"{path_of(document.feed)} has no language"


def doctype(document: Document) -> Iterator[str]:
    if document.root.getroottree().docinfo.internalDTD is not None:
        yield "the document has a DOCTYPE"


def _strings(element: Element) -> Iterator[str]:
    yield from (element.text or "", element.tail or "")
    yield from attributes(element).values()


def character(document: Document) -> Iterator[str]:
    for element in document.root.iter("*"):
        for text in _strings(element):
            if invalid := find_invalid_character(text):
                yield f"{path_of(element)} holds {invalid}"


def _declared_namespaces(document: Document) -> set[tuple[str | None, str]]:
    return {pair for element in document.root.iter("*") for pair in element.nsmap.items()}


def namespace(document: Document) -> Iterator[str]:
    """Namespaces are those that readers know, with their usual prefixes, on which some readers depend."""
    default = {"atom": NAMESPACES["atom"]}.get(document.fmt)
    expected = {*NAMESPACES.items(), (None, default), (None, NAMESPACES["xhtml"])} - {("atom", default)}
    for prefix, uri in sorted(_declared_namespaces(document) - expected, key=str):
        declaration_text = f"xmlns:{prefix}={uri!r}" if prefix else f"xmlns={uri!r}"
        if uri == default:
            yield f"{declaration_text}: Atom is the default namespace of an Atom feed"
        elif uri in PREFIXES:
            yield f"{declaration_text}: the usual prefix is {PREFIXES[uri]}"
        elif prefix and prefix in NAMESPACES:
            yield f"{declaration_text}: the prefix belongs to {NAMESPACES[prefix]!r}"
        else:
            yield f"{declaration_text} is not a namespace that readers know"


def date(document: Document) -> Iterator[str]:
    """Dates are neither before 1990 nor in the future."""
    dates = [(element, element.text or "") for element in document.elements_named(*_DATE_ELEMENTS)]
    dates += [(element, element.get("when", "")) for element in document.elements_named("at:deleted-entry")]
    for element, text in dates:
        parsed_date = parse_date(text)
        if parsed_date and parsed_date.tzinfo and (fault := check_plausible_date(parsed_date, document.now)):
            yield f"{path_of(element)}: {text!r} is {fault}"


def _plain_texts(document: Document) -> Iterator[tuple[Element, str]]:
    """Return every text that readers show unchanged."""
    yield from ((element, element.text or "") for element in plain_texts(document))
    for element in document.elements_named(*_TEXT_CONSTRUCTS):
        if element.get("type", "text") == "text":
            yield element, element.text or ""
    for element in document.elements_named("media:title", "media:description"):
        if element.get("type", "plain") == "plain":
            yield element, element.text or ""
    yield from ((element, element.text or "") for element in document.elements_named("atom:name", "media:credit"))
    for element in document.elements_named("atom:category", "atom:link"):
        yield from ((element, element.get(attribute, "")) for attribute in ("term", "label", "title"))


def plain_text(document: Document) -> Iterator[str]:
    """No tags and no doubly escaped characters in text that readers show unchanged."""
    for element, text in _plain_texts(document):
        if match := find_markup(text):
            yield f"{path_of(element)} is plain text, yet holds {match!r}"
