"""The article files of a content folder, followed: what changed is read again, what is broken stands as it last did."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read
from feedsvc.content.cache.record import Record, Shared
from feedsvc.content.cache.store import Records
from feedsvc.content.file_signature import NO_MOMENT, NOTHING, changed_at, is_younger, since_1970, stamp_at
from feedsvc.content.folder.active import Standing
from feedsvc.content.folder.baseline import Origin
from feedsvc.content.folder.invalidation import Outdated
from feedsvc.content.folder.loader import MANY, Fetching
from feedsvc.content.folder.scanner import ARTICLES, Seen, Survey
from feedsvc.content.markdown.text_store import Texts
from feedsvc.content.reading import article as reader
from feedsvc.content.reading.context import Known
from feedsvc.errors import Problem
from feedsvc.model import Article

FOLDER: Final = ARTICLES
_ENDINGS: Final = (".yaml", ".md")
MEANT: Final = {".yaml": ".yaml", ".yml": ".yaml", ".md": ".md", ".markdown": ".md", ".mdown": ".md"}
# Two changes within a tick of the file system's clock leave one stamp: a file that young is read again the next time.
_TICK: Final = timedelta(seconds=2)

_NONE: Final = frozenset[str]()
_NOTHING: Final = object()

Moved = Mapping[str, tuple[Article | None, Article | None]]


class Articles:
    """`records` are those of an earlier run. To be used by one thread at a time."""

    def __init__(
        self,
        root: Path,
        records: Mapping[str, Record],
        shelf: Records | None = None,
        ahead: Seen | None = None,
        *,
        are_damaged: bool = False,
    ) -> None:
        """`ahead` is what a look at FOLDER found just now.

        `are_damaged`: some records are missing, and others may be older. Only those of files that did not change count then.
        """
        self._root, self._shelf = root, shelf
        self._files = _Files(root)
        self.texts = Texts(shelf, self._files.markdown)
        self._share = Shared()
        self._survey = Survey(root, FOLDER, {path: record.stamp for path, record in records.items() if record.stamp}, ahead)
        self._standing = Standing()
        self.records: dict[str, Record] = dict(records)
        self.changed: dict[str, Record | None] = {}
        self._before: dict[str, Record | None] = {}  # the records that a reading changed, as they were
        self.restless: frozenset[str] = frozenset()
        self._young: set[str] = set()
        self._due, self._is_first = _NONE, True
        self._are_damaged, self._dropped = are_damaged, set[str]()
        self._suspects: set[str] = set()  # files whose article's text may be lost
        self._told: dict[str, tuple[Problem, ...]] = {}
        self._users: dict[str, set[str]] = defaultdict(set)

    @property
    def standing(self) -> Mapping[str, Article]:
        """Path -> the article that is in force."""
        return self._standing.articles

    @property
    def standing_in(self) -> frozenset[str]:
        """Files, and folders, that have a problem and are there in their last valid version."""
        told = (path for path, problems in self._told.items() if any(one.severity == "error" for one in problems))
        disputed = (problem.path for problem in self._standing.disputes)
        closed = self._survey.closed
        unread = [path for path in self.standing if _lies_in(path, closed)] if closed else []
        return frozenset((*(path for path in (*told, *disputed) if path in self.standing), *unread, *(closed if unread else ())))

    @property
    def problems(self) -> Iterator[Problem]:
        for problems in self._told.values():
            yield from problems
        yield from self._survey.problems
        yield from self._standing.disputes

    @property
    def broken(self) -> frozenset[str]:
        return frozenset(path for path in self._told if path in self.records and self.records[path].reading.broken)

    def users(self, media: Iterable[str]) -> frozenset[str]:
        """The files whose articles refer to these."""
        return frozenset().union(*(self._users[path] for path in media if path in self._users))

    def outdated(self, known: Known) -> frozenset[str]:
        """The files that could read differently under other settings, or whose media are not what they were."""
        outdated = Outdated(known)
        return frozenset([path for path, record in self.records.items() if outdated(record)])

    def look(self, scope: Iterable[str] | None) -> None:
        """See which files changed, everywhere or at these paths: they are due. Until the first reading all are."""
        self._due = self._due.union(self._survey.refresh(scope), self._young)
        if self._are_damaged:
            files, self._are_damaged = self._survey.files, False
            self._dropped = {path for path, record in self.records.items() if record.stamp != files.get(path)}
            for path in self._dropped:
                del self.records[path]
        for path in self.texts.take_lost():
            if record := self.records.get(path):
                self.records[path] = replace(record, stamp=None)  # to be read again
                self._suspects.add(path)
                self._due |= {path}

    def young(self, moment: datetime) -> frozenset[str]:
        """What is due, and the folders looked into, as far as it changed since the moment."""
        return self._survey.young(moment).union([path for path in self._all_due if self._is_younger(path, moment)])

    @property
    def missing(self) -> frozenset[str]:
        """Of the files that are due, those that are not there."""
        files, due = self._survey.files, self._all_due
        if len(due) < MANY:  # nobody may wait for a walk through all files
            return frozenset([path for path in due if files.get(path, NOTHING) == NOTHING])
        return (due - files.keys()).union(
            [path for path in due if files.get(path) == NOTHING] if NOTHING in files.values() else ()
        )

    @property
    def _all_due(self) -> frozenset[str]:
        """What went while nobody looked is seen by the first look."""
        return self._due.union(self.records) if self._is_first else self._due

    def refresh(
        self,
        outdated: frozenset[str],
        restless: frozenset[str],
        known: Known,
        now: datetime | None,
        *,
        still: bool,
        meanwhile: Callable[[], object] | None = None,
    ) -> Moved:
        """Read what a look found changed and what is outdated; path -> the articles before and now.

        `restless` files are left for the next time, and where they ought to be `still`, those that change while they are read.
        `changed` are the records that this changed. `meanwhile` is as for `Fetching.ahead`.
        """
        self._files.known = known
        due, young, left = self._in_order(outdated), self._young, set(restless)
        self._young, self.changed, self._before = set(), {}, {}
        unread, unsettled = self._unread(due, restless, outdated, young)
        fetching = Fetching(
            root=self._root,
            known=known,
            stamps=self._survey.files,
            records=self.records,
            outdated=outdated,
            texts=self.texts,
            shelf=self._shelf,
            share=self._share,
        )
        fetching.ahead([path for path in unread if is_article(path)], meanwhile)
        lately = since_1970(now - _TICK) if now else NO_MOMENT
        for path in unread:
            if not self._take(path, fetching, still=still):
                left.add(path)
            elif changed_at(self._survey.files.get(path, NOTHING)) > lately:
                self._young.add(path)
        self._due = self.restless = frozenset(left.intersection(due))
        settled = [path for path in due if path not in left] if left else due
        moved = self._standing.update(self.records, settled, self._is_new)
        self._suspects.update((*unsettled, *unread) if self._is_first else ())
        self._drop_lost(moved, left)
        moved |= self._again(outdated, moved)
        # At first everything has moved, but as long as all claims are undisputed it stands as it was noted.
        are_all_in_force = self._standing.are_all_in_force
        noted = {*(unsettled if self._is_first and are_all_in_force else moved), *(() if are_all_in_force else unread)}
        self._note((*noted, *(self.changed.keys() - noted)))
        self.changed |= dict.fromkeys(self._dropped.difference(self.records))
        self._dropped, self._is_first = set(), False
        return moved

    def _drop_lost(self, moved: dict[str, tuple[Article | None, Article | None]], left: Collection[str]) -> None:
        """Forget last valid versions whose text is lost, as if their records were. `moved` is brought up to date."""
        standing, suspects = self.standing, self._suspects.difference(left)
        self._suspects -= suspects
        found = [article for path in suspects if (article := standing.get(path)) and self.records[path].good is article]
        for article in self.texts.missing(found):
            record = self.records[article.path]
            self._before.setdefault(article.path, record)
            self.records[article.path] = self.changed[article.path] = record.lost()
            self._use(article.path, record, self.records[article.path])
        lost = [article.path for article in found if self.records[article.path].good is not article]
        self.texts.take_lost()
        for path, (old, new) in self._standing.update(self.records, lost).items() if lost else ():
            was = moved.pop(path, (old, None))[0]
            if was is not new:
                moved[path] = (was, new)

    def _is_new(self, path: str) -> bool:
        """Whether a file was read just now for the first time."""
        return self._before.get(path, _NOTHING) is None

    def _again(self, outdated: Iterable[str], moved: Moved) -> Moved:
        """Articles that stand in for their files and may show other media: what is said of those is theirs alone."""
        standing, records = self.standing, self.records
        found = ((path, article) for path in outdated if path not in moved and (article := standing.get(path)) and article.media)
        return {path: (article, article) for path, article in found if records[path].good is article}

    @property
    def is_told(self) -> bool:
        """Whether each record alone says what stands of its file."""
        standing = self.standing
        told = (record.stood or record.good is None or standing.get(path) is record.good for path, record in self.records.items())
        return not self._standing.disputes and all(told)

    def since(self, name: str) -> Origin | None:
        """After the first reading: the state `name`, in which the records were written.

        None where that cannot be told: who of several stands that claim the same, a record alone does not say.
        """
        earlier = (record for record in {**self.records, **self._before}.values() if record)
        if any(record.reading.article and not record.stood for record in earlier) or not self.is_told:
            return None
        old = (record.last for record in self._before.values() if record)
        new = (self.standing.get(path) for path in self._before)
        return Origin(name=name, gone=tuple(filter(None, old)), come=tuple(filter(None, new)))

    def _in_order(self, outdated: frozenset[str]) -> list[str]:
        """What is due or outdated.

        Many: as their records lie in memory, and the new as they were found; to look up all over it takes twice the time.
        """
        known, found = self.records, self._survey.files
        if self._is_first:
            return [*known, *(path for path in found if path not in known)]
        paths = self._due | outdated
        if len(paths) < MANY:
            return list(paths)
        new = paths.difference(known)
        return [path for path in known if path in paths] + [path for path in found if path in new] + [*new.difference(found)]

    def _is_younger(self, path: str, moment: datetime) -> bool:
        return is_younger(self._survey.files.get(path), moment)

    def _unread(
        self, due: Iterable[str], restless: frozenset[str], outdated: frozenset[str], young: set[str]
    ) -> tuple[list[str], set[str]]:
        """Those that are not as they were read, but for the restless; of all others it is noted what there is to note.

        And those of which nobody has noted that they stand.
        """
        records, files, told = self.records, self._survey.files, self._told
        unread, unsettled = list[str](), set[str]()
        for path in due:
            if path in restless:
                continue
            record = records.get(path)
            if record is None or record.stamp != files.get(path) or path in outdated or path in young:
                unread.append(path)
            elif record.reading.problems or record.media or record.good or path in told:
                self._set(path, record, record)
            if record and not (record.stood and record.good is None):
                unsettled.add(path)
        return unread, unsettled

    def _take(self, path: str, fetching: Fetching, *, still: bool) -> bool:
        """Read a file, if need be; False if it was written meanwhile and ought to be `still`."""
        stamp, before = self._survey.files.get(path), self.records.get(path)
        if stamp is None and before and _lies_in(path, self._survey.closed):
            self._set(path, before, before)
            return True
        if stamp is None or not is_article(path):
            self._set(path, before, None, misnamed(path) if stamp else ())
            return True
        record = fetching.record(path)
        if still and stamp_at(self._root / path) != stamp:
            return False
        # None: gone since the folder was listed.
        self._set(path, before, record)
        return True

    def _set(self, path: str, before: Record | None, record: Record | None, misnamed: tuple[Problem, ...] = ()) -> None:
        self._use(path, before, record)
        if problems := record.reading.problems if record else misnamed:
            self._told[path] = problems
        elif self._told:
            self._told.pop(path, None)
        if record is before:
            return
        self._before.setdefault(path, before)
        if before or record is None or not record.stood:  # what is new and stands already was written down where it was read
            self.changed[path] = record
        if record:
            self.records[path] = record
        else:
            del self.records[path]

    def _use(self, path: str, before: Record | None, record: Record | None) -> None:
        """A file refers to the media of its article, and of the one that stands in for it."""
        now, was = _media(record), _media(before)
        if not now and not was:
            return
        for media in was - now:
            self._users[media].discard(path)
        for media in now:
            self._users[media].add(path)

    def _note(self, paths: Iterable[str]) -> None:
        """Whether a file's own article stands; else what stood last is kept."""
        records, standing = self.records, self.standing
        for path in paths:
            if (record := records.get(path)) is None:
                continue
            article, good = record.reading.article, record.good
            stands = article is not None and standing.get(path) is article
            if stands != record.stood or (stands and good):
                # One that was read just now for the first time, and loses, never stood.
                noted = record.lost() if self._is_new(path) and not stands else record.noted(stood=stands)
                self._before.setdefault(path, record)
                records[path] = self.changed[path] = noted
                if good or noted.good:
                    self._use(path, record, noted)


class _Files:
    """Where texts are read again; knows nothing of who has the texts, so that they go with the last who uses them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.known: Known | None = None

    def markdown(self, article: Article) -> str:
        """An article's text from its file, "" if that is broken or gone."""
        data = safe_read.read(self._root, article.path)
        return reader.read(article.path, data, self.known).markdown if self.known and isinstance(data, bytes) else ""


def _lies_in(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)


def is_article(path: str) -> bool:
    return path.endswith(_ENDINGS)


def misnamed(path: str) -> tuple[Problem, ...]:
    """What to say of a file that looks like an article by its name, but is not read."""
    ending = os.path.splitext(path)[1]
    if ending.lower() not in MEANT:
        return ()
    hint = f"rename it to end in {MEANT[ending.lower()]}"
    return (Problem(path=path, message=f"articles end in {' or '.join(_ENDINGS)}", hint=hint),)


def _media(record: Record | None) -> frozenset[str]:
    own, good = (record.reading.article, record.good) if record else (None, None)
    return frozenset((*(own.media if own else ()), *(good.media if good else ()))) if good or (own and own.media) else _NONE
