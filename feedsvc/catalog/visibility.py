"""Visibility of articles at one moment: builds the catalog row of each article.

Outside a preview, drafts and scheduled articles have no row, and expired articles are hidden. In a preview, all these are
visible, with a label. In both, an article with the status WITHDRAWN is hidden until the moment of its withdrawal, then
withdrawn; it has no row before its publication.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, repeat, takewhile
from typing import Final
from zoneinfo import ZoneInfo

from feedsvc.catalog.row import Row, Visibility, visible_rows
from feedsvc.model import Article, ArticleStatus, Site

_PUBLISHED: Final = ArticleStatus.PUBLISHED  # looking members up in their Enums would take half of the time
_VISIBLE: Final = Visibility.VISIBLE
_CHUNK_SIZE: Final = 1000  # rows that are built at once; so many stay in the processor's cache


class RowBuilder:
    """Builder of the rows of articles at one moment, `now`, for a preview or for the public."""

    def __init__(self, site: Site, now: datetime, *, is_preview: bool) -> None:
        self._zone, self._now, self._is_preview = ZoneInfo(site.timezone), now, is_preview
        self._days: dict[date, str] = {}

    def build(self, article: Article) -> Row | None:
        """Return the article's row, without translations. None for a draft or a scheduled article outside a preview.

        Also None, in a preview too, for a scheduled article with the status WITHDRAWN. An article is scheduled if it is
        published after `now`.
        """
        if self._is_published_without_end(article):  # nearly all
            return Row(article=article, visibility=_VISIBLE, last_changed=article.updated, day=self._day(article.published))
        label = self._preview_label(article)
        if label in ("draft", "scheduled") and (not self._is_preview or article.withdrawn_at):
            return None
        visibility, last_changed = self._visibility(article, label)
        return Row(
            article=article,
            visibility=visibility,
            last_changed=last_changed,
            day=self._day(article.published),
            preview_label=label if self._is_preview else "",
        )

    def build_all(self, articles: Sequence[Article], rare: Iterable[int]) -> list[Row | None]:
        """Return what `build` returns for each of `articles`, which are sorted by `article_key`, in half of the time.

        `rare` are the indexes of the articles with a rare feature, see `has_rare_feature`. It may have others.
        """
        rows: list[Row | None] = []
        days = self._days_of(articles)
        for start in range(0, len(articles), _CHUNK_SIZE):
            chunk = slice(start, start + _CHUNK_SIZE)
            rows += visible_rows(articles[chunk], days[chunk])
        scheduled = takewhile(lambda index: articles[index].published > self._now, range(len(articles)))
        for index in chain(scheduled, rare):
            if not self._is_published_without_end(articles[index]):
                rows[index] = self.build(articles[index])
        return rows

    def _is_published_without_end(self, article: Article) -> bool:
        has_end = article.status is not _PUBLISHED or article.expires or article.withdrawn_at
        return not has_end and article.updated <= self._now and article.published <= self._now

    def _day(self, moment: datetime) -> str:
        """Return YYYY-MM-DD in the site's zone, one string object for all rows of a day."""
        day = moment.astimezone(self._zone).date()
        return self._days.get(day) or self._days.setdefault(day, day.isoformat())

    def _days_of(self, articles: Sequence[Article]) -> list[str]:
        """Return the `_day` of each of these articles, which are sorted by `article_key`. It is computed once for each day."""
        moments, end = [article.published for article in reversed(articles)], len(articles)
        days: list[str] = []
        while end:
            latest = moments[end - 1]
            start = bisect_left(moments, self._known_start_of_day(latest), hi=end)
            days += repeat(self._day(latest), end - start)
            end = start
        return days

    def _known_start_of_day(self, moment: datetime) -> datetime:
        """Return the start of the local day of a moment, or `moment` itself if the zone's offset changed in between.

        In no zone does the offset change twice within one day.
        """
        local = moment.astimezone(self._zone)
        start = datetime.combine(local.date(), time.min, UTC) - (local.utcoffset() or timedelta(0))
        return start if start.astimezone(self._zone).utcoffset() == local.utcoffset() else moment

    def _preview_label(self, article: Article) -> str:
        """Return "draft", "scheduled" or "expired" if the public does not see the article for this reason, else ""."""
        if article.status is ArticleStatus.DRAFT:
            return "draft"
        if article.published > self._now:
            return "scheduled"
        is_expired = article.expires and not article.withdrawn_at and article.expires <= self._now
        return "expired" if is_expired else ""

    def _visibility(self, article: Article, label: str) -> tuple[Visibility, datetime]:
        """Return the visibility of an article with this `_preview_label`, and its `Row.last_changed`."""
        # Use a draft's date even if it is in the future: drafts are not in the Schedule, so no later row would correct it.
        updated = article.updated if article.updated <= self._now or label == "draft" else article.published
        if article.withdrawn_at:
            return (
                (Visibility.WITHDRAWN, article.withdrawn_at)
                if article.withdrawn_at <= self._now
                else (Visibility.HIDDEN, updated)
            )
        if article.expires and label == "expired" and not self._is_preview:
            return Visibility.HIDDEN, article.expires
        return Visibility.VISIBLE, updated
