"""When time alone changes what is public: the moments of all articles, in order, found by bisecting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from feedsvc.catalog.row import article_key, since
from feedsvc.model import Article, Status
from feedsvc.support.sorted_chunks import Ordered

NEWS_AGE: Final = timedelta(days=2)  # what a news sitemap may hold

_Due = tuple[datetime, Article]


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """The articles that are no drafts by the moment they are published, newest first, and their further moments."""

    articles: Ordered[Article]
    further: Ordered[_Due]

    def replaced(self, gone: Iterable[Article], come: Iterable[Article]) -> Timetable:
        """The timetable after a change, at its price."""
        left, new = _dated(gone), _dated(come)
        lost, won = [*chain.from_iterable(map(_further, left))], [*chain.from_iterable(map(_further, new))]
        return Timetable(
            articles=self.articles.replaced(left, new),
            further=self.further.replaced(lost, won),
        )

    def between(self, one: datetime, other: datetime) -> Iterator[Article]:
        """The articles that change between two moments, whichever is the earlier; some may be named twice."""
        start, end = sorted((one, other))
        yield from self.articles[self._since(end) : self._since(start)]
        yield from (article for _, article in self.further[self._past(start) : self._past(end)])

    def last(self, now: datetime) -> datetime | None:
        """The last change up to a moment."""
        due, out, more = self._since(now), self._since(now - NEWS_AGE), self._past(now)
        found = [article.published for article in self.articles[due : due + 1]]
        found += [article.published + NEWS_AGE for article in self.articles[out : out + 1]]
        found += [moment for moment, _ in self.further[max(more - 1, 0) : more]]
        return max(found, default=None)

    def next(self, now: datetime) -> datetime | None:
        """The next change after a moment."""
        out, visible = self._since(now - NEWS_AGE), self.next_visible(now)
        found = [article.published + NEWS_AGE for article in self.articles[max(out - 1, 0) : out]]
        return min([*found, *([visible] if visible else [])], default=None)

    def next_visible(self, now: datetime) -> datetime | None:
        """Return the next change after a moment that a reader can see: not that an article grows too old for the news sitemap."""
        due, more = self._since(now), self._past(now)
        found = [article.published for article in self.articles[max(due - 1, 0) : due]]
        found += [moment for moment, _ in self.further[more : more + 1]]
        return min(found, default=None)

    def _since(self, moment: datetime) -> int:
        """How many articles are published after a moment."""
        return self.articles.place(since(moment.timestamp()))

    def _past(self, moment: datetime) -> int:
        """How many of the further moments have come."""
        return self.further.place((moment + timedelta.resolution,))


def timetable(articles: Sequence[Article]) -> Timetable:
    """Of articles in their order."""
    dated = _dated(articles)
    further = chain.from_iterable(map(_further, filter(_is_due_again, dated)))
    return Timetable(articles=Ordered.of(dated, article_key), further=Ordered.of(sorted(further, key=_due_key), _due_key))


def _dated(articles: Iterable[Article]) -> list[Article]:
    draft = Status.DRAFT
    return [article for article in articles if article.status is not draft]


def _is_due_again(article: Article) -> object:
    """Whether it has further moments; most have none."""
    return article.updated != article.published or article.expires or article.withdrawn_at


def _further(article: Article) -> Iterator[_Due]:
    """Beside `published` and the end of its news age."""
    moments = {article.updated, article.withdrawn_at or article.expires}
    yield from ((moment, article) for moment in moments if moment and moment != article.published)


def _due_key(due: _Due) -> tuple[datetime, str]:
    return due[0], due[1].id
