"""Retention of former image variants in a tree or bucket: readers may still show feed entries that link to these files.

An image variant is former once the publication has no file at its path. Instead of its fingerprint, the manifest then records a
prefix and the time since when it is former.
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
    """Return the fingerprint to record for a file that the publication does not have any more; "" if it is to be removed now.

    Only image variants are retained, for less than 90 days, while their image is public, even with other bytes. `name` is the
    file's name, `fingerprint` the recorded one. The current time is that of the catalog.
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
