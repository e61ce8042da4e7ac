"""A content folder on disk -> everything in it that can be served, and every problem of the rest; followed as it changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from feedsvc.content.cache.record import Record
from feedsvc.content.cache.settings_codec import Entry
from feedsvc.content.cache.store import Records
from feedsvc.content.file_signature import Stamp, stamp_at
from feedsvc.content.folder import articles, theme_files, unread_files
from feedsvc.content.folder import settings as registers
from feedsvc.content.folder.articles import Articles, Moved
from feedsvc.content.folder.baseline import Origin, named
from feedsvc.content.folder.debounce import LOOK, SETTINGS, Unrest
from feedsvc.content.folder.prefetch import Look, looking
from feedsvc.content.folder.settings import Settings
from feedsvc.content.folder.snapshot import Content
from feedsvc.content.media.files import Media
from feedsvc.content.reading import settings
from feedsvc.errors import ContentError, FeedsvcError, Problem
from feedsvc.model import Article, Author, Category, MediaFile
from feedsvc.support import gc_control

__all__ = ["Change", "Content", "Folder", "load"]

_MEDIA: Final = "media"
_PARTS: Final = (articles.FOLDER, _MEDIA, theme_files.FOLDER)
_NO_TIME: Final = timedelta(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What a reading found: the content, the articles in which it differs from before, the files left for later.

    An edited article is in both, as it was and as it is. A file is `restless` that was changed a moment ago.
    """

    content: Content
    gone: tuple[Article, ...] = ()
    come: tuple[Article, ...] = ()
    restless: frozenset[str] = frozenset()


def load(root: Path, base_url: str = "") -> Content:
    """Read a content folder whole. `base_url` takes the place of site.yaml's.

    Raises ContentError if there is no such folder or no usable site.yaml; anything smaller is a Problem.
    """
    return Folder(root, base_url).read().content


