"""Publication: finds the resource at a path of one catalog: a document, a file or a redirect.

Documents are rendered on request and kept in a cache of limited size. An edition is one of the Publications that follow each
other as the content changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import chain, product
from operator import itemgetter
from typing import Final

from feedsvc import feeds, pages
from feedsvc.catalog import Catalog, EditionLink, issues_of, pages_by_slug
from feedsvc.content.media import VariantStore, is_sendable
from feedsvc.discovery import has_news_sitemap, listing_fingerprint, part_names, tag_places
from feedsvc.feeds import MAX_CACHED_ENTRIES, EntryCache
from feedsvc.free_places import StaticPageAt
from feedsvc.publication import addresses, old_addresses
from feedsvc.publication.affected_paths import changed_former_tag_paths, differing_paths
from feedsvc.publication.dependencies import are_comparable, are_unchanged, document_dependencies
from feedsvc.publication.document import (
    CacheStatistics,
    DerivedData,
    Document,
    DocumentCache,
    FileResource,
    Redirect,
    Resource,
    is_sent_cleaned,
)
from feedsvc.publication.image_variants import ImageVariants
from feedsvc.publication.renderer import NEWS_SITEMAP, STATIC_FOLDER, SUBSCRIBE, FindLastModified, Renderer, no_last_modified
from feedsvc.redirects import GONE
from feedsvc.routes import (
    SITE_DOCUMENTS,
    ArchiveAt,
    ArticleAt,
    FeedAt,
    ListingRef,
    PageAt,
    Place,
    SiteDocumentAt,
    SitemapAt,
    VariantAt,
    article_path,
    path_of,
    place_of,
)
from feedsvc.uris import mount_path

# (numbers of items that were finished since the number before, total) -> the same numbers, as they come.
Progress = Callable[[Iterable[int], int], Iterable[int]]

_MAX_CACHED_BYTES: Final = 32 * 1024 * 1024
_WARM_UP_KINDS: Final = ("site", "category")


@dataclass(frozen=True, slots=True)
class _CarryOver:
    """Caches that an edition passes to the next one if the content's `settings`, the theme and preview mode are the same."""

    theme: pages.Theme
    entry_cache: EntryCache
    document_cache: DocumentCache


