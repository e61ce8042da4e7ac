"""Records of article files over successive readings: their problems, their media, and what each reading changed.

A reading is one pass over the content folder that reads the changed files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final

from feedsvc.content.folder.snapshot import NO_PROBLEMS, ProblemList
from feedsvc.content.scan import FolderFiles, files_by_folder
from feedsvc.content.store import Record
from feedsvc.errors import Problem
from feedsvc.model import Article

_NO_PATHS: Final = frozenset[str]()
_UNCHANGED: Final = object()


class ArticleRecords:
    """Records by path (`by_path`), with the problems of their files and the changes of the current reading.

    `problems` has the problems of each file that has any, by path; `broken` are the paths of those with an error. `changed` has,
    by path, the records that the current reading changed and that must be stored; None stands for a deleted record. New records
    of active articles are not in it: `ArticleLoader` stores them.
    """

    def __init__(self, records: dict[str, Record]) -> None:
        """Start with the records of an earlier run, sorted by path."""
        self.by_path = records
        self.problems: dict[str, tuple[Problem, ...]] = {}
        self.broken: set[str] = set()
        self._sorted_problems = NO_PROBLEMS
        self._former_problems: dict[str, tuple[Problem, ...]] = {}  # in `_sorted_problems`, of files that have others now
        self.changed: dict[str, Record | None] = {}
        self._previous: dict[str, Record | None] = {}  # records before the reading, of the paths that it changed
        self._paths_by_media: dict[str, set[str]] = defaultdict(set)
        for path, record in records.items():
            self._set_problems(path, record.reading.problems)
            if media := _media_paths(record):
                self._update_media_index(path, _NO_PATHS, media)

    def start_reading(self) -> None:
        """Begin a new reading, which is then the current one: forget what the previous one changed."""
        self.changed, self._previous = {}, {}

    @property
    def files(self) -> dict[str, FolderFiles]:
        """Files whose record has a signature, by folder."""
        return files_by_folder((path, record.signature) for path, record in self.by_path.items() if record.signature)

    @property
    def unsettled_paths(self) -> frozenset[str]:
        """Paths of the records that are not settled (`Record.is_settled`)."""
        return frozenset([path for path, record in self.by_path.items() if not record.is_settled])

    def put(self, path: str, record: Record | None, name_problems: tuple[Problem, ...] = ()) -> None:
        """Set the record of a path, and register the problems and media of the record in place of the former ones.

        If `record` is None, delete the record of the path; the file then has the problems `name_problems`, which are ignored
        otherwise.
        """
        previous = self.by_path.get(path)
        self._update_media_index(path, _media_paths(previous), _media_paths(record))
        self._set_problems(path, record.reading.problems if record else name_problems)
        if record is previous:
            return
        self._previous.setdefault(path, previous)
        if previous or record is None or not record.is_active:  # the loader has stored new active records already
            self.changed[path] = record
        if record:
            self.by_path[path] = record
        else:
            del self.by_path[path]

    def _set_problems(self, path: str, problems: tuple[Problem, ...]) -> None:
        if problems == (former := self.problems.get(path, ())):
            return
        self._former_problems.setdefault(path, former)
        if problems:
            self.problems[path] = problems
        else:
            del self.problems[path]
        is_broken = any(problem.severity == "error" for problem in problems)
        (self.broken.add if is_broken else self.broken.discard)(path)

    @property
    def sorted_problems(self) -> ProblemList:
        """The problems of all files, sorted."""
        removed = [*chain.from_iterable(self._former_problems.values())]
        added = [*chain.from_iterable(self.problems.get(path, ()) for path in self._former_problems)]
        self._former_problems = {}
        self._sorted_problems = self._sorted_problems.apply_changes(removed, added)
        return self._sorted_problems

    def drop_last_valid_version(self, path: str) -> None:
        """Replace the record of a path by one without a last valid version, whose own article counts as never active."""
        self._replace(path, self.by_path[path], self.by_path[path].as_never_active())

    def update_active_states(self, paths: Iterable[str], active_articles: Mapping[str, Article]) -> None:
        """Update each path's record: whether the file's own article is active, and if not, the file's last valid version.

        Paths without a record are skipped.
        """
        for path in paths:
            if (record := self.by_path.get(path)) is None:
                continue
            article = record.reading.article
            is_active = article is not None and active_articles.get(path) is article
            if is_active != record.is_active or (is_active and record.last_active):
                # A new article that loses a conflict was never active.
                was_never_active = not is_active and self.is_new(path)
                new = record.as_never_active() if was_never_active else record.with_active_state(is_active=is_active)
                self._replace(path, record, new)

    def _replace(self, path: str, record: Record, new: Record) -> None:
        self._previous.setdefault(path, record)
        self.by_path[path] = self.changed[path] = new
        if record.last_active or new.last_active:
            self._update_media_index(path, _media_paths(record), _media_paths(new))

    def is_new(self, path: str) -> bool:
        """Return whether the current reading gave the path its first record."""
        return self._previous.get(path, _UNCHANGED) is None

    @property
    def files_to_mend(self) -> frozenset[str]:
        """Paths of the files with a record that has a problem which another file may cause."""
        return frozenset(path for path in self.problems if path in self.by_path and self.by_path[path].reading.may_be_mended)

    def files_using(self, media: Iterable[str]) -> frozenset[str]:
        """Return the paths of article files whose own article or last valid version refers to any of these media files."""
        return frozenset().union(*(self._paths_by_media[path] for path in media if path in self._paths_by_media))

    def _update_media_index(self, path: str, previous_media: frozenset[str], media: frozenset[str]) -> None:
        """Update the index of `files_using` after a change of the media that a path's record refers to."""
        if not media and not previous_media:
            return
        for media_path in previous_media - media:
            self._paths_by_media[media_path].discard(path)
        for media_path in media:
            self._paths_by_media[media_path].add(path)

    def are_conclusive(self, active_articles: Mapping[str, Article]) -> bool:
        """Return whether each record alone tells which article of its file is active.

        That is the file's own article, its last valid version, or none.
        """
        return all(
            record.is_active or record.last_active is None or active_articles.get(path) is record.last_active
            for path, record in self.by_path.items()
        )

    def were_conclusive(self) -> bool:
        """Return whether, before the current reading, each record alone told which article of its file was active."""
        unchanged = (record for path, record in self.by_path.items() if path not in self._previous)
        return all(
            record.is_active or not record.reading.article for record in chain(unchanged, self._previous.values()) if record
        )

    def changes_of(self, active_articles: Mapping[str, Article]) -> tuple[tuple[Article, ...], tuple[Article, ...]]:
        """Return (former articles, active articles) of the paths whose records the current reading changed.

        Missing ones are left out. The former ones are the last valid versions (`Record.last_valid`) in the records before the
        reading. An article is in both if only other parts of its record changed, such as the signature of its file.
        """
        old = (record.last_valid for record in self._previous.values() if record)
        new = (active_articles.get(path) for path in self._previous)
        return tuple(filter(None, old)), tuple(filter(None, new))


def _media_paths(record: Record | None) -> frozenset[str]:
    article, last_valid = (record.reading.article, record.last_active) if record else (None, None)
    if not last_valid and not (article and article.media):
        return _NO_PATHS
    return frozenset((*(article.media if article else ()), *(last_valid.media if last_valid else ())))
