"""Invalidation: finds cached records that are stale although their files did not change."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from feedsvc.content.cache import Record
from feedsvc.content.file_signature import FileSignature
from feedsvc.content.reading import References
from feedsvc.model import Author, Category, Site


def settings_fingerprint(site: Site) -> str:
    """Return a fingerprint of the settings of the site that the reading of an article depends on."""
    return _fingerprint(site.base_url, site.id_domain, site.language, site.timezone, str(site.keep_metadata))


@lru_cache(maxsize=8)
def _fingerprint(*facts: str) -> str:
    return hashlib.blake2b("\0".join(facts).encode(), digest_size=8).hexdigest()


class StalenessCheck:
    """Predicate: returns whether a record's file may give another result under these settings or with the current media."""

    def __init__(self, known: References) -> None:
        self._media, self._settings_fingerprint = known.media, settings_fingerprint(known.site)
        self._entries: Mapping[str, Mapping[str, Author | Category]] = {"category": known.categories, "author": known.authors}
        self._categories, self._authors = (
            {name for name, one in names.items() if name == one.id} for names in self._entries.values()
        )

    def __call__(self, record: Record) -> bool:
        article, problems, _, named, _ = record.reading
        if record.site != self._settings_fingerprint or article is None or (problems and record.reading.is_broken):
            return True
        if not (self._categories.issuperset(article.categories) and self._authors.issuperset(article.authors)):
            return True
        if named and any((entry := self._entries[kind].get(name)) is None or entry.id != found for kind, name, found in named):
            return True
        return bool(record.media) and any(self._is_media_changed(path, stamp) for path, stamp in record.media.items())

    def _is_media_changed(self, path: str, stamp: FileSignature) -> bool:
        self._media.trust(path, stamp)
        return self._media.signature(path) != stamp
