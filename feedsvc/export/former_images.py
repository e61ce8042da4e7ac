"""Retention of former copies of pictures in a tree or bucket, since feeds named them."""

from __future__ import annotations

from typing import Final

from feedsvc.export.file_table import FORMER
from feedsvc.export.layout import path_at
from feedsvc.publication.publication import Publication
from feedsvc.routes import SizedAt, place_of

_SECONDS: Final = 90 * 24 * 60 * 60


def is_former(imprint: str) -> bool:
    """Return whether an imprint is that of a former copy: since when nothing names it."""
    return imprint.startswith(FORMER)


def stays(publication: Publication, name: str, imprint: str) -> str:
    """Return the imprint of a file that no document names any more and that stays; "" if it is to go.

    A copy stays for 90 days, as long as its picture, perhaps with other bytes, is public. `imprint` is what was noted of it.
    """
    place = place_of(path_at(name))
    if not isinstance(place, SizedAt) or place.path not in publication.catalog.media:
        return ""
    now = int(publication.catalog.now.timestamp())
    since = int(imprint.removeprefix(FORMER)) if is_former(imprint) and imprint.removeprefix(FORMER).isdecimal() else now
    return f"{FORMER}{since}" if now - since < _SECONDS else ""
