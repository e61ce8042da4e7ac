"""Publications of articles with many tags."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from feedsvc.catalog.catalog import Catalog, build_catalog
from feedsvc.model import Article, Tag
from feedsvc.publication.publication import Publication
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import START

TAG_COUNT: Final = 1500


def tag(number: int) -> Tag:
    return Tag(id=f"t{number:05}", title=f"T{number:05}")


def article_with_tags(number: int, tags: range | list[int], **keys: object) -> Article:
    """Return an article with tags of these numbers."""
    return model_newsrooms.article(number, START - timedelta(days=number % 1000 + 1), tags=tuple(map(tag, tags)), **keys)


def articles_with_many_tags(count: int = TAG_COUNT, tags_per_article: int = 100) -> list[Article]:
    """Return articles with `count` tags, `tags_per_article` on each; each tag of the second half is on two more articles."""
    articles = [
        article_with_tags(number, range(first, min(first + tags_per_article, count)))
        for number, first in enumerate(range(0, count, tags_per_article))
    ]
    articles_of_later_half = [
        article_with_tags(5000 + number, range(first, min(first + 100, count)))
        for number, first in enumerate(range(count // 2, count, 100))
    ]
    copies = [
        replace(article, id=f"{article.id}x", slug=f"{article.slug}x", path=f"{article.path}x")
        for article in articles_of_later_half
    ]
    return [*articles, *articles_of_later_half, *copies]


def publication_of(articles: list[Article]) -> Publication:
    return Publication(build_catalog(model_newsrooms.snapshot(articles), START))


def tag_paths(catalog: Catalog) -> list[str]:
    """Return the paths of the pages that list tags."""
    return [path for path in Publication(catalog).paths() if path.startswith("/tags/")]
