"""Lint of the icon: search engines and Google News take the picture of a site from its favicon."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from feedsvc.content.folder import ROOT_FOLDER
from feedsvc.content.lint.context import LintContext
from feedsvc.content.lint.positions import EntryPositions
from feedsvc.content.media import image_size
from feedsvc.content.reading import SITE_FILE
from feedsvc.errors import Problem
from feedsvc.uris import path_below

# Google: "Define a favicon to show in search results" (square, at least 8 pixels, better more than 48).
_MIN_SIDE: Final = 48
_FAVICON: Final = "favicon.ico"
_FAVICONS: Final = (_FAVICON, "favicon.svg")
_ICO_HEADER: Final = struct.Struct("<HHH")  # reserved, type, number of pictures
_ICO_ENTRY: Final = struct.Struct("<BB14x")  # width and height of a picture, 0 for 256
_LARGEST_SIDE: Final = 256


def lint_icons(context: LintContext) -> Iterator[Problem]:
    """Yield one warning if the site's icon is not square, is narrower than 48 pixels, or is an invalid favicon.ico.

    One image is checked: `icon` of site.yaml; without that key, root/favicon.ico (its largest picture); without both,
    the logo, but not if there is root/favicon.svg. SVG files, images on other sites, and an `icon` or logo that cannot
    be read give no warning.
    """
    content = context.content
    yield from _warnings_of_site_file(context)
    data = content.root_files.get(_FAVICON)
    if data is not None and not content.site.icon and (fault := _favicon_fault(data)):
        hint = f"save it with a square picture of at least {_MIN_SIDE} by {_MIN_SIDE} pixels in it"
        yield Problem(path=f"{ROOT_FOLDER}/{_FAVICON}", message=fault, hint=hint, rule="icon")


def _warnings_of_site_file(context: LintContext) -> Iterator[Problem]:
    """Yield a warning about `icon` in site.yaml, or about `logo` if there is no `icon` and no favicon in root/."""
    site = context.content.site
    key, address = ("icon", site.icon) if site.icon else ("logo", "" if _has_favicon(context) else site.logo)
    file = context.content.media.get(path_below(site.base_url, address)[1:]) if address else None
    if file is None:
        return
    with suppress(ValueError):  # most often an SVG, which has every size
        if fault := _fault(*image_size(file)):
            reason = "" if site.icon else "is the icon of the site, too, because there is no icon:, and "
            hint = f"name a square picture of at least {_MIN_SIDE} by {_MIN_SIDE} pixels as icon:"
            yield EntryPositions(context.root, SITE_FILE).warning("icon", key, (), f"{key}: {reason}{fault}", hint)


def _has_favicon(context: LintContext) -> bool:
    return any(name in context.content.root_files for name in _FAVICONS)


def _fault(width: int, height: int) -> str:
    if width != height:
        return f"{width} by {height} pixels is not square, so search engines do not show it"
    return f"{width} by {height} pixels is small; search engines show larger ones better" if width < _MIN_SIDE else ""


def _favicon_fault(data: bytes) -> str:
    """Return a message about an ICO file that is invalid or whose largest picture is not square or too small, else ""."""
    try:
        _, kind, count = _ICO_HEADER.unpack_from(data)
        entries = [_ICO_ENTRY.unpack_from(data, _ICO_HEADER.size + index * _ICO_ENTRY.size) for index in range(count)]
    except struct.error:
        return "the file is no icon"
    sizes = [(width or _LARGEST_SIDE, height or _LARGEST_SIDE) for width, height in entries]
    return _fault(*max(sizes)) if kind == 1 and sizes else "the file is no icon"
