"""Markdown of an article for feeds: it shows the same as the article's HTML, with absolute addresses.

A text that an editor wrote refers to files and pages relative to the site, and may contain what no reader is meant to see:
comments in HTML, unused reference definitions (often comments, too), scripts. comrak parses the text and writes it again without
these. The result is used only if it renders to the same HTML as the text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from feedsvc.content.markdown import commonmark, nesting
from feedsvc.content.markdown.elements import ALLOWED_ATTRIBUTES, BLOCK_ELEMENTS, SPACE, TABLE_ELEMENTS, TOKEN
from feedsvc.content.markdown.figures import remove_quote_markers
from feedsvc.content.markdown.nesting import TooDeep
from feedsvc.content.markdown.render import LimitExceeded, ReferenceResolver, render_within_limits

# Version of the written Markdown. Increase it with every change of it, so that hubs are notified of the changed feeds.
FEED_MARKDOWN_VERSION: Final = 4

_MAX_LENGTH: Final = 100_000  # characters of a text; comrak's tree of the worst such text takes 50 MB
_EMPTY_COMMENT: Final = "<!---->"  # replaces a removed tag
_ATTRIBUTE: Final = re.compile(
    rf"([^{SPACE}/>][^{SPACE}/>=]*+)"
    rf"(?:[{SPACE}]*=[{SPACE}]*(?:\"([^\"]*+)\"?|'([^']*+)'?|([^\"'{SPACE}>][^{SPACE}>]*+)))?+"
)
# In cleaned HTML each "<" begins a tag. A link without address shows only its text.
_LINK_WITHOUT_ADDRESS: Final = re.compile(r"<a>((?:[^<]|<(?!/?a[ >]))*+)</a>")
_PREFORMATTED: Final = re.compile(r"(<pre[ >](?:[^<]|<(?!/pre>))*+</pre>)")
_WHITE_SPACE: Final = re.compile(r"\s+")
_BLOCK_NAMES: Final = "|".join(sorted({*BLOCK_ELEMENTS, *TABLE_ELEMENTS, "br", "hr", "p", "table"}))
_BLOCK_TAG: Final = re.compile(rf" ?(</?(?:{_BLOCK_NAMES})(?: [^>]*)?>) ?")

FitImage = Callable[[str], str]  # address of an image -> address of the variant that feeds refer to


def render_feed_markdown(markdown: str, *, base_url: str, page: str, fit_image: FitImage) -> str:
    """Return a text as Markdown for feeds; "" if it has over 100,000 characters or exceeds a limit of `render_within_limits`.

    Also "" if comrak cannot write it so that it shows the same as the article's HTML. `page` is the article's own URL.
    If any reference of the text leads to media/, `fit_image` is called with the absolute address of each image; it returns the
    address to use instead.
    """
    expected = render_within_limits(markdown, base_url=base_url, page=page) if len(markdown) <= _MAX_LENGTH else None
    if expected is None or isinstance(expected, LimitExceeded):
        return ""
    text = commonmark.rewrite(markdown, _Rewriter(ReferenceResolver(base_url, page)).rewriting)
    result = render_within_limits(text, base_url=base_url, page=page)
    if isinstance(result, LimitExceeded) or _comparable(result.html) != _comparable(expected.html):
        return ""
    if expected.media or "<figcaption>" in expected.html:
        rewriting = _Rewriter(ReferenceResolver(base_url, page), fit_image if expected.media else _keep_address).rewriting
        text = commonmark.rewrite(markdown, replace(rewriting, has_captions=True))
    return remove_quote_markers(text)


def _comparable(clean: str) -> str:
    """Return cleaned HTML without what browsers do not show: extra white space, and the tags of links without address."""
    pieces = _PREFORMATTED.split(_LINK_WITHOUT_ADDRESS.sub(r"\1", clean))
    pieces[::2] = [_BLOCK_TAG.sub(r"\1", _WHITE_SPACE.sub(" ", piece)) for piece in pieces[::2]]
    return "".join(pieces)


def _keep_address(address: str) -> str:
    return address


@dataclass(frozen=True, slots=True)
class _Rewriter:
    """Functions that change addresses and raw HTML of one text as the cleaner in `render` changes them in the text's HTML.

    `references` resolves addresses. `fit_image` replaces the absolute addresses of images.
    """

    references: ReferenceResolver
    fit_image: FitImage = _keep_address

    @property
    def rewriting(self) -> commonmark.Rewriting:
        return commonmark.Rewriting(link=self._link, image=self._image, html=self._html)

    def _link(self, address: str) -> str:
        return self.references.filter_attribute("href", address) or ""

    def _image(self, address: str) -> str:
        absolute = self.references.filter_attribute("src", address)
        return self.fit_image(absolute) if absolute else ""

    def _html(self, markup: str) -> str:
        """Return raw HTML with allowed elements and attributes only; "" if nothing is left, or if it is nested too deeply."""
        result = nesting.check(markup, is_generated=False)
        return "" if isinstance(result, TooDeep) else TOKEN.sub(self._tag, result.html.replace(_EMPTY_COMMENT, ""))

    def _tag(self, tag: re.Match[str]) -> str:
        name = tag["name"].lower()
        if tag["end"]:
            return f"</{name}>"
        attributes = (self._attribute(name, match) for match in _ATTRIBUTE.finditer(tag[0].rstrip(">"), len(name) + 1))
        return f"<{name}{''.join(attributes)}>"

    def _attribute(self, element: str, attribute: re.Match[str]) -> str:
        """Return an attribute with a space before it; "" if it is not allowed."""
        name = attribute[1].lower()
        if name not in ALLOWED_ATTRIBUTES["*"] | ALLOWED_ATTRIBUTES.get(element, set()):
            return ""
        raw_value = html.unescape(attribute[2] or attribute[3] or attribute[4] or "")
        value = self.references.filter_attribute(name, raw_value)
        if value is None:
            return ""
        if (element, name) == ("img", "src"):
            value = self.fit_image(value)
        # An empty line would end the raw HTML.
        return f' {name}="{html.escape(value)}"'.replace("\n", "&#10;").replace("\r", "&#13;")
