"""Publication: resolves each path of one catalog to a document, which is rendered on first request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, product
from operator import itemgetter
from typing import Any, Final

from feedsvc import feeds, pages
from feedsvc.catalog import ArchiveIndex, Catalog, Listing
from feedsvc.content.media import VariantStore, is_cleaned_type, is_sendable
from feedsvc.discovery import (
    MEDIA_TYPES,
    OPML_MEDIA_TYPE,
    SITEMAP_MEDIA_TYPE,
    has_news_sitemap,
    listing_fingerprint,
    part_names,
    render_news_sitemap,
    render_opml,
    render_part,
    render_robots_txt,
    render_sitemap,
    tag_places,
)
from feedsvc.feeds import MAX_CACHED_ENTRIES, EntryCache, build_feed
from feedsvc.model import Link, MediaFile
from feedsvc.publication import affected_paths
from feedsvc.publication.dependencies import are_comparable, document_dependencies
from feedsvc.publication.document import DerivedData, Document, FileResource, Redirect, Resource
from feedsvc.publication.document_cache import CacheStatistics, DocumentCache
from feedsvc.publication.image_variants import ImageVariants
from feedsvc.routes import (
    SITE_DOCUMENTS,
    ArticleAt,
    FeedAt,
    FileAt,
    ListingRef,
    PageAt,
    Place,
    SiteDocumentAt,
    SitemapAt,
    TagsAt,
    VariantAt,
    article_path,
    path_of,
    place_of,
)
from feedsvc.uris import mount_path

# (numbers of finished items, total) -> the same numbers, as they come.
Progress = Callable[[Iterable[int], int], Iterable[int]]
# (path, digest) -> the date since when the path's bytes have this digest; None if it is not known.
FindLastModified = Callable[[str, str], datetime | None]

_STATIC_FOLDER: Final = "static/"
_NEWS_SITEMAP: Final = "news-sitemap.xml"
_MAX_CACHED_BYTES: Final = 32 * 1024 * 1024
_BROWSER_TYPE: Final = "text/xml"
_WARM_UP_KINDS: Final = ("site", "category")
_LINK_HEADER_RELATIONS: Final = frozenset({"self", "hub"})

# Renderers of documents that exist once: (catalog, layout) -> (bytes, or None if there is no document; media type).
_SINGLE_RENDERERS: Final[Mapping[str, Callable[[Catalog, pages.PageLayout], tuple[bytes | None, str]]]] = {
    "feeds.opml": lambda catalog, _: (render_opml(catalog), OPML_MEDIA_TYPE),
    "subscribe/": lambda _, frame: (pages.render_subscribe_page(frame), pages.MEDIA_TYPE),
    "sitemap.xml": lambda catalog, _: (render_sitemap(catalog), SITEMAP_MEDIA_TYPE),
    _NEWS_SITEMAP: lambda catalog, _: (render_news_sitemap(catalog), SITEMAP_MEDIA_TYPE),
    "robots.txt": lambda catalog, _: (render_robots_txt(catalog), MEDIA_TYPES["robots.txt"]),
}


def no_last_modified(path: str, digest: str) -> None:  # noqa: ARG001 - a FindLastModified
    return None


@dataclass(frozen=True, slots=True)
class _CarryOver:
    """Caches that one edition passes to the next one with the same settings."""

    theme: pages.Theme
    entry_cache: EntryCache
    document_cache: DocumentCache


class Publication:
    """All documents of one catalog, rendered on first request. Immutable for its users, thread-safe.

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
        """Create without rendering. Without `variant_store`, pages offer image variants, but `resolve` returns None for these."""
        made = carry_over or _CarryOver(pages.Theme(catalog.content.theme), EntryCache(catalog), DocumentCache(_MAX_CACHED_BYTES))
        self.catalog, self.mount = catalog, mount_path(catalog.site.base_url)
        # Between these moments, time alone does not change the catalog.
        self.last_change, self.next_change = catalog.last_change, catalog.next_change
        self._theme, self._entry_cache, self._document_cache = made.theme, made.entry_cache, made.document_cache
        self._layout = pages.PageLayout(catalog, self._theme)
        self._variant_store = variant_store
        self._image_variants = ImageVariants(catalog, variant_store)
        self._find_last_modified = find_last_modified
        self._not_found_page: Document | None = None

    def next_edition(self, catalog: Catalog, find_last_modified: FindLastModified | None = None) -> Publication:
        """Return the publication of a newer catalog, with this one's reusable documents and, by default, `find_last_modified`."""
        alike = are_comparable(self.catalog, catalog)
        carried = (
            _CarryOver(self._theme, self._entry_cache.for_catalog(catalog), self._document_cache.carry_over()) if alike else None
        )
        return Publication(catalog, find_last_modified or self._find_last_modified, self._variant_store, carry_over=carried)

    def changed_since(self, before: Publication) -> frozenset[str]:
        """Return those `paths_with_redirects` of the two publications whose responses may differ between them.

        All paths if settings, theme or logo differ, or if neither catalog was updated from the other. Variants of an image
        whose bytes were overwritten are left out: the image's own path represents them.
        """
        if are_comparable(before.catalog, self.catalog) and affected_paths.is_logo_same(before.catalog, self.catalog):
            return frozenset(path_of(place) for place in affected_paths.affected_places(before.catalog, self.catalog))
        return frozenset(chain(before.paths_with_redirects(), self.paths_with_redirects()))

    def warm_up(self) -> Iterator[None]:
        """Prepare for the next edition in small steps, one per item, while the process is idle: compute the listing values
        that `changed_since` compares, and render the newest pages and feeds of site and categories, which most changes touch.
        """
        for listing in self.catalog.listings.values():
            listing_fingerprint(listing)
            yield
        _ = self.catalog.tags.most_used, self.catalog.tags.starts
        yield
        for ref in self.catalog.listings:
            places: tuple[Place, ...] = (PageAt(ref), *(FeedAt(ref, suffix) for suffix in feeds.FORMATS))
            for place in places if ref.kind in _WARM_UP_KINDS else ():
                self._render_place(place)
                yield

    def paths_with_redirects(self) -> Iterator[str]:
        """Yield `paths`, the addresses of withdrawn articles, and the former addresses of articles and tags."""
        yield from self.paths()
        yield from (path_of(ArticleAt(slug)) for slug in self.catalog.withdrawn)
        yield from (path_of(ArticleAt(alias)) for kind, alias in self.catalog.redirects if kind == "article")
        for ref in (ListingRef("tag", slug) for kind, slug in self.catalog.redirects if kind == "tag"):
            yield path_of(PageAt(ref))
            yield from (path_of(FeedAt(ref, suffix)) for suffix in feeds.FORMATS)

    def resolve(self, path: str) -> Resource | None:
        """Return the resource at a decoded path below base_url, None for 404. Former and non-canonical paths redirect once."""
        # The cache holds documents under canonical paths only.
        return self._document_cache.get(path) or self._resolve_uncached(path)

    def update_size(self, path: str) -> None:
        """Update the recorded size of a cached document. Call it after `encode`, which adds an encoded body to the document."""
        self._document_cache.update_size(path)

    def clear_caches(self) -> None:
        """Discard all cached documents and entries and the layout of pages, so that they are made again on the next request."""
        self._layout = pages.PageLayout(self.catalog, self._theme)
        self._entry_cache.clear()
        self._document_cache.discard(lambda _: True)

    def discard_dates_after(self, latest: datetime) -> None:
        """Discard cached documents with a Last-Modified after `latest`, so that they are dated again on the next request."""
        self._document_cache.discard(lambda document: document.last_modified is not None and document.last_modified > latest)

    @property
    def cache_statistics(self) -> CacheStatistics:
        return self._document_cache.statistics

    @property
    def cached_bytes(self) -> int:
        """Number of bytes of cached documents, encoded bodies included."""
        return self._document_cache.size

    def _resolve_uncached(self, path: str) -> Resource | None:
        named = place_of(path)
        if named is None:
            return None
        place = self._canonical_place(named)
        if path_of(place) != path:
            return Redirect(target=path_of(place)) if self._exists(place) else None
        return self._find_or_render(path, place)

    def redirect_target(self, path: str) -> str:
        """Return the path to which `resolve` redirects from this one, "" if it does not redirect."""
        named = place_of(path)
        place = self._canonical_place(named) if named else None
        if place is None or path_of(place) == path:
            return ""
        return path_of(place) if self._exists(place) else ""

    def render_redirect_page(self, path: str, target: str) -> Document:
        """Return an HTML page that redirects to `target`, for a host that cannot redirect from `path` itself."""
        return self._html_document(path, pages.render_redirect_page(self._layout, target))

    def render(self, path: str) -> Document | FileResource | None:
        """Return the resource at a path, made without the cache, for callers that need it once. None for redirects and 404."""
        place = place_of(path)
        return self._render_place(place) if place and path_of(self._canonical_place(place)) == path else None

    def render_articles(self, paths: Iterable[str]) -> Mapping[str, Document]:
        """Return path -> document for those `paths` that are pages of visible articles. Faster than `render` for each."""
        places = ((path, place_of(path)) for path in paths)
        visible = self.catalog.visible
        found = {
            path: visible.get(place.slug) for path, place in places if isinstance(place, ArticleAt) and path_of(place) == path
        }
        rows = {path: row for path, row in found.items() if row}
        self.catalog.content.warm_html([row.article for row in rows.values()])
        bodies = pages.render_articles(self._layout, [*rows.values()])
        return {path: self._html_document(path, body) for path, body in zip(rows, bodies, strict=True)}

    def _find_or_render(self, path: str, place: Place) -> Resource | None:
        """Return the resource at a place: a document of an earlier edition if its dependencies are unchanged, else a new one."""
        if isinstance(place, VariantAt):
            return self._image_variants.find(place)
        ground, former = document_dependencies(self.catalog, place), self._document_cache.previous(path)
        holds = (
            former is not None
            and former.dependencies is not None
            and ground is not None
            and ground.is_unchanged_since(former.dependencies)
        )
        made = self._with_current_date(former.document) if former and holds else self._render_place(place)
        if isinstance(place, FeedAt) and made and not place.period:
            self._image_variants.order_for_feed(self.catalog.listings[place.listing].feed_rows)
        # Do not cache a document whose date could not be found: it may be found on the next request.
        if isinstance(made, Document) and (made.last_modified or self._find_last_modified is no_last_modified):
            self._document_cache.put(path, made, ground)
        return made

    def _with_current_date(self, former: Document) -> Document:
        """Return a reused document with its date looked up again: the path may have had other bytes meanwhile, or in a worker."""
        if self._find_last_modified is no_last_modified:
            return former
        modified = self._find_last_modified(former.path, former.etag)
        return former if modified == former.last_modified else replace(former, last_modified=modified, derived_data=DerivedData())

    def _render_place(self, place: Place) -> Document | FileResource | None:
        makers: Mapping[type[Place], Callable[[Any], Document | FileResource | None]] = {
            FeedAt: self._render_feed,
            PageAt: self._render_listing,
            ArticleAt: self._render_article,
            FileAt: self._find_file,
            VariantAt: self._image_variants.make,
            SiteDocumentAt: self._render_single,
            TagsAt: self._render_tag_list,
            SitemapAt: self._render_sitemap_part,
        }
        return makers[type(place)](place)

    def paths(self) -> Iterator[str]:
        """Yield every path with status 200: files, pages, then feeds, so that an export writes what a feed links to first."""
        yield from self.file_paths()
        yield from self._article_and_older_page_paths()
        yield from (path_of(PageAt(ref)) for ref in self.catalog.listings)
        yield from (path_of(place) for place in tag_places(self.catalog.tags.starts))
        yield from self.feed_paths()
        yield from (path_of(SitemapAt(part)) for part in part_names(self.catalog))
        yield from (
            path_of(SiteDocumentAt(name)) for name in SITE_DOCUMENTS if name != _NEWS_SITEMAP or has_news_sitemap(self.catalog)
        )

    def _article_and_older_page_paths(self) -> Iterator[str]:
        """Yield the paths of articles, newest first, and after the articles of a period the older pages that show it.

        In this order, the cards of the same articles, which several pages show, are still cached.
        """
        listings = self.catalog.listings
        articles = ((row.day, article_path(row.article.slug)) for row in listings[ListingRef()].visible)
        older = ((period, path_of(PageAt(one.ref, period))) for one in listings.values() for period in one.page_index)
        return (path for _, path in sorted(chain(articles, older), key=itemgetter(0), reverse=True))

    def file_paths(self, *, include_unchecked: bool = False) -> Iterator[str]:
        """Yield those of `paths` that are files: media, files of the theme, and image variants.

        With `include_unchecked`, images are not checked, and those whose metadata cannot be removed are included.
        """
        yield from (f"/{path}" for path, file in self.catalog.media.items() if include_unchecked or self._is_sendable(file))
        yield from (f"/{_STATIC_FOLDER}{name}" for name in sorted(self._theme.static))
        yield from self.variant_paths()

    def variant_paths(self) -> Iterator[str]:
        """Yield those of `paths` that are image variants. Make missing ones."""
        return self._image_variants.paths()

    def make_variants(self, progress: Progress, processes: int) -> None:
        """Make the missing image variants of `variant_paths` in up to `processes` parallel processes."""
        lacking = self._image_variants.missing_variants()
        if lacking and self._variant_store:
            for _ in progress(self._variant_store.make_missing(lacking, processes), len(lacking)):
                pass

    def feed_paths(self) -> Iterator[str]:
        """Yield those of `paths` that are feeds."""
        # Authors last: the other feeds share the newest articles, so their entries are still cached.
        listings = sorted(self.catalog.listings.values(), key=lambda one: one.ref.kind == "author")
        several = ((listing.ref, period) for listing in listings for period in ("", *listing.archive))
        if len(self.catalog.visible) > MAX_CACHED_ENTRIES:
            yield from (path_of(FeedAt(ref, suffix, period)) for ref, period in several for suffix in feeds.FORMATS)
        else:
            # All entries fit in the cache. Order by format, so that no two processes render the same entry.
            yield from (path_of(FeedAt(ref, suffix, period)) for suffix, (ref, period) in product(feeds.FORMATS, several))

    def not_found_page(self) -> Document:
        """Return the page with status 404."""
        if self._not_found_page is None:
            self._not_found_page = self._html_document("", pages.render_not_found(self._layout), status=404)
        return self._not_found_page

    def _canonical_place(self, place: Place) -> Place:
        """Return the place to which a former address or a former period redirects; else the same place."""
        moved = self.catalog.redirects
        match place:
            case ArticleAt(slug):
                return ArticleAt(moved.get(("article", slug), slug))
            case PageAt(ref, period):
                return PageAt(*self._canonical_period(ref, period, lambda one: one.page_index))
            case FeedAt(ref, suffix, period):
                ref, period = self._canonical_period(ref, period, lambda one: one.archive_index)
                return FeedAt(ref, suffix, period)
            case _:
                return place

    def _canonical_period(
        self, ref: ListingRef, period: str, divided: Callable[[Listing], ArchiveIndex]
    ) -> tuple[ListingRef, str]:
        ref = ListingRef(ref.kind, self.catalog.redirects.get((ref.kind, ref.id), ref.id))
        listing = self.catalog.listings.get(ref)
        return ref, (divided(listing).redirect_target(period) or period) if listing and period else period

    def _exists(self, place: Place) -> bool:
        match place:
            case ArticleAt(slug):
                return slug in self.catalog.visible or slug in self.catalog.withdrawn
            case PageAt(ref, period):
                listing = self.catalog.listings.get(ref)
                return listing is not None and (not period or period in listing.page_index)
            case FeedAt(ref, _, period):
                listing = self.catalog.listings.get(ref)
                return listing is not None and (not period or period in listing.archive)
            case SiteDocumentAt():
                return True
            case TagsAt(start):
                return pages.tag_page(self.catalog, start) is not None
            case _:
                return False

    def _render_feed(self, place: FeedAt) -> Document | None:
        if not self._exists(place):
            return None
        form, listing = feeds.FORMATS[place.suffix], self.catalog.listings[place.listing]
        feed = build_feed(listing, self._entry_cache, form.suffix, form.media_type, place.period)
        return self._build_document(
            path_of(place),
            form.render(feed),
            form.media_type,
            links=tuple(link for link in feed.links if link.rel in _LINK_HEADER_RELATIONS),
            browser_type=_BROWSER_TYPE if feed.stylesheet else "",
        )

    def _render_listing(self, place: PageAt) -> Document | None:
        if not self._exists(place):
            return None
        return self._html_document(
            path_of(place), pages.render_listing(self._layout, self.catalog.listings[place.listing], place.period)
        )

    def _render_article(self, place: ArticleAt) -> Document | None:
        row, gone = self.catalog.visible.get(place.slug), self.catalog.withdrawn.get(place.slug)
        if row:
            return self._html_document(path_of(place), pages.render_article(self._layout, row))
        return self._html_document(path_of(place), pages.render_gone(self._layout, gone.article), status=410) if gone else None

    def _find_file(self, place: FileAt) -> Document | FileResource | None:
        name = place.path.removeprefix(_STATIC_FOLDER)
        if place.path.startswith(_STATIC_FOLDER) and name in self._theme.static:
            media_type = pages.STATIC_TYPES[f".{name.rpartition('.')[2].lower()}"]
            return self._build_document(path_of(place), self._theme.static[name], media_type)
        file = self.catalog.media.get(place.path)
        if file is None:
            return None
        return FileResource(
            path=path_of(place),
            location=file.location,
            media_type=file.type,
            length=file.length,
            is_cleaned=self._is_cleaned(file),
        )

    def _is_cleaned(self, file: MediaFile) -> bool:
        return not self.catalog.site.keep_metadata and is_cleaned_type(file.type)

    def _is_sendable(self, file: MediaFile) -> bool:
        return is_sendable(file.location, is_cleaned=self._is_cleaned(file))

    def _render_single(self, place: SiteDocumentAt) -> Document | None:
        body, media_type = _SINGLE_RENDERERS[place.name](self.catalog, self._layout)
        return self._build_document(path_of(place), body, media_type) if body is not None else None

    def _render_tag_list(self, place: TagsAt) -> Document | None:
        return (
            self._html_document(path_of(place), pages.render_tag_list(self._layout, place.start)) if self._exists(place) else None
        )

    def _render_sitemap_part(self, place: SitemapAt) -> Document | None:
        body = render_part(self.catalog, place.part)
        return self._build_document(path_of(place), body, SITEMAP_MEDIA_TYPE) if body is not None else None

    def _html_document(self, path: str, body: bytes, status: int = 200) -> Document:
        return self._build_document(path, body, pages.MEDIA_TYPE, status=status)

    def _build_document(
        self, path: str, body: bytes, media_type: str, *, links: tuple[Link, ...] = (), browser_type: str = "", status: int = 200
    ) -> Document:
        kept, counted = DerivedData(), path and self._find_last_modified is not no_last_modified
        return Document(
            path=path,
            body=body,
            media_type=media_type,
            last_modified=self._find_last_modified(path, kept.digest(body)) if counted else None,
            links=links,
            browser_type=browser_type,
            status=status,
            derived_data=kept,
        )
