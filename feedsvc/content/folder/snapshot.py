"""What a content folder holds, as one immutable whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from feedsvc.content.markdown.text_store import Texts
from feedsvc.errors import Problem
from feedsvc.model import Article, Author, Category, MediaFile, Site


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a folder held when it was read. `categories` and `authors` are keyed by id and by every alias.

    `theme` holds the files below theme/, by their path there; `media` each file that anything refers to, by its path, as far
    as it is there. Articles are in no particular order. `standing_in` are the paths of files that have a problem and are
    there in their last valid version.
    """

    site: Site
    categories: Mapping[str, Category]
    authors: Mapping[str, Author]
    articles: tuple[Article, ...]
    media: Mapping[str, MediaFile]
    theme: Mapping[str, bytes] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    standing_in: frozenset[str] = frozenset()
    texts: Texts = field(default_factory=Texts, repr=False, compare=False)

    def html(self, article: Article) -> str:
        """The article's text as safe HTML with absolute addresses. Raises FeedsvcError where `texts` cannot give it."""
        return self.texts.html(article, self.site.base_url)

    def ready(self, articles: Sequence[Article]) -> None:
        """Have the HTML of these at hand, unless they would push each other out. Raises as `html` does."""
        self.texts.ready(articles, self.site.base_url)

    def summary(self, article: Article) -> str:
        """The editor's summary, else the text's beginning, else the title: plain text, never empty. Raises as `html` does."""
        return article.summary or self.texts.beginning(article, self.site.base_url) or article.title

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")
