"""Images on pages: sizes, and the variants of files in media/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.content.media import facts_of, image_size, variants
from feedsvc.model import Image
from feedsvc.pages.hrefs import local_href
from feedsvc.uris import path_below, root_relative

_MAX_LOGO_SIZE: Final = (40, 200)  # pixels: maximum height and width


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageView:
    """An image on a page. `src` is root-relative within the site, else absolute; `srcset` is "" if the image has no variants."""

    src: str
    srcset: str
    width: int
    height: int
    alt: str
    caption: str = ""
    credit: str = ""
    credit_url: str = ""
    disclaimer: str = ""


def pixel_size(catalog: Catalog, path: str) -> tuple[int, int] | None:
    """Return width and height in pixels of the file at a path like media/a.jpg, from its header.

    None if the catalog's media have no such file, or if its size is unknown, as that of an SVG or a damaged image.
    """
    file = catalog.media.get(path)
    try:
        return image_size(file) if file else None
    except ValueError:
        return None


def logo_size(pixels: tuple[int, int] | None) -> tuple[int, int]:
    """Return width and height in pixels of the logo on a page: `pixels`, those of its file, scaled up or down.

    The logo is 40 pixels high, or lower if it would be wider than 200 pixels. A logo of unknown size (None) is a square of 40
    by 40 pixels.
    """
    width, height = pixels or _MAX_LOGO_SIZE[:1] * 2
    scale = min(_MAX_LOGO_SIZE[0] / height, _MAX_LOGO_SIZE[1] / width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def image_view(catalog: Catalog, image: Image) -> ImageView:
    """Return a lead image as a page shows it, with its full size and its variants.

    An image at another site keeps its absolute address and has no variants.
    """
    return ImageView(
        src=local_href(catalog.site, image.url),
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
    """Return the value of srcset, not escaped, for the file at a path like media/a.jpg: all its variants, then the file itself.

    "" if the catalog's media have no such file, or if the file has no variants.
    """
    base, file = catalog.site.base_url, catalog.media.get(path)
    candidates = [f"{root_relative(base, variant.path)} {variant.width}w" for variant in variants(file)]
    return ", ".join([*candidates, f"{root_relative(base, f'/{path}')} {facts_of(file).width}w"]) if candidates and file else ""
