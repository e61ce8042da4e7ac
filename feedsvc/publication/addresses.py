"""Addresses of one catalog: the place to which a former address redirects, and whether a place has a document.

With the files at the root of the site: those in root/, and the icon as favicon.ico.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from feedsvc.catalog import ArchiveIndex, Catalog, IssueRow, Listing, Row, Visibility, canonical_ref, issues_of
from feedsvc.feeds import FORMATS, suffixes_of
from feedsvc.free_places import FreePlace, RootFileAt, StaticPageAt
from feedsvc.language_tags import is_same_tag
from feedsvc.pages import tag_page
from feedsvc.publication.headers import content_type, root_media_type
from feedsvc.routes import ArchiveAt, ArticleAt, FeedAt, IssueAt, ListingRef, PageAt, Place, SiteDocumentAt, TagsAt
from feedsvc.uris import path_below

LICENSE: Final = "license.xml"
FAVICON: Final = "favicon.ico"  # browsers ask for it on documents that name no icon, such as feeds and pictures


def canonical_place(catalog: Catalog, place: Place) -> Place:
    """Return the canonical place: that to which a former address, former period or spelling redirects, else `place` itself.

    The result need not exist. Rules of redirects.yaml and former image variants are not considered.
    """
    match place:
        case ArticleAt(slug):
            return ArticleAt(catalog.redirects.get(("article", slug), slug))
        case IssueAt(ref, date):
            return IssueAt(catalog.canonical_listing_ref(ref), date)
        case PageAt(ref, period):
            return PageAt(*_canonical_period(catalog, ref, period, lambda listing: listing.page_index))
        case FeedAt(ListingRef("combination", expression) as ref, suffix):
            return FeedAt((suffix in FORMATS and canonical_ref(catalog, expression)) or ref, suffix)
        case FeedAt(ref, suffix, period):
            ref, period = _canonical_period(catalog, ref, period, lambda listing: listing.in_feeds.archive_index)
            return FeedAt(ref, suffix, period)
        case ArchiveAt(period):
            place = ArchiveAt(catalog.listings[ListingRef()].calendar.redirect_target(period) or period)
        case StaticPageAt() | RootFileAt():
            place = _existing_free_place(catalog, place)
    return place


def _existing_free_place(catalog: Catalog, place: FreePlace) -> FreePlace:
    """Return the place of the static page whose current or former slug is the name in `place`; `place` itself if there is none.

    Also return `place` itself if it is that of an existing file in root/. A place without a slash at its end, which is that of
    a file in root/, may be that of a page.
    """
    name = place.slug if isinstance(place, StaticPageAt) else place.path
    is_file = isinstance(place, RootFileAt) and name in catalog.content.root_files
    page = None if is_file else catalog.pages.get(name)
    return StaticPageAt(page.slug) if page else place


def _canonical_period(
    catalog: Catalog, ref: ListingRef, period: str, index_of: Callable[[Listing], ArchiveIndex]
) -> tuple[ListingRef, str]:
    ref = catalog.canonical_listing_ref(ref)
    listing = catalog.listings.get(ref)
    return ref, (index_of(listing).redirect_target(period) or period) if listing and period else period


def find_public_issue(catalog: Catalog, place: IssueAt) -> IssueRow | None:
    """Return the issue at a place, visible or withdrawn; None if its address has no document."""
    issue = catalog.find_issue(place.listing, place.date)
    return issue if issue and issue.visibility is not Visibility.HIDDEN else None


def _find_row(catalog: Catalog, place: ArticleAt | IssueAt) -> Row | None:
    """Return the row of the article or issue at a place; None if its address has no document.

    The row is visible, or that of an article with the status WITHDRAWN or of a WITHDRAWN issue.
    """
    if isinstance(place, IssueAt):
        return find_public_issue(catalog, place)
    return catalog.visible.get(place.slug) or catalog.withdrawn.get(place.slug)


def is_withdrawn(catalog: Catalog, place: Place | None) -> bool:
    """Return whether a canonical place is the page of an article with the status WITHDRAWN, or of a WITHDRAWN issue.

    Also if the article's withdrawal lies in the future: its page has the status 410 already.
    """
    match place:
        case ArticleAt(slug):
            return slug in catalog.withdrawn
        case IssueAt(ref, date):
            issue = catalog.find_issue(ref, date)
            return issue is not None and issue.visibility is Visibility.WITHDRAWN
        case _:
            return False


def withdrawn_places(catalog: Catalog) -> Iterator[Place]:
    """Yield all places that `is_withdrawn` accepts: articles, sorted by slug, then issues of each periodical, newest first."""
    yield from map(ArticleAt, sorted(catalog.withdrawn))
    for ref in catalog.periodicals:
        yield from catalog.listings[ref].rows.compute_once(_withdrawn_issues)


def _withdrawn_issues(rows: Iterable[Row]) -> tuple[IssueAt, ...]:
    return tuple(issue.place for issue in issues_of(rows) if issue.visibility is Visibility.WITHDRAWN)


def is_permanent_redirect(requested: Place, target: Place) -> bool:
    """Return whether a redirect to a canonical place is permanent.

    It is not if a language range leads to the listing of a longer tag or of the site: as soon as other articles match the range,
    it has a listing of its own.
    """
    match requested, target:
        case (PageAt(requested_ref), PageAt(ref)) | (FeedAt(requested_ref), FeedAt(ref)) if requested_ref.kind == "language":
            return is_same_tag(requested_ref.id, ref.id)
        case _:
            return True


def has_document(catalog: Catalog, place: Place) -> bool:
    """Return whether a canonical place has a document to which another address may redirect, also with status 410.

    Always False for files in media/ and static/, image variants and parts of the sitemap, because no former address redirects
    to these. Always True for the documents of SITE_DOCUMENTS except the license, even without a news sitemap.
    """
    function = _HAS_DOCUMENT.get(type(place))
    return function is not None and function(catalog, place)


def favicon_path(catalog: Catalog) -> str:
    """Return the path (media/...) of the icon in site.yaml if it stands at /favicon.ico.

    "" if there is none, if it is at another site, or if root/ has a favicon.ico.
    """
    path = path_below(catalog.site.base_url, catalog.site.icon)[1:]
    return path if path in catalog.media and FAVICON not in catalog.content.root_files else ""


def has_root_file(catalog: Catalog, path: str) -> bool:
    return path in catalog.content.root_files or (path == FAVICON and bool(favicon_path(catalog)))


def root_content_types(catalog: Catalog) -> Mapping[str, str]:
    """Return {path: Content-Type} of all files at the root; the path is that of the address, with a leading slash."""
    icon = favicon_path(catalog)
    types = {f"/{FAVICON}": catalog.media[icon].type} if icon else {}
    return types | {f"/{path}": content_type(root_media_type(path)) for path in sorted(catalog.content.root_files)}


def _has_page(catalog: Catalog, place: PageAt) -> bool:
    listing = catalog.listings.get(place.listing)
    return listing is not None and (not place.period or place.period in listing.page_index)


def _has_feed(catalog: Catalog, ref: ListingRef, period: str) -> bool:
    if ref.kind == "combination":
        return canonical_ref(catalog, ref.id) == ref
    listing = catalog.listings.get(ref)
    return listing is not None and (not period or period in listing.archive)


_HAS_DOCUMENT: Final[Mapping[type[Place], Callable[[Catalog, Any], bool]]] = {
    ArticleAt: lambda catalog, place: _find_row(catalog, place) is not None,
    IssueAt: lambda catalog, place: _find_row(catalog, place) is not None,
    PageAt: _has_page,
    FeedAt: lambda catalog, place: place.suffix in suffixes_of(place.listing) and _has_feed(catalog, place.listing, place.period),
    SiteDocumentAt: lambda catalog, place: place.name != LICENSE or catalog.site.license is not None,
    TagsAt: lambda catalog, place: tag_page(catalog, place.start) is not None,
    ArchiveAt: lambda catalog, place: not place.period or place.period in catalog.listings[ListingRef()].calendar,
    StaticPageAt: lambda catalog, place: place.slug in catalog.pages,
    RootFileAt: lambda catalog, place: has_root_file(catalog, place.path),
}
