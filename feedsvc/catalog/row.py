"""An article's line in listings, and its place there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from operator import attrgetter

from feedsvc.model import Article

Key = tuple[float, str]


class Standing(Enum):
    """What an article that has been public is now. A ghost shows nowhere, but its going is a change."""

    VISIBLE = "visible"
    WITHDRAWN = "withdrawn"
    GHOST = "ghost"


_id, _published = attrgetter("id"), attrgetter("published")
_VISIBLE = Standing.VISIBLE  # to look a member up in its Enum costs more than all the rest of a comparison


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An article's line in every listing it belongs to.

    `touched` is its last change that subscribers see, never in the future; `day` is YYYY-MM-DD in the site's zone. `mark`
    is draft, scheduled or expired where only a preview shows the article, else "".

    One object gives one Entry: whatever an Entry says of the article, titles of tags included, makes another Row when it
    changes.
    """

    article: Article
    standing: Standing
    touched: datetime
    day: str
    mark: str = ""

    @property
    def key(self) -> Key:
        """Newest first, ties by id."""
        return article_key(self.article)


def article_key(article: Article) -> Key:
    """Newest first, ties by id."""
    return -article.published.timestamp(), article.id


def in_order(articles: Iterable[Article]) -> list[Article]:
    """Sorted by `article_key`, but sooner: by ids, and then by moments, which leaves ties as they are."""
    return sorted(sorted(articles, key=_id), key=_published, reverse=True)


def row_key(row: Row) -> Key:
    article = row.article  # in so many words, since it is what most look-ups come down to
    return -article.published.timestamp(), article.id


def since(seconds: float) -> tuple[float]:
    """What stands before the keys of a moment (seconds since 1970) and of all earlier ones, and after the others."""
    return (-seconds,)


def is_visible(row: Row) -> bool:
    return row.standing is _VISIBLE
