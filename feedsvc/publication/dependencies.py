"""Dependencies of each document. If all are unchanged, it has the same bytes.

Settings, theme and preview mode, on which every document depends, are compared once (`are_comparable`); for later processes,
`site_fingerprint` is a digest of these and of the code.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import metadata
from itertools import chain
from typing import Any, Final, NamedTuple

import msgspec

from feedsvc import __version__
from feedsvc.catalog import ArchiveIndex, Catalog, Listing, Row, count_articles
from feedsvc.content.media import can_have_variants, digest_of
from feedsvc.discovery import (
    catalog_fingerprint,
    has_news_sitemap,
    indexable_pages,
    is_indexed,
    listing_fingerprint,
)
from feedsvc.extensions import plugins_fingerprint
from feedsvc.feeds import suffixes_of
from feedsvc.free_places import RootFileAt, StaticPageAt
from feedsvc.pages import archive_rows, find_linking_rows, find_related, latest_rows, select_home_rows, tag_page
from feedsvc.publication.addresses import FAVICON, favicon_path, find_public_issue
from feedsvc.routes import (
    ArchiveAt,
    ArticleAt,
    FeedAt,
    FileAt,
    IssueAt,
    ListingRef,
    PageAt,
    Place,
    SiteDocumentAt,
    SitemapAt,
    TagsAt,
    path_of,
)
from feedsvc.support.digest import blake2b
from feedsvc.uris import path_below

_DIGEST_SIZE: Final = 12  # bytes
# Libraries that influence the bytes of documents or of their compressed variants. Python may include zstd itself.
_LIBRARIES: Final = (
    *("babel", "comrak-ext", "feedgen", "jinja2", "lxml", "markupsafe", "nh3", "pyvips-binary", "tzdata"),
    *("backports.zstd", "brotli", "deflate"),
)
_ENCODER: Final = msgspec.msgpack.Encoder(order="deterministic")
_PLACES_WITH_LOGO: Final = (ArchiveAt, ArticleAt, IssueAt, PageAt, StaticPageAt, SiteDocumentAt, TagsAt)


# Inputs of a document: rows, compared by identity, and values, compared by equality. Both must be of one process.
Dependencies = tuple[object, ...]


def are_unchanged(dependencies: Dependencies, former: Dependencies) -> bool:
    """Return whether documents made from both have the same bytes."""
    return len(dependencies) == len(former) and all(map(_is_unchanged, dependencies, former))


def _is_unchanged(one: object, other: object) -> bool:
    if isinstance(one, _Listings) and isinstance(other, _Listings):
        pairs = zip(one.listings, other.listings, strict=False)
        return len(one.listings) == len(other.listings) and all(a is b or one.show(a) == other.show(b) for a, b in pairs)
    return one is other or (not isinstance(one, Row) and one == other)


class _Listings(NamedTuple):
    """Listings that a document shows: unchanged if `show` returns equal values of those that are other objects than before."""

    listings: tuple[Listing, ...]
    show: Callable[[Listing], object]


def document_dependencies(catalog: Catalog, place: Place) -> Dependencies | None:
    """Return the dependencies of a canonical place's document; None if there is no document or it must not be reused.

    None for image variants and combinations. For a file in media/ or static/, they are empty, so that they say nothing about its
    bytes. For such a file, a part of the sitemap or one of SITE_DOCUMENTS, the result may be Dependencies even if there is no
    document.
    """
    function = _DEPENDENCIES_BY_PLACE.get(type(place))
    dependencies = function(catalog, place) if function else None
    if dependencies is None or not isinstance(place, _PLACES_WITH_LOGO):
        return dependencies
    return *dependencies, *logo_dependencies(catalog)


def are_comparable(one: Catalog, other: Catalog) -> bool:
    """Return whether dependencies of two catalogs can be compared: if the `settings` and theme of their content are equal, and
    both are previews or neither.
    """
    return one.is_preview == other.is_preview and _settings(one) == _settings(other)


def _settings(catalog: Catalog) -> tuple[object, ...]:
    """Return the parts of the content, besides articles and media, on which any document may depend."""
    return *catalog.content.settings, catalog.content.theme


def site_fingerprint(catalog: Catalog) -> str:
    """Return the digest, 24 hex digits, of the inputs that all documents share: settings, theme, preview mode, code, plug-ins.

    The code is `code_fingerprint`. Trees of two builds can be compared only if it is equal.
    """
    inputs = (*_settings(catalog), catalog.is_preview)
    return blake2b(_ENCODER.encode((inputs, code_fingerprint(), plugins_fingerprint())), size=_DIGEST_SIZE).hex()


@cache
def code_fingerprint() -> tuple[str, ...]:
    """Return the version of feedsvc, a digest of its files (24 hex digits), and the versions of Python and of _LIBRARIES.

    The code may change within a version. The version of a library that is not installed is "".
    """
    code: list[bytes] = []
    root = os.path.dirname(os.path.dirname(__file__))
    # Skip compiled and half-written .pyc files, and dangling links, such as lock files of text editors.
    files = (os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names if ".pyc" not in name)
    for file in sorted(filter(os.path.isfile, files)):
        with open(file, "rb") as opened:
            code += (file.removeprefix(root).encode(), opened.read())
    code_digest = blake2b(b"".join(code), size=_DIGEST_SIZE).hex()
    return __version__, code_digest, sys.version, *map(_version, _LIBRARIES)


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""


def _feed_dependencies(catalog: Catalog, place: FeedAt) -> Dependencies | None:
    listing = catalog.listings.get(place.listing)
    if listing is None or place.suffix not in suffixes_of(place.listing) or (place.period and not listing.has_archive):
        return None
    if place.period:
        return _period_dependencies(listing, place.period, listing.in_feeds.archive_index)
    return _newest_dependencies(listing, listing.prev_archive)


def _page_dependencies(catalog: Catalog, place: PageAt) -> Dependencies | None:
    listing = catalog.listings.get(place.listing)
    if listing is None:
        return None
    if place.period:
        dependencies = _period_dependencies(listing, place.period, listing.page_index)
    elif place.listing == ListingRef():
        dependencies = _home_dependencies(catalog, listing)
    else:
        older_period = listing.page_index.newest_older_period
        dependencies = *_newest_dependencies(listing.stories, older_period), count_articles(listing)
    return None if dependencies is None else (*dependencies, *image_dependencies(catalog, dependencies))


def _home_dependencies(catalog: Catalog, listing: Listing) -> Dependencies:
    """Return the dependencies of the front page: its rows, their number in each block, and `newest_older_period`."""
    rows = select_home_rows(catalog)
    blocks = tuple((section.listing.ref.id, len(section.rows)) for section in rows.sections)
    values = (bool(rows.lead), len(rows.seconds), blocks, len(rows.others), listing.page_index.newest_older_period)
    return *rows.all_rows, *values


def _newest_dependencies(listing: Listing, older_period: str) -> Dependencies:
    """Return the dependencies of a listing's newest page or feed, which links to `older_period`, "" if there is none."""
    return *listing.dated_rows, listing.title, listing.description, older_period, bool(listing.feed_rows)


