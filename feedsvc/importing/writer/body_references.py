"""References in the HTML of a body: the addresses of its pictures, sounds, films and links, and their replacement."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from feedsvc.importing.addresses import absolute
from feedsvc.importing.markup import MarkupElement, attributes_of, replace_elements

# An attribute as browsers read it (HTML section 13.2.5.33): after a quoted value, the next one needs no white space.
_NAME: Final = r"[^\s/>=<]++"
_VALUE: Final = r"\s*+=\s*+(?:\"{}[^\"]*+)\"|'{}[^']*+)'|{}[^\s\"'<>][^\s<>]*+))"
_ELEMENT: Final = re.compile(
    rf"<(img|source|video|audio|a)(?=[\s/>])((?:[\s/]++|{_NAME}(?:{_VALUE.format('(?:', '(?:', '(?:')})?+)*+)>", re.IGNORECASE
)
# The last branch takes white space without an attribute, of which each character would else begin a search to its end.
_ATTRIBUTE: Final = re.compile(
    rf"(?P<space>[\s/]*+)(?P<name>{_NAME})(?:{_VALUE.format('(?P<double>', '(?P<single>', '(?P<bare>')})?+|[\s/]++",
    re.IGNORECASE,
)
_ADDRESSES: Final = frozenset({"src", "href", "poster"})
_COPIES: Final = frozenset({"srcset", "sizes"})
_POSTER: Final = re.compile(r"\sposter\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'<>]++)", re.IGNORECASE)
_WEB_ADDRESS: Final = re.compile(r"https?://", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class BodyReference(NamedTuple):
    """Reference in a body: an absolute address, and whether it is a link (`href`), not a file that the page shows."""

    address: str
    is_link: bool


def references_in(body: str, page: str) -> Iterator[BodyReference]:
    """Yield the references to http and https addresses in a body; relative ones are resolved against the address `page`.

    They are `href`, `src` and `poster` of `a`, `img`, `source`, `video` and `audio`, except fragments (#a).
    """
    for element in _ELEMENT.finditer(body):
        for attribute in _ATTRIBUTE.finditer(element[2]):
            name = (attribute["name"] or "").lower()
            if name in _ADDRESSES and (address := _absolute(_value(attribute), page)):
                yield BodyReference(address, is_link=name == "href")


def replace_references(body: str, page: str, replace: Callable[[BodyReference], str]) -> str:
    """Return a body in which the result of `replace`, not escaped yet, replaces each address that `references_in` yields.

    `srcset` and `sizes` of pictures are left out: they name copies at the source, and pages get copies of their own.
    """

    def change_attribute(attribute: re.Match[str]) -> str:
        name = (attribute["name"] or "").lower()
        if name in _COPIES:
            return ""
        address = _absolute(_value(attribute), page) if name in _ADDRESSES else ""
        if not address:
            return attribute[0]
        new = replace(BodyReference(address, is_link=name == "href"))
        return f'{attribute["space"] or " "}{name}="{html.escape(new)}"'

    def change_element(element: re.Match[str]) -> str:
        return f"<{element[1]}{_ATTRIBUTE.sub(change_attribute, element[2])}>"

    return _ELEMENT.sub(change_element, body) if "<" in body else body


def remove_missing_files(body: str, page: str, is_missing: Callable[[BodyReference], bool]) -> str:
    """Return a body with its `alt` in place of each picture, sound and film whose file is missing, and the text of such links.

    A film is not replaced only because its `poster` is missing: it loses the poster.
    """

    def is_lost(address: str, *, is_link: bool = False) -> bool:
        absolute_address = _absolute(address.strip(), page)
        return bool(absolute_address) and is_missing(BodyReference(absolute_address, is_link=is_link))

    def replace_medium(element: MarkupElement) -> str:
        own = attributes_of(element.tag)
        tags = [found[0] for found in _ELEMENT.finditer(element.inner) if found[1].lower() == "source"]
        if any(is_lost(source.get("src", "")) for source in (own, *map(attributes_of, tags))):
            return html.escape(own.get("alt", ""), quote=False)
        markup = body[element.start : element.end]
        return _POSTER.sub("", markup, count=1) if is_lost(own.get("poster", "")) else markup

    body = replace_elements(body, replace_medium, "img", "video", "audio")

    def replace_link(element: MarkupElement) -> str:
        is_removed = is_lost(attributes_of(element.tag).get("href", ""), is_link=True)
        return element.inner if is_removed else body[element.start : element.end]

    return replace_elements(body, replace_link, "a")


def _value(attribute: re.Match[str]) -> str:
    return html.unescape(attribute["double"] or attribute["single"] or attribute["bare"] or "").strip()


def _absolute(reference: str, page: str) -> str:
    """Return a reference as an absolute http or https address, "" if it is none, such as a fragment or a mailto: address."""
    if _WEB_ADDRESS.match(reference):
        return reference
    if not reference or reference.startswith("#") or (_SCHEME.match(reference)):
        return ""
    address = absolute(page, reference)
    return address if _WEB_ADDRESS.match(address) else ""
