"""HTML in feeds: text of markup, and absolute links."""

from __future__ import annotations

import re
from copy import deepcopy
from html import escape, unescape
from typing import Final

from lxml import etree, html

from feedsvc.importing.addresses import absolute
from feedsvc.importing.feed_source.records import TitleForm

_MAY_LINK: Final = re.compile(r"\b(?:href|src|srcset|poster|data|cite|background|action)\s*=", re.IGNORECASE)
_TAG: Final = re.compile(r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_BLANK_LINE: Final = re.compile(r"\n[ \t\r]*\n")
_INVISIBLE: Final = ("script", "style", "template", "noscript", "iframe", "object")
_BLOCKS: Final = (
    *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure", "footer"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section"),
    *("table", "td", "th", "tr", "ul"),
)


def plain_text(markup: str) -> str:
    """Return the text of HTML in one line, with entities decoded; without script, style, template, noscript, iframe, object."""
    if "<" not in markup:
        return " ".join(unescape(markup).split())
    root = _fragment(markup)
    if root is None:
        return " ".join(unescape(_TAG.sub(" ", markup)).split())
    etree.strip_elements(root, *_INVISIBLE, with_tail=False)
    for element in root.iter(*_BLOCKS):
        element.text, element.tail = f" {element.text or ''}", f" {element.tail or ''}"
    return " ".join("".join(map(str, root.itertext(with_tail=True))).split())


def title_text(title: str, form: TitleForm) -> str:
    """Return a title as plain text in one line. With TitleForm.UNKNOWN it is HTML if it has a tag; else entities are decoded."""
    if form is TitleForm.TEXT:
        return " ".join(title.split())
    return plain_text(title) if form is TitleForm.HTML or _TAG.search(title) else " ".join(unescape(title).split())


def text_to_html(text: str) -> str:
    """Return plain text as HTML, escaped: a paragraph for each part between blank lines, a `br` for each other line break."""
    paragraphs = (escape(part.strip(), quote=False).replace("\n", "<br>\n") for part in _BLANK_LINE.split(text.strip()))
    return "\n".join(f"<p>{part}</p>" for part in paragraphs if part)


def absolute_links(markup: str, base: str) -> str:
    """Return HTML with references in `href`, `src` and the like (not `srcset`, `poster`) resolved against `base`; #a stays.

    HTML without relative addresses, or that cannot be parsed, is returned unchanged, and so is any if `base` is "".
    """
    if not base or not _MAY_LINK.search(markup):
        return markup
    root = _fragment(markup)
    if root is None or not _make_absolute(root, base):
        return markup
    return inner_html(root)


def _make_absolute(root: etree._Element, base: str) -> bool:
    """Make references in a tree absolute, in place. Return whether one was changed."""
    has_changed = False
    for element, attribute, reference, _ in list(html.iterlinks(root)):
        target = absolute(base, reference) if attribute and not _is_absolute(reference) else ""
        if target and element.get(attribute) == reference:
            element.set(attribute, target)
            has_changed = True
    return has_changed


def _is_absolute(reference: str) -> bool:
    return reference.startswith("#") or bool(_SCHEME.match(reference.lstrip()))


def _fragment(markup: str) -> etree._Element | None:
    try:
        root: etree._Element = html.fragment_fromstring(markup, create_parent="div")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        return None
    return root


def inner_html(element: etree._Element) -> str:
    """Return the content of an element, without its own tags, as HTML without namespaces."""
    parts = [escape(element.text or "", quote=False)]
    for child in element:
        # A copy, because lxml writes the namespaces of elements around an element, too.
        detached = deepcopy(child)
        for node in detached.iter(etree.Element):
            node.tag = etree.QName(node).localname
        etree.cleanup_namespaces(detached)
        parts.append(html.tostring(detached, encoding="unicode"))
    return "".join(parts)
