"""HTML inside a feed: whole, harmless and free of whatever only makes sense on the page it came from.

https://html.spec.whatwg.org/multipage/parsing.html for what is an error; which elements are dangerous is what readers
take out before they show anything.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html.parser import HTMLParser
from typing import Final

import html5lib
from html5lib.constants import E as MESSAGES
from lxml import etree

from tests.validators.document import Document, name, where
from tests.validators.values import names

VOID: Final = names("area br col embed hr img input link meta param source track wbr")
ACTIVE: Final = names("applet base button embed form frame frameset iframe input link meta object script select style textarea")
# HTML's elements, the obsolete ones that every reader still shows included; a whole page's are left out.
ELEMENTS: Final = ACTIVE | names(
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
    """Collects what is wrong with each tag and with how they nest."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ACTIVE:
            self.faults.append(f"holds <{tag}>")
        elif tag not in ELEMENTS:
            self.faults.append(f"holds <{tag}>, which is no element of HTML")
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
    """All that an attribute points at; a srcset's candidates end in a comma and a space."""
    if attribute == "srcset":
        return [candidate.split()[0] for candidate in re.split(r",\s+", value.strip()) if candidate.split()]
    return [value] if attribute in _ADDRESSES else []


def _attribute_faults(tag: str, attribute: str, value: str) -> Iterator[str]:
    shown = f"<{tag} {attribute}={value!r}>"
    if attribute.startswith("on") or attribute == "srcdoc":
        yield f"holds the script of {shown}"
    if attribute == "style" and not _HARMLESS_STYLE.fullmatch(value):
        yield f"holds the style of {shown}"
    for address in _addresses(attribute, value):
        if fault := _address_fault(address):
            yield f"holds {shown}, {fault}"


def _address_fault(address: str) -> str:
    """Tabs and line ends are what browsers drop before they look at the scheme."""
    bare = re.sub(r"[\x00-\x20]", "", address).lower()
    if not re.match(r"[a-z][a-z0-9+.-]*:", bare):
        return "a relative reference"
    if not bare.startswith(_SCHEMES):
        return "an address that readers must not follow"
    return "" if bare == address.lower() else "an address with white space"


def _parse_errors(text: str) -> Iterator[str]:
    """Void elements with a slash are XML's habit and no error; html5lib agrees."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    parser.parseFragment(text)
    for _position, code, data in parser.errors:
        yield f"is broken HTML: {MESSAGES[code] % data}"


@lru_cache(maxsize=4096)
def faults(text: str) -> tuple[str, ...]:
    """All that is wrong with a fragment, in words that follow its place; cached, since all formats hold the same."""
    tags = _Tags()
    tags.feed(text)
    tags.close()
    return tuple(dict.fromkeys((*tags.faults, *_parse_errors(text))))


# The element that holds HTML, and the values of its type that say so; "" stands for an element that needs none.
_HOLDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "content:encoded": ("",),
    "description": ("",),
    **{f"atom:{one}": ("html",) for one in ("content", "rights", "subtitle", "summary", "title")},
    "at:comment": ("html",),
    "media:description": ("html",),
    "media:title": ("html",),
}


def html(document: Document) -> Iterator[str]:
    """Content of type html, content:encoded and an item's description."""
    for element in document.named(*_HOLDERS):
        parent = element.getparent()
        of_channel = name(element) == "description" and (parent is None or name(parent) != "item")
        if of_channel or element.get("type", "") not in _HOLDERS[name(element)]:
            continue
        for fault in faults(element.text or ""):
            yield f"{where(element)} {fault}"


def xhtml(document: Document) -> Iterator[str]:
    """The same of what Atom holds as elements (RFC 4287 3.1.1.3)."""
    for element in document.root.iter("{*}div"):
        parent = element.getparent()
        if parent is not None and parent.get("type") == "xhtml":
            inside = str(etree.tostring(element, encoding="unicode", method="html", with_tail=False))
            yield from (f"{where(element)} {fault}" for fault in faults(inside))
