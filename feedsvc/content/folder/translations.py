"""Translations in a content folder: finds articles of one work that are in the same language.

An article belongs to the work of the article that its `translation_of` names, through any number of steps. A withdrawn article
joins others to a work, but its language is free for another article.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from feedsvc.model import Article, ArticleStatus
from feedsvc.support.graph import connected_components, name_components

_NO_ARTICLES: Final[Mapping[str, Article]] = {}

Conflict = tuple[Article, Article]  # the article that loses its language, and the one that has it


class WorkIndex:
    """Index of articles by the id that their `translation_of` names. Mutable."""

    def __init__(self, find: Callable[[str], Iterable[Article]]) -> None:
        """Start without articles. `find` returns the articles that have a given id, also those without `translation_of`."""
        self._find = find
        self._translations: dict[str, dict[str, Article]] = {}  # id -> path -> article that names it

    def add(self, article: Article) -> None:
        if article.translation_of:
            self._translations.setdefault(article.translation_of, {})[article.path] = article

    def remove(self, article: Article) -> None:
        translations = self._translations.get(article.translation_of, {})
        translations.pop(article.path, None)
        if not translations:
            self._translations.pop(article.translation_of, None)

    def is_member(self, article: Article) -> bool:
        """Return whether the article names another one in `translation_of`, or is named by an article of the index."""
        return bool(article.translation_of) or article.id in self._translations

    def works(self, ids: Iterable[str]) -> Iterator[list[Article]]:
        """Yield the articles of each work that one of `ids` belongs to, each work once. There may be no article with an id.

        An article without translations is a work of its own. A list is empty if no article has the id or names it in
        `translation_of`.
        """
        for names in connected_components(ids, self._linked_ids):
            yield [article for name in names for article in self._find(name)]

    def _linked_ids(self, id_: str) -> Iterator[str]:
        yield from (article.translation_of for article in self._find(id_) if article.translation_of)
        yield from (article.id for article in self._translations.get(id_, _NO_ARTICLES).values())


class _ArticleIndex(WorkIndex):
    """Work index that holds its articles. No two of them have the same id."""

    def __init__(self) -> None:
        self._articles: dict[str, Article] = {}
        super().__init__(lambda id_: filter(None, (self._articles.get(id_),)))

    def add(self, article: Article) -> None:
        self._articles[article.id] = article
        super().add(article)

    def remove(self, article: Article) -> None:
        del self._articles[article.id]
        super().remove(article)


def find_conflicts(articles: Iterable[Article], last_paths: Container[str] = ()) -> list[Conflict]:
    """Return pairs of an article that loses the language of its work, and the article that has it.

    No two of `articles` may have the same id. The original, which names no article, wins; then an article that is no draft;
    then the one with the earlier `published`; then the lower path. An article in `last_paths` loses if it is in conflict with
    others, or if it joins works whose articles then conflict. The language of a withdrawn article is free.
    """
    all_articles = tuple(articles)
    first = [article for article in all_articles if article.path not in last_paths]
    conflicts = [conflict for work in _works(first) for conflict in _conflicts_of_work(work)]
    if len(first) == len(all_articles):
        return conflicts
    index, losing_paths = _ArticleIndex(), {loser.path for loser, _ in conflicts}
    for article in first:
        if article.path not in losing_paths:
            index.add(article)
    last = sorted((article for article in all_articles if article.path in last_paths), key=lambda article: article.path)
    return conflicts + [(article, holder) for article in last if (holder := _try_to_add(index, article))]


def _works(articles: Iterable[Article]) -> Iterable[list[Article]]:
    """Return the articles of each work; articles that name no other one and are not named are left out."""
    all_articles = tuple(articles)
    names = name_components({article.id: article.translation_of for article in all_articles if article.translation_of})
    works: dict[str, list[Article]] = defaultdict(list)
    for article in all_articles if names else ():
        if name := names.get(article.id):
            works[name].append(article)
    return works.values()


def _try_to_add(index: _ArticleIndex, article: Article) -> Article | None:
    """Add an article to an index without conflicts, and return None.

    If the article brings a conflict, remove it again and return an article with which it conflicts, or one of two that it
    brings into conflict with each other.
    """
    index.add(article)
    (work,) = index.works((article.id,))
    disputed = disputed_languages(work)
    if not disputed:
        return None
    index.remove(article)
    return next(other for other in disputed[0] if other is not article)


def disputed_languages(work: Iterable[Article]) -> list[list[Article]]:
    """Return the articles of each language that several articles of a work are in, without withdrawn articles."""
    articles = [article for article in work if article.status is not ArticleStatus.WITHDRAWN]
    if len({article.language for article in articles}) == len(articles):
        return []
    articles_by_language: dict[str, list[Article]] = defaultdict(list)
    for article in articles:
        articles_by_language[article.language].append(article)
    return [disputing for disputing in articles_by_language.values() if len(disputing) > 1]


def _conflicts_of_work(work: Iterable[Article]) -> Iterator[Conflict]:
    for articles in disputed_languages(work):
        holder, *losers = sorted(articles, key=_precedence)
        yield from ((loser, holder) for loser in losers)


def _precedence(article: Article) -> tuple[bool, bool, datetime, str]:
    return bool(article.translation_of), article.status is ArticleStatus.DRAFT, article.published, article.path
