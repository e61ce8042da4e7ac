"""Stored state of a content folder in its content store: loads it at the start, saves it after readings, and names it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from feedsvc.content.file_signature import FileSignature, signature_at
from feedsvc.content.folder.articles import ArticleFiles
from feedsvc.content.store import ContentStore, Record, StoredSetting, encode_record
from feedsvc.model import Article
from feedsvc.support.digest import blake2b, sha256


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """Stored state that the first reading of a folder started from, to update output that an earlier run made.

    `name` identifies the state; it is "" if the state has no name. `removed` are active articles of this state that the first
    reading replaced or removed, `added` those that it made active. An edited article is in both, as it was and as it is; so is
    an unchanged one whose file was only read again.
    """

    name: str
    removed: tuple[Article, ...] = ()
    added: tuple[Article, ...] = ()


def content_store_file(base_url: str, state: Path) -> Path:
    """Return the path of the content store for `base_url` ("": that of site.yaml) in the state folder; it need not exist."""
    return state / (f"articles-{sha256(base_url).hex()[:8]}.sqlite" if base_url else "articles.sqlite")


class StoredState:
    """State of one content folder in its content store, with the changes that are not saved yet."""

    def __init__(self, root: Path, store: ContentStore) -> None:
        """Load the last valid versions of settings and static pages from the store, which is open.

        `root` is the content folder. Records of articles are not loaded.
        """
        self._root, self._store = root, store
        self.settings: tuple[StoredSetting, ...] = tuple(store.load_settings())
        self._unsaved_records: dict[str, Record | None] = {}
        self._has_unsaved_settings = False
        self._is_new = self._is_pruned = False
        self._is_first_reading = False
        self._first_media: Mapping[str, FileSignature | None] = {}

    def load_records(self) -> dict[str, Record]:
        """Return all records of the store by path. A damaged store is made anew, if its folder can be written."""
        records = self._store.load_records()
        self._is_new = self._store.repair()
        self._is_pruned = not records
        return records

    def add_reading(
        self,
        changed_records: Mapping[str, Record | None],
        settings: Iterable[StoredSetting],
        first_media: Mapping[str, FileSignature | None] | None,
    ) -> None:
        """Add the result of a reading to the unsaved changes: changed records by path (None for a deleted one), all settings.

        `first_media` has the signatures of the media that settings and static pages refer to at the first reading; None at later
        ones.
        """
        self._unsaved_records |= changed_records
        self._has_unsaved_settings |= _by_kind_and_name(settings) != _by_kind_and_name(self.settings)
        self._is_first_reading = first_media is not None
        if first_media is not None:
            self._first_media = first_media

    def save(self, articles: ArticleFiles, settings: tuple[StoredSetting, ...]) -> None:
        """Save changed records, `settings` and texts for the next start.

        If writing fails, which raises an alert but no error, the next call tries again.
        """
        if self._store.repair() or self._is_new:
            self._unsaved_records = {**articles.records.by_path, **self._unsaved_records}
            self._has_unsaved_settings = True
            self._is_new = False
        articles.texts.flush()
        if not (self._unsaved_records or self._has_unsaved_settings):
            return
        records = {path: encode_record(record) if record else None for path, record in self._unsaved_records.items()}
        if self._store.store(records, settings if self._has_unsaved_settings else None):
            self._unsaved_records, self._has_unsaved_settings, self.settings = {}, False, settings
            self._prune_once(articles)

    def _prune_once(self, articles: ArticleFiles) -> None:
        """Prune the store once, after a write, so that a start without changes does not wait for it.

        A store that was empty at the start is not pruned, because it has hardly any unused texts.
        """
        if not self._is_pruned:
            self._is_pruned = True
            self._store.prune(articles.records.by_path)

    def baseline(self, articles: ArticleFiles) -> Baseline | None:
        """Return the Baseline of the first reading; None after later readings.

        Also None if articles conflicted before or after the first reading.
        """
        changes = articles.changes_since_load() if self._is_first_reading else None
        if changes is None:
            return None
        removed, added = changes
        return Baseline(name=_name(self._store.loaded_state, self._first_media), removed=removed, added=added)

    def name(self, articles: ArticleFiles, media: Iterable[str]) -> str:
        """Return the name of the state after the last reading. `media` are the paths that settings and static pages refer to.

        The name depends on the signatures of `media`, because no record of an article shows their changes. Return "" if not
        everything is saved, if articles conflict, if `media` or their signatures are not those of the first reading, or if
        another process wrote to the store.
        """
        if self._unsaved_records or self._has_unsaved_settings:
            return ""
        signatures = {path: signature_at(self._root / path) for path in media}
        is_nameable = signatures == self._first_media and articles.is_recoverable
        return _name(self._store.current_state(), signatures) if is_nameable else ""


def _by_kind_and_name(settings: Iterable[StoredSetting]) -> dict[tuple[str, str], StoredSetting]:
    return {(setting.kind, setting.name): setting for setting in settings}


def _name(store_state: str, media: Mapping[str, FileSignature | None]) -> str:
    """Return a name for the state `store_state` of the store with these signatures of media, by path; "" if it is ""."""
    facts = repr((store_state, sorted(media.items()))).encode("utf-8", "surrogateescape")
    return blake2b(facts).hex() if store_state else ""
