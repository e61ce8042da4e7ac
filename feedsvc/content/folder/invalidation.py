"""Which article files would read differently, though they did not change themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from feedsvc.content.cache.record import Record
from feedsvc.content.file_signature import Stamp
from feedsvc.content.reading.context import Known
from feedsvc.model import Author, Category, Site


def imprint(site: Site) -> str:
    """What of the site an article's reading depends on."""
    return _imprint(site.base_url, site.id_domain, site.language, site.timezone, str(site.keep_metadata))


@lru_cache(maxsize=8)
def _imprint(*facts: str) -> str:
    return hashlib.blake2b("\0".join(facts).encode(), digest_size=8).hexdigest()


class Outdated:
    """Tells whether a file would read differently under these settings, or with the media as they are now."""

    def __init__(self, known: Known) -> None:
        self._media, self._site = known.media, imprint(known.site)
        self._names: Mapping[str, Mapping[str, Author | Category]] = {"category": known.categories, "author": known.authors}
        self._categories, self._authors = (
            {name for name, one in names.items() if name == one.id} for names in self._names.values()
        )

    def __call__(self, record: Record) -> bool:
        article, problems, _, named, _ = record.reading
        if record.site != self._site or article is None or (problems and record.reading.broken):
            return True
        if not (self._categories.issuperset(article.categories) and self._authors.issuperset(article.authors)):
            return True
        if named and any((entry := self._names[kind].get(name)) is None or entry.id != found for kind, name, found in named):
            return True
        return bool(record.media) and any(self._is_other(path, stamp) for path, stamp in record.media.items())

    def _is_other(self, path: str, stamp: Stamp) -> bool:
        self._media.trust(path, stamp)
        return self._media.stamp(path) != stamp
