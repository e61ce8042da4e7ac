"""Rare features: those that few articles of most newsrooms have. A new catalog looks for them only in these articles' rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import compress, count
from typing import Final

from feedsvc.catalog.row import Row, sort_articles
from feedsvc.catalog.translations import add_translations
from feedsvc.catalog.visibility import RowBuilder
from feedsvc.model import Article, ArticleStatus, Site

_PUBLISHED: Final = ArticleStatus.PUBLISHED  # looking members up in their Enum would take half of the time


def has_rare_feature(article: Article) -> object:
    """Return a true value if an article has a feature that few have; it may also be true for others.

    Without one, an article is neither a draft nor withdrawn and does not end, was not updated after its publication, and has no
    corrections, no former slugs, no canonical address elsewhere and no original that it translates.
    """
    return (
        article.updated is not article.published  # nearly always one object if they are equal, and faster than a comparison
        or article.status is not _PUBLISHED
        or article.expires
        or article.withdrawn_at
        or article.corrections
        or article.aliases
        or article.link
        or article.translation_of
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class SortedRows:
    """All articles of the content and all rows of a new catalog, sorted by `article_key`.

    `rare_articles` and `rare_rows` are those of articles for which `has_rare_feature` is true. All rows that are not visible are
    among them.
    """

    articles: list[Article]
    rows: list[Row]
    rare_articles: list[Article]
    rare_rows: list[Row]


def build_rows(articles: Iterable[Article], site: Site, builder: RowBuilder) -> SortedRows:
    """Return all articles of the content sorted, with their rows, which have translations."""
    sorted_articles = sort_articles(articles)
    rare = [*compress(count(), map(has_rare_feature, sorted_articles))]
    rows = builder.build_all(sorted_articles, rare)
    result = SortedRows(
        articles=sorted_articles,
        rows=[*filter(None, rows)],
        rare_articles=[sorted_articles[index] for index in rare],
        rare_rows=[row for index in rare if (row := rows[index])],
    )
    add_translations(result.rare_articles, result.rows, site)
    return result
