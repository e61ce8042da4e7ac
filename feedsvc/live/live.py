"""The one mutable thing: the current edition. The folder and the clock end it; the next is made beside it, then swapped in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from feedsvc.catalog.catalog import Catalog, catalog
from feedsvc.content.folder.folder import Content, Folder
from feedsvc.content.media.thumbnails import Renditions
from feedsvc.errors import ContentError, Problem
from feedsvc.pages.theme_adoption import Adoption
from feedsvc.publication.last_modified import Ledger
from feedsvc.publication.publication import Publication, nobody_counts
from feedsvc.support import gc_control
from feedsvc.support.alerts import Troubles
from feedsvc.support.clock import wall_clock

_AHEAD: Final = timedelta(seconds=5)  # so long before its moment a scheduled edition is made
_FAR_AHEAD: Final = timedelta(days=1)
_NO_TIME: Final = timedelta(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Edition:
    """What is served from `since` on. `number` counts the publications of this process, from 1.

    `content` is as it was read last, with today's problems.
    """

    number: int
    since: datetime
    publication: Publication
    content: Content


@dataclass(frozen=True, kw_only=True, slots=True)
class Reload:
    """The last look at the folder: when it began, how many seconds it took, how many articles it changed.

    `looks` and `spent` are of all looks of this process, this one too: how many, and their seconds.
    """

    at: datetime
    seconds: float
    changed: int
    looks: int = 1
    spent: float = 0.0

    def then(self, at: datetime, seconds: float, changed: int) -> Reload:
        """The next look."""
        return Reload(at=at, seconds=seconds, changed=changed, looks=self.looks + 1, spent=self.spent + seconds)


class Live:
    """Gives every request the edition that its moment asks for. Safe in threads; `reload` is for one of them."""

    def __init__(
        self,
        folder: Folder,
        ledger: Ledger | None,
        clock: Callable[[], datetime] = wall_clock,
        renditions: Renditions | None = None,
        *,
        preview: bool = False,
        troubles: Troubles | None = None,
        adoption: Adoption | None = None,
    ) -> None:
        """Reads the folder. Raises ContentError if it cannot be used. `ledger` None keeps no dates.

        `troubles` are those of the machine, to be told with the folder's problems. `adoption` chooses the theme; the default one
        keeps no verdicts on disk.
        """
        self.clock = clock
        self.troubles = troubles or Troubles()
        self._folder, self._ledger = folder, ledger
        self._lock = threading.Lock()
        self._adoption = adoption or Adoption(troubles=self.troubles)
        self._preview = preview
        self._upcoming: Publication | None = None
        self._was_away = False
        self._renditions = renditions
        self._picture_problems: tuple[Problem, ...] = ()
        now, began = clock(), time.monotonic()
        self._passed = now  # the last moment at which time alone changed what was shown, as far as that is known
        with gc_control.paused():
            change = folder.read(now=now)
            content = self._adoption.applied(change.content, now, preview=preview)
            moment = self._moment if ledger else nobody_counts
            publication = Publication(catalog(content, now, preview=preview), moment, renditions)
        content = self._with_pictures(content, publication)
        self.edition = Edition(number=1, since=now, publication=publication, content=content)
        if renditions:
            renditions.on_failure = self._note_pictures
        took = time.monotonic() - began
        self.reloaded = Reload(at=now, seconds=took, changed=len(change.come), spent=took)
        folder.remember()
        gc_control.give_back()

    def current(self, now: datetime) -> Publication:
        """The publication at a moment: a new one from the very second of a scheduled change."""
        publication = self.edition.publication
        return self._advance(now).publication if _is_over(publication, now) else publication

    def base_url(self) -> str:
        return self.edition.content.site.base_url

    def article_id(self, slug: str, now: datetime) -> str | None:
        """The id of the article that is visible under a slug, today's or a former one, at a moment."""
        shown = self.current(now).catalog
        row = shown.visible.get(shown.moved.get(("article", slug), slug))
        return row.article.id if row else None

    def lost(self) -> frozenset[str]:
        """The paths of articles whose text was asked for in vain: they are to be looked at again."""
        return self.edition.content.texts.lost

    def modified(self, path: str, digest: str, now: datetime) -> datetime | None:
        """When the path's bytes became those of this digest; None if nobody can tell."""
        # A look that began before a scheduled change and ended after it shows what is later than that change.
        shown = max(self.reloaded.at, min(self._passed, now))
        return self._ledger.modified(path, digest, now, shown) if self._ledger else None

    def prepare(self, now: datetime) -> None:
        """Shortly before a scheduled change, make its edition, so that no request has to wait for it."""
        moment = self.edition.publication.next_change
        if moment is None or not now < moment <= now + _AHEAD or self._upcoming:
            return
        with self._lock:
            publication = self.edition.publication
            if publication.next_change == moment:
                self._upcoming = publication.after(_moved(publication.catalog, moment))

    @property
    def is_due(self) -> bool:
        """Return whether `reload` should be called though nothing in the folder changed: the trial of a theme has ended."""
        return self._adoption.is_due

    def reload(self, touched: Iterable[str] | None = None, quiet: timedelta = _NO_TIME) -> frozenset[str]:
        """Read what changed in the folder, everywhere or at the touched paths, and swap in what comes of it.

        The paths that are not read yet, since they were changed less than `quiet` ago. A folder that cannot be used leaves
        everything as it is, and a problem.
        """
        now, began = self.clock(), time.monotonic()
        try:
            change = self._folder.read(touched, now, quiet)
        except ContentError as error:
            self._was_away = True
            with self._lock:
                self._swap(self.edition.publication, _without(self.edition.content, error), now)
            return frozenset()
        content = self._adoption.applied(change.content, now, preview=self._preview)
        if self._was_away and not change.restless:
            # Pages that were made meanwhile lack what could not be read: sizes of pictures, say.
            self._was_away = False
            self.edition.publication.forget()
        with self._lock:
            self._upcoming = None
            before, read = self.edition.publication, self.clock()  # time went on while the folder was read
            if change.gone or change.come or not _is_same(before.catalog.content, content) or _is_over(before, read):
                shown = before.catalog.replaced(content, read, gone=change.gone, come=change.come)
                publication = before.after(shown)
            else:
                publication = before
            self._swap(publication, content, read)
        self.reloaded = self.reloaded.then(now, time.monotonic() - began, len(change.come) + len(change.gone))
        # After the swap: no reader waits for a disk.
        self._folder.remember()
        if self._ledger:
            self._ledger.recover()
        return change.restless

    def redate(self) -> None:
        """Documents with a date that is far ahead ask for it anew: the clock has been set back."""
        self.edition.publication.redate(self.clock() + _FAR_AHEAD)

    def _note_pictures(self) -> None:
        """Pages offer no copies of a picture that turns out not to be decodable, and its problem is reported."""
        with self._lock:
            self._swap(self.edition.publication, self.edition.content, self.clock())
        self.edition.publication.forget()

    @property
    def picture_problems(self) -> tuple[Problem, ...]:
        """Pictures of which no narrower copies could be made, as far as they were tried."""
        return self._picture_problems

    def _with_pictures(self, content: Content, publication: Publication) -> Content:
        """The content with today's problems of pictures."""
        if self._renditions is None:
            return content
        before, self._picture_problems = self._picture_problems, self._renditions.problems(publication.catalog.media)
        if not before and not self._picture_problems:
            return content
        problems = (*(one for one in content.problems if one not in before), *self._picture_problems)
        return replace(content, problems=tuple(sorted(problems)))

    def _advance(self, now: datetime) -> Edition:
        with self._lock:
            edition = self.edition
            if _is_over(edition.publication, now):
                ready, self._upcoming = self._upcoming, None
                before = edition.publication
                publication = ready if ready and not _is_over(ready, now) else before.after(_moved(before.catalog, now))
                self._swap(publication, edition.content, now)
            return self.edition

    def _swap(self, publication: Publication, content: Content, now: datetime) -> None:
        content = self._with_pictures(content, publication)
        before, moved = self.edition, publication.catalog.last_change
        self._passed = max(self._passed, moved) if moved else self._passed
        if publication is not before.publication:
            self.edition = Edition(number=before.number + 1, since=now, publication=publication, content=content)
        elif content.problems != before.content.problems:
            self.edition = replace(before, content=content)

    def _moment(self, path: str, digest: str) -> datetime | None:
        return self.modified(path, digest, self.clock())


def _is_over(publication: Publication, now: datetime) -> bool:
    # A clock that was ahead and is put right must not leave behind what is not public yet.
    last, following = publication.last_change, publication.next_change
    return (following is not None and now >= following) or (last is not None and now < last)


def _moved(shown: Catalog, now: datetime) -> Catalog:
    return shown.replaced(shown.content, now)


def _is_same(before: Content, now: Content) -> bool:
    """Whether nothing but articles and problems can have changed: what has not is the same object."""
    pairs = ((getattr(before, name), getattr(now, name)) for name in ("site", "categories", "authors", "media", "theme"))
    return all(one is other for one, other in pairs)


def _without(content: Content, error: ContentError) -> Content:
    """The last content of a folder that is away, with a word on that."""
    hint = "what was read last is served meanwhile"
    back = f"bring it back, or mount again what was mounted there; {hint}"
    away = Problem(path=".", message=error.away or str(error), hint=back if error.away else hint)
    rest = (problem for problem in content.problems if problem.path != away.path)
    return replace(content, problems=tuple(sorted((*rest, *(error.problems or (away,))))))
