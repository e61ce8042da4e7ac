"""Views that templates show: links, dates, images and cards of articles; addresses within the site are root-relative.

An address includes the path of base_url: "/blog/x/" for the path /x/ if base_url ends in "/blog".
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.content.media import facts_of, image_size, variants
from feedsvc.model import Image, Site
from feedsvc.routes import ArchiveAt, ArticleAt, IssueAt, PageAt, SiteDocumentAt, path_of, place_of
from feedsvc.uris import path_below, root_relative, split_at_query

_MAX_LOGO_SIZE: Final = (40, 200)  # pixels: maximum height and width


def local_href(site: Site, address: str) -> str:
    """Return an absolute address below base_url as a root-relative one, with query and fragment; any other one unchanged."""
    path = path_below(site.base_url, address)
    return root_relative(site.base_url, path) + split_at_query(address)[1] if path else address


def canonical_href(site: Site, address: str) -> str:
    """Return an absolute address below base_url as a root-relative one; any other address unchanged.

    The path of a listing, article, issue, archive or site document is made canonical, so that a click on a path without its
    trailing slash is not redirected. Former names in a path stay.
    """
    path = path_below(site.base_url, address)
    place = place_of(path) if path else None
    if not isinstance(place, (ArchiveAt, ArticleAt, IssueAt, PageAt, SiteDocumentAt)):
        return local_href(site, address)
    return root_relative(site.base_url, path_of(place)) + split_at_query(address)[1]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageView(Image):
    """An image on a page. `src` is root-relative within the site, else absolute; `srcset` is "" if the image has no variants."""

    src: str
    srcset: str


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
    own = {one.name: getattr(image, one.name) for one in fields(image)}
    path = path_below(catalog.site.base_url, image.url)[1:]
    return ImageView(**own, src=local_href(catalog.site, image.url), srcset=srcset(catalog, path))


def srcset(catalog: Catalog, path: str) -> str:
    """Return the value of srcset, not escaped, for the file at a path like media/a.jpg: all its variants, then the file itself.

    "" if the catalog's media have no such file, or if the file has no variants.
    """
    base, file = catalog.site.base_url, catalog.media.get(path)
    candidates = [f"{root_relative(base, variant.path)} {variant.width}w" for variant in variants(file)]
    return ", ".join([*candidates, f"{root_relative(base, f'/{path}')} {facts_of(file).width}w"]) if candidates and file else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkView:
    """A link on a page. `here` is True if the navigation menu marks it as the section (category) to which the page belongs.

    `language` and `direction` are those of the title. "" means the site's in the navigation menu and the footer; elsewhere, it
    means those of the text around the link.
    """

    title: str
    href: str
    here: bool = False
    language: str = ""
    direction: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DateView:
    """A date: `shown` in words, `machine` for a time element, and the text `before` and `after` the shown date."""

    machine: str
    shown: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Card(LinkView):
    """An article or issue in a list, with a link to it.

    `mark` says in a preview why readers do not see the article; "" if they do.

    `section` is the article's first category, None without one; `byline` are the names of its authors, "" without any; `time` is
    the date, with the time of day if it has one. `date` and `time` are "" if `show` in site.yaml leaves dates out. `published` is
    the same date for a time element, always given.

    `language_name` is the article's language in its own words, "" if it is the page's. `in_language` are the words before and
    after it.

    `html_cache` is for built-in templates. It maps the macro's arguments other than the card to the card's HTML.
    """

    summary: str
    published: str
    date: str
    time: str
    section: LinkView | None
    byline: str
    image: ImageView | None
    mark: str = ""
    language_name: str = ""
    in_language: tuple[str, str] = ("", "")
    html_cache: dict[object, str] = field(default_factory=dict, repr=False, compare=False)
