"""Live: holds the current edition, and swaps in the next one as a whole when the folder changes or time changes the catalog."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from feedsvc.catalog import Catalog, build_catalog, is_identical
from feedsvc.content.folder import ContentFolder, ContentSnapshot
from feedsvc.content.media import VariantStore
from feedsvc.errors import ContentError, Problem
from feedsvc.pages import ThemeSelection
from feedsvc.publication import LastModifiedStore, Publication, no_last_modified
from feedsvc.support import process
from feedsvc.support.alerts import Alerts
from feedsvc.support.clock import wall_clock

_PREPARATION_TIME: Final = timedelta(seconds=5)  # a scheduled edition is made this long before its moment
_MAX_CLOCK_ERROR: Final = timedelta(days=1)
_NO_TIME: Final = timedelta(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Edition:
    """Publication with `since`, the moment since when it is served. `number` counts the publications of this process, from 1.

    `content` is the content of the publication, but with the current problems, which may be newer. If only problems change, the
    next edition is a new object with the same number, moment and publication.
    """

    number: int
    since: datetime
    publication: Publication
    content: ContentSnapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class ReloadStatistics:
    """The last reload of the folder: when it began, how many seconds it took, how many articles it changed, added or removed.

    The first reading counts as a reload of all articles; a reload of an unusable folder does not count. `total_reloads` and
    `total_seconds` are the number and the duration of all reloads of this process, including this one.
    """

    began_at: datetime
    seconds: float
    changed_articles: int
    total_reloads: int = 1
    total_seconds: float = 0.0

    def add_reload(self, at: datetime, seconds: float, changed: int) -> ReloadStatistics:
        """Return the statistics after another reload, which began at the moment `at` and changed `changed` articles."""
        return replace(
            self,
            began_at=at,
            seconds=seconds,
            changed_articles=changed,
            total_reloads=self.total_reloads + 1,
            total_seconds=self.total_seconds + seconds,
        )


class Live:
    """Holder of the current `edition`. Thread-safe, but calls of `reload` must not overlap; a running Watcher makes them."""

    def __init__(
        self,
        folder: ContentFolder,
        last_modified_store: LastModifiedStore | None,
        clock: Callable[[], datetime] = wall_clock,
        variant_store: VariantStore | None = None,
        *,
        preview: bool = False,
        alerts: Alerts | None = None,
        theme_selection: ThemeSelection | None = None,
    ) -> None:
        """Read the folder. Raises ContentError if it cannot be used.

        Without `last_modified_store`, documents have no Last-Modified. Without `variant_store`, no image variants are made.
        `alerts` receives the faults of this machine, such as a full disk; they are reported beside the folder's problems.
        `theme_selection` selects the theme; the default one keeps no valid theme on disk. With `preview`, drafts, scheduled and
        expired articles are visible.
        """
        self.clock = clock
        self.alerts = alerts or Alerts()
        self._folder, self._last_modified_store = folder, last_modified_store
        self._lock = threading.Lock()
        self._theme_selection = theme_selection or ThemeSelection(alerts=self.alerts)
        self._preview = preview
        self._next_publication: Publication | None = None
        self._was_unavailable = False
        self._variant_store = variant_store
        self.image_problems: tuple[Problem, ...] = ()  # of images for which making variants failed
        now, start = clock(), time.monotonic()
        self._last_scheduled_change = now  # the last known moment at which time alone changed the publication
        change = folder.read(now=now)
        content = self._theme_selection.apply(change.content, now, preview=preview)
        find_last_modified = self._find_last_modified if last_modified_store else no_last_modified
        publication = Publication(build_catalog(content, now, is_preview=preview), find_last_modified, variant_store)
        self._content = content  # without the problems of images
        content = self._with_image_problems(content, publication)
        self.edition = Edition(number=1, since=now, publication=publication, content=content)
        if variant_store:
            variant_store.on_failure = self._update_image_problems
        seconds = time.monotonic() - start
        self.last_reload = ReloadStatistics(
            began_at=now, seconds=seconds, changed_articles=len(change.added), total_seconds=seconds
        )
        folder.save()
        process.trim_heap()

    def current(self, now: datetime) -> Publication:
        """Return the publication for `now`. If time alone has changed it, swap in the next edition first. Reads no folder."""
        publication = self.edition.publication
        return self._advance(now).publication if _is_outdated(publication, now) else publication

    def base_url(self) -> str:
        return self.edition.content.site.base_url

    @property
    def article_folders(self) -> frozenset[str]:
        """Paths, relative to the content folder, of articles/ and all folders below it that the last scan could read."""
        return self._folder.article_folders

    def article_id(self, slug: str, now: datetime) -> str | None:
        """Return the id of the article that is visible at `now` and has this slug, current or former; None if there is none."""
        catalog = self.current(now).catalog
        row = catalog.visible.get(catalog.redirects.get(("article", slug), slug))
        return row.article.id if row else None

    def paths_with_lost_text(self) -> frozenset[str]:
        """Return the paths, relative to the content folder, of articles whose text could not be read for a page or feed.

        Pass them to `reload`.
        """
        return self.edition.content.texts.lost_paths

    def last_modified(self, path: str, digest: str, now: datetime) -> datetime | None:
        """Return the date since when the document at a path has bytes with this digest: about `now`, and recorded, if new.

        None if it is unknown or dates are not stored. `path` is decoded and relative to base_url, `digest` that of a Document.
        """
        # A reload that began before a scheduled change and ended after it shows the content after that change.
        read_at = max(self.last_reload.began_at, min(self._last_scheduled_change, now))
        return self._last_modified_store.last_modified(path, digest, now, read_at) if self._last_modified_store else None

    def prepare_next_edition(self, now: datetime) -> None:
        """Make, but do not swap in, the publication of `next_change` if that is at most _PREPARATION_TIME after `now`.

        No request then has to wait for it. Do nothing if one is made already.
        """
        change_at = self.edition.publication.next_change
        if change_at is None or not now < change_at <= now + _PREPARATION_TIME or self._next_publication:
            return
        with self._lock:
            publication = self.edition.publication
            if publication.next_change == change_at:
                self._next_publication = publication.next_edition(_catalog_at(publication.catalog, change_at))

    @property
    def is_due(self) -> bool:
        """True if `reload(())` should be called although nothing in the folder changed, as the theme must be selected again."""
        return self._theme_selection.is_due

    def reload(self, changed_paths: Iterable[str] | None = None, min_age: timedelta = _NO_TIME) -> frozenset[str]:
        """Read changes at `changed_paths`, or in the whole folder if None. If they or time change anything, swap in an edition.

        Paths, of files or whole folders, are relative to the content folder, as for `ContentFolder.read`.
        Return the paths of files that were not read because they changed less than `min_age` ago: pass them to the next call. If
        the folder cannot be used, the publication stays, a problem says so, and the result is empty.
        """
        now, start = self.clock(), time.monotonic()
        try:
            change = self._folder.read(changed_paths, now, min_age)
        except ContentError as error:
            self._was_unavailable = True
            with self._lock:
                self._swap(self.edition.publication, _with_folder_problem(self._content, error), now)
            return frozenset()
        content = self._theme_selection.apply(change.content, now, preview=self._preview)
        if self._was_unavailable and not change.waiting_files:
            # Pages rendered while the folder was unavailable lack values that could not be read, such as image sizes.
            self._was_unavailable = False
            self.edition.publication.clear_caches()
        with self._lock:
            self._next_publication = None
            before, read_at = self.edition.publication, self.clock()  # time passed while the folder was read
            if (
                change.removed
                or change.added
                or not is_identical(_settings(before.catalog.content), _settings(content))
                or _is_outdated(before, read_at)
            ):
                catalog = before.catalog.apply_changes(content, read_at, removed=change.removed, added=change.added)
                publication = before.next_edition(catalog)
            else:
                publication = before
            self._swap(publication, content, read_at)
        changed = {article.id for article in (*change.removed, *change.added)}
        self.last_reload = self.last_reload.add_reload(now, time.monotonic() - start, len(changed))
        # Save after the swap, so that no client waits for a disk.
        self._folder.save()
        if self._last_modified_store:
            self._last_modified_store.recover()
        return change.waiting_files

    def discard_future_dates(self) -> None:
        """Discard cached documents with a Last-Modified over a day in the future. Call it after the clock was set back."""
        self.edition.publication.discard_dates_after(self.clock() + _MAX_CLOCK_ERROR)

    def _update_image_problems(self) -> None:
        """Put the current problems of images into the edition.

        The variant store calls it in any thread after it failed to make an image's variants.
        """
        with self._lock:
            self._swap(self.edition.publication, self._content, self.clock())

    def _with_image_problems(self, content: ContentSnapshot, publication: Publication) -> ContentSnapshot:
        """Update `image_problems`. Return the content with these problems, too."""
        if self._variant_store:
            self.image_problems = self._variant_store.problems(publication.catalog.media)
        return replace(content, sorted_problems=content.sorted_problems.apply_changes((), self.image_problems))

    def _advance(self, now: datetime) -> Edition:
        """Return the current edition if it is valid at `now`; else make the edition of `now`, swap it in and return it."""
        with self._lock:
            edition = self.edition
            if _is_outdated(edition.publication, now):
                publication, self._next_publication = self._next_publication, None
                if publication is None or _is_outdated(publication, now):
                    publication = edition.publication.next_edition(_catalog_at(edition.publication.catalog, now))
                self._swap(publication, self._content, now)
            return self.edition

    def _swap(self, publication: Publication, content: ContentSnapshot, now: datetime) -> None:
        """Make an edition of a publication and of `content`, which is without problems of images, the current one.

        If publication and problems are those of the current edition, that stays. Call it with the lock held.
        """
        self._content = content
        content = self._with_image_problems(content, publication)
        before, last_change = self.edition, publication.catalog.last_change
        if last_change:
            self._last_scheduled_change = max(self._last_scheduled_change, last_change)
        if publication is not before.publication:
            self.edition = Edition(number=before.number + 1, since=now, publication=publication, content=content)
        elif content.sorted_problems != before.content.sorted_problems:
            self.edition = replace(before, content=content)

    def _find_last_modified(self, path: str, digest: str) -> datetime | None:
        return self.last_modified(path, digest, self.clock())


def _is_outdated(publication: Publication, now: datetime) -> bool:
    """Return whether time alone changes the publication between the moment of its catalog and `now`, which may be earlier."""
    # After a clock that was ahead is corrected, articles that are not public yet must disappear.
    last_change, next_change = publication.last_change, publication.next_change
    return (next_change is not None and now >= next_change) or (last_change is not None and now < last_change)


def _catalog_at(catalog: Catalog, now: datetime) -> Catalog:
    """Return the catalog of the same content at another moment."""
    return catalog.apply_changes(catalog.content, now)


def _settings(content: ContentSnapshot) -> tuple[object, ...]:
    """Return all that is in a content folder beside articles and problems."""
    free_files = content.pages, content.root_files
    return *content.settings, content.private_feeds, content.redirects, content.media, *free_files, content.theme


def _with_folder_problem(content: ContentSnapshot, error: ContentError) -> ContentSnapshot:
    """Return the last content of a folder that cannot be used, with the problems of `error`, or one of its text."""
    hint = "the content that was read last is served"
    missing_hint = f"put it back, or mount it again; {hint}"
    folder_problem = Problem(
        path=".", message=error.missing_message or str(error), hint=missing_hint if error.missing_message else hint
    )
    former, problems = content.problems_at(folder_problem.path), error.problems or (folder_problem,)
    return replace(content, sorted_problems=content.sorted_problems.apply_changes(former, problems))
