"""Content folder: reads a folder on disk into an immutable snapshot with all problems, then reads only what changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from feedsvc.content.cache import ParseCache, Record, StoredSetting
from feedsvc.content.file_signature import FileSignature, signature_at
from feedsvc.content.folder import settings as registers
from feedsvc.content.folder import theme_files, unread_files
from feedsvc.content.folder.articles import ArticleChanges, ArticleFiles
from feedsvc.content.folder.baseline import Baseline, state_name
from feedsvc.content.folder.debounce import SETTINGS_FILES, WHOLE_SCAN, WriteDebouncer
from feedsvc.content.folder.settings import Settings
from feedsvc.content.folder.snapshot import ContentSnapshot
from feedsvc.content.media import MediaFolder
from feedsvc.content.reading import SITE_FILE
from feedsvc.content.scan import ARTICLES_FOLDER, BackgroundScan, start_scan
from feedsvc.errors import ContentError, FeedsvcError, Problem
from feedsvc.model import Article, Author, Category, MediaFile
from feedsvc.support import gc_control

__all__ = ["ContentFolder", "ContentSnapshot", "FolderChange", "load_content"]

_MEDIA_FOLDER: Final = "media"
_FOLDERS: Final = (ARTICLES_FOLDER, _MEDIA_FOLDER, theme_files.FOLDER)
_NO_TIME: Final = timedelta(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderChange:
    """Result of one reading: the snapshot, the articles that differ from the previous snapshot, and the postponed files.

    An edited article is in `removed` as it was and in `added` as it is. `unsettled_files` changed a moment ago and are
    to be read later.
    """

    content: ContentSnapshot
    removed: tuple[Article, ...] = ()
    added: tuple[Article, ...] = ()
    unsettled_files: frozenset[str] = frozenset()


def load_content(root: Path, base_url: str = "") -> ContentSnapshot:
    """Read a content folder once. `base_url`, unless "", replaces that of site.yaml.

    Raises ContentError if the folder is missing or site.yaml is unusable. All other faults are problems of the snapshot.
    """
    return ContentFolder(root, base_url).read().content


class ContentFolder:
    """Content folder and the results of reading it. Only one thread at a time may use it.

    With a cache, a broken file is replaced by its last valid version, also by that of an earlier run.
    """

    def __init__(
        self, root: Path, base_url: str = "", cache: ParseCache | None = None, scan: BackgroundScan | None = None
    ) -> None:
        """Prepare reading; `read` reads. `scan` is a background scan of the articles that the caller has just started."""
        self._root, self._base_url, self._cache = root, base_url, cache
        self._scan = scan
        self._media = MediaFolder(root)
        self._theme_folder = theme_files.ThemeFolder(root)
        self._stored_settings = self._saved_settings = tuple(cache.load_settings()) if cache else ()
        self._settings: Settings | None = None
        self._media_files: dict[str, MediaFile] = {}
        self._missing_media: set[str] = set()  # referenced files that do not exist
        self._unread_file_problems: tuple[Problem, ...] = ()
        self._first_change: FolderChange | None = None
        self._content: ContentSnapshot | None = None
        self._debouncer = WriteDebouncer(root)
        self._changed_media: frozenset[str] = frozenset()  # changed files that no successful reading has processed yet
        self._unsaved_records: dict[str, Record | None] = {}
        self._has_unsaved_settings = self._is_pruned = False
        self._has_baseline = self._is_cache_new = False
        self._settings_media: dict[str, FileSignature | None] = {}  # of the first reading

    @cached_property
    def _article_files(self) -> ArticleFiles:
        """Article files, created at the first scan. If the cache is large, a child scans while this process loads the records."""
        begun, self._scan = self._scan, None
        with gc_control.paused(), begun or (start_scan(self._root) if self._is_cache_large else nullcontext()) as ahead:
            found = self._cache.load_records() if self._cache else {}
            are_damaged = self._cache is not None and (self._cache.is_damaged or self._cache.is_rolled_back)
            if self._cache and self._cache.is_damaged:
                self._is_cache_new = self._cache.repair()
            self._is_pruned = not found
            try:
                seen = ahead() if ahead else None
            except FeedsvcError:  # the child was killed, so this process scans
                seen = None
            return ArticleFiles(self._root, found, self._cache, seen, are_damaged=are_damaged)

    def start_first_read(self, now: datetime, while_waiting: Callable[[], object]) -> None:
        """Do the first reading; the first call of `read` then returns its result. For callers that will render all articles.

        This process calls `while_waiting` while others scan the folder or read many files; if none does, it is not called.
        """
        with gc_control.paused():
            is_idle = self._scan is not None and self._scan.is_running and not self._is_cache_large
            if is_idle:
                while_waiting()
            self._article_files.texts.enlarge_caches()
            self._first_change = self._read(None, now, _NO_TIME, None if is_idle else while_waiting)

    @property
    def _is_cache_large(self) -> bool:
        """True if loading the cached records takes a while."""
        return self._cache is not None and self._cache.is_large

    def read(
        self, changed_paths: Iterable[str] | None = None, now: datetime | None = None, settle_time: timedelta = _NO_TIME
    ) -> FolderChange:
        """Scan everything or `changed_paths` (relative to the folder), and read the files that changed.

        If a file changed within `settle_time` before `now`, postpone the whole scan, so that a burst of saves makes one edition.
        After one second and ten scans, or after three seconds, postpone only files that still change. Raises ContentError if the
        folder or site.yaml is missing, or if no version of site.yaml was ever valid. The former content stays in use then.
        """
        begun, self._first_change = self._first_change, None
        return begun or self._read(changed_paths, now, settle_time)

    def _read(
        self,
        changed_paths: Iterable[str] | None,
        now: datetime | None,
        settle_time: timedelta,
        while_waiting: Callable[[], object] | None = None,
    ) -> FolderChange:
        if not os.path.isdir(self._root):
            message = f"no folder {self._root}; give the folder that holds {SITE_FILE}"
            raise ContentError(message, missing_message=f"the folder {self._root} is away")
        scope = _scope(changed_paths)
        restless = self._files_to_postpone(scope, now, settle_time)
        left = restless - {WHOLE_SCAN} | (scope if scope is not None else {SITE_FILE})
        if self._content and WHOLE_SCAN in restless:
            return FolderChange(content=self._content, unsettled_files=left)
        media = self._changed_media = self._changed_media | self._media.refresh(scope, restless)
        before, entries = self._settings, self._stored_settings
        self._settings = None  # if site.yaml is unusable, check every file in the next reading
        now_known = before if before and restless & set(SETTINGS_FILES) else self._read_settings(before, scope, media)
        if (
            self._content
            and now
            and settle_time
            and self._debouncer.are_settings_changing(now, were_read=now_known is not before)
        ):
            self._settings, self._stored_settings = before, entries
            return FolderChange(content=self._content, unsettled_files=left)
        outdated = self._stale_files(now_known, before, media, scope)
        moved = self._article_files.refresh(
            outdated, restless, now_known.references, now, postpone_changing=bool(settle_time), while_waiting=while_waiting
        )
        self._changed_media = frozenset()
        self._theme_folder.refresh(scope)
        self._unread_file_problems = (
            unread_files.unread_file_problems(self._root) if scope is None else self._unread_file_problems
        )
        self._settings = now_known
        self._has_baseline = self._cache is not None and self._content is None
        if self._has_baseline:
            self._settings_media = {path: self._media.signature(path) for path in now_known.media}
        self._content = self._build_snapshot(now_known, moved, media)
        self._unsaved_records |= self._article_files.changed_records
        self._has_unsaved_settings |= now_known is not before and _by_kind_and_name(self._stored_settings) != _by_kind_and_name(
            self._saved_settings
        )
        return FolderChange(
            content=self._content,
            removed=tuple(old for old, _ in moved.values() if old),
            added=tuple(new for _, new in moved.values() if new),
            unsettled_files=self._article_files.unsettled_files | restless,
        )

    def _files_to_postpone(self, scope: frozenset[str] | None, now: datetime | None, quiet: timedelta) -> frozenset[str]:
        """Scan the articles and return the files to postpone."""
        self._article_files.scan(_paths_within(scope, ARTICLES_FOLDER))
        if now is None or not quiet:
            return frozenset()

        def young(moment: datetime) -> frozenset[str]:
            return self._article_files.changed_since(moment) | self._media.changed_since(
                _paths_within(scope, _MEDIA_FOLDER), moment
            )

        return self._debouncer.files_to_postpone(self._article_files.missing_files, young, now, quiet)

    @property
    def baseline(self) -> Baseline | None:
        """Baseline of the first reading; None if it is unknown, and after later readings."""
        if not self._cache or not self._has_baseline:
            return None
        return self._article_files.baseline(state_name(self._cache.loaded_state, self._settings_media))

    @property
    def state_name(self) -> str:
        """Name of the stored state after the last reading. A later process may find it as the name of its `baseline`.

        "" if not everything is stored, or if media of the settings, which all pages may show, changed since the first reading.
        """
        if not self._cache or not self._settings or self._unsaved_records or self._has_unsaved_settings:
            return ""
        now = {path: signature_at(self._root / path) for path in self._settings.media}
        return (
            state_name(self._cache.current_state(), now)
            if now == self._settings_media and self._article_files.is_recoverable
            else ""
        )

    def save(self) -> None:
        """Store records, settings and texts for the next start. If writing fails, the next call tries again."""
        if self._cache is None:
            return
        if self._cache.repair() or self._is_cache_new:
            self._unsaved_records, self._has_unsaved_settings = {**self._article_files.records, **self._unsaved_records}, True
            self._is_cache_new = False
        self._article_files.texts.flush()
        if not (self._unsaved_records or self._has_unsaved_settings):
            return
        if self._cache.store(self._unsaved_records, self._stored_settings if self._has_unsaved_settings else None):
            self._unsaved_records, self._has_unsaved_settings, self._saved_settings = {}, False, self._stored_settings
            self._prune_once(self._cache)

    def _prune_once(self, records: ParseCache) -> None:
        """Prune the cache once, after a write, so that a start without changes does not wait for it.

        A cache that was empty at the start is not pruned, because it has hardly any obsolete rows.
        """
        if not self._is_pruned:
            self._is_pruned = True
            records.prune(self._article_files.records)

    def _read_settings(self, before: Settings | None, scope: frozenset[str] | None, media: frozenset[str]) -> Settings:
        """Return the current settings; `before` itself if they did not change."""
        doubted = (
            scope is None or before is None or media & before.media or (before.problems and _paths_within(scope, _MEDIA_FOLDER))
        )
        if before and not doubted:
            return before
        read = registers.read_settings(self._root, self._media, self._base_url, self._stored_settings)
        if before and read == before:
            return before
        self._stored_settings = tuple(read.stored_settings.values())
        return registers.reuse_equal_objects(read, before) if before else read

    def _stale_files(
        self, now: Settings, before: Settings | None, media: frozenset[str], scope: frozenset[str] | None
    ) -> frozenset[str]:
        """Return the article files that must be read again although they did not change themselves."""
        if now is not before:
            return self._article_files.stale_files(now.references)
        new = bool(media) or scope is None or bool(_paths_within(scope, _MEDIA_FOLDER))
        return self._article_files.files_using(media) | (self._article_files.broken_files if new else frozenset())

    def _build_snapshot(self, now: Settings, moved: ArticleChanges, media: frozenset[str]) -> ContentSnapshot:
        before = self._content
        standing_in = self._article_files.last_valid_paths
        problems = (*now.problems, *self._article_files.problems, *self._theme_folder.problems, *self._unread_file_problems)
        categories, authors = self._active_entries(now, standing_in)
        return ContentSnapshot(
            site=now.references.site,
            categories=categories,
            authors=authors,
            articles=tuple(self._article_files.active_articles.values()) if moved or not before else before.articles,
            media=self._referenced_media(now, moved, media),
            theme=self._theme_folder.files,
            problems=tuple(sorted(problems)),
            last_valid_paths=standing_in | now.last_valid_paths,
            texts=self._article_files.texts,
        )

    def _active_entries(self, now: Settings, standing_in: Iterable[str]) -> tuple[Mapping[str, Category], Mapping[str, Author]]:
        """Return the current categories and authors, and those that only last valid versions of articles refer to."""
        categories, authors = dict(now.references.categories), dict(now.references.authors)
        for article in (
            self._article_files.active_articles[path] for path in standing_in if path in self._article_files.active_articles
        ):
            categories |= {
                name: one for name in article.categories if isinstance(one := now.last_valid("category", name), Category)
            }
            authors |= {name: one for name in article.authors if isinstance(one := now.last_valid("author", name), Author)}
        before = self._content
        if before and before.categories == categories and before.authors == authors:
            return before.categories, before.authors
        return categories, authors

    def _referenced_media(self, now: Settings, moved: ArticleChanges, media: frozenset[str]) -> Mapping[str, MediaFile]:
        """Return all referenced media files that exist, by path; the same mapping if nothing in it changed."""
        before = self._content
        changed = {path for pair in moved.values() for one in pair if one for path in one.media} | media | now.media
        for path in changed | self._missing_media:
            self._media_files.pop(path, None)
            self._missing_media.discard(path)
            if path in now.media or self._article_files.files_using((path,)):
                self._missing_media.add(path)
                with suppress(ValueError):
                    self._media_files[path] = self._media.file(path)
                    self._missing_media.discard(path)
        return before.media if before and before.media == self._media_files else dict(self._media_files)


def _by_kind_and_name(entries: Iterable[StoredSetting]) -> dict[tuple[str, str], StoredSetting]:
    return {(entry.kind, entry.name): entry for entry in entries}


def _scope(touched: Iterable[str] | None) -> frozenset[str] | None:
    """Return the touched paths; None (scan everything) if `touched` is None or a path is outside articles/, media/ and theme/."""
    paths = None if touched is None else frozenset(touched)
    return paths if paths is not None and all(PurePosixPath(path).parts[:1] in _TOP_FOLDERS for path in paths) else None


def _paths_within(scope: frozenset[str] | None, top: str) -> frozenset[str] | None:
    return None if scope is None else frozenset(path for path in scope if PurePosixPath(path).parts[0] == top)


_TOP_FOLDERS: Final = tuple((part,) for part in _FOLDERS)
