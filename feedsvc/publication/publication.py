"""One edition: every address that answers, and what with. Documents are made when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, product
from operator import itemgetter
from typing import Any, Final

from feedsvc import feeds, pages
from feedsvc.catalog.archive import Division
from feedsvc.catalog.catalog import Catalog, Listing
from feedsvc.content.media import clean_file
from feedsvc.content.media.thumbnails import Renditions
from feedsvc.discovery import opml, sitemaps
from feedsvc.feeds import builder
from feedsvc.model import Link, MediaFile
from feedsvc.publication import affected_paths
from feedsvc.publication.dependencies import are_alike, grounds
from feedsvc.publication.document import Answer, Attachment, Document, Kept, Redirect
from feedsvc.publication.document_cache import Lookups, Shelf
from feedsvc.publication.image_variants import Sizes
from feedsvc.routes import (
    SINGLES,
    ArticleAt,
    FeedAt,
    FileAt,
    ListingRef,
    PageAt,
    Place,
    SingleAt,
    SitemapAt,
    SizedAt,
    TagsAt,
    article_path,
    path_of,
    place_of,
)
from feedsvc.uris import mount

# (counts of what was done, how much there is) -> the counts, as they come.
Progress = Callable[[Iterable[int], int], Iterable[int]]
# (path, digest) -> when the bytes became these; None where nobody keeps count.
Modified = Callable[[str, str], datetime | None]

_STATIC: Final = "static/"
_NEWS: Final = "news-sitemap.xml"
_KEPT_BYTES: Final = 32 * 1024 * 1024
_BROWSER_TYPE: Final = "text/xml"
_BROAD: Final = ("site", "category")
_HEADER_LINKS: Final = frozenset({"self", "hub"})


# What there is one of: (catalog, frame) -> its bytes, None where there is nothing to say, and their media type.
_SINGLES: Final[Mapping[str, Callable[[Catalog, pages.Frame], tuple[bytes | None, str]]]] = {
    "feeds.opml": lambda catalog, _: (opml.opml(catalog), opml.MEDIA_TYPE),
    "subscribe/": lambda _, frame: (pages.subscribe(frame), pages.MEDIA_TYPE),
    "sitemap.xml": lambda catalog, _: (sitemaps.sitemap(catalog), sitemaps.MEDIA_TYPE),
    _NEWS: lambda catalog, _: (sitemaps.news(catalog), sitemaps.MEDIA_TYPE),
    "robots.txt": lambda catalog, _: (sitemaps.robots(catalog), sitemaps.MEDIA_TYPES["robots.txt"]),
}


def nobody_counts(path: str, digest: str) -> None:  # noqa: ARG001 - a Modified
    return None


@dataclass(frozen=True, slots=True)
class _Carried:
    """What one edition leaves to the next of the same settings."""

    theme: pages.Theme
    entries: builder.Entries
    kept: Shelf


class Publication:
    """What one catalog publishes; immutable to its users, safe in threads.

    The same catalog gives the same bytes at the same paths, in whatever order they are asked for.
    """

    def __init__(
        self,
        catalog: Catalog,
        modified: Modified = nobody_counts,
        renditions: Renditions | None = None,
        *,
        carried: _Carried | None = None,
    ) -> None:
        """Without `renditions`, pages offer narrower pictures that this publication does not answer."""
        made = carried or _Carried(pages.Theme(catalog.content.theme), builder.Entries(catalog), Shelf(_KEPT_BYTES))
        self.catalog, self.mount = catalog, mount(catalog.site.base_url)
        # Between these moments time alone makes no other edition.
        self.last_change, self.next_change = catalog.last_change, catalog.next_change
        self._theme, self._entries, self._kept = made.theme, made.entries, made.kept
        self._frame = pages.Frame(catalog, self._theme)
        self._renditions = renditions
        self._sizes = Sizes(catalog, renditions)
        self._modified = modified
        self._missing: Document | None = None

    def after(self, catalog: Catalog, modified: Modified | None = None) -> Publication:
        """The next edition, with those finished documents that it would make again; `modified` None is that of this one."""
        alike = are_alike(self.catalog, catalog)
        carried = _Carried(self._theme, self._entries.after(catalog), self._kept.following()) if alike else None
        return Publication(catalog, modified or self._modified, self._renditions, carried=carried)

    def changed_since(self, before: Publication) -> frozenset[str]:
        """The paths whose answers may differ between two editions, those of `addresses` of both: small where little changed.

        Everything where settings, theme or logo differ or neither catalog was made from the other. Narrower copies of a picture
        whose bytes were overwritten are not named: its own path stands for them.
        """
        if are_alike(before.catalog, self.catalog) and affected_paths.is_logo_same(before.catalog, self.catalog):
            return frozenset(path_of(place) for place in affected_paths.places(before.catalog, self.catalog))
        return frozenset(chain(before.addresses(), self.addresses()))

    def readied(self) -> Iterator[None]:
        """What the next change will need is found out step by step, for who has time before it: `changed_since` compares what
        there is to say of listings, and what is newest on the site and in its categories stands in most of what changes.
        """
        for listing in self.catalog.listings.values():
            sitemaps.told(listing)
            yield
        _ = self.catalog.tags.most_used, self.catalog.tags.starts
        yield
        for ref in self.catalog.listings:
            places: tuple[Place, ...] = (PageAt(ref), *(FeedAt(ref, suffix) for suffix in feeds.FORMATS))
            for place in places if ref.kind in _BROAD else ():
                self._make(place)
                yield

    def addresses(self) -> Iterator[str]:
        """`paths`, and the addresses of articles that are withdrawn or have moved, and of tags that have moved."""
        yield from self.paths()
        yield from (path_of(ArticleAt(slug)) for slug in self.catalog.withdrawn)
        yield from (path_of(ArticleAt(alias)) for kind, alias in self.catalog.moved if kind == "article")
        for ref in (ListingRef("tag", slug) for kind, slug in self.catalog.moved if kind == "tag"):
            yield path_of(PageAt(ref))
            yield from (path_of(FeedAt(ref, suffix)) for suffix in feeds.FORMATS)

    def at(self, path: str) -> Answer | None:
        """The answer at a decoded path below base_url; None is 404. Aliases and loose spellings redirect in one hop."""
        # What stands on the shelf stands there at its own address.
        return self._kept.get(path) or self._sought(path)

    def weigh(self, path: str) -> None:
        """Take note that the document at a path takes more memory than when it was made: its codings are made on first need."""
        self._kept.weigh(path)

    def forget(self) -> None:
        """Every document is made again when it is asked for, and what pages have alike, too."""
        self._frame = pages.Frame(self.catalog, self._theme)
        self._entries.forget()
        self._kept.forget(lambda _: True)

    def redate(self, latest: datetime) -> None:
        """Documents with a later date than this are made again when they are asked for."""
        self._kept.forget(lambda document: document.modified is not None and document.modified > latest)

    @property
    def lookups(self) -> Lookups:
        return self._kept.lookups

    @property
    def kept_bytes(self) -> int:
        """What the documents that are kept ready take, in all their codings."""
        return self._kept.size

    def _sought(self, path: str) -> Answer | None:
        named = place_of(path)
        if named is None:
            return None
        place = self._canonical(named)
        if path_of(place) != path:
            return Redirect(target=path_of(place)) if self._exists(place) else None
        return self._found(path, place)

    def leads_to(self, path: str) -> str:
        """Return the path to which `at` redirects from this one, "" if it does not."""
        named = place_of(path)
        place = self._canonical(named) if named else None
        if place is None or path_of(place) == path:
            return ""
        return path_of(place) if self._exists(place) else ""

    def moved(self, path: str, target: str) -> Document:
        """Return the page that leads to `target`, for a host that cannot redirect from `path`."""
        return self._html(path, pages.moved(self._frame, target))

    def made(self, path: str) -> Document | Attachment | None:
        """As `at` where no redirect answers, for who asks once: a document is made anew, and is not kept."""
        place = place_of(path)
        return self._make(place) if place and path_of(self._canonical(place)) == path else None

    def articles(self, paths: Iterable[str]) -> Mapping[str, Document]:
        """Those of these paths that are pages of visible articles, as `made` makes each, but sooner than one after another."""
        places = ((path, place_of(path)) for path in paths)
        visible = self.catalog.visible
        found = {
            path: visible.get(place.slug) for path, place in places if isinstance(place, ArticleAt) and path_of(place) == path
        }
        rows = {path: row for path, row in found.items() if row}
        self.catalog.content.ready([row.article for row in rows.values()])
        bodies = pages.articles(self._frame, [*rows.values()])
        return {path: self._html(path, body) for path, body in zip(rows, bodies, strict=True)}

    def _found(self, path: str, place: Place) -> Answer | None:
        """A document of an earlier edition where it was made from the same, else a new one."""
        if isinstance(place, SizedAt):
            return self._sizes.at(place)
        ground, former = grounds(self.catalog, place), self._kept.former(path)
        holds = former is not None and former.grounds is not None and ground is not None and ground.hold(former.grounds)
        made = self._dated(former.document) if former and holds else self._make(place)
        if isinstance(place, FeedAt) and made and not place.period:
            self._sizes.prepare(self.catalog.listings[place.listing].newest)
        # A date that could not be had once may be had the next time.
        if isinstance(made, Document) and (made.modified or self._modified is nobody_counts):
            self._kept.put(path, made, ground)
        return made

    def _dated(self, former: Document) -> Document:
        """A document that is as it was once, with the date of now: in between it may have been another, here or elsewhere."""
        if self._modified is nobody_counts:
            return former
        modified = self._modified(former.path, former.etag)
        return former if modified == former.modified else replace(former, modified=modified, kept=Kept())

    def _make(self, place: Place) -> Document | Attachment | None:
        makers: Mapping[type[Place], Callable[[Any], Document | Attachment | None]] = {
            FeedAt: self._feed,
            PageAt: self._page,
            ArticleAt: self._article,
            FileAt: self._file,
            SizedAt: self._sizes.made,
            SingleAt: self._single,
            TagsAt: self._tags,
            SitemapAt: self._part,
        }
        return makers[type(place)](place)

    def paths(self) -> Iterator[str]:
        """Every path that answers with status 200: files first, then pages, feeds last, so that a feed never leads nowhere."""
        yield from self.file_paths()
        yield from self._dated_paths()
        yield from (path_of(PageAt(ref)) for ref in self.catalog.listings)
        yield from (path_of(place) for place in sitemaps.tag_places(self.catalog.tags.starts))
        yield from self.feed_paths()
        yield from (path_of(SitemapAt(part)) for part in sitemaps.parts(self.catalog))
        yield from (path_of(SingleAt(name)) for name in SINGLES if name != _NEWS or sitemaps.has_news(self.catalog))

    def _dated_paths(self) -> Iterator[str]:
        """Articles, the newest first, and behind those of a month or a year the older pages that show them.

        Whoever makes them one after the other has at hand what several pages show of the same articles.
        """
        listings = self.catalog.listings
        articles = ((row.day, article_path(row.article.slug)) for row in listings[ListingRef()].visible)
        older = ((period, path_of(PageAt(one.ref, period))) for one in listings.values() for period in one.pages)
        return (path for _, path in sorted(chain(articles, older), key=itemgetter(0), reverse=True))

    def file_paths(self, *, every: bool = False) -> Iterator[str]:
        """Yield those of `paths` that are files: media, files of the theme, and narrower copies of pictures.

        With `every`, no picture is checked, and those whose metadata cannot be removed are among them.
        """
        yield from (f"/{path}" for path, file in self.catalog.media.items() if every or self._is_sendable(file))
        yield from (f"/{_STATIC}{name}" for name in sorted(self._theme.static))
        yield from self.copy_paths()

    def copy_paths(self) -> Iterator[str]:
        """Yield those of `paths` that are narrower copies of pictures."""
        return self._sizes.paths()

    def make_copies(self, progress: Progress, processes: int) -> None:
        """Make the narrower pictures that `file_paths` names and that are missing, in so many processes at once."""
        lacking = self._sizes.lacking()
        if lacking and self._renditions:
            for _ in progress(self._renditions.make(lacking, processes), len(lacking)):
                pass

    def feed_paths(self) -> Iterator[str]:
        """Those of `paths` that are feeds."""
        # Authors last: the others show the newest articles of all, which are at hand for one another.
        listings = sorted(self.catalog.listings.values(), key=lambda one: one.ref.kind == "author")
        several = ((listing.ref, period) for listing in listings for period in ("", *listing.archive))
        if len(self.catalog.visible) > builder.MOST_ENTRIES:
            yield from (path_of(FeedAt(ref, suffix, period)) for ref, period in several for suffix in feeds.FORMATS)
        else:
            # Every entry is at hand once it is made: with one format to a process, none is spelled by two.
            yield from (path_of(FeedAt(ref, suffix, period)) for suffix, (ref, period) in product(feeds.FORMATS, several))

    def missing(self) -> Document:
        """The page for an address that nothing has."""
        if self._missing is None:
            self._missing = self._html("", pages.missing(self._frame), status=404)
        return self._missing

    def _canonical(self, place: Place) -> Place:
        """Where a former address, or a year or month that is divided otherwise now, leads."""
        moved = self.catalog.moved
        match place:
            case ArticleAt(slug):
                return ArticleAt(moved.get(("article", slug), slug))
            case PageAt(ref, period):
                return PageAt(*self._now(ref, period, lambda one: one.pages))
            case FeedAt(ref, suffix, period):
                ref, period = self._now(ref, period, lambda one: one.months)
                return FeedAt(ref, suffix, period)
            case _:
                return place

    def _now(self, ref: ListingRef, period: str, divided: Callable[[Listing], Division]) -> tuple[ListingRef, str]:
        ref = ListingRef(ref.kind, self.catalog.moved.get((ref.kind, ref.id), ref.id))
        listing = self.catalog.listings.get(ref)
        return ref, (divided(listing).heir(period) or period) if listing and period else period

    def _exists(self, place: Place) -> bool:
        match place:
            case ArticleAt(slug):
                return slug in self.catalog.visible or slug in self.catalog.withdrawn
            case PageAt(ref, period):
                listing = self.catalog.listings.get(ref)
                return listing is not None and (not period or period in listing.pages)
            case FeedAt(ref, _, period):
                listing = self.catalog.listings.get(ref)
                return listing is not None and (not period or period in listing.archive)
            case SingleAt():
                return True
            case TagsAt(start):
                return pages.tag_page(self.catalog, start) is not None
            case _:
                return False

    def _feed(self, place: FeedAt) -> Document | None:
        if not self._exists(place):
            return None
        form, listing = feeds.FORMATS[place.suffix], self.catalog.listings[place.listing]
        feed = builder.feed(listing, self._entries, form.suffix, form.media_type, place.period)
        return self._document(
            path_of(place),
            form.render(feed),
            form.media_type,
            links=tuple(link for link in feed.links if link.rel in _HEADER_LINKS),
            browser_type=_BROWSER_TYPE if feed.stylesheet else "",
        )

    def _page(self, place: PageAt) -> Document | None:
        if not self._exists(place):
            return None
        return self._html(path_of(place), pages.listing(self._frame, self.catalog.listings[place.listing], place.period))

    def _article(self, place: ArticleAt) -> Document | None:
        row, gone = self.catalog.visible.get(place.slug), self.catalog.withdrawn.get(place.slug)
        if row:
            return self._html(path_of(place), pages.article(self._frame, row))
        return self._html(path_of(place), pages.gone(self._frame, gone.article), status=410) if gone else None

    def _file(self, place: FileAt) -> Document | Attachment | None:
        name = place.path.removeprefix(_STATIC)
        if place.path.startswith(_STATIC) and name in self._theme.static:
            media_type = pages.STATIC_TYPES[f".{name.rpartition('.')[2].lower()}"]
            return self._document(path_of(place), self._theme.static[name], media_type)
        file = self.catalog.media.get(place.path)
        if file is None:
            return None
        return Attachment(
            path=path_of(place),
            location=file.location,
            media_type=file.type,
            length=file.length,
            is_cleaned=self._is_cleaned(file),
        )

    def _is_cleaned(self, file: MediaFile) -> bool:
        return not self.catalog.site.keep_metadata and clean_file.is_cleaned(file.type)

    def _is_sendable(self, file: MediaFile) -> bool:
        return clean_file.is_sendable(file.location, is_cleaned=self._is_cleaned(file))

    def _single(self, place: SingleAt) -> Document | None:
        body, media_type = _SINGLES[place.name](self.catalog, self._frame)
        return self._document(path_of(place), body, media_type) if body is not None else None

    def _tags(self, place: TagsAt) -> Document | None:
        return self._html(path_of(place), pages.tags(self._frame, place.start)) if self._exists(place) else None

    def _part(self, place: SitemapAt) -> Document | None:
        body = sitemaps.part(self.catalog, place.part)
        return self._document(path_of(place), body, sitemaps.MEDIA_TYPE) if body is not None else None

    def _html(self, path: str, body: bytes, status: int = 200) -> Document:
        return self._document(path, body, pages.MEDIA_TYPE, status=status)

    def _document(
        self, path: str, body: bytes, media_type: str, *, links: tuple[Link, ...] = (), browser_type: str = "", status: int = 200
    ) -> Document:
        kept, counted = Kept(), path and self._modified is not nobody_counts
        return Document(
            path=path,
            body=body,
            media_type=media_type,
            modified=self._modified(path, kept.digest(body)) if counted else None,
            links=links,
            browser_type=browser_type,
            status=status,
            kept=kept,
        )
