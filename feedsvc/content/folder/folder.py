"""Content folder: reads a folder on disk into an immutable snapshot with all problems, then only the files that changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from feedsvc.content.file_signature import is_changed_since, signature_at
from feedsvc.content.folder.articles import ArticleFiles
from feedsvc.content.folder.file_names import paths_within, top_folder, unread_problems
from feedsvc.content.folder.file_state import WaitingFiles
from feedsvc.content.folder.free_files import FREE_FOLDERS, FreeFiles
from feedsvc.content.folder.loader import OnRead, ignore_progress
from feedsvc.content.folder.settings import Settings, check_folder, read_partial_site, read_settings, reuse_equal_objects
from feedsvc.content.folder.snapshot import ContentSnapshot
from feedsvc.content.folder.snapshot_builder import SnapshotBuilder
from feedsvc.content.folder.stored_state import Baseline, StoredState, content_store_file
from feedsvc.content.folder.theme_files import THEME_FOLDER, ThemeFolder
from feedsvc.content.media import MediaFolder
from feedsvc.content.reading.files import SETTINGS_FILES
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.content.store import ContentStore, StoredSetting
from feedsvc.errors import FeedsvcError, Problem
from feedsvc.model import Article
from feedsvc.support.alerts import Alerts

__all__ = [
    "ContentFolder",
    "ContentSnapshot",
    "FolderChange",
    "load_content",
    "open_content_folder",
]

_NO_TIME: Final = timedelta(0)
_NO_PATHS: Final = frozenset[str]()
MEDIA_FOLDER: Final = "media"
SCANNED_FOLDERS: Final = (ARTICLES_FOLDER, MEDIA_FOLDER, THEME_FOLDER, *FREE_FOLDERS)


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderChange:
    """Result of one reading: the snapshot, the articles that differ from the previous snapshot, and the files that wait.

    An edited article is in `removed` as it was and in `added` as it is. The same object is in both if only the article's media
    may have changed. Pass `waiting_files`, paths that may still be half written, to a later `read` as `changed_paths`.
    """

    content: ContentSnapshot
    removed: tuple[Article, ...] = ()
    added: Sequence[Article] = ()
    waiting_files: frozenset[str] = frozenset()


def open_content_folder(
    root: Path,
    base_url: str,
    state: Path,
    alerts: Alerts | None = None,
    *,
    on_read: OnRead = ignore_progress,
) -> ContentFolder:
    """Return the content folder, not read yet, with its content store in the state folder `state`, which is created if missing.

    `base_url`, unless "", replaces that of site.yaml, and has a store of its own, because links in articles are absolute.
    `alerts` gets an alert while the store cannot be written. `on_read` gets the progress of reading, as for
    `ContentFolder`. Raises FeedsvcError if the store's file cannot be used.
    """
    return ContentFolder(root, base_url, ContentStore(content_store_file(base_url, state), alerts=alerts), on_read=on_read)


def load_content(root: Path, base_url: str = "", on_read: OnRead = ignore_progress, *, is_check: bool = False) -> ContentSnapshot:
    """Read a content folder once, without a store, so that broken files have no last valid version. Nothing is written.

    `base_url`, unless "", replaces that of site.yaml. `on_read` gets the progress: files read so far, and files to read.
    Raises ContentError if the folder is missing or site.yaml is unusable. All other faults are problems of the snapshot; with
    `is_check`, those of a broken site.yaml, too, of which what is valid is used.
    """
    stored = (read_partial_site(root, base_url),) if is_check else ()
    return ContentFolder(root, base_url, on_read=on_read, stored_settings=stored).read().content


def sample_folder() -> Path:
    """Return the sample newsroom: the one in the installed package, or that of the repository. Raises FeedsvcError."""
    package = Path(__file__).parents[2]
    candidates = (package / "sample", package.parent / "content")
    folder = next((path for path in candidates if (path / "site.yaml").is_file()), None)
    if folder is None:
        raise FeedsvcError(f"{candidates[0]} is missing, so there is no sample newsroom; install feedsvc again")
    return folder


class ContentFolder:
    """Reader of one content folder. After the first reading, it reads only changed files. Only one thread may use it at a time.

    A broken file is replaced by its last valid version; with a store, also by that of an earlier run.
    """

    def __init__(
        self,
        root: Path,
        base_url: str = "",
        store: ContentStore | None = None,
        *,
        on_read: OnRead = ignore_progress,
        stored_settings: tuple[StoredSetting, ...] = (),
    ) -> None:
        """Prepare reading; `read` reads. `base_url`, unless "", replaces that of site.yaml.

        If the first reading has to read many
        files (`loader.PARALLEL_THRESHOLD`), it calls `on_read` again and again, with the number of files read so far and the
        number of files to read. `stored_settings` are last valid versions of settings, for a folder without `store`.
        """
        self._root, self._base_url, self._store = root, base_url, store
        self._on_read = on_read
        self._media = MediaFolder(root)
        self._theme = ThemeFolder(root)
        self._stored_state = StoredState(root, store) if store else None
        self._stored_settings = self._stored_state.settings if self._stored_state else stored_settings
        self._free_files = FreeFiles(root, self._stored_settings)
        self._settings: Settings | None = None
        self._unread_problems: tuple[Problem, ...] = ()
        self._snapshots = SnapshotBuilder(self._media, self._theme, self._free_files)
        self._content: ContentSnapshot | None = None
        self._waiting = WaitingFiles()
        self._changed_media: frozenset[str] = frozenset()  # changed files that no successful reading has processed yet

    @cached_property
    def _article_files(self) -> ArticleFiles:
        """Article files, created on first use, which loads the records of the store."""
        return ArticleFiles(self._root, self._stored_state.load_records() if self._stored_state else {}, self._store)

    @property
    def article_folders(self) -> frozenset[str]:
        """Paths in the content folder: articles/ and all folders below it that the last scan could read."""
        return self._article_files.folders

    def read(
        self, changed_paths: Iterable[str] | None = None, now: datetime | None = None, settle_time: timedelta = _NO_TIME
    ) -> FolderChange:
        """Scan everything or, if given, `changed_paths` (relative to the content folder), and read the files that changed.

        A path outside articles/, media/, theme/, pages/ and root/, such as site.yaml, stands for everything. With `now` and
        `settle_time`, a file that changed within that time before `now`, or while it is read, keeps its former content until a
        later reading, but at most a second; while a settings file does, nothing is read. Raises ContentError if folder or
        site.yaml is missing, or site.yaml was never valid; a later call can succeed.
        """
        check_folder(self._root)
        paths = None if changed_paths is None else frozenset(changed_paths)
        scope, is_live = scan_scope(paths), now is not None and bool(settle_time)
        self._article_files.scan(paths_within(scope, ARTICLES_FOLDER))
        self._free_files.scan(scope)
        waiting = self._waiting.select(self._changed_since(now - settle_time, scope), now) if now and is_live else _NO_PATHS
        if self._content and not waiting.isdisjoint(SETTINGS_FILES):
            return FolderChange(content=self._content, waiting_files=waiting | (paths or frozenset()))
        media = self._changed_media = self._changed_media | self._media.refresh(scope, waiting)
        previous = self._settings
        self._settings = None  # if site.yaml is unusable, check every file in the next reading
        settings = self._read_settings(previous, scope, media)
        may_media_appear = paths_within(scope, MEDIA_FOLDER) != frozenset()
        self._free_files.refresh(settings.references, waiting, media, may_media_appear=may_media_appear)
        changes = self._article_files.refresh(
            self._stale_files(settings, previous, media, scope),
            waiting,
            settings.references,
            now,
            is_live=is_live,
            on_read=ignore_progress if self._content else self._on_read,
        )
        self._changed_media = frozenset()
        self._theme.refresh(scope)
        if scope is None:
            self._unread_problems = unread_problems(self._root, SCANNED_FOLDERS)
        self._settings = settings
        media_paths = settings.media | self._free_files.media
        is_first = self._content is None
        first_media = {path: self._media.signature(path) for path in media_paths} if is_first else None
        self._content = self._snapshots.build(settings, self._article_files, changes, media, self._unread_problems)
        if self._stored_state:
            self._stored_state.add_reading(self._article_files.records.changed, self._settings_to_store, first_media)
        return FolderChange(
            content=self._content,
            removed=() if is_first else tuple(old for old, _ in changes.values() if old),
            added=self._content.articles if is_first else tuple(new for _, new in changes.values() if new),
            waiting_files=self._article_files.waiting_files | waiting,
        )

    def _changed_since(self, moment: datetime, scope: frozenset[str] | None) -> frozenset[str]:
        """Return the files that changed after the moment: those in `scope` that the last scan found changed, and settings."""
        media = self._media.changed_since(paths_within(scope, MEDIA_FOLDER), moment)
        names = SETTINGS_FILES if scope is None else ()
        # A missing one may be about to be replaced, if names in its folder changed.
        signatures = {name: signature_at(self._root / name) or signature_at(self._root) for name in names}
        settings = frozenset(name for name, signature in signatures.items() if is_changed_since(signature, moment))
        return self._article_files.changed_since(moment) | self._free_files.changed_since(moment) | media | settings

    @property
    def baseline(self) -> Baseline | None:
        """Stored state that the first reading started from; None after later readings, without store, or if articles conflict."""
        return self._stored_state.baseline(self._article_files) if self._stored_state else None

    @property
    def state_name(self) -> str:
        """Name of the stored state after the last reading. A later process may find it as the name of its `baseline`.

        "" if not everything is stored (call `save` first), without a store or after another process wrote to it, if articles
        conflict, or if media of the settings or of static pages changed since the first reading.
        """
        if not self._stored_state or not self._settings:
            return ""
        return self._stored_state.name(self._article_files, self._settings.media | self._free_files.media)

    def save(self) -> None:
        """Store records, settings and texts in the store, if any. If writing fails, the next call tries again."""
        if self._stored_state:
            self._stored_state.save(self._article_files, self._settings_to_store)

    @property
    def _settings_to_store(self) -> tuple[StoredSetting, ...]:
        return *self._stored_settings, *self._free_files.stored

    def _read_settings(self, previous: Settings | None, scope: frozenset[str] | None, media: frozenset[str]) -> Settings:
        """Return the current settings; `previous` itself if they did not change. `media` are the changed files in media/."""
        may_differ = (
            scope is None
            or previous is None
            or media & previous.media
            or (previous.problems and paths_within(scope, MEDIA_FOLDER))
        )
        if previous and not may_differ:
            return previous
        settings = read_settings(self._root, self._media, self._base_url, self._stored_settings)
        if previous and settings == previous:
            return previous
        self._stored_settings = tuple(settings.stored_settings.values())
        return reuse_equal_objects(settings, previous) if previous else settings

    def _stale_files(
        self, settings: Settings, previous: Settings | None, media: frozenset[str], scope: frozenset[str] | None
    ) -> frozenset[str]:
        """Return the article files that must be read again even if they did not change, because settings or media did."""
        if settings is not previous:
            return self._article_files.stale_files(settings.references)
        records = self._article_files.records
        may_media_differ = bool(media) or scope is None or bool(paths_within(scope, MEDIA_FOLDER))
        return records.files_using(media) | (records.files_to_mend if may_media_differ else frozenset())


def scan_scope(paths: frozenset[str] | None) -> frozenset[str] | None:
    """Return the paths as they are. Return None, for everything, if given None or a path outside SCANNED_FOLDERS."""
    return paths if paths is not None and all(top_folder(path) in SCANNED_FOLDERS for path in paths) else None