def _period_dependencies(listing: Listing, period: str, index: ArchiveIndex) -> Dependencies | None:
    """Return the dependencies of a period's page or archive feed; None if the period is not in `index`."""
    rows, neighbours = index.get(period), index.neighbours.get(period)
    return (*rows, listing.title, listing.description, neighbours) if rows is not None else None


def _article_dependencies(catalog: Catalog, place: ArticleAt) -> Dependencies | None:
    row, withdrawn_row = catalog.visible.get(place.slug), catalog.withdrawn.get(place.slug)
    if row is None:
        return (withdrawn_row,) if withdrawn_row else None
    # A new title of one of its tags makes a new Row, so tags need no values here.
    rows = input_rows(catalog, row)
    files = (*file_dependencies(catalog, row.article.media), *image_dependencies(catalog, rows))
    return *rows, *files, *_language_dependencies(catalog, row)


def _issue_dependencies(catalog: Catalog, place: IssueAt) -> Dependencies | None:
    issue = find_public_issue(catalog, place)
    if issue is None:
        return None
    neighbours = (row and path_of(row.place) for row in catalog.listings[place.listing].neighbours_of(issue))
    return issue, *neighbours, *image_dependencies(catalog, issue.articles)


def _static_page_dependencies(catalog: Catalog, place: StaticPageAt) -> Dependencies | None:
    page = catalog.pages.get(place.slug)
    is_canonical = page and page.slug == place.slug
    return (page, *file_dependencies(catalog, page.media)) if page and is_canonical else None


def _root_file_dependencies(catalog: Catalog, place: RootFileAt) -> Dependencies | None:
    data = catalog.content.root_files.get(place.path)
    if data is None and place.path == FAVICON:
        return (*file_dependencies(catalog, [favicon_path(catalog)]),)
    return (data,) if data is not None else None


def _listings_in_sitemaps(catalog: Catalog) -> _Listings:
    return _Listings(tuple(catalog.indexable_listings), listing_fingerprint)


_SINGLE_DEPENDENCIES: Final[Mapping[str, Callable[[Catalog], Dependencies]]] = {
    "feeds.opml": lambda catalog: (_Listings(catalog.subscribable_listings, lambda listing: (listing.ref, listing.title)),),
    "subscribe/": lambda catalog: (
        _Listings(catalog.subscribable_listings, lambda one: (one.ref, one.title, count_articles(one), one.last_changed)),
        sum(listing.ref.kind == "tag" for listing in catalog.subscribable_listings) == catalog.tags.total,
    ),
    "sitemap.xml": lambda catalog: (_listings_in_sitemaps(catalog), *catalog_fingerprint(catalog), *indexable_pages(catalog)),
    "news-sitemap.xml": lambda catalog: catalog.recent,
    "license.xml": lambda _: (),
    "robots.txt": lambda catalog: (has_news_sitemap(catalog),),
}


