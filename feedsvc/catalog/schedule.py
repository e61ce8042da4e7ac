"""Schedule: the moments at which time alone changes what is public, sorted and found by bisection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from feedsvc.catalog.row import article_key, moment_key
from feedsvc.model import Article, ArticleStatus
from feedsvc.support.sorted_chunks import PersistentSortedList

NEWS_AGE: Final = timedelta(days=2)  # maximum age of articles in a news sitemap

_ScheduledChange = tuple[datetime, Article]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Moments at which time alone changes what is public. Immutable.

    `articles` are all except drafts, by moment of publication, newest first. `later_changes` are (moment, article) of their
    updates, and of their withdrawals or else expiries, without those at the moment of publication, earliest first.
    """

    articles: PersistentSortedList[Article]
    later_changes: PersistentSortedList[_ScheduledChange]

    def apply_changes(self, removed: Iterable[Article], added: Iterable[Article]) -> Schedule:
        """Return the schedule without the articles `removed` and with `added`; the work grows with the change."""
        removed_articles, added_articles = _without_drafts(removed), _without_drafts(added)
        removed_changes = [*chain.from_iterable(map(_later_changes, removed_articles))]
        added_changes = [*chain.from_iterable(map(_later_changes, added_articles))]
        return Schedule(
            articles=self.articles.apply_changes(removed_articles, added_articles),
            later_changes=self.later_changes.apply_changes(removed_changes, added_changes),
        )

    def changes_between(self, one: datetime, other: datetime) -> Iterator[Article]:
        """Yield the articles that are published, updated or withdrawn, or expire, between two moments, given in either order.

        The later moment is included, the earlier is not. An article may occur more than once.
        """
        start, end = sorted((one, other))
        yield from self.articles[self._count_published_after(end) : self._count_published_after(start)]
        yield from (
            article for _, article in self.later_changes[self._count_changes_until(start) : self._count_changes_until(end)]
        )

    def last_change(self, now: datetime) -> datetime | None:
        """Return the moment of the last change up to and including `now`, None if there is none.

        Changes are: publication, update, expiry or withdrawal of an article that is no draft, and NEWS_AGE after publication,
        when it leaves the news sitemap.
        """
        published, aged = self._count_published_after(now), self._count_published_after(now - NEWS_AGE)
        changed = self._count_changes_until(now)
        moments = [article.published for article in self.articles[published : published + 1]]
        moments += [article.published + NEWS_AGE for article in self.articles[aged : aged + 1]]
        moments += [moment for moment, _ in self.later_changes[max(changed - 1, 0) : changed]]
        return max(moments, default=None)

    def next_change(self, now: datetime) -> datetime | None:
        """Return the moment of the next change after `now`, None if there is none.

        Changes are publications, updates, expiries and withdrawals, and the moments NEWS_AGE after a publication.
        """
        aged, visible_change = self._count_published_after(now - NEWS_AGE), self.next_visible_change(now)
        moments = [article.published + NEWS_AGE for article in self.articles[max(aged - 1, 0) : aged]]
        return min([*moments, *([visible_change] if visible_change else [])], default=None)

    def next_visible_change(self, now: datetime) -> datetime | None:
        """Return the moment of the next publication, update, expiry or withdrawal after `now`, None if there is none."""
        published, changed = self._count_published_after(now), self._count_changes_until(now)
        moments = [article.published for article in self.articles[max(published - 1, 0) : published]]
        moments += [moment for moment, _ in self.later_changes[changed : changed + 1]]
        return min(moments, default=None)

    def _count_published_after(self, moment: datetime) -> int:
        """Return the number of articles published after a moment."""
        return self.articles.rank(moment_key(moment.timestamp()))

    def _count_changes_until(self, moment: datetime) -> int:
        """Return the number of `later_changes` up to and including a moment."""
        return self.later_changes.rank((moment + timedelta.resolution,))


def build_schedule(articles: Sequence[Article]) -> Schedule:
    """Return the schedule of articles that are sorted by `article_key`."""
    scheduled = _without_drafts(articles)
    later_changes = chain.from_iterable(map(_later_changes, scheduled))
    return Schedule(
        articles=PersistentSortedList.from_sorted(scheduled, article_key),
        later_changes=PersistentSortedList.from_sorted(sorted(later_changes, key=_change_key), _change_key),
    )


def _without_drafts(articles: Iterable[Article]) -> list[Article]:
    draft = ArticleStatus.DRAFT
    return [article for article in articles if article.status is not draft]


def _later_changes(article: Article) -> Iterator[_ScheduledChange]:
    """Yield an article's changes other than its publication: its update, and its withdrawal or, if it has none, its expiry."""
    moments = {article.updated, article.withdrawn_at or article.expires}
    yield from ((moment, article) for moment in moments if moment and moment != article.published)


def _change_key(change: _ScheduledChange) -> tuple[datetime, str]:
    moment, article = change
    return moment, article.id
