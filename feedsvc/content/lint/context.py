"""Lint context: facts about the whole content that the rules need to check one article."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from feedsvc.content import text
from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.lint.tags import merged_tags
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.model import Article, ArticleStatus

_MAX_COMPARISONS: Final = 20_000  # of names, to suggest the nearest one; more would take seconds


@dataclass(kw_only=True)
class LintContext:
    """Content of one run of the lint at the moment `now`, with indexes that are computed once."""

    content: ContentSnapshot
    root: Path
    now: datetime
    suggestions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.articles_by_slug: Mapping[str, Article] = {
            slug: article for article in self.content.articles for slug in (*article.aliases, article.slug)
        }
        self.ids = frozenset(article.id for article in self.content.articles)
        self.public_articles = [article for article in self.content.articles if article.status is ArticleStatus.PUBLISHED]
        self.merged_tags = merged_tags(self.public_articles)
        # Articles with an error cannot be linked to now, but they have problems of their own.
        self.excluded_stems = {
            file_stem(problem.path) for problem in self.content.errors if problem.path.startswith(f"{ARTICLES_FOLDER}/")
        }

    def suggest_slug(self, slug: str) -> str:
        """Return a hint with the most similar existing slug or alias; "" if none is similar or too many were compared before."""
        if slug not in self.suggestions and len(self.suggestions) * len(self.articles_by_slug) < _MAX_COMPARISONS:
            self.suggestions[slug] = text.did_you_mean(slug, self.articles_by_slug)
        return self.suggestions.get(slug, "")


def file_stem(path: str) -> str:
    """Return the name of a file without folders and suffix, in Unicode form NFC."""
    return unicodedata.normalize("NFC", PurePosixPath(path).stem)
