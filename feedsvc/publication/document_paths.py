"""Paths of all documents and files of one catalog, in the order in which an export writes them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, product
from operator import itemgetter

from feedsvc import feeds, pages
from feedsvc.catalog import Catalog, issues_of, pages_by_slug
from feedsvc.content.media import is_sendable
from feedsvc.discovery import has_news_sitemap, part_names, tag_places
from feedsvc.feeds import MAX_CACHED_ENTRIES
from feedsvc.free_places import StaticPageAt
from feedsvc.publication.addresses import LICENSE, withdrawn_places
from feedsvc.publication.document import is_sent_cleaned
from feedsvc.publication.image_variants import ImageVariants
from feedsvc.publication.old_addresses import exact_addresses
from feedsvc.publication.renderer import NEWS_SITEMAP, STATIC_FOLDER
from feedsvc.publication.root_files import root_content_types
from feedsvc.routes import (
    SITE_DOCUMENTS,
    ArchiveAt,
    ArticleAt,
    FeedAt,
    ListingRef,
    PageAt,
    SiteDocumentAt,
    SitemapAt,
    article_path,
    path_of,
)


class DocumentPaths:
    """Paths of one catalog's documents and files. `theme` is the theme of its pages, whose static files are files, too."""

    def __init__(self, catalog: Catalog, theme: pages.Theme, image_variants: ImageVariants) -> None:
        self._catalog, self._theme, self._image_variants = catalog, theme, image_variants

    def paths(self) -> Iterator[str]:
        """Yield every path with status 200: `file_paths`, pages, files in root/, feeds, sitemap parts, those of SITE_DOCUMENTS.

        Left out are combinations, private feeds, images whose metadata must be removed but cannot be, and image variants that
        cannot be made. Makes missing image variants.
        """
        yield from self.file_paths()
        yield from self._article_and_older_page_paths()
        yield from (path_of(PageAt(ref)) for ref in self._catalog.listings)
        issues = chain.from_iterable(issues_of(self._catalog.listings[ref].visible) for ref in self._catalog.periodicals)
        yield from (path_of(issue.place) for issue in issues)
        yield path_of(ArchiveAt())
        yield from (path_of(place) for place in tag_places(self._catalog.tags.starts))
        yield from (path_of(StaticPageAt(page.slug)) for page in pages_by_slug(self._catalog.pages))
        yield from root_content_types(self._catalog)
        yield from self.feed_paths()
        yield from (path_of(SitemapAt(part)) for part in part_names(self._catalog))
        yield from (path_of(SiteDocumentAt(name)) for name in SITE_DOCUMENTS if self._has_site_document(name))

    def paths_with_redirects(self) -> Iterator[str]:
        """Yield `paths`, the addresses of withdrawn articles and issues, the former addresses of articles, static pages and tags,
        and the old addresses of exact rules without a query, also of rules that do not redirect now.

        For tags, these are only the newest page and feeds. Former addresses of other listings are not included.
        """
        yield from self.paths()
        yield from map(path_of, withdrawn_places(self._catalog))
        yield from (path_of(StaticPageAt(name)) for name, page in self._catalog.pages.items() if name != page.slug)
        yield from (path_of(ArticleAt(alias)) for kind, alias in self._catalog.redirects if kind == "article")
        for ref in (ListingRef("tag", slug) for kind, slug in self._catalog.redirects if kind == "tag"):
            yield path_of(PageAt(ref))
            yield from (path_of(FeedAt(ref, suffix)) for suffix in feeds.FORMATS)
        yield from exact_addresses(self._catalog)

    def file_paths(self, *, include_unchecked: bool = False) -> Iterator[str]:
        """Yield those of `paths` that are files: media, files of the theme, and image variants. Make missing variants.

        With `include_unchecked`, images are not checked, and those whose metadata cannot be removed are included.
        """
        site, media = self._catalog.site, self._catalog.media.items()
        yield from (
            f"/{path}"
            for path, file in media
            if include_unchecked or is_sendable(file.location, is_cleaned=is_sent_cleaned(site, file))
        )
        yield from (f"/{STATIC_FOLDER}{name}" for name in sorted(self._theme.static))
        yield from self._image_variants.paths()

    def _has_site_document(self, name: str) -> bool:
        if name == NEWS_SITEMAP:
            return has_news_sitemap(self._catalog)
        return name != LICENSE or self._catalog.site.license is not None

    def feed_paths(self) -> Iterator[str]:
        """Yield those of `paths` that are feeds: of all public listings, in all formats, newest documents and archives."""
        # Authors last: the other feeds share the newest articles, so their entries are still cached.
        listings = sorted(self._catalog.listings.values(), key=lambda listing: listing.ref.kind == "author")
        periods = ((listing.ref, period) for listing in listings for period in ("", *listing.archive))
        if len(self._catalog.visible) > MAX_CACHED_ENTRIES:
            yield from (path_of(FeedAt(ref, suffix, period)) for ref, period in periods for suffix in feeds.suffixes_of(ref))
        else:
            # All entries fit in the cache. Order by format, so that no two processes render the same entry.
            formats = product(feeds.FORMATS.items(), periods)
            yield from (path_of(FeedAt(ref, suffix, period)) for (suffix, one), (ref, period) in formats if one.has_listing(ref))

    def _archive_periods(self) -> Iterator[str]:
        """Yield the months and days that have a page of the archive for people (ArchiveAt), in no particular order."""
        calendar = self._catalog.listings[ListingRef()].calendar
        return chain(calendar.leaves, (month for month, _ in calendar.months if calendar.days_of(month)))

    def _article_and_older_page_paths(self) -> Iterator[str]:
        """Yield the paths of visible articles, newest first; after those of a period, the paths of its pages.

        Its pages are that of the archive for people (ArchiveAt) and those of listings (PageAt), except their newest ones.

        In this order, the cards of the same articles, which several pages show, are still cached.
        """
        listings = self._catalog.listings
        articles = ((row.day, article_path(row.article.slug)) for row in listings[ListingRef()].visible)
        periods = self._archive_periods()
        archive_pages = ((period, path_of(ArchiveAt(period))) for period in periods)
        older_pages = (
            (period, path_of(PageAt(listing.ref, period))) for listing in listings.values() for period in listing.page_index
        )
        return (path for _, path in sorted(chain(articles, archive_pages, older_pages), key=itemgetter(0), reverse=True))
