"""Narrower copies of pictures that feeds and pages name, and the copy that stands for a picture wider than needed."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from feedsvc.content.media.image_facts import can_size, facts
from feedsvc.model import Image, MediaFile
from feedsvc.routes import SizedAt, path_of
from feedsvc.uris import absolute, path_below

WIDEST: Final = 1280  # pixels of a picture in a feed, and of the one that other sites show for a page
THUMBNAIL: Final = 640  # pixels; readers show thumbnails up to 320 wide, many of them on screens of two pixels to one

# In clean HTML each "<" begins a tag, and no value holds a quote.
_SOURCE: Final = re.compile(r'(<img(?: (?!src=)[a-z]+(?:="[^"]*")?)* src=")([^"]*)(")')


class Copy(NamedTuple):
    """Narrower copy of a picture: its size in pixels, and its path below base_url."""

    width: int
    height: int
    path: str


def copies(file: MediaFile | None) -> tuple[Copy, ...]:
    """Return all copies of a file, narrowest first; none if it is no picture of which copies can be made."""
    if file is None or not can_size(file):
        return ()
    try:
        known = facts(file)
    except OSError:
        return ()
    return tuple(Copy(width, height, path_of(SizedAt(known.digest, width, file.path))) for width, height in known.sizes)


def fitting(file: MediaFile | None, most: int) -> Copy | None:
    """Return the widest copy of at most `most` pixels of a picture that is wider; None where the picture itself is named."""
    offered = copies(file)
    if file is None or not offered or facts(file).width <= most:
        return None
    return max((copy for copy in offered if copy.width <= most), default=None)


def fitted(media: Mapping[str, MediaFile], base_url: str, image: Image, most: int = WIDEST) -> Image:
    """Return what is named of a lead image: a copy with its own address and size if the image is wider than `most` pixels."""
    copy = fitting(_file(media, base_url, image.url), most) if image.width > most else None
    if copy is None:
        return image
    return replace(image, url=absolute(base_url, copy.path), width=copy.width, height=copy.height)


def fitted_address(media: Mapping[str, MediaFile], base_url: str, address: str) -> str:
    """Return what is named of a picture: the address of its copy if it is wider than `WIDEST`."""
    copy = fitting(_file(media, base_url, address), WIDEST)
    return absolute(base_url, copy.path) if copy else address


def fitted_html(media: Mapping[str, MediaFile], base_url: str, text: str) -> str:
    """Return clean HTML in which each picture of media/ that is wider than `WIDEST` has the address of its copy."""

    def replaced(found: re.Match[str]) -> str:
        copy = fitting(_file(media, base_url, html.unescape(found[2])), WIDEST)
        return f"{found[1]}{html.escape(absolute(base_url, copy.path))}{found[3]}" if copy else found[0]

    return _SOURCE.sub(replaced, text) if "<img" in text else text


def _file(media: Mapping[str, MediaFile], base_url: str, address: str) -> MediaFile | None:
    return media.get(path_below(base_url, address)[1:])