class DocumentPaths:
    """Paths of one catalog's documents and files, in the order in which an export writes them."""

    catalog: Catalog
    _theme: pages.Theme
    _image_variants: ImageVariants

    def paths(self) -> Iterator[str]:
        """Yield every path with status 200: `file_paths`, pages, files in root/, feeds, sitemap parts, those of SITE_DOCUMENTS.

        Left out are combinations, private feeds, images whose metadata must be removed but cannot be, and image variants that
        cannot be made. Makes missing image variants.
        """
        yield from self.file_paths()
        yield from self._article_and_older_page_paths()
        yield from (path_of(PageAt(ref)) for ref in self.catalog.listings)
        issues = chain.from_iterable(issues_of(self.catalog.listings[ref].visible) for ref in self.catalog.periodicals)
        yield from (path_of(issue.place) for issue in issues)
        yield path_of(ArchiveAt())
        yield from (path_of(place) for place in tag_places(self.catalog.tags.starts))
        yield from (path_of(StaticPageAt(page.slug)) for page in pages_by_slug(self.catalog.pages))
        yield from addresses.root_content_types(self.catalog)
        yield from self.feed_paths()
        yield from (path_of(SitemapAt(part)) for part in part_names(self.catalog))
        yield from (path_of(SiteDocumentAt(name)) for name in SITE_DOCUMENTS if self._has_site_document(name))

    def paths_with_redirects(self) -> Iterator[str]:
        """Yield `paths`, the addresses of withdrawn articles and issues, the former addresses of articles, static pages and tags,
        and the old addresses of exact rules without a query, also of rules that do not redirect now.

        For tags, these are only the newest page and feeds. Former addresses of other listings are not included.
        """
        yield from self.paths()
        yield from map(path_of, addresses.withdrawn_places(self.catalog))
        yield from (path_of(StaticPageAt(name)) for name, page in self.catalog.pages.items() if name != page.slug)
        yield from (path_of(ArticleAt(alias)) for kind, alias in self.catalog.redirects if kind == "article")
        for ref in (ListingRef("tag", slug) for kind, slug in self.catalog.redirects if kind == "tag"):
            yield path_of(PageAt(ref))
            yield from (path_of(FeedAt(ref, suffix)) for suffix in feeds.FORMATS)
        yield from old_addresses.exact_addresses(self.catalog)

    def file_paths(self, *, include_unchecked: bool = False) -> Iterator[str]:
        """Yield those of `paths` that are files: media, files of the theme, and image variants. Make missing variants.

        With `include_unchecked`, images are not checked, and those whose metadata cannot be removed are included.
        """
        site, media = self.catalog.site, self.catalog.media.items()
        yield from (
            f"/{path}"
            for path, file in media
            if include_unchecked or is_sendable(file.location, is_cleaned=is_sent_cleaned(site, file))
        )
        yield from (f"/{STATIC_FOLDER}{name}" for name in sorted(self._theme.static))
        yield from self._image_variants.paths()

    def _has_site_document(self, name: str) -> bool:
        if name == NEWS_SITEMAP:
            return has_news_sitemap(self.catalog)
        return name != addresses.LICENSE or self.catalog.site.license is not None

    def feed_paths(self) -> Iterator[str]:
        """Yield those of `paths` that are feeds: of all public listings, in all formats, newest documents and archives."""
        # Authors last: the other feeds share the newest articles, so their entries are still cached.
        listings = sorted(self.catalog.listings.values(), key=lambda listing: listing.ref.kind == "author")
        periods = ((listing.ref, period) for listing in listings for period in ("", *listing.archive))
        if len(self.catalog.visible) > MAX_CACHED_ENTRIES:
            yield from (path_of(FeedAt(ref, suffix, period)) for ref, period in periods for suffix in feeds.suffixes_of(ref))
        else:
            # All entries fit in the cache. Order by format, so that no two processes render the same entry.
            formats = product(feeds.FORMATS.items(), periods)
            yield from (path_of(FeedAt(ref, suffix, period)) for (suffix, one), (ref, period) in formats if one.has_listing(ref))

    def _archive_periods(self) -> Iterator[str]:
        """Yield the months and days that have a page of the archive for people (ArchiveAt), in no particular order."""
        calendar = self.catalog.listings[ListingRef()].calendar
        return chain(calendar.leaves, (month for month, _ in calendar.months if calendar.days_of(month)))

    def _article_and_older_page_paths(self) -> Iterator[str]:
        """Yield the paths of visible articles, newest first; after those of a period, the paths of its pages.

        Its pages are that of the archive for people (ArchiveAt) and those of listings (PageAt), except their newest ones.

        In this order, the cards of the same articles, which several pages show, are still cached.
        """
        listings = self.catalog.listings
        articles = ((row.day, article_path(row.article.slug)) for row in listings[ListingRef()].visible)
        periods = self._archive_periods()
        archive_pages = ((period, path_of(ArchiveAt(period))) for period in periods)
        older_pages = (
            (period, path_of(PageAt(listing.ref, period))) for listing in listings.values() for period in listing.page_index
        )
        return (path for _, path in sorted(chain(articles, archive_pages, older_pages), key=itemgetter(0), reverse=True))


