"""Values of a catalog that follow from its rows and listings alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from html import escape
from itertools import chain, takewhile
from operator import attrgetter
from typing import Final

from feedsvc.catalog.indexes import QualifiedName
from feedsvc.catalog.listing import Listing
from feedsvc.catalog.row import Row, Visibility, is_visible
from feedsvc.catalog.schedule import NEWS_AGE
from feedsvc.model import ArticleStatus

_MARKUP_BYTES: Final = 520  # bytes of markup on /subscribe/ for one listing
_link: Final = attrgetter("article.link")


def withdrawn_rows(rows: Iterable[Row]) -> list[Row]:
    """Return the rows of articles with the status WITHDRAWN, also if the withdrawal lies in the future."""
    visible, withdrawn = Visibility.VISIBLE, ArticleStatus.WITHDRAWN  # most rows are visible: test that first
    return [row for row in rows if row.visibility is not visible and row.article.status is withdrawn]


def article_redirects(rows: Iterable[Row]) -> dict[QualifiedName, str]:
    """Return ("article", former slug) -> slug for all articles with a page: visible ones and those with the status WITHDRAWN."""
    withdrawn = ArticleStatus.WITHDRAWN
    with_aliases = (row for row in rows if row.article.aliases and (is_visible(row) or row.article.status is withdrawn))
    return {("article", alias): row.article.slug for row in with_aliases for alias in row.article.aliases}


def media_paths(visible: Iterable[Row]) -> Iterator[str]:
    """Yield the path of each reference to a media file; a path to which several articles refer occurs several times."""
    return chain.from_iterable(row.article.media for row in visible)


def count_external(visible: Iterable[Row]) -> int:
    """Return the number of rows whose article has a `link`: its canonical address is not on this site."""
    return sum(map(bool, map(_link, visible)))


def recent_rows(site: Listing, now: datetime) -> tuple[Row, ...]:
    """Return the visible rows published less than NEWS_AGE before `now`, newest first, without those that only a preview shows.

    `site` is the site's listing.
    """
    rows = takewhile(lambda row: row.article.published > now - NEWS_AGE, site.visible)
    return tuple(row for row in rows if not row.preview_label)


def estimated_size(listing: Listing) -> int:
    """Estimate the bytes of a tag on /subscribe/: four times its percent-encoded address, its title thrice, its description."""
    tag = listing.ref.id
    address = len(tag) if tag.isascii() else 3 * len(tag.encode())
    return _MARKUP_BYTES + 4 * address + 3 * len(escape(listing.title).encode()) + len(escape(listing.description).encode())
