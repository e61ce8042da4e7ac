"""Values of a catalog that follow from its rows alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain, takewhile
from operator import attrgetter
from typing import Final

from feedsvc.catalog.indexes import QualifiedName
from feedsvc.catalog.listing import Listing
from feedsvc.catalog.row import Row, Visibility, is_visible
from feedsvc.catalog.schedule import NEWS_AGE
from feedsvc.model import ArticleStatus

_link: Final = attrgetter("article.link")


def withdrawn_rows(rows: Iterable[Row]) -> list[Row]:
    """Return the rows of withdrawn articles."""
    visible, withdrawn = Visibility.VISIBLE, ArticleStatus.WITHDRAWN  # most rows are visible: test that first
    return [row for row in rows if row.visibility is not visible and row.article.status is withdrawn]


def article_redirects(rows: Iterable[Row]) -> dict[QualifiedName, str]:
    """Return the redirects from former slugs of articles with a page, including the page of a withdrawn article."""
    withdrawn = ArticleStatus.WITHDRAWN
    with_aliases = (row for row in rows if row.article.aliases and (is_visible(row) or row.article.status is withdrawn))
    return {("article", alias): row.article.slug for row in with_aliases for alias in row.article.aliases}


def media_paths(visible: Iterable[Row]) -> Iterator[str]:
    """Yield the path of each reference to a medium."""
    return chain.from_iterable(row.article.media for row in visible)


def count_external(visible: Iterable[Row]) -> int:
    """Return the number of rows whose article is at another address (`link`)."""
    return sum(map(bool, map(_link, visible)))


def recent_rows(site: Listing, now: datetime) -> tuple[Row, ...]:
    """Return the visible rows of the site's listing that a news sitemap holds at a moment, without those of previews."""
    rows = takewhile(lambda row: row.article.published > now - NEWS_AGE, site.visible)
    return tuple(row for row in rows if not row.preview_label)