class Publication(DocumentPaths):
    """All documents, files and redirects of one catalog. Immutable for its users, thread-safe.

    The same catalog gives the same bytes at the same paths, regardless of the order of requests.
    """

    def __init__(
        self,
        catalog: Catalog,
        find_last_modified: FindLastModified = no_last_modified,
        variant_store: VariantStore | None = None,
        *,
        carry_over: _CarryOver | None = None,
    ) -> None:
        """Create without rendering. Without `variant_store`, pages offer image variants, but `resolve` returns None for these.

        By default, documents have no date. `carry_over` are caches of the edition before if the catalogs `are_comparable`.
        """
        caches = carry_over or _CarryOver(
            pages.Theme(catalog.content.theme), EntryCache(catalog), DocumentCache(_MAX_CACHED_BYTES)
        )
        self.catalog, self.mount = catalog, mount_path(catalog.site.base_url)
        # Between these moments, time alone does not change the catalog.
        self.last_change, self.next_change = catalog.last_change, catalog.next_change
        self._theme, self._entry_cache, self._document_cache = caches.theme, caches.entry_cache, caches.document_cache
        self._variant_store, self._image_variants = variant_store, ImageVariants(catalog, variant_store)
        self._find_last_modified = find_last_modified
        self._renderer = Renderer(catalog, self._theme, self._entry_cache, self._image_variants, find_last_modified)
        self._link = EditionLink()

    def next_edition(self, catalog: Catalog, find_last_modified: FindLastModified | None = None) -> Publication:
        """Return the publication of a newer catalog. If both `are_comparable`, it reuses documents with unchanged dependencies.

        `find_last_modified` None: the function of this publication. `changed_since` takes the result for a later edition only
        until this method is called again.
        """
        carry_over = None
        if are_comparable(self.catalog, catalog):
            carry_over = _CarryOver(self._theme, self._entry_cache.for_catalog(catalog), self._document_cache.carry_over())
        publication = Publication(
            catalog, find_last_modified or self._find_last_modified, self._variant_store, carry_over=carry_over
        )
        self._link.change, self._link.next = catalog.change, publication._link
        return publication

    def changed_since(self, before: Publication) -> frozenset[str]:
        """Return a superset of the paths whose responses differ between `before` and this publication.

        These are all `paths_with_redirects` of both, and the former addresses of tags that differ, if settings, theme, logo or
        preview mode differ, a change is unknown, or this is no later edition. Left out are combinations, private feeds, old
        addresses with a query, those by a rule with a "*", and variants of an overwritten image
        (the image's own path represents them).
        """
        change = before._link.change_until(self._link)
        paths = None if change is None else differing_paths(before.catalog, self.catalog, change)
        if paths is not None:
            return paths
        former = changed_former_tag_paths(before.catalog, self.catalog)
        return frozenset(chain(before.paths_with_redirects(), self.paths_with_redirects(), former))

    def warm_up(self) -> Iterator[None]:
        """Prepare for the next edition in small steps, while the process is idle. Yields None after each step.

        It computes the listing values that `changed_since` compares, and renders the newest pages and feeds of site and
        categories, which most changes affect, without caching these documents.
        """
        for listing in self.catalog.listings.values():
            listing_fingerprint(listing)
            yield
        _ = self.catalog.tags.most_used, self.catalog.tags.starts
        yield
        for ref in self.catalog.listings:
            places: tuple[Place, ...] = (PageAt(ref), *(FeedAt(ref, suffix) for suffix in feeds.FORMATS))
            for place in places if ref.kind in _WARM_UP_KINDS else ():
                self._renderer.render(place)
                yield

    # --- resources

    def resolve(self, path: str) -> Resource | None:
        """Return the resource at a decoded path relative to base_url, without a query; None for 404, and for private feeds.

        Former, old and non-canonical paths give a Redirect to the final address, withdrawn articles and issues and paths that
        redirects.yaml calls gone a Document with status 410, missing image variants the original. Raises OSError for a
        variant or a document with images if the process has no free file descriptor.
        """
        # Only canonical paths are in the cache.
        return self._document_cache.get(path) or self._resolve_uncached(path)

    def _resolve_uncached(self, path: str) -> Resource | None:
        requested = place_of(path)
        place = addresses.canonical_place(self.catalog, requested) if requested else None
        if place is not None and path_of(place) == path and (resource := self._find_or_render(path, place)):
            return resource
        target = old_addresses.redirect_target(self.catalog, path)
        if requested is None or place is None or target != path_of(place):
            return self._resource_for(target)
        return self._resource_for(target, is_permanent=addresses.is_permanent_redirect(requested, place))

    def _resource_for(self, target: str, *, is_permanent: bool = True) -> Redirect | Document | None:
        """Return the resource for a result of `redirect_target`: a redirect, the page with status 410 for GONE, None for ""."""
        if target == GONE:
            return self._gone_page
        return Redirect(target=target, is_permanent=is_permanent) if target else None

    @cached_property
    def _gone_page(self) -> Document:
        return self._renderer.render_gone_page()

    def resolve_query(self, path: str, query: str) -> Resource | None:
        """Return the Redirect or Document (status 410) of the first rule with a query that holds for a request, or None."""
        return self._resource_for(old_addresses.query_target(self.catalog, path, query))

    def redirect_target(self, path: str) -> str:
        """Return where a path, except a former variant's, redirects: a path, an absolute address, or GONE; "" for nowhere."""
        return old_addresses.redirect_target(self.catalog, path)

    def render_redirect_page(self, path: str, target: str) -> Document:
        """Return an HTML page that redirects to `target`, a path or an address, for a host that cannot redirect from `path`."""
        return self._renderer.render_redirect_page(path, target)

    def render(self, path: str, *, has_forms: bool = True) -> Document | FileResource | None:
        """Return the document or file at a canonical path without use of the cache, for callers that need it once.

        A missing image variant is made; if that fails, it is the original. None for redirects and 404. Without `has_forms`, pages
        have no form, for a host that serves files and cannot answer a form.
        """
        place = place_of(path)
        if place is None or path_of(addresses.canonical_place(self.catalog, place)) != path:
            return None
        if place == SiteDocumentAt(SUBSCRIBE) and not has_forms:
            return self._renderer.render_static_subscribe_page()
        return self._renderer.render(place)

    def render_private_feed(self, name: str, suffix: str, path: str, now: datetime) -> Document | None:
        """Return the custom feed with the id or alias `name` at `now`, for a token's holder, public or not; None if unknown.

        `path`, with the token, is the document's path and the feed's own address. The document is not cached, has no date, and
        is none of the `paths`. None, too, if the listing has no feed in this format. Raises KeyError if no format has the suffix.
        """
        listing = self.catalog.private_listing(name, now)
        if listing is None or not feeds.FORMATS[suffix].has_listing(listing.ref):
            return None
        return self._renderer.render_private_feed(listing, suffix, path)

    def combination_error_page(self, reason: str, name: str = "") -> Document:
        """Return the page with status 400 for a form on /subscribe/ with the `reason` and `name` of a CombinationError."""
        return self._renderer.render_combination_error_page(reason, name)

    @cached_property
    def not_found_page(self) -> Document:
        """Page with status 404."""
        return self._renderer.render_not_found_page()

    def not_found_page_at(self, path: str) -> Document:
        """Return the page with status 404 for a path; that of a combination says which of its names is at fault, and why."""
        return self._renderer.render_not_found_combination_page(path) or self.not_found_page

    def _find_or_render(self, path: str, place: Place) -> Resource | None:
        """Return the resource at a place: a former document if its dependencies are unchanged, else a new one. May cache it."""
        if isinstance(place, VariantAt):
            return self._image_variants.find(place)
        if isinstance(place, FeedAt) and place.listing.kind == "combination":
            # Not cached: requests for many combinations would evict all other documents.
            return self._renderer.render(place)
        dependencies, former = document_dependencies(self.catalog, place), self._document_cache.former(path)
        is_reusable = (
            former is not None
            and former.dependencies is not None
            and dependencies is not None
            and are_unchanged(dependencies, former.dependencies)
        )
        document = self._with_current_date(former.document) if former and is_reusable else self._renderer.render(place)
        if isinstance(place, FeedAt) and document and not place.period:
            self._image_variants.order_for_feed(self.catalog.listings[place.listing].feed_rows)
        # Do not cache a document whose date could not be found: it may be found on the next request.
        if isinstance(document, Document) and (document.last_modified or self._find_last_modified is no_last_modified):
            self._document_cache.put(path, document, dependencies)
        return document

    def _with_current_date(self, former: Document) -> Document:
        """Return a reused document with its date looked up again: another edition or worker may have had other bytes since."""
        if self._find_last_modified is no_last_modified:
            return former
        modified = self._find_last_modified(former.path, former.etag)
        return former if modified == former.last_modified else replace(former, last_modified=modified, derived_data=DerivedData())

    # --- caches

    def update_size(self, path: str) -> None:
        """Update the size of a document in the cache. Call it after `Document.encode`, which may add an encoded body."""
        self._document_cache.update_size(path)

    def clear_caches(self) -> None:
        """Discard all cached documents and entries and the layout of pages, so that they are made again on the next request."""
        self._renderer.clear_caches()
        self._document_cache.discard(lambda _: True)

    def discard_dates_after(self, latest: datetime) -> None:
        """Discard cached documents with a Last-Modified after `latest`, to render and date them again on the next request."""
        self._document_cache.discard(lambda document: document.last_modified is not None and document.last_modified > latest)

    @property
    def cache_statistics(self) -> CacheStatistics:
        return self._document_cache.statistics

    @property
    def cached_bytes(self) -> int:
        """Number of bytes of cached documents, encoded bodies included."""
        return self._document_cache.size

    # --- image variants

    def variant_paths(self) -> Iterator[str]:
        """Yield those of `paths` that are image variants."""
        return self._image_variants.paths()

    def make_variants(self, progress: Progress, processes: int) -> None:
        """Make the missing image variants of `variant_paths` in up to `processes` parallel processes.

        Those that cannot be made stay missing; the original is published instead. `progress` is called once, and only if
        variants are missing: with an iterable of numbers of images, each finished since the number before, and their total.
        """
        missing = self._image_variants.missing_variants()
        if missing and self._variant_store:
            for _ in progress(self._variant_store.make_missing(missing, processes), len(missing)):
                pass
