"""Invalidation: finds the stale records, those of files that must be read again even if they did not change."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from feedsvc.content.file_signature import FileSignature
from feedsvc.content.reading.context import References
from feedsvc.content.store import Record
from feedsvc.model import Author, Category, Site
from feedsvc.support.digest import blake2b


def settings_fingerprint(site: Site) -> str:
    """Return a fingerprint of the settings that the reading of articles and pages depends on.

    These are `base_url`, `id_domain`, `language`, `timezone` and `keep_metadata`.
    """
    return _fingerprint(site.base_url, site.id_domain, site.language, site.timezone, str(site.keep_metadata))


@lru_cache(maxsize=8)
def _fingerprint(*facts: str) -> str:
    return blake2b("\0".join(facts), size=8).hex()


class StalenessCheck:
    """Predicate of records: True if reading the record's file again may give another result, even if its bytes are the same.

    `references` has the present settings and media. It is True for every record without an article, with an error, or without a
    picture that is not sent.
    """

    def __init__(self, references: References) -> None:
        self._media, self._settings_fingerprint = references.media, settings_fingerprint(references.site)
        self._entries: Mapping[str, Mapping[str, Author | Category]] = {
            "category": references.categories,
            "author": references.authors,
        }
        self._category_ids, self._author_ids = (
            {name for name, entry in entries.items() if name == entry.id} for entries in self._entries.values()
        )

    def __call__(self, record: Record) -> bool:
        article, problems, _, alias_references, _ = record.reading
        if record.site != self._settings_fingerprint or article is None or (problems and record.reading.may_be_mended):
            return True
        if not (self._category_ids.issuperset(article.categories) and self._author_ids.issuperset(article.authors)):
            return True
        if alias_references and not all(self._has_alias(*reference) for reference in alias_references):
            return True
        return bool(record.media) and any(self._is_media_changed(path, signature) for path, signature in record.media.items())

    def _has_alias(self, kind: str, alias: str, entry_id: str) -> bool:
        entry = self._entries[kind].get(alias)
        return entry is not None and entry.id == entry_id

    def _is_media_changed(self, path: str, signature: FileSignature) -> bool:
        self._media.trust(path, signature)
        return self._media.signature(path) != signature
