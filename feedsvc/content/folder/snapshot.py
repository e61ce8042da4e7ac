"""Snapshot of a content folder: its site, articles, media and problems as one immutable object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from feedsvc.content.markdown import FitImage, TextStore
from feedsvc.errors import Problem
from feedsvc.model import Article, Author, Category, CustomFeed, MediaFile, Site, TagSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentSnapshot:
    """Immutable contents of a content folder. `categories`, `authors`, `tags` and feeds are keyed by id and each alias.

    `custom_feeds` are the public entries of feeds.yaml, `private_feeds` the others. No public document depends on the latter.

    `tags` are the entries of tags.yaml, which need not contain every tag. `articles` are the active ones, in no particular order.
    `theme` has the bytes of the files below theme/ by their path there, `media` those existing files that articles or settings
    refer to, by path in the content folder. `last_valid_paths` are the files with a problem whose last valid version is used,
    and unreadable folders.
    """

    site: Site
    categories: Mapping[str, Category]
    authors: Mapping[str, Author]
    articles: tuple[Article, ...]
    media: Mapping[str, MediaFile]
    tags: Mapping[str, TagSettings] = field(default_factory=dict)
    custom_feeds: Mapping[str, CustomFeed] = field(default_factory=dict)
    private_feeds: Mapping[str, CustomFeed] = field(default_factory=dict)
    theme: Mapping[str, bytes] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    last_valid_paths: frozenset[str] = frozenset()
    texts: TextStore = field(default_factory=TextStore, repr=False, compare=False)

    @property
    def settings(self) -> tuple[object, ...]:
        """Everything that the settings files say about public documents, for comparison with other settings."""
        return self.site, self.categories, self.authors, self.tags, self.custom_feeds

    def html(self, article: Article) -> str:
        """Return the article's body as safe HTML with absolute URLs. Raises FeedsvcError if the text is unavailable."""
        return self.texts.html(article, self.site.base_url)

    def feed_markdown(self, article: Article, fit_image: FitImage) -> str:
        """Return the article's body as Markdown for feeds, "" if it has none. Raises FeedsvcError if the text is unavailable.

        `fit_image` returns the address of the variant of an image that feeds refer to.
        """
        return self.texts.feed_markdown(article, self.site.base_url, fit_image)

    def warm_html(self, articles: Sequence[Article]) -> None:
        """Load the texts of these articles, and cache their HTML unless they are too many. Raises as `html` does."""
        self.texts.warm_html(articles, self.site.base_url)

    def summary(self, article: Article) -> str:
        """Return the article's summary, else the beginning of its body, else its title, as plain text. Raises as `html` does."""
        return article.summary or self.texts.excerpt(article, self.site.base_url) or article.title

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")