def _archive_dependencies(catalog: Catalog, place: ArchiveAt) -> Dependencies | None:
    """Return the dependencies of a page of the archive for people; None if its period has no page.

    They are numbers of articles by month and the latest rows, or by day, or the rows of a period, and its neighbours.
    """
    listing = catalog.listings[ListingRef()]
    calendar, period = listing.calendar, place.period
    if not period:
        return *calendar.months, *latest_rows(catalog)
    if period not in calendar:
        return None
    neighbours, days = calendar.neighbours_of(period), calendar.days_of(period)
    rows = () if days else archive_rows(listing.stories.archive_index.all_periods.get(period, ()))
    return *rows, neighbours, days


def _sitemap_dependencies(catalog: Catalog, place: SitemapAt) -> Dependencies | None:
    """Return the dependencies of a part of the sitemap: the rows of its period; those of LISTINGS_GROUP for any other name.

    None if the sitemap has no parts.
    """
    if not is_indexed(catalog):
        return None
    rows = catalog.listings[ListingRef()].archive_index.all_periods.get(place.part.partition(".")[0])
    return rows if rows is not None else (_listings_in_sitemaps(catalog), *indexable_pages(catalog))


_DEPENDENCIES_BY_PLACE: Final[Mapping[type[Place], Callable[[Catalog, Any], Dependencies | None]]] = {
    FeedAt: _feed_dependencies,
    PageAt: _page_dependencies,
    ArticleAt: _article_dependencies,
    IssueAt: _issue_dependencies,
    StaticPageAt: _static_page_dependencies,
    FileAt: lambda *_: (),
    RootFileAt: _root_file_dependencies,
    SiteDocumentAt: lambda catalog, place: _SINGLE_DEPENDENCIES[place.name](catalog),
    TagsAt: lambda catalog, place: tag_page(catalog, place.start) or None,
    ArchiveAt: _archive_dependencies,
    SitemapAt: _sitemap_dependencies,
}


def has_changed(before: Catalog, now: Catalog, place: Place) -> bool:
    """Return whether the document at a canonical place may differ between two catalogs: if its `document_dependencies` differ.

    True also if one or both have none for it. Always False for FileAt: compare the files. The catalogs must be comparable
    (`are_comparable`).
    """
    one, other = document_dependencies(before, place), document_dependencies(now, place)
    return one is None or other is None or not are_unchanged(one, other)


def input_rows(catalog: Catalog, row: Row) -> tuple[Row | None, ...]:
    """Return the rows that the page of the visible article `row` shows; for each, the bytes of its lead image matter, too.

    These are `row` itself, its next newer and its next older visible row in the listing of its first category, else the site's,
    None for one that does not exist, and then its related articles, of which there may be none. `dependent_rows` is the inverse.
    """
    section = catalog.listings[next((ListingRef("category", name) for name in row.article.categories), ListingRef())]
    return row, *section.neighbours_of(row), *find_related(catalog, row)


def dependent_rows(catalog: Catalog, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield at least those visible rows of `catalog`, except `rows`, whose `input_rows` include one of `rows`, or did before.

    `rows` may be of another catalog with the same settings. A row may be yielded more than once.
    """
    refs = ((row, (ListingRef(), *(ListingRef("category", name) for name in row.article.categories))) for row in rows)
    beside = (catalog.listings[ref].neighbours_of(row) for row, own in refs for ref in own)
    found = [*filter(None, chain.from_iterable(beside)), *find_linking_rows(catalog, rows)]
    # A translation has the neighbours and related articles of its story.
    translations = chain.from_iterable(row.translations for row in (*rows, *found))
    return chain(found, filter(None, (catalog.visible.get(one.slug) for one in translations)))


def _language_dependencies(catalog: Catalog, row: Row) -> Iterator[object]:
    """Yield one bool: whether the article's language has a listing, to which the page links. Nothing if it names none."""
    if row.article.language:
        yield ListingRef("language", row.article.language) in catalog.listings


def image_dependencies(catalog: Catalog, rows: Iterable[object]) -> Iterator[object]:
    """Yield the `file_dependencies` of the lead images of the rows' articles, once for each file.

    Pages name image variants by a digest of the image's bytes. Objects in `rows` that are no Row, such as None, are ignored.
    """
    base = catalog.site.base_url
    images = (row.article.image for row in rows if isinstance(row, Row))
    yield from file_dependencies(catalog, {path_below(base, image.url)[1:]: None for image in images if image})


def file_dependencies(catalog: Catalog, paths: Iterable[str]) -> Iterator[object]:
    """Yield (path, MediaFile, image digest) of each of `paths` (media/...) that is a public file; others are left out.

    Pages show sizes and variants, which depend on the bytes. The image digest is "" if the file can have no variants or cannot
    be read.
    """
    for path in paths:
        file = catalog.media.get(path)
        if file:
            yield path, file, _image_digest(file)


def logo_dependencies(catalog: Catalog) -> Iterator[object]:
    """Yield the `file_dependencies` of the logo, which every page shows: one tuple, to be compared or digested.

    Nothing if there is no logo or it is not a file of this site.
    """
    return file_dependencies(catalog, [path_below(catalog.site.base_url, catalog.site.logo)[1:]])


def _image_digest(file: Any) -> str:
    try:
        return digest_of(file) if can_have_variants(file) else ""
    except OSError:
        return ""
