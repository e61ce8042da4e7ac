"""What a document is made from, beside the settings and the theme: as long as that is the same, so are its bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from feedsvc import sitemaps
from feedsvc.catalog import Catalog, Listing, Row
from feedsvc.content import renditions
from feedsvc.listing import same
from feedsvc.pages.related import related
from feedsvc.urls import ArticleAt, FeedAt, FileAt, ListingRef, PageAt, Place, SingleAt, SitemapAt, path_below

_WITH_LOGO: Final = (ArticleAt, PageAt, SingleAt)
Pages = Callable[[Listing], Mapping[str, tuple[Row, ...]]]


@dataclass(frozen=True, slots=True)
class Grounds:
    """`objects` must be the very same ones, `facts` equal."""

    objects: tuple[object, ...] = ()
    facts: tuple[object, ...] = ()

    def hold(self, other: Grounds) -> bool:
        return self.facts == other.facts and same(self.objects, other.objects)


def pages_of(listing: Listing) -> Mapping[str, tuple[Row, ...]]:
    return listing.pages


def grounds(catalog: Catalog, place: Place, pages: Pages = pages_of) -> Grounds | None:
    """None where there is no document, or none that should outlive its edition; `pages` gives a listing's older pages."""
    make = _MAKERS.get(type(place))
    found = make(catalog, place, pages) if make else None
    return Grounds(found.objects, (*found.facts, *logo(catalog))) if found and isinstance(place, _WITH_LOGO) else found


def are_alike(one: Catalog, other: Catalog) -> bool:
    """Whether grounds can be compared: the settings, the theme and the audience are the same."""
    return one.preview == other.preview and _settings(one) == _settings(other)


def _settings(catalog: Catalog) -> tuple[object, ...]:
    content = catalog.content
    return content.site, content.categories, content.authors, content.theme


def _feed(catalog: Catalog, place: FeedAt, pages: Pages) -> Grounds | None:
    listing = catalog.listings.get(place.listing)
    if listing is None:
        return None
    archived = place.period and listing.archived
    return _part(listing, place.period, pages(listing) if archived else {}, listing.prev_archive)


def _page(catalog: Catalog, place: PageAt, pages: Pages) -> Grounds | None:
    listing = catalog.listings.get(place.listing)
    found = _part(listing, place.period, pages(listing) if place.period else {}, listing.older) if listing else None
    return Grounds(found.objects, (*found.facts, *pictures(catalog, found.objects))) if found else None


def _part(listing: Listing, period: str, pages: Mapping[str, tuple[Row, ...]], older: str) -> Grounds | None:
    """The newest rows of a listing, or those of a period, and what is before and after them."""
    rows = pages.get(period) if period else listing.newest
    beside = listing.neighbours.get(period) if period else older
    return Grounds(rows, (listing.title, listing.description, beside)) if rows is not None else None


def _article(catalog: Catalog, place: ArticleAt, _: Pages) -> Grounds | None:
    row, gone = catalog.visible.get(place.slug), catalog.withdrawn.get(place.slug)
    if row is None:
        return Grounds((gone,)) if gone else None
    shown = (row, *related(catalog, row))
    # A row is another one where a tag that it bears is called another name.
    objects = (*shown, *catalog.listings[section(row)].around(row.key))
    return Grounds(objects, (*files(catalog, row.article.media), *pictures(catalog, shown)))


def section(row: Row) -> ListingRef:
    """The listing in which an article's page has its neighbours."""
    return next((ListingRef("category", name) for name in row.article.categories), ListingRef())


def pictures(catalog: Catalog, rows: Iterable[object]) -> Iterator[object]:
    """Pages name the narrower copies of pictures by the pictures' bytes."""
    base = catalog.site.base_url
    images = (row.article.image for row in rows if isinstance(row, Row))
    yield from files(catalog, {path_below(base, image.url)[1:]: None for image in images if image})


def files(catalog: Catalog, paths: Iterable[str]) -> Iterator[object]:
    """Pages tell the width and height of pictures by the pictures' bytes, too."""
    for path in paths:
        file = catalog.media.get(path)
        if file:
            yield path, file, _digest(file)


def logo(catalog: Catalog) -> Iterator[object]:
    """Every page shows it."""
    return files(catalog, [path_below(catalog.site.base_url, catalog.site.logo)[1:]])


def _digest(file: Any) -> str:
    try:
        return renditions.digest(file) if renditions.can_size(file) else ""
    except OSError:
        return ""


def _file(_: Catalog, __: FileAt, ___: Pages) -> Grounds:
    return Grounds()


def _subscriptions(catalog: Catalog) -> Iterator[object]:
    """What the page of all feeds says of each."""
    for one in catalog.shown:
        yield one.ref, one.title, len(one.visible), one.touched


_SINGLES: Final[Mapping[str, Callable[[Catalog], Grounds]]] = {
    "feeds.opml": lambda catalog: Grounds((), tuple((listing.ref, listing.title) for listing in catalog.shown)),
    "subscribe/": lambda catalog: Grounds((), tuple(_subscriptions(catalog))),
    "sitemap.xml": lambda catalog: Grounds((), sitemaps.facts(catalog)),
    "news-sitemap.xml": lambda catalog: Grounds(catalog.recent),
    "robots.txt": lambda catalog: Grounds((), (sitemaps.has_news(catalog),)),
}


def _single(catalog: Catalog, place: SingleAt, _: Pages) -> Grounds:
    return _SINGLES[place.name](catalog)


def _sitemap(catalog: Catalog, place: SitemapAt, _: Pages) -> Grounds | None:
    """The articles of a period change nothing in the sitemap of another."""
    if not sitemaps.is_indexed(catalog):
        return None
    rows = catalog.listings[ListingRef()].periods.get(place.part.partition(".")[0])
    return Grounds(rows) if rows is not None else Grounds((), sitemaps.facts_of_lists(catalog))


_MAKERS: Final[Mapping[type[Place], Callable[[Catalog, Any, Pages], Grounds | None]]] = {
    FeedAt: _feed,
    PageAt: _page,
    ArticleAt: _article,
    FileAt: _file,
    SingleAt: _single,
    SitemapAt: _sitemap,
}
