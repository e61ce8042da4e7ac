"""Row: an article or issue with its visibility at one moment, and the order of rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import compress, count
from operator import attrgetter, eq
from typing import NamedTuple

from feedsvc.model import Article, ArticleStatus
from feedsvc.routes import ArticleAt, IssueAt, ListingRef

RowKey = tuple[float, str]


class Visibility(Enum):
    """Visibility of an article or issue at one moment.

    VISIBLE ones are in feeds and pages. WITHDRAWN ones are taken back: tombstones in Atom, in no list of articles. HIDDEN ones
    are in no feed and no list of articles. These are expired articles (outside a preview), articles with the status WITHDRAWN
    whose moment of withdrawal is still to come, and issues that have such an article but no visible one. The `last_changed` of
    hidden rows counts in the dates of feeds, listings and periods (`Listing.last_changed`), as that of all rows does.
    """

    VISIBLE = "visible"
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"


_id, _published = attrgetter("id"), attrgetter("published")
_VISIBLE = Visibility.VISIBLE  # the look-up in the Enum would take longer than the rest of `is_visible`


class Translation(NamedTuple):
    """Visible article of a work, as an item of `Row.translations`.

    `language` is the article's language tag or, if it has none, the site's. `slug` and `link` are the article's; `link` is ""
    if its canonical address is on this site. `is_original` is True if the article has no `translation_of`. `key` is its row's.
    """

    language: str
    slug: str
    link: str
    is_original: bool
    key: RowKey


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """Article with its visibility at one moment: its line in every listing that it belongs to.

    `last_changed` is the moment of its last publication, update, expiry or withdrawal, never in the future outside previews.
    `day` is the day of publication, YYYY-MM-DD, in the site's zone. `preview_label` is "draft", "scheduled" or "expired" if
    only a preview shows the article, else "". `translations` are visible articles of the same work, one for each language,
    sorted by language tag, this one included; () if there is only one language, or if this one is not among them.

    One Row object stands for one state of all that feed entries show: if any of it changes, even a tag's title, the catalog has
    a new Row object. So rows can be compared by identity. A new object need not differ from the former one.
    """

    article: Article
    visibility: Visibility
    last_changed: datetime
    day: str
    preview_label: str = ""
    translations: tuple[Translation, ...] = ()

    @property
    def key(self) -> RowKey:
        """Sort key of the row: newest publication first, ties by the article's id."""
        return article_key(self.article)

    @property
    def place(self) -> ArticleAt | IssueAt:
        """Place of the article's or issue's page on this site, also of an article with a `link`."""
        return ArticleAt(self.article.slug)


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueRow(Row):
    """Issue of a periodical: one row for all articles of one day or week.

    `listing` is the ref of the periodical's listing. `date` (YYYY-MM-DD), the day on which the issue closes, names it.
    `articles` are the rows of its visible articles, newest first, at most MAX_ISSUE_ARTICLES; `article_count` is the number of
    all visible ones. `article` is an Article made for the issue: `published` is the moment at which the issue closed, `title`
    that of the periodical, `image` that of the newest visible article with one. An issue without visible articles is WITHDRAWN,
    or HIDDEN while the withdrawal of one of its articles is still to come.
    """

    listing: ListingRef
    date: str
    articles: tuple[Row, ...]
    article_count: int

    @property
    def place(self) -> IssueAt:
        return IssueAt(self.listing, self.date)


def article_key(article: Article) -> RowKey:
    """Return the sort key of an article: newest publication first, ties by id."""
    return -article.published.timestamp(), article.id


def sort_articles(articles: Iterable[Article]) -> list[Article]:
    """Return articles sorted by `article_key`. Sorting by date, and by id only within equal dates, is faster than that key."""
    by_date = sorted(articles, key=_published, reverse=True)
    moments = [article.published for article in by_date]
    equal_to_previous = [*compress(count(1), map(eq, moments, moments[1:]))]
    tied = sorted({index for later in equal_to_previous for index in (later - 1, later)})
    tied_articles = sorted([by_date[index] for index in tied], key=_id)
    for index, article in zip(tied, sorted(tied_articles, key=_published, reverse=True), strict=True):
        by_date[index] = article
    return by_date


def row_key(row: Row) -> RowKey:
    """Return the sort key of a row. Repeats `article_key` without a call, because most look-ups compute it."""
    article = row.article
    return -article.published.timestamp(), article.id


def moment_key(seconds: float) -> tuple[float]:
    """Return a key for a moment (seconds since 1970). Keys of rows published after it are less, all other keys greater."""
    return (-seconds,)


def is_visible(row: Row) -> bool:
    return row.visibility is _VISIBLE


def is_withdrawn_later(row: Row) -> bool:
    """Return whether a row is HIDDEN because the withdrawal of its article, or of one of an issue, lies in the future."""
    is_hidden = row.visibility is Visibility.HIDDEN  # an issue only for this reason, an article also once it has expired
    return is_hidden and (isinstance(row, IssueRow) or row.article.status is ArticleStatus.WITHDRAWN)


def count_alternates(visible: Iterable[Row]) -> int:
    """Return an upper bound of the number of links to translations in the sitemap's entries of these rows.

    Links for "x-default" are included. Rows whose article has a `link` count 0.
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
