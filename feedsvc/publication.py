"""One edition: every address that answers, and what with. Documents are made when they are first asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from feedsvc import directory, feeds, pages
from feedsvc.catalog import Catalog
from feedsvc.document import Answer, Attachment, Document, Redirect, digest, document
from feedsvc.feeds import assemble
from feedsvc.model import Link
from feedsvc.urls import ArticleAt, FeedAt, FileAt, ListingRef, PageAt, Place, SingleAt, path_of, place_of

# (path, digest) -> when the bytes became these; None where nobody keeps count.
Modified = Callable[[str, str], datetime | None]

_STATIC: Final = "static/"
_KEPT_BYTES: Final = 64 * 1024 * 1024
_BROWSER_TYPE: Final = "text/xml"
_HEADER_LINKS: Final = frozenset({"self", "hub"})


def _nobody_counts(path: str, digest: str) -> None:  # noqa: ARG001 - a Modified
    return None


class Publication:
    """What one catalog publishes; immutable to its users, safe in threads.

    The same catalog gives the same bytes at the same paths, in whatever order they are asked for.
    """

    def __init__(self, catalog: Catalog, modified: Modified = _nobody_counts) -> None:
        self.catalog = catalog
        self._modified = modified
        self._entries = assemble.Entries(catalog)
        self._kept = _Kept(_KEPT_BYTES)

    @property
    def next_change(self) -> datetime | None:
        """The next moment at which time alone makes another edition."""
        return self.catalog.next_change

    def at(self, path: str) -> Answer | None:
        """The answer at a decoded path below base_url; None is 404. Aliases and loose spellings redirect in one hop."""
        named = place_of(path)
        if named is None:
            return None
        place = self._canonical(named)
        if path_of(place) != path:
            return Redirect(target=path_of(place)) if self._exists(place) else None
        kept = self._kept.get(path)
        if kept is None:
            made = self._make(place)
            if isinstance(made, Document):
                self._kept.put(path, made)
            return made
        return kept

    def _make(self, place: Place) -> Document | Attachment | None:
        match place:
            case FeedAt():
                return self._feed(place)
            case PageAt():
                return self._page(place)
            case ArticleAt():
                return self._article(place)
            case FileAt():
                return self._file(place)
            case SingleAt("feeds.opml"):
                return self._document(path_of(place), directory.opml(self.catalog), directory.MEDIA_TYPE)
            case _:
                return None

    def paths(self) -> Iterator[str]:
        """Every path that answers with status 200: files first, then pages, feeds last, so that a feed never leads nowhere."""
        yield from (f"/{path}" for path in sorted(self.catalog.media))
        yield from (f"/{_STATIC}{name}" for name in sorted(pages.STATIC))
        yield from (path_of(ArticleAt(slug)) for slug in sorted(self.catalog.visible))
        yield from (path_of(PageAt(ref)) for ref in self.catalog.listings)
        for listing in self.catalog.listings.values():
            for period in ("", *listing.archive):
                yield from (path_of(FeedAt(listing.ref, suffix, period)) for suffix in feeds.FORMATS)

        yield path_of(SingleAt("feeds.opml"))

    def missing(self) -> Document:
        """The page for an address that nothing has."""
        return self._html("", pages.missing(self.catalog.site), status=404)

    def _canonical(self, place: Place) -> Place:
        """Where a former address, or a month that is archived by day now, leads."""
        moved = self.catalog.moved
        match place:
            case ArticleAt(slug):
                return ArticleAt(moved.get(("article", slug), slug))
            case PageAt(ref, period):
                return PageAt(*self._now(ref, period))
            case FeedAt(ref, suffix, period):
                ref, period = self._now(ref, period)
                return FeedAt(ref, suffix, period)
            case _:
                return place

    def _now(self, ref: ListingRef, period: str) -> tuple[ListingRef, str]:
        ref = ListingRef(ref.kind, self.catalog.moved.get((ref.kind, ref.id), ref.id))
        listing = self.catalog.listings.get(ref)
        return ref, (listing.day_of(period) or period) if listing and period else period

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
            case _:
                return False

    def _feed(self, place: FeedAt) -> Document | None:
        if not self._exists(place):
            return None
        form, listing = feeds.FORMATS[place.suffix], self.catalog.listings[place.listing]
        feed = assemble.feed(listing, self._entries, form.suffix, form.media_type, place.period)
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
        return self._html(path_of(place), pages.listing(self.catalog, self.catalog.listings[place.listing], place.period))

    def _article(self, place: ArticleAt) -> Document | None:
        row, gone = self.catalog.visible.get(place.slug), self.catalog.withdrawn.get(place.slug)
        if row:
            return self._html(path_of(place), pages.article(self.catalog, row))
        return self._html(path_of(place), pages.gone(self.catalog.site, gone.article), status=410) if gone else None

    def _file(self, place: FileAt) -> Document | Attachment | None:
        name = place.path.removeprefix(_STATIC)
        if place.path.startswith(_STATIC) and name in pages.STATIC:
            return self._document(path_of(place), pages.STATIC[name], pages.STATIC_TYPES[f".{name.rpartition('.')[2]}"])
        file = self.catalog.media.get(place.path)
        if file is None:
            return None
        return Attachment(path=path_of(place), location=file.location, media_type=file.type, length=file.length)

    def _html(self, path: str, body: bytes, status: int = 200) -> Document:
        return self._document(path, body, pages.MEDIA_TYPE, status=status)

    def _document(
        self, path: str, body: bytes, media_type: str, *, links: tuple[Link, ...] = (), browser_type: str = "", status: int = 200
    ) -> Document:
        modified = self._modified(path, digest(body)) if path else None
        return document(path, body, media_type, modified=modified, links=links, browser_type=browser_type, status=status)


class _Kept:
    """The documents asked for last, up to a number of bytes; the rest is made anew when it is wanted."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: str) -> Document | None:
        with self._lock:
            found = self._documents.get(path)
            if found:
                self._documents.move_to_end(path)
            return found

    def put(self, path: str, made: Document) -> None:
        with self._lock:
            if path in self._documents:
                return
            self._documents[path] = made
            self._size += _weight(made)
            while self._size > self._most and len(self._documents) > 1:
                self._size -= _weight(self._documents.popitem(last=False)[1])


def _weight(made: Document) -> int:
    return len(made.body) + len(made.gzip)
