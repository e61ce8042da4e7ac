"""Retention of former image variants in a tree or bucket: readers may still show feed entries that name these files."""

from __future__ import annotations

from typing import Final

from feedsvc.export.file_table import FORMER_PREFIX
from feedsvc.export.layout import path_of_file
from feedsvc.publication import Publication
from feedsvc.routes import VariantAt, place_of

_RETENTION_SECONDS: Final = 90 * 24 * 60 * 60


def is_former_image(imprint: str) -> bool:
    """Return whether a fingerprint is a former image variant's: a prefix and the time since when no document names the file."""
    return imprint.startswith(FORMER_PREFIX)


def retention_fingerprint(publication: Publication, name: str, imprint: str) -> str:
    """Return the fingerprint for a file that no document names any more; "" if the file is to be removed now.

    Only image variants stay: for 90 days, or until their image is not public any more. The image may have other bytes meanwhile.
    `imprint` is the recorded fingerprint.
    """
    place = place_of(path_of_file(name))
    if not isinstance(place, VariantAt) or place.path not in publication.catalog.media:
        return ""
    now = int(publication.catalog.now.timestamp())
    since = (
        int(imprint.removeprefix(FORMER_PREFIX))
        if is_former_image(imprint) and imprint.removeprefix(FORMER_PREFIX).isdecimal()
        else now
    )
    return f"{FORMER_PREFIX}{since}" if now - since < _RETENTION_SECONDS else ""
