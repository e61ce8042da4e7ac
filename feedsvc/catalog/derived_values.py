"""Values of a catalog that follow from its content, rows, listings and moment alone, and its static pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain, groupby, takewhile
from operator import attrgetter
from typing import Final

from feedsvc.catalog.indexes import QualifiedName
from feedsvc.catalog.listing import Listing
from feedsvc.catalog.row import Row, Visibility, is_visible
from feedsvc.catalog.schedule import NEWS_AGE
from feedsvc.catalog.tags import MOST_USED_COUNT
from feedsvc.content.folder import ContentSnapshot
from feedsvc.model import ArticleStatus, Author, Category, CustomFeed
from feedsvc.page_model import StaticPage
from feedsvc.support.sorted_chunks import PersistentSortedList

_link: Final = attrgetter("article.link")


def withdrawn_rows(rows: Iterable[Row]) -> list[Row]:
    """Return the rows of articles with the status WITHDRAWN, also HIDDEN ones: their withdrawal lies in the future."""
    visible, withdrawn = Visibility.VISIBLE, ArticleStatus.WITHDRAWN  # most rows are visible: test that first
    return [row for row in rows if row.visibility is not visible and row.article.status is withdrawn]


def corrected_rows(rows: Iterable[Row]) -> list[Row]:
    """Return the visible rows of articles with corrections."""
    return [row for row in rows if row.article.corrections and is_visible(row)]


def sort_corrected(rows: Iterable[Row]) -> PersistentSortedList[Row]:
    """Return the visible rows of articles with corrections, in the order of their latest corrections, the latest first."""
    return PersistentSortedList.from_sorted(sorted(corrected_rows(rows), key=_correction_key), _correction_key)


def _correction_key(row: Row) -> tuple[int, bool, float, str]:
    """Return the sort key of a row with corrections: by the day of its latest one, then originals first, then as in listings."""
    article = row.article
    return -max(one.date.toordinal() for one in article.corrections), bool(article.translation_of), *row.key


def article_redirects(rows: Iterable[Row]) -> dict[QualifiedName, str]:
    """Return ("article", former slug) -> slug of the articles with a page: visible ones and those with the status WITHDRAWN."""
    withdrawn = ArticleStatus.WITHDRAWN
    with_aliases = (row for row in rows if row.article.aliases and (is_visible(row) or row.article.status is withdrawn))
    return {("article", alias): row.article.slug for row in with_aliases for alias in row.article.aliases}


def settings_redirects(content: ContentSnapshot) -> dict[QualifiedName, str]:
    """Return (kind, alias) -> id for the aliases of categories, authors and public custom feeds."""
    kinds: Mapping[str, Mapping[str, Category | Author | CustomFeed]] = {
        "category": content.categories,
        "author": content.authors,
        "custom": content.custom_feeds,
    }
    return {(kind, name): entry.id for kind, entries in kinds.items() for name, entry in entries.items() if name != entry.id}


def settings_media(content: ContentSnapshot) -> Iterator[str]:
    """Yield the path of each reference to a media file in site.yaml, authors.yaml and the public feeds of feeds.yaml.

    The paths of an author or feed with aliases occur once for each name.
    """
    entries: Iterable[Author | CustomFeed] = chain(content.authors.values(), content.custom_feeds.values())
    return chain(content.site.media, *(entry.media for entry in entries))


def media_paths(visible: Iterable[Row]) -> Iterator[str]:
    """Yield the path (media/...) of each reference of these rows' articles to a media file; a path may occur several times."""
    return chain.from_iterable([row.article.media for row in visible])


def count_external(visible: Iterable[Row]) -> int:
    """Return the number of these rows, which should be visible, whose article has a `link`, the address at another site."""
    return sum(map(bool, map(_link, visible)))


def recent_rows(site: Listing, now: datetime) -> tuple[Row, ...]:
    """Return the visible rows published less than NEWS_AGE before `now`, newest first, without those that only a preview shows.

    `site` is the site's listing.
    """
    rows = takewhile(lambda row: row.article.published > now - NEWS_AGE, site.visible)
    return tuple(row for row in rows if not row.preview_label)


def most_used_listings(listings: Iterable[Listing]) -> Iterator[Listing]:
    """Yield of each kind of listings, which are sorted by kind and id, those with the most visible articles, in this order.

    They are at most as many as tags.
    """
    for _, group in groupby(listings, key=attrgetter("ref.kind")):
        most_used = sorted(group, key=lambda listing: -len(listing.visible))[:MOST_USED_COUNT]
        yield from sorted(most_used, key=attrgetter("ref.id"))


def public_pages(content: ContentSnapshot, *, is_preview: bool) -> Mapping[str, StaticPage]:
    """Return the pages that have an address, by slug and former slug: the published ones, in a preview drafts, too."""
    pages = content.pages
    if is_preview or not any(page.is_draft for page in pages.values()):
        return pages
    return {name: page for name, page in pages.items() if not page.is_draft}


def update_pages(
    pages: Mapping[str, StaticPage], before: ContentSnapshot, now: ContentSnapshot, *, is_preview: bool
) -> Mapping[str, StaticPage]:
    """Return `public_pages` of the content `now`; the object `pages`, which is that of the content `before`, if it is equal."""
    if now.pages is before.pages:
        return pages
    updated = public_pages(now, is_preview=is_preview)
    return pages if updated == pages else updated


def pages_by_slug(pages: Mapping[str, StaticPage]) -> Iterator[StaticPage]:
    """Yield each page of `pages`, a mapping by slug and former slug, once, sorted by slug."""
    yield from (pages[name] for name in sorted(pages) if pages[name].slug == name)


def page_media(pages: Mapping[str, StaticPage]) -> Iterator[str]:
    """Yield the path (media/...) of each reference of these pages to a media file; a path may occur several times."""
    for page in pages_by_slug(pages):
        yield from page.media
