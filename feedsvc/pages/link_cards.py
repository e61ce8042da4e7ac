"""Link cards: a bare link (a paragraph that is only an address) is shown with title, description and image from `embeds`."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final
from urllib.parse import urlsplit

from feedsvc.catalog import Catalog
from feedsvc.content.markdown import replace_bare_links
from feedsvc.model import Embed
from feedsvc.pages.hrefs import canonical_href, local_href
from feedsvc.pages.images import pixel_size, srcset
from feedsvc.uris import path_below

_SIZES: Final = "(min-width: 40rem) 12rem, 100vw"


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
    description = f"<p>{escape(embed.description)}</p>" if embed.description else ""
    return (
        f'<div class="link-card">{_image_html(catalog, embed.image) if embed.image else ""}<div>'
        f'<p class="link-card-title"><a href="{escape(href)}">{escape(embed.title)}</a></p>'
        f'{description}<p class="meta" dir="ltr">{escape(host)}</p></div></div>'
    )


def _image_html(catalog: Catalog, address: str) -> str:
    path = path_below(catalog.site.base_url, address)[1:]
    candidates, pixels = srcset(catalog, path), pixel_size(catalog, path)
    size = f' width="{pixels[0]}" height="{pixels[1]}"' if pixels else ""
    sources = f' srcset="{escape(candidates)}" sizes="{_SIZES}"' if candidates else ""
    src = escape(local_href(catalog.site, address))
    return f'<img src="{src}"{sources} alt=""{size} loading="lazy" decoding="async">'
