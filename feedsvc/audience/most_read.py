"""Most read articles of the last week, for the front page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from heapq import nlargest
from itertools import islice
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.routes import ArticleAt, ListingRef, path_of
from feedsvc.uris import root_relative

_LENGTH: Final = 5  # articles in the list
_WINDOW: Final = timedelta(days=7)  # reads that count
_MAX_AGE: Final = timedelta(minutes=5)  # of the numbers of reads
_CANDIDATES: Final = 100  # most read ids, of which some may belong to articles that are not visible any more


class MostReadArticles:
    """List of the articles that were read most since the beginning of the UTC day seven days ago. Thread-safe.

    `find_catalog` returns the catalog that is served at a moment. ViewCounter updates the list in its thread while it is
    requested.
    """

    def __init__(self, find_catalog: Callable[[datetime], Catalog]) -> None:
        self._find_catalog = find_catalog
        self._is_requested = False
        self._loaded_at: datetime | None = None
        self._slugs: Mapping[str, str] = {}  # article id -> slug, the most read first

    def articles(self, now: datetime) -> list[dict[str, str]]:
        """Return at most five articles visible at `now`, one of each work, the most read ones first.

        Each is a title, a root-relative `href` with the path of base_url, and a language, "" if it is the site's. The list is []
        until the first `update`, and due again after this call once it is 5 minutes old.
        """
        self._is_requested = True
        catalog = self._find_catalog(now)
        rows = ((article_id, catalog.visible.get(slug)) for article_id, slug in self._slugs.items())
        site = catalog.listings[ListingRef()]
        stories = [site.story_of(row).article for article_id, row in rows if row and row.article.id == article_id]
        articles = islice({story.id: story for story in stories}.values(), _LENGTH)
        base_url = catalog.site.base_url
        return [
            {"title": story.title, "href": root_relative(base_url, path_of(ArticleAt(story.slug))), "language": story.language}
            for story in articles
        ]

    def is_due(self, now: datetime) -> bool:
        """Return whether the list was requested since the last update, which is at least 5 minutes ago."""
        is_fresh = self._loaded_at is not None and timedelta() <= now - self._loaded_at < _MAX_AGE
        return self._is_requested and not is_fresh

    def update(self, load_totals: Callable[[date], Mapping[str, int]], now: datetime) -> None:
        """Update the list. `load_totals` returns article id -> number of views on and after a UTC day; its errors are raised."""
        self._is_requested = False
        self._slugs = self._find_slugs(load_totals((now - _WINDOW).astimezone(UTC).date()), now)
        self._loaded_at = now

    def _find_slugs(self, totals: Mapping[str, int], now: datetime) -> Mapping[str, str]:
        """Return id -> slug of those of the 100 most read articles that are visible at `now`, the most read first."""
        # Equal numbers are in order of the ids, so that all workers return the same list.
        most_read = nlargest(_CANDIDATES, totals, key=lambda article_id: (totals[article_id], article_id))
        wanted = frozenset(most_read)
        articles = (row.article for row in self._find_catalog(now).visible.rows)
        slugs = {article.id: article.slug for article in articles if article.id in wanted}
        return {article_id: slugs[article_id] for article_id in most_read if article_id in slugs}
