"""Snapshot of a content folder: its site, articles, media and problems as one immutable object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Final, overload

from feedsvc.content.folder.addresses import ArticleAddresses
from feedsvc.content.markdown.feed_markdown import FitImage
from feedsvc.content.markdown.render import LimitExceeded, render_within_limits
from feedsvc.content.markdown.text_store import TextStore
from feedsvc.errors import Problem
from feedsvc.free_places import StaticPageAt
from feedsvc.model import Article, Author, Category, CustomFeed, MediaFile, Site, TagSettings
from feedsvc.page_model import PageFrame, StaticPage
from feedsvc.redirects import RedirectRules
from feedsvc.routes import path_of
from feedsvc.support.digest import blake2b
from feedsvc.support.sorted_chunks import PersistentSortedList
from feedsvc.uris import absolute

ProblemList = PersistentSortedList[Problem]
NO_PROBLEMS: Final = ProblemList((), attrgetter("path", "line", "column", "message", "hint", "rule"))


class ArticleSequence(Sequence[Article]):
    """Articles of a snapshot, in no particular order. They are copied into a tuple only for the first access by index."""

    def __init__(self, by_path: Mapping[str, Article]) -> None:
        """Show the values of `by_path`, which must not change any more."""
        self._by_path = by_path

    def __iter__(self) -> Iterator[Article]:
        return iter(self._by_path.values())

    def __len__(self) -> int:
        return len(self._by_path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    @cached_property
    def _tuple(self) -> tuple[Article, ...]:
        return tuple(self)

    @overload
    def __getitem__(self, index: int) -> Article: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Article, ...]: ...

    def __getitem__(self, index: int | slice) -> Article | tuple[Article, ...]:
        return self._tuple[index]


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentSnapshot:
    """Immutable contents of a content folder.

    `categories`, `authors`, `tags`, `custom_feeds` and `private_feeds` are keyed by id and each alias. `custom_feeds` are the
    public entries of feeds.yaml, `private_feeds` the others, `redirects` the rules of redirects.yaml, `addresses` the
    former addresses that articles name. No public document depends on `private_feeds`, `redirects` or `addresses`.

    `tags` are the entries of tags.yaml, which need not contain every tag. `articles` are the active ones, in no particular order.
    `pages` has the static pages, also drafts, by slug and former slug, `root_files` the bytes of the files below root/ by their
    path there. `frame` is what every page takes from both.
    `theme` has the bytes of the files below theme/ by their path there, `media` those existing files that articles, pages or
    settings refer to, by path in the content folder. `last_valid_paths` are the files with a problem whose last valid version is
    used, and unreadable folders.
    """

    site: Site
    categories: Mapping[str, Category]
    authors: Mapping[str, Author]
    articles: Sequence[Article]
    media: Mapping[str, MediaFile]
    tags: Mapping[str, TagSettings] = field(default_factory=dict)
    custom_feeds: Mapping[str, CustomFeed] = field(default_factory=dict)
    private_feeds: Mapping[str, CustomFeed] = field(default_factory=dict)
    redirects: RedirectRules = field(default_factory=RedirectRules)
    addresses: ArticleAddresses = field(default_factory=ArticleAddresses)
    pages: Mapping[str, StaticPage] = field(default_factory=dict)
    root_files: Mapping[str, bytes] = field(default_factory=dict)
    frame: PageFrame = field(default_factory=PageFrame)
    theme: Mapping[str, bytes] = field(default_factory=dict)
    sorted_problems: ProblemList = NO_PROBLEMS
    last_valid_paths: frozenset[str] = frozenset()
    texts: TextStore = field(default_factory=TextStore, repr=False, compare=False)

    @property
    def free_digest(self) -> str:
        """Digest of all static pages, also drafts, and of the files of root/; "" without any."""
        if not self.pages and not self.root_files:
            return ""
        pages = sorted(blake2b(repr(page)) for page in self.pages.values())
        files = sorted((path, blake2b(data)) for path, data in self.root_files.items())
        return blake2b(repr((pages, files)), size=8).hex()

    @property
    def settings(self) -> tuple[object, ...]:
        """Everything that the settings files and the frame say about public documents, for comparison with other settings.

        It is the site with categories, authors, tags, public custom feeds and `frame`, without private feeds and redirects.
        """
        return self.site, self.categories, self.authors, self.tags, self.custom_feeds, self.frame

    @property
    def published_pages(self) -> Iterator[StaticPage]:
        """Each static page that is no draft once, in the order of slugs."""
        return (page for name, page in sorted(self.pages.items()) if page.slug == name and not page.is_draft)

    def html(self, article: Article) -> str:
        """Return the article's body as safe HTML with absolute URLs, "" if it has none.

        Raises FeedsvcError (TextUnavailableError) if neither the cache nor the article's file has the text any more.
        """
        return self.texts.html(article, self.site.base_url)

    def page_html(self, page: StaticPage) -> str:
        """Return the body of a static page as safe HTML with absolute URLs."""
        address = absolute(self.site.base_url, path_of(StaticPageAt(page.slug)))
        result = render_within_limits(page.markdown, base_url=self.site.base_url, page=address, files=page.media)
        return "" if isinstance(result, LimitExceeded) else result.html  # reading has rejected a body beyond the limits

    def feed_markdown(self, article: Article, fit_image: FitImage) -> str:
        """Return the article's body as Markdown for feeds, "" if it has none.

        `fit_image` returns the address of the variant of an image that feeds refer to. Raises FeedsvcError if the text is lost.
        """
        return self.texts.feed_markdown(article, self.site.base_url, fit_image)

    def summary(self, article: Article) -> str:
        """Return the article's summary, else the beginning of its body, else its title, as plain text.

        Raises FeedsvcError if the article has no summary and its text is lost.
        """
        return article.summary or self.texts.excerpt(article, self.site.base_url) or article.title

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, sorted. Its cost grows with their number, so a save must not need it."""
        return tuple(self.sorted_problems)

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.sorted_problems if problem.severity == "error")

    def problems_at(self, path: str) -> Sequence[Problem]:
        """Return the problems of a file, or of all files below a folder if `path` ends with a slash."""
        rank, end = self.sorted_problems.rank, f"{path}\U0010ffff" if path.endswith("/") else f"{path}\0"
        return self.sorted_problems[rank((path,)) : rank((end,))]
