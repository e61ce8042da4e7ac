"""Markdown content of an entry, with the same parts as its HTML content in feeds of full texts (content_html.py).

Feed readers that support the element source:markdown show only this.
"""

from __future__ import annotations

import re
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.content.media import fit_address
from feedsvc.feed_model import enclosure_name
from feedsvc.feeds.content_html import article_language, lead_image
from feedsvc.language import Language
from feedsvc.model import Article, Correction, Enclosure, Image, Source

# CommonMark 0.31 section 2.4: a backslash before ASCII punctuation makes it plain text.
_INLINE_MARKUP: Final = re.compile(r"[\\`*_\[\]<>~]|&(?=#?[A-Za-z0-9]+;)")
# Beginnings of headings, lists and underlines.
_BLOCK_MARKUP: Final = re.compile(r"(?:#{1,6}|[-+=]|[0-9]{1,9}(?=[.)]))")
# A paragraph that is only an address. comrak writes it in angle brackets, or as a link if its spelling in the text is not that of
# the address. The first branch matches a fenced code block, which stays as it is.
_BARE_LINK: Final = re.compile(
    r"(?m)^(?P<fence>`{3,}+|~{3,}+)[^\n]*+\n(?:[^\n]*\n)*?(?P=fence)[`~]*$"
    r"|(?<![^\n]\n)^(?:<(?P<address>[^<>\s]+)>"
    r"|\[(?:https?://|www\.)(?:\\.|[^\s<\]\\])*\]\((?P<target>(?:\\.|[^\s()\\])+)\))$(?!\n[^\n])"
)
_BACKSLASH: Final = re.compile(r"\\(.)")
_ENTITY: Final = re.compile(r"&(?=#?[A-Za-z0-9]+;)")


def content_markdown(catalog: Catalog, article: Article) -> str:
    """Return the whole article as Markdown: image, text, sources, corrections and enclosures, in this order.

    The result is "" if the article has no text, or if the text cannot be written as Markdown for feeds. Raises FeedsvcError if
    the text cannot be read.
    """

    def fit_image(address: str) -> str:
        return fit_address(catalog.media, catalog.site.base_url, address)

    text = _with_embed_titles(article, catalog.content.feed_markdown(article, fit_image).strip("\n").rstrip())
    if not text:
        return ""
    lang, image = article_language(catalog.site, article), lead_image(catalog, article.image)
    parts = (
        _figure(image) if image else "",
        text,
        _sources(lang, article.sources),
        _corrections(lang, article.corrections),
        _enclosures(lang, article.enclosures),
    )
    return "\n\n".join(filter(None, parts))


def _with_embed_titles(article: Article, text: str) -> str:
    """Return the Markdown with the titles of the article's `embeds` as the texts of the links in bare paragraphs to them."""
    titles = {embed.url: _link(embed.title, embed.url) for embed in article.embeds}

    def titled_link(match: re.Match[str]) -> str:
        address = match["address"] or _BACKSLASH.sub(r"\1", match["target"] or "")
        return titles.get(address, match[0])

    return _BARE_LINK.sub(titled_link, text) if titles else text


def _escape(text: str) -> str:
    """Escape a line of plain text for use within a paragraph."""
    return _INLINE_MARKUP.sub(r"\\\g<0>", text)


def _paragraph(text: str) -> str:
    """Return `text`, a result of `_escape`, with a backslash added if its beginning would otherwise start another block.

    No line end is added.
    """
    match = _BLOCK_MARKUP.match(text)
    if not match:
        return text
    position = match.end() if match[0].isdigit() else 0
    return f"{text[:position]}\\{text[position:]}"


def _link(name: str, url: str) -> str:
    return f"[{_escape(name)}](<{_ENTITY.sub('&amp;', url)}>)" if url else _escape(name)


def _figure(image: Image) -> str:
    credit = _link(image.credit, image.credit_url) if image.credit else ""
    caption = " ".join(filter(None, (_escape(image.caption), credit, _escape(image.disclaimer))))
    return "\n\n".join(filter(None, (f"!{_link(image.alt, image.url)}", _paragraph(caption))))


def _sources(lang: Language, sources: tuple[Source, ...]) -> str:
    names = lang.say("comma").join(_link(source.name, source.url) for source in sources)
    return f"{_label(lang, lang.say('sources'))} {names}" if names else ""


def _corrections(lang: Language, corrections: tuple[Correction, ...]) -> str:
    return "\n\n".join(_correction(lang, correction) for correction in corrections)


def _correction(lang: Language, correction: Correction) -> str:
    heading = lang.say("correction", date=lang.period_name(correction.date.isoformat()))
    return f"{_label(lang, heading)} {_escape(correction.text)}"


def _enclosures(lang: Language, enclosures: tuple[Enclosure, ...]) -> str:
    items = "\n".join(f"- {_enclosure(lang, enclosure)}" for enclosure in enclosures)
    return f"{_label(lang, lang.say('attachments'))}\n\n{items}" if items else ""


def _enclosure(lang: Language, enclosure: Enclosure) -> str:
    type_and_size = lang.say("comma").join(filter(None, (enclosure.type, lang.file_size(enclosure.length))))
    return f"{_link(enclosure_name(enclosure), enclosure.url)} ({_escape(type_and_size)})"


def _label(lang: Language, word: str) -> str:
    """Return a word before a list or a text, in bold and with the language's colon, as Markdown."""
    return f"**{_escape(lang.say('label', label=word))}**"
