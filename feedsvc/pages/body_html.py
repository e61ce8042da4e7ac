"""HTML of the texts of articles and static pages, as pages show it: root-relative addresses, images with size and variants.

A bare link (a paragraph that is only an address) is shown as a card, with title, description and image from `embeds`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

from feedsvc.catalog import Catalog
from feedsvc.content.markdown.figures import replace_bare_links
from feedsvc.language import Language
from feedsvc.model import Embed
from feedsvc.pages.views import canonical_href, local_href, pixel_size, srcset
from feedsvc.uris import path_below

# In sanitized HTML each "<" begins a tag, and no value contains a quote. The names are those of _REWRITERS.
_TAG: Final = re.compile(r'<(?P<name>a|audio|img|pre|source|video)(?P<rest>(?: [a-z]+(?:="[^"]*")?)*)>')
_SOURCE_ATTRIBUTE: Final = re.compile(r'( (?:src|poster)=")([^"]*)')
_HREF_ATTRIBUTE: Final = re.compile(r'( href=")([^"]*)')
_IMAGE_ATTRIBUTE: Final = re.compile(r' (src|width|height)="([^"]*)"')
_TABLE_TAG: Final = re.compile(r"<(/?)table\b[^>]*>")
# The width of an article's text, and the sizes attribute of an image as wide as the text, as in article.html.
_TEXT_WIDTH: Final = 672  # pixels: 42rem
_SIZES: Final = "(min-width: 44rem) 42rem, 100vw"


def page_html(catalog: Catalog, text: str, lang: Language, embeds: Iterable[Embed] = ()) -> str:
    """Return `text`, HTML that is sanitized already, as a page shows it.

    Addresses within the site become root-relative, images get size and variants, bare links to `embeds` become cards, and wide
    elements (code, tables) can be scrolled by keyboard. `lang` is the language of the text. `embeds` without a bare link in the
    text are not shown.
    """
    page = _TAG.sub(lambda tag: _rewrite_tag(catalog, tag["name"], tag["rest"]), text)
    page = insert_link_cards(catalog, page, embeds)
    return _wrap_tables(page, lang) if "<table" in page else page


def _rewrite_tag(catalog: Catalog, name: str, rest: str) -> str:
    return f"<{name}{_REWRITERS[name](catalog, rest)}>"


def _rewrite_sources(catalog: Catalog, rest: str) -> str:
    return _SOURCE_ATTRIBUTE.sub(lambda match: match[1] + local_href(catalog.site, match[2]), rest)


def _rewrite_image(catalog: Catalog, rest: str) -> str:
    attributes = dict(_IMAGE_ATTRIBUTE.findall(rest))
    size = _size_attributes(catalog, attributes)
    sources = _srcset_attributes(catalog, {**attributes, **dict(_IMAGE_ATTRIBUTE.findall(size))})
    return f'{_rewrite_sources(catalog, rest)}{sources}{size} loading="lazy" decoding="async"'


def _srcset_attributes(catalog: Catalog, attributes: Mapping[str, str]) -> str:
    """Return the attributes srcset and sizes as HTML that begins with a space; "" if the image has no variants.

    `attributes` maps the names of the image's attributes to their values, escaped as in HTML. Of them, src and width are used;
    either may be missing. Without width, the image counts as wide as the text.
    """
    path = _image_path(catalog, attributes)
    candidates = srcset(catalog, path)
    width = int(attributes.get("width", _TEXT_WIDTH))
    sizes = f"(min-width: {width}px) {width}px, 100vw" if width < _TEXT_WIDTH else _SIZES
    return f' srcset="{html.escape(candidates)}" sizes="{sizes}"' if candidates else ""


def _image_path(catalog: Catalog, attributes: Mapping[str, str]) -> str:
    return path_below(catalog.site.base_url, html.unescape(attributes.get("src", "")))[1:]


def _size_attributes(catalog: Catalog, attributes: Mapping[str, str]) -> str:
    """Return the attributes width and height that the image lacks, as HTML that begins with a space.

    `attributes` maps the names of the image's attributes to their values, escaped as in HTML. The result is "" if they include
    both width and height, or if the size of the file at src is unknown. If they include one of them, the other is such that the
    aspect ratio of the file is kept.
    """
    size = None if {"width", "height"} <= attributes.keys() else pixel_size(catalog, _image_path(catalog, attributes))
    if size is None:
        return ""
    width, height = size
    if "width" in attributes:
        return f' height="{max(1, round(int(attributes["width"]) * height / width))}"'
    if "height" in attributes:
        return f' width="{max(1, round(int(attributes["height"]) * width / height))}"'
    return f' width="{width}" height="{height}"'


def _rewrite_link(catalog: Catalog, rest: str) -> str:
    return _HREF_ATTRIBUTE.sub(lambda match: match[1] + canonical_href(catalog.site, match[2]), rest)


_REWRITERS: Final[Mapping[str, Callable[[Catalog, str], str]]] = {
    "a": _rewrite_link,
    "audio": _rewrite_sources,
    "img": _rewrite_image,
    "pre": lambda _, rest: f'{rest} tabindex="0"',
    "source": _rewrite_sources,
    "video": _rewrite_sources,
}


def _wrap_tables(text: str, lang: Language) -> str:
    """Return the HTML with each table, unless it is inside another one, in a region that scrolls and has an accessible name.

    The name is the word for table in `lang`, from the second table on with its number.
    """
    depth = count = 0

    def wrap(tag: re.Match[str]) -> str:
        nonlocal depth, count
        depth += -1 if tag[1] else 1
        if tag[1]:
            return tag[0] if depth else f"{tag[0]}</section>"
        if depth > 1:
            return tag[0]
        count += 1
        name = f"{lang.say('table')} {lang.number(count)}" if count > 1 else lang.say("table")
        return f'<section class="wide" aria-label="{html.escape(name)}" tabindex="0">{tag[0]}'

    return _TABLE_TAG.sub(wrap, text)


_CARD_SIZES: Final = "(min-width: 40rem) 12rem, 100vw"


def insert_link_cards(catalog: Catalog, markup: str, embeds: Iterable[Embed]) -> str:
    """Return `markup`, the HTML of a text, with cards in place of its bare links to the addresses of `embeds`.

    Other bare links stay. Addresses in `markup` must be as `canonical_href` returns them: root-relative within the site.
    """
    cards = {canonical_href(catalog.site, embed.url): embed for embed in embeds}

    def card(address: str) -> str:
        embed = cards.get(address)
        return _card_html(catalog, address, embed) if embed else ""

    return replace_bare_links(markup, card) if cards else markup


def _card_html(catalog: Catalog, href: str, embed: Embed) -> str:
    host = (urlsplit(embed.url).hostname or "").removeprefix("www.")
    description = f"<p>{html.escape(embed.description)}</p>" if embed.description else ""
    return (
        f'<div class="link-card">{_card_image_html(catalog, embed.image) if embed.image else ""}<div>'
        f'<p class="link-card-title"><a href="{html.escape(href)}">{html.escape(embed.title)}</a></p>'
        f'{description}<p class="meta" dir="ltr">{html.escape(host)}</p></div></div>'
    )


def _card_image_html(catalog: Catalog, address: str) -> str:
    path = path_below(catalog.site.base_url, address)[1:]
    candidates, pixels = srcset(catalog, path), pixel_size(catalog, path)
    size = f' width="{pixels[0]}" height="{pixels[1]}"' if pixels else ""
    sources = f' srcset="{html.escape(candidates)}" sizes="{_CARD_SIZES}"' if candidates else ""
    src = html.escape(local_href(catalog.site, address))
    return f'<img src="{src}"{sources} alt=""{size} loading="lazy" decoding="async">'
