"""Pictures on pages: root-relative addresses, and narrower copies of what lies in media/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from feedsvc.catalog.catalog import Catalog
from feedsvc.content.media import files, image_facts
from feedsvc.content.media.offered_widths import copies
from feedsvc.model import Image, Site
from feedsvc.uris import path_below, rooted

_LOGO: Final = (40, 200)  # pixels: at most so high and so wide


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """`srcset` is "" where there is one size only."""

    src: str
    srcset: str
    width: int
    height: int
    alt: str
    caption: str = ""
    credit: str = ""
    credit_url: str = ""
    disclaimer: str = ""


def local(site: Site, address: str) -> str:
    """An address of the site's own as a page refers to it; any other as it is."""
    path = path_below(site.base_url, address)
    return rooted(site.base_url, path) if path else address


def logo_size(catalog: Catalog) -> tuple[int, int]:
    """Width and height of the logo as a page shows it: as high as a line of the menu, unless it is very wide."""
    file = catalog.media.get(path_below(catalog.site.base_url, catalog.site.logo)[1:])
    try:
        width, height = files.size(file) if file else _LOGO[:1] * 2
    except ValueError:  # an SVG, most often: shown within a square
        width, height = _LOGO[:1] * 2
    scale = min(_LOGO[0] / height, _LOGO[1] / width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def picture(catalog: Catalog, image: Image) -> Picture:
    return Picture(
        src=local(catalog.site, image.url),
        srcset=srcset(catalog, path_below(catalog.site.base_url, image.url)[1:]),
        width=image.width,
        height=image.height,
        alt=image.alt,
        caption=image.caption,
        credit=image.credit,
        credit_url=image.credit_url,
        disclaimer=image.disclaimer,
    )


def srcset(catalog: Catalog, path: str) -> str:
    """Return the copies of the file at a path like media/a.jpg, and the file itself, as srcset names them; "" without copies."""
    base, file = catalog.site.base_url, catalog.media.get(path)
    sizes = [f"{rooted(base, copy.path)} {copy.width}w" for copy in copies(file)]
    return ", ".join([*sizes, f"{rooted(base, f'/{path}')} {image_facts.facts(file).width}w"]) if sizes and file else ""
