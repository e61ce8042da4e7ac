"""Image variants that feeds and pages refer to, and the choice of the variant that replaces an image wider than needed."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from feedsvc.content.media.image_facts import can_have_variants, facts_of
from feedsvc.model import Image, MediaFile
from feedsvc.routes import VariantAt, path_of
from feedsvc.uris import absolute, path_below

MAX_WIDTH: Final = 1280  # pixels of an image in a feed, and of a page's Open Graph image
THUMBNAIL_WIDTH: Final = 640  # pixels; feed readers show thumbnails up to 320 wide, often on screens with twice the density

# In sanitized HTML each "<" begins a tag, and no attribute value contains a quote.
_IMG_SRC: Final = re.compile(r'(<img(?: (?!src=)[a-z]+(?:="[^"]*")?)* src=")([^"]*)(")')


class ImageVariant(NamedTuple):
    """Variant of an image: its size in pixels and its decoded path below base_url, such as /sized/DIGEST-640/a.jpg."""

    width: int
    height: int
    path: str


def variants(file: MediaFile | None) -> tuple[ImageVariant, ...]:
    """Return all variants of a file, narrowest first; () if it is not an image, is unreadable or can have no variants.

    They need not have been made yet. Raises OSError if this process has too many open files.
    """
    if file is None or not can_have_variants(file):
        return ()
    try:
        facts = facts_of(file)
    except OSError:
        return ()
    return tuple(ImageVariant(width, height, path_of(VariantAt(facts.digest, width, file.path))) for width, height in facts.sizes)


def fitting_variant(file: MediaFile | None, max_width: int) -> ImageVariant | None:
    """Return the widest variant of at most `max_width` pixels of an image that is wider; None without one.

    None for a file that is no wider than `max_width`, is no image or has no such variant. The variant need not have been made
    yet. Raises OSError if this process has too many open files, or if the file vanished just now.
    """
    candidates = variants(file)
    if file is None or not candidates or facts_of(file).width <= max_width:
        return None
    return max((copy for copy in candidates if copy.width <= max_width), default=None)


def fit_image(media: Mapping[str, MediaFile], base_url: str, image: Image, max_width: int = MAX_WIDTH) -> Image:
    """Return a lead image with address and size of its `fitting_variant` if it is wider than `max_width`, else unchanged.

    It is also unchanged if it is not in `media` (the media files by path), or has no variant of at most `max_width` pixels. The
    address is absolute. Raises OSError if this process has too many open files.
    """
    copy = fitting_variant(_file(media, base_url, image.url), max_width) if image.width > max_width else None
    if copy is None:
        return image
    return replace(image, url=absolute(base_url, copy.path), width=copy.width, height=copy.height)


def fit_address(media: Mapping[str, MediaFile], base_url: str, address: str) -> str:
    """Return the absolute URL of an image's `fitting_variant` if the image is in `media` and wider than MAX_WIDTH (1,280).

    Otherwise return `address`, the absolute URL of the image itself. `media` are the media files by path. Raises OSError if
    this process has too many open files.
    """
    copy = fitting_variant(_file(media, base_url, address), MAX_WIDTH)
    return absolute(base_url, copy.path) if copy else address


def fit_html(media: Mapping[str, MediaFile], base_url: str, text: str) -> str:
    """Return cleaned HTML in which images of `media` wider than MAX_WIDTH (1,280) have the URL of their `fitting_variant`.

    `text` must be cleaned already, with absolute addresses. Attributes width and height stay. `media` are the files by path.
    Raises OSError if this process has too many open files.
    """

    def replace_source(match: re.Match[str]) -> str:
        copy = fitting_variant(_file(media, base_url, html.unescape(match[2])), MAX_WIDTH)
        return f"{match[1]}{html.escape(absolute(base_url, copy.path))}{match[3]}" if copy else match[0]

    return _IMG_SRC.sub(replace_source, text) if "<img" in text else text


def _file(media: Mapping[str, MediaFile], base_url: str, address: str) -> MediaFile | None:
    return media.get(path_below(base_url, address)[1:])
