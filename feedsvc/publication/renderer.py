"""Renderer: turns the places of one catalog into documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from feedsvc import feeds, pages
from feedsvc.catalog import Catalog, Listing, Visibility, build_combination, combination_error
from feedsvc.discovery import (
    MEDIA_TYPES,
    OPML_MEDIA_TYPE,
    SITEMAP_MEDIA_TYPE,
    render_license,
    render_news_sitemap,
    render_opml,
    render_part,
    render_robots_txt,
    render_sitemap,
)
from feedsvc.feed_model import Feed, Link
from feedsvc.feeds import RSL_MEDIA_TYPE, EntryCache, build_feed, license_link
from feedsvc.free_places import RootFileAt, StaticPageAt
from feedsvc.publication.addresses import FAVICON, LICENSE, favicon_path, find_public_issue, has_document
from feedsvc.publication.document import DerivedData, Document, FileResource, is_sent_cleaned
from feedsvc.publication.headers import root_media_type
from feedsvc.publication.image_variants import ImageVariants
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
    VariantAt,
    path_of,
    place_of,
)

# (path, digest) -> the date since when the path's bytes have this digest; None if it is not known.
FindLastModified = Callable[[str, str], datetime | None]

STATIC_FOLDER: Final = "static/"
NEWS_SITEMAP: Final = "news-sitemap.xml"
SUBSCRIBE: Final = "subscribe/"
_BROWSER_TYPE: Final = "text/xml"
_LINK_HEADER_RELATIONS: Final = frozenset({"self", "hub", "license"})

# Renderers of documents that exist once: (catalog, layout) -> (bytes, or None if there is no document; media type).
_SINGLE_RENDERERS: Final[Mapping[str, Callable[[Catalog, pages.PageLayout], tuple[bytes | None, str]]]] = {
    "feeds.opml": lambda catalog, _: (render_opml(catalog), OPML_MEDIA_TYPE),
    SUBSCRIBE: lambda _, layout: (pages.render_subscribe_page(layout), pages.MEDIA_TYPE),
    "sitemap.xml": lambda catalog, _: (render_sitemap(catalog), SITEMAP_MEDIA_TYPE),
    NEWS_SITEMAP: lambda catalog, _: (render_news_sitemap(catalog), SITEMAP_MEDIA_TYPE),
    LICENSE: lambda catalog, _: (render_license(catalog.site), RSL_MEDIA_TYPE),
    "robots.txt": lambda catalog, _: (render_robots_txt(catalog), MEDIA_TYPES["robots.txt"]),
}


def no_last_modified(path: str, digest: str) -> None:
    """Return None, so that documents have no Last-Modified."""


def _browser_script(feed: Feed) -> str:
    """Return the root-relative address of the script for browsers that open a feed; "" for a feed without stylesheet."""
    return feed.stylesheet.removesuffix(".css") + ".js" if feed.stylesheet else ""


class Renderer:
    """Renderer of one catalog's documents. It caches feed entries and the layout of pages, but no documents. Thread-safe."""

    def __init__(
        self,
        catalog: Catalog,
        theme: pages.Theme,
        entry_cache: EntryCache,
        image_variants: ImageVariants,
        find_last_modified: FindLastModified,
    ) -> None:
        self._catalog, self._theme, self._entry_cache = catalog, theme, entry_cache
        self._image_variants, self._find_last_modified = image_variants, find_last_modified
        self._layout = pages.PageLayout(catalog, theme)

    def clear_caches(self) -> None:
        """Discard cached entries and the layout of pages."""
        self._layout = pages.PageLayout(self._catalog, self._theme)
        self._entry_cache.clear()

    def render(self, place: Place) -> Document | FileResource | None:
        """Return the document or file at a place, None if there is none. The place must be canonical (`canonical_place`).

        A missing image variant is made first. Documents except combinations get a date from `find_last_modified`, which may
        record it. Withdrawn articles and issues have status 410.
        """
        renderers: Mapping[type[Place], Callable[[Any], Document | FileResource | None]] = {
            FeedAt: self._render_feed,
            PageAt: self._render_listing,
            ArticleAt: self._render_article,
            IssueAt: self._render_issue,
            StaticPageAt: self._render_static_page,
            FileAt: self._find_file,
            RootFileAt: self._find_root_file,
            VariantAt: self._image_variants.make,
            SiteDocumentAt: self._render_single,
            TagsAt: self._render_tag_page,
            ArchiveAt: self._render_archive,
            SitemapAt: self._render_sitemap_part,
        }
        return renderers[type(place)](place)

    def render_private_feed(self, listing: Listing, suffix: str, path: str) -> Document:
        """Return the newest feed document of a private listing, undated. Raises KeyError if no format has the suffix.

        `path`, with the token, is the document's path and the feed's own address; no header contains it.
        """
        feed_format = feeds.FORMATS[suffix]
        feed = build_feed(listing, self._entry_cache, suffix, feed_format.media_type, path=path)
        return Document(
            path=path,
            body=feed_format.render(feed),
            media_type=feed_format.media_type,
            links=tuple(link for link in feed.links if link.rel == "license"),
            browser_type=_BROWSER_TYPE if feed.stylesheet else "",
            browser_script=_browser_script(feed),
        )

    def render_redirect_page(self, path: str, target: str) -> Document:
        """Return an HTML page that redirects to `target`, a path or an address, for a host that cannot redirect from `path`."""
        return self._html_document(path, pages.render_redirect_page(self._layout, target))

    def render_static_subscribe_page(self) -> Document:
        """Return the page with all feeds without its form, for a host that serves files and cannot answer the form."""
        place = SiteDocumentAt(SUBSCRIBE)
        return self._html_document(path_of(place), pages.render_subscribe_page(self._layout, has_form=False))

    def render_combination_error_page(self, reason: str, name: str, status: int = 400) -> Document:
        """Return the page, with this status, that says why the form on /subscribe/, or a combination's address, gave no feed.

        `reason` and `name` are those of a CombinationError.
        """
        return self._html_document("", pages.render_combination_error(self._layout, reason, name), status=status)

    def render_not_found_combination_page(self, path: str) -> Document | None:
        """Return the page, with status 404, that says which name in the address of a combination is at fault; None if none is."""
        match place_of(path):
            case FeedAt(ListingRef("combination", expression)) if error := combination_error(self._catalog, expression):
                return self.render_combination_error_page(error.reason, error.name, 404)
        return None

    def render_not_found_page(self) -> Document:
        """Return the page with status 404."""
        return self._html_document("", pages.render_not_found(self._layout), status=404)

    def render_gone_page(self) -> Document:
        """Return the page of an address that redirects.yaml calls gone: the body of `render_not_found_page` with status 410."""
        return self._html_document("", pages.render_not_found(self._layout), status=410)

    def _render_feed(self, place: FeedAt) -> Document | None:
        if not has_document(self._catalog, place):
            return None
        feed_format, is_combination = feeds.FORMATS[place.suffix], place.listing.kind == "combination"
        listing = build_combination(self._catalog, place.listing.id) if is_combination else self._catalog.listings[place.listing]
        feed = build_feed(listing, self._entry_cache, feed_format.suffix, feed_format.media_type, place.period)
        return self._build_document(
            path_of(place),
            feed_format.render(feed),
            feed_format.media_type,
            links=tuple(link for link in feed.links if link.rel in _LINK_HEADER_RELATIONS),
            browser_type=_BROWSER_TYPE if feed.stylesheet else "",
            browser_script=_browser_script(feed),
            # There is no limit to the number of combinations, so nothing about them is stored.
            has_date=not is_combination,
        )

    def _render_listing(self, place: PageAt) -> Document | None:
        if not has_document(self._catalog, place):
            return None
        listing = self._catalog.listings[place.listing]
        return self._html_document(path_of(place), pages.render_listing(self._layout, listing, place.period))

    def _render_article(self, place: ArticleAt) -> Document | None:
        row, withdrawn_row = self._catalog.visible.get(place.slug), self._catalog.withdrawn.get(place.slug)
        if row:
            return self._html_document(path_of(place), pages.render_article(self._layout, row))
        if withdrawn_row:
            return self._html_document(path_of(place), pages.render_gone(self._layout, withdrawn_row.article), status=410)
        return None

    def _render_issue(self, place: IssueAt) -> Document | None:
        issue = find_public_issue(self._catalog, place)
        if issue is None:
            return None
        if issue.visibility is Visibility.WITHDRAWN:
            return self._html_document(path_of(place), pages.render_withdrawn_issue(self._layout, issue), status=410)
        return self._html_document(path_of(place), pages.render_issue(self._layout, issue))

    def _render_static_page(self, place: StaticPageAt) -> Document | None:
        page = self._catalog.pages.get(place.slug)
        return self._html_document(path_of(place), pages.render_static_page(self._layout, page)) if page else None

    def _find_root_file(self, place: RootFileAt) -> Document | FileResource | None:
        data = self._catalog.content.root_files.get(place.path)
        if data is None:
            icon = self._find_file(FileAt(favicon_path(self._catalog))) if place.path == FAVICON else None
            return replace(icon, path=path_of(place)) if icon else None
        media_type = root_media_type(place.path)
        if media_type == pages.MEDIA_TYPE:
            return self._html_document(path_of(place), data)
        return self._build_document(path_of(place), data, media_type)

    def _find_file(self, place: FileAt) -> Document | FileResource | None:
        name = place.path.removeprefix(STATIC_FOLDER)
        data = pages.static_file(self._theme, self._catalog.site, name) if place.path.startswith(STATIC_FOLDER) else None
        if data is not None:
            media_type = pages.STATIC_TYPES[f".{name.rpartition('.')[2].lower()}"]
            return self._build_document(path_of(place), data, media_type)
        file = self._catalog.media.get(place.path)
        if file is None:
            return None
        return FileResource(
            path=path_of(place),
            location=file.location,
            media_type=file.type,
            length=file.length,
            is_cleaned=is_sent_cleaned(self._catalog.site, file),
        )

    def _render_single(self, place: SiteDocumentAt) -> Document | None:
        body, media_type = _SINGLE_RENDERERS[place.name](self._catalog, self._layout)
        if body is not None and media_type == pages.MEDIA_TYPE:
            return self._html_document(path_of(place), body)
        return self._build_document(path_of(place), body, media_type) if body is not None else None

    def _render_tag_page(self, place: TagsAt) -> Document | None:
        page = pages.tag_page(self._catalog, place.start)
        return self._html_document(path_of(place), pages.render_tag_page(self._layout, place.start, page)) if page else None

    def _render_archive(self, place: ArchiveAt) -> Document | None:
        if not has_document(self._catalog, place):
            return None
        return self._html_document(path_of(place), pages.render_archive(self._layout, place.period))

    def _render_sitemap_part(self, place: SitemapAt) -> Document | None:
        body = render_part(self._catalog, place.part)
        return self._build_document(path_of(place), body, SITEMAP_MEDIA_TYPE) if body is not None else None

    def _html_document(self, path: str, body: bytes, status: int = 200) -> Document:
        # Pages are covered by the license of the site; the page with status 404 and notices of withdrawals contain no article.
        site = self._catalog.site
        links = (license_link(site),) if site.license and status == HTTPStatus.OK else ()
        return self._build_document(path, body, pages.MEDIA_TYPE, links=links, status=status)

    def _build_document(
        self,
        path: str,
        body: bytes,
        media_type: str,
        *,
        links: tuple[Link, ...] = (),
        browser_type: str = "",
        browser_script: str = "",
        status: int = 200,
        has_date: bool = True,
    ) -> Document:
        derived_data, is_dated = DerivedData(), has_date and path and self._find_last_modified is not no_last_modified
        return Document(
            path=path,
            body=body,
            media_type=media_type,
            last_modified=self._find_last_modified(path, derived_data.digest(body)) if is_dated else None,
            links=links,
            browser_type=browser_type,
            browser_script=browser_script,
            status=status,
            derived_data=derived_data,
        )
