"""Rules for HTML in a feed: it is complete, harmless, and independent of the page it came from.

Parse errors are those of https://html.spec.whatwg.org/multipage/parsing.html; dangerous elements are those that readers remove.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html.parser import HTMLParser
from typing import Final

import html5lib
from html5lib.constants import E as MESSAGES
from lxml import etree

from tests.validators.document import Document, name, path_of
from tests.validators.values import word_set

VOID: Final = word_set("area br col embed hr img input link meta param source track wbr")
ACTIVE: Final = word_set(
    "applet base button embed form frame frameset iframe input link meta object script select style textarea"
)
# Elements of HTML, including obsolete ones that all readers support, without those of a whole page.
ELEMENTS: Final = ACTIVE | word_set(
    """
    a abbr acronym address area article aside audio b bdi bdo big blockquote br caption center cite code col colgroup
    data dd del details dfn dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins
    kbd li main map mark menu meter nav noscript ol output p picture pre progress q rp rt ruby s samp search section
    small source span strike strong sub summary sup table tbody td tfoot th thead time tr track tt u ul var video wbr
    """
)
_ADDRESSES: Final = frozenset({"action", "background", "cite", "data", "formaction", "href", "longdesc", "poster", "src"})
_SCHEMES: Final = ("https:", "http:", "mailto:", "tel:")
_HARMLESS_STYLE: Final = re.compile(r"\s*text-align\s*:\s*(?:center|justify|left|right)\s*;?\s*")


class _Tags(HTMLParser):
    """HTML parser that collects faults of tags and of their nesting."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ACTIVE:
            self.faults.append(f"holds <{tag}>")
        elif tag not in ELEMENTS:
            self.faults.append(f"holds <{tag}>, which is not an element of HTML")
        if tag not in VOID:
            self._open.append(tag)
        for attribute, value in attrs:
            self.faults.extend(_attribute_faults(tag, attribute, value or ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._open[-1:] == [tag]:
            self._open.pop()
        elif tag not in VOID:
            self.faults.append(f"closes </{tag}> where " + (f"<{self._open[-1]}> is open" if self._open else "nothing is open"))

    def close(self) -> None:
        super().close()
        self.faults.extend(f"never closes <{tag}>" for tag in self._open)


def _addresses(attribute: str, value: str) -> list[str]:
    """Return the URLs in an attribute. Candidates of a srcset are separated by a comma and a space."""
    if attribute == "srcset":
        return [candidate.split()[0] for candidate in re.split(r",\s+", value.strip()) if candidate.split()]
    return [value] if attribute in _ADDRESSES else []


def _attribute_faults(tag: str, attribute: str, value: str) -> Iterator[str]:
    tag_text = f"<{tag} {attribute}={value!r}>"
    if attribute.startswith("on") or attribute == "srcdoc":
        yield f"holds the script of {tag_text}"
    if attribute == "style" and not _HARMLESS_STYLE.fullmatch(value):
        yield f"holds the style of {tag_text}"
    for address in _addresses(attribute, value):
        if fault := _address_fault(address):
            yield f"holds {tag_text}, {fault}"


def _address_fault(address: str) -> str:
    """Return the fault of an address, or "". As in browsers, tabs and line ends are removed before the scheme is read."""
    address_without_space = re.sub(r"[\x00-\x20]", "", address).lower()
    if not re.match(r"[a-z][a-z0-9+.-]*:", address_without_space):
        return "a relative reference"
    if not address_without_space.startswith(_SCHEMES):
        return "an address that readers must not follow"
    return "" if address_without_space == address.lower() else "an address with white space"


def _parse_errors(text: str) -> Iterator[str]:
    """Return html5lib's parse errors. A slash in a void element is no error."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    parser.parseFragment(text)
    for _position, code, data in parser.errors:
        yield f"is broken HTML: {MESSAGES[code] % data}"


@lru_cache(maxsize=4096)
def find_faults(text: str) -> tuple[str, ...]:
    """Return all faults of a fragment, as predicates of a sentence; cached because all formats contain the same HTML."""
    tags = _Tags()
    tags.feed(text)
    tags.close()
    return tuple(dict.fromkeys((*tags.faults, *_parse_errors(text))))


# Elements that contain HTML, with the values of their type attribute; "" means that the attribute is missing.
_HTML_ELEMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "content:encoded": ("",),
    "description": ("",),
    **{f"atom:{tag}": ("html",) for tag in ("content", "rights", "subtitle", "summary", "title")},
    "at:comment": ("html",),
    "media:description": ("html",),
    "media:title": ("html",),
}


def html(document: Document) -> Iterator[str]:
    """Check content of type html, content:encoded and the description of an item."""
    for element in document.elements_named(*_HTML_ELEMENTS):
        parent = element.getparent()
        is_of_channel = name(element) == "description" and (parent is None or name(parent) != "item")
        if is_of_channel or element.get("type", "") not in _HTML_ELEMENTS[name(element)]:
            continue
        for fault in find_faults(element.text or ""):
            yield f"{path_of(element)} {fault}"


def xhtml(document: Document) -> Iterator[str]:
    """Check content that Atom contains as elements (RFC 4287 3.1.1.3)."""
    for element in document.root.iter("{*}div"):
        parent = element.getparent()
        if parent is not None and parent.get("type") == "xhtml":
            content = str(etree.tostring(element, encoding="unicode", method="html", with_tail=False))
            yield from (f"{path_of(element)} {fault}" for fault in find_faults(content))
