"""Rendered Markdown as a browser parses it: elements, attributes, and whether it is harmless."""

from __future__ import annotations

import re
from typing import Final

import html5lib

from feedsvc.content.markdown.render import RenderedMarkdown, render

BASE: Final = "https://news.example/daily"
PAGE: Final = f"{BASE}/articles/a/"
URL_ATTRIBUTES: Final = ("href", "src", "cite", "poster", "srcset", "action", "formaction", "data", "background", "longdesc")


def render_markdown(markdown: str) -> RenderedMarkdown:
    return render(markdown, base_url=BASE, page=PAGE)


def attributes(html: str) -> list[tuple[str, str, str]]:
    """Return (element, attribute, value) of all attributes of a fragment, as a browser parses it."""
    fragment = html5lib.parseFragment(html, namespaceHTMLElements=False)
    return [(element.tag, name, value) for element in fragment.iter() for name, value in element.attrib.items() if element.tag]


def elements(html: str) -> set[str]:
    """Return the names of all elements of a fragment, as a browser parses it."""
    fragment = html5lib.parseFragment(html, namespaceHTMLElements=False)
    return {element.tag for element in fragment.iter() if isinstance(element.tag, str)} - {"DOCUMENT_FRAGMENT"}


def has_foreign_id_or_class(name: str, value: str) -> bool:
    """Return whether an attribute is an id or a class that no footnote has."""
    pattern = {"id": r"fn-[0-9]+-a|fnref-[0-9]+-[0-9]+-a", "class": r"footnote-ref|footnote-backref|footnotes"}.get(name)
    return bool(pattern) and not re.fullmatch(pattern, value)


def is_harmless(html: str) -> bool:
    """Return whether the HTML has no active element, no event handler, and only absolute URLs with a harmless scheme."""
    for element, name, value in attributes(html):
        if name.startswith("on") or name in ("style", "srcdoc", "name") or has_foreign_id_or_class(name, value):
            return False
        if name in URL_ATTRIBUTES and not value.startswith(("https://", "http://", "mailto:", "tel:")):
            return False
        if element == "meta":
            return False
    active = {"script", "style", "iframe", "object", "embed", "svg", "math", "form", "input", "base", "link", "meta", "template"}
    return not elements(html) & active
