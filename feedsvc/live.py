"""The one mutable thing: the current edition, and the clock that ends it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from feedsvc.catalog import catalog
from feedsvc.content.folder import Content
from feedsvc.content.renditions import Renditions
from feedsvc.ledger import Ledger
from feedsvc.publication import Publication


def wall_clock() -> datetime:
    return datetime.now(UTC)


class Live:
    """Gives every request the edition that its moment asks for."""

    def __init__(
        self, content: Content, ledger: Ledger, clock: Callable[[], datetime] = wall_clock, renditions: Renditions | None = None
    ) -> None:
        self.clock = clock
        self._renditions = renditions
        self._content = content
        self._ledger = ledger
        self._lock = threading.Lock()
        self._edition = self._build(clock())

    def current(self, now: datetime) -> Publication:
        """The edition at a moment: a new one from the very second of a scheduled change."""
        if self._is_over(self._edition, now):
            with self._lock:
                if self._is_over(self._edition, now):
                    self._edition = self._build(now)
        return self._edition

    def article_id(self, slug: str, now: datetime) -> str | None:
        """The id of the article that is visible under a slug at a moment."""
        row = self.current(now).catalog.visible.get(slug)
        return row.article.id if row else None

    def modified(self, path: str, digest: str, now: datetime) -> datetime | None:
        """When the path's bytes became those of this digest; None if nobody can tell."""
        return self._ledger.modified(path, digest, now)

    @staticmethod
    def _is_over(edition: Publication, now: datetime) -> bool:
        # A clock that was ahead and is put right must not leave behind what is not public yet.
        last, following = edition.catalog.last_change, edition.next_change
        return (following is not None and now >= following) or (last is not None and now < last)

    def _build(self, now: datetime) -> Publication:
        return Publication(catalog(self._content, now), lambda path, digest: self.modified(path, digest, now), self._renditions)
