"""When time alone changes what is public: the moments of all articles, in order, found by bisecting."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from feedsvc.listing import article_key, merged
from feedsvc.model import Article, Status

NEWS_AGE: Final = timedelta(days=2)  # what a news sitemap may hold

_Due = tuple[datetime, Article]


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """The articles that are no drafts by the moment they are published, newest first, and their further moments."""

    articles: tuple[Article, ...]
    further: tuple[_Due, ...]

    def replaced(self, gone: Iterable[Article], come: Iterable[Article]) -> Timetable:
        """The timetable after a change, at the price of a copy of pointers."""
        left, new = _dated(gone), _dated(come)
        lost, won = [*chain.from_iterable(map(_further, left))], [*chain.from_iterable(map(_further, new))]
        return Timetable(
            articles=merged(self.articles, left, new, article_key),
            further=merged(self.further, lost, won, _due_key) if lost or won else self.further,
        )

    def between(self, one: datetime, other: datetime) -> Iterator[Article]:
        """The articles that change between two moments, whichever is the earlier; some may be named twice."""
        start, end = sorted((one, other))
        yield from self.articles[self._since(end) : self._since(start)]
        further = self.further[bisect_right(self.further, start, key=_when) : bisect_right(self.further, end, key=_when)]
        yield from (article for _, article in further)

    def last(self, now: datetime) -> datetime | None:
        """The last change up to a moment."""
        due, out, more = self._since(now), self._since(now - NEWS_AGE), bisect_right(self.further, now, key=_when)
        found = [article.published for article in self.articles[due : due + 1]]
        found += [article.published + NEWS_AGE for article in self.articles[out : out + 1]]
        found += [moment for moment, _ in self.further[max(more - 1, 0) : more]]
        return max(found, default=None)

    def next(self, now: datetime) -> datetime | None:
        """The next change after a moment."""
        due, out, more = self._since(now), self._since(now - NEWS_AGE), bisect_right(self.further, now, key=_when)
        found = [article.published for article in self.articles[max(due - 1, 0) : due]]
        found += [article.published + NEWS_AGE for article in self.articles[max(out - 1, 0) : out]]
        found += [moment for moment, _ in self.further[more : more + 1]]
        return min(found, default=None)

    def _since(self, moment: datetime) -> int:
        """How many articles are published after a moment."""
        return bisect_left(self.articles, -moment.timestamp(), key=lambda article: -article.published.timestamp())


def timetable(articles: Iterable[Article]) -> Timetable:
    dated = _dated(articles)
    further = chain.from_iterable(map(_further, dated))
    return Timetable(articles=tuple(sorted(dated, key=article_key)), further=tuple(sorted(further, key=_due_key)))


def _dated(articles: Iterable[Article]) -> list[Article]:
    return [article for article in articles if article.status is not Status.DRAFT]


def _further(article: Article) -> Iterator[_Due]:
    """Beside `published` and the end of its news age."""
    moments = {article.updated, article.withdrawn_at or article.expires}
    yield from ((moment, article) for moment in moments if moment and moment != article.published)


def _when(due: _Due) -> datetime:
    return due[0]


def _due_key(due: _Due) -> tuple[datetime, str]:
    return due[0], due[1].id
