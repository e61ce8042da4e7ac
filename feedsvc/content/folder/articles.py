"""Article files of a content folder, read incrementally. A broken file is replaced by its last valid version."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read
from feedsvc.content.cache import Interner, ParseCache, Record
from feedsvc.content.file_signature import MISSING, NEVER, change_time, is_changed_since, nanoseconds_since_epoch, signature_at
from feedsvc.content.folder.active import ActiveArticles
from feedsvc.content.folder.baseline import Baseline
from feedsvc.content.folder.invalidation import StalenessCheck
from feedsvc.content.folder.loader import PARALLEL_THRESHOLD, ArticleLoader
from feedsvc.content.markdown import TextStore
from feedsvc.content.reading import References, parse_article
from feedsvc.content.scan import ARTICLES_FOLDER, DirectoryScanner, ScanResult
from feedsvc.errors import Problem
from feedsvc.model import Article

_SUFFIXES: Final = (".yaml", ".md")
SUFFIX_CORRECTIONS: Final = {".yaml": ".yaml", ".yml": ".yaml", ".md": ".md", ".markdown": ".md", ".mdown": ".md"}
# Two changes within a tick of the file system's clock leave one signature, so a file that changed so recently is read again.
_CLOCK_TICK: Final = timedelta(seconds=2)

_NO_PATHS: Final = frozenset[str]()
_ABSENT: Final = object()

ArticleChanges = Mapping[str, tuple[Article | None, Article | None]]


class ArticleFiles:
    """Article files with their records and active articles. Only one thread at a time may use it."""

    def __init__(
        self,
        root: Path,
        records: Mapping[str, Record],
        cache: ParseCache | None = None,
        prefetched: ScanResult | None = None,
        *,
        are_damaged: bool = False,
    ) -> None:
        """Start with the `records` of an earlier run. `prefetched` is the result of a scan of articles/ from just now.

        If `are_damaged`, some records are missing and others may be outdated. The first `scan` then drops the records, last valid
        versions included, of files that changed since they were recorded.
        """
        self._root, self._cache = root, cache
        self._text_reader = _TextReader(root)
        self.texts = TextStore(cache, self._text_reader.markdown)
        self._interner = Interner()
        self._scanner = DirectoryScanner(
            root, ARTICLES_FOLDER, {path: record.signature for path, record in records.items() if record.signature}, prefetched
        )
        self._active = ActiveArticles()
        self.records: dict[str, Record] = dict(records)
        self.changed_records: dict[str, Record | None] = {}
        self._previous_records: dict[str, Record | None] = {}  # previous records of those that a reading changed
        self.unsettled_files: frozenset[str] = frozenset()
        self._recent_files: set[str] = set()
        self._due, self._is_first = _NO_PATHS, True
        self._are_records_damaged, self._dropped_paths = are_damaged, set[str]()
        self._suspects: set[str] = set()  # files whose stored text may be lost
        self._problems_by_path: dict[str, tuple[Problem, ...]] = {}
        self._paths_by_media: dict[str, set[str]] = defaultdict(set)

    @property
    def active_articles(self) -> Mapping[str, Article]:
        """Active article of each file, by path."""
        return self._active.articles

    @property
    def last_valid_paths(self) -> frozenset[str]:
        """Paths of files and unreadable folders with a problem whose last valid versions are active."""
        told = (path for path, problems in self._problems_by_path.items() if any(one.severity == "error" for one in problems))
        disputed = (problem.path for problem in self._active.conflicts)
        closed = self._scanner.unreadable_folders
        unread = [path for path in self.active_articles if _is_below(path, closed)] if closed else []
        return frozenset(
            (*(path for path in (*told, *disputed) if path in self.active_articles), *unread, *(closed if unread else ()))
        )

    @property
    def problems(self) -> Iterator[Problem]:
        for problems in self._problems_by_path.values():
            yield from problems
        yield from self._scanner.problems
        yield from self._active.conflicts

    @property
    def broken_files(self) -> frozenset[str]:
        return frozenset(path for path in self._problems_by_path if path in self.records and self.records[path].reading.is_broken)

    def files_using(self, media: Iterable[str]) -> frozenset[str]:
        """Return the article files that refer to any of these media files."""
        return frozenset().union(*(self._paths_by_media[path] for path in media if path in self._paths_by_media))

    def stale_files(self, known: References) -> frozenset[str]:
        """Return the article files that may give another result than recorded with these settings or the current media."""
        outdated = StalenessCheck(known)
        return frozenset([path for path, record in self.records.items() if outdated(record)])

    def scan(self, scope: Iterable[str] | None) -> None:
        """Scan everything or `scope`. Changed files become due: the next `refresh` checks them. The first one checks all."""
        self._due = self._due.union(self._scanner.refresh(scope), self._recent_files)
        if self._are_records_damaged:
            files, self._are_records_damaged = self._scanner.files, False
            self._dropped_paths = {path for path, record in self.records.items() if record.signature != files.get(path)}
            for path in self._dropped_paths:
                del self.records[path]
        for path in self.texts.take_lost_paths():
            if record := self.records.get(path):
                self.records[path] = replace(record, signature=None)  # to be read again
                self._suspects.add(path)
                self._due |= {path}

    def changed_since(self, moment: datetime) -> frozenset[str]:
        """Return the files due (see `scan`), and the folders of the last scan, that changed since the moment."""
        return self._scanner.folders_changed_since(moment).union(
            [path for path in self._all_due if self._is_changed_since(path, moment)]
        )

    @property
    def missing_files(self) -> frozenset[str]:
        """Files due (see `scan`) that do not exist."""
        files, due = self._scanner.files, self._all_due
        if len(due) < PARALLEL_THRESHOLD:  # a search through all files would take longer
            return frozenset([path for path in due if files.get(path, MISSING) == MISSING])
        return (due - files.keys()).union(
            [path for path in due if files.get(path) == MISSING] if MISSING in files.values() else ()
        )

    @property
    def _all_due(self) -> frozenset[str]:
        """Files due; before the first reading also all with records, because some may have been deleted while no process ran."""
        return self._due.union(self.records) if self._is_first else self._due

    def refresh(
        self,
        stale: frozenset[str],
        unsettled_files: frozenset[str],
        references: References,
        now: datetime | None,
        *,
        postpone_changing: bool,
        while_waiting: Callable[[], object] | None = None,
    ) -> ArticleChanges:
        """Read due (see `scan`) and stale files. Return the former and the new active article of each path where they differ.

        `unsettled_files` are postponed; with `postpone_changing`, also files that change while they are read. Afterwards
        `changed_records` holds the records that changed. `while_waiting` is as for `ArticleLoader.preload`.
        """
        self._text_reader.references = references
        due, young, left = self._files_to_check(stale), self._recent_files, set(unsettled_files)
        self._recent_files, self.changed_records, self._previous_records = set(), {}, {}
        unread, unsettled = self._files_to_read(due, unsettled_files, stale, young)
        fetching = ArticleLoader(
            root=self._root,
            references=references,
            signatures=self._scanner.files,
            records=self.records,
            stale=stale,
            texts=self.texts,
            cache=self._cache,
            interner=self._interner,
        )
        fetching.preload([path for path in unread if is_article_path(path)], while_waiting)
        lately = nanoseconds_since_epoch(now - _CLOCK_TICK) if now else NEVER
        for path in unread:
            if not self._read_file(path, fetching, postpone_changing=postpone_changing):
                left.add(path)
            elif change_time(self._scanner.files.get(path, MISSING)) > lately:
                self._recent_files.add(path)
        self._due = self.unsettled_files = frozenset(left.intersection(due))
        settled = [path for path in due if path not in left] if left else due
        moved = self._active.update(self.records, settled, self._is_new)
        self._suspects.update((*unsettled, *unread) if self._is_first else ())
        self._drop_lost_versions(moved, left)
        moved |= self._last_valid_with_media(stale, moved)
        # At first all articles are changes. But without conflicts, the records already tell which of them are active.
        are_all_in_force = self._active.are_all_active
        noted = {*(unsettled if self._is_first and are_all_in_force else moved), *(() if are_all_in_force else unread)}
        self._update_active_states((*noted, *(self.changed_records.keys() - noted)))
        self.changed_records |= dict.fromkeys(self._dropped_paths.difference(self.records))
        self._dropped_paths, self._is_first = set(), False
        return moved

    def _drop_lost_versions(self, moved: dict[str, tuple[Article | None, Article | None]], left: Collection[str]) -> None:
        """Drop last valid versions whose text is lost, because they cannot be shown. Update `moved` accordingly."""
        standing, suspects = self.active_articles, self._suspects.difference(left)
        self._suspects -= suspects
        found = [article for path in suspects if (article := standing.get(path)) and self.records[path].good is article]
        for article in self.texts.find_missing(found):
            record = self.records[article.path]
            self._previous_records.setdefault(article.path, record)
            self.records[article.path] = self.changed_records[article.path] = record.as_never_active()
            self._update_media_users(article.path, record, self.records[article.path])
        lost = [article.path for article in found if self.records[article.path].good is not article]
        self.texts.take_lost_paths()
        for path, (old, new) in self._active.update(self.records, lost).items() if lost else ():
            was = moved.pop(path, (old, None))[0]
            if was is not new:
                moved[path] = (was, new)

    def _is_new(self, path: str) -> bool:
        """Return whether this reading read the file for the first time."""
        return self._previous_records.get(path, _ABSENT) is None

    def _last_valid_with_media(self, outdated: Iterable[str], moved: ArticleChanges) -> ArticleChanges:
        """Return active last valid versions of stale files, as changes from an object to itself: their media may differ."""
        standing, records = self.active_articles, self.records
        found = ((path, article) for path in outdated if path not in moved and (article := standing.get(path)) and article.media)
        return {path: (article, article) for path, article in found if records[path].good is article}

    @property
    def is_recoverable(self) -> bool:
        """True if each record alone tells which article of its file is active."""
        standing = self.active_articles
        told = (record.stood or record.good is None or standing.get(path) is record.good for path, record in self.records.items())
        return not self._active.conflicts and all(told)

    def baseline(self, name: str) -> Baseline | None:
        """Return the stored state `name` with the changes of active articles that the first reading made.

        Return None if articles conflicted, because the records alone do not tell which of them was active.
        """
        earlier = (record for record in {**self.records, **self._previous_records}.values() if record)
        if any(record.reading.article and not record.stood for record in earlier) or not self.is_recoverable:
            return None
        old = (record.last_valid for record in self._previous_records.values() if record)
        new = (self.active_articles.get(path) for path in self._previous_records)
        return Baseline(name=name, removed=tuple(filter(None, old)), added=tuple(filter(None, new)))

    def _files_to_check(self, outdated: frozenset[str]) -> list[str]:
        """Return the files that are due or stale.

        If they are many, the order is that of the records in memory, then that of the scan. Any other order takes twice the time.
        """
        known, found = self.records, self._scanner.files
        if self._is_first:
            return [*known, *(path for path in found if path not in known)]
        paths = self._due | outdated
        if len(paths) < PARALLEL_THRESHOLD:
            return list(paths)
        new = paths.difference(known)
        return [path for path in known if path in paths] + [path for path in found if path in new] + [*new.difference(found)]

    def _is_changed_since(self, path: str, moment: datetime) -> bool:
        return is_changed_since(self._scanner.files.get(path), moment)

    def _files_to_read(
        self, due: Iterable[str], restless: frozenset[str], outdated: frozenset[str], young: set[str]
    ) -> tuple[list[str], set[str]]:
        """Return the files that must be read, and those whose record is not `stood` or has a `good` article.

        Skip `restless` (unsettled) ones. Register the problems and media of the record of each file that need not be read.
        """
        records, files, told = self.records, self._scanner.files, self._problems_by_path
        unread, unsettled = list[str](), set[str]()
        for path in due:
            if path in restless:
                continue
            record = records.get(path)
            if record is None or record.signature != files.get(path) or path in outdated or path in young:
                unread.append(path)
            elif record.reading.problems or record.media or record.good or path in told:
                self._set_record(path, record, record)
            if record and not (record.stood and record.good is None):
                unsettled.add(path)
        return unread, unsettled

    def _read_file(self, path: str, fetching: ArticleLoader, *, postpone_changing: bool) -> bool:
        """Read a file if it exists and is an article. Return False if `postpone_changing` and it changed meanwhile."""
        stamp, before = self._scanner.files.get(path), self.records.get(path)
        if stamp is None and before and _is_below(path, self._scanner.unreadable_folders):
            self._set_record(path, before, before)
            return True
        if stamp is None or not is_article_path(path):
            self._set_record(path, before, None, misnamed_problems(path) if stamp else ())
            return True
        record = fetching.read_record(path)
        if postpone_changing and signature_at(self._root / path) != stamp:
            return False
        # None if the file was deleted after the scan.
        self._set_record(path, before, record)
        return True

    def _set_record(self, path: str, before: Record | None, record: Record | None, misnamed: tuple[Problem, ...] = ()) -> None:
        self._update_media_users(path, before, record)
        if problems := record.reading.problems if record else misnamed:
            self._problems_by_path[path] = problems
        elif self._problems_by_path:
            self._problems_by_path.pop(path, None)
        if record is before:
            return
        self._previous_records.setdefault(path, before)
        if before or record is None or not record.stood:  # the loader has stored new active records already
            self.changed_records[path] = record
        if record:
            self.records[path] = record
        else:
            del self.records[path]

    def _update_media_users(self, path: str, before: Record | None, record: Record | None) -> None:
        """Update which files use which media: those of the file's article and of its last valid version."""
        now, was = _media_paths(record), _media_paths(before)
        if not now and not was:
            return
        for media in was - now:
            self._paths_by_media[media].discard(path)
        for media in now:
            self._paths_by_media[media].add(path)

    def _update_active_states(self, paths: Iterable[str]) -> None:
        """Record for each path whether the file's own article is active. If not, its last valid version is kept."""
        records, standing = self.records, self.active_articles
        for path in paths:
            if (record := records.get(path)) is None:
                continue
            article, good = record.reading.article, record.good
            stands = article is not None and standing.get(path) is article
            if stands != record.stood or (stands and good):
                # A new article that loses a conflict was never active.
                noted = (
                    record.as_never_active() if self._is_new(path) and not stands else record.with_active_state(is_active=stands)
                )
                self._previous_records.setdefault(path, record)
                records[path] = self.changed_records[path] = noted
                if good or noted.good:
                    self._update_media_users(path, record, noted)


class _TextReader:
    """Reader of texts from article files. It must not refer to the text store, so that this is freed with its last user."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.references: References | None = None

    def markdown(self, article: Article) -> str:
        """Return an article's Markdown from its file, "" if the file is broken or missing."""
        data = safe_read.read_file(self._root, article.path)
        return parse_article(article.path, data, self.references).markdown if self.references and isinstance(data, bytes) else ""


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)


def is_article_path(path: str) -> bool:
    return path.endswith(_SUFFIXES)


def misnamed_problems(path: str) -> tuple[Problem, ...]:
    """Return a problem if a file is not read but its suffix, like .yml or .MD, suggests an article; otherwise ()."""
    ending = os.path.splitext(path)[1]
    if ending.lower() not in SUFFIX_CORRECTIONS:
        return ()
    hint = f"rename it to end in {SUFFIX_CORRECTIONS[ending.lower()]}"
    return (Problem(path=path, message=f"articles end in {' or '.join(_SUFFIXES)}", hint=hint),)


def _media_paths(record: Record | None) -> frozenset[str]:
    own, good = (record.reading.article, record.good) if record else (None, None)
    return frozenset((*(own.media if own else ()), *(good.media if good else ()))) if good or (own and own.media) else _NO_PATHS