class Folder:
    """A content folder and what was read of it; to be used by one thread at a time.

    With `records`, what is broken stands in its last valid version, that of an earlier run included.
    """

    def __init__(self, root: Path, base_url: str = "", records: Records | None = None, look: Look | None = None) -> None:
        """`look` is one at the articles that was begun just now."""
        self._root, self._base_url, self._records = root, base_url, records
        self._look = look
        self._media = Media(root)
        self._looks = theme_files.Looks(root)
        self._entries = self._kept_entries = tuple(records.settings()) if records else ()
        self._settings: Settings | None = None
        self._files: dict[str, MediaFile] = {}
        self._lacking: set[str] = set()  # media that something refers to and that is not there
        self._stray: tuple[Problem, ...] = ()
        self._begun: Change | None = None
        self._content: Content | None = None
        self._unrest = Unrest(root)
        self._moved: frozenset[str] = frozenset()  # media that changed, and that no reading has taken in
        self._unwritten: dict[str, Record | None] = {}
        self._settings_unwritten = self._is_tidy = False
        self._has_origin = self._is_file_new = False
        self._dress: dict[str, Stamp | None] = {}  # media that the settings referred to then

    @cached_property
    def _articles(self) -> Articles:
        """Made by the first look."""
        begun, self._look = self._look, None
        with gc_control.paused(), begun or (looking(self._root) if self._are_many else nullcontext()) as ahead:
            found = self._records.articles() if self._records else {}
            are_damaged = self._records is not None and (self._records.is_damaged or self._records.are_older)
            if self._records and self._records.is_damaged:
                self._is_file_new = self._records.renewed()
            self._is_tidy = not found
            try:
                seen = ahead() if ahead else None
            except FeedsvcError:  # killed: then this process looks itself
                seen = None
            return Articles(self._root, found, self._records, seen, are_damaged=are_damaged)

    def begin(self, now: datetime, meanwhile: Callable[[], object]) -> None:
        """Do the first reading ahead of whoever will ask for it.

        For who is going to show all of it. Where there is much to look at for the first time, or to read, other processes do
        so while this one does `meanwhile`; else that is not done.
        """
        with gc_control.paused():
            is_idle = self._look is not None and self._look.is_waited_for and not self._are_many
            if is_idle:
                meanwhile()
            self._articles.texts.stay()
            self._begun = self._read(None, now, _NO_TIME, None if is_idle else meanwhile)

    @property
    def _are_many(self) -> bool:
        """Whether so much is remembered that it takes a while to recall it."""
        return self._records is not None and self._records.are_many

    def read(self, touched: Iterable[str] | None = None, now: datetime | None = None, quiet: timedelta = _NO_TIME) -> Change:
        """Look everywhere, or at the touched paths (relative to the folder), and read what is not as it was.

        Where a file changed within `quiet` before `now`, everything is left for the next time, so that a burst makes one
        edition; after a second of that, and ten looks or two seconds more, the busy files alone. Raises ContentError if there
        is no such folder, no site.yaml, or none that could ever be used; then nothing is other than before.
        """
        begun, self._begun = self._begun, None
        return begun or self._read(touched, now, quiet)

    def _read(
        self,
        touched: Iterable[str] | None,
        now: datetime | None,
        quiet: timedelta,
        meanwhile: Callable[[], object] | None = None,
    ) -> Change:
        if not os.path.isdir(self._root):
            message = f"no folder {self._root}; give the folder that holds {settings.SITE}"
            raise ContentError(message, away=f"the folder {self._root} is away")
        scope = _scope(touched)
        restless = self._left_alone(scope, now, quiet)
        left = restless - {LOOK} | (scope if scope is not None else {settings.SITE})
        if self._content and LOOK in restless:
            return Change(content=self._content, restless=left)
        media = self._moved = self._moved | self._media.changed(scope, restless)
        before, entries = self._settings, self._entries
        self._settings = None  # should site.yaml be unusable, every file is doubted the next time
        now_known = before if before and restless & set(SETTINGS) else self._read_settings(before, scope, media)
        if self._content and now and quiet and self._unrest.is_moving(now, were_read=now_known is not before):
            self._settings, self._entries = before, entries
            return Change(content=self._content, restless=left)
        outdated = self._outdated(now_known, before, media, scope)
        moved = self._articles.refresh(outdated, restless, now_known.known, now, still=bool(quiet), meanwhile=meanwhile)
        self._moved = frozenset()
        self._looks.refresh(scope)
        self._stray = unread_files.files(self._root) if scope is None else self._stray
        self._settings = now_known
        self._has_origin = self._records is not None and self._content is None
        if self._has_origin:
            self._dress = {path: self._media.stamp(path) for path in now_known.media}
        self._content = self._whole(now_known, moved, media)
        self._unwritten |= self._articles.changed
        self._settings_unwritten |= now_known is not before and _by_name(self._entries) != _by_name(self._kept_entries)
        return Change(
            content=self._content,
            gone=tuple(old for old, _ in moved.values() if old),
            come=tuple(new for _, new in moved.values() if new),
            restless=self._articles.restless | restless,
        )

    def _left_alone(self, scope: frozenset[str] | None, now: datetime | None, quiet: timedelta) -> frozenset[str]:
        """Look; what to leave for the next time."""
        self._articles.look(_within(scope, articles.FOLDER))
        if now is None or not quiet:
            return frozenset()

        def young(moment: datetime) -> frozenset[str]:
            return self._articles.young(moment) | self._media.young(_within(scope, _MEDIA), moment)

        return self._unrest.left_alone(self._articles.missing, young, now, quiet)

    @property
    def origin(self) -> Origin | None:
        """Of the first reading, until there is another; None where it is not known."""
        if not self._records or not self._has_origin:
            return None
        return self._articles.since(named(self._records.read_as, self._dress))

    @property
    def state(self) -> str:
        """The name of what was read last, that of a later `origin`.

        "" where not all of it is written down, or what every page may show is not as it was when this process began.
        """
        if not self._records or not self._settings or self._unwritten or self._settings_unwritten:
            return ""
        now = {path: stamp_at(self._root / path) for path in self._settings.media}
        return named(self._records.state(), now) if now == self._dress and self._articles.is_told else ""

    def remember(self) -> None:
        """Write down what was read, for the next start; what the disk does not take now it is offered again."""
        if self._records is None:
            return
        if self._records.renewed() or self._is_file_new:
            self._unwritten, self._settings_unwritten = {**self._articles.records, **self._unwritten}, True
            self._is_file_new = False
        self._articles.texts.put_away()
        if not (self._unwritten or self._settings_unwritten):
            return
        if self._records.keep(self._unwritten, self._entries if self._settings_unwritten else None):
            self._unwritten, self._settings_unwritten, self._kept_entries = {}, False, self._entries
            self._tidy(self._records)

    def _tidy(self, records: Records) -> None:
        """Once, after something was written: a start with nothing new need not wait for it.

        Where nothing was remembered, hardly anything can be left over.
        """
        if not self._is_tidy:
            self._is_tidy = True
            records.tidy(self._articles.records)

    def _read_settings(self, before: Settings | None, scope: frozenset[str] | None, media: frozenset[str]) -> Settings:
        """The very same settings where nothing in them changed."""
        doubted = scope is None or before is None or media & before.media or (before.problems and _within(scope, _MEDIA))
        if before and not doubted:
            return before
        read = registers.read(self._root, self._media, self._base_url, self._entries)
        if before and read == before:
            return before
        self._entries = tuple(read.entries.values())
        return registers.like(read, before) if before else read

    def _outdated(
        self, now: Settings, before: Settings | None, media: frozenset[str], scope: frozenset[str] | None
    ) -> frozenset[str]:
        """The files that would read differently, though they did not change themselves."""
        if now is not before:
            return self._articles.outdated(now.known)
        new = bool(media) or scope is None or bool(_within(scope, _MEDIA))
        return self._articles.users(media) | (self._articles.broken if new else frozenset())

    def _whole(self, now: Settings, moved: Moved, media: frozenset[str]) -> Content:
        before = self._content
        standing_in = self._articles.standing_in
        problems = (*now.problems, *self._articles.problems, *self._looks.problems, *self._stray)
        categories, authors = self._in_force(now, standing_in)
        return Content(
            site=now.known.site,
            categories=categories,
            authors=authors,
            articles=tuple(self._articles.standing.values()) if moved or not before else before.articles,
            media=self._referred(now, moved, media),
            theme=self._looks.files,
            problems=tuple(sorted(problems)),
            standing_in=standing_in | now.standing_in,
            texts=self._articles.texts,
        )

    def _in_force(self, now: Settings, standing_in: Iterable[str]) -> tuple[Mapping[str, Category], Mapping[str, Author]]:
        """The entries that files name, and those that articles in their last valid version still do."""
        categories, authors = dict(now.known.categories), dict(now.known.authors)
        for article in (self._articles.standing[path] for path in standing_in if path in self._articles.standing):
            categories |= {name: one for name in article.categories if isinstance(one := now.last("category", name), Category)}
            authors |= {name: one for name in article.authors if isinstance(one := now.last("author", name), Author)}
        before = self._content
        if before and before.categories == categories and before.authors == authors:
            return before.categories, before.authors
        return categories, authors

    def _referred(self, now: Settings, moved: Moved, media: frozenset[str]) -> Mapping[str, MediaFile]:
        """Every file that anything refers to and that is there; the same mapping where nothing in it changed."""
        before = self._content
        changed = {path for pair in moved.values() for one in pair if one for path in one.media} | media | now.media
        for path in changed | self._lacking:
            self._files.pop(path, None)
            self._lacking.discard(path)
            if path in now.media or self._articles.users((path,)):
                self._lacking.add(path)
                with suppress(ValueError):
                    self._files[path] = self._media.file(path)
                    self._lacking.discard(path)
        return before.media if before and before.media == self._files else dict(self._files)


def _by_name(entries: Iterable[Entry]) -> dict[tuple[str, str], Entry]:
    return {(entry.kind, entry.name): entry for entry in entries}


def _scope(touched: Iterable[str] | None) -> frozenset[str] | None:
    """The touched paths; None for everything, if one of them lies beside the parts that are followed one by one."""
    paths = None if touched is None else frozenset(touched)
    return paths if paths is not None and all(PurePosixPath(path).parts[:1] in _TOPS for path in paths) else None


def _within(scope: frozenset[str] | None, top: str) -> frozenset[str] | None:
    return None if scope is None else frozenset(path for path in scope if PurePosixPath(path).parts[0] == top)


_TOPS: Final = tuple((part,) for part in _PARTS)
