"""Retention of former image variants in a tree or bucket: readers may still show feed entries that name these files.

The manifest records, instead of a former variant's fingerprint, a prefix and the time since when no document names the file.
"""

from __future__ import annotations

from typing import Final

from feedsvc.export.layout import path_of_file
from feedsvc.publication import Publication
from feedsvc.routes import VariantAt, place_of

_FORMER_PREFIX: Final = "former-"
_RETENTION_SECONDS: Final = 90 * 24 * 60 * 60


def is_former_image(fingerprint: str) -> bool:
    """Return whether a recorded fingerprint is that of a former image variant."""
    return fingerprint.startswith(_FORMER_PREFIX)


def retention_fingerprint(publication: Publication, name: str, fingerprint: str) -> str:
    """Return the fingerprint to record for a file that no document names any more; "" if the file is to be removed now.

    Only image variants are retained: for 90 days, or until their image is not public any more. The image may have other bytes
    meanwhile. `fingerprint` is the recorded one.
    """
    place = place_of(path_of_file(name))
    if not isinstance(place, VariantAt) or place.path not in publication.catalog.media:
        return ""
    now = int(publication.catalog.now.timestamp())
    since = _former_since(fingerprint, now)
    return f"{_FORMER_PREFIX}{since}" if now - since < _RETENTION_SECONDS else ""


def _former_since(fingerprint: str, now: int) -> int:
    """Return the time that a fingerprint has after the prefix, in seconds since 1970; `now` if it has none."""
    seconds = fingerprint.removeprefix(_FORMER_PREFIX)
    return int(seconds) if is_former_image(fingerprint) and seconds.isdecimal() else now
