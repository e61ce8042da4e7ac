"""Article files of a content folder, read incrementally. The last valid version of a broken file's article is used."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read
from feedsvc.content.file_signature import MISSING, NEVER, change_time, has_signature, nanoseconds_since_epoch
from feedsvc.content.folder.active import ActiveArticles, ArticleChange
from feedsvc.content.folder.addresses import AddressClaims, ArticleAddresses
from feedsvc.content.folder.article_records import ArticleRecords
from feedsvc.content.folder.file_names import misnamed_file_problems
from feedsvc.content.folder.file_state import ArticleFileState, file_state
from feedsvc.content.folder.invalidation import StalenessCheck
from feedsvc.content.folder.loader import PARALLEL_THRESHOLD, ArticleLoader, OnRead, ignore_progress
from feedsvc.content.markdown.text_store import TextStore
from feedsvc.content.reading.article import parse_article
from feedsvc.content.reading.context import References
from feedsvc.content.reading.redirects import MAX_REDIRECTS_SIZE, RuleText, rule_texts
from feedsvc.content.scan import ARTICLES_FOLDER, DirectoryScanner
from feedsvc.content.store import ContentStore, Record
from feedsvc.errors import Problem
from feedsvc.model import Article
from feedsvc.redirects import REDIRECTS_FILE, RedirectRules

# Two changes within a tick of the file system's clock leave one signature, so a file that changed so recently is read again.
_CLOCK_TICK: Final = timedelta(seconds=2)
_NO_PATHS: Final = frozenset[str]()
_LOG: Final = logging.getLogger(__name__)

ArticleChanges = Mapping[str, ArticleChange]  # by path of the file


class ArticleFiles:
    """Article files with their `records` and `active` articles. Only one thread at a time may use an object."""

    def __init__(self, root: Path, records: dict[str, Record], store: ContentStore | None = None) -> None:
        """Start with the `records` of an earlier run by path, sorted by path."""
        self._root, self._store = root, store
        self._text_reader = TextReader(root)
        self.texts = TextStore(store, self._text_reader.markdown)
        self.records = ArticleRecords(records)
        self._scanner = DirectoryScanner(root, ARTICLES_FOLDER, self.records.files)
        self.active = ActiveArticles(records)
        self._address_claims = AddressClaims()
        self._address_claims.update({path: (None, article) for path, article in self.active.articles.items()})
        self.waiting_files: frozenset[str] = frozenset()
        self._recent_files: set[str] = set()  # changed within a clock tick before they were read
        self._due, self._is_first = self.records.unsettled_paths, True
        self._suspects: set[str] = set()  # files whose stored text may be lost

    @property
    def active_articles(self) -> Mapping[str, Article]:
        """Articles that snapshots contain, by path of their file (see the module `active`). The mapping is immutable."""
        return self.active.articles

    @property
    def last_valid_paths(self) -> frozenset[str]:
        """Paths of files whose last valid version is active after an error, conflict or unreadable folder; and such folders."""
        disputed = (problem.path for problem in self.active.conflicts)
        folders = self._scanner.unreadable_folders
        unreadable = [path for path in self.active_articles if _is_below(path, folders)] if folders else []
        return frozenset(
            (
                *(path for path in (*self.records.broken, *disputed) if path in self.active_articles),
                *unreadable,
                *(folder for folder in folders if any(_is_below(path, (folder,)) for path in unreadable)),
            )
        )

    @property
    def folders(self) -> frozenset[str]:
        """Paths of articles/ and of all folders below it that the last scan could read."""
        return self._scanner.folders

    @property
    def problems(self) -> Iterator[Problem]:
        """Problems that are not those of one file's content: of folders, and of articles in conflict."""
        return chain(self._scanner.problems, self.active.conflicts)

    @property
    def addresses(self) -> ArticleAddresses:
        """Former addresses of the active articles."""
        return self._address_claims.addresses

    def address_problems(self, rules: RedirectRules) -> Iterator[Problem]:
        """Yield a problem for each former address that another article or one of the exact rules of redirects.yaml has."""

        @cache
        def texts() -> Mapping[str, RuleText]:
            data = safe_read.read_file(self._root, REDIRECTS_FILE, max_size=MAX_REDIRECTS_SIZE)
            return rule_texts(data) if isinstance(data, bytes) else {}

        def rule_line(address: str) -> int:
            return texts()[address].source_position[0] if address in texts() else 1

        return self._address_claims.problems(rules.exact, self._address_position, rule_line)

    def _address_position(self, path: str, address: str) -> tuple[int, int]:
        """Return line and column of a former address in an article's file; (1, 1) if the file does not have it any more."""
        reading = self.records.by_path[path].reading
        if not reading.article or address not in reading.article.addresses:
            return 1, 1
        index = 2 * (2 + len(reading.article.aliases) + reading.article.addresses.index(address))
        line, column = reading.positions[index : index + 2]
        return line, column

    def stale_files(self, references: References) -> frozenset[str]:
        """Return the files, with all broken ones, whose records may differ from a new reading with these settings and media."""
        is_stale = StalenessCheck(references)
        return frozenset([path for path, record in self.records.by_path.items() if is_stale(record)])

    def scan(self, scope: Iterable[str] | None) -> None:
        """Scan articles/ (None) or the paths `scope`. Files that changed or whose text was lost become due for `refresh`."""
        self._due = self._due.union(self._scanner.refresh(scope), self._recent_files)
        records = self.records.by_path
        for path in self.texts.take_lost_paths():
            if record := records.get(path):
                records[path] = record._replace(signature=None)  # to be read again
                self._suspects.add(path)
                self._due |= {path}

    def changed_since(self, moment: datetime) -> frozenset[str]:
        """Return the due files that changed after the moment, so that they may have to wait."""
        latest = nanoseconds_since_epoch(moment)
        return frozenset(path for path in self._due if self._state(path, latest) is ArticleFileState.WAITING)

    def _state(self, path: str, latest: float = NEVER, *, must_read: bool = False) -> ArticleFileState:
        """Return the state of a file as of the last scan; `latest` and `must_read` are as for `file_state`."""
        return file_state(
            path,
            self._scanner.files.get(path),
            self.records.by_path.get(path),
            changed_at=self._scanner.changed_at(path),
            latest=latest,
            must_read=must_read,
            is_unreadable=_is_below(path, self._scanner.unreadable_folders),
        )

    def refresh(
        self,
        stale: frozenset[str],
        waiting_files: frozenset[str],
        references: References,
        now: datetime | None,
        *,
        is_live: bool,
        on_read: OnRead = ignore_progress,
    ) -> ArticleChanges:
        """Read the `stale` files, and the due files (see `scan`) that changed. Return the changes of active articles by path.

        At first, these are the changes since the earlier run. A change is a former and a new article (None: no article), the
        same object twice if only its media may have changed.
        `waiting_files` are not read and remain due; if `is_live`, so do files that change meanwhile. Those that changed just
        before `now`, if given, become due again. `on_read` is called only if many are read.
        """
        self._text_reader.references = references
        due, must_read = self._files_to_check(stale), stale | self._recent_files
        states = {path: self._state(path, must_read=path in must_read) for path in due if path not in waiting_files}
        to_read = [path for path, state in states.items() if state is not ArticleFileState.UNCHANGED]
        records = self.records.by_path
        undetermined = {
            path for path in states if (record := records.get(path)) and not (record.is_active and record.last_active is None)
        }
        self.records.start_reading()
        loader = ArticleLoader(
            root=self._root,
            references=references,
            signatures=self._scanner.files,
            records=records,
            stale=stale,
            texts=self.texts,
            store=self._store,
        )
        loader.preload([path for path in to_read if states[path] is ArticleFileState.CHANGED], on_read)
        changing = {path for path in to_read if not self._read_file(path, states[path], loader, is_live=is_live)}
        self._due = self.waiting_files = frozenset(changing.union(waiting_files).intersection(due))
        recent_since = nanoseconds_since_epoch(now - _CLOCK_TICK) if now else NEVER
        read = (path for path in to_read if path not in changing)
        self._recent_files = {path for path in read if change_time(self._scanner.files.get(path, MISSING)) > recent_since}
        changes = self._update_active([path for path in due if path not in self.waiting_files], to_read, undetermined, stale)
        if _LOG.isEnabledFor(logging.DEBUG) and not self._is_first:
            self._log_states(states)
        self._is_first = False
        return changes

    def _update_active(
        self, checked: Iterable[str], read: Collection[str], undetermined: Collection[str], stale: frozenset[str]
    ) -> dict[str, ArticleChange]:
        """Update the active articles after the records of the files `checked`; return their changes by path.

        Of these files, `read` were read. The records of `undetermined` did not state that the own article is active.
        """
        changes = self.active.update(self.records.by_path, checked, self.records.is_new)
        self._suspects.update((*undetermined, *read) if self._is_first else ())
        self._drop_lost_versions(changes)
        changes |= self._last_valid_with_media(stale, changes)
        affected = {*changes, *self.records.changed, *read, *(undetermined if self._is_first else ())}
        if self._is_first and not self.active.are_all_active:
            affected.update(self.records.by_path)
        self.records.update_active_states(affected, self.active_articles)
        self._address_claims.update(changes)
        return changes

    def _log_states(self, states: Mapping[str, ArticleFileState]) -> None:
        """Log what was done with each file, one line a file: the story of a save, together with the line of the edition."""
        set_aside = {problem.path: problem.message for problem in self.active.conflicts}
        for path, state in states.items():
            errors = [problem for problem in self.records.problems.get(path, ()) if problem.severity == "error"]
            if path in self.waiting_files or state is not ArticleFileState.CHANGED:
                result = "waiting, it changed while it was read" if path in self.waiting_files else state.value
            elif path in set_aside:
                result = f"read, set aside ({set_aside[path]})"
            else:
                result = f"read, {len(errors)} error{'s' * (len(errors) != 1)}" if errors else "read, valid"
            shown = "its last valid version is shown" if path in self.active_articles else "it is not shown"
            _LOG.debug("%s: %s%s", path, result, f"; {shown}" if errors or path in set_aside else "")

    def _drop_lost_versions(self, changes: dict[str, ArticleChange]) -> None:
        """Drop active last valid versions whose text is lost, because they cannot be shown. Update `changes` accordingly."""
        active, records = self.active_articles, self.records.by_path
        suspects = self._suspects.difference(self.waiting_files)
        self._suspects -= suspects
        last_valid = [article for path in suspects if (article := active.get(path)) and records[path].last_active is article]
        for article in self.texts.find_missing(last_valid):
            self.records.drop_last_valid_version(article.path)
        dropped_paths = [article.path for article in last_valid if records[article.path].last_active is not article]
        self.texts.take_lost_paths()
        for path, (old, new) in self.active.update(records, dropped_paths).items() if dropped_paths else ():
            former, _ = changes.pop(path, (old, None))
            if former is not new:
                changes[path] = (former, new)

    def _last_valid_with_media(self, stale: Iterable[str], changes: ArticleChanges) -> ArticleChanges:
        """Return path -> (article, article) for stale files, not in `changes`, whose active last valid version has media."""
        active, records = self.active_articles, self.records.by_path
        articles = ((path, article) for path in stale if path not in changes and (article := active.get(path)) and article.media)
        return {path: (article, article) for path, article in articles if records[path].last_active is article}

    @property
    def is_recoverable(self) -> bool:
        """True if each record alone tells which article of its file is active, and no article has lost a conflict."""
        return not self.active.conflicts and self.records.are_conclusive(self.active_articles)

    def changes_since_load(self) -> tuple[tuple[Article, ...], tuple[Article, ...]] | None:
        """Return the active articles that the first `refresh` replaced or removed, and those that it made active.

        Call this after the first `refresh`. An unchanged article whose file was read again is in both. Return None if articles
        conflicted before or after it, because then the loaded records alone do not tell which of them was active.
        """
        if not self.records.were_conclusive() or not self.is_recoverable:
            return None
        return self.records.changes_of(self.active_articles)

    def _files_to_check(self, stale: frozenset[str]) -> list[str]:
        """Return the files that are due or stale.

        If they are many, the order is that of the records in memory, then that of the scan. Any other order takes twice the time.
        """
        records, files = self.records.by_path, self._scanner.files
        paths = self._due | stale
        if len(paths) < PARALLEL_THRESHOLD:
            return sorted(paths)
        new = paths.difference(records)
        return [path for path in records if path in paths] + [path for path in files if path in new] + [*new.difference(files)]

    def _read_file(self, path: str, state: ArticleFileState, loader: ArticleLoader, *, is_live: bool) -> bool:
        """Update the record of a file in this state. A misnamed file has problems only.

        Return False without a change if `is_live` and the file changed since the scan.
        """
        record = self.records.by_path.get(path)
        if state is ArticleFileState.CHANGED:
            record = loader.read_record(path)  # None if the file was deleted after the scan
            if is_live and not has_signature(self._root / path, self._scanner.files[path]):
                return False
        elif state is not ArticleFileState.UNREADABLE:
            record = None
        self.records.put(path, record, misnamed_file_problems(path) if state is ArticleFileState.MISNAMED else ())
        return True


class TextReader:
    """Reader of texts from article files. It does not refer to the text store, so that the store is freed with its last user."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.references: References | None = None

    def markdown(self, article: Article) -> str:
        """Return the Markdown that an article's file has now; "" if the file is broken or missing, or before a `refresh`."""
        data = safe_read.read_file(self._root, article.path)
        return parse_article(article.path, data, self.references).markdown if self.references and isinstance(data, bytes) else ""


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)
