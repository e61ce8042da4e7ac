"""Row: an article with its visibility at one moment, and the order of rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import NamedTuple

from feedsvc.model import Article
from feedsvc.routes import ArticleAt, IssueAt, ListingRef

RowKey = tuple[float, str]


class Visibility(Enum):
    """Visibility of an article or issue that is or was public. WITHDRAWN rows are tombstones in feeds.

    HIDDEN rows, of expired articles and of articles whose withdrawal lies in the future, are in no feed and no list of articles,
    but count in the dates of listings.
    """

    VISIBLE = "visible"
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"


_id, _published = attrgetter("id"), attrgetter("published")
_VISIBLE = Visibility.VISIBLE  # the look-up in the Enum would take longer than the rest of `is_visible`


class Translation(NamedTuple):
    """Visible article of a work, in one language, never "". `link` is the article's, "" if the canonical address is on this site.

    `is_original` is True if the article has no `translation_of`.
    """

    language: str
    slug: str
    link: str
    is_original: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """Article with its visibility at one moment: its line in every listing that it belongs to.

    `last_changed` is the moment of its last change that subscribers see, never in the future outside previews. `day` is the day
    of publication, YYYY-MM-DD, in the site's zone. `preview_label` is draft, scheduled or expired if only a preview shows the
    article, else "". `translations` are the visible articles of the same work, this one included, in the order of languages;
    () if there is no other one.

    One Row object stands for one Entry in feeds of full texts and one in feeds of summaries: if anything in these changes, even a
    tag's title, the Row is a new object.
    """

    article: Article
    visibility: Visibility
    last_changed: datetime
    day: str
    preview_label: str = ""
    translations: tuple[Translation, ...] = ()

    @property
    def key(self) -> RowKey:
        """Sort key of the row: newest first, ties by id."""
        return article_key(self.article)

    @property
    def place(self) -> ArticleAt | IssueAt:
        """Place of the page on this site."""
        return ArticleAt(self.article.slug)


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueRow(Row):
    """Issue of a digest feed: the row of all articles of one day or week.

    `listing` is the feed's, `date` (YYYY-MM-DD) names the issue. `articles` are its visible articles, newest first, at most
    MAX_ISSUE_ARTICLES; `article_count` is the number of all visible ones. `article` stands for the issue: `published` is the
    moment at which it closed, `title` the feed's, `image` that of its newest visible article with one. Without visible articles,
    the issue is WITHDRAWN, or HIDDEN while the withdrawal of one of its articles lies in the future.
    """

    listing: ListingRef
    date: str
    articles: tuple[Row, ...]
    article_count: int

    @property
    def place(self) -> IssueAt:
        return IssueAt(self.listing, self.date)


def article_key(article: Article) -> RowKey:
    """Return the sort key of an article: newest first, ties by id."""
    return -article.published.timestamp(), article.id


def sort_articles(articles: Iterable[Article]) -> list[Article]:
    """Return articles sorted by `article_key`. Two stable sorts, by id and then by date, are faster than that key."""
    return sorted(sorted(articles, key=_id), key=_published, reverse=True)


def row_key(row: Row) -> RowKey:
    """Return the sort key of a row. Repeats `article_key` without a call, because most look-ups compute it."""
    article = row.article
    return -article.published.timestamp(), article.id


def moment_key(seconds: float) -> tuple[float]:
    """Return a key for a moment (seconds since 1970). Keys of rows published after it are less, all other keys greater."""
    return (-seconds,)


def is_visible(row: Row) -> bool:
    return row.visibility is _VISIBLE


def count_alternates(visible: Iterable[Row]) -> int:
    """Return an upper bound of the number of links to translations in the sitemap's entries of these rows, "x-default" included.

    Rows whose article has a `link` count 0.
    """
    return sum([len(row.translations) + 1 for row in visible if row.translations and not row.article.link])


def rows_until_visible(rows: Iterable[Row], count: int) -> list[Row]:
    """Return the rows up to and including the `count`-th visible one, with the others before it; all if fewer are visible."""
    result: list[Row] = []
    visible_count = 0
    for row in rows:
        if visible_count == count:
            break
        result.append(row)
        visible_count += is_visible(row)
    return result
