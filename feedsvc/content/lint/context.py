"""Lint context: facts about the whole content that several rules need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Final

from feedsvc.content import text
from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.lint.tags import merged_tags
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.free_places import FreePlace, RootFileAt, StaticPageAt
from feedsvc.model import Article, ArticleStatus, Author, CustomFeed
from feedsvc.page_model import StaticPage

_MAX_COMPARISONS: Final = 20_000  # of names, to suggest the nearest one; more would take seconds


@dataclass(kw_only=True)
class LintContext:
    """Content of one run of the lint at the moment `now`, with indexes that are computed once. `root` is the content folder.

    `articles_by_slug` has all articles by slug and former slug, drafts included, `ids` the ids of these articles.
    `public_articles` are those with the status published, even before their day or after they expired. `merged_tags` has the
    result of `tags.merged_tags` for these: a (message, hint) for each spelling of a tag to replace. `excluded_stems` are the
    names, without suffix and in NFC, of the files in articles/ with an error. `suggestions` has the hints that `suggest_slug`
    has computed, by slug.
    """

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
            text.file_stem(problem.path) for problem in self.content.errors if problem.path.startswith(f"{ARTICLES_FOLDER}/")
        }

    @cached_property
    def public_media(self) -> frozenset[str]:
        """Paths of the files in media/ that settings (without private feeds), public articles or published pages refer to."""
        content = self.content
        entries: Iterable[Author | CustomFeed] = chain(content.authors.values(), content.custom_feeds.values())
        texts: Iterable[Article | StaticPage] = chain(self.public_articles, content.published_pages)
        media = (*(entry.media for entry in entries), *(text.media for text in texts))
        return frozenset(content.media.keys() & {*content.site.media, *chain.from_iterable(media)})

    def has_free_place(self, place: FreePlace | None) -> bool:
        """Return whether a place names a published page or a file in root/; False for None.

        A page may be named by a former slug, and without the slash at the end of its path.
        """
        name = place.slug if isinstance(place, StaticPageAt) else place.path if place else ""
        page = self.content.pages.get(name)
        is_file = isinstance(place, RootFileAt) and name in self.content.root_files
        return is_file or (page is not None and not page.is_draft)

    def suggest_slug(self, slug: str) -> str:
        """Return a hint "did you mean 'NAME'?" with the most similar slug or former slug of an article.

        Return "" if the slug itself exists, if none is similar, or if this run has already compared too many names.
        """
        if slug in self.articles_by_slug:
            return ""
        if slug not in self.suggestions and len(self.suggestions) * len(self.articles_by_slug) < _MAX_COMPARISONS:
            self.suggestions[slug] = text.did_you_mean(slug, self.articles_by_slug)
        return self.suggestions.get(slug, "")
