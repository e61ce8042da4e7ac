"""Visibility of articles at one moment: builds the catalog row of each article.

Outside a preview, drafts and scheduled articles have no row, and expired articles are hidden. In a preview, all these are
visible, with a label. In both, an article with the status WITHDRAWN is hidden until the moment of its withdrawal, then
withdrawn; it has no row before its publication.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from feedsvc.catalog.row import Row, Visibility
from feedsvc.model import Article, ArticleStatus, Site

_PUBLISHED: Final = ArticleStatus.PUBLISHED  # looking members up in their Enums would take half of the time
_VISIBLE: Final = Visibility.VISIBLE


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

    def _is_published_without_end(self, article: Article) -> bool:
        has_end = article.status is not _PUBLISHED or article.expires or article.withdrawn_at
        return not has_end and article.updated <= self._now and article.published <= self._now

    def _day(self, moment: datetime) -> str:
        """Return YYYY-MM-DD in the site's zone, one string object for all rows of a day."""
        day = moment.astimezone(self._zone).date()
        return self._days.get(day) or self._days.setdefault(day, day.isoformat())

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
