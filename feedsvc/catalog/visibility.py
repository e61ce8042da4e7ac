"""How an article stands at one moment: public, gone, or seen in a preview only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from feedsvc.catalog.row import Row, Standing
from feedsvc.model import Article, Site, Status

_PUBLISHED: Final = Status.PUBLISHED  # to look members up in their Enums takes half of the time
_VISIBLE: Final = Standing.VISIBLE


class Maker:
    """Makes rows of one moment."""

    def __init__(self, site: Site, now: datetime, *, preview: bool) -> None:
        self._zone, self._now, self._preview = ZoneInfo(site.timezone), now, preview
        self._days: dict[date, str] = {}

    def row(self, article: Article) -> Row | None:
        """None where nothing of the article is to be seen."""
        if _is_plain(article) and article.updated <= self._now and article.published <= self._now:  # nearly all
            return Row(article=article, standing=_VISIBLE, touched=article.updated, day=self._day(article.published))
        mark = self._mark(article)
        if mark in ("draft", "scheduled") and (not self._preview or article.withdrawn_at):
            return None
        standing, touched = self._standing(article, mark)
        mark = mark if self._preview else ""
        return Row(article=article, standing=standing, touched=touched, day=self._day(article.published), mark=mark)

    def _day(self, moment: datetime) -> str:
        """One text for all rows of a day."""
        day = moment.astimezone(self._zone).date()
        return self._days.get(day) or self._days.setdefault(day, day.isoformat())

    def _mark(self, article: Article) -> str:
        if article.status is Status.DRAFT:
            return "draft"
        if article.published > self._now:
            return "scheduled"
        gone = article.expires and not article.withdrawn_at and article.expires <= self._now
        return "expired" if gone else ""

    def _standing(self, article: Article, mark: str) -> tuple[Standing, datetime]:
        # A draft has no moments at which it would change.
        updated = article.updated if article.updated <= self._now or mark == "draft" else article.published
        if article.withdrawn_at:
            return (Standing.WITHDRAWN, article.withdrawn_at) if article.withdrawn_at <= self._now else (Standing.GHOST, updated)
        if article.expires and mark == "expired" and not self._preview:
            return Standing.GHOST, article.expires
        return Standing.VISIBLE, updated


def _is_plain(article: Article) -> bool:
    return article.status is _PUBLISHED and not (article.expires or article.withdrawn_at)
