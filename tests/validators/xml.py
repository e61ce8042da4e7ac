"""What any XML feed keeps to, whatever its format: XML 1.0, namespaces, dates that can be true, texts that are text."""

import html
import re
from collections.abc import Iterator
from typing import Final

from tests.validators.document import NAMESPACES, PREFIXES, Document, Element, attributes, children, where
from tests.validators.fragment import ELEMENTS
from tests.validators.rss import plain_texts
from tests.validators.values import instant, plausible

_DECLARATION: Final = re.compile(rb"""<\?xml version=(["'])1\.0\1 encoding=(["'])utf-8\2\?>""", re.IGNORECASE)
# C0, DEL, C1, the replacement character and the noncharacters (XML 1.0 2.2 and its note).
_UNFIT: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff"
    + "".join(chr(0x10000 * plane + last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_TAG: Final = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)(?=[\s/>])[^<>]*>")
_REFERENCE: Final = re.compile(r"&(?:#\d+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);")
_TEXTS: Final = ("atom:content", "atom:rights", "atom:subtitle", "atom:summary", "atom:title", "at:comment")
_DATES: Final = ("atom:published", "atom:updated", "dc:date", "lastBuildDate", "pubDate")


def unfit_character(text: str) -> str:
    """The first character that no feed should hold, as U+XXXX; "" if there is none."""
    found = _UNFIT.search(text)
    return f"U+{ord(found[0]):04X}" if found else ""


def markup(text: str) -> str:
    """The first HTML tag or character reference in what should be plain text; "" if there is none."""
    for found in _TAG.finditer(text):
        if found[1].lower() in ELEMENTS:
            return found[0]
    return next((found[0] for found in _REFERENCE.finditer(text) if html.unescape(found[0]) != found[0]), "")


def declaration(document: Document) -> Iterator[str]:
    """UTF-8, said in the first bytes; no other version, no byte order mark, nothing before."""
    if not _DECLARATION.match(document.raw):
        yield 'the document does not begin with <?xml version="1.0" encoding="UTF-8"?>'


def stated_language(document: Document) -> Iterator[str]:
    """A reader that hyphenates, reads aloud or translates has to know: language in RSS, xml:lang in Atom."""
    stated = children(document.feed, "language") + children(document.feed, "dc:language")
    if not stated and "xml:lang" not in attributes(document.feed):
        yield f"{where(document.feed)} does not say its language"


def doctype(document: Document) -> Iterator[str]:
    if document.root.getroottree().docinfo.internalDTD is not None:
        yield "the document has a DOCTYPE"


def _strings(element: Element) -> Iterator[str]:
    yield from (element.text or "", element.tail or "")
    yield from attributes(element).values()


def character(document: Document) -> Iterator[str]:
    for element in document.root.iter("*"):
        for text in _strings(element):
            if unfit := unfit_character(text):
                yield f"{where(element)} holds {unfit}"


def _declared(document: Document) -> set[tuple[str | None, str]]:
    return {pair for element in document.root.iter("*") for pair in element.nsmap.items()}


def namespace(document: Document) -> Iterator[str]:
    """Namespaces that readers know, by the prefixes that some readers go by."""
    default = {"atom": NAMESPACES["atom"]}.get(document.fmt)
    usual = {*NAMESPACES.items(), (None, default), (None, NAMESPACES["xhtml"])} - {("atom", default)}
    for prefix, uri in sorted(_declared(document) - usual, key=str):
        shown = f"xmlns:{prefix}={uri!r}" if prefix else f"xmlns={uri!r}"
        if uri == default:
            yield f"{shown}: Atom is the default namespace of an Atom feed"
        elif uri in PREFIXES:
            yield f"{shown}: the usual prefix is {PREFIXES[uri]}"
        elif prefix and prefix in NAMESPACES:
            yield f"{shown}: the prefix belongs to {NAMESPACES[prefix]!r}"
        else:
            yield f"{shown} is not a namespace that readers know"


def date(document: Document) -> Iterator[str]:
    """Neither before syndication began nor after now."""
    dated = [(element, element.text or "") for element in document.named(*_DATES)]
    dated += [(element, element.get("when", "")) for element in document.named("at:deleted-entry")]
    for element, text in dated:
        moment = instant(text)
        if moment and moment.tzinfo and (fault := plausible(moment, document.now)):
            yield f"{where(element)}: {text!r} is {fault}"


def _plain(document: Document) -> Iterator[tuple[Element, str]]:
    """Every text that readers show as it stands."""
    yield from ((element, element.text or "") for element in plain_texts(document))
    for element in document.named(*_TEXTS):
        if element.get("type", "text") == "text":
            yield element, element.text or ""
    for element in document.named("media:title", "media:description"):
        if element.get("type", "plain") == "plain":
            yield element, element.text or ""
    yield from ((element, element.text or "") for element in document.named("atom:name", "media:credit"))
    for element in document.named("atom:category", "atom:link"):
        yield from ((element, element.get(attribute, "")) for attribute in ("term", "label", "title"))


def plain_text(document: Document) -> Iterator[str]:
    """No tags and nothing escaped twice where a text is shown as it stands."""
    for element, text in _plain(document):
        if found := markup(text):
            yield f"{where(element)} is plain text, yet holds {found!r}"
